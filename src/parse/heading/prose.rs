//! A sentence above an answer that names the one node which gave it.

use crate::model::Address;
use crate::parse::heading::Heading;
use crate::parse::heading::LONGEST;
use crate::parse::heading::address_in_digits;
use crate::parse::heading::command;
use crate::parse::transcript;

/// The heading that a line of prose is, directly above an opening fence or an answer. One with no
/// address or with several tells nothing, nor does one that may speak of the answer above it.
pub(in crate::parse) fn prose(text: &str, above_fence: bool) -> Option<Heading<'_>> {
    const BACK: [&str; 6] = ["was", "were", "above", "^", "^^", "↑"];
    let text = text.trim();
    if text.len() > LONGEST || transcript::class(text).is_some() {
        return None;
    }
    let mark = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '[' | ']');
    const ENDS: [&str; 4] = [":", "->", "=>", "→"];
    let end = text.trim_end_matches(['*', '_', '`', ' ']);
    if !above_fence && !ENDS.iter().any(|mark| end.ends_with(mark)) {
        return None;
    }
    let looks_back = |w: &str| BACK.contains(&w.to_ascii_lowercase().trim_matches([',', '(', ')']));
    if text.split_whitespace().any(looks_back) || text.starts_with(['^', '↑']) {
        return None;
    }
    let asked = command::asked(text, None);
    let words = text.split_whitespace().map(|w| w.trim_matches(mark));
    let mut named = words.filter_map(address_in_digits);
    let of: Option<Address> = match (&asked[..], named.next(), named.next()) {
        ([], only, None) => only,
        ([only], None, None) => only.of.clone(),
        _ => None,
    };
    of.map(|of| Heading {
        of: Some(of),
        ..Heading::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_a_sentence_names_the_node() {
        let of = |line, fence| {
            prose(line, fence)
                .and_then(|h| h.of)
                .map(|of| of.to_string())
        };
        let three = Some("10.0.0.3:6380".to_owned());
        assert_eq!(of("**Replica 10.0.0.3:6380** (looks better)", true), three);
        assert_eq!(of("and 10.0.0.3:6380 says:", false), three);
        assert_eq!(of("and 10.0.0.3:6380 says", false), None);
        let log = "2026-11-21 09:00:00.123  INFO 1 --- [main] c.e.Dump : 10.0.0.3:6380 -> ";
        assert_eq!(of(log, false), three);
        for line in [
            "10.0.0.2:6380 is behind 10.0.0.3:6380",
            "and the third host:",
            "^^ 10.0.0.2:6380",
            "that was 10.0.0.2:6380",
        ] {
            assert_eq!(of(line, true), None, "{line}");
        }
    }
}
