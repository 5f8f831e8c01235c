//! The addresses of one host: what `hostname -I` prints, one or many on a line.

use std::net::IpAddr;

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "host-ips",
    sniff,
    parse,
};

/// The heading that the collector writes, as bare addresses may be anything.
const HEADING: &str = "# topoplan collect: addresses of this host";

fn sniff(head: &Head) -> bool {
    let first = head.raw_lines().find(|line| !is_noise(line));
    first.is_some_and(|line| line.trim() == HEADING)
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let words = block.text.lines().skip(1).flat_map(str::split_whitespace);
    let ips = words
        .map(|word| word.split('/').next().unwrap_or(word))
        .filter(|word| word.parse::<IpAddr>().is_ok_and(|ip| !ip.is_loopback()));
    let ips = ips.map(str::to_owned).collect();
    vec![Section::new(DIALECT.name, block, Facts::HostIps(ips))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn reads_every_address_but_those_that_all_hosts_have() {
        let text = format!("{HEADING}\n127.0.0.1 10.0.0.1\nfd01::5/64\nword\n");
        let source = Source::new("ips.txt", text, String::new());
        let parsed = parse_file(&source);
        assert_eq!(parsed.diagnostics, []);
        let Facts::HostIps(ips) = &parsed.sections[0].facts else {
            panic!("{parsed:?}");
        };
        assert_eq!(ips, &["10.0.0.1", "fd01::5"]);
    }
}
