//! Bytes to text: what editors, shells and crashes make of a file that was text once.
//!
//! Plain UTF-8 is taken as it is, without a copy. Start reading at [`decode`].

use crate::text::words::count;

/// The text of a file, and what had to be done to get it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Decoded {
    pub text: String,
    /// Sentences for the reader of a report; none for plain UTF-8.
    pub notes: Vec<String>,
    /// A byte order mark, or the bytes of UTF-16, stood before the text: no server reads those.
    pub marked: bool,
}

/// Reads bytes as text: UTF-16 by its mark or by its NULs, else UTF-8.
///
/// NULs at the start and the end are cut off: a crash or a sparse file put them there. A carriage
/// return without a line feed ends a line. Bytes that are no text are replaced.
pub(super) fn decode(mut bytes: Vec<u8>) -> Decoded {
    let (mut notes, mut marked) = (Vec::new(), false);
    if let Some((order, mark)) = utf16(&bytes) {
        notes.push("the file is UTF-16; it was read as text".to_owned());
        bytes = from_utf16(&bytes[mark..], order).into_bytes();
        marked = true;
    }
    // Editors on Windows mark UTF-8, too; it is UTF-8 all the same.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
        marked = true;
    }
    cut_padding(&mut bytes, &mut notes);
    // Most files have no carriage return, and this search is the fastest there is.
    if bytes.contains(&b'\r') && !bytes.contains(&0) {
        end_lines(&mut bytes, &mut notes);
    }
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
    Decoded {
        text,
        notes,
        marked,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    Little,
    Big,
}

/// The byte order of UTF-16 and the length of its mark; `None` for everything else.
fn utf16(bytes: &[u8]) -> Option<(Order, usize)> {
    /// Without a mark, so many bytes decide.
    const LOOKED_AT: usize = 512;
    match bytes {
        // The mark of UTF-32, whose first half looks like this one, is followed by two NULs.
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some((Order::Little, 2)),
        [0xfe, 0xff, ..] => return Some((Order::Big, 2)),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(LOOKED_AT) & !1];
    let pairs = head.len() / 2;
    let nuls = |at: usize| head.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
    // What servers say is ASCII; what people add to it need not be.
    let most = |count: usize| pairs >= 2 && count * 4 >= pairs * 3;
    match (nuls(0), nuls(1)) {
        (0, odd) if most(odd) => Some((Order::Little, 0)),
        (even, 0) if most(even) => Some((Order::Big, 0)),
        _ => None,
    }
}

/// Halves without their other half are replaced, as is half a unit at the end; padding may be
/// odd.
fn from_utf16(bytes: &[u8], order: Order) -> String {
    let units = bytes.chunks_exact(2).map(|pair| match (pair, order) {
        (&[low, high], Order::Little) => u16::from_le_bytes([low, high]),
        (&[high, low], Order::Big) => u16::from_be_bytes([high, low]),
        // `chunks_exact` gives pairs only.
        (_, _) => 0xfffd,
    });
    let mut text: String = char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    match bytes.last().filter(|_| !bytes.len().is_multiple_of(2)) {
        Some(0) => text.push('\0'),
        Some(_) => text.push(char::REPLACEMENT_CHARACTER),
        None => {}
    }
    text
}

fn cut_padding(bytes: &mut Vec<u8>, notes: &mut Vec<String>) {
    /// A NUL so near to the text's start is part of a binary file, padding or not.
    const LOOKED_AT: usize = 1024;
    if bytes.first() != Some(&0) && bytes.last() != Some(&0) {
        return;
    }
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| *b != 0).map_or(start, |i| i + 1);
    let text = &bytes[start..end];
    // Nothing but NULs is no padding either: an empty file is something else.
    if text.is_empty() || text[..text.len().min(LOOKED_AT)].contains(&0) {
        return;
    }
    let (before, behind) = (start, bytes.len() - end);
    if before > 0 {
        notes.push(format!(
            "{} at the start were skipped: what stood there is lost",
            count(before, "NUL byte")
        ));
    }
    if behind > 0 {
        notes.push(format!(
            "{} at the end were skipped: the file may be cut off",
            count(behind, "NUL byte")
        ));
    }
    bytes.truncate(end);
    bytes.drain(..start);
}

