//! The answers about tablets for people.

mod diff;

use crate::render::allowed;
use crate::render::check;
use crate::render::findings;
use crate::render::impact;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::plan::Typed;
use crate::render::plan::next;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::render::table::Side;
use crate::render::table::Table;
use crate::report::CheckReport;
use crate::report::ImpactReport;
use crate::report::Proof;
use crate::report::Serves;
use crate::report::ShowReport;
use crate::report::State;
use crate::report::Summary;
use crate::report::TabletFacts;
use crate::report::TabletPlan;
use crate::tablets::Word;
use crate::text::words::count;

pub use diff::diff_tablets;

/// What is wrong, the worst first; then where the copies are; then what to type next.
pub fn check_tablets(report: &CheckReport, look: Look) -> String {
    let mut page = Page::new(look);
    if let Some(facts) = report.tablets.as_ref().filter(|_| !look.quiet) {
        headline(&mut page, &report.server.name, &report.summary);
        state_line(&mut page, &report.state, facts, &report.summary);
        page.gap();
    }
    findings::full(&mut page, &allowed::troubles(&report.findings));
    allowed::lines(&mut page, &report.findings);
    if !look.quiet {
        if !report.distribution.is_empty() {
            page.gap();
            table::distribution(&mut page, 0, &report.distribution);
        }
        page.gap();
        check::closing(&mut page, report);
    }
    page.finish()
}

/// Who is drawn, and how it is.
pub(super) fn head(page: &mut Page, report: &ShowReport, facts: &TabletFacts) {
    headline(page, &report.server.name, &report.summary);
    state_line(page, &report.state, facts, &report.summary);
}

fn headline(page: &mut Page, server: &str, summary: &Summary) {
    let (node, shard) = match server {
        "kafka" => ("broker", "partition"),
        _ => ("tablet", "partition"),
    };
    let rest = format!(
        " · {} on {} · {}",
        count(summary.nodes, node),
        count(summary.hosts, "host"),
        count(summary.shards, shard)
    );
    page.line(Line::new().put(Ink::Head, server).put(Ink::Plain, &rest));
}

fn state_line(page: &mut Page, state: &State, facts: &TabletFacts, summary: &Summary) {
    let mut parts = vec![match (summary.shards, facts.led) {
        (0, _) => "no partition is listed".to_owned(),
        (all, led) if all == led => "every partition has a leader that is alive".to_owned(),
        (all, led) => format!(
            "{led} of {} have a leader that is alive",
            count(all, "partition")
        ),
    }];
    parts.push(match facts.auto_failover {
        Some(true) => "auto_failover on".to_owned(),
        Some(false) => "auto_failover off".to_owned(),
        None => "auto_failover unknown".to_owned(),
    });
    parts.push(match (facts.health_known, facts.offline) {
        (false, _) => "nothing says which tablets run".to_owned(),
        (true, 0) => "every tablet runs".to_owned(),
        (true, n) => format!("{} offline", count(n, "tablet")),
    });
    if facts.running > 0 {
        parts.push(format!("{} running", count(facts.running, "operation")));
    }
    let ink = match state.serves {
        Serves::Yes => Ink::Good,
        Serves::Partly | Serves::No => Ink::Error,
        Serves::Unknown => Ink::Warning,
    };
    page.wrapped(
        Line::new().put(ink, "state"),
        LABEL,
        Ink::Plain,
        &parts.join(" · "),
    );
}

/// What to do, in order, and what is left.
pub fn plan_tablets(report: &TabletPlan, look: Look, typed: Typed) -> String {
    let mut page = Page::new(look);
    if !look.quiet {
        headline(&mut page, &report.cluster.server, &report.summary);
        state_line(&mut page, &report.state, &report.tablets, &report.summary);
        page.gap();
        findings::brief(&mut page, "found", &allowed::troubles(&report.found));
    }
    if let Some(reason) = &report.refused {
        page.labelled(Ink::Error, "refused", reason);
        return page.finish();
    }
    page.phrases(
        if report.blocked { "blocked" } else { "plan" },
        &summary(report),
    );
    steps(&mut page, report);
    if !report.steps.is_empty() {
        if !look.quiet {
            page.gap();
            table::change(&mut page, LABEL, &report.before, &report.after);
        }
        page.gap();
        exposure(&mut page, report);
    }
    entries(&mut page, "advice", &report.advice);
    if !report.steps.is_empty() || look.quiet {
        let remaining = allowed::troubles(&report.remaining);
        findings::brief(&mut page, "remaining", &remaining);
    }
    for (index, refusal) in report.refusals.iter().enumerate() {
        let label = if index == 0 { "refusals" } else { "" };
        let text = format!("{}: {}", refusal.subject, refusal.reason);
        page.labelled(Ink::Warning, label, &text);
        let line = Line::new().at(LABEL + 2).put(Ink::Note, "unlock:");
        page.wrapped(line, LABEL + 10, Ink::Plain, &refusal.unlock);
    }
    if !look.quiet {
        entries(&mut page, "assumed", &report.assumptions);
    }
    if !report.steps.is_empty() && !look.quiet {
        page.labelled(Ink::Head, "id", &report.plan_id);
        next(&mut page, &report.cluster.server, typed);
    }
    page.finish()
}

