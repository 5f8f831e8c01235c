//! Views pasted one behind the other, told apart.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::cluster_nodes::Reading;
use crate::parse::log::Log;

/// A node lists itself once. Where two do, the second dump begins with the first id that comes
/// again, or with its owner.
pub(super) fn split<'a>(mut reading: Reading<'a>, log: &mut Log) -> Vec<NodesDump<'a>> {
    let lines = std::mem::take(&mut reading.dump.lines);
    let starts = starts(&lines, &reading.unread_owners);
    if starts.len() < 2 {
        let unread = reading.unread.len() as u32;
        let current_epoch = reading.epochs.last().and_then(|&(_, epoch)| epoch);
        return vec![NodesDump {
            lines,
            unread,
            current_epoch,
            incomplete: reading.dump.incomplete || !reading.shortened.is_empty(),
            ..reading.dump
        }];
    }
    let borders = borders(&lines, &starts);
    let mut rest = lines.into_iter();
    let mut dumps: Vec<NodesDump> = Vec::with_capacity(borders.len());
    for (index, border) in borders.iter().enumerate() {
        let end = borders.get(index + 1).map_or(usize::MAX, |next| next.start);
        dumps.push(NodesDump {
            lines: rest.by_ref().take(end - border.start).collect(),
            authority: reading.dump.authority,
            ..NodesDump::default()
        });
    }
    say_unclear(&borders, &mut dumps, log);
    // Only the last one can have been cut off.
    if let Some(last) = dumps.last_mut() {
        last.incomplete = reading.dump.incomplete;
    }
    give_back(&reading, &mut dumps);
    dumps
}

/// Indices of the lines with which dumps begin.
fn starts(lines: &[NodeLine], unread_owners: &[u32]) -> Vec<usize> {
    let is_myself = |line: &NodeLine| line.flags.has(Flags::MYSELF);
    let mut to_come = lines.iter().filter(|l| is_myself(l)).count() + unread_owners.len();
    let mut starts = vec![0];
    if to_come < 2 {
        return starts;
    }
    let mut unread = unread_owners.iter().peekable();
    let mut ids = BTreeSet::new();
    let mut has_owner = false;
    for (index, line) in lines.iter().enumerate() {
        let mut owners = usize::from(is_myself(line));
        while unread.next_if(|&&number| number < line.line).is_some() {
            owners += 1;
        }
        let again = !ids.insert(&line.id) && has_owner && to_come > 0;
        // Two views that share no id: the second begins with its owner at the latest.
        if again || has_owner && owners > 0 {
            starts.push(index);
            ids = BTreeSet::from([&line.id]);
            has_owner = false;
        }
        has_owner |= owners > 0;
        to_come = to_come.saturating_sub(owners);
    }
    starts
}

/// Where a dump begins.
struct Border {
    /// Index of its first line.
    start: usize,
    /// Lines above it that may be its own as well: numbers of the first and the last.
    unclear: Option<(u32, u32)>,
}

/// A line above the start may belong to the dump below if nothing below it in the dump above
/// comes again there. Where text or a blank line stands among them, the border is there.
fn borders(lines: &[NodeLine], starts: &[usize]) -> Vec<Border> {
    let mut borders = vec![Border {
        start: 0,
        unclear: None,
    }];
    for (index, &start) in starts.iter().enumerate().skip(1) {
        let above = starts.get(index - 1).copied().unwrap_or(0);
        let end = starts.get(index + 1).copied().unwrap_or(lines.len());
        let part = |from: usize, to: usize| lines.get(from..to).unwrap_or(&[]);
        let ids: BTreeSet<&str> = part(start, end).iter().map(|l| &*l.id).collect();
        let surely_above = |l: &NodeLine| l.flags.has(Flags::MYSELF) || ids.contains(&*l.id);
        let sure = part(above, start).iter().rposition(surely_above);
        let first = above + sure.map_or(0, |at| at + 1);
        let mut gaps = (first.max(1)..=start).filter(|&at| match part(at - 1, at + 1) {
            [before, behind] => behind.line > before.line + 1,
            _ => false,
        });
        let border = match (gaps.next(), gaps.next()) {
            _ if first == start => Border {
                start,
                unclear: None,
            },
            (Some(gap), None) => Border {
                start: gap,
                unclear: None,
            },
            _ => Border {
                start,
                unclear: unclear(part(first, start)),
            },
        };
        borders.push(border);
    }
    borders
}

