//! `free` and `/proc/meminfo`: the memory of one host.

use crate::parse::Dialect;
use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::MachineRow;
use crate::parse::Section;
use crate::parse::block::Block;
use crate::parse::head::Head;
use crate::parse::log::Log;
use crate::parse::size::human;

pub(super) static DIALECT: Dialect = Dialect {
    name: "free",
    sniff,
    parse,
};

fn sniff(head: &Head) -> bool {
    let mut lines = head.lines();
    let first = lines.next().unwrap_or("");
    first.starts_with("MemTotal:") || is_header(first) && lines.any(|l| l.starts_with("Mem:"))
}

/// `              total        used        free      shared  buff/cache   available`
fn is_header(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("total") && words.next() == Some("used")
}

fn parse<'a>(block: Block<'a>, _: &mut Log) -> Vec<Section<'a>> {
    let mut rows = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    let (mut swap_total, mut swap_free) = (None, None);
    for (line, text) in block.lines() {
        let text = text.trim();
        if is_header(text) {
            columns = text.split_whitespace().collect();
            continue;
        }
        let Some((name, rest)) = text.split_once(':') else {
            continue;
        };
        let mut push = |what| rows.push(MachineRow { line, what });
        let column = |wanted: &str| {
            let at = columns.iter().position(|c| *c == wanted)?;
            rest.split_whitespace().nth(at)
        };
        // Every number of one listing has the unit of the first.
        let unit = |text: &str| bytes(text, rest.split_whitespace().next().unwrap_or(""));
        match name {
            "Mem" => {
                if let Some(total) = column("total").and_then(unit) {
                    push(MachineFact::Memory(total));
                }
                if let Some(free) = column("available").and_then(unit) {
                    push(MachineFact::Available(free));
                }
            }
            // Of a listing without swap the unit cannot be told, and nothing is used.
            "Swap" => match column("used") {
                Some(used) if used.trim_start_matches('0').is_empty() => {}
                Some(used) => push(MachineFact::SwapUsed(human(used).unwrap_or(1))),
                None => {}
            },
            "MemTotal" => rows.extend(kib(rest).map(|n| MachineRow {
                line,
                what: MachineFact::Memory(n),
            })),
            "MemAvailable" => rows.extend(kib(rest).map(|n| MachineRow {
                line,
                what: MachineFact::Available(n),
            })),
            "SwapTotal" => swap_total = kib(rest),
            "SwapFree" => swap_free = kib(rest).map(|n| (n, line)),
            _ => {}
        }
    }
    if let (Some(total), Some((free, line))) = (swap_total, swap_free)
        && total > free
    {
        let what = MachineFact::SwapUsed(total - free);
        rows.push(MachineRow { line, what });
    }
    vec![Section::new(DIALECT.name, block, Facts::Machine(rows))]
}

/// `32768000 kB`
fn kib(text: &str) -> Option<u64> {
    let number = text.trim().strip_suffix("kB")?.trim();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

/// `free` does not say its unit: KiB where nothing is asked for, else bytes, MiB or GiB. The total
/// tells it, but where machines of two sizes are as likely.
fn bytes(text: &str, total: &str) -> Option<u64> {
    if text.bytes().any(|b| b.is_ascii_alphabetic()) {
        return human(text);
    }
    let number: u64 = text.parse().ok()?;
    let unit = match total.parse::<u64>().ok()? {
        4_000_000_000.. => 1,
        // One to four GB in bytes, or as many TB in KiB.
        1_000_000_000.. => return None,
        1_000_000.. => 1 << 10,
        500.. => 1 << 20,
        1.. => 1 << 30,
        0 => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::testing::machine;

    #[test]
    fn reads_every_unit() {
        let available = MachineFact::Available(16 << 30);
        let memory = MachineFact::Memory(32 << 30);
        for (total, free) in [
            ("34359738368", "17179869184"),
            ("33554432", "16777216"),
            ("32768", "16384"),
            ("32", "16"),
            ("32Gi", "16Gi"),
            ("32G", "16G"),
        ] {
            let text = format!(
                "        total   used   free  shared  buff/cache   available\n\
                 Mem:    {total}   1      1      1       1       {free}\nSwap:    0   0   0\n"
            );
            assert_eq!(
                machine(&text),
                [memory.clone(), available.clone()],
                "{total}"
            );
        }
        let meminfo = "MemTotal:       33554432 kB\nMemFree: 1 kB\nMemAvailable:   16777216 kB\n\
            SwapTotal: 2048 kB\nSwapFree: 1024 kB\n";
        assert_eq!(
            machine(meminfo),
            [memory, available, MachineFact::SwapUsed(1 << 20)]
        );
    }

    #[test]
    fn what_may_be_two_sizes_is_none() {
        let text = "   total  used  free\nMem:  2000000000  1  1\nSwap: 100 7 93\n";
        assert_eq!(machine(text), [MachineFact::SwapUsed(7)]);
    }
}
