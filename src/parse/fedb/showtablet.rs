//! `showtablet`: which tablets there are, and whether they answer.

use crate::parse::fedb::Dialect;
use crate::parse::fedb::FedbFacts;
use crate::parse::fedb::TabletRow;
use crate::parse::fedb::columns::Columns;
use crate::parse::fedb::columns::Row;
use crate::parse::fedb::odd;
use crate::parse::fedb::name::is_plain;
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
            age_ms: columns.get(row, "age").and_then(age),
        })
    };
    FedbFacts::Tablets(rows.iter().filter_map(&mut read).collect())
}

/// `15d`, `3.000h`, `1min`, `600ms`, in ms.
fn age(text: &str) -> Option<u64> {
    const LONGEST: f64 = 4e12;
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let of = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        "d" => 86_400e3,
        _ => return None,
    };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let ms = number.parse::<f64>().ok().filter(|_| plain)? * of;
    (ms <= LONGEST).then_some(ms as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_of_every_version() {
        for (text, ms) in [
            ("600ms", Some(600)),
            ("23s", Some(23_000)),
            ("1min", Some(60_000)),
            ("7m", Some(420_000)),
            ("3.000h", Some(10_800_000)),
            ("15d", Some(1_296_000_000)),
            ("-", None),
            ("15", None),
            ("-3h", None),
            ("1e9d", None),
            ("999999999999d", None),
        ] {
            assert_eq!(age(text), ms, "{text}");
        }
    }
}
