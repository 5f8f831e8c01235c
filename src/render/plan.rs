//! The answer of `plan` for people.

use std::path::Path;

use crate::diagnostic::Severity;
use crate::render::allowed;
use crate::render::check;
use crate::render::findings;
use crate::render::objective;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::reshard;
use crate::render::state;
use crate::render::steps;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::supposition;
use crate::render::table;
use crate::report::Exposure;
use crate::report::Finding;
use crate::report::Goal;
use crate::report::GoalVerdict;
use crate::report::PlanReport;
use crate::report::Refusal;
use crate::rules::Code;
use crate::rules::Family;
use crate::text::quote::shell_word;
use crate::text::safe::safe;
use crate::text::safe::width;
use crate::text::words::count;

/// Moments of exposure that are shown without `-v`.
const EXPOSURES_SHOWN: usize = 5;

/// Subjects of one refusal that are named without `-v`.
const SUBJECTS_SHOWN: usize = 4;

/// Assumptions, refusals and pieces of advice that are shown without `-v`.
const ENTRIES_SHOWN: usize = 12;

/// How the plan was asked for, for the `next` line.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The CAPTURE part of the command line and its options, as they were typed.
    pub words: &'a str,
    /// The plan file that is written.
    pub file: Option<&'a Path>,
}

/// What to do, in order, and what is left.
pub fn plan(report: &PlanReport, look: Look, typed: Typed) -> String {
    let mut page = Page::new(look);
    if !look.quiet {
        let cluster = &report.cluster;
        let server = check::server(&cluster.server, cluster.version.as_deref());
        check::headline(&mut page, &server, &report.summary, &report.views);
        state::line(&mut page, &report.state);
        page.gap();
    }
    goals(&mut page, &report.goals);
    supposition::write(&mut page, report);
    if report.blocked {
        refusals(&mut page, &report.refusals);
        if !look.quiet {
            page.gap();
            findings::brief(&mut page, "found", &report.found);
        }
        return page.finish();
    }
    if let Some(reason) = &report.refused {
        page.labelled(Ink::Error, "refused", reason);
        refusals(&mut page, &report.refusals);
        if !look.quiet {
            page.gap();
            findings::brief(&mut page, "found", &allowed::troubles(&report.found));
        }
        entries(&mut page, "advice", &report.advice);
        return page.finish();
    }
    if !look.quiet {
        findings::brief(&mut page, "found", &allowed::troubles(&report.found));
    }
    page.phrases("plan", &summary(report));
    reshard::write(&mut page, report);
    let is_exposed = |step| report.exposure.iter().any(|e| e.step == step);
    steps::write(&mut page, report, is_exposed);
    if !report.steps.is_empty() {
        if !look.quiet {
            page.gap();
            table::change(&mut page, LABEL, &report.before, &report.after);
        }
        page.gap();
        exposure(&mut page, &report.exposure);
    }
    entries(&mut page, "advice", &report.advice);
    // Without a step all of what was found remains; it is not said twice.
    if !report.steps.is_empty() || look.quiet {
        findings::brief(
            &mut page,
            "remaining",
            &allowed::troubles(&report.remaining),
        );
    }
    refusals(&mut page, &report.refusals);
    if !look.quiet {
        entries(&mut page, "assumed", &report.assumptions);
    }
    if look.verbose > 0 {
        objective::table(&mut page, &report.objective);
        page.gap();
    }
    if !report.steps.is_empty() && !look.quiet {
        page.labelled(Ink::Head, "id", &report.plan_id);
        // No script is made of what does not exist.
        if report.supposition.is_none() {
            next(&mut page, &report.cluster.server, typed);
        }
    }
    page.finish()
}

