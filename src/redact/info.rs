//! Lines of INFO: keys that look like names, names of the other side of a link, and what
//! modules were started with.

use std::ops::Range;

use crate::redact::remote;
use crate::redact::token::Token;
use crate::redact::token::What;

/// What is named and what is not shown of a line of INFO.
pub(super) fn claim(line: &str, out: &mut Vec<Token>, hidden: &mut Vec<Range<usize>>) {
    keyspace(line, out);
    hidden.extend(module_arguments(line));
}

/// Bytes of the key that a line of INFO begins with: `db0:keys=…` and `slave0:ip=…` are called
/// so whatever hosts are called. 0 for other lines.
pub(super) fn keyspace_key(line: &str) -> usize {
    let end = line.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let Some(value) = line[end..].strip_prefix(':') else {
        return 0;
    };
    let lower = |b: &u8| b.is_ascii_lowercase() || *b == b'_';
    let word = value.bytes().take_while(lower).count();
    if word > 0 && value.as_bytes().get(word) == Some(&b'=') {
        end
    } else {
        0
    }
}

fn keyspace(line: &str, out: &mut Vec<Token>) {
    let end = keyspace_key(line);
    if end > 0 {
        let value = &line[end + 1..];
        out.push(Token {
            range: 0..end,
            what: What::Kept,
        });
        // `slave0:ip=NAME,port=…`, and `master0:name=…,address=NAME:7000` of a sentinel.
        for field in ["ip=", "address="] {
            let at = value
                .find(field)
                .filter(|at| *at == 0 || value[..*at].ends_with(','));
            if let Some(at) = at {
                let text = &value[at + field.len()..];
                let ends = [',', ':'];
                let name = text.split(ends).next().unwrap_or(text);
                remote::machine(name, line.len() - text.len(), out);
            }
        }
    }
}

/// Of `module:name=…,args=[…]` in INFO.
fn module_arguments(line: &str) -> Option<Range<usize>> {
    const ARGUMENTS: &str = ",args=[";
    let start = line
        .find(ARGUMENTS)
        .filter(|_| line.starts_with("module:"))?
        + ARGUMENTS.len();
    let end = line.rfind(']').filter(|end| *end > start)?;
    Some(start..end)
}
