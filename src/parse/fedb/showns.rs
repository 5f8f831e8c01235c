//! `showns`: the name servers; the first leads.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::NameServerRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::fedb::name::is_plain;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "showns",
    columns: &["endpoint", "real_endpoint", "role"],
    parse,
};

fn parse(columns: &Columns, rows: &[Row], log: &mut Log) -> FedbFacts {
    let mut read = |row: &Row| {
        let endpoint = columns.get(row, "endpoint").unwrap_or("-");
        if !is_plain(endpoint) {
            odd("endpoint", endpoint, row, log);
            return None;
        }
        let leads = match columns.get(row, "role") {
            Some("leader") => true,
            Some("standby") => false,
            other => {
                odd("role", other.unwrap_or("-"), row, log);
                return None;
            }
        };
        Some(NameServerRow {
            line: row.line,
            endpoint: endpoint.into(),
            leads,
        })
    };
    FedbFacts::NameServers(rows.iter().filter_map(&mut read).collect())
}
