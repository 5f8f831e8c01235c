//! Where dialects put what is odd about a file: capped, so that a broken file cannot flood a
//! report.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Report;
use crate::diagnostic::Severity;
use crate::parse::file_name::address_in_path;
use crate::text::Source;
use crate::text::quote::quote;
use crate::text::quote::quote_line;
use crate::text::words::count;

/// Diagnostics kept of one file; the rest is counted.
pub(super) const KEPT: usize = 50;

/// The diagnostics of one file.
#[derive(Debug)]
pub struct Log<'a> {
    source: &'a Source,
    kept: Vec<Diagnostic>,
    dropped: usize,
    worst_dropped: Severity,
    /// What is said once: the first, and how many lines there are.
    once: BTreeMap<Once, (Diagnostic, usize)>,
    too_many: bool,
}

/// Lines that nobody misses: one word is enough for all of one kind in a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Once {
    /// Text where lines of nodes are listed.
    Text,
    /// Text among `key:value` lines.
    Pair,
    /// A warning of a report that is no fact.
    Report,
    /// An answer that no dialect claims.
    Unknown,
}

impl Once {
    fn code(self) -> Code {
        match self {
            Self::Text => Parse::Text.code(),
            Self::Pair => Parse::Pair.code(),
            Self::Report => Report::Warning.code(),
            Self::Unknown => Capture::UnknownAnswer.code(),
        }
    }

    fn one(self, part: &str) -> String {
        match self {
            Self::Text => format!("{} is no node line; it was skipped", quote(part)),
            Self::Pair => format!("{} is no `key:value`; the line was skipped", quote(part)),
            Self::Report => format!("the report says {}", quote_line(part)),
            Self::Unknown => "this line is not known to topoplan; it was not used".to_owned(),
        }
    }

    fn many(self, lines: usize) -> String {
        let lines = format!("{}, the first of them here,", count(lines, "line"));
        match self {
            Self::Text => format!("{lines} are text among the nodes; they were skipped"),
            Self::Pair => format!("{lines} are no `key:value`; they were skipped"),
            Self::Report => format!("{lines} are warnings of the report"),
            Self::Unknown => format!("{lines} are not known to topoplan; they were not used"),
        }
    }
}

/// A part of a line of the file; `part` must be a slice of `text`.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'t> {
    /// From 1.
    pub line: u32,
    pub text: &'t str,
    pub part: &'t str,
}

