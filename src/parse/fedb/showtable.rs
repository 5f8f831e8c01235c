//! `showtable`: the copies of every partition.

use std::sync::Arc;

use crate::diagnostic::Parse;
use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::Shown;
use crate::parse::fedb::TableRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::columns::bytes;
use crate::parse::fedb::name::is_plain;
use crate::parse::fedb::odd;
use crate::parse::log::Log;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "showtable",
    columns: &["name", "tid", "pid", "endpoint", "role"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let rows = rows.iter().filter_map(|row| read(columns, row, log));
    FedbFacts::Tables(Shown::Unknown, None, rows.collect())
}

fn read(columns: &Columns, row: &Row, log: &mut Log) -> Option<TableRow> {
    if row.is_long(columns) {
        log.say(
            Parse::Cell,
            "the row has more cells than the header has columns; it was skipped",
            row.whole(),
        );
        return None;
    }
    let Some(table) = columns.get(row, "name") else {
        log.say(
            Parse::Cell,
            "the row has no table; it was skipped",
            row.whole(),
        );
        return None;
    };
    if !is_plain(table) {
        odd("name of a table", table, row, log);
        return None;
    }
    let mut number = |column: &str| -> Result<Option<u64>, ()> {
        let Some(cell) = columns.get(row, column) else {
            return Ok(None);
        };
        cell.parse()
            .map(Some)
            .map_err(|_| odd(column, cell, row, log))
    };
    let tid = number("tid").ok()?;
    let pid = match number("pid").ok()?.map(u32::try_from) {
        None => None,
        Some(Ok(pid)) => Some(pid),
        Some(Err(_)) => {
            odd("pid", columns.get(row, "pid").unwrap_or(""), row, log);
            return None;
        }
    };
    let endpoint = columns.get(row, "endpoint");
    let mut out = TableRow {
        line: row.line,
        table: Arc::from(table),
        tid,
        pid,
        endpoint: None,
        leader: false,
        alive: None,
        offset: None,
        memory: None,
    };
    let (Some(_), Some(endpoint)) = (pid, endpoint) else {
        // A table without partitions, or a partition without copies, has dashes from there on; a
        // row that was cut has nothing.
        if row.is_short(columns) {
            log.say(
                Parse::Cell,
                "the row is cut off; it was skipped",
                row.whole(),
            );
            return None;
        }
        return Some(out);
    };
    if !is_plain(endpoint) {
        odd("endpoint", endpoint, row, log);
        return None;
    }
    out.endpoint = Some(endpoint.into());
    out.leader = match columns.get(row, "role") {
        Some("leader") => true,
        Some("follower") => false,
        other => {
            odd("role", other.unwrap_or("-"), row, log);
            return None;
        }
    };
    if columns.has("is_alive") {
        out.alive = match columns.get(row, "is_alive") {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            other => {
                odd("is_alive", other.unwrap_or("-"), row, log);
                return None;
            }
        };
    }
    // What is cut off here still tells of a copy; its last cell may be the beginning of a number.
    if row.is_short(columns) {
        log.say(Parse::Cell, "the row is cut off", row.whole());
    }
    let whole = |column: &str| {
        let cell = columns.get(row, column);
        cell.filter(|cell| !row.is_cut_in(columns, cell))
    };
    if let Some(cell) = whole("offset") {
        out.offset = cell.parse().ok();
        if out.offset.is_none() {
            let message = format!("{} is no offset; it counts as unknown", quote(cell));
            log.say(Parse::Cell, message, row.spot(cell));
        }
    }
    out.memory = whole("memused").and_then(bytes);
    Some(out)
}
