//! `cluster nodes_with_dir` and `masters_with_dir` of ltcli: data directories by host and port.

use std::net::IpAddr;

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::DiskRow;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::bars;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "nodes-with-dir",
    sniff,
    parse,
};

const HEADER: [&str; 3] = ["HOST", "PORT", "PATH"];

fn sniff(head: &Head) -> bool {
    head.lines().any(|line| bars::cells(line) == HEADER)
}

/// A node that did not answer is not in the table: that tells nothing of it.
fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    for (line, text, cells) in bars::rows(block).filter(|(_, _, cells)| *cells != HEADER) {
        match row(line, &cells) {
            Some(row) => rows.push(row),
            None => log.say(
                Parse::Cell,
                format!(
                    "{} is no host, port and path; the row was skipped",
                    quote(text.trim())
                ),
                Spot {
                    line,
                    text,
                    part: text,
                },
            ),
        }
    }
    vec![Section::new(DIALECT.name, block, Facts::DiskMap(rows))]
}

fn row(line: u32, cells: &[&str]) -> Option<DiskRow> {
    let &[host, port, dir] = cells else {
        return None;
    };
    let (name, ip) = bars::name_and_ip(host);
    let is_ip = name.parse::<IpAddr>().is_ok();
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!name.is_empty() && dir.starts_with('/')).then(|| DiskRow {
        line,
        host: (!is_ip).then(|| name.to_owned()),
        ip: ip.or(is_ip.then_some(name)).map(str::to_owned),
        port,
        dir: Some(dir.to_owned()),
        disk: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn every_row_is_a_directory() {
        let text = "+---+\n| HOST | PORT | PATH |\n+---+\n| 10.0.0.1 | 7000 | /ssd_1/db |\n\
            | db2 | 7001 | /ssd_2 |\n| db2 | 0 | /ssd_2 |\n+---+\n";
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::DiskMap(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|r| (r.ip.as_deref(), r.host.as_deref(), r.port, r.dir.as_deref()))
            .collect();
        assert_eq!(
            rows,
            [
                (Some("10.0.0.1"), None, 7000, Some("/ssd_1/db")),
                (None, Some("db2"), 7001, Some("/ssd_2")),
            ]
        );
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Parse::Cell]);
    }
}
