//! `gettablestatus`: what one tablet itself says of its copies.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::StatusRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::columns::bytes;
use crate::parse::fedb::odd;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "gettablestatus",
    columns: &["tid", "pid", "offset", "mode", "state"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut read = |row: &Row| {
        let tid = columns.get(row, "tid").unwrap_or("-");
        let Ok(number) = tid.parse() else {
            odd("tid", tid, row, log);
            return None;
        };
        Some(StatusRow {
            line: row.line,
            tid: number,
            pid: columns.get(row, "pid").and_then(|pid| pid.parse().ok()),
            memory: columns.get(row, "memused").and_then(bytes),
            state: columns.owned(row, "state").unwrap_or_else(|| "-".into()),
        })
    };
    FedbFacts::Status(rows.iter().filter_map(&mut read).collect())
}
