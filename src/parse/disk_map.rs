//! The disk map: CSV with `host` or `ip`, `port`, `dir` and optional `disk`.

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::DiskRow;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::home_map;
use crate::parse::log::Log;
use crate::parse::table;
use crate::parse::table::Header;
use crate::parse::table::Row;

pub(super) static DIALECT: Dialect = Dialect {
    name: "disk-map",
    sniff,
    parse,
};

const COLUMNS: [&str; 5] = ["host", "ip", "port", "dir", "disk"];

fn sniff(head: &Head) -> bool {
    !home_map::is_home(head.header()) && is_disks(head.header())
}

pub(super) fn is_disks(header: Option<&Header>) -> bool {
    header.is_some_and(|h| {
        (h.has("host") || h.has("ip")) && h.has("port") && (h.has("dir") || h.has("disk"))
    })
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    if !is_disks(Header::of(block).as_ref()) {
        let what = "`host` or `ip`, `port`, and `dir` or `disk` columns";
        table::lacks_columns(block, what, log);
        return Vec::new();
    }
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::DiskMap(table::rows(block, &COLUMNS, log, row)),
    )]
}

fn row(row: &Row, log: &mut Log) -> Option<DiskRow> {
    let host = row.owned("host");
    let ip = match row.get("ip") {
        Some(_) => Some(row.ip("ip", log)?),
        None => None,
    };
    if host.is_none() && ip.is_none() {
        let message = "neither `host` nor `ip` is given; the row was skipped";
        log.say(Parse::Cell, message, row.spot("host"));
        return None;
    }
    let port = row.port(log)?;
    let (dir, disk) = (row.owned("dir"), row.owned("disk"));
    if dir.is_none() && disk.is_none() {
        let message = "neither `dir` nor `disk` is given; the row was skipped";
        log.say(Parse::Cell, message, row.spot("dir"));
        return None;
    }
    Some(DiskRow {
        line: row.line,
        host,
        ip,
        port,
        dir,
        disk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn reads_rows_and_skips_bad_ones() {
        let text = "host,port,disk,dir\nh1,7000,d1,/data/d1\nh1,x,d1,/\n,7000,d1,/\nh2,7001,,\nh2,7001,,/d\n";
        let source = Source::new("disks.csv", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::DiskMap(rows) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(
            rows[..],
            [
                DiskRow {
                    line: 2,
                    host: Some("h1".into()),
                    ip: None,
                    port: 7000,
                    dir: Some("/data/d1".into()),
                    disk: Some("d1".into()),
                },
                DiskRow {
                    line: 6,
                    host: Some("h2".into()),
                    ip: None,
                    port: 7001,
                    dir: Some("/d".into()),
                    disk: None,
                },
            ]
        );
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Parse::Port, Parse::Cell, Parse::Cell]);
        assert_eq!(parsed.diagnostics[0].place.as_ref().unwrap().column, 4);
    }
}
