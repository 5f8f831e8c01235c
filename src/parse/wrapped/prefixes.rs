//! Lines behind a prefix each: `grep -H`, `pdsh`, `docker compose logs`, container logs, `stern`,
//! syslog, and bullets that people put before lines.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::model::Address;
use crate::parse::block::strip_markup;
use crate::parse::file_name::address_in_path;
use crate::parse::node_line::is_plain_node;
use crate::parse::node_line::looks_like_node;
use crate::parse::wrapped::words::Word;
use crate::text::Inside;
use crate::text::Join;
use crate::text::Source;

/// The lines of each prefix, which may be mixed, in the order in which the prefixes appear; empty
/// where no node stands behind one. Lines without a prefix are one part among them.
pub(super) fn behind_prefixes(source: &Source) -> Vec<Source> {
    let Some(shapes) = Shapes::of(source) else {
        return Vec::new();
    };
    let mut order: Vec<&str> = Vec::new();
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for (number, line) in source.lines() {
        let found = shapes.split(line).unwrap_or(Split {
            name: "",
            rest: line,
            goes_on: false,
        });
        let part = parts.entry(found.name).or_insert_with(|| {
            order.push(found.name);
            Part::default()
        });
        let place = (number, Source::column_of(line, found.rest));
        if part.open {
            let of_text = part.lines.len() as u32;
            let offset = (part.text.len() - part.line_start) as u32;
            part.joins.push((of_text, offset, place));
        } else {
            part.lines.push(place);
            part.line_start = part.text.len();
        }
        part.text.push_str(found.rest);
        part.open = found.goes_on;
        if !part.open {
            part.text.push('\n');
        }
    }
    order
        .iter()
        .filter_map(|name| {
            let Part {
                text, lines, joins, ..
            } = parts.remove(name)?;
            let (of, host) = named(name);
            let inside = Inside {
                of,
                host,
                lines,
                joins,
                ..Inside::default()
            };
            (!text.trim().is_empty()).then(|| source.part(text, inside))
        })
        .collect()
}

/// Some node stands behind a prefix.
pub(super) fn any(source: &Source) -> bool {
    Shapes::of(source).is_some()
}

/// Text behind one prefix, and where each of its lines stood.
#[derive(Default)]
struct Part {
    text: String,
    lines: Vec<(u32, u32)>,
    joins: Vec<Join>,
    line_start: usize,
    /// The last line goes on in the next one.
    open: bool,
}

/// Whose lines a prefix marks.
fn named(name: &str) -> (Option<Address>, Option<String>) {
    let first = name.split_whitespace().next().unwrap_or("");
    let bare = first.trim_matches(['[', ']', ':']);
    // The time of a chat is no address.
    let is_time = bare.bytes().all(|b| b.is_ascii_digit() || b == b':') && bare.len() <= 8;
    if is_time && bare.contains(':') && !bare.contains("::") {
        return (None, None);
    }
    let of = first.parse().ok().or_else(|| bare.parse().ok());
    let of = of.or_else(|| address_in_path(bare));
    let host = (of.is_none() && !bare.is_empty()).then(|| bare.to_owned());
    (of, host)
}

/// One line without its prefix.
struct Split<'a> {
    /// Of the prefix: empty if it names nobody.
    name: &'a str,
    rest: &'a str,
    goes_on: bool,
}

/// One tool, or a few in one file, write no more kinds of prefixes.
const SHAPES_MAX: usize = 16;

/// No prefix is longer.
const LONGEST: usize = 200;

/// An IPv6 address and a path have no more.
const COLONS_MAX: usize = 12;

/// A prefix before a node line.
struct Prefix<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    /// No blank stands behind it.
    attached: bool,
}

