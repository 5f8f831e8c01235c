//! Quoted-printable, in which mail is stored: `=` at the end of a line that goes on, and `=3D` for
//! a byte.

use crate::parse::unwrap::evidence::has_node;
use crate::parse::unwrap::fold::landmarks;
use crate::text::Extract;
use crate::text::Source;

pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.contains("=\n") && !text.contains("=\r\n") {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut from = 0;
    let mut folds = 0;
    for (at, _) in text.match_indices('=') {
        if at < from {
            continue;
        }
        let rest = text.get(at..).unwrap_or("");
        let (length, meant) = match rest.as_bytes() {
            [b'=', b'\n', ..] => (2, String::new()),
            [b'=', b'\r', b'\n', ..] => (3, String::new()),
            _ => match bytes(rest) {
                Some((length, meant)) => (length, meant),
                // No mail is stored so.
                None => return Vec::new(),
            },
        };
        folds += usize::from(meant.is_empty());
        clean.copy(text, from..at);
        if !meant.is_empty() {
            clean.put(&meant, at);
        }
        from = at + length;
    }
    clean.copy(text, from..text.len());
    match folds > 1 && has_node(clean.text()) || landmarks(clean.text()) > landmarks(text) {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// `=C3=A9`: as many bytes as follow each other.
fn bytes(text: &str) -> Option<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix('=').and_then(|rest| rest.get(..2)) {
        let Ok(byte) = u8::from_str_radix(digits, 16) else {
            break;
        };
        found.push(byte);
        rest = rest.get(3..).unwrap_or("");
    }
    let length = 3 * found.len();
    (length > 0).then(|| (length, String::from_utf8_lossy(&found).into_owned()))
}