/// Carriage returns before a line feed are part of one line end; all others are line ends
/// themselves: old systems write them, and so do programs that repaint their line.
fn end_lines(bytes: &mut Vec<u8>, notes: &mut Vec<String>) {
    let mut lone = 0;
    let mut doubled = false;
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'\r') {
        let start = at + found;
        let run = bytes[start..].iter().take_while(|b| **b == b'\r').count();
        at = start + run;
        if bytes.get(at) == Some(&b'\n') {
            doubled |= run > 1;
        } else {
            bytes[start..at].fill(b'\n');
            lone += run;
        }
    }
    if doubled {
        // Only those before a line feed are left; `\r\n` is as good as `\n` to everyone.
        bytes.retain(|b| *b != b'\r');
    }
    if lone > 0 {
        notes.push(format!(
            "{} without a line feed were taken for line ends",
            count(lone, "carriage return")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, String) {
        let decoded = decode(bytes.to_vec());
        (decoded.text, decoded.notes.join("; "))
    }

    fn wide(text: &str, order: Order) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            Order::Little => unit.to_le_bytes(),
            Order::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn plain_text_is_neither_changed_nor_copied() {
        let bytes = "role:master\r\nünïcode\r\n".as_bytes().to_vec();
        let place = bytes.as_ptr();
        let decoded = decode(bytes);
        assert_eq!(decoded.text, "role:master\r\nünïcode\r\n");
        assert_eq!(decoded.text.as_ptr(), place);
        assert_eq!(decoded.notes, Vec::<String>::new());
        assert_eq!(read(b""), (String::new(), String::new()));
    }

    #[test]
    fn reads_utf16_with_and_without_its_mark() {
        let said = "the file is UTF-16; it was read as text".to_owned();
        for order in [Order::Little, Order::Big] {
            for text in [
                "\u{feff}host,ip\r\nä,10.0.0.1\r\n",
                "role:master 𝄞 in plain\n",
            ] {
                let expected = text.trim_start_matches('\u{feff}').to_owned();
                assert_eq!(read(&wide(text, order)), (expected, said.clone()));
            }
        }
        // Half a unit and half a pair.
        assert_eq!(read(b"\xff\xfea\0b").0, "a\u{fffd}");
        assert_eq!(read(b"\xff\xfe\x34\xd8a\0").0, "\u{fffd}a");
    }

    #[test]
    fn the_mark_of_utf8_is_no_text() {
        assert_eq!(
            read(b"\xef\xbb\xbfhost,ip\n"),
            ("host,ip\n".to_owned(), String::new())
        );
    }

    #[test]
    fn padding_is_cut_off_and_said() {
        let (text, notes) = read(b"\0\0\0role:master\n\0");
        assert_eq!(text, "role:master\n");
        assert!(notes.contains("3 NUL bytes at the start"), "{notes}");
        assert!(notes.contains("1 NUL byte at the end"), "{notes}");
        assert_eq!(read(&[0; 100]), ("\0".repeat(100), String::new()));
        let mut padded = wide("\u{feff}a line\n", Order::Little);
        padded.extend([0; 7]);
        assert_eq!(read(&padded).0, "a line\n");
    }

    #[test]
    fn nuls_in_the_midst_stay() {
        for binary in [&b"REDIS0011\0\x01\r2\0"[..], b"a\0b"] {
            let (text, notes) = read(binary);
            assert_eq!(text.as_bytes(), binary);
            assert_eq!(notes, "");
        }
    }

    #[test]
    fn lone_carriage_returns_end_lines() {
        let (text, notes) = read(b"a\rb\r\rc\r\nd\r");
        assert_eq!(text, "a\nb\n\nc\r\nd\n");
        assert!(notes.contains("4 carriage returns"), "{notes}");
        // Written twice through a translation of line ends.
        assert_eq!(read(b"a\r\r\nb\r\n"), ("a\nb\n".to_owned(), String::new()));
    }
}