impl<'a> Log<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            kept: Vec::new(),
            dropped: 0,
            worst_dropped: Severity::Note,
            once: BTreeMap::new(),
            too_many: false,
        }
    }

    /// The text is one of several that stand in one file.
    pub fn is_of_part(&self) -> bool {
        self.source.is_part()
    }

    /// Nothing was taken off its lines.
    pub fn is_as_captured(&self) -> bool {
        self.source.inside.is_none()
    }

    pub fn path(&self) -> &str {
        &self.source.path
    }

    /// The path of the file names a node.
    pub fn names_node(&self) -> bool {
        let inside = self.source.inside.as_ref();
        inside.is_some_and(|inside| inside.of.is_some())
            || address_in_path(&self.source.path).is_some()
    }

    /// With the code's usual severity.
    pub fn say(&mut self, code: impl Into<Code>, message: impl Into<String>, spot: Spot) {
        self.at(Diagnostic::new(code, message), spot);
    }

    /// About that part of a line.
    pub fn at(&mut self, diagnostic: Diagnostic, spot: Spot) {
        let diagnostic = self.spotted(diagnostic, spot);
        self.keep(diagnostic);
    }

    /// So many lines of this kind, from this one on.
    pub fn once(&mut self, kind: Once, lines: usize, spot: Spot) {
        let said = Diagnostic::new(kind.code(), kind.one(spot.part));
        let said = self.spotted(said, spot);
        match self.once.entry(kind) {
            Entry::Vacant(entry) => {
                entry.insert((said, lines));
            }
            Entry::Occupied(mut entry) => {
                let (first, all) = entry.get_mut();
                *all += lines;
                if said.place < first.place {
                    *first = said;
                }
            }
        }
    }

    /// Something of this kind was met.
    pub fn has(&self, kind: Once) -> bool {
        self.once.contains_key(&kind)
    }

    /// The number that a line of the text has in the file.
    pub fn in_file(&self, line: u32) -> u32 {
        self.source.in_file(line, 1).0
    }

    /// About a line of which only the number is known.
    pub fn at_line(&mut self, diagnostic: Diagnostic, line: u32) {
        self.keep(diagnostic.at(self.source.place(line, 1)));
    }

    /// There is more of one kind than any capture has; the rest is not read.
    pub fn too_many(&mut self, line: u32, what: &str) {
        if !self.too_many {
            self.too_many = true;
            let message =
                format!("there are more {what} than any capture has; the rest was not read");
            let place = self.source.place(line, 1);
            self.kept
                .insert(0, Diagnostic::new(Parse::Rows, message).at(place));
        }
    }

    /// About the file as a whole.
    pub fn whole(&mut self, diagnostic: Diagnostic) {
        self.keep(diagnostic.at(self.source.place(1, 1)));
    }

    fn spotted(&self, diagnostic: Diagnostic, spot: Spot) -> Diagnostic {
        let column = Source::column_of(spot.text, spot.part);
        diagnostic
            .at(self.source.place(spot.line, column))
            .excerpt(spot.text, spot.part.len().max(1))
            .excerpt_column(column)
    }

    fn keep(&mut self, diagnostic: Diagnostic) {
        if self.kept.len() < KEPT {
            self.kept.push(diagnostic);
        } else {
            self.dropped += 1;
            self.worst_dropped = self.worst_dropped.max(diagnostic.severity);
        }
    }

    /// All that was kept, in the order of the file, and how many were not.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        for (kind, (mut said, lines)) in std::mem::take(&mut self.once) {
            if lines > 1 {
                said.message = kind.many(lines);
            }
            self.keep(said);
        }
        if self.dropped > 0 {
            let message = format!("{} more in this file are not shown", self.dropped);
            self.kept.push(
                Diagnostic::new(Parse::More, message)
                    .severity(self.worst_dropped)
                    .at(self.source.place(1, 1)),
            );
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_it_does_not_keep() {
        let source = Source::new("f", "x\n".into(), String::new());
        let mut log = Log::new(&source);
        for line in 1..=60 {
            let spot = Spot {
                line,
                text: "x",
                part: "x",
            };
            log.say(Parse::Fields, "odd", spot);
        }
        let all = log.finish();
        assert_eq!(all.len(), 51);
        assert_eq!(all[50].code, Parse::More);
        assert_eq!(all[50].message, "10 more in this file are not shown");
        assert_eq!(all[50].severity, Severity::Warning);
    }

    #[test]
    fn text_and_answers_nobody_knows_are_one_word_each() {
        let source = Source::new("f", "x\n".repeat(100), String::new());
        let mut log = Log::new(&source);
        for line in (1..=100).step_by(2) {
            let spot = |line| Spot {
                line,
                text: "x",
                part: "x",
            };
            log.once(Once::Unknown, 2, spot(line));
            log.once(Once::Text, 1, spot(line + 1));
        }
        let said = log.finish();
        let said: Vec<_> = said
            .iter()
            .map(|d| (d.code, d.message.as_str(), d.place.as_ref().map(|p| p.line)))
            .collect();
        assert_eq!(
            said,
            [
                (
                    Parse::Text.code(),
                    "50 lines, the first of them here, are text among the nodes; they were skipped",
                    Some(2)
                ),
                (
                    Capture::UnknownAnswer.code(),
                    "100 lines, the first of them here, are not known to topoplan; they were not used",
                    Some(1)
                ),
            ]
        );
    }
}
