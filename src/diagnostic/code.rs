//! The code of a diagnostic: its text, its page, and what the odd place takes away.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::Capture;
use crate::diagnostic::Map;
use crate::diagnostic::Parse;
use crate::diagnostic::Policy;
use crate::diagnostic::Report;
use crate::diagnostic::Severity;

/// The code of a diagnostic, by area. Printed as `parse/link-state`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Capture(Capture),
    Map(Map),
    Parse(Parse),
    Policy(Policy),
    Report(Report),
}

/// What an odd place takes away from what the capture tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    Nothing,
    /// A line or a field of a view.
    Line,
    /// All of a file that stood behind that place.
    Rest,
    /// More of the kind in one file, not listed one by one.
    More,
    /// Any line of a file may be wrong.
    Every,
    /// A file that no dialect claims.
    File,
    /// Whoever would start from this file would be another node.
    Identity,
    /// A row of a map that another row, or a node, contradicts.
    Row,
    /// Rows of a map that nothing needs.
    Unused,
    /// The host of a node, which the map does not know.
    Host,
}

impl Code {
    /// Every code, in the order of their texts.
    pub fn all() -> impl Iterator<Item = Self> {
        let areas = [Capture::ALL, Map::ALL, Parse::ALL, Policy::ALL, Report::ALL];
        areas.into_iter().flatten().copied()
    }

    /// `area/what`, kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capture(code) => code.as_str(),
            Self::Map(code) => code.as_str(),
            Self::Parse(code) => code.as_str(),
            Self::Policy(code) => code.as_str(),
            Self::Report(code) => code.as_str(),
        }
    }

    /// Of most diagnostics of that code; a diagnostic carries its own.
    pub fn severity(self) -> Severity {
        match self {
            Self::Capture(code) => code.severity(),
            Self::Map(code) => code.severity(),
            Self::Parse(code) => code.severity(),
            Self::Policy(code) => code.severity(),
            Self::Report(code) => code.severity(),
        }
    }

    pub fn loss(self) -> Loss {
        match self {
            Self::Capture(code) => code.loss(),
            Self::Map(code) => code.loss(),
            Self::Parse(code) => code.loss(),
            Self::Policy(code) => code.loss(),
            Self::Report(code) => code.loss(),
        }
    }

    /// Its page in Markdown, headings as `## What`.
    pub fn markdown(self) -> String {
        let page = match self {
            Self::Capture(code) => code.page(),
            Self::Map(code) => code.page(),
            Self::Parse(code) => code.page(),
            Self::Policy(code) => code.page(),
            Self::Report(code) => code.page(),
        };
        let mut text = String::new();
        let mut headings = ["## What\n", "\n## Why\n", "\n## Do\n"].into_iter();
        let mut begins = true;
        for line in page.lines().map(str::trim) {
            if line.is_empty() {
                begins = true;
                continue;
            }
            if std::mem::take(&mut begins) {
                text.push_str(headings.next().unwrap_or("\n"));
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// As printed, so that a failed test names the code and not the variant.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no diagnostic's code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no diagnostic has the code `{0}`")]
pub struct NoCode(String);

/// In small letters, as printed.
impl FromStr for Code {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        Self::all()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| NoCode(text.escape_debug().to_string()))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_so_are_unique() {
        let codes: Vec<&str> = Code::all().map(Code::as_str).collect();
        assert!(codes.windows(2).all(|w| w[0] < w[1]), "{codes:?}");
        for code in Code::all() {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        assert!("parse/nothing".parse::<Code>().is_err());
    }

    #[test]
    fn every_page_says_what_why_and_what_to_do() {
        for code in Code::all() {
            let page = code.markdown();
            let headings: Vec<&str> = page.lines().filter(|l| l.starts_with("## ")).collect();
            assert_eq!(headings, ["## What", "## Why", "## Do"], "{code}");
            assert_eq!(page.lines().filter(|l| l.is_empty()).count(), 2, "{code}");
            let ends = page.lines().filter(|l| l.ends_with('.')).count();
            assert!(ends >= 3, "a paragraph of {code} is no sentence: {page}");
        }
    }

    #[test]
    fn a_page_is_made_of_its_comment() {
        assert_eq!(
            Parse::Role.code().markdown(),
            "## What\nA role in a home map is neither master nor replica.\n\n\
             ## Why\nThe row was skipped: that node has no home role.\n\n\
             ## Do\nWrite `master` or `replica`.\n"
        );
    }
}