/// Whether what was asked for can be had, before anything else.
fn goals(page: &mut Page, goals: &[Goal]) {
    for goal in goals {
        let (verdict, ink) = match goal.verdict {
            GoalVerdict::Ready => ("READY", Ink::Plain),
            GoalVerdict::Partly => ("PARTLY BLOCKED", Ink::Warning),
            GoalVerdict::Blocked => ("BLOCKED", Ink::Error),
        };
        let text = format!("{verdict}  {}", goal.says);
        page.labelled(ink, goal.goal.word(), &text);
    }
    if !goals.is_empty() {
        page.gap();
    }
}

/// The plan in numbers.
fn summary(report: &PlanReport) -> Vec<String> {
    let mut phrases = Vec::new();
    if report.steps.is_empty() {
        phrases.push(nothing(report));
    } else {
        phrases.push(steps::counts(&report.steps).join(", "));
        phrases.push(match report.copied_mib {
            0 => "nothing copied".to_owned(),
            mib => format!("{mib} MiB copied"),
        });
        phrases.extend(steps::risk(&report.steps));
        phrases.push(about(report.seconds));
        if let seconds @ 1.. = report.exposed_shard_seconds {
            phrases.push(format!("one copy of a shard for {seconds} shard-seconds"));
        }
        match left(report) {
            Some(left) => phrases.push(format!("leaves {left}")),
            None if report.complete => {}
            None => phrases.push("does not cure everything".to_owned()),
        }
    }
    phrases.extend(objective::phrase(&report.objective));
    phrases
}

/// Why there is no step: all is well, or nobody but a human can help.
fn nothing(report: &PlanReport) -> String {
    match left(report) {
        Some(left) => format!("no step, which leaves {left}"),
        None if report.complete && report.refusals.is_empty() => "nothing to do".to_owned(),
        None => "no step".to_owned(),
    }
}

