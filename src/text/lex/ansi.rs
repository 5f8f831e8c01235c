//! What colours a terminal and moves its cursor.

/// Bytes of the sequence with which `text` begins; 0 if it begins with none.
///
/// `ESC [ 31 m` and its like, titles of windows, and `ESC ( B`; a lone `ESC` is damage. Also as `cat -v` shows them, where
/// only colours are told from text.
pub fn sequence(text: &str) -> usize {
    let Some(rest) = text.strip_prefix('\u{1b}') else {
        return text
            .strip_prefix("^[[")
            .map_or(0, |rest| match colour(rest) {
                0 => 0,
                length => 3 + length,
            });
    };
    let bytes = rest.as_bytes();
    let length = match bytes.first() {
        Some(b'[') => {
            let parameters = bytes
                .iter()
                .skip(1)
                .take_while(|b| matches!(b, b' '..=b'?'));
            let end = 1 + parameters.count();
            match bytes.get(end) {
                Some(b'@'..=b'~') => end + 1,
                _ => end,
            }
        }
        // Up to a bell, or to `ESC \`, but not beyond the line.
        Some(b']') => {
            let end = bytes.iter().position(|b| matches!(b, 7 | 0x1b | b'\n'));
            match end.map(|end| (end, bytes.get(end), bytes.get(end + 1))) {
                Some((end, Some(7), _)) => end + 1,
                Some((end, Some(0x1b), Some(b'\\'))) => end + 2,
                Some((end, ..)) => end,
                None => bytes.len(),
            }
        }
        Some(b'(' | b')') => 2.min(bytes.len()),
        Some(b'=' | b'>' | b'7' | b'8' | b'c') => 1,
        _ => return 0,
    };
    let length = (length..=rest.len()).find(|&end| rest.is_char_boundary(end));
    1 + length.unwrap_or(rest.len())
}

/// Whether something in it may begin a sequence.
pub fn any(text: &str) -> bool {
    text.contains('\u{1b}') || text.contains("^[[")
}

/// `31;1m`
fn colour(text: &str) -> usize {
    let digits = text
        .bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b';');
    let end = digits.count();
    match text.as_bytes().get(end) {
        Some(b'm' | b'K') => end + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_end_where_they_do() {
        for (text, length) in [
            ("\u{1b}[0mx", 4),
            ("\u{1b}[29;1m>>>", 7),
            ("\u{1b}[?2004hx", 8),
            ("\u{1b}[Kx", 3),
            ("\u{1b}]0;title\u{7}x", 10),
            ("\u{1b}]0;title\u{1b}\\x", 11),
            ("\u{1b}]0;title\nx", 9),
            ("\u{1b}(Bx", 3),
            ("\u{1b}=x", 2),
            ("\u{1b}o", 0),
            ("\u{1b}é", 0),
            ("\u{1b}", 0),
            ("^[[31mx", 6),
            ("^[[", 0),
            ("^[x", 0),
            ("x\u{1b}[0m", 0),
        ] {
            assert_eq!(sequence(text), length, "{text:?}");
        }
    }
}
