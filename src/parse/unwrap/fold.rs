//! Node lines that a terminal cut at its width, or a mail between words, joined where that is
//! certain.

use crate::parse::node_line::LineReader;
use crate::parse::node_line::is_plain_node;
use crate::parse::unwrap::evidence::has_node;
use crate::parse::unwrap::evidence::nodes;
use crate::parse::unwrap::prefix::is_numbered;
use crate::text::Extract;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::is_plain_id;
use crate::text::lex::id::plain_ids;
use crate::text::words::count;

/// A line of a node is cut into no more pieces than this, at the narrowest terminal that counts.
const PIECES_MAX: usize = 2000;

/// No line of a mail is longer than this, which breaks its lines between words.
const LONGEST_OF_MAIL: usize = 100;

/// The page with its lines joined; none if no line was cut for certain.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let lines: Vec<&str> = page.text.lines().collect();
    if !lines.iter().any(|line| begins(line)) {
        return Vec::new();
    }
    let joined = width(&lines).and_then(|width| joined(page, &lines, Cut::At(width)));
    joined.into_iter().collect()
}

/// The page with all lines joined that are as long as its longest: what a terminal makes of output
/// that has something around its nodes. None unless that mends lines of nodes.
pub(super) fn peel_all(page: &Source) -> Vec<Source> {
    const NARROWEST: usize = 60;
    const WIDEST: usize = 1000;
    /// Bytes with which a line and the rest of one may both begin by chance.
    const ALIKE_MAX: usize = 4;
    let length = |line: &str| line.chars().count();
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let width = page.text.lines().map(length).max().unwrap_or(0);
    // Lines with numbers are those of the output itself.
    if !(NARROWEST..=WIDEST).contains(&width) || is_numbered(&page.text) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut first = None;
    let mut going_on = 0;
    let mut at = 0;
    let lines: Vec<&str> = page.text.lines().collect();
    if !is_cut_at(&lines, width) {
        return Vec::new();
    }
    for line in page.text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let below = page.text.get(at + line.len()..).unwrap_or("");
        let lost = has_node(bare) && length(bare) + 1 == width && goes_on(below);
        let is_full = (length(bare) == width || lost) && !below.is_empty() && !begins_node(below);
        let set_right = blanks(bare) > 0 && blanks(below) >= blanks(bare);
        let alike = bare.bytes().zip(below.bytes()).take_while(|(a, b)| a == b);
        // What both lines begin with was put before them.
        let prefixed = set_right || alike.count() > ALIKE_MAX;
        let is_cut = is_full && !prefixed && has_node(bare) && goes_on(below);
        going_on += usize::from(is_cut);
        let end = if is_full { bare.len() } else { line.len() };
        first = first.or(is_full.then_some(at));
        clean.copy(&page.text, at..at + end);
        if lost {
            clean.put(" ", at + end);
        }
        at += line.len();
    }
    let is_mended = || going_on > 1 || landmarks(clean.text()) > landmarks(&page.text);
    let Some(first) = first.filter(|_| is_mended()) else {
        return Vec::new();
    };
    let mut part = page.cleaned(clean);
    part.mark_joined();
    part.remark(Remark {
        kind: RemarkKind::Joined,
        place: page.place_at(first),
        message: format!(
            "lines were cut after {width} characters, as a terminal does; they were joined"
        ),
    });
    vec![part]
}

/// The text begins as the end of a node's line: with numbers, slots, or what is left of its link.
fn goes_on(text: &str) -> bool {
    let line = text.lines().next().unwrap_or("");
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let word = line.trim_start().split(between).next().unwrap_or("");
    let word = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let of_number = |b: u8| b.is_ascii_digit() || b == b'-';
    let is_rest = "disconnected".ends_with(word) || word.bytes().all(of_number);
    !word.is_empty() && is_rest && !has_node(line)
}

