//! `confget`: the one setting that there is, `auto_failover`.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "confget",
    columns: &["key", "value"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut value = None;
    for row in rows {
        if columns.get(row, "key") != Some("auto_failover") {
            continue;
        }
        match columns.get(row, "value") {
            Some("true") => value = Some(true),
            Some("false") => value = Some(false),
            other => odd("auto_failover", other.unwrap_or("-"), row, log),
        }
    }
    FedbFacts::AutoFailover(value)
}
