//! Tables by plain padding, and the two tables of hosts.

use std::collections::BTreeMap;

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::HostLoad;
use crate::report::HostRoom;
use crate::text::safe::width;
use crate::text::words::bytes;
use crate::text::words::count;

/// More hosts than this are summed up, unless `-v` asks for all.
const HOSTS_SHOWN: usize = 16;

/// One cell: its ink and text.
pub(super) type Cell = (Ink, String);

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Rows under a dim head line, two blanks between columns.
pub(super) struct Table {
    indent: usize,
    columns: Vec<(Side, String)>,
    rows: Vec<Row>,
}

enum Row {
    Cells(Vec<Cell>),
    /// One cell across all columns.
    Span(Cell),
}

impl Table {
    pub fn new(indent: usize, columns: &[(Side, &str)]) -> Self {
        Self {
            indent,
            columns: columns.iter().map(|(s, t)| (*s, t.to_string())).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    /// A text that is no part of any column, such as a name too long for one.
    pub fn span(&mut self, ink: Ink, text: &str) {
        self.rows.push(Row::Span((ink, text.to_owned())));
    }

    pub fn write(self, page: &mut Page) {
        let mut widths: Vec<usize> = self.columns.iter().map(|(_, t)| width(t)).collect();
        for row in &self.rows {
            if let Row::Cells(cells) = row {
                for (size, (_, text)) in widths.iter_mut().zip(cells) {
                    *size = (*size).max(width(text));
                }
            }
        }
        let head: Vec<Cell> = self
            .columns
            .iter()
            .map(|c| (Ink::Dim, c.1.clone()))
            .collect();
        self.cells(page, &widths, &head);
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.cells(page, &widths, cells),
                Row::Span((ink, text)) => {
                    page.line(Line::new().at(self.indent).put(*ink, text));
                }
            }
        }
    }

    fn cells(&self, page: &mut Page, widths: &[usize], cells: &[Cell]) {
        let mut line = Line::new();
        let mut start = self.indent;
        for ((ink, text), ((side, _), size)) in cells.iter().zip(self.columns.iter().zip(widths)) {
            let shift = match side {
                Side::Left => 0,
                Side::Right => size - width(text),
            };
            line = line.at(start + shift).put(*ink, text);
            start += size + 2;
        }
        page.line(line);
    }
}

/// Live nodes per host. Many hosts are grouped by equal load, the most masters first.
pub(super) fn distribution(page: &mut Page, indent: usize, loads: &[HostLoad]) {
    distribution_with_memory(page, indent, loads, &[]);
}

/// The same, with what the servers of a host may need of its memory, where that is known of any.
pub(super) fn distribution_with_memory(
    page: &mut Page,
    indent: usize,
    loads: &[HostLoad],
    memory: &[HostRoom],
) {
    let rooms: BTreeMap<&str, &HostRoom> = memory.iter().map(|r| (&*r.host, r)).collect();
    let mut columns = vec![
        (Side::Left, "host"),
        (Side::Right, "masters"),
        (Side::Right, "replicas"),
        (Side::Right, "spares"),
    ];
    if !rooms.is_empty() {
        columns.push((Side::Left, "memory needed"));
    }
    let mut table = Table::new(indent, &columns);
    let needed = |load: &HostLoad| {
        rooms.get(&*load.host).map(|room| {
            let ink = if room.fits { Ink::Plain } else { Ink::Warning };
            let (needed, has) = (bytes(room.needed_bytes), bytes(room.memory_bytes));
            (ink, format!("{needed} of {has}"))
        })
    };
    let mut row = |name: &str, load: &HostLoad| {
        let numbers = [load.masters, load.replicas, load.spares];
        let cells = numbers.map(|n| (if n == 0 { Ink::Dim } else { Ink::Plain }, n.to_string()));
        let cells = std::iter::once((Ink::Plain, name.to_owned())).chain(cells);
        table.row(cells.chain(needed(load)));
    };
    if loads.len() <= HOSTS_SHOWN || page.look.verbose > 0 {
        for load in loads {
            row(&load.host, load);
        }
    } else {
        let mut equal: BTreeMap<_, Vec<&HostLoad>> = BTreeMap::new();
        for load in loads {
            let needed = needed(load).map(|(_, text)| text);
            let key = (load.masters, load.replicas, load.spares, needed);
            equal.entry(key).or_default().push(load);
        }
        for group in equal.values().rev() {
            match group.as_slice() {
                [one] => row(&one.host, one),
                [first, ..] => {
                    let rest = group.len() - 1;
                    row(&format!("{} and {rest} more", first.host), first);
                }
                [] => {}
            }
        }
    }
    table.write(page);
}

