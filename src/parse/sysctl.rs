//! `sysctl`: settings of one host's kernel.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::MachineRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "sysctl",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    head.lines()
        .next()
        .is_some_and(|line| setting(line).is_some())
}

/// `vm.overcommit_memory = 1`, `net.core.somaxconn=128`.
fn setting(line: &str) -> Option<(&str, &str)> {
    const TREES: [&str; 6] = ["vm.", "net.", "kernel.", "fs.", "user.", "dev."];
    let (key, value) = line.trim().split_once('=')?;
    let key = key.trim();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
    let is_key = TREES.iter().any(|tree| key.starts_with(tree)) && key.bytes().all(legal);
    is_key.then_some((key, value.trim()))
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    for (line, text) in block.lines() {
        let Some((key, value)) = setting(text) else {
            continue;
        };
        let number = || value.parse::<u64>().ok();
        let what = match key {
            "vm.overcommit_memory" => number().map(MachineFact::Overcommit),
            "net.core.somaxconn" => number().map(MachineFact::Somaxconn),
            _ => None,
        };
        rows.extend(what.map(|what| MachineRow { line, what }));
    }
    vec![Section::new(DIALECT.name, block, Facts::Machine(rows))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::machine;

    #[test]
    fn reads_what_rules_ask_for() {
        let text = "kernel.hostname = db1\nvm.overcommit_memory = 0\nnet.core.somaxconn=128\n";
        assert_eq!(
            machine(text),
            [MachineFact::Overcommit(0), MachineFact::Somaxconn(128)]
        );
    }
}
