//! Answers inside other programs' output: JSON strings (`"stdout": "…"` of ansible and its like),
//! lines behind a prefix (`grep -H`, `pdsh`, container logs), lines that a terminal cut.
//!
//! What is taken out becomes a source of its own that remembers where each of its lines stood.

mod around;
mod folded;
mod markup;
mod prefixes;
mod speaker;
mod strings;
mod words;
mod yaml;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::parse::node_line::is_plain_node;
use crate::text::Place;
use crate::text::Remark;
use crate::text::RemarkKind;
use crate::text::Source;

/// What wraps answers was printed by a person's tool, and is not larger.
const LARGEST: usize = 256 << 20;

/// The answers that are wrapped in this file, and what stands around them; empty if it is none
/// that wraps.
pub fn unwrap(source: &Source) -> Vec<Source> {
    match source.text.len() > LARGEST {
        true => Vec::new(),
        false => parts(source),
    }
}

fn parts(source: &Source) -> Vec<Source> {
    // Nearly every file is lines of nodes and nothing else.
    let all_plain = source.text.lines().all(is_plain_node);
    let no_markup = markup::is_plain(&source.text);
    if all_plain && no_markup {
        return Vec::new();
    }
    let found = strings::outputs(source);
    if !found.is_empty() {
        return found;
    }
    if let Some(listed) = yaml::listed(source) {
        return vec![listed];
    }
    if !no_markup && let Some(cleaned) = markup::cleaned(source) {
        return vec![joined_again(cleaned)];
    }
    if all_plain {
        return Vec::new();
    }
    let found = prefixes::behind_prefixes(source);
    if !found.is_empty() {
        return found;
    }
    folded::joined(source).into_iter().collect()
}

/// The text with the lines joined that the border of a pane cut, at their places in the file.
fn joined_again(cleaned: Source) -> Source {
    let Some(mut joined) = folded::joined(&cleaned) else {
        return cleaned;
    };
    if let Some(inside) = &mut joined.inside {
        for place in &mut inside.lines {
            *place = cleaned.in_file(place.0, place.1);
        }
        for remark in &mut inside.remarks {
            remark.place = cleaned.in_file(remark.place.0, remark.place.1);
        }
    }
    joined
}

/// What is to say of how the answers were taken out, or that they were not.
pub(super) fn remarks(source: &Source) -> Vec<Diagnostic> {
    let Some(inside) = &source.inside else {
        let skipped = source.text.len() > LARGEST && may_wrap(source);
        return skipped.then(|| too_large(source)).into_iter().collect();
    };
    let of = |remark: &Remark| {
        let place = Place {
            path: source.path.clone(),
            line: remark.place.0,
            column: remark.place.1,
        };
        let code = match remark.kind {
            RemarkKind::Joined => Capture::JoinedLines,
            RemarkKind::Unused => Capture::UnusedOutput,
        };
        Diagnostic::new(code, remark.message.clone()).at(place)
    };
    inside.remarks.iter().map(of).collect()
}

/// Something in it looks like an answer in other output.
fn may_wrap(source: &Source) -> bool {
    source.text.contains("\"stdout") || prefixes::any(source) || folded::any(source)
}

fn too_large(source: &Source) -> Diagnostic {
    Diagnostic::new(
        Capture::NotUnwrapped,
        format!(
            "the file has answers inside other output, and more than {} MiB of it; they were not \
             looked for",
            LARGEST >> 20
        ),
    )
    .at(source.place(1, 1))
    .help("save the answers by themselves, or split the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5";
    pub(super) const B: &str =
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 10.0.0.2:7000@17000 master - 0 9 2 connected 6-9";

    /// Text, address, and the place of the first line of every part.
    pub(super) fn parts(text: &str) -> Vec<(String, String, (u32, u32))> {
        let source = Source::new("f", text.to_owned(), String::new());
        unwrap(&source)
            .iter()
            .map(|part| {
                let place = part.place(1, 1);
                let of = part.inside.as_ref().unwrap();
                let name = of.of.as_ref().map(ToString::to_string);
                let name = name.or(of.host.clone()).unwrap_or_default();
                (part.text.clone(), name, (place.line, place.column))
            })
            .collect()
    }

    #[test]
    fn leaves_answers_alone() {
        for text in [
            format!("{A}\n{B}\n"),
            format!("> {A}\n"),
            format!("1) \"{A}\"\n"),
            format!("\"{A}\\n{B}\\n\"\n"),
            "{\"dir\":\"/d\"}\n".to_owned(),
            "# Server\nredis_version:7\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(parts(&text), [], "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_known_to_wrap() {
        let may = |text: &str| may_wrap(&Source::new("f", text.to_owned(), String::new()));
        assert!(may("{\"stdout\": \"x\"}\n"));
        assert!(may(&format!("redis-0 redis {A}\n")));
        assert!(may(&format!("{}\n{}\n{B}\n", &A[..70], &A[70..])));
        assert!(!may(&format!("{A}\n{B}\n")));
        assert_eq!(
            too_large(&Source::new("f", String::new(), String::new())).code,
            Capture::NotUnwrapped
        );
    }
}
