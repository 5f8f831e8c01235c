//! Lines that stand above an answer like the title of a page: an address, or a file named after
//! one, and nothing beside it that a node line has.

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::heading::Heading;
use crate::parse::heading::Kind;
use crate::parse::heading::LONGEST;
use crate::parse::heading::address_in_digits;
use crate::parse::heading::trimmed;
use crate::parse::transcript;
use crate::parse::transcript::Class;

/// The node that a line above an answer names: `127.0.0.1_7000/nodes.txt`, `│ File: 10.0.0.1:7000`,
/// `10.0.0.1-7000:`, `cat > 10.0.0.1_7000.txt <<'EOF'`.
///
/// No damage makes a node line look so, for it has neither paths nor titles; but a line of another
/// answer may. So only who sees an answer below it may take it for a heading.
pub(in crate::parse) fn title(line: &str) -> Option<Heading<'_>> {
    let text = trimmed(line);
    // By itself an address may be one of a list.
    let is_bare = || address_in_digits(text).is_some();
    if text.len() > LONGEST || !text.bytes().any(|b| b.is_ascii_digit()) || is_bare() {
        return None;
    }
    let of = written_to(text).or_else(|| named_alone(text))?;
    Some(Heading {
        of: Some(of),
        ..Heading::default()
    })
}

/// One address, and words that say what it is at most.
fn named_alone(text: &str) -> Option<Address> {
    const LABELS: [&str; 6] = ["file", "path", "node", "host", "server", "redis"];
    let mut of = None;
    for word in text.split_whitespace() {
        let before = |c: char| !c.is_alphanumeric() && c != '[';
        let behind = |c: char| !c.is_alphanumeric() && c != ']';
        let bare = word.trim_start_matches(before).trim_end_matches(behind);
        let is_label = LABELS.iter().any(|label| label.eq_ignore_ascii_case(bare));
        // With its mark it is what a client says of itself; without, the last word of a node.
        if bare.is_empty() || is_label || word == "connected!" {
            continue;
        }
        if of.replace(address(bare)?).is_some() {
            return None;
        }
    }
    of
}

/// `cat > FILE <<'EOF'`: what follows is the file.
fn written_to(text: &str) -> Option<Address> {
    let (before, behind) = text.split_once("<<")?;
    let file = |part: &str| {
        let words = part.split_once('>')?.1.split_whitespace();
        let name = words.map(|w| w.trim_matches(['"', '\''])).next()?;
        address(name).or_else(|| address_in_path(name))
    };
    file(before).or_else(|| file(behind))
}

fn address(word: &str) -> Option<Address> {
    // The address of a node line has its bus port behind it.
    if word.contains('@') {
        return None;
    }
    let in_path = || {
        let is_name = word.contains(['_', '-', '/']);
        is_name.then(|| address_in_path(word)).flatten()
    };
    address_in_digits(word).or_else(in_path)
}

/// `"10.0.0.1:7000","cluster nodes","…`, `10.0.0.1:7000,cluster nodes,"…`: a row of a table with
/// the first line of an answer in its last field.
pub(super) fn row(text: &str) -> Option<Heading<'_>> {
    const FIELDS_MAX: usize = 8;
    const MARK: &str = ",\"";
    // The answer itself may be long.
    let ends = text.match_indices(MARK).take(FIELDS_MAX);
    for (end, _) in ends.take_while(|(end, _)| *end <= LONGEST) {
        let (before, rest) = (text.get(..end)?, text.get(end + MARK.len()..)?);
        let mut fields = before.split(',').map(|field| field.trim_matches('"'));
        let Some(of) = fields.find_map(address_in_digits) else {
            continue;
        };
        if matches!(transcript::class(rest), Some((Class::Nodes, _))) {
            return Some(Heading {
                of: Some(of),
                rest: Some(rest),
                ..Heading::default()
            });
        }
    }
    None
}

/// `irb(main):001:0> …`, `In [1]: …`: what is typed to a language, with the address in it.
pub(super) fn session(text: &str) -> Option<Heading<'_>> {
    let behind_mark = |begin: &str, mark: &str| {
        let (number, command) = text.strip_prefix(begin)?.split_once(mark)?;
        (!number.contains(char::is_whitespace)).then_some(command)
    };
    let command = behind_mark("irb(", "> ")
        .or_else(|| behind_mark("irb(", "* "))
        .or_else(|| behind_mark("In [", "]: "))?;
    let of_address = |c: char| c.is_alphanumeric() || matches!(c, '.' | ':' | '[' | ']');
    let words = command.split(|c| !of_address(c));
    let mut named = words.filter_map(address_in_digits);
    Some(Heading {
        of: named.next().filter(|_| named.next().is_none()),
        kind: Kind::Command,
        ..Heading::default()
    })
}

