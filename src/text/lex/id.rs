//! Ids of nodes, as every server but Dragonfly and Kvrocks makes them: 40 hex digits.

/// Length of the ids that servers make.
pub const PLAIN_ID: usize = 40;

pub fn is_plain_id(field: &str) -> bool {
    field.len() == PLAIN_ID && is_hex(field.as_bytes())
}

/// Without a branch for each byte: ids are half of a dump.
pub fn is_hex(bytes: &[u8]) -> bool {
    let is_digit = |b: u8| b.wrapping_sub(b'0') < 10;
    let is_letter = |b: u8| (b | 0x20).wrapping_sub(b'a') < 6;
    bytes
        .iter()
        .fold(true, |all, &b| all & (is_digit(b) | is_letter(b)))
}

/// The bytes at which the ids of a text begin: runs of hex digits of just that length.
pub fn plain_ids(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            // Every 40th byte of a text with an id is looked at, and nothing else of most texts.
            let probe = bytes.get(at + PLAIN_ID - 1)?;
            if !probe.is_ascii_hexdigit() {
                at += PLAIN_ID;
                continue;
            }
            let before = bytes.get(at..at + PLAIN_ID)?;
            let tail = before.iter().rev().take_while(|b| b.is_ascii_hexdigit());
            let start = at + PLAIN_ID - tail.count();
            // A run goes on before this window only where it was seen to begin there.
            let run = bytes.get(start..).unwrap_or_default();
            let length = run.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            at = start + length.max(1);
            let begins = start == 0 || !bytes.get(start - 1).is_some_and(u8::is_ascii_hexdigit);
            if length == PLAIN_ID && begins {
                return Some(start);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_hex_from_what_stands_around_it() {
        assert!(is_hex(b"0123456789abcdefABCDEF"));
        for other in [b"/", b":", b"@", b"G", b"`", b"g", b" ", b"\0"] {
            assert!(!is_hex(other), "{other:?}");
        }
    }

    #[test]
    fn finds_every_id_and_no_longer_run() {
        let (a, b) = ("a".repeat(40), "0123456789".repeat(4));
        let text = format!("x {a}: {b} {a}{b} {}z", &b[..39]);
        let found: Vec<usize> = plain_ids(&text).collect();
        assert_eq!(found, [2, 44]);
        assert_eq!(plain_ids(&a).collect::<Vec<_>>(), [0]);
        assert_eq!(plain_ids(&format!("{a}a")).count(), 0);
        for shift in 0..90 {
            let text = format!("{}{a} {b}", " ".repeat(shift));
            assert_eq!(plain_ids(&text).collect::<Vec<_>>(), [shift, shift + 41]);
        }
        assert_eq!(plain_ids("short").count(), 0);
    }
}
