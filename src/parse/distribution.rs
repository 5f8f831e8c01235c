//! `flashbase check-distribution`, or `cluster distribution` of ltcli: masters and replicas by
//! host, as that command counts them.

use crate::diagnostic::Parse;
use crate::parse::Dialect;
use crate::parse::Distribution;
use crate::parse::DistributionRow;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::bars;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::log::Spot;
use crate::text::quote::quote;

pub(super) static DIALECT: Dialect = Dialect {
    name: "distribution",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lines()
        .any(|line| header(&bars::cells(line)).is_some())
}

/// Whether the header is that of ltcli.
fn header(cells: &[&str]) -> Option<bool> {
    match cells {
        ["HOST", "MASTER", "SLAVE"] => Some(true),
        ["SERVER NAME", "M", "S"] => Some(false),
        _ => None,
    }
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let mut table = Distribution::default();
    let mut begun = false;
    for (line, text, cells) in bars::rows(block) {
        if let Some(one_range) = header(&cells) {
            // Taken before and after a change: the last one tells how things are.
            table = Distribution {
                one_range_only: one_range,
                rows: Vec::new(),
            };
            begun = true;
            continue;
        }
        let numbers = |m: &str, s: &str| Some((m.parse().ok()?, s.parse().ok()?));
        match cells[..] {
            _ if !begun => {}
            ["TOTAL" | "Total nodes", ..] => {}
            [host, masters, replicas]
                if numbers(masters, replicas).is_some() && !host.is_empty() =>
            {
                let (masters, replicas) = numbers(masters, replicas).unwrap_or_default();
                let (name, ip) = bars::name_and_ip(host);
                table.rows.push(DistributionRow {
                    line,
                    host: name.to_owned(),
                    ip: ip.map(str::to_owned),
                    masters,
                    replicas,
                });
            }
            _ => log.say(
                Parse::Cell,
                format!(
                    "{} is no row of the distribution; it was skipped",
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
    vec![Section::new(
        DIALECT.name,
        block,
        Facts::Distribution(table),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn table(text: &str) -> (bool, Vec<String>, usize) {
        let source = Source::new("f", text.into(), String::new());
        let parsed = parse_file(&source);
        let Facts::Distribution(table) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        let rows = table.rows.iter().map(|r| {
            let ip = r.ip.as_deref().unwrap_or("-");
            format!("{} {ip} {} {} {}", r.line, r.host, r.masters, r.replicas)
        });
        (
            table.one_range_only,
            rows.collect(),
            parsed.diagnostics.len(),
        )
    }

    #[test]
    fn reads_both_commands() {
        let text = "check distribution of masters/slaves...\n\nSERVER NAME\t|\tM\t|\tS\n\
            --------------------------------\n10.0.0.1   |\t4 | 3\nTotal nodes | 4 | 3\n\n...\n";
        assert_eq!(table(text), (false, vec!["5 - 10.0.0.1 4 3".to_owned()], 0));
        let text = "+---+---+---+\n| HOST | MASTER | SLAVE |\n+---+---+---+\n\
            | db1(10.0.0.1) |  3 | 2 |\n| x | y | 2 |\n| TOTAL | 3 | 2 |\n+---+---+---+\nme@db:21>\n";
        assert_eq!(
            table(text),
            (true, vec!["4 10.0.0.1 db1 3 2".to_owned()], 1)
        );
    }
}
