//! Who sees whom how: views that see all others alike are one row.

use std::collections::BTreeSet;

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::SeenAs;
use crate::report::ShowReport;
use crate::report::SightRow;
use crate::text::safe::width;
use crate::text::words::count;
use crate::text::words::list_up_to;

/// Nodes that are drawn as a matrix; of more, words tell who is seen how.
const DRAWN: usize = 40;

/// Names in one row without `-v`.
const NAMED: usize = 6;

pub(super) fn write(page: &mut Page, report: &ShowReport) {
    let views: usize = report.sights.iter().map(|row| row.observers.len()).sum();
    if views == 0 {
        page.line(Line::new().put(Ink::Dim, "no view tells whose it is"));
        return;
    }
    let odd = report.sights.iter().any(|row| !row.sees.is_empty());
    if !odd {
        let text = format!("{} see every node connected", count(views, "view"));
        page.line(Line::new().put(Ink::Good, &text));
        return;
    }
    matrix(page, report);
    page.gap();
    for row in &report.sights {
        words(page, row);
    }
}

/// Columns are the nodes that somebody does not see connected.
fn matrix(page: &mut Page, report: &ShowReport) {
    let rows = report.sights.iter();
    let seen = rows.flat_map(|row| row.sees.values().flatten().map(String::as_str));
    let columns: BTreeSet<&str> = seen.collect();
    if columns.len() > DRAWN || report.sights.len() > DRAWN {
        return;
    }
    let columns: Vec<&str> = columns.into_iter().collect();
    let names: Vec<String> = report
        .sights
        .iter()
        .map(|row| list_up_to(1, &row.observers))
        .collect();
    let first = names.iter().map(|n| width(n)).max().unwrap_or(0) + 2;
    for (number, name) in columns.iter().enumerate() {
        let bars: String = (0..number).map(|_| "| ").collect();
        let line = Line::new().at(first).put(Ink::Dim, &bars);
        page.line(line.put(Ink::Plain, name));
    }
    for (row, name) in report.sights.iter().zip(&names) {
        let mut line = Line::new().put(Ink::Plain, name).at(first);
        for column in &columns {
            let how = row
                .sees
                .iter()
                .find(|(_, nodes)| nodes.iter().any(|n| n == column));
            let (ink, sign) = match how {
                None => (Ink::Dim, ". "),
                Some((how, _)) => sign(*how),
            };
            line = line.put(ink, sign);
        }
        page.line(line);
    }
    let text = ". connected, d link down, ? suspected, F failed, n without an address, h being met, \
                - not listed";
    page.wrapped(Line::new(), 0, Ink::Dim, text);
}

fn sign(how: SeenAs) -> (Ink, &'static str) {
    match how {
        SeenAs::Absent => (Ink::Warning, "- "),
        SeenAs::Disconnected => (Ink::Warning, "d "),
        SeenAs::Suspected => (Ink::Warning, "? "),
        SeenAs::Failed => (Ink::Error, "F "),
        SeenAs::NoAddress => (Ink::Note, "n "),
        SeenAs::Handshake => (Ink::Note, "h "),
    }
}

fn words(page: &mut Page, row: &SightRow) {
    let named = if page.look.verbose > 0 {
        usize::MAX
    } else {
        NAMED
    };
    let views = count(row.observers.len(), "view");
    let observers = list_up_to(named, &row.observers);
    page.wrapped(
        Line::new(),
        0,
        Ink::Plain,
        &format!("{views} of {observers}"),
    );
    if row.sees.is_empty() {
        page.wrapped(Line::new(), LABEL, Ink::Good, "every node connected");
    }
    for (how, nodes) in &row.sees {
        let word = match how {
            SeenAs::Absent => "not listed",
            SeenAs::Disconnected => "link down",
            SeenAs::Suspected => "suspected (fail?)",
            SeenAs::Failed => "failed",
            SeenAs::NoAddress => "without an address",
            SeenAs::Handshake => "being met",
        };
        let text = format!("{word}: {}", list_up_to(named, nodes));
        page.wrapped(Line::new(), LABEL, Ink::Plain, &text);
    }
}
