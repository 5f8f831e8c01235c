//! The answer of `diff` about tablets for people.

use crate::diff::Verdict;
use crate::render::diff::Row;
use crate::render::diff::findings;
use crate::render::diff::ink;
use crate::render::diff::rows;
use crate::render::diff::verdict;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::report::DiffPartition;
use crate::report::DiffTabletValue;
use crate::report::TabletDiffReport;
use crate::report::TabletDiffStep;

/// What changed between the captures.
pub fn diff_tablets(report: &TabletDiffReport, look: Look) -> String {
    let mut page = Page::new(look);
    let names: Vec<&str> = report.captures.iter().map(|s| s.name.as_str()).collect();
    if !look.quiet {
        page.line(Line::new().put(Ink::Head, &names.join(" -> ")));
    }
    for note in &report.notes {
        page.labelled(Ink::Warning, "doubtful", note);
    }
    step(&mut page, &report.whole);
    for part in &report.series {
        page.gap();
        let name = |index: usize| names.get(index).copied().unwrap_or_default();
        let text = format!("{} -> {}", name(part.from), name(part.to));
        page.line(Line::new().put(Ink::Head, &text));
        step(&mut page, part);
    }
    page.finish()
}

fn step(page: &mut Page, step: &TabletDiffStep) {
    verdict(page, step.changes, step.worse);
    let quiet = page.look.quiet;
    let keep = |worse: bool| worse || !quiet;
    let nodes = step.nodes.iter().filter(|n| keep(n.worse));
    let nodes: Vec<Row> = nodes
        .map(|n| Row {
            ink: ink(n.worse),
            word: n.change.word().to_owned(),
            who: n.address.clone(),
            text: String::new(),
        })
        .collect();
    rows(page, "tablets", &nodes);
    let partitions = step.partitions.iter().filter(|p| keep(p.worse));
    let partitions: Vec<Row> = partitions.map(partition).collect();
    rows(page, "parts", &partitions);
    findings(page, &step.findings);
    if !quiet && step.before != step.after {
        page.gap();
        table::change(page, LABEL, &step.before, &step.after);
    }
    let values = step.values.iter().filter(|v| keep(v.worse));
    let values: Vec<Row> = values.map(value).collect();
    rows(page, "values", &values);
}

fn partition(change: &DiffPartition) -> Row {
    let ends = [&change.from, &change.to];
    let ends: Vec<&str> = ends.into_iter().flatten().map(String::as_str).collect();
    Row {
        ink: ink(change.worse),
        word: change.change.word().to_owned(),
        who: change.name.clone(),
        text: ends.join(" -> "),
    }
}

fn value(value: &DiffTabletValue) -> Row {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let change = match (&value.old, &value.new) {
        (None, Some(new)) => new.clone(),
        (old, new) => format!("{} -> {}", known(old), known(new)),
    };
    let judged = match value.verdict {
        Verdict::Better => ", better",
        Verdict::Worse => ", worse",
        Verdict::Same | Verdict::Moved | Verdict::Unknown => "",
    };
    Row {
        ink: ink(value.worse),
        word: value.what.word().to_owned(),
        who: value.partition.clone().unwrap_or_default(),
        text: format!("{change}{judged}"),
    }
}
