//! The host map: CSV with `host` and `ip` or `address`, optional `zone`, `rack`, `memory_bytes`.

use std::net::IpAddr;

use crate::diagnostic::Parse;
use crate::model::Address;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::HostRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::disk_map;
use crate::parse::head::Head;
use crate::parse::home_map;
use crate::parse::log::Log;
use crate::parse::table;
use crate::parse::table::Header;
use crate::parse::table::Row;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "host-map",
    sniff,
    parse,
};

const COLUMNS: [&str; 6] = ["host", "ip", "address", "zone", "rack", "memory_bytes"];

fn sniff(head: &Head) -> bool {
    let header = head.header();
    !home_map::is_home(header) && !disk_map::is_disks(header) && is_hosts(header)
}

fn is_hosts(header: Option<&Header>) -> bool {
    header.is_some_and(|h| h.has("host") && (h.has("ip") || h.has("address")))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    if !is_hosts(Header::of(block).as_ref()) {
        table::lacks_columns(block, "`host` and `ip` or `address` columns", log);
        return Vec::new();
    }
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::HostMap(table::rows(block, &COLUMNS, log, row)),
    )]
}

fn row(row: &Row, log: &mut Log) -> Option<HostRow> {
    let host = row.need("host", log)?.to_owned();
    let (ip, port) = match row.get("address") {
        Some(text) => match text.parse::<Address>() {
            // The last group of a bare IPv6 reads like a port.
            Ok(address) if text.parse::<IpAddr>().is_err() => {
                (address.ip().to_owned(), Some(address.port()))
            }
            _ => (row.ip("address", log)?, None),
        },
        None => (row.ip("ip", log)?, None),
    };
    let memory_bytes = row.get("memory_bytes").and_then(|text| {
        let bytes = text.parse().ok();
        if bytes.is_none() {
            let message = format!("{} is no number of bytes; it was not used", quote(text));
            log.say(Parse::Cell, message, row.spot("memory_bytes"));
        }
        bytes
    });
    Some(HostRow {
        line: row.line,
        host,
        ip,
        port,
        zone: row.owned("zone"),
        rack: row.owned("rack"),
        memory_bytes,
        of_more: false,
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Parse;
    use crate::parse::Facts;
    use crate::parse::HostRow;
    use crate::parse::Parsed;
    use crate::parse::host_map;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn rows<'a>(parsed: &'a Parsed) -> &'a [HostRow] {
        match &parsed.sections[0].facts {
            Facts::HostMap(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn columns_come_in_any_order() {
        let text = "\u{feff}Zone, IP ,host,memory_bytes\r\nz1,10.0.0.1,h1,1024\r\n,fd00::2,h2,\r\n";
        let source = Source::new("hosts.csv", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, []);
        let expected = [
            HostRow {
                line: 2,
                host: "h1".into(),
                ip: "10.0.0.1".into(),
                port: None,
                zone: Some("z1".into()),
                rack: None,
                memory_bytes: Some(1024),
                of_more: false,
            },
            HostRow {
                line: 3,
                host: "h2".into(),
                ip: "fd00::2".into(),
                port: None,
                zone: None,
                rack: None,
                memory_bytes: None,
                of_more: false,
            },
        ];
        assert_eq!(rows(&parsed), expected);
    }

    #[test]
    fn an_address_may_have_a_port() {
        let text = "host,address,rack\nh1,10.0.0.1:7000,r1\nh2,10.0.0.1,r2\nh3,fd00::2,r3\n";
        let source = Source::new("hosts.csv", text.into(), String::new());
        let parsed = parse_file(&source);
        let ports: Vec<_> = rows(&parsed).iter().map(|r| r.port).collect();
        assert_eq!(ports, [Some(7000), None, None]);
        assert_eq!(rows(&parsed)[0].rack.as_deref(), Some("r1"));
    }

    #[test]
    fn a_bad_row_is_skipped_and_said() {
        let text = "host,ip,colour\nh1,$(reboot),red\n,10.0.0.2,\nh3,10.0.0.3\n";
        let source = Source::new("hosts.csv", text.into(), String::new());
        let parsed = parse_file(&source);
        assert_eq!(rows(&parsed).len(), 1);
        let said: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|d| (d.code, d.place.as_ref().map(|p| (p.line, p.column))))
            .collect();
        assert_eq!(
            said,
            [
                (Parse::Column.code(), Some((1, 9))),
                (Parse::Address.code(), Some((2, 4))),
                (Parse::Cell.code(), Some((3, 1))),
            ]
        );
    }

    #[test]
    fn a_named_file_must_have_its_columns() {
        let source = Source::new("x.csv", "name,ip\nh1,10.0.0.1\n".into(), String::new());
        let parsed = host_map(&source);
        assert!(parsed.sections.is_empty());
        assert_eq!(parsed.diagnostics[0].code, Parse::Header);
    }
}