/// `[21/11/2026 09:01] Bob:`, as chats put it above what somebody wrote.
pub(super) fn stamp(text: &str) -> Option<Heading<'_>> {
    const LONGEST_NAME: usize = 60;
    let (when, who) = text.strip_prefix('[')?.split_once(']')?;
    let of_time = |c: char| {
        let is_mark = matches!(c, '/' | '.' | '-' | ':' | ',' | ' ');
        c.is_ascii_digit() || is_mark || is_invisible(c) || "APMapm".contains(c)
    };
    let is_time = when.contains(':') && when.contains(' ') && when.chars().all(of_time);
    (is_time && who.ends_with(':') && who.len() <= LONGEST_NAME).then(|| Heading {
        kind: Kind::End,
        ..Heading::default()
    })
}

/// Marks of direction and blanks without a width, as chats strew them.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::heading::heading;

    #[test]
    fn a_title_names_the_node() {
        for line in [
            "10.0.0.1_7000/nodes.txt",
            "10.0.0.1-7000:",
            ".10.0.0.1:7000",
            "       │ File: 10.0.0.1_7000/nodes.txt",
            "│ 10.0.0.1:7000            │",
            "cat > 10.0.0.1_7000.txt <<'EOF'",
            "cat <<EOF > ./10.0.0.1_7000.txt",
            "10.0.0.1:7000 connected!",
            "redis://10.0.0.1:7000",
        ] {
            let of = title(line).and_then(|h| h.of).map(|of| of.to_string());
            assert_eq!(of.as_deref(), Some("10.0.0.1:7000"), "{line}");
        }
    }

    #[test]
    fn what_may_be_left_of_a_node_line_is_no_title() {
        for line in [
            "10.0.0.1:7000@17000",
            "10.0.0.1:7000 connected",
            "10.0.0.1:7000 master",
            "aaaaaaaaaaaaaaaa 10.0.0.1:7000",
            "10.0.0.1:7000 0 1795213314317 5",
            "10922-16383",
            "that was 10.0.0.2:6380",
            "10.0.0.1:7000 10.0.0.2:7000",
        ] {
            assert_eq!(title(line), None, "{line}");
        }
    }

    #[test]
    fn rows_and_sessions_name_the_node() {
        let node = format!("{} 10.0.0.9:1@2 master - 0 0 1 connected", "a".repeat(40));
        for before in ["\"10.0.0.1:7000\",\"cluster nodes\"", "10.0.0.1:7000,a"] {
            let row = format!("{before},\"{node}");
            let found = heading(&row).unwrap();
            assert_eq!(found.of.unwrap().to_string(), "10.0.0.1:7000");
            assert_eq!(found.rest, Some(&*node));
        }
        assert_eq!(heading("\"10.0.0.1:7000\",\"ping\",\"PONG\""), None);
        for line in [
            "irb(main):000:0> Redis.new(url: \"redis://10.0.0.1:7000\").cluster(\"nodes\")",
            "In [12]: Redis.from_url('redis://10.0.0.1:7000').cluster('nodes')",
        ] {
            let of = heading(line).and_then(|h| h.of).map(|of| of.to_string());
            assert_eq!(of.as_deref(), Some("10.0.0.1:7000"), "{line}");
        }
        let two = heading("irb(main):000:0> a(\"10.0.0.1:7000\", \"10.0.0.2:7000\")").unwrap();
        assert_eq!((two.of, two.kind), (None, Kind::Command));
    }

    #[test]
    fn the_line_above_a_message_ends_an_answer() {
        for line in [
            "[\u{200e}21/\u{200e}11/\u{200e}2026 09:01] Bob:",
            "[21/11/2026, 9:01 AM] Bob Smith:",
        ] {
            assert_eq!(heading(line).map(|h| h.kind), Some(Kind::End), "{line}");
        }
        for line in ["[93->-ab]", "[fd01::1]:7000:", "[09:01] Bob"] {
            assert_ne!(heading(line).map(|h| h.kind), Some(Kind::End), "{line}");
        }
    }
}
