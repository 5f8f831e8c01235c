//! Hosts by shards: a letter where a host holds a copy.

use std::collections::BTreeMap;

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::show::name;
use crate::render::show::shown;
use crate::render::style::Ink;
use crate::report::ShowReport;
use crate::report::ShownNode;
use crate::report::ShownRole;
use crate::report::ShownShard;
use crate::report::ShownSync;
use crate::text::safe::width;

/// Where nobody knows the host of a copy.
const NOWHERE: &str = "no host known";

/// The widest name of a host.
const WIDEST: usize = 30;

/// Blocks of as many shards as fit beside the hosts; the worst shards come first. Without `-v`
/// only the first block.
pub(super) fn write(page: &mut Page, report: &ShowReport) {
    let names = report.hosts.iter().map(|host| width(&host.host));
    let copies = report.shards.iter().flat_map(|shard| &shard.copies);
    let nowhere = copies.filter(|copy| copy.host.is_none());
    let names = names.chain(nowhere.map(|_| width(NOWHERE)));
    let first = names.max().unwrap_or(0).min(WIDEST) + 2;
    let room = page.look.width.saturating_sub(first).max(10);
    let blocks: Vec<&[ShownShard]> = report.shards.chunks(room).collect();
    let visible = if page.look.verbose > 0 {
        blocks.len()
    } else {
        1
    };
    let mut from = 1;
    for block in blocks.iter().take(visible) {
        block_of(page, report, first, from, block);
        from += block.len();
        page.gap();
    }
    legend(page, report);
    let hidden: usize = blocks.iter().skip(visible).map(|block| block.len()).sum();
    if hidden > 0 {
        let text = format!("and {hidden} more shards, all shown by -v");
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
}

fn block_of(
    page: &mut Page,
    report: &ShowReport,
    first: usize,
    from: usize,
    shards: &[ShownShard],
) {
    // The number of a shard stands above it, its digits below each other.
    let digits = (from + shards.len()).to_string().len();
    for digit in 0..digits {
        let power = 10_usize.pow((digits - 1 - digit) as u32);
        let row: String = (from..from + shards.len())
            .map(|number| match number / power {
                0 => ' ',
                n => char::from_digit((n % 10) as u32, 10).unwrap_or(' '),
            })
            .collect();
        let label = if digit == 0 { "shard" } else { "" };
        page.line(
            Line::new()
                .put(Ink::Dim, label)
                .at(first)
                .put(Ink::Dim, &row),
        );
    }
    let mut cells: BTreeMap<Option<&str>, Vec<char>> = BTreeMap::new();
    for (column, shard) in shards.iter().enumerate() {
        for copy in &shard.copies {
            let row = cells.entry(copy.host.as_deref());
            let row = row.or_insert_with(|| vec!['.'; shards.len()]);
            row[column] = worse(row[column], letter(copy));
        }
    }
    for host in &report.hosts {
        let blank = || vec!['.'; shards.len()];
        let row = cells
            .remove(&Some(host.host.as_str()))
            .unwrap_or_else(blank);
        line(page, &host.host, first, &row);
    }
    if let Some(row) = cells.remove(&None) {
        line(page, NOWHERE, first, &row);
    }
}

fn line(page: &mut Page, host: &str, first: usize, row: &[char]) {
    let mut line = Line::new().put(Ink::Plain, host).at(first);
    // Runs of one ink: a piece for each cell would be read cell by cell.
    for run in row.chunk_by(|a, b| ink(*a) == ink(*b)) {
        let text: String = run.iter().collect();
        line = line.put(ink(run[0]), &text);
    }
    page.line(line);
}

fn ink(cell: char) -> Ink {
    match cell {
        '.' => Ink::Dim,
        'x' => Ink::Error,
        '2' => Ink::Warning,
        _ => Ink::Plain,
    }
}

fn letter(copy: &ShownNode) -> char {
    match copy.role {
        _ if !copy.live || copy.sync == ShownSync::NotAlive => 'x',
        ShownRole::Master => 'M',
        ShownRole::Replica | ShownRole::Spare | ShownRole::Ghost => 'r',
    }
}

/// Of two copies on one host.
fn worse(old: char, new: char) -> char {
    match (old, new) {
        ('.', new) => new,
        ('x', 'x') => 'x',
        // A dead one says less than the live one beside it.
        ('x', live) | (live, 'x') => live,
        _ => '2',
    }
}

fn legend(page: &mut Page, report: &ShowReport) {
    let text = "M master, r replica, x dead, 2 more than one copy on the host, . none; shards are \
                numbered from the worst";
    page.wrapped(Line::new(), 0, Ink::Dim, text);
    let visible = shown(page, report.shards.len());
    for (number, shard) in (1..).zip(&report.shards).take(visible) {
        let ranges: Vec<&str> = shard.name.split(',').collect();
        let slots = match ranges.len() {
            1..=2 => shard.name.clone(),
            n => format!("{} and {} more ranges", ranges[0], n - 1),
        };
        let owner = shard.copies.first().map_or(String::new(), name);
        let line = Line::new().put(Ink::Dim, &format!("{number:>4}"));
        page.line(line.at(6).put(Ink::Plain, &format!("{owner} {slots}")));
    }
}
