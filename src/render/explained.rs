//! What `explain` says of a capture or a plan, for people.

use crate::render::brief;
use crate::render::explain;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::report::AboutKind;
use crate::report::AnyStep;
use crate::report::ExplainReport;
use crate::report::Explained;
use crate::report::Level;
use crate::report::Proof;
use crate::rules::Code;
use crate::text::words::count;
use crate::text::words::list_up_to;

/// Findings that are told one by one without `-v`.
const TOLD: usize = 6;

pub fn explained(report: &ExplainReport, look: Look) -> String {
    let mut page = Page::new(look);
    let mut text = String::new();
    match &report.page {
        Some(written) => text = explain::explain(written, look),
        None => heading(&mut page, report),
    }
    if let Some(why) = &report.refused {
        page.gap();
        page.labelled(Ink::Error, "no plan", why);
    }
    let told = if look.verbose > 0 { usize::MAX } else { TOLD };
    let shown = &report.findings[..report.findings.len().min(told)];
    // What is the same of all in a row is told once.
    for alike in shown.chunk_by(is_alike) {
        page.gap();
        for explained in alike {
            finding(&mut page, explained);
        }
        cure(&mut page, &alike[0]);
    }
    let hidden = report.findings.len().saturating_sub(told);
    if hidden > 0 {
        page.gap();
        let more = format!("and {} more, all told by -v", count(hidden, "finding"));
        page.wrapped(Line::new(), LABEL, Ink::Dim, &more);
    }
    if report.findings.is_empty() {
        page.gap();
        let nothing = match report.about.kind {
            AboutKind::Code => "not found in this capture",
            AboutKind::Node | AboutKind::Shard | AboutKind::Host => "nothing is found about it",
            AboutKind::Step => "it prepares other steps and cures nothing by itself",
        };
        page.labelled(Ink::Good, "found", nothing);
    }
    steps(&mut page, report);
    if !text.is_empty() {
        text.push('\n');
    }
    text + &page.finish()
}

fn heading(page: &mut Page, report: &ExplainReport) {
    let about = &report.about;
    let kind = match about.kind {
        AboutKind::Code => "code",
        AboutKind::Node => "node",
        AboutKind::Shard => "shard",
        AboutKind::Host => "host",
        AboutKind::Step => "step",
    };
    let mut parts = vec![about.name.clone()];
    parts.extend(about.id.as_ref().filter(|id| **id != about.name).cloned());
    if about.kind == AboutKind::Node {
        parts.extend(
            about
                .slots
                .as_ref()
                .map(|slots| format!("master of {slots}")),
        );
    }
    if about.kind != AboutKind::Host {
        parts.extend(about.host.as_ref().map(|host| format!("on {host}")));
    }
    page.labelled(Ink::Head, kind, &parts.join(" · "));
}

fn finding(page: &mut Page, explained: &Explained) {
    let finding = &explained.finding;
    let severity = finding.severity;
    let line = Line::new().put(Ink::of(severity), severity.word());
    let what = format!("{} {}: {}", finding.code, finding.rule, finding.message);
    page.wrapped(line, LABEL, Ink::Plain, &what);
    let shown = if page.look.verbose > 0 { usize::MAX } else { 2 };
    for place in finding.evidence.iter().take(shown) {
        let at = format!("at {}:{}", place.path, place.line);
        page.wrapped(Line::new(), LABEL + 2, Ink::Dim, &at);
    }
}

fn is_alike(a: &Explained, b: &Explained) -> bool {
    let of = |e: &Explained| {
        let finding = &e.finding;
        let help = e.stays.then(|| finding.help.clone());
        (
            finding.code,
            finding.severity,
            finding.allowed_by.clone(),
            help,
            e.steps.clone(),
        )
    };
    of(a) == of(b) && a.refusals == b.refusals
}