/// Live nodes per host, before and after. Of many hosts only those that change are shown.
pub(super) fn change(page: &mut Page, indent: usize, before: &[HostLoad], after: &[HostLoad]) {
    let mut hosts: BTreeMap<&str, [Option<&HostLoad>; 2]> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for (moment, loads) in [before, after].into_iter().enumerate() {
        for load in loads {
            let entry = hosts.entry(&load.host).or_insert_with(|| {
                order.push(&load.host);
                [None; 2]
            });
            entry[moment] = Some(load);
        }
    }
    let short = hosts.len() > HOSTS_SHOWN && page.look.verbose == 0;
    let spares = before.iter().chain(after).any(|l| l.spares > 0);
    let mut columns = vec![
        (Side::Left, "host"),
        (Side::Left, "masters"),
        (Side::Left, "replicas"),
    ];
    if spares {
        columns.push((Side::Left, "spares"));
    }
    let mut table = Table::new(indent, &columns);
    let mut same = 0;
    for host in order {
        let [was, is] = hosts[host].map(|load| load.map_or([0; 3], numbers));
        if short && was == is {
            same += 1;
            continue;
        }
        let cells = was.iter().zip(is).map(|(was, is)| {
            if *was == is {
                (Ink::Dim, is.to_string())
            } else {
                (Ink::Head, format!("{was} -> {is}"))
            }
        });
        table.row(std::iter::once((Ink::Plain, host.to_owned())).chain(cells));
    }
    table.write(page);
    if same > 0 {
        let text = format!("{} more stay as they are", count(same, "host"));
        page.wrapped(Line::new(), indent, Ink::Dim, &text);
    }
}

fn numbers(load: &HostLoad) -> [usize; 3] {
    [load.masters, load.replicas, load.spares]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Look;
    use crate::render::testing::load;

    #[test]
    fn numbers_stand_under_each_other() {
        let mut page = Page::new(Look::default());
        distribution(
            &mut page,
            0,
            &[load("a", 1, 12, 0), load("host-2", 10, 2, 1)],
        );
        assert_eq!(
            page.finish(),
            "host    masters  replicas  spares\n\
             a             1        12       0\n\
             host-2       10         2       1\n"
        );
    }

    #[test]
    fn many_equal_hosts_take_one_line() {
        let mut loads: Vec<_> = (0..40).map(|i| load(&format!("h{i}"), 2, 2, 0)).collect();
        loads.push(load("x", 9, 0, 0));
        let mut page = Page::new(Look::default());
        distribution(&mut page, 0, &loads);
        assert_eq!(
            page.finish(),
            "host            masters  replicas  spares\n\
             x                     9         0       0\n\
             h0 and 39 more        2         2       0\n"
        );
    }

    #[test]
    fn a_change_is_written_as_one() {
        let mut page = Page::new(Look::default());
        let before = [load("a", 8, 0, 0), load("b", 4, 4, 0)];
        let after = [load("a", 4, 4, 0), load("b", 4, 4, 0)];
        change(&mut page, 2, &before, &after);
        assert_eq!(
            page.finish(),
            "  host  masters  replicas\n  a     8 -> 4   0 -> 4\n  b     4        4\n"
        );
    }
}
