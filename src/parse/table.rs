//! Tables in CSV: a header row, then rows, columns by name in any order.

use csv::ReaderBuilder;
use csv::StringRecord;
use csv::Trim;

use crate::diagnostic::Parse;
use crate::model::Address;
use crate::parse::block::Block;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

/// The largest company has fewer machines.
const ROWS_MAX: usize = 200_000;

/// The header row: names in lower case.
#[derive(Debug)]
pub(super) struct Header(Vec<String>);

impl Header {
    /// Of the first line; `None` if it cannot be one.
    pub fn of(block: Block) -> Option<Self> {
        let first = block.text.lines().find(|line| !line.trim().is_empty())?;
        // No map has one column only, and a reader is dear to make for every line of prose.
        if !first.contains(',') {
            return None;
        }
        let names = first.to_ascii_lowercase();
        if !["host", "ip", "address"].iter().any(|n| names.contains(n)) {
            return None;
        }
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .trim(Trim::All)
            .from_reader(first.as_bytes());
        let record = reader.records().next()?.ok()?;
        let names: Vec<_> = record.iter().map(str::to_ascii_lowercase).collect();
        Some(Self(names))
    }

    pub fn has(&self, column: &str) -> bool {
        self.0.iter().any(|name| name == column)
    }

    fn index(&self, column: &str) -> Option<usize> {
        self.0.iter().position(|name| name == column)
    }
}

/// One row of a table, and where it stands.
pub(super) struct Row<'t> {
    header: &'t Header,
    record: StringRecord,
    text: &'t str,
    /// From 1.
    pub line: u32,
}

impl Row<'_> {
    /// `None` if there is no such column, or nothing in it.
    pub fn get(&self, column: &str) -> Option<&str> {
        let cell = self.record.get(self.header.index(column)?)?;
        (!cell.is_empty()).then_some(cell)
    }

    pub fn owned(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    /// The cell as it stands in the line; the whole line where quotes make that hard to tell.
    pub fn spot(&self, column: &str) -> Spot<'_> {
        let cell = match self.header.index(column) {
            Some(index) if !self.text.contains('"') => self.text.split(',').nth(index),
            _ => None,
        };
        Spot {
            line: self.line,
            text: self.text,
            part: cell.map_or(self.text, str::trim),
        }
    }

    /// A cell that must be there; else the row is lost, and that is said.
    pub fn need(&self, column: &str, log: &mut Log) -> Option<&str> {
        let cell = self.get(column);
        if cell.is_none() {
            let message = format!("the `{column}` cell is empty; the row was skipped");
            log.say(Parse::Cell, message, self.spot(column));
        }
        cell
    }

    /// A port from 1 to 65535.
    pub fn port(&self, log: &mut Log) -> Option<u16> {
        let text = self.need("port", log)?;
        let port = text.parse().ok().filter(|&port| port != 0);
        if port.is_none() {
            let message = format!("{} is no port; the row was skipped", quote(text));
            log.say(Parse::Port, message, self.spot("port"));
        }
        port
    }

    /// An `ip:port` cell that is not empty.
    pub fn address(&self, column: &str, log: &mut Log) -> Option<Address> {
        let text = self.need(column, log)?;
        let address = text.parse::<Address>();
        address
            .map_err(|why| self.bad_address(column, text, &why.to_string(), log))
            .ok()
    }

    /// The `address` column, else `ip` and `port`.
    pub fn own_address(&self, log: &mut Log) -> Option<Address> {
        if self.header.has("address") {
            return self.address("address", log);
        }
        let ip = self.need("ip", log)?;
        let port = self.port(log)?;
        Address::new(ip, port)
            .map_err(|why| self.bad_address("ip", ip, &why.to_string(), log))
            .ok()
    }

    /// The host part of an address must be able to stand in a script.
    pub fn ip(&self, column: &str, log: &mut Log) -> Option<String> {
        let text = self.need(column, log)?;
        match Address::new(text, 1) {
            Ok(address) => Some(address.ip().to_owned()),
            Err(why) => {
                self.bad_address(column, text, &why.to_string(), log);
                None
            }
        }
    }

    fn bad_address(&self, column: &str, text: &str, why: &str, log: &mut Log) {
        let message = format!("{} is no address: {why}; the row was skipped", quote(text));
        log.say(Parse::Address, message, self.spot(column));
    }
}

/// Reads every row; what `read` refuses is left out. Columns beside `known` are said once.
pub(super) fn rows<T>(
    block: Block,
    known: &[&str],
    log: &mut Log,
    mut read: impl FnMut(&Row, &mut Log) -> Option<T>,
) -> Vec<T> {
    let Some(header) = Header::of(block) else {
        return Vec::new();
    };
    unknown_columns(block, &header, known, log);
    let mut found = Vec::new();
    let (mut line, mut counted) = (block.first_line, 0);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(block.text.as_bytes());
    for record in reader.records() {
        // The text is UTF-8 and rows may have any length, so nothing is left to fail.
        let Ok(record) = record else { continue };
        if record.iter().all(str::is_empty) {
            continue;
        }
        // The position of a row may be that of the line ends before it.
        let byte = record.position().map_or(0, |p| p.byte() as usize);
        let rest = block.text.get(byte..).unwrap_or("");
        let start = rest.trim_start_matches(['\r', '\n']);
        line += count_lines(block.text, counted, block.text.len() - start.len());
        counted = block.text.len() - start.len();
        let row = Row {
            header: &header,
            text: start.lines().next().unwrap_or(""),
            line,
            record,
        };
        if found.len() >= ROWS_MAX {
            log.too_many(line, "rows");
            break;
        }
        if let Some(value) = read(&row, log) {
            found.push(value);
        }
    }
    found
}

fn count_lines(text: &str, from: usize, to: usize) -> u32 {
    let between = text.get(from..to).unwrap_or("");
    between.bytes().filter(|&b| b == b'\n').count() as u32
}

fn unknown_columns(block: Block, header: &Header, known: &[&str], log: &mut Log) {
    let first = block.lines().find(|(_, line)| !line.trim().is_empty());
    let Some((line, text)) = first else { return };
    for name in &header.0 {
        if !known.contains(&name.as_str()) && !name.is_empty() {
            let start = text.to_ascii_lowercase().find(name.as_str());
            let part = start.and_then(|at| text.get(at..at + name.len()));
            let message = format!("unknown column {}; it was not used", quote(name));
            let spot = Spot {
                line,
                text,
                part: part.unwrap_or(text),
            };
            log.say(Parse::Column, message, spot);
        }
    }
}

/// Says that a table lacks what makes it one; for files that a flag names.
pub(super) fn lacks_columns(block: Block, what: &str, log: &mut Log) {
    let (line, text) = block.lines().next().unwrap_or((block.first_line, ""));
    let message = format!("the header has no {what}; the file was not used");
    log.say(
        Parse::Header,
        message,
        Spot {
            line,
            text,
            part: text,
        },
    );
}