fn unclear(lines: &[NodeLine]) -> Option<(u32, u32)> {
    Some((lines.first()?.line, lines.last()?.line))
}

/// Neither dump may be taken for whole: who is not listed may stand in the other.
fn say_unclear(borders: &[Border], dumps: &mut [NodesDump], log: &mut Log) {
    for (index, border) in borders.iter().enumerate() {
        let Some((first, last)) = border.unclear else {
            continue;
        };
        for dump in dumps.iter_mut().skip(index.saturating_sub(1)).take(2) {
            dump.unread += 1;
        }
        let (first_of_file, last) = (log.in_file(first), log.in_file(last));
        let message = match first_of_file == last {
            true => format!(
                "two views follow each other, and line {last} may belong to either; it was left \
                 to the first, and neither counts as whole"
            ),
            false => format!(
                "two views follow each other, and lines {first_of_file}-{last} may belong to either; they \
                 were left to the first, and neither counts as whole"
            ),
        };
        let diagnostic = Diagnostic::new(Parse::UnclearBorder, message);
        log.at_line(
            diagnostic.help("save each view in a file of its own"),
            first,
        );
    }
}

/// Every line that could not be read counts where it stands; between two dumps it counts in both.
/// The `vars` line is the last of its dump.
fn give_back(reading: &Reading, dumps: &mut [NodesDump]) {
    let spans: Vec<(u32, u32)> = dumps
        .iter()
        .map(|dump| {
            let number = |line: Option<&NodeLine>| line.map_or(0, |l| l.line);
            (number(dump.lines.first()), number(dump.lines.last()))
        })
        .collect();
    let above = |number: u32| {
        spans
            .partition_point(|span| span.0 <= number)
            .saturating_sub(1)
    };
    for &number in &reading.unread {
        let index = above(number);
        let between = spans.get(index).is_some_and(|span| span.1 < number);
        // Where the line of one dump runs into the first of the next, both are on it.
        let begins = spans.get(index).is_some_and(|span| span.0 == number);
        let shared = begins && reading.joined.contains(&number);
        let first = index.saturating_sub(usize::from(shared));
        let last = index + usize::from(between);
        for dump in dumps.iter_mut().take(last + 1).skip(first) {
            dump.unread += 1;
        }
    }
    for &number in &reading.shortened {
        let index = above(number);
        let between = spans.get(index).is_some_and(|span| span.1 < number);
        let both = 1 + usize::from(between);
        for dump in dumps.iter_mut().skip(index).take(both) {
            dump.incomplete = true;
        }
    }
    for &(number, epoch) in &reading.epochs {
        if let Some(dump) = dumps.get_mut(above(number)) {
            dump.current_epoch = epoch;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Code;
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::NodesDump;
    use crate::parse::read as parse;
    use crate::text::Source;

    fn node(name: char, flags: &str) -> String {
        let id = name.to_string().repeat(40);
        let port = 7000 + u32::from(name) - u32::from('a');
        format!("{id} 10.0.0.1:{port}@1{port} {flags} - 0 0 1 connected\n")
    }

    /// Of every dump its ids, how many lines are unread, and its epoch; codes of the diagnostics.
    type Read = (Vec<(String, u32, Option<u64>)>, Vec<Code>);

    fn read(text: &str) -> Read {
        let source = Source::new("f", text.to_owned(), String::new());
        let parsed = parse(&source);
        let names = |dump: &NodesDump| {
            dump.lines
                .iter()
                .filter_map(|l| l.id.chars().next())
                .collect()
        };
        let dumps = parsed.sections.iter().filter_map(|s| match &s.facts {
            Facts::Nodes(dump) => Some((names(dump), dump.unread, dump.current_epoch)),
            _ => None,
        });
        (
            dumps.collect(),
            parsed.diagnostics.iter().map(|d| d.code).collect(),
        )
    }

    fn views(dumps: &[(&str, &str)]) -> String {
        let of = |&(ids, owner): &(&str, &str)| {
            let flags = |id: char| match owner.contains(id) {
                true => "myself,master",
                false => "master",
            };
            ids.chars()
                .map(|id| node(id, flags(id)))
                .collect::<String>()
        };
        dumps.iter().map(of).collect()
    }

    #[test]
    fn a_second_owner_begins_a_second_view_even_if_no_id_comes_again() {
        let (dumps, codes) = read(&views(&[("ab", "b"), ("cd", "c")]));
        assert_eq!(dumps, [("ab".into(), 0, None), ("cd".into(), 0, None)]);
        assert_eq!(codes, [] as [Code; 0]);
    }

    #[test]
    fn where_the_border_is_not_certain_neither_view_is_whole() {
        // The third line may be the last of the first view or the first of the second.
        for text in [
            views(&[("ab", "a"), ("cba", "b")]),
            views(&[("abc", "a"), ("ba", "b")]),
        ] {
            let (dumps, codes) = read(&text);
            assert_eq!(dumps, [("abc".into(), 1, None), ("ba".into(), 1, None)]);
            assert_eq!(codes, [Parse::UnclearBorder]);
        }
        let text = views(&[("abcd", "a"), ("ef", "e")]);
        let source = Source::new("f", text, String::new());
        let said = &parse(&source).diagnostics[0];
        assert!(said.message.contains("lines 2-4"), "{}", said.message);
        assert_eq!(said.place.as_ref().map(|p| p.line), Some(2));
    }

    #[test]
    fn a_blank_line_among_them_is_the_border() {
        let text = format!("{}\n{}", views(&[("ab", "a")]), views(&[("cba", "b")]));
        let (dumps, codes) = read(&text);
        assert_eq!(dumps, [("ab".into(), 0, None), ("cba".into(), 0, None)]);
        assert_eq!(codes, [] as [Code; 0]);
    }

    #[test]
    fn what_cannot_be_read_counts_in_the_view_around_it() {
        let broken = node('c', "master").replace(" connected", " conected");
        let [a, b] = [("ab", "a"), ("ba", "b")].map(|view| views(&[view]));
        let halves: Vec<&str> = a.split_inclusive('\n').collect();
        let inside = format!("{}{broken}{}{b}", halves[0], halves[1]);
        let unread = |text: &str| read(text).0.iter().map(|d| d.1).collect::<Vec<_>>();
        assert_eq!(unread(&inside), [1, 0]);
        assert_eq!(unread(&format!("{a}{broken}{b}")), [1, 1]);
        assert_eq!(unread(&format!("{a}{b}{broken}")), [0, 1]);
        let slot = b.replacen("connected", "connected 5-x", 1);
        assert_eq!(unread(&format!("{a}{slot}")), [0, 1]);
    }

    #[test]
    fn an_owner_that_cannot_be_read_is_one_all_the_same() {
        let broken = node('a', "myself,master").replace(" connected", " conected");
        let (dumps, _) = read(&format!(
            "{broken}{}{}",
            node('b', "master"),
            views(&[("ba", "b")])
        ));
        assert_eq!(dumps, [("b".into(), 1, None), ("ba".into(), 0, None)]);
    }

    #[test]
    fn the_epoch_is_that_of_the_file_above_it() {
        let files = [("ab", "a"), ("ba", "b")].map(|view| views(&[view]));
        let text = format!(
            "{}vars currentEpoch 5 lastVoteEpoch 0\n{}vars currentEpoch 7 lastVoteEpoch 0\n",
            files[0], files[1]
        );
        let epochs: Vec<_> = read(&text).0.into_iter().map(|d| d.2).collect();
        assert_eq!(epochs, [Some(5), Some(7)]);
    }
}
