//! Where dialects put what is odd about a file: capped, so that a broken file cannot flood a
//! report.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::source::Source;

/// Diagnostics kept of one file; the rest is counted.
const KEPT: usize = 50;

/// The diagnostics of one file.
#[derive(Debug)]
pub struct Log<'a> {
    source: &'a Source,
    kept: Vec<Diagnostic>,
    dropped: usize,
    worst_dropped: Severity,
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
        }
    }

    pub fn note(&mut self, code: &'static str, message: impl Into<String>, spot: Spot) {
        self.push(Diagnostic::note(code, message), spot);
    }

    pub fn warning(&mut self, code: &'static str, message: impl Into<String>, spot: Spot) {
        self.push(Diagnostic::warning(code, message), spot);
    }

    /// The number that a line of the text has in the file.
    pub fn in_file(&self, line: u32) -> u32 {
        self.source.in_file(line, 1).0
    }

    /// About a line of which only the number is known.
    pub fn at_line(&mut self, diagnostic: Diagnostic, line: u32) {
        self.keep(diagnostic.at(self.source.place(line, 1)));
    }

    /// About the file as a whole.
    pub fn whole(&mut self, diagnostic: Diagnostic) {
        self.keep(diagnostic.at(self.source.place(1, 1)));
    }

    fn push(&mut self, diagnostic: Diagnostic, spot: Spot) {
        let column = Source::column_of(spot.text, spot.part);
        self.keep(
            diagnostic
                .at(self.source.place(spot.line, column))
                .excerpt(spot.text, spot.part.len().max(1)),
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
        if self.dropped > 0 {
            let message = format!("{} more in this file are not shown", self.dropped);
            self.kept.push(
                Diagnostic::new("parse/more", self.worst_dropped, message)
                    .at(self.source.place(1, 1)),
            );
        }
        self.kept
    }
}

/// Captured text as a message may show it: escaped, in backticks, not longer than 40 characters.
pub(super) fn quote(text: &str) -> String {
    quote_up_to(40, text)
}

/// A whole line of what somebody says, escaped and in backticks, cut after 160 characters.
pub(super) fn quote_line(text: &str) -> String {
    quote_up_to(160, text)
}

fn quote_up_to(longest: usize, text: &str) -> String {
    let mut quoted = String::from("`");
    for (index, character) in text.chars().enumerate() {
        if index == longest {
            quoted.push('…');
            break;
        }
        match character {
            '"' | '\'' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    quoted.push('`');
    quoted
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
            log.warning("parse/fields", "odd", spot);
        }
        let all = log.finish();
        assert_eq!(all.len(), 51);
        assert_eq!(all[50].code, "parse/more");
        assert_eq!(all[50].message, "10 more in this file are not shown");
        assert_eq!(all[50].severity, Severity::Warning);
    }

    #[test]
    fn quotes_nothing_that_paints_a_terminal() {
        assert_eq!(quote("a\u{1b}[31m\u{202e}"), "`a\\u{1b}[31m\\u{202e}`");
        assert!(quote(&"x".repeat(1000)).len() < 60);
    }
}
