//! Lines of nodes in the markup of pages, tickets and chats: tags, macros, entities, tables, blanks
//! that are none, the border of a pane.

use std::borrow::Cow;

use crate::parse::block::strip_markup;
use crate::parse::node_line::looks_like_node;
use crate::text::Inside;
use crate::text::Source;

/// The file without markup; `None` where no line of a node stands in any.
pub(super) fn cleaned(source: &Source) -> Option<Source> {
    let mut page = Page::default();
    for (number, line) in source.lines() {
        page.line(number, line);
    }
    if !source.text.ends_with('\n') && !page.closed {
        page.text.pop();
    }
    let found = page.found || page.has_node && page.has_border;
    found.then(|| {
        let lines = page.lines;
        source.part(
            page.text,
            Inside {
                lines,
                ..Inside::default()
            },
        )
    })
}

/// Cheap: nothing in the file is markup.
pub(super) fn is_plain(text: &str) -> bool {
    let link = || text.contains("](http");
    text.is_ascii() && !text.contains(['<', '{', '&', '|']) && !text.contains("h3. ") && !link()
}

#[derive(Default)]
struct Page {
    text: String,
    /// Line and column in the file of each line of the text.
    lines: Vec<(u32, u32)>,
    /// Some line of a node had markup in it, or begins behind some.
    found: bool,
    has_node: bool,
    has_border: bool,
    /// The last line ends with what closes a quotation: it was not cut off.
    closed: bool,
}

/// What stands for a border: a line of its own.
const FENCE: &str = "```";

/// The border of a pane.
const BARS: [char; 2] = ['│', '┃'];

impl Page {
    fn line(&mut self, number: u32, line: &str) {
        self.closed = false;
        let mut rest = line;
        let mut first = true;
        loop {
            let (text, mark) = up_to_mark(rest);
            let column = Source::column_of(line, text);
            if first && mark.is_none() || !text.trim().is_empty() {
                self.push(number, column, text, first && mark.is_none());
            }
            first = false;
            let Some(mark) = mark else { return };
            if mark.is_border {
                self.push(number, Source::column_of(line, mark.text), FENCE, true);
            }
            self.has_border |= mark.is_border;
            self.closed = mark.behind.trim().is_empty();
            if self.closed {
                return;
            }
            rest = mark.behind;
        }
    }

    fn push(&mut self, number: u32, column: u32, text: &str, is_whole: bool) {
        let invisible = |c: char| matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}');
        let start = text.trim_start_matches(invisible);
        let start = heading(start);
        let start = start.strip_prefix(BARS).unwrap_or(start);
        let column = column + (text.len() - start.len()) as u32;
        let clean = clean(start.trim_end().strip_suffix(BARS).unwrap_or(start));
        let clean = match unlinked(&clean) {
            Some(bare) => Cow::Owned(bare),
            None if is_head_of_table(&clean) => Cow::Borrowed(""),
            None => clean,
        };
        let changed = !is_whole || clean != text;
        let is_node = looks_like_node(strip_markup(&clean));
        self.found |= changed && is_node;
        self.has_node |= is_node;
        self.lines.push((number, column));
        self.text.push_str(&clean);
        self.text.push('\n');
    }
}

/// `h3. ` of a wiki.
fn heading(text: &str) -> &str {
    match text.as_bytes() {
        [b'h', b'1'..=b'6', b'.', b' ', ..] => text.get(4..).unwrap_or(text),
        _ => text,
    }
}

/// The text with plain characters: as many bytes where that can be, so that columns stay.
fn clean(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(['&', '|']) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (with, taken) = plain(rest, next, clean.ends_with(' '));
        match with {
            Some(with) => clean.push_str(with),
            None => clean.extend(rest.get(..taken)),
        }
        rest = rest.get(taken..).unwrap_or("");
    }
    if clean.contains('|') {
        let row = clean.replace('|', " ");
        // Only a row of one node: what else has bars is no business of this.
        if looks_like_node(row.trim_start()) {
            clean = row;
        }
    }
    match clean == text {
        true => Cow::Borrowed(text),
        false => Cow::Owned(clean),
    }
}

/// The names of the columns, or the rule below them.
fn is_head_of_table(row: &str) -> bool {
    let Some(cells) = row.trim().strip_prefix('|') else {
        return false;
    };
    let is_rule = cells.contains("--") && cells.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    let mut names = cells.split('|').map(str::trim);
    is_rule
        || names.any(|name| name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("flags"))
}

