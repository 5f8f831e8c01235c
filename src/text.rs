//! A captured file in memory, and places in it.
//!
//! Knows model. Reading files is the business of `cli/`; this is what was read.

pub mod clock;
mod decode;
pub mod lex;
mod places;
pub mod quote;
pub mod safe;
pub mod suggest;
pub mod words;

use std::sync::Arc;

use crate::model::Address;

pub use places::Extract;
pub use places::LineStarts;
pub use places::Places;
pub use places::offset_in;

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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inside {
    /// The node that answered.
    pub of: Option<Address>,
    /// The host that answered, where no port is known.
    pub host: Option<String>,
    /// It is all that the file says, and nothing else was taken out of it.
    pub whole: bool,
    /// Lines that were cut are joined in it.
    pub joined: bool,
    /// What is to say of how it was taken out.
    pub remarks: Vec<Remark>,
    places: Places,
}

/// What was done when text was taken out of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemarkKind {
    /// Pieces of a line were put together.
    Joined,
    /// Something beside the answers was left.
    Unused,
    /// It is what a file became, of which only the changes are shown.
    Changed,
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

    /// Text that was taken out of this one, and who spoke it; where nothing near it tells, whoever
    /// speaks here. What had to be done to read the file is said of the file.
    pub fn part(&self, extract: Extract, of: Option<Address>, host: Option<String>) -> Self {
        let outer = self.inside.as_ref();
        let inside = Inside {
            of: of.or_else(|| outer.and_then(|outer| outer.of.clone())),
            host: host.or_else(|| outer.and_then(|outer| outer.host.clone())),
            whole: false,
            joined: outer.is_some_and(|outer| outer.joined),
            remarks: Vec::new(),
            places: match outer {
                Some(outer) => outer.places.within(&extract),
                None => Places::in_file(&extract, Arc::new(LineStarts::of(&self.text))),
            },
        };
        Self {
            path: self.path.clone(),
            text: extract.into_text(),
            sha256: self.sha256.clone(),
            notes: self.notes.clone(),
            marked: self.marked,
            inside: Some(inside),
            unproven: self.unproven,
        }
    }

    /// All of this text without what was around its lines.
    #[must_use]
    pub fn cleaned(&self, extract: Extract) -> Self {
        let mut cleaned = self.part(extract, None, None);
        if let Some(inside) = &mut cleaned.inside {
            inside.whole = self.inside.as_ref().is_none_or(|outer| outer.whole);
        }
        cleaned
    }

    /// Something to say of how it was taken out.
    pub fn remark(&mut self, remark: Remark) {
        if let Some(inside) = &mut self.inside {
            inside.remarks.push(remark);
        }
    }

    /// Lines that were cut are joined in it.
    pub fn mark_joined(&mut self) {
        if let Some(inside) = &mut self.inside {
            inside.joined = true;
        }
    }

    /// Says what was to say of the text that this one was taken out of, before its own.
    pub fn take_remarks(&mut self, outer: &Self) {
        if let (Some(inside), Some(outer)) = (&mut self.inside, &outer.inside) {
            inside.remarks.splice(0..0, outer.remarks.iter().cloned());
        }
    }

    /// The text is one of several that stand in one file.
    pub fn is_part(&self) -> bool {
        self.inside.as_ref().is_some_and(|inside| !inside.whole)
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

    /// Line and column in the file of a line and column in the text.
    pub fn in_file(&self, line: u32, column: u32) -> (u32, u32) {
        match &self.inside {
            Some(inside) => inside.places.of(line, column),
            None => (line, column),
        }
    }

    /// Line and column in the file of a byte of the text.
    pub fn place_at(&self, at: usize) -> (u32, u32) {
        let (line, column) = LineStarts::of(&self.text).locate(at as u32);
        self.in_file(line, column)
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
        offset_in(line, part).map_or(1, |offset| offset as u32 + 1)
    }
}
