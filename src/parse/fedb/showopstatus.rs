//! `showopstatus`: operations of the name server, those that ended among them.

use crate::model::OpStatus;
use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::OpRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "showopstatus",
    columns: &["op_id", "op_type", "name", "pid", "status"],
    parse,
};

/// Before 2018-08 no column told the partition.
pub(super) static OLD: Dialect = Dialect {
    name: "showopstatus",
    columns: &["op_id", "op_type", "status"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut read = |row: &Row| {
        let id = columns.get(row, "op_id").unwrap_or("-");
        let Ok(number) = id.parse() else {
            odd("op_id", id, row, log);
            return None;
        };
        let word = columns.get(row, "status").unwrap_or("-");
        let status = OpStatus::of(word);
        if status == OpStatus::Odd {
            odd("status of an operation", word, row, log);
            return None;
        }
        Some(OpRow {
            line: row.line,
            id: number,
            kind: columns.owned(row, "op_type").unwrap_or_else(|| "-".into()),
            table: columns.owned(row, "name"),
            pid: columns.get(row, "pid").and_then(|pid| pid.parse().ok()),
            status,
            task: columns.owned(row, "cur_task"),
        })
    };
    FedbFacts::Ops(rows.iter().filter_map(&mut read).collect())
}
