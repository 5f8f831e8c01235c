//! Nodes in the rows of a table, a field in each cell or all in one; and the border of a pane.

use std::ops::Range;

use crate::parse::node_line::looks_like_node;
use crate::parse::unwrap::decoration::bare;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// What stands between cells, and at the borders.
const BARS: [char; 3] = ['|', '│', '┃'];

/// What stands between them in a list of values.
const COMMAS: [char; 2] = [',', ';'];

/// The page with the cells of each node side by side; none where no node stands in a row.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    if !text.lines().any(|line| separators(line).is_some()) {
        return Vec::new();
    }
    let mut clean = Extract::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end_matches(['\r', '\n']);
        match separators(end) {
            Some(of_row) => write(line, end, of_row, at, &mut clean),
            // An empty line keeps what stands around a table apart.
            None if is_head(end) => clean.copy(text, at + end.len()..at + line.len()),
            None => {
                let pane = inside_pane(end);
                clean.copy(text, at + pane.0..at + pane.1);
                clean.copy(text, at + end.len()..at + line.len());
            }
        }
        at += line.len();
    }
    vec![page.cleaned(clean)]
}

/// What the cells of a node's row have between them.
fn separators(line: &str) -> Option<&'static [char]> {
    let kinds: [&'static [char]; 2] = [&BARS, &COMMAS];
    let mut kinds = kinds.into_iter().filter(|of_row| line.contains(*of_row));
    let is_row = |of_row: &&'static [char]| {
        // A list of values has no blanks.
        let parted = *of_row != COMMAS || !line.trim().contains(' ');
        let cells = cells(line, of_row);
        let cells: Vec<&str> = cells.iter().filter_map(|r| line.get(r.clone())).collect();
        parted && looks_like_node(bare(&cells.join(" "))) && has_node(line) && !looks_whole(line)
    };
    kinds.find(is_row)
}

/// No bar stands in the way.
fn looks_whole(line: &str) -> bool {
    looks_like_node(line) && !line.trim_end().ends_with(BARS)
}

/// The cells of a row, without the quotes around one that has a separator in it.
fn cells(line: &str, of_row: &[char]) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    let mut push = |start: usize, end: usize| {
        let cell = line.get(start..end).unwrap_or("");
        let inside = cell
            .strip_prefix('"')
            .and_then(|cell| cell.strip_suffix('"'));
        let shift = usize::from(inside.is_some());
        cells.push(start + shift..end - shift);
    };
    for (at, c) in line.char_indices() {
        quoted ^= c == '"' && of_row == COMMAS;
        if !quoted && of_row.contains(&c) {
            push(start, at);
            start = at + c.len_utf8();
        }
    }
    push(start, line.len());
    cells
}

fn write(line: &str, end: &str, of_row: &[char], at: usize, clean: &mut Extract) {
    let cells = cells(end, of_row);
    let says = |cell: &&Range<usize>| {
        end.get((*cell).clone())
            .is_some_and(|c| !c.trim().is_empty())
    };
    for (index, cell) in cells.iter().filter(says).enumerate() {
        if index > 0 {
            clean.put(" ", at + cell.start);
        }
        clean.put(
            end.get(cell.clone()).unwrap_or("").trim(),
            at + first_byte(end, cell),
        );
    }
    clean.put(line.get(end.len()..).unwrap_or(""), at + end.len());
}

/// Of what a cell says.
fn first_byte(line: &str, cell: &Range<usize>) -> usize {
    let text = line.get(cell.clone()).unwrap_or("");
    cell.start + text.len() - text.trim_start().len()
}

/// The names of the columns, or the rule below them.
fn is_head(row: &str) -> bool {
    let Some(cells) = row.trim().strip_prefix(BARS) else {
        return false;
    };
    let is_rule = cells.contains("--") && cells.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
    let mut names = cells.split(BARS).map(str::trim);
    is_rule
        || names.any(|name| name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("flags"))
}

/// Start and end of what stands between the borders of a pane.
fn inside_pane(line: &str) -> (usize, usize) {
    let end = line.trim_end();
    let Some(inside) = end.strip_suffix(['│', '┃']) else {
        return (0, line.len());
    };
    let start = inside
        .strip_prefix(['│', '┃'])
        .map_or(0, |rest| inside.len() - rest.len());
    (start, inside.len())
}
