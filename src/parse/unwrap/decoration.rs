//! What people and languages put around single lines: quotes, numbers of lists, bold letters, a
//! fence on the line of its text; and answers that are one string with the line ends written out.
//!
//! A line comes out bare only where it is then one that an answer has: what else stands in quotes
//! is the value of something.

use crate::parse::block::is_noise;
use crate::parse::cluster_check;
use crate::parse::error_reply;
use crate::parse::transcript;
use crate::parse::transcript::Class;
use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::escape::unescape;
use crate::text::offset_in;

/// No answer is quoted more often.
const LAYERS_MAX: usize = 64;

const FENCE: &str = "```";

pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let mut clean = Extract::default();
    let mut changed = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end_matches(['\r', '\n']);
        match bared(end) {
            Some(inside) => {
                changed = true;
                write(line, inside, at, &mut clean);
            }
            None => clean.copy(text, at..at + line.len()),
        }
        at += line.len();
    }
    match changed {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// What stands inside of the decoration, if that is known better than the line as it is.
fn bared(line: &str) -> Option<&str> {
    let inside = bare(line);
    if inside.len() == line.trim().len() || is_noise(line) {
        return None;
    }
    let first = inside.split("\\n").next().unwrap_or(inside);
    let first = first.split("\",\"").next().unwrap_or(first);
    is_answer(first.trim_end_matches("\\r").trim()).then_some(inside)
}

fn is_answer(line: &str) -> bool {
    // A list or an object is an answer as it stands.
    let class = transcript::class(line).map(|(class, _)| class);
    class.is_some_and(|class| !matches!(class, Class::Json | Class::Numbered))
        || error_reply::refusal(line).is_some()
        || cluster_check::is_of_report(line)
}

/// The bare text of a line, each of its lines for itself, between fences where it had some.
fn write(line: &str, inside: &str, at: usize, clean: &mut Extract) {
    let start = offset_in(line, inside).unwrap_or(0);
    let end = start + inside.len();
    let (before, behind) = (line.get(..start), line.get(end..));
    let fenced = |part: Option<&str>| part.is_some_and(|part| part.contains(FENCE));
    if fenced(before) {
        clean.put(FENCE, at);
        clean.put("\n", at);
    }
    let escaped = inside.contains('\\') || inside.contains("\",\"");
    if escaped {
        // Between the texts of a list stands a line end, too.
        for text in inside.split("\",\"") {
            let from = at + offset_in(line, text).unwrap_or(start);
            unescape(text, from, clean);
            end_line(clean, from + text.len());
        }
    } else {
        clean.put(inside, at + start);
        // What closes a quotation stands behind the whole line.
        let closed = behind.is_some_and(|behind| !behind.trim().is_empty());
        if line.ends_with('\n') || closed {
            clean.put("\n", at + end);
        }
    }
    if fenced(behind) {
        clean.put(FENCE, at + end);
        clean.put("\n", at + end);
    }
}

fn end_line(clean: &mut Extract, at: usize) {
    if !clean.text().ends_with('\n') {
        clean.put("\n", at);
    }
}

/// The line without `> `, `12) `, quotes, `**`, from both ends, as often as they stand there. What
/// comes out is a slice of what went in.
pub(super) fn bare(line: &str) -> &str {
    const BEFORE: [&str; 9] = ["b'", "b\"", "[\"", "['", "\"", "'", "**", "`", "“"];
    const AFTER: [&str; 10] = ["\",", "\"]", "']", "\"", "',", "'", "**", "`", "”", " +"];
    let mut text = line.trim();
    if is_bare(text) {
        return text;
    }
    for _ in 0..LAYERS_MAX {
        let before = text;
        text = strip_list_number(text);
        text = strip_length(text);
        // Headings of `redis-cli --cluster` are no quotation and no bold text.
        if text.starts_with(">>>") || text.starts_with("*** ") {
            return text;
        }
        text = text.strip_prefix('>').unwrap_or(text);
        for mark in BEFORE {
            text = text.strip_prefix(mark).unwrap_or(text);
        }
        for mark in AFTER {
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        text = text.trim();
        if text.len() == before.len() {
            return text;
        }
    }
    text
}

/// Cheap: begins and ends as nothing does that is taken off.
fn is_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = match bytes {
        [b'b' | b't', ..] | [] => false,
        [b's', b't', b'r', b'i', b'n', b'g', b'(', ..] => false,
        [b'a'..=b'z' | b'A'..=b'Z', ..] => true,
        [b'0'..=b'9', ..] => {
            let behind = bytes.iter().find(|b| !b.is_ascii_digit());
            !matches!(behind, Some(b')' | b'#'))
        }
        _ => false,
    };
    let ends = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
    begins && bytes.last().is_some_and(ends)
}

/// `1) ` of a list, `1# ` of a RESP3 map.
fn strip_list_number(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.get(digits..) {
        Some(rest) if digits > 0 => rest
            .strip_prefix(") ")
            .or_else(|| rest.strip_prefix("# "))
            .unwrap_or(text),
        _ => text,
    }
}

/// `string(765) "`, as PHP shows what a variable holds.
fn strip_length(text: &str) -> &str {
    let behind = || {
        let (length, rest) = text.strip_prefix("string(")?.split_once(") \"")?;
        length.bytes().all(|b| b.is_ascii_digit()).then_some(rest)
    };
    behind().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::unwrap::tests::A;
    use crate::parse::unwrap::tests::B;
    use crate::parse::unwrap::tests::parts;

    #[test]
    fn takes_off_what_people_paste() {
        for line in [
            "a b",
            "> a b",
            "> > \"a b\"",
            "12) \"a b\"",
            "  3) 1) \"a b\"",
            "**a b**",
            "b'a b'",
            "string(3) \"a b\"",
            "“a b”",
            "'a b',",
            "'a b' +",
            "string(900) \"a b",
            "```a b",
            "a b```",
            "`a b`",
        ] {
            assert_eq!(bare(line), "a b", "{line:?}");
        }
    }

    #[test]
    fn layers_without_end_are_left() {
        let text = "\"".repeat(1000);
        assert!(bare(&text).len() > 500);
        assert_eq!(bare(&format!("{}a", "> ".repeat(60))), "a");
    }

    #[test]
    fn only_lines_of_answers_come_out_bare() {
        for (text, clean) in [
            (format!("`{A}`\ntext\n"), format!("{A}\ntext\n")),
            (format!("[\"{A}\",\"{B}\"]\n"), format!("{A}\n{B}\n")),
            (
                format!("x\n```{A}\n{B}```\n"),
                format!("x\n```\n{A}\n{B}\n```\n"),
            ),
            (format!("x\n\"{A}\\n{B}\\n\"\n"), format!("x\n{A}\n{B}\n")),
            // What closes a quotation stands behind the whole line.
            (format!("x\n`{A}`"), format!("x\n{A}\n")),
            ("\"PONG\"\n".to_owned(), "PONG\n".to_owned()),
        ] {
            let found = parts(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].0, clean, "{text}");
        }
        for text in [
            "1) \"dir\"\n2) \"/data\"\n",
            "\"dir\",\"/data\"\n",
            "> abc\n",
        ] {
            assert_eq!(parts(text), [], "{text}");
        }
    }
}
