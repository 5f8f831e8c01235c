//! Answers in the cells of a table with commas, semicolons or tabs: a cell in quotes holds all
//! lines of one, and the other cells of its row tell whose it is.

use std::ops::Range;

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::unwrap::evidence::has_node;
use crate::text::Extract;
use crate::text::Source;

/// Rows that do not end where a row ends: so many, and it is no such table.
const BROKEN_MAX: usize = 64;

/// One source for each cell that holds an answer, and one for what stands around the rows.
pub(super) fn peel(page: &Source) -> Vec<Source> {
    let text = &page.text;
    let mut parts = Vec::new();
    let mut rest = Extract::default();
    let mut broken = 0;
    let mut at = 0;
    while at < text.len() {
        let line = text.get(at..).unwrap_or("").split_inclusive('\n').next();
        let end = at + line.unwrap_or("").len();
        let row = match line.is_some_and(opens_cell) && broken < BROKEN_MAX {
            true => row(text, at, end),
            false => None,
        };
        let Some(row) = row else {
            broken += usize::from(line.is_some_and(opens_cell));
            // The names of the columns say nothing of themselves.
            if !(at == 0 && line.is_some_and(is_header)) {
                rest.copy(text, at..end);
            }
            at = end;
            continue;
        };
        let (of, host) = speaker(text, &row.cells);
        for cell in row.cells.iter().filter(|cell| cell.is_answer(text)) {
            parts.push(page.part(cell.extract(text), of.clone(), host.clone()));
        }
        at = row.end;
    }
    if !parts.is_empty() && !rest.text().trim().is_empty() {
        parts.push(page.part(rest, None, None));
    }
    parts
}

/// A cell, without its quotes.
struct Cell {
    range: Range<usize>,
    in_quotes: bool,
}

impl Cell {
    fn is_answer(&self, text: &str) -> bool {
        let inside = text.get(self.range.clone()).unwrap_or("");
        let known = |line: &str| line.starts_with("# Server") || line.starts_with("cluster_state:");
        self.in_quotes && (has_node(inside) || inside.lines().any(known))
    }

    fn extract(&self, text: &str) -> Extract {
        let mut extract = Extract::default();
        let mut from = self.range.start;
        let inside = text.get(self.range.clone()).unwrap_or("");
        for (doubled, _) in inside.match_indices("\"\"") {
            let end = self.range.start + doubled + 1;
            extract.copy(text, from.min(end)..end);
            from = end + 1;
        }
        extract.copy(text, from.min(self.range.end)..self.range.end);
        // The cell is whole, whether or not it ends with a line end.
        if !extract.text().ends_with('\n') {
            extract.put("\n", self.range.end);
        }
        extract
    }
}

struct Row {
    cells: Vec<Cell>,
    end: usize,
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'\t')
}

/// Cheap: a cell begins on this line and does not end there.
fn opens_cell(line: &str) -> bool {
    let quotes = line.bytes().filter(|b| *b == b'"').count();
    let begins = line.starts_with('"') || [",\"", ";\"", "\t\""].iter().any(|m| line.contains(m));
    begins && quotes % 2 == 1
}

/// The row that begins at `start`, one cell of which goes on behind `line_end` and is an answer.
fn row(text: &str, start: usize, line_end: usize) -> Option<Row> {
    let bytes = text.as_bytes();
    let mut cells = Vec::new();
    let mut at = start;
    loop {
        let in_quotes = bytes.get(at) == Some(&b'"');
        let (range, end) = match in_quotes {
            true => {
                let end = closing(bytes, at + 1)?;
                (at + 1..end, end + 1)
            }
            false => {
                let rest = bytes.get(at..).unwrap_or_default();
                let ends = |b: &u8| is_separator(*b) || matches!(b, b'\n' | b'\r');
                let end = at + rest.iter().position(ends).unwrap_or(rest.len());
                (at..end, end)
            }
        };
        cells.push(Cell { range, in_quotes });
        match bytes.get(end) {
            Some(byte) if is_separator(*byte) => at = end + 1,
            Some(b'\r' | b'\n') | None => {
                let line_ends = bytes.get(end..).unwrap_or_default();
                let end = end
                    + line_ends
                        .iter()
                        .position(|b| *b == b'\n')
                        .map_or(line_ends.len(), |n| n + 1);
                let found = end > line_end
                    && cells.len() > 1
                    && cells.iter().any(|cell| cell.is_answer(text));
                return found.then_some(Row { cells, end });
            }
            Some(_) => return None,
        }
    }
}

/// The quote that ends a cell: two of them are one that is text.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == b'"')?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            _ => return Some(at),
        }
    }
}

/// `host,ip,output`
fn is_header(line: &str) -> bool {
    let mut cells = line.trim().split([',', ';', '\t']);
    let of_name =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'-' | b'"' | b'.');
    line.contains([',', ';', '\t'])
        && cells.all(|cell| cell.bytes().all(of_name) && !cell.bytes().all(|b| b.is_ascii_digit()))
}

/// Whom the cells beside the answer name: an address, else an IP, else the first word.
fn speaker(text: &str, cells: &[Cell]) -> (Option<Address>, Option<String>) {
    let others = cells.iter().filter(|cell| !cell.is_answer(text));
    let others = others.filter_map(|cell| text.get(cell.range.clone()).map(str::trim));
    let others: Vec<&str> = others.filter(|cell| !cell.is_empty()).collect();
    let is_ip = |cell: &&&str| cell.parse::<std::net::IpAddr>().is_ok();
    let address = |cell: &&str| {
        cell.parse::<Address>()
            .ok()
            .or_else(|| address_in_path(cell))
    };
    let ip = others.iter().find(is_ip).copied();
    let port = others
        .iter()
        .find(|cell| cell.parse::<u16>().is_ok_and(|port| port >= 1024));
    let apart = ip
        .zip(port)
        .and_then(|(ip, port)| Address::new(ip, port.parse().ok()?).ok());
    let of = apart.or_else(|| others.iter().find_map(address));
    let host = || {
        let word = others
            .first()
            .filter(|cell| !cell.contains(char::is_whitespace));
        ip.or(word.copied()).map(str::to_owned)
    };
    let host = if of.is_some() { None } else { host() };
    (of, host)
}
