//! The answer of `diff` for people: what got worse first, then what changed, then the values.

use crate::diff::NodeChanged;
use crate::diff::Verdict;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::report::DiffFinding;
use crate::report::DiffFindings;
use crate::report::DiffNodeChange;
use crate::report::DiffReport;
use crate::report::DiffSlots;
use crate::report::DiffStep;
use crate::report::DiffValue;
use crate::text::clock::utc;
use crate::text::safe::width;
use crate::text::words::count;

/// Lines of one kind that are shown without `-v`.
const SHOWN: usize = 12;

/// What changed between the captures.
pub fn diff(report: &DiffReport, look: Look) -> String {
    let mut page = Page::new(look);
    if !look.quiet {
        head(&mut page, report);
    }
    for note in &report.notes {
        page.labelled(Ink::Warning, "doubtful", note);
    }
    for side in &report.captures {
        for doubt in &side.doubts {
            let text = format!("{}: {}", side.name, doubt.message);
            page.labelled(Ink::Warning, "doubtful", &text);
        }
    }
    verdict(&mut page, report.whole.changes, report.whole.worse);
    step(&mut page, &report.whole);
    for part in &report.series {
        page.gap();
        let name = |index: usize| report.captures.get(index).map_or("", |s| s.name.as_str());
        let text = format!("{} -> {}", name(part.from), name(part.to));
        page.line(Line::new().put(Ink::Head, &text));
        verdict(&mut page, part.changes, part.worse);
        step(&mut page, part);
    }
    page.finish()
}

/// `before -> after · 2026-11-20 22:22:32 UTC -> …`
fn head(page: &mut Page, report: &DiffReport) {
    let names: Vec<&str> = report.captures.iter().map(|s| s.name.as_str()).collect();
    page.line(Line::new().put(Ink::Head, &names.join(" -> ")));
    let times: Vec<String> = report
        .captures
        .iter()
        .map(|side| side.taken_ms.map_or("unknown".to_owned(), utc))
        .collect();
    if report.captures.iter().any(|side| side.taken_ms.is_some()) {
        page.labelled(Ink::Plain, "taken", &times.join(" -> "));
    }
}

pub(super) fn verdict(page: &mut Page, changes: usize, worse: usize) {
    let (ink, text) = match (changes, worse) {
        (0, _) => (Ink::Good, "nothing changed".to_owned()),
        (changes, 0) => (
            Ink::Good,
            format!("{}, none for the worse", count(changes, "change")),
        ),
        (changes, worse) => (
            Ink::Error,
            format!("{}, {worse} for the worse", count(changes, "change")),
        ),
    };
    page.line(Line::new().put(ink, &text));
}

fn step(page: &mut Page, step: &DiffStep) {
    let quiet = page.look.quiet;
    let keep = |worse: bool| worse || !quiet;
    let nodes: Vec<Row> = step
        .nodes
        .iter()
        .filter(|n| keep(n.worse))
        .map(node)
        .collect();
    rows(page, "nodes", &nodes);
    let slots: Vec<Row> = step
        .slots
        .iter()
        .filter(|s| keep(s.worse))
        .map(slots_row)
        .collect();
    rows(page, "slots", &slots);
    findings(page, &step.findings);
    if !quiet && step.before != step.after {
        page.gap();
        table::change(page, LABEL, &step.before, &step.after);
    }
    values(page, &step.values);
}

pub(super) fn findings(page: &mut Page, found: &DiffFindings) {
    let quiet = page.look.quiet;
    let keep = |worse: bool| worse || !quiet;
    let mut findings: Vec<Row> = Vec::new();
    findings.extend(
        found
            .new
            .iter()
            .filter(|f| keep(f.is_worse()))
            .map(|f| finding("new", f, f.is_worse())),
    );
    findings.extend(
        found
            .changed
            .iter()
            .map(|f| finding("now", f, f.is_worse())),
    );
    if !quiet {
        findings.extend(found.gone.iter().map(|f| finding("gone", f, false)));
        findings.extend(found.unknown.iter().map(|f| finding("unknown", f, false)));
    }
    rows(page, "findings", &findings);
}

/// One line behind a label: a word, who, and what.
pub(super) struct Row {
    pub ink: Ink,
    pub word: String,
    pub who: String,
    pub text: String,
}

pub(super) fn rows(page: &mut Page, label: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    page.gap();
    let most = |of: fn(&Row) -> &str| rows.iter().map(|r| width(of(r))).max().unwrap_or(0);
    let who_at = LABEL + most(|r| &r.word) + 2;
    // A name longer than most takes room of its own alone.
    let text_at = who_at + most(|r| &r.who).min(24) + 2;
    let shown = match page.look.verbose {
        0 => SHOWN,
        _ => usize::MAX,
    };
    let mut label = label;
    for row in rows.iter().take(shown) {
        let line = Line::new()
            .put(Ink::Head, std::mem::take(&mut label))
            .at(LABEL)
            .put(row.ink, &row.word)
            .at(who_at)
            .put(Ink::Plain, &row.who);
        page.wrapped(line, text_at, Ink::Plain, &row.text);
    }
    let hidden = rows.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), LABEL, Ink::Dim, &text);
    }
}