/// A node's line stands at the beginning, behind no more than a mark.
fn begins_node(text: &str) -> bool {
    const MARK: usize = 4;
    let line = text.lines().next().unwrap_or("");
    nodes(line).next().is_some_and(|at| at <= MARK)
}

/// What a cut through a node's line may break: its ids, and the word for its link.
pub(super) fn landmarks(text: &str) -> usize {
    plain_ids(text).count() + text.matches("connected").count()
}

/// Some node line seems to go on in the next line.
pub(super) fn any(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    width(&lines).is_some()
}

fn is_whole(line: &str) -> bool {
    let mut reader = LineReader::default();
    reader.node_line(line).is_ok() && reader.skipped.is_empty()
}

/// How lines were cut.
#[derive(Clone, Copy)]
enum Cut {
    /// At the width of a terminal.
    At(usize),
    /// At a blank, which is lost.
    Words,
}

/// The same for lines that a mail broke between words, whatever stands around their nodes.
pub(super) fn peel_words(page: &Source) -> Vec<Source> {
    let lines: Vec<&str> = page.text.lines().collect();
    let broken = |line: &&&str| id_in(line).is_some_and(|id| !is_whole(undecorated(id)));
    let mut broken = lines.iter().filter(broken).peekable();
    let longest = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    let first = broken.peek().map_or(0, |line| line.chars().count());
    // A terminal cuts all of them at one place, and no line is longer.
    let is_mail = first > 0 && (first < longest || !is_cut_at(&lines, first));
    if !is_mail || broken.any(|line| line.len() > LONGEST_OF_MAIL) {
        return Vec::new();
    }
    joined(page, &lines, Cut::Words).into_iter().collect()
}

/// Every line of a node that goes on in the next one is of this length; a blank at its end may be
/// lost.
fn is_cut_at(lines: &[&str], width: usize) -> bool {
    let mut broken = lines.windows(2).filter_map(|pair| match pair {
        [line, next] => {
            let id = id_in(line)?;
            let goes_on = !next.trim().is_empty() && !has_node(next);
            (!is_whole(undecorated(id)) && goes_on).then(|| line.chars().count())
        }
        _ => None,
    });
    broken.all(|length| length == width || length + 1 == width)
}

/// From the id on with which the line of a node begins; not of one that is somebody's master.
fn id_in(line: &str) -> Option<&str> {
    let of_node = |at: &usize| {
        let before = line.get(..*at).unwrap_or("").trim_end();
        !before.ends_with("slave") && !before.ends_with("replica")
    };
    let at = plain_ids(line).find(of_node)?;
    line.get(at..)
}

/// Without what closes a string, a cell or a row.
fn undecorated(text: &str) -> &str {
    let text = text
        .split(['"', '<', '\\'])
        .next()
        .unwrap_or(text)
        .trim_end();
    text.trim_end_matches([' ', ',', '\'', '`', '|', '│', '$'])
}

fn joined(page: &Source, lines: &[&str], cut: Cut) -> Option<Source> {
    let mut clean = Extract::default();
    let mut first = None;
    let mut found = 0;
    let mut at = 0;
    let mut starts = Vec::with_capacity(lines.len());
    for line in page.text.split_inclusive('\n') {
        starts.push(at);
        at += line.len();
    }
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let start = |number: usize| starts.get(number).copied().unwrap_or(page.text.len());
        let pieces = match cut {
            Cut::At(width) => pieces_of_width(lines, number, width),
            Cut::Words => pieces_of_words(lines, number),
        };
        clean.copy(&page.text, start(number)..start(number) + line.len());
        let pieces = pieces.unwrap_or_default();
        for (index, piece) in (number + 1..).zip(&pieces) {
            let at = start(index);
            if piece.blank {
                clean.put(" ", at);
            }
            clean.copy(&page.text, at..at + piece.text.len());
        }
        if !pieces.is_empty() {
            first = first.or(Some(start(number)));
            found += 1;
        }
        number += 1 + pieces.len();
        // A last line that was cut off must still look so.
        let end = start(number);
        let line_end = if page.text.get(..end).is_some_and(|t| t.ends_with('\n')) {
            "\n"
        } else {
            ""
        };
        clean.put(line_end, end.saturating_sub(1));
    }
    let how = match cut {
        Cut::At(width) => format!("in pieces of {width} characters, as a terminal does"),
        Cut::Words => "between words, as a mail does".to_owned(),
    };
    let message = match found {
        0 => return None,
        1 => format!("a line was cut {how}; it was joined"),
        n => format!("{} were cut {how}; they were joined", count(n, "line")),
    };
    let mut part = page.cleaned(clean);
    part.mark_joined();
    part.remark(Remark {
        kind: RemarkKind::Joined,
        place: page.place_at(first.unwrap_or(0)),
        message,
    });
    Some(part)
}

