//! `/proc/PID/limits` and `ulimit -a`: how many files a server may open.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::MachineRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;

pub(super) static DIALECT: Dialect = Dialect {
    name: "limits",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let mut lines = head.lines();
    let first = lines.clone().next().unwrap_or("");
    let known = first.starts_with("Limit ")
        || first.starts_with("Max ")
        || first.starts_with("core file size")
        || first.starts_with("real-time non-blocking time")
        || open_files(first).is_some();
    known && lines.any(|line| open_files(line).is_some())
}

/// The soft limit of `Max open files  1024  524288  files` or `open files  (-n) 1024`.
fn open_files(line: &str) -> Option<&str> {
    let line = line.trim();
    let proc = line.strip_prefix("Max open files ");
    let shell = || {
        line.strip_prefix("open files ")?
            .split_once("(-n)")
            .map(|(_, n)| n)
    };
    proc.or_else(shell)?.split_whitespace().next()
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let rows = block.lines().filter_map(|(line, text)| {
        // `unlimited` is no limit.
        let files = open_files(text)?.parse().ok()?;
        Some(MachineRow {
            line,
            what: MachineFact::OpenFiles(files),
        })
    });
    let rows = rows.collect();
    vec![Section::new(DIALECT.name, block, Facts::Machine(rows))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::machine;

    #[test]
    fn reads_both_forms() {
        let one = [MachineFact::OpenFiles(1024)];
        for text in [
            "Limit                     Soft Limit           Hard Limit           Units\n\
             Max cpu time              unlimited            unlimited            seconds\n\
             Max open files            1024                 524288               files\n",
            "core file size          (blocks, -c) 0\nopen files                      (-n) 1024\n",
        ] {
            assert_eq!(machine(text), one, "{text}");
        }
    }
}