pub(super) fn ink(worse: bool) -> Ink {
    match worse {
        true => Ink::Error,
        false => Ink::Plain,
    }
}

fn node(change: &DiffNodeChange) -> Row {
    let id = |n: &Option<crate::report::DiffNode>| {
        let id = n.as_ref().map_or("", |n| n.id.as_str());
        id.chars().take(8).collect::<String>()
    };
    let master = |n: &Option<crate::report::DiffNode>| {
        let of = n.as_ref().and_then(|n| n.master.clone());
        of.unwrap_or_else(|| "nobody".to_owned())
    };
    let slots = |n: &Option<crate::report::DiffNode>| {
        let slots = n.as_ref().and_then(|n| n.slots.clone());
        slots.map_or(String::new(), |slots| format!(" of {slots}"))
    };
    let was = |n: &Option<crate::report::DiffNode>| match n.as_ref().map(|n| n.role) {
        Some(crate::report::DiffRole::Replica) => format!("was a replica of {}", master(n)),
        Some(crate::report::DiffRole::Master) => match slots(n).as_str() {
            "" => "was a master without slots".to_owned(),
            of => format!("was master{of}"),
        },
        None => String::new(),
    };
    let (old, new) = (&change.old, &change.new);
    let text = match change.change {
        NodeChanged::Died | NodeChanged::Unseen | NodeChanged::Vanished => was(old),
        NodeChanged::Reborn => format!("{} -> {}, {}", id(old), id(new), was(old)),
        NodeChanged::Promoted => format!("master{}, {}", slots(new), was(old)),
        NodeChanged::Demoted => format!("replica of {}, {}", master(new), was(old)),
        NodeChanged::Followed | NodeChanged::RePointed | NodeChanged::Attached => {
            format!("replica of {}, {}", master(new), was(old))
        }
        NodeChanged::Detached | NodeChanged::Emptied => {
            format!("master without slots, {}", was(old))
        }
        NodeChanged::Joined | NodeChanged::Appeared | NodeChanged::Returned => {
            match new.as_ref().map(|n| n.role) {
                Some(crate::report::DiffRole::Replica) => format!("replica of {}", master(new)),
                Some(crate::report::DiffRole::Master) | None => match slots(new).as_str() {
                    "" => "master without slots".to_owned(),
                    of => format!("master{of}"),
                },
            }
        }
        NodeChanged::Forgotten => format!("id {}", id(old)),
        NodeChanged::Moved => {
            let at = old.as_ref().and_then(|n| n.address.clone());
            format!("was at {}", at.unwrap_or_default())
        }
    };
    let who = change.address.clone().unwrap_or_else(|| id(old));
    Row {
        ink: ink(change.worse),
        word: change.change.word().to_owned(),
        who,
        text,
    }
}

fn slots_row(change: &DiffSlots) -> Row {
    let nobody = || "nobody".to_owned();
    Row {
        ink: ink(change.worse),
        word: change.change.word().to_owned(),
        who: change.slots.clone(),
        text: format!(
            "{} -> {} ({})",
            change.from.clone().unwrap_or_else(nobody),
            change.to.clone().unwrap_or_else(nobody),
            count(change.count as usize, "slot")
        ),
    }
}

fn finding(word: &str, finding: &DiffFinding, worse: bool) -> Row {
    let severity = match finding.was {
        Some(was) => format!("{}, was {}", finding.severity.word(), was.word()),
        None => finding.severity.word().to_owned(),
    };
    Row {
        ink: ink(worse),
        word: word.to_owned(),
        who: format!("{} {severity}", finding.code),
        text: finding.message.clone(),
    }
}

fn values(page: &mut Page, values: &[DiffValue]) {
    let quiet = page.look.quiet;
    let shown: Vec<&DiffValue> = values.iter().filter(|v| v.worse || !quiet).collect();
    if shown.is_empty() {
        return;
    }
    page.gap();
    let name = |value: &DiffValue| {
        let of = match (&value.address, &value.slots) {
            (Some(address), Some(slots)) => format!(" {address} {slots}"),
            (Some(address), None) => format!(" {address}"),
            (None, _) => String::new(),
        };
        format!("{}{of}", value.what.word())
    };
    let name_width = shown.iter().map(|v| width(&name(v))).max().unwrap_or(0);
    let mut label = "values";
    for value in shown {
        let text = |amount: &Option<crate::diff::Amount>| {
            amount
                .as_ref()
                .map_or("unknown".to_owned(), ToString::to_string)
        };
        let (was, is) = (text(&value.old), text(&value.new));
        let change = match value.verdict {
            Verdict::Same => format!("{is}, as before"),
            Verdict::Moved | Verdict::Unknown => format!("{was} -> {is}"),
            Verdict::Better => format!("{was} -> {is}, better"),
            Verdict::Worse => format!("{was} -> {is}, worse"),
        };
        let line = Line::new()
            .put(Ink::Head, std::mem::take(&mut label))
            .at(LABEL)
            .put(ink(value.worse), &name(value));
        page.wrapped(line, LABEL + name_width + 2, ink(value.worse), &change);
    }
}