impl<'a> Prefix<'a> {
    /// Of a line that has a node behind it, as every server writes ids.
    fn of(line: &'a str) -> Option<(Self, &'a str)> {
        const ID: usize = 40;
        let bytes = line.as_bytes();
        let mut run = 0;
        for (at, byte) in bytes.iter().enumerate().take(LONGEST + ID) {
            match byte {
                b if b.is_ascii_hexdigit() => run += 1,
                b' ' if run == ID => {
                    let start = at - ID;
                    // Quotes stay with what they quote.
                    let prefix = line.get(..start)?.trim_end_matches(['"', '\'']);
                    let rest = line.get(prefix.len()..)?;
                    let attached = prefix.ends_with([':', '|']);
                    let apart = attached || prefix.ends_with(char::is_whitespace);
                    if apart && looks_like_node(strip_markup(rest)) {
                        return Some((Self::new(prefix, attached), rest));
                    }
                    run = 0;
                }
                _ => run = 0,
            }
        }
        None
    }

    fn new(text: &'a str, attached: bool) -> Self {
        Self {
            text,
            words: text.split_whitespace().map(Word::of).collect(),
            attached,
        }
    }

    /// From its first name to its last: `redis-0 redis`.
    fn name(&self) -> &'a str {
        let mut first = None;
        let mut last = None;
        for word in self.text.split_whitespace() {
            if let Word::Name(_) = Word::of(word) {
                first = first.or(Some(word));
                last = Some(word);
            }
        }
        let (Some(first), Some(last)) = (first, last) else {
            return "";
        };
        let offset = |word: &str| word.as_ptr() as usize - self.text.as_ptr() as usize;
        let name = self.text.get(offset(first)..offset(last) + last.len());
        without_number(name.unwrap_or("").trim_end_matches([':', '|']))
    }
}

/// `a.txt:12` of `grep -n` is the file `a.txt`; `10.0.0.1:7000` is an address.
fn without_number(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((path, number))
            if (path.contains('/') || has_extension(path))
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            path
        }
        _ => name,
    }
}

fn has_extension(path: &str) -> bool {
    const EXTENSIONS: [&str; 5] = ["txt", "log", "conf", "out", "nodes"];
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

/// The prefixes of a file.
struct Shapes<'a> {
    /// Names that mark the lines of one node each.
    names: BTreeSet<&'a str>,
    /// Last words of names, where a name has more than one: the container of a pod.
    last_words: BTreeSet<&'a str>,
    shapes: BTreeSet<Vec<Word<'a>>>,
    /// Some prefix ends with a colon and no blank, or with a colon and a blank.
    colon: bool,
    /// Nodes stand without a prefix, too: what looks like one may be something else.
    mixed: bool,
}

