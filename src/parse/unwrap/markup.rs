//! Pages, tickets and chats: tags and macros around answers.

use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::offset_in;

/// What stands for a border: a line of its own.
const FENCE: &str = "```\n";

/// No longer tag is looked for.
const LONGEST: usize = 200;

/// The page without tags and macros; none where no answer stands among them.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.contains(['<', '{']) || !(has_node(text) || text.contains("# Server")) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut found = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        found |= write(line, at, &mut clean);
        at += line.len();
    }
    match found {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// The line that begins at `at` without its marks; false if it has none.
fn write(line: &str, at: usize, clean: &mut Extract) -> bool {
    let mut from = 0;
    let mut ended = false;
    while let Some((start, mark)) = next_mark(line, from) {
        let before = line.get(from..start).unwrap_or("");
        // The blanks between two tags set a page to the right.
        if !before.trim().is_empty() {
            put(without_heading(before, from == 0), line, at, clean);
            ended = false;
        }
        from = start + mark.length;
        let begins = clean.text().is_empty() || clean.text().ends_with('\n');
        match mark.kind {
            Kind::Inline => {}
            Kind::Cell => clean.put(" ", at + start),
            Kind::Break | Kind::Border if !begins => {
                clean.put("\n", at + start);
                ended = true;
            }
            Kind::Break | Kind::Border => ended = true,
        }
        if let Kind::Border = mark.kind {
            clean.put(FENCE, at + start);
        }
    }
    let rest = line.get(from..).unwrap_or("");
    if !(ended && rest.trim().is_empty()) {
        put(without_heading(rest, from == 0), line, at, clean);
    }
    from > 0
}

fn put(part: &str, line: &str, at: usize, clean: &mut Extract) {
    clean.put(part, at + offset_in(line, part).unwrap_or(0));
}

/// `h3. ` of a wiki.
fn without_heading(text: &str, first: bool) -> &str {
    match text.as_bytes() {
        [b'h', b'1'..=b'6', b'.', b' ', ..] if first => text.get(4..).unwrap_or(text),
        _ => text,
    }
}

/// A tag or a macro stands at the beginning of the text.
pub(super) fn begins(text: &str) -> bool {
    matches!(next_mark(text, 0), Some((0, _)))
}

/// A tag or a macro.
struct Mark {
    length: usize,
    kind: Kind,
}

/// What stands for it.
#[derive(Clone, Copy)]
enum Kind {
    /// An answer begins or ends here.
    Border,
    /// A line does.
    Break,
    /// A cell of a table does.
    Cell,
    Inline,
}

/// The first tag or macro from the byte `from` on.
fn next_mark(line: &str, from: usize) -> Option<(usize, Mark)> {
    let rest = line.get(from..)?;
    rest.match_indices(['<', '{']).find_map(|(at, open)| {
        let mark = rest.get(at..)?;
        let kind = kind(mark.get(1..)?, open == "<")?;
        let close = if open == "<" { b'>' } else { b'}' };
        let end = mark.bytes().take(LONGEST).position(|b| b == close)?;
        let length = end + 1;
        Some((from + at, Mark { length, kind }))
    })
}

/// Of the tag or macro whose name begins here; `None` for what is neither.
fn kind(inner: &str, is_tag: bool) -> Option<Kind> {
    let inner = inner.strip_prefix('/').filter(|_| is_tag).unwrap_or(inner);
    let letters = inner.bytes().take(11).take_while(u8::is_ascii_alphanumeric);
    let name = inner.get(..letters.count())?.to_ascii_lowercase();
    let behind = inner.get(name.len()..)?.chars().next()?;
    if !is_tag {
        let known = matches!(&*name, "code" | "noformat" | "quote" | "panel");
        return (known && matches!(behind, '}' | ':')).then_some(Kind::Border);
    }
    if !matches!(behind, '>' | ' ' | '/') {
        return None;
    }
    match name.as_str() {
        "pre" | "code" | "samp" | "blockquote" | "table" => Some(Kind::Border),
        "html" | "head" | "body" | "p" | "div" | "br" | "tr" | "tbody" | "thead" | "h1" | "h2"
        | "h3" | "li" | "ul" | "ol" => Some(Kind::Break),
        "td" | "th" => Some(Kind::Cell),
        "span" | "b" | "i" | "tt" | "font" | "em" | "strong" | "a" => Some(Kind::Inline),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Facts;
    use crate::parse::parse;
    use crate::parse::unwrap::unwrap;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5";
    const B: &str =
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10.0.0.2:7000@17000 master - 0 9 2 connected 6-9";

    /// Line and column of the nodes, whether something is missing, and who answered.
    fn read(text: &str) -> (Vec<(u32, u32)>, bool, Option<String>) {
        let source = Source::new("f", text.to_owned(), String::new());
        let cleaned = unwrap(&source)
            .pop()
            .unwrap_or_else(|| panic!("markup: {text}"));
        let parsed = parse(&cleaned);
        let section = &parsed.sections[0];
        let Facts::Nodes(dump) = &section.facts else {
            panic!("{parsed:?}");
        };
        let slots = dump.lines.iter().map(|l| l.slots.len()).sum::<usize>();
        assert_eq!((slots, dump.unread), (2, 0), "{text}: {parsed:?}");
        let place = |line: u32, column: u32| cleaned.in_file(line, column);
        let places = dump.lines.iter().map(|l| place(l.line, l.column));
        let of = section.of.as_ref().map(ToString::to_string);
        (places.collect(), dump.incomplete, of)
    }

    #[test]
    fn reads_lines_in_markup_and_keeps_their_places() {
        let bars = |line: &str| format!("| {} |", line.replace(' ', " | "));
        for (text, places) in [
            (format!("<pre>{A}\n{B}\n</pre>\n"), [(1, 6), (2, 1)]),
            (format!("<pre>{A}\n{B}</pre>"), [(1, 6), (2, 1)]),
            (
                format!("{{code:title=x}}{A}\n{B}{{code}}"),
                [(1, 15), (2, 1)],
            ),
            (
                format!("{A}<br>{B}<br/>\n"),
                [(1, 1), (1, A.len() as u32 + 5)],
            ),
            (format!("\u{200b}{A}\n\u{200b}{B}\n"), [(1, 4), (2, 4)]),
            (
                format!("{A}\n{B}\n").replace(' ', "\u{a0}"),
                [(1, 1), (2, 1)],
            ),
            (
                format!("{A}\n{B}\n").replace(' ', "&nbsp;"),
                [(1, 1), (2, 1)],
            ),
            (format!("{}\n{}\n", bars(A), bars(B)), [(1, 3), (2, 3)]),
            (format!("| {A} |\n| {B} |\n"), [(1, 3), (2, 3)]),
            (
                format!("{A}\n{B}\n")
                    .replace("10.0.0.2:7000", "[10.0.0.2:7000](http://10.0.0.2:7000)"),
                [(1, 1), (2, 1)],
            ),
            (
                format!("{A}\n{B}\n")
                    .replace("10.0.0.2:7000", "10.0.0.2:7000<http://10.0.0.2:7000>"),
                [(1, 1), (2, 1)],
            ),
            (
                format!("{A}\n{B}\n")
                    .replace("10.0.0.2:7000", "<http://10.0.0.2:7000|10.0.0.2:7000>"),
                [(1, 1), (2, 1)],
            ),
            (
                format!("| id | flags |\n|---|---|\n{}\n{}\n", bars(A), bars(B)),
                [(3, 3), (4, 3)],
            ),
            (format!("{A}   │\n{B}     │\n"), [(1, 1), (2, 1)]),
            (
                format!("{A}\n{B}\n").replace(" - ", " – "),
                [(1, 1), (2, 1)],
            ),
        ] {
            let found = read(&text);
            assert_eq!(found, (places.to_vec(), false, None), "{text}");
        }
    }

    #[test]
    fn a_heading_above_a_macro_names_who_answered() {
        for text in [
            format!("h3. Output from 10.0.0.1:7000\n{{noformat}}\n{A}\n{B}\n{{noformat}}\n"),
            format!("<html><p>From 10.0.0.1:7000</p>\n<pre>\n{A}\n{B}\n</pre></html>"),
        ] {
            let (places, incomplete, of) = read(&format!("{text}\n\u{200b}{A}\n"));
            assert_eq!((places.len(), incomplete), (2, false), "{text}");
            assert_eq!(of.as_deref(), Some("10.0.0.1:7000"), "{text}");
        }
    }

    #[test]
    fn leaves_what_has_no_markup() {
        for text in [
            format!("{A}\n{B}\n"),
            format!("> {A}\n"),
            format!("{A} [9->-{}]\n{B}\n", "b".repeat(40)),
            format!("<snip>\n{A}\n{{\"a\": 1}}\n"),
            "<pre>\nrole:master\n</pre>\n".to_owned(),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            assert!(peel(&source).is_empty(), "{text}");
        }
    }
}
