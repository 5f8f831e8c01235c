//! Marks that people, chats and pagers leave where they leave out lines.

/// No longer line is one.
const LONGEST: usize = 120;

/// The line says that lines were left out where it stands.
pub(super) fn is_shortened(line: &str) -> bool {
    let text = line.trim();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    let frame = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '…' | '⋮');
    let bare = text.trim_matches(frame);
    let is_dots = bare.chars().count() >= 3 && bare.chars().all(|c| c == '.');
    if is_dots || bare.starts_with("...") || bare.starts_with(['…', '⋮']) {
        return !has_node(text);
    }
    // A frame or an ellipsis makes a mark of a word; prose may have any word in it.
    let lower = bare.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words = words.filter(|w| !w.bytes().all(|b| b.is_ascii_digit()));
    let framed = bare.len() < text.len() || bare.ends_with(['.', '…']);
    let is_mark = words.next().is_some_and(|word| MARKS.contains(&word));
    framed && is_mark && words.all(|word| THINGS.contains(&word)) || says_so(&lower)
}

const MARKS: [&str; 11] = [
    "snip",
    "snipped",
    "cut",
    "omitted",
    "truncated",
    "more",
    "skipped",
    "etc",
    "redacted",
    "removed",
    "shortened",
];

const THINGS: [&str; 9] = [
    "line", "lines", "output", "node", "nodes", "row", "rows", "text", "here",
];

/// `12 lines omitted`, `output truncated`, `7 more`.
fn says_so(words: &str) -> bool {
    const ENDS: [&str; 12] = [
        "omitted",
        "truncated",
        "skipped",
        "snipped",
        "removed",
        "elided",
        "shortened",
        "hidden",
        "cut",
        "left out",
        "more",
        "redacted",
    ];
    let told = ENDS
        .iter()
        .any(|end| words.trim_end_matches('.').ends_with(end))
        || words.contains(" more ");
    let thing = |word: &str| {
        THINGS.contains(&word) || word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty()
    };
    let apart = |c: char| !c.is_alphanumeric();
    told && words.split(apart).any(thing) && !has_node(words)
}

/// An address or an id: the line is what is left of a node.
fn has_node(text: &str) -> bool {
    let hex = |word: &str| word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    text.contains('@') || text.split(|c: char| !c.is_alphanumeric()).any(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::read as parse;
    use crate::text::Source;

    #[test]
    fn knows_the_marks() {
        for mark in [
            "[...]",
            "...",
            "…",
            "[…]",
            "<snip>",
            "-- snip --",
            "--More--",
            "--More--(40%)",
            "[1 line omitted]",
            "(12 lines omitted)",
            "~~~ cut ~~~",
            "... (1 more)",
            "// ...",
            "# [...]",
            "Unable to connect, output truncated",
            "8< cut here 8<",
            "etc.",
            "... 12 more nodes ...",
            "[output truncated]",
        ] {
            assert!(is_shortened(mark), "{mark}");
        }
        for text in [
            "",
            "the view of the first node",
            "// before",
            "# Server",
            "// more slots than before",
            "we lost a host",
            "----",
            "10.0.0.1:7000",
            "[OK] All 16384 slots covered.",
            "0-5460",
            "and now the rest:",
            "...aaaaaaaaaa 10.0.0.1:7000@17000 master",
        ] {
            assert!(!is_shortened(text), "{text}");
        }
    }

    #[test]
    fn a_view_with_a_mark_is_not_whole() {
        let node = |c: char, flags: &str| {
            let id = c.to_string().repeat(40);
            format!("{id} 10.0.0.1:7000@17000 {flags} - 0 0 1 connected\n")
        };
        let view = |owner: char| {
            let flags = |c: char| {
                if c == owner {
                    "myself,master"
                } else {
                    "master"
                }
            };
            [node('a', flags('a')), node('b', flags('b'))]
        };
        let ([a, b], [c, d]) = (view('a'), view('b'));
        for (text, expected) in [
            (format!("{a}[...]\n{b}"), vec![true]),
            (format!("...\n{a}{b}"), vec![true]),
            (format!("{a}{b}<snip>\n"), vec![true]),
            (format!("{a}{b}well\n"), vec![false]),
            (format!("{a}...\n{b}{c}{d}"), vec![true, false]),
            (format!("{a}{b}{c}--More--\n{d}"), vec![false, true]),
            (format!("{a}{b}...\n{c}{d}"), vec![true, true]),
        ] {
            let source = Source::new("f", text.clone(), String::new());
            let parsed = parse(&source);
            let dumps = parsed.sections.iter().filter_map(|s| match &s.facts {
                Facts::Nodes(dump) => Some(dump.incomplete),
                _ => None,
            });
            assert_eq!(dumps.collect::<Vec<_>>(), expected, "{text}");
            let warned = parsed
                .diagnostics
                .iter()
                .any(|d| d.code == Parse::Truncated);
            assert_eq!(warned, expected.contains(&true), "{text}");
        }
    }
}