/// What the plan does about it, or why not.
fn cure(page: &mut Page, explained: &Explained) {
    let finding = &explained.finding;
    if let Some(why) = &finding.allowed_by {
        page.labelled(Ink::Note, "allowed", why);
    }
    if explained.stays {
        page.labelled(Ink::Note, "cure", &finding.help);
        for level in &explained.levels {
            page.labelled(Ink::Head, "level", &decides(level));
        }
        for refusal in &explained.refusals {
            page.labelled(Ink::Warning, "why not", &refusal.reason);
            page.labelled(Ink::Head, "unlock", &refusal.unlock);
        }
    } else if explained.steps.is_empty() {
        page.labelled(Ink::Good, "cured", "gone when the plan is done");
    } else {
        let ids: Vec<String> = explained.steps.iter().map(u32::to_string).collect();
        let steps = if ids.len() == 1 { "step" } else { "steps" };
        let by = format!("by {steps} {}", list_up_to(8, &ids));
        page.labelled(Ink::Good, "cured", &by);
    }
}

/// `same-host: 2 before, 2 after the plan, and no plan does better (flow)`
fn decides(level: &Level) -> String {
    let name = level.level.to_string();
    let values = format!(
        "{name}: {} before, {} after the plan",
        level.before, level.value
    );
    if !level.selected {
        return format!("{values}; it was not asked for, so it is only kept from getting worse");
    }
    let proven = match level.proof {
        Proof::Flow => "by a flow",
        Proof::Multipliers => "by multipliers",
        Proof::Count => "by counting",
        Proof::None => {
            return format!("{values}; not proven, no plan is below {}", level.bound);
        }
    };
    let moves = match level.without_moves {
        true => " that moves no replica that works (`--allow-moves` permits it)",
        false => "",
    };
    format!(
        "{values}; given the levels before it no plan{moves} brings it below {} (proven {proven})",
        level.bound
    )
}

/// What is told of a step of either family.
struct Told<'a> {
    id: u32,
    what: String,
    cures: &'a [Code],
    reason: &'a str,
    after: &'a [u32],
    undo: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(step: &'a AnyStep) -> Self {
        match step {
            AnyStep::Redis(step) => {
                let tell: Vec<&str> = step.tell.iter().map(String::as_str).collect();
                let spelled = step.spelled(&tell);
                let word = step.action.spec().word;
                let who = spelled.address.or(spelled.target_address);
                Self {
                    id: step.id,
                    what: format!("{word} {}", brief::line(who.unwrap_or_default())),
                    cures: &step.cures,
                    reason: &step.reason,
                    after: &step.after,
                    undo: step.undo.as_deref(),
                }
            }
            AnyStep::Tablets(step) => Self {
                id: step.id,
                what: brief::line(&step.said()),
                cures: &step.cures,
                reason: &step.reason,
                after: &step.after,
                undo: step.undo.as_deref(),
            },
        }
    }
}

fn steps(page: &mut Page, report: &ExplainReport) {
    if report.steps.is_empty() {
        return;
    }
    page.gap();
    let told = if page.look.verbose > 0 {
        usize::MAX
    } else {
        2 * TOLD
    };
    for step in report.steps.iter().take(told) {
        let step = Told::of(step);
        let cures = match step.cures.is_empty() {
            true => String::new(),
            false => format!("  {}", Code::join(step.cures, " ")),
        };
        let label = format!("step {}", step.id);
        let line = Line::new().put(Ink::Head, &label);
        page.wrapped(line, LABEL, Ink::Plain, &format!("{}{cures}", step.what));
        page.wrapped(
            Line::new(),
            LABEL + 2,
            Ink::Plain,
            &format!("why: {}", step.reason),
        );
        if !step.after.is_empty() {
            let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
            let text = format!("after: {}", list_up_to(8, &after));
            page.wrapped(Line::new(), LABEL + 2, Ink::Dim, &text);
        }
        if let Some(undo) = step.undo {
            page.wrapped(Line::new(), LABEL + 2, Ink::Dim, &format!("undo: {undo}"));
        }
        for exposure in report.exposure.iter().filter(|e| e.step == step.id) {
            let text = format!(
                "exposes {}: {} until then; {}",
                exposure.shard,
                count(exposure.copies as usize, "copy"),
                exposure.reason
            );
            page.wrapped(Line::new(), LABEL + 2, Ink::Warning, &text);
        }
    }
    let hidden = report.steps.len().saturating_sub(told);
    if hidden > 0 {
        let more = format!("and {} more, all told by -v", count(hidden, "step"));
        page.wrapped(Line::new(), LABEL, Ink::Dim, &more);
    }
}