/// A line of a node without the links that a chat or mail program made of its address:
/// `[ADDRESS](http://ADDRESS)`, `ADDRESS<http://ADDRESS>`, `<http://ADDRESS|ADDRESS>`.
fn unlinked(text: &str) -> Option<String> {
    let at = text.find("http").filter(|&at| at < LONGEST)?;
    let (before, link) = text.split_at_checked(at)?;
    let (open, close) = match before.strip_suffix("](") {
        Some(_) => ("](", ')'),
        None => ("<", '>'),
    };
    let before = before.strip_suffix(open)?;
    let (link, behind) = link.split_once(close)?;
    let (before, name) = match link.split_once('|') {
        _ if open == "](" => before.rsplit_once('[')?,
        Some((_, name)) => (before, name),
        None => (before, ""),
    };
    let line = format!("{before}{name}{behind}");
    looks_like_node(&line).then_some(line)
}

/// What stands for the first character of `text`, if not itself, and how many bytes that takes.
fn plain(text: &str, first: char, behind_blank: bool) -> (Option<&'static str>, usize) {
    const ENTITIES: [(&str, &str); 7] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", "      "),
        ("&#160;", "      "),
    ];
    let bytes = first.len_utf8();
    match first {
        '&' => {
            let found = ENTITIES.iter().find(|(name, _)| text.starts_with(name));
            found.map_or((None, 1), |(name, with)| (Some(with), name.len()))
        }
        '\u{200b}' | '\u{feff}' | '\u{2060}' => (Some(""), bytes),
        '\u{a0}' => (Some("  "), bytes),
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => (Some("   "), bytes),
        '–' | '—' | '−'
            if behind_blank && text.get(bytes..).is_some_and(|t| t.starts_with(' ')) =>
        {
            (Some("-  "), bytes)
        }
        '–' | '−'
            if text
                .get(bytes..)
                .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            (Some("-"), bytes)
        }
        _ => (None, bytes),
    }
}

/// A tag or a macro.
struct Mark<'a> {
    text: &'a str,
    behind: &'a str,
    /// An answer begins or ends here.
    is_border: bool,
}

/// The text before the first tag or macro, and that.
fn up_to_mark(text: &str) -> (&str, Option<Mark<'_>>) {
    for (at, open) in text.match_indices(['<', '{']) {
        let (Some(before), Some(rest)) = (text.get(..at), text.get(at..)) else {
            continue;
        };
        let Some(is_border) = kind(rest.get(1..).unwrap_or(""), open == "<") else {
            continue;
        };
        let close = if open == "<" { b'>' } else { b'}' };
        let end = rest.bytes().take(LONGEST).position(|b| b == close);
        if let Some(behind) = end.and_then(|end| rest.get(end + 1..)) {
            let text = rest;
            return (
                before,
                Some(Mark {
                    text,
                    behind,
                    is_border,
                }),
            );
        }
    }
    (text, None)
}

/// No longer tag is looked for.
const LONGEST: usize = 200;

/// Whether the tag or macro whose name begins here is a border; `None` for what is neither.
fn kind(inner: &str, is_tag: bool) -> Option<bool> {
    const TAGS: [&str; 16] = [
        "html", "head", "body", "p", "div", "span", "br", "b", "i", "tt", "font", "td", "tr", "h1",
        "h2", "h3",
    ];
    let inner = inner.strip_prefix('/').filter(|_| is_tag).unwrap_or(inner);
    let letters = inner.bytes().take(11).take_while(u8::is_ascii_alphanumeric);
    let name = inner.get(..letters.count())?.to_ascii_lowercase();
    let behind = inner.get(name.len()..)?.chars().next()?;
    if !is_tag {
        let known = matches!(&*name, "code" | "noformat" | "quote" | "panel");
        return (known && matches!(behind, '}' | ':')).then_some(true);
    }
    if !matches!(behind, '>' | ' ' | '/') {
        return None;
    }
    match name.as_str() {
        "pre" | "code" | "samp" | "blockquote" => Some(true),
        name if TAGS.contains(&name) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Facts;
    use crate::parse::parse;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5";
    const B: &str =
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10.0.0.2:7000@17000 master - 0 9 2 connected 6-9";

    /// Line and column of the nodes, whether something is missing, and who answered.
    fn read(text: &str) -> (Vec<(u32, u32)>, bool, Option<String>) {
        let source = Source::new("f", text.to_owned(), String::new());
        let cleaned = cleaned(&source).unwrap_or_else(|| panic!("markup: {text}"));
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
            "<pre>\n# Server\n</pre>\n".to_owned(),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            assert!(cleaned(&source).is_none(), "{text}");
        }
    }
}
