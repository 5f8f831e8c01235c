//! What is odd about the answers that are wrapped in one file: capped as for one file.

use std::sync::Arc;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Loss;
use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::parse::log::KEPT;
use crate::text::Place;
use crate::text::words::count;

/// Unknown parts of one file that are told one by one; the rest is counted.
const UNKNOWN_KEPT: usize = 1;

/// Takes the diagnostics of one part after the other; all parts of a file must come together.
#[derive(Debug, Default)]
pub struct PartsLog {
    path: Option<Arc<str>>,
    kept: usize,
    unknown: usize,
    /// The first part of an answer that no dialect claims, and how many more there are.
    answers: Option<(Diagnostic, usize)>,
    /// Of the unknown parts that are not kept: how many, and where the first stands.
    more_unknown: Option<(usize, Option<Place>)>,
    /// Of all others: how many, how bad, and where the first stands.
    more: Option<(usize, Severity, Option<Place>)>,
}

impl PartsLog {
    /// Those of this part that are kept, behind what was left to say of the file before.
    pub fn take(&mut self, path: &Arc<str>, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        if self.path.as_ref() != Some(path) {
            said = std::mem::take(self).finish();
            self.path = Some(path.clone());
        }
        said.extend(diagnostics.into_iter().filter_map(|d| self.keep(d)));
        said
    }

    fn keep(&mut self, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let place = diagnostic.place.clone();
        if diagnostic.code == Capture::UnknownAnswer {
            match &mut self.answers {
                None => self.answers = Some((diagnostic, 0)),
                Some((first, more)) => {
                    *more += 1;
                    if place < first.place {
                        *first = diagnostic;
                    }
                }
            }
            return None;
        }
        if diagnostic.code.loss() == Loss::File {
            self.unknown += 1;
            if self.unknown > UNKNOWN_KEPT {
                self.more_unknown.get_or_insert((0, place)).0 += 1;
                return None;
            }
            return Some(diagnostic);
        }
        self.kept += 1;
        if self.kept > KEPT {
            let more = self.more.get_or_insert((0, Severity::Note, place));
            more.0 += 1;
            more.1 = more.1.max(diagnostic.severity);
            return None;
        }
        Some(diagnostic)
    }

    /// What was not kept, counted.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        if let Some((mut first, more)) = self.answers {
            if more > 0 {
                first.message = format!(
                    "text here and in {} is not known to topoplan; it was not used",
                    count(more, "more place")
                );
            }
            let place = first.place.take();
            said.push((first, place));
        }
        if let Some((count, place)) = self.more_unknown {
            let message = format!(
                "{count} more answers in this file, the first of them here, are not known to \
                 topoplan; they were not used"
            );
            said.push((Diagnostic::new(Capture::UnknownFile, message), place));
        }
        if let Some((count, severity, place)) = self.more {
            let message = format!("{count} more in this file are not shown");
            said.push((
                Diagnostic::new(Parse::More, message).severity(severity),
                place,
            ));
        }
        said.into_iter()
            .map(|(diagnostic, place)| match place {
                Some(place) => diagnostic.at(place),
                None => diagnostic,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: impl Into<crate::diagnostic::Code>, line: u32) -> Diagnostic {
        Diagnostic::new(code, "x").at(Place {
            path: "f".into(),
            line,
            column: 1,
        })
    }

    #[test]
    fn the_first_are_kept_and_the_rest_is_counted() {
        let (f, g) = (Arc::from("f"), Arc::from("g"));
        let mut log = PartsLog::default();
        let mut said = Vec::new();
        for line in 1..=100 {
            let odd = vec![at(Capture::UnknownFile, line), at(Parse::Flags, line)];
            said.extend(log.take(&f, odd));
        }
        assert_eq!(said.len(), UNKNOWN_KEPT + KEPT);
        let said = log.take(&g, vec![at(Parse::Flags, 1)]);
        let lines: Vec<_> = said
            .iter()
            .map(|d| (d.code, d.place.as_ref().map_or(0, |p| p.line)))
            .collect();
        assert_eq!(
            lines,
            [
                (Capture::UnknownFile.code(), UNKNOWN_KEPT as u32 + 1),
                (Parse::More.code(), KEPT as u32 + 1),
                (Parse::Flags.code(), 1),
            ]
        );
        assert!(
            said[0]
                .message
                .starts_with(&format!("{} more", 100 - UNKNOWN_KEPT))
        );
        assert_eq!(said[1].severity, Severity::Warning);
        assert_eq!(log.finish(), []);
    }

    #[test]
    fn text_that_nobody_knows_is_one_word_for_all_parts() {
        let f = Arc::from("f");
        let mut log = PartsLog::default();
        for line in [17, 1, 30] {
            assert_eq!(log.take(&f, vec![at(Capture::UnknownAnswer, line)]), []);
        }
        let said = log.finish();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].place.as_ref().map(|p| p.line), Some(1));
        assert!(said[0].message.contains("2 more places"));
    }
}