/// `2 errors, 1 warning` at the end of the plan. Notes count only where their cure was asked for.
fn left(report: &PlanReport) -> Option<String> {
    // No simulated step says anew what the nodes told of themselves; whether they serve again
    // after some, nobody knows.
    let stays = |f: &&Finding| {
        f.code.family() == Family::Health
            && (f.code != Code::ClusterStateFail || report.steps.is_empty())
    };
    let of = |severity: Severity| {
        let findings = report.remaining.iter();
        let told = report.found.iter().filter(|f| f.counts()).filter(stays);
        let told = told.filter(|f| !report.remaining.contains(f));
        findings
            .chain(told)
            .filter(|f| f.severity == severity)
            .count()
    };
    let notes = if report.complete {
        0
    } else {
        of(Severity::Note)
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    match errors + warnings {
        0 if notes == 0 => None,
        0 => Some(findings::tally(0, 0, notes)),
        _ => Some(findings::tally(errors, warnings, 0)),
    }
}

fn about(seconds: u64) -> String {
    match seconds {
        0..120 => format!("about {seconds} s"),
        120..7200 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h", seconds.div_ceil(3600)),
    }
}

fn exposure(page: &mut Page, exposure: &[Exposure]) {
    if exposure.is_empty() {
        let text = "none: no step takes a shard below two copies";
        return page.labelled(Ink::Head, "exposure", text);
    }
    let mut worst: Vec<&Exposure> = exposure.iter().collect();
    worst.sort_by_key(|e| (e.copies, e.step));
    let mut lines = Vec::new();
    // What many steps have in common is said once, after them.
    for run in worst.chunk_by(|a, b| a.reason == b.reason) {
        lines.extend(run.iter().map(|e| {
            let copies = match e.copies {
                0 => "no copy".to_owned(),
                n => count(n as usize, "copy"),
            };
            format!("step {}: {} has {copies}", e.step, e.shard)
        }));
        let reason = run.first().map_or("", |e| e.reason.as_str());
        if let (Some(last), false) = (lines.last_mut(), reason.is_empty()) {
            last.push_str(&format!(", {reason}"));
        }
    }
    list(page, "exposure", &lines, EXPOSURES_SHOWN);
}

/// What is not done and what would unlock it; equal reasons once, with all their subjects.
fn refusals(page: &mut Page, refusals: &[Refusal]) {
    let mut groups: Vec<(&Refusal, Vec<&str>)> = Vec::new();
    for refusal in refusals {
        let same = |(first, _): &&mut (&Refusal, Vec<&str>)| {
            (&first.reason, &first.unlock) == (&refusal.reason, &refusal.unlock)
        };
        match groups.iter_mut().find(same) {
            Some((_, subjects)) => subjects.push(&refusal.subject),
            None => groups.push((refusal, vec![&refusal.subject])),
        }
    }
    let shown = shown(page, groups.len(), ENTRIES_SHOWN);
    for (index, (refusal, subjects)) in groups.iter().take(shown).enumerate() {
        let label = if index == 0 { "refusals" } else { "" };
        let text = format!("{}: {}", joined(page, subjects), refusal.reason);
        page.labelled(Ink::Warning, label, &text);
        if !refusal.unlock.is_empty() {
            let line = Line::new().at(LABEL + 2).put(Ink::Note, "unlock:");
            page.wrapped(line, LABEL + 10, Ink::Plain, &refusal.unlock);
        }
    }
    more(page, groups.len() - shown);
}

/// `P004 10.0.0.1:7002, 10.0.0.2:7002`: the first word once where all share it.
fn joined(page: &Page, subjects: &[&str]) -> String {
    let head = |subject: &str| subject.split_once(' ').map(|(head, _)| head.to_owned());
    let first = subjects.first().and_then(|s| head(s));
    let common = first.filter(|_| subjects.iter().all(|s| head(s) == head(subjects[0])));
    let mut names: Vec<&str> = subjects.to_vec();
    if let Some(head) = &common {
        let bare = |s: &mut &str| *s = s[head.len()..].trim_start();
        names.iter_mut().skip(1).for_each(bare);
    }
    let all = shown(page, names.len(), SUBJECTS_SHOWN);
    let hidden = names.len() - all;
    names.truncate(all);
    let text = names.join(", ");
    match hidden {
        0 => text,
        _ => format!("{text} and {hidden} more"),
    }
}

fn entries(page: &mut Page, label: &str, entries: &[String]) {
    list(page, label, entries, ENTRIES_SHOWN);
}

/// A label and one entry a line.
fn list(page: &mut Page, label: &str, lines: &[String], limit: usize) {
    let shown = shown(page, lines.len(), limit);
    for (index, text) in lines.iter().take(shown).enumerate() {
        page.labelled(Ink::Head, if index == 0 { label } else { "" }, text);
    }
    more(page, lines.len() - shown);
}

fn shown(page: &Page, all: usize, limit: usize) -> usize {
    if page.look.verbose > 0 {
        all
    } else {
        all.min(limit)
    }
}

fn more(page: &mut Page, hidden: usize) {
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), LABEL, Ink::Dim, &text);
    }
}

/// The commands that turn the plan into a script, for copying.
pub(super) fn next(page: &mut Page, server: &str, typed: Typed) {
    let tool = match server {
        "valkey" => "valkey-cli",
        "flashbase" => "flashbase",
        "fedb" => "fedb",
        _ => "redis-cli",
    };
    let file = typed.file.unwrap_or(Path::new("plan.json"));
    let word = |path: &Path| shell_word(&safe(&path.to_string_lossy()));
    let (from, to) = (word(file), word(&file.with_extension("sh")));
    let script = format!("topoplan script {from} --tool {tool} > {to}");
    let write = format!("topoplan plan {} -o {from}", typed.words);
    let one = format!("{write} && {script}");
    // Never wrapped: a command with a line break inside would be another command.
    let lines = if typed.file.is_some() {
        vec![script]
    } else if LABEL + width(&one) <= page.look.width {
        vec![one]
    } else {
        vec![write, script]
    };
    for (index, text) in lines.iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        let line = Line::new().put(Ink::Head, label).at(LABEL);
        page.line(line.put(Ink::Plain, text));
    }
}

#[cfg(test)]
mod tests;
