//! One component of a path: what of it is renamed, and what a reader needs of it.

use crate::redact::token::is_structure;
use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::words;

/// The parts of a component such as `redis-acme-7000.log`.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Shape<'a> {
    /// What names it, with a NUL where a piece stood; `None` if nothing in it names anybody.
    pub stem: Option<String>,
    /// Addresses, ids and ports in it, in order.
    pub pieces: Vec<Token>,
    pub extension: &'a str,
}

impl<'a> Shape<'a> {
    pub fn of(text: &'a str) -> Self {
        let mut pieces = Vec::new();
        token::find(text, 0..text.len(), &mut pieces);
        pieces.retain(is_structure);
        ports(text, &mut pieces);
        pieces.sort_by_key(|p| p.range.start);
        let mut template = String::new();
        let mut at = 0;
        for piece in &pieces {
            template.push_str(text.get(at..piece.range.start).unwrap_or(""));
            template.push('\0');
            at = piece.range.end;
        }
        template.push_str(text.get(at..).unwrap_or(""));
        let mut names = template
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let number = text.bytes().all(|b| b.is_ascii_digit());
        let plain = number
            || words::is_plain_file(text)
            || !pieces.is_empty() && names.all(words::is_common);
        let (_, extension) = words::split_extension(text);
        let stem = template.strip_suffix(extension).unwrap_or(&template);
        Self {
            stem: (!plain).then(|| stem.to_owned()),
            pieces,
            extension,
        }
    }
}

/// Numbers that may be ports: the homes of nodes are told apart by them.
fn ports(text: &str, pieces: &mut Vec<Token>) {
    const LOWEST: u32 = 1024;
    let bytes = text.as_bytes();
    let mut at = 0;
    // Both go from left to right.
    let (known, mut next) = (pieces.len(), 0);
    while at < bytes.len() {
        let digits = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let range = at..at + digits;
        while next < known && pieces[next].range.end <= range.start {
            next += 1;
        }
        let is_free = next == known || range.end <= pieces[next].range.start;
        let number: u32 = match digits {
            4 | 5 => text[range.clone()].parse().unwrap_or(0),
            _ => 0,
        };
        if (LOWEST..=u32::from(u16::MAX)).contains(&number) && is_free {
            pieces.push(Token {
                range,
                what: What::Kept,
            });
        }
        at += digits.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(text: &str) -> Option<String> {
        Shape::of(text).stem
    }

    #[test]
    fn ports_and_addresses_stay_apart_from_names() {
        assert_eq!(stem("acme-7000.log").as_deref(), Some("acme-\0"));
        assert_eq!(stem("acme-10.0.0.1_7000").as_deref(), Some("acme-\0_\0"));
        assert_eq!(stem("data").as_deref(), Some("data"));
        assert_eq!(Shape::of("acme.log").extension, ".log");
        for plain in [
            "7000",
            "redis-7000.conf",
            "10.0.0.1_7000",
            "redis-server",
            "nodes.conf",
        ] {
            assert_eq!(stem(plain), None, "{plain}");
        }
    }
}
