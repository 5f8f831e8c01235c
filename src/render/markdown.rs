//! Markdown for a ticket: a headline and tables.

use std::fmt::Write;

use crate::render::brief::Brief;
use crate::render::brief::line;

pub(super) fn write(brief: &Brief) -> String {
    let mut out = format!(
        "## topoplan {}\n\n{}\n",
        brief.answer.word(),
        escaped(&brief.headline)
    );
    for table in brief.tables.iter().filter(|table| !table.rows.is_empty()) {
        // A column that says nothing takes room from those that do.
        let filled = |column: &usize| table.rows.iter().any(|row| !row[*column].is_empty());
        let shown: Vec<usize> = (0..table.columns.len()).filter(filled).collect();
        let _ = write!(out, "\n### {}\n\n|", table.title);
        for &column in &shown {
            let _ = write!(out, " {} |", table.columns[column].replace('_', " "));
        }
        out.push_str("\n|");
        for _ in &shown {
            out.push_str("---|");
        }
        out.push('\n');
        for row in &table.rows {
            out.push('|');
            for &column in &shown {
                let _ = write!(out, " {} |", escaped(&row[column]));
            }
            out.push('\n');
        }
    }
    out
}

/// Text in which nothing means anything to Markdown or HTML; addresses stay as they are.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // What a GitHub comment would take for a person.
            '@' => out.push_str("&#64;"),
            '\\' | '|' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '`' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
