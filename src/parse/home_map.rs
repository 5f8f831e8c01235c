//! The home map: CSV with `ip` and `port` or `address`, `role`, and optional `master`.

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::HomeRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::table;
use crate::parse::table::Header;
use crate::parse::table::Row;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "home-map",
    sniff,
    parse,
};

/// `host` says nothing here that the host map does not, but people keep it for reading.
const COLUMNS: [&str; 6] = ["ip", "port", "address", "role", "master", "host"];

fn sniff(head: &Head) -> bool {
    is_home(head.header())
}

pub(super) fn is_home(header: Option<&Header>) -> bool {
    header.is_some_and(|h| h.has("role") && (h.has("address") || h.has("ip") && h.has("port")))
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    if !is_home(Header::of(block).as_ref()) {
        let what = "`role`, and `address` or `ip` and `port` columns";
        table::lacks_columns(block, what, log);
        return Vec::new();
    }
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::HomeMap(table::rows(block, &COLUMNS, log, row)),
    )]
}

fn row(row: &Row, log: &mut Log) -> Option<HomeRow> {
    let address = row.own_address(log)?;
    let role = row.need("role", log)?;
    let master_role = match role.to_ascii_lowercase().as_str() {
        "master" | "primary" => true,
        "replica" | "slave" => false,
        _ => {
            let message = format!(
                "role {} is neither master nor replica; the row was skipped",
                quote(role)
            );
            log.say(Parse::Role, message, row.spot("role"));
            return None;
        }
    };
    let master = match row.get("master") {
        None | Some("-") => None,
        Some(_) => Some(row.address("master", log)?),
    };
    Some(HomeRow {
        line: row.line,
        address,
        master_role,
        master,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn read(text: &str) -> (Vec<HomeRow>, Vec<Code>) {
        let source = Source::new("layout.csv", text.into(), String::new());
        let mut parsed = parse_file(&source);
        let codes = parsed.diagnostics.iter().map(|d| d.code).collect();
        match parsed.sections.remove(0).facts {
            Facts::HomeMap(rows) => (rows, codes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_both_spellings_of_an_address() {
        let row = |line, address: &str, master: Option<&str>| HomeRow {
            line,
            address: address.parse().unwrap(),
            master_role: master.is_none(),
            master: master.map(|m| m.parse().unwrap()),
        };
        let expected = vec![
            row(2, "10.0.0.1:7000", None),
            row(3, "10.0.0.2:7001", Some("10.0.0.1:7000")),
        ];
        let split = "host,ip,port,role,master\nh1,10.0.0.1,7000,master,\nh2,10.0.0.2,7001,replica,10.0.0.1:7000\n";
        assert_eq!(read(split), (expected.clone(), vec![]));
        let whole =
            "role,address,master\nprimary,10.0.0.1:7000,-\nslave,10.0.0.2:7001,10.0.0.1:7000\n";
        assert_eq!(read(whole), (expected, vec![]));
    }

    #[test]
    fn skips_what_it_cannot_read() {
        let text =
            "ip,port,role,master\n10.0.0.1,7000,boss,\n10.0.0.1,0,master,\n10.0.0.1,7001,slave,x\n";
        let (rows, codes) = read(text);
        assert_eq!(rows, []);
        assert_eq!(codes, [Parse::Role, Parse::Port, Parse::Address]);
    }
}
