//! The page of a rule or a word, for people.

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::text::safe::width;

/// The page as it was written, its `## What` lines as heads; text under a head is indented.
pub fn explain(page: &str, look: Look) -> String {
    let mut out = Page::new(look);
    let mut indent = 0;
    for line in page.lines() {
        // A page is a module's own documentation and may still carry its marks.
        let line = line.strip_prefix("//!").unwrap_or(line).trim_end();
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(head) = text.strip_prefix('#') {
            let head = head.trim_start_matches('#').trim();
            out.gap();
            out.line(Line::new().put(Ink::Head, head));
            indent = 2;
        } else if text.is_empty() {
            out.gap();
        } else {
            // One blank stands between the mark and the text; more is the writer's own indent.
            let bullet = if text.starts_with("- ") { 2 } else { 0 };
            let start = indent + depth.saturating_sub(1);
            let (mark, rest) = text.split_at(bullet);
            let line = Line::new().at(start).put(Ink::Plain, mark.trim_end());
            let column = start + bullet;
            if column + width(rest) <= look.width {
                // As written: an example may be aligned.
                out.line(line.at(column).put(Ink::Plain, rest));
            } else {
                out.wrapped(line, column, Ink::Plain, rest);
            }
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_stand_out_and_text_is_indented() {
        let page = "//! ## What\n//! A master has no `replica`.\n//!\n//! ## Do\n//! - Add one\n";
        assert_eq!(
            explain(page, Look::default()),
            "What\n  A master has no `replica`.\n\nDo\n  - Add one\n"
        );
        assert_eq!(
            explain("## What\nA master.\n", Look::default()),
            "What\n  A master.\n"
        );
    }

    #[test]
    fn long_lines_wrap_under_their_bullet() {
        let page = format!("- {}", "word ".repeat(40));
        let text = explain(&page, Look::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() > 1);
        assert!(lines[1].starts_with("  word"));
        assert!(lines.iter().all(|l| l.chars().count() <= 100));
    }
}
