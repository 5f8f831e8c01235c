//! `SHOW COMPONENTS` of OpenMLDB: tablets and name servers with what they are connected as.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::TabletRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::fedb::name::is_plain;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "show-components",
    columns: &["Endpoint", "Role", "Connect_time", "Status"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut read = |row: &Row| {
        let known = row.has("online") || row.has("offline");
        if columns.get(row, "Role") != Some("tablet") && known {
            return None;
        }
        let endpoint = columns.get(row, "Endpoint").unwrap_or("-");
        if !is_plain(endpoint) {
            odd("endpoint", endpoint, row, log);
            return None;
        }
        // A time has a blank in it, where cells stand one blank apart.
        let online = row.has("online");
        if online == row.has("offline") {
            odd(
                "status of a component",
                columns.get(row, "Status").unwrap_or("-"),
                row,
                log,
            );
            return None;
        }
        Some(TabletRow {
            age_ms: None,
            line: row.line,
            endpoint: endpoint.into(),
            real_endpoint: None,
            healthy: online,
        })
    };
    FedbFacts::Tablets(rows.iter().filter_map(&mut read).collect())
}
