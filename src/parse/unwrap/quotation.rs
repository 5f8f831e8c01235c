//! Lines that a mail or a chat quotes: `> ` before each, as often as it was quoted.

use crate::parse::block::is_asked;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;
use crate::text::lex::command::is_client;

/// As many lines in a row are a quotation, whatever they say. One may be what somebody typed.
const LINES: usize = 2;

/// Blanks before the first mark.
const INDENT_MAX: usize = 3;

pub(super) fn peel(page: &Source) -> Vec<Source> {
    if !page.text.lines().any(|line| depth(line) > 0) {
        return Vec::new();
    }
    let lines: Vec<&str> = page.text.split_inclusive('\n').collect();
    let mut clean = Extract::default();
    let mut found = false;
    let mut at = 0;
    for run in lines.chunk_by(|a, b| (depth(a) > 0) == (depth(b) > 0)) {
        let depths = run.iter().map(|line| depth(line));
        let said = run.iter().filter(|line| !behind(line, 1).trim().is_empty());
        let said = said.filter(|line| !is_typed(line)).count();
        let is_quoted = said >= LINES || run.iter().any(|line| has_node(line));
        let common = depths.min().filter(|_| is_quoted).unwrap_or(0);
        found |= common > 0;
        for line in run {
            let rest = behind(line, common);
            clean.copy(&page.text, at + line.len() - rest.len()..at + line.len());
            at += line.len();
        }
    }
    match found {
        true => vec![page.cleaned(clean)],
        false => Vec::new(),
    }
}

/// A command behind the prompt of a client, or behind one that shows nothing else.
fn is_typed(line: &str) -> bool {
    let command = behind(line, 1).trim();
    command.split_whitespace().next().is_some_and(is_client) || is_asked(command)
}

/// How often the line is quoted. `>>> ` begins what `redis-cli --cluster` does next.
fn depth(line: &str) -> usize {
    let mut depth = 0;
    let mut rest = line.trim_start_matches(' ');
    // What is set to the right is quoted inside of that.
    if line.len() - rest.len() > INDENT_MAX {
        return 0;
    }
    if rest.starts_with(">>> ") && !has_node(rest) {
        return 0;
    }
    while let Some(behind) = rest.strip_prefix('>') {
        depth += 1;
        rest = behind.trim_start_matches(' ');
        if rest.starts_with(">>> ") && !has_node(rest) {
            break;
        }
    }
    depth
}

/// What stands behind so many marks, with the indentation that it has of its own.
fn behind(line: &str, depth: usize) -> &str {
    let mut rest = line;
    for _ in 0..depth {
        let Some(inner) = rest.trim_start_matches(' ').strip_prefix('>') else {
            break;
        };
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    rest
}
