//! Bare addresses or ports, one a line: what `find-masters no-slot` and its like print.
//!
//! Nothing in such a file says which list it is, and every one of them can be told from the
//! views, so it is known and not used.

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::reply;

pub(super) static DIALECT: Dialect = Dialect {
    name: "address-list",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let is_port = |line: &str| line.parse::<u16>().is_ok_and(|port| port >= 1024);
    let mut head = head.lines().map(reply::scalar).peekable();
    // `flashbase find-masters no-slot`, pasted with what it printed.
    head.next_if(|line| line.starts_with("flashbase find-"));
    let Some(&first) = head.peek() else {
        return false;
    };
    if is_address(first) {
        return head.all(is_address);
    }
    // A number alone may be anything.
    let mut count = 0;
    head.inspect(|_| count += 1).all(is_port) && count > 1
}

/// With a port: a bare IPv6 would read like one.
fn is_address(line: &str) -> bool {
    line.contains(['.', ']'])
        && line.parse::<Address>().is_ok()
        && line.parse::<std::net::IpAddr>().is_err()
}

fn parse<'a>(block: Block<'a>, log: &mut Log) -> Vec<Section<'a>> {
    let lines = block.text.lines().filter(|line| !line.trim().is_empty());
    let count = lines.filter(|line| !line.contains("find-")).count();
    let nodes = if count == 1 { "node" } else { "nodes" };
    log.whole(Diagnostic::new(
        Capture::AddressList,
        format!(
            "a list of {count} {nodes} that was not needed: `topoplan list` tells the same from \
             the views"
        ),
    ));
    vec![Section::new(DIALECT.name, block, Facts::Nothing)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn lists_are_known_and_not_used() {
        for text in [
            "10.0.0.1:7000\n[fd00::1]:7001\n",
            "18200\n18204\n",
            "flashbase find-masters no-slot\n10.0.0.1:7000\n",
            "1) \"10.0.0.1:7000\"\n",
            "7000\n7001\n7002\n7003\n7004\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            assert_eq!(parsed.sections[0].dialect, "address-list", "{text}");
            assert_eq!(parsed.diagnostics[0].code, Capture::AddressList);
        }
        for text in [
            "18200\n",
            "0\n5460\n10.0.0.1\n7000\n",
            "10.0.0.1:7000\nOK\n",
            "fd00::1\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(!sniff(&Head::of(Block::of(&source))), "{text}");
        }
    }
}
