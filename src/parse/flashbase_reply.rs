//! What other commands of flashbase and ltcli print: reports that the views tell better, and
//! replies of commands that change things. Known, and not used.

use crate::model::Address;
use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::Section;
use crate::parse::bars;
use crate::parse::block::Block;
use crate::parse::error_reply;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::reply;

pub(super) static DIALECT: Dialect = Dialect {
    name: "flashbase-reply",
    sniff,
    parse,
};

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    vec![Section::new(DIALECT.name, block, Facts::Nothing)]
}

fn sniff(head: &Head) -> bool {
    let mut lines = head
        .lines()
        .map(reply::without_numbers)
        .filter(|line| !bars::is_rule(line) && !line.starts_with("flashbase find-"));
    let Some(first) = lines.next() else {
        return false;
    };
    // What a server refused is said elsewhere.
    if (error_reply::DIALECT.sniff)(head) {
        return false;
    }
    // `reset-distribution` says whom it promoted, and how that went.
    let promoted = first.parse::<Address>().is_ok() && lines.next() == Some("OK");
    promoted || is_reply(first) || is_tree(first)
}

fn is_reply(line: &str) -> bool {
    const BEGINNINGS: [&str; 15] = [
        // `cluster failover_list`, without the number.
        "failovered masters:",
        "Use options(",
        "Error) Invalid arguments",
        "flashbase kill ",
        // What `pairing.py` proposes.
        "flashbase do-replicate ",
        "Start to replicate",
        "The slave node is not belong to the cluster",
        "'cluster meet' is done",
        "Fail to get master",
        "failover ",
        "Failover ",
        "All master is alive",
        "all masters in ",
        "BUMPED ",
        "(error) ERR Unknown node ",
    ];
    let line = line.trim();
    line == "OK"
        || BEGINNINGS.iter().any(|b| line.starts_with(b))
        || line.contains(" as slave of master(")
        || line.contains(" nodes have forgot ")
        || line.contains(" will be master")
        || line.contains('|') && is_header(&bars::cells(line))
}

/// Of `cluster find_noaddr`, and of the slots as the shell of ltcli shows them.
fn is_header(cells: &[&str]) -> bool {
    matches!(cells, ["UUID"] | ["start", "end", "m_ip", ..])
}

/// `10.0.0.1:7000(connected)`, its replicas below it behind `|__ `.
fn is_tree(line: &str) -> bool {
    let node = line.trim_start_matches("|__").trim();
    node.split_once('(').is_some_and(|(address, state)| {
        address.parse::<Address>().is_ok()
            && (state.starts_with("connected)")
                || state.starts_with("disconnected)")
                || state.starts_with("paused)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    #[test]
    fn replies_make_no_noise() {
        for text in [
            "10.0.0.1:7000(connected)\n|__ 10.0.0.1:7001(connected)\n",
            "1) failovered masters:\n10.0.0.1:7000\n\n2) no-slave masters:\n",
            "+------+\n| UUID |\n+------+\n",
            "\"27\" nodes have forgot \"ab\"\n",
            "'10.0.0.1:7000' will be master...\nOK\n",
            "10.0.0.1:7000\nOK\n10.0.0.1:7001\nOK\n",
            "Add 10.0.0.1:7000 as slave of master(10.0.0.1:7001)\nOK\n",
            "flashbase kill 7000\n",
            "BUMPED 321\n",
            "flashbase find-slaves\nUse options(failbacked)\n",
            "flashbase do-replicate 10.0.0.1:7000 10.0.0.2:7000\n",
            "+-------+-----+------+\n| start | end | m_ip |\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            let parsed = parse_file(&source);
            assert_eq!(parsed.diagnostics, [], "{text}");
            let kinds: Vec<_> = parsed.sections.iter().map(|s| s.dialect).collect();
            assert_eq!(kinds, ["flashbase-reply"], "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_claimed() {
        for text in [
            "10.0.0.1:7000\n10.0.0.1:7001\n",
            "OKAY\n",
            "(error) NOAUTH\n",
            "a(b)\n",
        ] {
            let source = Source::new("f", text.into(), String::new());
            assert!(!sniff(&Head::of(Block::of(&source))), "{text}");
        }
    }
}
