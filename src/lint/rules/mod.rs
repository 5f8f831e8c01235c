//! The rules for a list of commands, one file each. `check` looks at one command on the cluster as
//! those before it left it, `at_end` at the whole list. To add one, write its file and add its
//! line to the catalogue of `code.rs`.

pub(in crate::lint) mod forgets_live;
pub(in crate::lint) mod loses;
pub(in crate::lint) mod makes_finding;
pub(in crate::lint) mod needless;
pub(in crate::lint) mod needs_manual;
pub(in crate::lint) mod not_followed;
pub(in crate::lint) mod out_of_order;
mod prelude;
pub(in crate::lint) mod refused;
pub(in crate::lint) mod swapped;
pub(in crate::lint) mod told_to_some;

use crate::diagnostic::Severity;
use crate::lint::Code;
use crate::lint::scene::History;
use crate::lint::scene::Tried;
use crate::lint::scene::Whole;

/// What is said of the command at that place of the list.
pub(in crate::lint) type Said = (usize, String);

/// One rule: its file is its page.
pub struct Rule {
    pub code: Code,
    /// Kebab-case; the file's name in snake_case.
    pub id: &'static str,
    pub severity: Severity,
    pub(in crate::lint) check: fn(&Tried, &History) -> Option<String>,
    pub(in crate::lint) at_end: fn(&Whole) -> Vec<Said>,
    /// The rule's file: its `//!` lines are What, Why, Do.
    pub page: &'static str,
}

impl Rule {
    /// The page's What, Why and Do in Markdown, headings as `## What`.
    pub fn markdown(&self) -> String {
        let lines = self.page.lines().map_while(|l| l.strip_prefix("//!"));
        lines
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line).trim_end()))
            .collect()
    }
}

/// For rules that look at no single command.
fn no_command(_: &Tried, _: &History) -> Option<String> {
    None
}

/// For rules that need no more than one command.
fn nothing_at_end(_: &Whole) -> Vec<Said> {
    Vec::new()
}
