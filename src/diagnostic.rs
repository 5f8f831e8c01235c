//! What we say about a captured file: code, severity, message, place, help.
//!
//! A diagnostic never stops anything. Knows text only; `render/` draws it. To add one, write its
//! entry, which is its page, in the file of its area.

mod area;
mod capture;
mod code;
mod map;
mod parse;
mod policy;
mod report;

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::text::Place;

pub use capture::Capture;
pub use code::Code;
pub use code::Loss;
pub use map::Map;
pub use parse::Parse;
pub use policy::Policy;
pub use report::Report;

/// How bad a diagnostic or a finding is.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An odd or broken place in a captured file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// Fact, then consequence; names in backticks; no full stop after one sentence.
    pub message: String,
    pub place: Option<Place>,
    /// The line in question and how many of its bytes are meant, for the drawing.
    pub excerpt: Option<Excerpt>,
    pub help: Option<String>,
}

/// A copy of one captured line, so that the file need not stay in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    pub line: String,
    /// Where the meant part begins in `line`, from 1, if that is not the place's column: `line`
    /// may be a part of what stands in the file.
    pub column: Option<u32>,
    /// Bytes of `line` from there on.
    pub length: u32,
}

impl Diagnostic {
    /// With the code's usual severity.
    pub fn new(code: impl Into<Code>, message: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            place: None,
            excerpt: None,
            help: None,
        }
    }

    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Long lines are cut for the excerpt: a diagnostic must not carry a whole file.
    pub fn excerpt(mut self, line: &str, length: usize) -> Self {
        const LONGEST: usize = 400;
        let end = (0..=LONGEST.min(line.len()))
            .rev()
            .find(|&i| line.is_char_boundary(i))
            .unwrap_or(0);
        self.excerpt = Some(Excerpt {
            line: line[..end].to_owned(),
            column: None,
            length: length as u32,
        });
        self
    }

    /// Where the meant part begins in the line of the excerpt, from 1.
    pub fn excerpt_column(mut self, column: u32) -> Self {
        if let Some(excerpt) = &mut self.excerpt {
            excerpt.column = Some(column);
        }
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