impl<'a> Shapes<'a> {
    fn of(source: &'a Source) -> Option<Self> {
        let mut counts: BTreeMap<&str, (u32, bool)> = BTreeMap::new();
        let mut shapes = BTreeSet::new();
        let (mut plain, mut owners) = (false, 0);
        let mut colon = false;
        for line in source.text.lines() {
            if is_plain_node(line) {
                plain = true;
                continue;
            }
            let Some((prefix, rest)) = Prefix::of(line) else {
                continue;
            };
            if is_markup(line, rest) {
                plain = true;
                continue;
            }
            let is_owner = rest.contains("myself");
            owners += u32::from(is_owner);
            counts.entry(prefix.name()).or_default().0 += 1;
            colon |= prefix.text.trim_end().ends_with(':');
            if !prefix.attached {
                // Every name is like every other.
                let shape = prefix.words.iter().map(|word| match word {
                    Word::Name(name) if name.ends_with(':') => Word::Name(":"),
                    Word::Name(_) => Word::Name(""),
                    Word::Partial => Word::Stream,
                    word => *word,
                });
                shapes.insert(shape.collect());
                // Every line is held against every shape; no tool writes that many.
                if shapes.len() > SHAPES_MAX {
                    return None;
                }
            }
        }
        if counts.is_empty() {
            return None;
        }
        let alone = |count: u32| count < 2;
        // Among plain nodes, one behind such a mark is commented out.
        if plain {
            shapes.retain(|shape: &Vec<Word>| !is_remark(shape));
        }
        // `redis-cli --cluster call` puts an address before the first line of each view.
        let calls = plain
            && counts
                .iter()
                .all(|(name, c)| alone(c.0) && name.parse::<Address>().is_ok());
        if calls {
            return None;
        }
        // A word before each line that is another one each time says nothing of whose view it is.
        let remarks = counts.len() > 1 && owners < 2 && counts.values().all(|c| alone(c.0));
        let names: BTreeSet<&str> = counts
            .into_iter()
            .filter(|(name, c)| !(name.is_empty() || remarks || plain && alone(c.0)))
            .map(|(name, _)| name)
            .collect();
        let last_word = |name: &&'a str| {
            let mut words = name.split_whitespace();
            words.next();
            words.next_back()
        };
        let last_words = names.iter().filter_map(last_word).collect();
        Some(Self {
            names,
            last_words,
            shapes,
            colon,
            mixed: plain,
        })
    }

    /// `None` for a line without a prefix.
    fn split(&self, line: &'a str) -> Option<Split<'a>> {
        if is_plain_node(line) {
            return None;
        }
        if let Some((prefix, rest)) = Prefix::of(line) {
            if is_markup(line, rest) || self.mixed && is_remark(&prefix.words) {
                return None;
            }
            let name = prefix.name();
            // The heading of an answer that goes on below.
            if self.mixed && !self.names.contains(name) && name.parse::<Address>().is_ok() {
                return None;
            }
            let goes_on = prefix.words.last() == Some(&Word::Partial);
            return Some(self.named(name, rest, goes_on));
        }
        self.by_words(line).or_else(|| self.by_colon(line))
    }

    fn named(&self, name: &'a str, rest: &'a str, goes_on: bool) -> Split<'a> {
        let known = self.names.contains(name) || !self.names.is_empty() && !self.mixed;
        Split {
            name: if known { name } else { "" },
            rest,
            goes_on,
        }
    }

    /// A line that is no node line, behind the same kinds of words.
    fn by_words(&self, line: &'a str) -> Option<Split<'a>> {
        for shape in &self.shapes {
            let mut rest = line.trim_start();
            let mut words = Vec::with_capacity(shape.len());
            for expected in shape {
                let word = head_of(rest).split_whitespace().next().unwrap_or("");
                let found = Word::of(word);
                let is_name = matches!(expected, Word::Name(_)) && matches!(found, Word::Name(_));
                let colon = word.ends_with(':') == matches!(expected, Word::Name(":"));
                if word.is_empty() || !(is_name && colon || !is_name && found.is_like(*expected)) {
                    break;
                }
                words.push(found);
                rest = rest.get(word.len()..).unwrap_or("");
                // Behind the mark of a container log stands one blank, and then the line itself,
                // which may be a piece that begins with one.
                rest = match words.len() == shape.len() && found.is_like(Word::Stream) {
                    true => rest.strip_prefix(' ').unwrap_or(rest),
                    false => rest.trim_start_matches(' '),
                };
            }
            if words.len() < shape.len() {
                continue;
            }
            let text = line.get(..line.len() - rest.len())?;
            let name = Prefix::new(text, false).name();
            let known = self.names.contains(name)
                || name
                    .split_whitespace()
                    .next_back()
                    .is_some_and(|w| self.last_words.contains(w));
            if known
                || shape.iter().any(|word| word.is_telling()) && (!self.mixed || name.is_empty())
            {
                let goes_on = words.last() == Some(&Word::Partial);
                return Some(self.named(name, rest, goes_on));
            }
        }
        None
    }

    /// `a.txt:`, known from a node line; or whoever gave none and said something else: that it is
    /// not reachable, say.
    fn by_colon(&self, line: &'a str) -> Option<Split<'a>> {
        if !self.colon {
            return None;
        }
        let head = head_of(line);
        let cut = |at: usize| {
            let rest = line.get(at + 1..).unwrap_or("");
            (
                line.get(..at).unwrap_or(""),
                rest.strip_prefix(' ').unwrap_or(rest),
            )
        };
        let known = head
            .match_indices(':')
            .take(COLONS_MAX)
            .map(|(at, _)| cut(at))
            .map(|(name, rest)| (without_number(name), rest))
            .filter(|(name, _)| self.names.contains(name));
        let (name, rest) = known.last().or_else(|| {
            let at = head.find(": ").filter(|_| !self.mixed)?;
            Some(cut(at))
        })?;
        let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
        is_name.then_some(Split {
            name,
            rest,
            goes_on: false,
        })
    }
}

/// `#`, `//`: what turns a line into a remark.
fn is_remark(words: &[Word]) -> bool {
    let of_remark = |mark: &str| mark.bytes().all(|b| b == b'#' || b == b'/');
    matches!(words, [Word::Mark(mark)] if of_remark(mark))
}

/// What stands before `rest` is quotes and the like, which every dialect takes off by itself.
fn is_markup(line: &str, rest: &str) -> bool {
    std::ptr::eq(strip_markup(line).as_ptr(), strip_markup(rest).as_ptr())
}

/// As much of a line as a prefix may take.
fn head_of(line: &str) -> &str {
    let mut end = line.len().min(LONGEST);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use crate::parse::wrapped::tests::A;
    use crate::parse::wrapped::tests::B;
    use crate::parse::wrapped::tests::parts;

    #[test]
    fn takes_lines_from_behind_their_prefix() {
        for (a, b, name) in [
            (
                "nodes/10.0.0.1_7000/x.txt:",
                "nodes/10.0.0.9_7000/x.txt:",
                "10.0.0.1:7000",
            ),
            ("10.0.0.1: ", "10.0.0.9: ", "10.0.0.1"),
            ("10.0.0.1:7000: ", "10.0.0.9:7000: ", "10.0.0.1:7000"),
            ("redis-1  | ", "redis-2  | ", "redis-1"),
            (
                "redis-1  | 2026-11-20T10:00:00.5Z ",
                "redis-2  | 2026-11-20T10:00:01.5Z ",
                "redis-1",
            ),
            ("redis-0 redis ", "redis-1 redis ", "redis-0"),
            (
                "[pod/redis-0/redis] ",
                "[pod/redis-1/redis] ",
                "pod/redis-0/redis",
            ),
            (
                "Nov 20 10:00:00 h1 redis[12]: ",
                "Nov  1 10:00:00 h2 redis[7]: ",
                "h1",
            ),
        ] {
            let text = format!("{a}{A}\n{b}{A}\n{a}{B}\n{b}Could not connect to Redis\n");
            let found = parts(&text);
            assert_eq!(found.len(), 2, "{a}");
            assert_eq!(found[0].0, format!("{A}\n{B}\n"), "{a}");
            assert_eq!(found[0].1, name, "{a}");
            assert_eq!(found[0].2, (1, a.len() as u32 + 1), "{a}");
            assert_eq!(
                found[1].0,
                format!("{A}\nCould not connect to Redis\n"),
                "{a}"
            );
        }
    }

    #[test]
    fn who_gave_no_node_is_kept() {
        for (a, b, name) in [
            ("10.0.0.1: ", "10.0.0.9: ", "10.0.0.9"),
            ("redis-1  | ", "redis-9  | ", "redis-9"),
            ("redis-0 redis ", "redis-9 redis ", "redis-9"),
            (
                "Nov 20 10:00:00 h1 redis[12]: ",
                "Nov 20 10:00:00 h9 redis[7]: ",
                "h9",
            ),
        ] {
            let text = format!("{a}{A}\n{a}{B}\n{b}Connection refused\n");
            let found = parts(&text);
            assert_eq!(found.len(), 2, "{a}");
            assert_eq!(
                (&*found[1].0, &*found[1].1),
                ("Connection refused\n", name),
                "{a}"
            );
        }
    }

    #[test]
    fn prefixes_that_name_nobody_are_taken_off_in_place() {
        let time = |second: usize| format!("2026-11-20T10:00:0{second}.123456789Z stdout F ");
        for prefix in [
            time,
            |_| "- ".to_owned(),
            |n| format!("{n}. "),
            |n| format!("M{n}: "),
        ] {
            let [p, q, r] = [1, 2, 3].map(prefix);
            let found = parts(&format!("{p}{A}\n{q}{B}\n{r}{B}\n"));
            assert_eq!(found.len(), 1, "{p}");
            assert_eq!(found[0].0, format!("{A}\n{B}\n{B}\n"), "{p}");
            assert_eq!(found[0].2, (1, p.len() as u32 + 1), "{p}");
        }
        // Other answers in the same log, and a line in two parts.
        let (p, q) = (time(1), time(2).replace('F', "P"));
        let (left, right) = B.split_at(50);
        let found = parts(&format!(
            "{p}cluster_state:ok\n{p}{A}\n{q}{left}\n{p}{right}\n"
        ));
        assert_eq!(found[0].0, format!("cluster_state:ok\n{A}\n{B}\n"));
    }

    #[test]
    fn numbers_of_lines_are_no_part_of_a_name() {
        let found = parts(&format!(
            "a.txt:1:{A}\na.txt:2:{B}\nb.txt:1:{A}\nb.txt:2:PONG\n"
        ));
        let names: Vec<_> = found.iter().map(|f| (&*f.1, f.0.lines().count())).collect();
        assert_eq!(names, [("a.txt", 2), ("b.txt", 2)]);
    }

    #[test]
    fn lines_without_a_prefix_are_kept_beside_them() {
        let text = format!("Hi all\n{A}\n{B}\nredis-0 redis {A}\nredis-0 redis {B}\nThanks\n");
        let found = parts(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, format!("Hi all\n{A}\n{B}\nThanks\n"));
        assert_eq!(found[1].0, format!("{A}\n{B}\n"));
    }

    #[test]
    fn answers_behind_the_address_of_a_call_are_none() {
        let text = format!(
            ">>> Calling cluster nodes\n10.0.0.1:7000: {A}\n{B}\n\n10.0.0.2:7000: {A}\n{B}\n"
        );
        assert_eq!(parts(&text), []);
    }

    #[test]
    fn more_shapes_than_any_tool_writes_are_no_prefixes() {
        let line = |n: usize| format!("{}{A}\n", "- ".repeat(n));
        let lines = |most: usize| (1..=most).map(line).collect::<String>();
        assert_eq!(parts(&lines(17)), []);
        assert_eq!(parts(&lines(16)).len(), 1);
    }

    #[test]
    fn the_pieces_of_a_joined_line_keep_their_places() {
        let time = "2026-11-20T10:00:00.123456789Z stdout ";
        let (left, right) = A.split_at(60);
        let (middle, right) = right.split_at(10);
        let text = format!(
            "{time}P {left}\n{time}P {middle}\n{time}F {right}\n{time}F {A}\n{time}F {A}\n"
        );
        let source = crate::text::Source::new("f", text, String::new());
        let part = &super::behind_prefixes(&source)[0];
        let start = time.len() as u32 + 3;
        for (column, expected) in [
            (1, (1, start)),
            (60, (1, start + 59)),
            (61, (2, start)),
            (70, (2, start + 9)),
            (71, (3, start)),
            (75, (3, start + 4)),
        ] {
            assert_eq!(part.in_file(1, column), expected, "{column}");
        }
        assert_eq!(part.in_file(2, 80), (4, start + 79));
    }
}
