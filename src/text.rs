//! A captured file in memory, and places in it.
//!
//! Knows model. Reading files is the business of `cli/`; this is what was read.

mod decode;
pub mod quote;
pub mod safe;
pub mod words;

use std::sync::Arc;

use crate::model::Address;

/// One captured file.
#[derive(Clone, Debug)]
pub struct Source {
    /// As shown to people: relative to the CAPTURE argument, `-` for standard input.
    pub path: Arc<str>,
    /// Its text; bytes that are not UTF-8 were replaced.
    pub text: String,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// What had to be done to read the bytes as text; empty for plain UTF-8.
    pub notes: Vec<String>,
    /// The file began with a byte order mark, or was UTF-16.
    pub marked: bool,
    /// Where the text stood in the file, if it was taken out of other output.
    pub inside: Option<Inside>,
    /// A checksum over these bytes did not match: nobody knows which of them are wrong.
    pub unproven: bool,
}

/// Where text stood that was taken out of a file, and whose it is by what stood around it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inside {
    /// The node that answered.
    pub of: Option<Address>,
    /// The host that answered, where no port is known.
    pub host: Option<String>,
    /// Of each line of the text: line and column in the file, from 1.
    pub lines: Vec<(u32, u32)>,
    /// Columns after which a line of the text goes on in the next line of the file; 0 if none
    /// does.
    pub width: u32,
    /// Where a line of the text goes on in another line of the file, in the order of the text.
    pub joins: Vec<Join>,
    /// What is to say of how it was taken out.
    pub remarks: Vec<Remark>,
}

/// Line of the text, from 1; bytes of it before the piece; line and column of the piece in the file.
pub type Join = (u32, u32, (u32, u32));

/// What was done when text was taken out of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemarkKind {
    /// Pieces of a line were put together.
    Joined,
    /// Something beside the answers was left.
    Unused,
}

/// Something to say of a file from which text was taken out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    pub kind: RemarkKind,
    /// Line and column in the file, from 1.
    pub place: (u32, u32),
    pub message: String,
}

/// A place in a captured file: line and column count from 1, columns in bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    pub path: Arc<str>,
    pub line: u32,
    pub column: u32,
}

impl Inside {
    /// The piece of a joined line that has the byte at `offset`, if it is not the first.
    fn piece(&self, line: u32, offset: u32) -> Option<(u32, (u32, u32))> {
        let behind = self.joins.partition_point(|j| (j.0, j.1) <= (line, offset));
        let join = self.joins.get(behind.checked_sub(1)?)?;
        (join.0 == line).then_some((join.1, join.2))
    }
}

impl Source {
    pub fn new(path: &str, text: String, sha256: String) -> Self {
        Self {
            path: path.into(),
            text,
            sha256,
            notes: Vec::new(),
            marked: false,
            inside: None,
            unproven: false,
        }
    }

    /// Text that was taken out of this file. What had to be done to read it is said of the file.
    pub fn part(&self, text: String, inside: Inside) -> Self {
        Self {
            path: self.path.clone(),
            text,
            sha256: self.sha256.clone(),
            notes: self.notes.clone(),
            marked: self.marked,
            inside: Some(inside),
            unproven: self.unproven,
        }
    }

    /// The text of the bytes of a file, whatever their encoding. Places refer to this text.
    pub fn of_bytes(path: &str, bytes: Vec<u8>, sha256: String) -> Self {
        let decoded = decode::decode(bytes);
        Self {
            notes: decoded.notes,
            marked: decoded.marked,
            ..Self::new(path, decoded.text, sha256)
        }
    }

    /// Lines with their numbers from 1, without `\n` or `\r\n`.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Line and column in the file of a line and column in the text.
    pub fn in_file(&self, line: u32, column: u32) -> (u32, u32) {
        let Some(inside) = &self.inside else {
            return (line, column);
        };
        match inside.lines.get(line.saturating_sub(1) as usize) {
            Some(&(of_line, start)) => {
                let next = inside.lines.get(line as usize);
                // The last line of the file goes on to its end.
                let pieces = next.map_or(u32::MAX, |next| next.0.saturating_sub(of_line));
                let offset = column.saturating_sub(1);
                if let Some((of_piece, (of_line, start))) = inside.piece(line, offset) {
                    return (of_line, start + (offset - of_piece));
                }
                match offset.checked_div(inside.width) {
                    Some(full) if full < pieces => (of_line + full, start + offset % inside.width),
                    _ => (of_line, start + offset),
                }
            }
            None => inside.lines.last().copied().unwrap_or((1, 1)),
        }
    }

    /// A place in the file, by line and column of the text.
    pub fn place(&self, line: u32, column: u32) -> Place {
        let (line, column) = self.in_file(line, column);
        Place {
            path: self.path.clone(),
            line,
            column,
        }
    }

    /// The column of `part` in `line`, of which it must be a slice; 1 if it is not.
    pub fn column_of(line: &str, part: &str) -> u32 {
        let offset = (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        if offset <= line.len() {
            offset as u32 + 1
        } else {
            1
        }
    }
}
