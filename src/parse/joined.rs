//! Two node lines in one: a line end was lost, or a file that was cut off goes on with the next.

use crate::parse::node_field::endpoint;
use crate::parse::node_field::flag;
use crate::parse::node_line::Fields;
use crate::text::lex::id::PLAIN_ID as ID;

/// Byte at which the second line begins: an id, an address and flags behind what begins with an
/// id, or with a part of one.
pub(super) fn second_line(text: &str) -> Option<usize> {
    let first = Fields(text).next()?;
    let is_hex = first.bytes().all(|b| b.is_ascii_hexdigit());
    // Prompts and numbers of lists stand before a line, too.
    if !is_hex || first.len() < ID || !text.starts_with(first) {
        return None;
    }
    let mut last: [Option<&str>; 3] = [None; 3];
    for field in Fields(text) {
        last = [last[1], last[2], Some(field)];
        let [Some(first), Some(second), Some(third)] = last else {
            continue;
        };
        let end = first.as_ptr() as usize + first.len() - text.as_ptr() as usize;
        if let Some(start) = end.checked_sub(ID).filter(|&start| start > 0)
            && ends_with_id(first)
            && second.contains(':')
            && endpoint(second).is_ok()
            && third.split(',').any(|word| flag(word).is_some())
        {
            return Some(start);
        }
    }
    None
}

/// The beginning of an id, and another id behind it.
pub(super) fn is_id_behind_another(field: &str) -> bool {
    field.len() > ID && field.bytes().all(|b| b.is_ascii_hexdigit())
}

fn ends_with_id(field: &str) -> bool {
    let start = field.len().checked_sub(ID);
    let id = start.and_then(|at| field.as_bytes().get(at..));
    id.is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn line(id: &str, of: &str) -> String {
        format!(
            "{} 10.0.0.1:7000@17000 {of} 0 1 2 connected 0-5460",
            id.repeat(ID)
        )
    }

    #[test]
    fn a_line_is_one() {
        let peer = "b".repeat(ID);
        for text in [
            line("a", "master -"),
            line("a", &format!("slave {peer}")),
            format!("{} [7->-{peer}]", line("a", "master -")),
            format!("> {}", line("a", "master -")),
            format!("12 {}", line("a", "master -")),
            String::new(),
        ] {
            assert_eq!(second_line(&text), None, "{text}");
        }
    }

    #[test]
    fn finds_the_second_wherever_the_first_stops() {
        let (first, second) = (line("a", "master -"), line("b", "master -"));
        for cut in 1..first.len() {
            let text = format!("{}{second}", &first[..cut]);
            assert_eq!(second_line(&text), Some(cut), "{text}");
        }
    }

    #[test]
    fn no_node_is_lost_and_the_place_is_said() {
        let (a, b) = (line("a", "myself,master -"), line("b", "master -"));
        for (first, lines) in [
            (&*a, 2),
            (&a[..a.len() - 8], 2),
            // No link state, and so no slots: no line.
            (&a[..a.len() - 20], 1),
            (&a[..20], 1),
        ] {
            let c = line("c", &format!("slave {}", "b".repeat(ID)));
            let source = Source::new("f", format!("{first}{b}\n{c}\n"), String::new());
            let parsed = parse_file(&source);
            let Facts::Nodes(dump) = &parsed.sections[0].facts else {
                panic!("{parsed:?}");
            };
            assert_eq!((dump.lines.len(), dump.unread), (lines + 1, 1), "{first}");
            let said: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(said, [Parse::Joined], "{first}");
            let place = parsed.diagnostics[0]
                .place
                .as_ref()
                .expect("a line's place");
            assert_eq!((place.line, place.column as usize), (1, first.len() + 1));
        }
    }

    #[test]
    fn a_file_that_goes_on_with_the_next_is_two_views() {
        let (a, b) = (line("a", "myself,master -"), line("b", "master -"));
        let (c, d) = (line("a", "master -"), line("b", "myself,master -"));
        for cut in [10, 60, 90, b.len()] {
            let text = format!("{a}\n{}{c}\n{d}\n", &b[..cut]);
            let source = Source::new("f", text, String::new());
            let parsed = parse_file(&source);
            let unread: Vec<_> = parsed
                .sections
                .iter()
                .map(|section| match &section.facts {
                    Facts::Nodes(dump) => (section.line, dump.unread),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(unread, [(1, 1), (2, 1)], "{cut}");
        }
    }

    #[test]
    fn many_lines_in_one_are_read_once() {
        let text = line("a", "master -").repeat(3000) + "\n";
        let source = Source::new("f", text, String::new());
        let parsed = parse_file(&source);
        let Facts::Nodes(dump) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(dump.unread, 2999);
    }
}
