//! The answer of `list` as bare lines, for pipes: the bytes that the `find-*` commands and
//! `check-distribution` of flashbase print.

use std::fmt::Write;

use crate::report::HostRoles;
use crate::report::ListItem;
use crate::report::ListReport;
use crate::text::safe::safe;

/// What is printed of each node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// `ip:port`
    Address,
    Port,
    Id,
    /// The captured line of a ghost; its id where no file has one.
    Line,
}

/// One line for each node and nothing else; a table for the distribution.
pub fn list(report: &ListReport, column: Column) -> String {
    if let Some(rows) = &report.distribution {
        return distribution(rows);
    }
    let mut text = String::new();
    for item in &report.items {
        text.push_str(&safe(cell(item, column)));
        text.push('\n');
    }
    text
}

fn cell(item: &ListItem, column: Column) -> &str {
    let address = item.address.as_deref().unwrap_or(&item.id);
    match column {
        Column::Address => address,
        Column::Port => address.rsplit(':').next().unwrap_or(address),
        Column::Id => &item.id,
        Column::Line => item.line.as_deref().unwrap_or(&item.id),
    }
}

fn distribution(rows: &[HostRoles]) -> String {
    const RULE: &str = "--------------------------------";
    let mut text =
        format!("check distribution of masters/slaves...\nSERVER NAME | M | S\n{RULE}\n");
    // Names are padded to the width of the heading and never cut; numbers are not padded.
    let mut row = |name: &str, masters: usize, replicas: usize| {
        let _ = writeln!(text, "{name:<11} | {masters} | {replicas}");
    };
    let (mut masters, mut replicas) = (0, 0);
    for host in rows {
        row(&safe(&host.host), host.masters, host.replicas);
        masters += host.masters;
        replicas += host.replicas;
    }
    let _ = writeln!(text, "{RULE}\nTotal nodes | {masters} | {replicas}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::testing;

    #[test]
    fn every_column_is_a_bare_line() {
        let mut report = testing::list();
        report.items[0].line = None;
        for (column, line) in [
            (Column::Address, "10.0.0.1:7000\n"),
            (Column::Port, "7000\n"),
            (Column::Id, "id\n"),
            (Column::Line, "id\n"),
        ] {
            assert_eq!(list(&report, column), line);
        }
    }

    #[test]
    fn a_captured_line_cannot_paint() {
        let mut report = testing::list();
        report.items[0].line = Some("id :0 noaddr\x1b[2J - 0 0 1 disconnected".into());
        assert_eq!(
            list(&report, Column::Line),
            "id :0 noaddr\\x1b[2J - 0 0 1 disconnected\n"
        );
    }

    #[test]
    fn the_distribution_is_padded_as_flashbase_pads_it() {
        let mut report = testing::list();
        let row = |host: &str, masters, replicas| HostRoles {
            host: host.into(),
            masters,
            replicas,
        };
        report.distribution = Some(vec![row("10.0.0.1", 4, 4), row("192.168.111.38", 0, 8)]);
        assert_eq!(
            list(&report, Column::Address),
            "check distribution of masters/slaves...\n\
             SERVER NAME | M | S\n\
             --------------------------------\n\
             10.0.0.1    | 4 | 4\n\
             192.168.111.38 | 0 | 8\n\
             --------------------------------\n\
             Total nodes | 4 | 12\n"
        );
    }
}
