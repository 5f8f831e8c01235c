//! Signs that an answer of a node stands in a text, whatever is around it.

use crate::parse::node_field::flag;
use crate::text::lex::id::PLAIN_ID;
use crate::text::lex::id::plain_ids;

/// Bytes behind an id in which an address and flags must stand, with tags between them if need be.
const REACH: usize = 240;

/// Words between an id and the address, and between that and the flags: of tags and of links.
const BETWEEN: usize = 8;

/// The bytes at which the lines of nodes begin, wherever that is on a line: an id, behind it an
/// address, and behind that a word of flags.
pub(super) fn nodes(text: &str) -> impl Iterator<Item = usize> {
    plain_ids(text).filter(|&at| is_node(text.get(at + PLAIN_ID..).unwrap_or("")))
}

pub(super) fn has_node(text: &str) -> bool {
    nodes(text).next().is_some()
}

/// What stands behind an id is the rest of a node's line.
fn is_node(text: &str) -> bool {
    let end = (0..=REACH.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    let text = text.get(..end.unwrap_or(0)).unwrap_or("");
    // Only the cells of a page stand on lines of their own.
    let line = text.lines().next().unwrap_or("");
    let text = if line.contains('<') { text } else { line };
    let of_word = |c: char| c.is_ascii_alphanumeric() || ".:@-_?=%[]".contains(c);
    let mut words = text.split(|c| !of_word(c)).filter(|word| !word.is_empty());
    let is_address = |word: &str| {
        let digit = |c: char| c.is_ascii_digit();
        word.contains(':') && word.ends_with(|c| digit(c) || c == ']') || word.contains('@')
    };
    let is_id = |word: &str| plain_ids(word).next().is_some();
    let mut address = words.by_ref().take(BETWEEN).take_while(|w| !is_id(w));
    // Nothing else has the port of the bus behind its own; flags may be cut off.
    address.find(|w| is_address(w)).is_some_and(|address| {
        address.contains('@')
            || words
                .take(BETWEEN)
                .take_while(|w| !is_id(w))
                .any(|word| flag(word).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_behind_anything() {
        let id = "a".repeat(40);
        for text in [
            format!("{id} 10.0.0.1:7000@17000 master - 0 0 1 connected"),
            format!("{id} :0 slave,noaddr - 0 0 1 disconnected"),
            format!("x: \"{id} fd01::1:7000@17000,host slave - "),
            format!("<td>{id}</td><td class=\"x\">10.0.0.1:7000</td>\n<td>master</td>"),
            format!("| {id} | 10.0.0.1:7000@17000 | myself,master |"),
            format!("{id}&nbsp;[10.0.0.1:7000](http://10.0.0.1:7000)@17000&nbsp;master"),
        ] {
            assert_eq!(nodes(&text).count(), 1, "{text}");
        }
        for text in [
            format!("slave {id} 0 1700000000000 1 connected"),
            format!(
                "replicates {id}\nM: {} 10.0.0.1:7000\n slots: master",
                "b".repeat(40)
            ),
            format!("{id}  ./10.0.0.1:7000/x.txt"),
        ] {
            assert!(!has_node(&text), "{text}");
        }
    }
}