/// What a line goes on with.
struct Piece<'a> {
    text: &'a str,
    /// A blank before it was lost.
    blank: bool,
}

/// The width of the terminal: that of every first piece of a line which is none by itself. Where
/// they differ, or a line of a node is longer, nothing is certain.
fn width(lines: &[&str]) -> Option<usize> {
    const NARROWEST: usize = 42;
    let mut widths: Option<(usize, usize)> = None;
    let mut longest = 0;
    let mut reader = LineReader::default();
    for pair in lines.windows(2) {
        let [line, next] = pair else { continue };
        if !begins(line) {
            continue;
        }
        longest = longest.max(line.len());
        if !begins(next) && !next.trim().is_empty() && reader.node_line(line).is_err() {
            let (least, most) = widths.unwrap_or((line.len(), 0));
            widths = Some((least.min(line.len()), most.max(line.len())));
        }
    }
    let (least, most) = widths?;
    // A blank at the end may be lost.
    (least >= NARROWEST && least + 1 >= most && longest <= most).then_some(most)
}

/// The pieces behind the line at `at`, if they make a whole line with it.
fn pieces_of_width<'a>(lines: &[&'a str], at: usize, width: usize) -> Option<Vec<Piece<'a>>> {
    let first = lines.get(at).filter(|line| begins(line))?;
    let mut whole = String::from(*first);
    let mut before = first.len();
    let mut pieces = Vec::new();
    for (count, piece) in (1..PIECES_MAX).zip(lines.get(at + 1..)?) {
        if begins(piece) || piece.is_empty() || piece.len() > width {
            return None;
        }
        // A blank at the end is lost where a person marks text.
        let blank = match width - before.min(width) {
            0 => false,
            1 => true,
            _ => return None,
        };
        whole.push_str(if blank { " " } else { "" });
        whole.push_str(piece);
        pieces.push(Piece { text: piece, blank });
        before = piece.len();
        // What stands below is no piece of it.
        let below = lines.get(at + count + 1);
        let ends = below.is_none_or(|line| begins(line) || line.trim().is_empty());
        if ends || before + 1 < width {
            return is_whole(&whole).then_some(pieces);
        }
    }
    None
}

/// The same where lines were broken at blanks: no more than what makes the line whole, and behind
/// that lines of nothing but slots.
fn pieces_of_words<'a>(lines: &[&'a str], at: usize) -> Option<Vec<Piece<'a>>> {
    let first = lines.get(at).and_then(|line| id_in(line))?;
    let longest = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let mut whole = String::from(first.trim_end());
    let mut done = is_whole(undecorated(first));
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in lines.get(at + 1..)?.iter().take(PIECES_MAX) {
        let words = piece.trim_end();
        let before = pieces.last().map_or(*lines.get(at)?, |piece| piece.text);
        let of_slots = |word: &str| {
            let word = undecorated(word);
            let of_range = |b: u8| b.is_ascii_digit() || b == b'-';
            // A number alone may be a count, unless it had no room in a line that was broken.
            let no_room = !pieces.is_empty() && before.len() + 1 + word.len() > longest;
            let is_range = !word.is_empty() && word.bytes().all(of_range);
            is_range && (word.contains('-') || no_room)
        };
        // The id of a master may be the first word of a line.
        let is_master = whole.ends_with("slave") || whole.ends_with("replica");
        let goes_on = !words.trim().is_empty()
            && (is_master || id_in(words).is_none())
            && words.len() <= LONGEST_OF_MAIL
            && (!done || words.split_whitespace().all(of_slots));
        if !goes_on {
            break;
        }
        whole.push(' ');
        whole.push_str(words.trim_start());
        pieces.push(Piece {
            text: piece,
            blank: true,
        });
        done = is_whole(undecorated(&whole));
    }
    (done && is_whole(undecorated(&whole))).then_some(pieces)
}

