//! Node lines that a terminal cut at its width, joined where that is certain.

use crate::parse::node_line::LineReader;
use crate::text::Inside;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;

/// A line of a node is cut into no more pieces than this, at the narrowest terminal that counts.
const PIECES_MAX: usize = 2000;

/// The file with its lines joined; `None` if none was cut for certain.
pub(super) fn joined(source: &Source) -> Option<Source> {
    if !source.text.lines().any(begins) {
        return None;
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let width = width(&lines)?;
    let mut text = String::with_capacity(source.text.len());
    let mut places = Vec::new();
    let (mut first, mut count) = (0, 0);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = at as u32 + 1;
        places.push((number, 1));
        match whole(&lines, at, width) {
            Some((whole, taken)) => {
                text.push_str(&whole);
                first = if count == 0 { number } else { first };
                count += 1;
                at += taken;
            }
            None => {
                text.push_str(line);
                at += 1;
            }
        }
        text.push('\n');
    }
    // A last line that was cut off must still look so.
    if !source.text.ends_with('\n') {
        text.pop();
    }
    let message = match count {
        0 => return None,
        1 => format!(
            "a line was cut in pieces of {width} characters, as a terminal does; it was joined"
        ),
        n => format!(
            "{n} lines were cut in pieces of {width} characters, as a terminal does; they were joined"
        ),
    };
    let remark = Remark {
        kind: RemarkKind::Joined,
        place: (first, 1),
        message,
    };
    Some(source.part(
        text,
        Inside {
            lines: places,
            width: width as u32,
            remarks: vec![remark],
            ..Inside::default()
        },
    ))
}

/// Some node line seems to go on in the next line.
pub(super) fn any(source: &Source) -> bool {
    let lines: Vec<&str> = source.text.lines().collect();
    width(&lines).is_some()
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

/// The line that begins at `at`, and of how many pieces it is.
fn whole(lines: &[&str], at: usize, width: usize) -> Option<(String, usize)> {
    let first = lines.get(at).filter(|line| begins(line))?;
    let mut whole = String::from(*first);
    let mut before = first.len();
    for (count, piece) in (1..PIECES_MAX).zip(lines.get(at + 1..)?) {
        if begins(piece) || piece.is_empty() || piece.len() > width {
            return None;
        }
        match width - before.min(width) {
            0 => {}
            // A blank at the end is lost where a person marks text.
            1 => whole.push(' '),
            _ => return None,
        }
        whole.push_str(piece);
        before = piece.len();
        // What stands below is no piece of it.
        let below = lines.get(at + count + 1);
        let ends = below.is_none_or(|line| begins(line) || line.trim().is_empty());
        if ends || before + 1 < width {
            let mut reader = LineReader::default();
            let good = reader.node_line(&whole).is_ok() && reader.skipped.is_empty();
            return good.then_some((whole, count + 1));
        }
    }
    None
}

/// With the id of a node, as every server writes it.
fn begins(line: &str) -> bool {
    const ID: usize = 40;
    let text = line.as_bytes();
    text.get(ID) == Some(&b' ') && text.iter().take(ID).all(u8::is_ascii_hexdigit)
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
                let joined = joined(&source).unwrap_or_else(|| panic!("{width} {strip}"));
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
        let joined = joined(&source).expect("three lines");
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
            assert!(joined(&source(&text)).is_none(), "{text}");
        }
    }
}
