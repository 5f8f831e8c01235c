//! One JSON object a line: first the answer as a whole, then each thing in it by its `kind`.

use std::fmt::Write;

use crate::render::brief::Brief;
use crate::text::safe::is_unsafe;

pub(super) fn write(brief: &Brief) -> String {
    let mut out = String::new();
    for record in &brief.records {
        for c in record.to_string().chars() {
            // It can only stand inside a string.
            if is_unsafe(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            } else {
                out.push(c);
            }
        }
        out.push('\n');
    }
    out
}
