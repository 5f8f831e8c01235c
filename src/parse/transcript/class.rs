//! What one line of a transcript can be told to be at a glance.

use crate::parse::cluster_info::is_cluster_info;
use crate::parse::node_line::looks_like_node;
use crate::parse::nodes_conf;
use crate::parse::pairs::pair;
use crate::parse::unreachable::is_no_answer;

/// Kinds of answers of which every line is known; a change from one to another starts a new
/// answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::parse) enum Class {
    Nodes,
    ClusterInfo,
    Info,
    Pong,
    NoAnswer,
    /// `1) 1) (integer) 0`, as a terminal shows lists.
    Numbered,
    Json,
}

/// What the line is, and whether an answer of this class begins with it (or ends, with `vars`).
pub(in crate::parse) fn class(line: &str) -> Option<(Class, bool)> {
    if let Some(found) = shape(line) {
        return Some(found);
    }
    let text = line.trim();
    if looks_like_node(text) {
        return Some((Class::Nodes, false));
    }
    if nodes_conf::vars(text).is_some() {
        return Some((Class::Nodes, true));
    }
    if text == "PONG" {
        return Some((Class::Pong, false));
    }
    if is_no_answer(text) {
        return Some((Class::NoAnswer, false));
    }
    if let Some(section) = text.strip_prefix("# ") {
        let heading = section.starts_with(|c: char| c.is_ascii_uppercase())
            && section
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return heading.then_some((Class::Info, section == "Server"));
    }
    of_pair(text)
}

/// `key:value`, of keys that no other output has.
fn of_pair(text: &str) -> Option<(Class, bool)> {
    let (key, value) = pair(text)?;
    let plain = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // Reports and tables have keys of one word, too (`slots:`), but not these.
    // `slave0:ip=…`, `db0:keys=…`; but `fd01::5` is an address, and so is `fd01::5:7000`.
    let numbered = key.ends_with(|c: char| c.is_ascii_digit()) && value.contains('=');
    let known = key.contains('_') || numbered || ["role", "loading", "os"].contains(&key);
    if !plain || !known {
        return None;
    }
    match is_cluster_info(key) {
        true => Some((Class::ClusterInfo, key == "cluster_state")),
        false if key.starts_with("total_cluster_links") => Some((Class::ClusterInfo, false)),
        false => Some((Class::Info, false)),
    }
}

/// The classes that the beginning of the line gives away, but where nodes are listed in them.
fn shape(line: &str) -> Option<(Class, bool)> {
    let text = line.trim_start();
    let found = match text.bytes().next()? {
        b'0'..=b'9' => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let rest = text.get(digits..)?;
            let is_number = [") ", "# ", "~ "].iter().any(|mark| rest.starts_with(mark));
            let is_number = is_number || rest == ")";
            // What nests stands at least three columns to the right.
            let outermost = line.len() - text.len() < 3;
            is_number.then(|| {
                (
                    Class::Numbered,
                    outermost && text.starts_with("1") && digits == 1,
                )
            })?
        }
        b'[' | b'{' => {
            let unindented = text.len() == line.len();
            let opens = ["[[\"", "[{\"", "[\"", "{\"", "[]", "{}"]
                .iter()
                .any(|start| text.starts_with(start))
                || matches!(text, "[" | "{")
                || text
                    .strip_prefix("[[")
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            opens.then_some((Class::Json, unindented))?
        }
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_their_look() {
        let node = format!(
            "{} 10.0.0.1:7000@17000 master - 0 0 1 connected",
            "a".repeat(40)
        );
        for (line, expected) in [
            (node, Some((Class::Nodes, false))),
            ("1) 1) (integer) 0".into(), Some((Class::Numbered, true))),
            (" 1) \"dir\"".into(), Some((Class::Numbered, true))),
            ("   1) \"::1\"".into(), Some((Class::Numbered, false))),
            ("2) (nil)".into(), Some((Class::Numbered, false))),
            (
                "[[0,5460,[\"::1\",7000]]]".into(),
                Some((Class::Json, true)),
            ),
            ("  {".into(), Some((Class::Json, false))),
            ("[OK] All 16384 slots covered.".into(), None),
            ("[93->-ab]".into(), None),
            ("[[export]] A=( 1 )".into(), None),
            ("fd01::5".into(), None),
            ("fd01::5:7000 (3ccaff56...) -> 0 keys".into(), None),
            ("db0:keys=1,expires=0".into(), Some((Class::Info, false))),
            ("10.0.0.1".into(), None),
            ("used_memory:1".into(), Some((Class::Info, false))),
        ] {
            assert_eq!(class(&line), expected, "{line}");
        }
    }
}
