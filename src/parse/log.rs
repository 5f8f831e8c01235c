//! Where dialects put what is odd about a file: capped, so that a broken file cannot flood a
//! report.

use crate::diagnostic::Capture;
use crate::diagnostic::Code;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::parse::file_name::address_in_path;
use crate::text::Source;

/// Diagnostics kept of one file; the rest is counted.
pub(super) const KEPT: usize = 50;

/// Answers nobody knows that are told one by one; the rest is counted.
pub(super) const UNKNOWN_KEPT: usize = 8;

/// The diagnostics of one file.
#[derive(Debug)]
pub struct Log<'a> {
    source: &'a Source,
    kept: Vec<Diagnostic>,
    dropped: usize,
    worst_dropped: Severity,
    unknown: usize,
    /// Of the unknown answers beyond those: line of the first, how many, lines of all.
    more_unknown: Option<(u32, usize, usize)>,
    too_many: bool,
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
            unknown: 0,
            more_unknown: None,
            too_many: false,
        }
    }

    /// The text is one of several that stand in one file.
    pub fn is_of_part(&self) -> bool {
        self.source.inside.is_some()
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

    /// An answer of so many lines that no dialect claims.
    pub fn unknown_answer(&mut self, lines: usize, spot: Spot) {
        self.unknown += 1;
        if self.unknown > UNKNOWN_KEPT {
            let (_, answers, all) = self.more_unknown.get_or_insert((spot.line, 0, 0));
            *answers += 1;
            *all += lines;
            return;
        }
        let message = match lines {
            0 | 1 => "this line is not known to topoplan; it was not used".to_owned(),
            n => format!(
                "this line and {} below it are not known to topoplan; they were not used",
                n - 1
            ),
        };
        self.say(Capture::UnknownAnswer, message, spot);
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

    /// About that part of a line.
    pub fn at(&mut self, diagnostic: Diagnostic, spot: Spot) {
        let column = Source::column_of(spot.text, spot.part);
        self.keep(
            diagnostic
                .at(self.source.place(spot.line, column))
                .excerpt(spot.text, spot.part.len().max(1))
                .excerpt_column(column),
        );
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
        if let Some((line, answers, lines)) = self.more_unknown {
            let message = format!(
                "{answers} more answers of {lines} lines together, the first of them here, are \
                 not known to topoplan; they were not used"
            );
            self.at_line(Diagnostic::new(Capture::UnknownAnswer, message), line);
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
    fn answers_nobody_knows_are_told_together_when_they_are_many() {
        let source = Source::new("f", "x\n".repeat(100), String::new());
        let mut log = Log::new(&source);
        for line in (1..=100).step_by(2) {
            let spot = Spot {
                line,
                text: "x",
                part: "x",
            };
            log.unknown_answer(2, spot);
        }
        let all = log.finish();
        assert_eq!(all.len(), UNKNOWN_KEPT + 1);
        let last = &all[UNKNOWN_KEPT];
        assert!(
            last.message.starts_with("42 more answers of 84 lines"),
            "{}",
            last.message
        );
        assert_eq!(last.place.as_ref().map(|p| p.line), Some(17));
    }
}
