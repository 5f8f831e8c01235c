//! The layout that all commands share: lines of inked pieces, wrapped under their own column.
//!
//! Every piece goes through [`safe`] here, so no caller can forget it.

use std::fmt::Write;

use crate::render::style::Ink;
use crate::render::style::Look;
use crate::text::safe::safe;
use crate::text::safe::width;

/// Where text starts beside a label such as `found`.
pub(super) const LABEL: usize = 10;

/// One line in the making.
#[derive(Clone, Default)]
pub(super) struct Line {
    pieces: Vec<(usize, Ink, String)>,
    end: usize,
    next: usize,
}

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    /// The next piece starts at `column`, or two blanks further if that is taken.
    pub fn at(mut self, column: usize) -> Self {
        self.next = if self.end == 0 || self.end < column {
            column
        } else {
            self.end + 2
        };
        self
    }

    /// Adds a piece; an empty one leaves its room blank.
    pub fn put(mut self, ink: Ink, text: &str) -> Self {
        let text = safe(text).into_owned();
        if !text.is_empty() {
            let start = self.next;
            self.end = start + width(&text);
            self.next = self.end;
            self.pieces.push((start, ink, text));
        }
        self
    }

    /// Where the next piece would start.
    pub fn column(&self) -> usize {
        self.next
    }
}

/// The text of one answer.
pub(super) struct Page {
    pub look: Look,
    out: String,
}

impl Page {
    pub fn new(look: Look) -> Self {
        Self {
            look,
            out: String::new(),
        }
    }

    pub fn finish(self) -> String {
        self.out
    }

    /// An empty line, but never at the top and never two in a row.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    pub fn line(&mut self, line: Line) {
        let mut column = 0;
        for (start, ink, text) in &line.pieces {
            self.out.extend(std::iter::repeat_n(' ', start - column));
            column = start + width(text);
            let style = ink.style();
            // Writing into a String cannot fail.
            let _ = if self.look.colour && *ink != Ink::Plain {
                write!(self.out, "{style}{text}{style:#}")
            } else {
                write!(self.out, "{text}")
            };
        }
        self.out.push('\n');
    }

    /// Puts `text` at `column` behind what `line` holds; what does not fit goes on below itself.
    pub fn wrapped(&mut self, line: Line, column: usize, ink: Ink, text: &str) {
        let line = line.at(column);
        let column = line.column();
        let mut head = Some(line);
        for part in wrap(text, self.look.width.saturating_sub(column)) {
            let line = head.take().unwrap_or_else(|| Line::new().at(column));
            self.line(line.put(ink, &part));
        }
        if let Some(line) = head {
            self.line(line);
        }
    }

    /// A label and its text beside it.
    pub fn labelled(&mut self, ink: Ink, label: &str, text: &str) {
        self.wrapped(Line::new().put(ink, label), LABEL, Ink::Plain, text);
    }

    /// As [`Page::labelled`], broken only between phrases where that is possible.
    pub fn phrases(&mut self, label: &str, phrases: &[String]) {
        let mut label = label;
        let mut row = String::new();
        for phrase in phrases {
            let both = width(&row) + 3 + width(phrase);
            if !row.is_empty() && both > self.look.width.saturating_sub(LABEL) {
                self.labelled(Ink::Head, label, &row);
                label = "";
                row.clear();
            }
            if !row.is_empty() {
                row.push_str(" · ");
            }
            row.push_str(phrase);
        }
        self.labelled(Ink::Head, label, &row);
    }
}

/// Lines of at most `room` columns, broken at blanks, or behind commas in a word that is too
/// long by itself (slot lists); a longer word stays whole, so that it can be copied.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let text = safe(text);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let parts: Vec<&str> = if width(word) > room {
            word.split_inclusive(',').collect()
        } else {
            vec![word]
        };
        for (index, part) in parts.into_iter().enumerate() {
            let blank = usize::from(index == 0 && used > 0);
            let size = width(part);
            if used > 0 && used + blank + size > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if blank > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(part);
            used += size;
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::WIDTH;

    #[test]
    fn long_text_goes_on_under_its_column() {
        let mut page = Page::new(Look::default());
        page.labelled(Ink::Head, "found", &"word ".repeat(30));
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("found     word word"));
        assert!(lines[1].starts_with("          word"));
        assert!(lines.iter().all(|l| width(l) <= WIDTH));
    }

    #[test]
    fn a_slot_list_breaks_behind_commas_and_a_path_stays_whole() {
        assert_eq!(
            wrap("of 1,22,333,4444", 6),
            ["of 1,", "22,", "333,", "4444"]
        );
        assert_eq!(
            wrap("at /a/long/path now", 6),
            ["at", "/a/long/path", "now"]
        );
        assert!(wrap("", 6).is_empty());
    }

    #[test]
    fn colour_paints_and_leaves_the_text() {
        let paint = |colour| {
            let look = Look {
                colour,
                ..Look::default()
            };
            let mut page = Page::new(look);
            page.line(
                Line::new()
                    .put(Ink::Error, "error")
                    .at(8)
                    .put(Ink::Plain, "x"),
            );
            page.finish()
        };
        assert_eq!(paint(false), "error   x\n");
        assert_eq!(paint(true), "\u{1b}[1m\u{1b}[31merror\u{1b}[0m   x\n");
    }
}