fn summary(report: &TabletPlan) -> Vec<String> {
    if report.steps.is_empty() {
        return vec![match (report.remaining.len(), report.complete) {
            (0, _) => "nothing to do".to_owned(),
            (_, true) => "no step".to_owned(),
            (n, false) => format!("no step, which leaves {}", count(n, "finding")),
        }];
    }
    let mut tally: Vec<(Word, usize)> = Vec::new();
    for step in &report.steps {
        match tally.iter_mut().find(|(word, _)| *word == step.action) {
            Some((_, n)) => *n += 1,
            None => tally.push((step.action, 1)),
        }
    }
    let words: Vec<String> = tally
        .iter()
        .map(|(word, n)| format!("{n} {}", word.name()))
        .collect();
    let mut phrases = vec![words.join(", ")];
    let risky = report
        .steps
        .iter()
        .filter(|step| step.risk.is_some())
        .count();
    phrases.push(match risky {
        0 => "no writes at risk".to_owned(),
        n => format!("{} may lose writes", count(n, "step")),
    });
    let levels = report.objective.iter().filter(|level| level.selected);
    let levels: Vec<_> = levels.collect();
    let proven = levels
        .iter()
        .filter(|level| level.proof != Proof::None)
        .count();
    phrases.push(match proven == levels.len() {
        true => format!("proven minimal ({proven} of {proven})"),
        false => format!("proven minimal on {proven} of {} levels", levels.len()),
    });
    phrases
}

fn steps(page: &mut Page, report: &TabletPlan) {
    let width = report.steps.len().to_string().len();
    let mut phase = None;
    for step in &report.steps {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            page.gap();
            page.line(Line::new().put(Ink::Head, step.phase.name()));
        }
        let line = Line::new()
            .at(2)
            .put(Ink::Dim, &format!("{:>width$}", step.id))
            .at(4 + width)
            .put(Ink::Plain, &step.said());
        page.line(line);
        page.wrapped(Line::new(), 6 + width, Ink::Dim, &step.reason);
        if let Some(risk) = &step.risk {
            page.wrapped(Line::new(), 6 + width, Ink::Warning, risk);
        }
    }
}

fn exposure(page: &mut Page, report: &TabletPlan) {
    const SHOWN: usize = 5;
    if report.exposure.is_empty() {
        let text = "none: no step takes a partition below two copies";
        return page.labelled(Ink::Head, "exposure", text);
    }
    let mut worst: Vec<_> = report.exposure.iter().collect();
    worst.sort_by_key(|e| (e.copies, e.step));
    let shown = if page.look.verbose > 0 {
        worst.len()
    } else {
        worst.len().min(SHOWN)
    };
    for (index, e) in worst.iter().take(shown).enumerate() {
        let copies = match e.copies {
            0 => "no copy".to_owned(),
            n => count(n as usize, "copy"),
        };
        let rest = if e.reason.is_empty() {
            String::new()
        } else {
            format!(", {}", e.reason)
        };
        let text = format!("step {}: {} has {copies}{rest}", e.step, e.shard);
        page.labelled(Ink::Head, if index == 0 { "exposure" } else { "" }, &text);
    }
    if shown < worst.len() {
        let text = format!("and {} more, all shown by -v", worst.len() - shown);
        page.labelled(Ink::Head, "", &text);
    }
}

fn entries(page: &mut Page, label: &str, entries: &[String]) {
    for (index, text) in entries.iter().enumerate() {
        page.labelled(Ink::Head, if index == 0 { label } else { "" }, text);
    }
}

/// What would break, case by case.
pub fn impact_tablets(report: &ImpactReport, look: Look) -> String {
    let mut page = Page::new(look);
    if let Some(plan) = &report.after_plan {
        let text = format!("after plan {plan}");
        page.line(Line::new().put(Ink::Head, &text));
    }
    let columns = [
        (Side::Left, "lose"),
        (Side::Right, "tablets"),
        (Side::Right, "fail over"),
        (Side::Right, "stuck"),
        (Side::Right, "lost"),
        (Side::Right, "one copy"),
    ];
    let mut table = Table::new(0, &columns);
    for case in std::iter::once(&report.now).chain(&report.cases) {
        let name = match case.lose.is_empty() {
            true => "now".to_owned(),
            false => case.lose.join(" "),
        };
        let number = |n: usize, bad: Ink| (if n > 0 { bad } else { Ink::Plain }, n.to_string());
        table.row([
            (Ink::Plain, name),
            number(case.nodes_lost, Ink::Plain),
            number(case.shards_failed_over, Ink::Plain),
            number(case.shards_stuck, Ink::Error),
            number(case.shards_lost, Ink::Error),
            number(case.shards_without_spare_copy, Ink::Warning),
        ]);
    }
    table.write(&mut page);
    for case in &report.cases {
        for (label, what) in [("lost", &case.lost), ("stuck", &case.stuck)] {
            if !what.is_empty() && report.cases.len() == 1 {
                page.labelled(Ink::Error, label, what);
            }
        }
    }
    if let [case] = &report.cases[..] {
        page.gap();
        table::change(&mut page, 0, &report.now.after, &case.after);
    }
    impact::gate(&mut page, report);
    if let Some(grown) = &report.grown {
        page.gap();
        impact::growth(&mut page, grown, &report.demands);
    }
    page.finish()
}
