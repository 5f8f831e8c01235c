//! `SHOW TABLE STATUS` of OpenMLDB: how many partitions of a table are not alive, and not which.

use crate::diagnostic::Parse;
use crate::diagnostic::Severity;
use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "show-table-status",
    columns: &["Table_id", "Table_name", "Database_name"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    for row in rows {
        let unalive = columns.get(row, "Partition_unalive").unwrap_or("0");
        if unalive.parse() != Ok(0_u64) {
            let message = format!(
                "{} of its partitions are not alive, and this answer does not say which: capture `showtable`",
                crate::text::quote::quote(unalive)
            );
            let said = crate::diagnostic::Diagnostic::new(Parse::Cell, message);
            log.at(said.severity(Severity::Warning), row.whole());
        }
    }
    FedbFacts::Status(Vec::new())
}
