//! Tables as `baidu::common::TPrinter` writes them: cells padded to the width of their column, two
//! blanks before each, `-` for an empty one, and a rule below the header.

use std::sync::Arc;

use crate::parse::log::Spot;

/// The header of one table.
#[derive(Debug)]
pub(super) struct Columns {
    /// Bytes before every line of the table, without blanks.
    start: usize,
    names: Vec<String>,
}

/// One row; cells are slices of the line.
pub(super) struct Row<'t> {
    pub line: u32,
    text: &'t str,
    cells: Vec<&'t str>,
}

impl Columns {
    /// The columns of this line, if they begin with those.
    pub fn of(line: &str, wanted: &[&str]) -> Option<Self> {
        let first = *wanted.first()?;
        // Nothing but names follows on the line.
        let is_name = |word: &str| {
            word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !word.is_empty()
        };
        for (start, _) in line.match_indices(first) {
            let before = line.get(..start)?.chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let words: Vec<&str> = line.get(start..)?.split_whitespace().collect();
            let begins = words.len() >= wanted.len()
                && words
                    .iter()
                    .zip(wanted)
                    .all(|(word, wanted)| word == wanted);
            if begins && words.iter().all(|word| is_name(word)) {
                let names = words.iter().map(|word| (*word).to_owned()).collect();
                // A row may begin further left than its header.
                let start = line.get(..start)?.trim_end().len();
                return Some(Self { start, names });
            }
        }
        None
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }

    /// The line below a header: nothing but dashes, behind what stands before every line.
    pub fn is_rule(&self, line: &str) -> bool {
        let end = line.trim_end();
        let dashes = end
            .bytes()
            .rev()
            .take_while(|b| matches!(b, b'-' | b' '))
            .count();
        end.ends_with("---") && end.len() - dashes <= self.start
    }

    fn row<'t>(&self, line: u32, text: &'t str) -> Option<Row<'t>> {
        let rest = text.get(self.start..)?;
        if rest.trim().is_empty() {
            return None;
        }
        let wide: Vec<&str> = rest
            .split("  ")
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .collect();
        let cells = if wide.len() == self.names.len() {
            wide
        } else {
            squeezed(rest)
        };
        Some(Row { line, text, cells })
    }

    /// The cell of that column; `None` where there is none, or `-` in it.
    pub fn get<'t>(&self, row: &Row<'t>, name: &str) -> Option<&'t str> {
        let at = self.names.iter().position(|n| n == name)?;
        let cell = row.cells.get(at).copied()?;
        (cell != "-" && cell != "NULL").then_some(cell)
    }

    pub fn owned(&self, row: &Row, name: &str) -> Option<Arc<str>> {
        self.get(row, name).map(Arc::from)
    }
}

/// Cells one blank apart, as some pages show them: a unit belongs to the number before it.
fn squeezed(text: &str) -> Vec<&str> {
    let mut cells: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let is_unit = matches!(word, "K" | "M" | "G" | "T" | "P" | "E");
        let number = cells.last().is_some_and(|c| c.parse::<f64>().is_ok());
        if is_unit && number {
            let last = cells.pop().unwrap_or("");
            let from = last.as_ptr() as usize - text.as_ptr() as usize;
            let end = word.as_ptr() as usize - text.as_ptr() as usize + word.len();
            cells.push(text.get(from..end).unwrap_or(last));
        } else {
            cells.push(word);
        }
    }
    cells
}

impl<'t> Row<'t> {
    pub fn spot(&self, part: &'t str) -> Spot<'t> {
        Spot {
            line: self.line,
            text: self.text,
            part,
        }
    }

    /// The whole of it.
    pub fn whole(&self) -> Spot<'t> {
        self.spot(self.text)
    }
}

/// The rows below a header, from that line on, and where they end: at a blank line, at a prompt, or
/// at the next header. Rules between them are no rows. `torn`: the last line has no end.
pub(super) fn rows<'t>(
    columns: &Columns,
    lines: &[(u32, &'t str)],
    from: usize,
    torn: bool,
) -> (Vec<Row<'t>>, usize) {
    let mut rows = Vec::new();
    let mut at = from;
    while let Some(&(number, text)) = lines.get(at) {
        if columns.is_rule(text) {
            at += 1;
            continue;
        }
        let next = lines.get(at + 1).map(|(_, text)| *text);
        let over = text.trim().is_empty()
            || super::replies::asked(text).is_some()
            || super::replies::is_use(text)
            || super::replies::is_telling(text)
            || super::header(text, next).is_some();
        if over {
            break;
        }
        let Some(row) = columns.row(number, text) else {
            break;
        };
        // A sentence below the table: no table has one cell only. The last line of all, without an end,
        // may be what is left of a row.
        if row.cells.len() < 2 && !(torn && at + 1 == lines.len()) {
            break;
        }
        rows.push(row);
        at += 1;
    }
    (rows, at)
}

/// `498.000`, `9.128 K`: units of 1024, as `base::HumanReadableString` writes them.
pub(super) fn bytes(cell: &str) -> Option<u64> {
    let mut words = cell.split_whitespace();
    let number: f64 = words.next()?.parse().ok()?;
    let power = match words.next() {
        None => 0,
        Some(unit) => {
            1 + ["K", "M", "G", "T", "P", "E"]
                .iter()
                .position(|u| *u == unit)?
        }
    };
    let value = number * 1024_f64.powi(power as i32);
    (value.is_finite() && value >= 0.0).then_some(value.round() as u64)
}

impl Row<'_> {
    /// It has fewer cells than there are columns.
    pub fn is_short(&self, columns: &Columns) -> bool {
        self.cells.len() < columns.names.len()
    }

    /// It has more cells than there are columns, so nobody can tell which is which.
    pub fn is_long(&self, columns: &Columns) -> bool {
        self.cells.len() > columns.names.len()
    }

    /// The last cell of a row that is cut off may be the beginning of what it was.
    pub fn is_cut_in(&self, columns: &Columns, cell: &str) -> bool {
        let last = self.cells.last();
        self.is_short(columns) && last.is_some_and(|last| std::ptr::eq(*last, cell))
    }
}

impl Row<'_> {
    /// One of its cells says this.
    pub fn has(&self, cell: &str) -> bool {
        self.cells.contains(&cell)
    }
}