/// With the id of a node, as every server writes it.
fn begins(line: &str) -> bool {
    is_plain_node(line) || line.get(..PLAIN_ID).is_some_and(is_plain_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Capture;
    use crate::parse::Facts;
    use crate::parse::parse;

    fn view() -> Vec<String> {
        let id = |c: char| c.to_string().repeat(40);
        let [a, b, c] = ['a', 'b', 'c'].map(id);
        vec![
            format!(
                "{a} 10.0.0.1:7000@17000 myself,master - 0 1795213364139 1 connected 0-5460 5470-5480"
            ),
            format!("{b} 10.0.0.2:7000@17000 slave {a} 0 1795213364139 1 connected"),
            format!(
                "{c} 10.0.0.3:7000@17000 master - 0 1795213364139 3 connected 5461-5469 5481-16383"
            ),
        ]
    }

    fn folded(width: usize, strip: bool) -> String {
        let mut text = String::new();
        for line in view() {
            for piece in line.as_bytes().chunks(width) {
                let piece = std::str::from_utf8(piece).expect("ASCII");
                text.push_str(if strip { piece.trim_end() } else { piece });
                text.push('\n');
            }
        }
        text
    }

    fn source(text: &str) -> Source {
        Source::new("f", text.to_owned(), String::new())
    }

    #[test]
    fn lines_cut_at_one_width_are_joined() {
        for width in [60, 72, 80, 100] {
            for strip in [false, true] {
                let source = source(&folded(width, strip));
                let joined = peel(&source)
                    .pop()
                    .unwrap_or_else(|| panic!("{width} {strip}"));
                assert_eq!(
                    joined.text.lines().collect::<Vec<_>>(),
                    view(),
                    "{width} {strip}"
                );
                let parsed = parse(&joined);
                let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
                assert_eq!(codes, [Capture::JoinedLines]);
                let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                    panic!("{parsed:?}");
                };
                assert_eq!(dump.lines.len(), 3);
            }
        }
    }

    #[test]
    fn places_are_those_of_the_pieces() {
        let source = source(&folded(80, false));
        let joined = peel(&source).pop().expect("three lines");
        assert_eq!(joined.in_file(1, 7), (1, 7));
        assert_eq!(joined.in_file(1, 81), (2, 1));
        assert_eq!(joined.in_file(2, 1), (3, 1));
        assert_eq!(joined.in_file(3, 85), (6, 5));
    }

    #[test]
    fn what_is_not_certain_is_left() {
        let [a, b, _] = <[String; 3]>::try_from(view()).expect("three lines");
        for text in [
            format!("{a}\n{b}\n"),
            // A count behind a view is no slot of its last line.
            format!("{b}\n{a}\n0\n"),
            format!("{a}\nall is well\n{b}\n"),
            // Cut at two places.
            format!("{}\n{}\n{}\n{}\n", &a[..90], &a[90..], &b[..80], &b[80..]),
            format!("{}\nlost\n{b}\n", &b[..80]),
        ] {
            assert!(peel(&source(&text)).is_empty(), "{text}");
        }
    }
}
