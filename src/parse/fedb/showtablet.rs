//! `showtablet`: which tablets there are, and whether they answer.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::TabletRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::fedb::showtable::is_plain;
use crate::parse::log::Log;

/// Its columns are `endpoint state age`, since 2020 `endpoint real_endpoint state age`.
pub(super) static DIALECT: Dialect = Dialect {
    name: "showtablet",
    columns: &["endpoint", "state", "age"],
    parse,
};

pub(super) static WITH_REAL: Dialect = Dialect {
    name: "showtablet",
    columns: &["endpoint", "real_endpoint", "state", "age"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut read = |row: &Row| {
        let endpoint = columns.get(row, "endpoint").unwrap_or("-");
        if !is_plain(endpoint) {
            odd("endpoint", endpoint, row, log);
            return None;
        }
        let state = columns.get(row, "state").unwrap_or("-");
        let healthy = match state {
            "kTabletHealthy" | "kHealthy" => true,
            "kTabletOffline" | "kOffline" => false,
            _ => {
                odd("state of a tablet", state, row, log);
                return None;
            }
        };
        let real = columns
            .get(row, "real_endpoint")
            .filter(|real| is_plain(real));
        Some(TabletRow {
            line: row.line,
            endpoint: endpoint.into(),
            real_endpoint: real.map(Into::into),
            healthy,
        })
    };
    FedbFacts::Tablets(rows.iter().filter_map(&mut read).collect())
}
