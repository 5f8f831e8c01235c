//! The answer of `verify` for people: what does not fit, or what was recomputed.

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::report::CheckedLevel;
use crate::report::Flaw;
use crate::report::Progress;
use crate::report::Proof;
use crate::report::StepState;
use crate::report::Verdict;
use crate::report::VerifyReport;
use crate::text::words::count;

/// What does not fit, or what was recomputed.
pub fn verify(report: &VerifyReport, look: Look) -> String {
    let mut page = Page::new(look);
    page.labelled(Ink::Head, "plan", &report.plan_id);
    for flaw in &report.flaws {
        let line = Line::new().put(Ink::Error, "changed");
        page.wrapped(line, LABEL, Ink::Plain, &told(flaw));
    }
    if !report.flaws.is_empty() {
        page.gap();
    }
    match report.verdict {
        Verdict::Verified => {
            page.labelled(Ink::Good, "verified", &recomputed(report));
            levels(&mut page, &report.levels);
        }
        Verdict::Pending | Verdict::Drifted => {}
        Verdict::Changed => page.labelled(
            Ink::Error,
            "refused",
            "this file is not what `plan` wrote, or not what it says: make the plan again",
        ),
    }
    if let Some(progress) = &report.progress {
        page.gap();
        self::progress(&mut page, progress);
    }
    page.finish()
}

/// How far every step is.
fn progress(page: &mut Page, progress: &Progress) {
    let (ink, label) = match (progress.is_done(), progress.has_drifted()) {
        (true, _) => (Ink::Good, "done"),
        (false, true) => (Ink::Error, "drifted"),
        (false, false) => (Ink::Warning, "pending"),
    };
    let parts = [
        (progress.done, "done"),
        (progress.pending, "pending"),
        (progress.blocked, "blocked"),
        (progress.drifted, "drifted"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, word)| format!("{n} {word}")).collect();
    page.labelled(ink, label, &parts.join(", "));
    for drift in &progress.drift {
        page.labelled(Ink::Error, "", drift);
    }
    for step in &progress.steps {
        let (ink, word) = match step.state {
            StepState::Done => (Ink::Dim, "done"),
            StepState::Pending => (Ink::Warning, "pending"),
            StepState::Blocked => (Ink::Error, "blocked"),
            StepState::Drifted => (Ink::Error, "drifted"),
        };
        let why = step.why.as_ref().map(|w| format!(" ({w})"));
        let text = format!("step {}  {}{}", step.id, step.says, why.unwrap_or_default());
        let line = Line::new().at(2).put(ink, word);
        page.wrapped(line, LABEL, Ink::Plain, &text);
    }
}

/// `objective.over-host.value: the file says 3, recomputed 4`
fn told(flaw: &Flaw) -> String {
    let (field, says) = (&flaw.field, &flaw.says);
    match (&flaw.recomputed, &flaw.reason) {
        (Some(found), _) => format!("{field}: the file says {says}, recomputed {found}"),
        (None, Some(reason)) => format!("{field}: {says}: {reason}"),
        (None, None) => format!("{field}: {says}"),
    }
}

fn recomputed(report: &VerifyReport) -> String {
    let by_certificate = report.levels.iter().filter(|l| l.gap.is_some()).count();
    let steps = count(report.steps, "step");
    match by_certificate {
        0 => format!("the content has this id; {steps}, each possible after those before"),
        levels => format!(
            "the content has this id; {} by the certificate, added up again; {steps}, each \
             possible after those before",
            count(levels, "level")
        ),
    }
}

/// Levels that are not proven to be minimal, or all with `-v`.
fn levels(page: &mut Page, levels: &[CheckedLevel]) {
    let all = page.look.verbose > 0;
    for level in levels {
        let open = level.proof == Proof::None;
        if !open && !all {
            continue;
        }
        let mut text = format!("{} {}", level.level, level.value);
        if open {
            text = format!("{text}, at least {}: not proven minimal", level.bound);
        }
        let (ink, label) = if open {
            (Ink::Warning, "open")
        } else {
            (Ink::Dim, "level")
        };
        page.labelled(ink, label, &text);
    }
}
