//! `nproc`, a number alone, and `lscpu`: how many cores a host has.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::MachineRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::block::is_noise;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::text::Source;

pub(super) static DIALECT: Dialect = Dialect {
    name: "nproc",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let first = head.lines().next().unwrap_or("");
    first.starts_with("Architecture:") && head.lines().any(|line| cores(line).is_some())
}

/// `CPU(s):              4`
fn cores(line: &str) -> Option<u32> {
    line.trim().strip_prefix("CPU(s):")?.trim().parse().ok()
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let found = block
        .lines()
        .find_map(|(line, text)| Some((line, cores(text)?)));
    let rows = found.into_iter().map(row).collect();
    vec![Section::new(DIALECT.name, block, Facts::Machine(rows))]
}

fn row((line, cores): (u32, u32)) -> MachineRow {
    MachineRow {
        line,
        what: MachineFact::Cores(cores),
    }
}

/// Below the command.
pub(super) fn below<'a>(command: &str, body: Block<'a>) -> Option<Section<'a>> {
    let mut words = command.split([' ', '\t', '"', '\'', ';', '/']);
    words
        .any(|word| word == "nproc")
        .then(|| alone(body))
        .flatten()
}

/// In a file that is named after the command.
pub(super) fn in_file(source: &Source) -> Option<Section<'_>> {
    let name = source.path.rsplit('/').next()?.to_ascii_lowercase();
    name.contains("nproc")
        .then(|| alone(Block::of(source)))
        .flatten()
}

/// A number and nothing else.
fn alone(block: Block<'_>) -> Option<Section<'_>> {
    let mut lines = block.lines().filter(|(_, text)| !is_noise(text));
    let (line, text) = lines.next()?;
    let cores = text.trim().parse().ok().filter(|&n| n > 0)?;
    let rows = vec![row((line, cores))];
    lines
        .next()
        .is_none()
        .then(|| Section::new(DIALECT.name, block, Facts::Machine(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::machine;
    use crate::parse::testing::machine_in;

    #[test]
    fn a_number_alone_is_told_by_the_name_or_the_command() {
        assert_eq!(
            machine_in("hosts/h1/nproc.txt", "4\n"),
            [MachineFact::Cores(4)]
        );
        assert_eq!(machine("me@h1:~$ nproc\n16\n"), [MachineFact::Cores(16)]);
        let lscpu = "Architecture:        x86_64\nCPU op-mode(s): 32-bit\nCPU(s):              8\n";
        assert_eq!(machine(lscpu), [MachineFact::Cores(8)]);
    }
}
