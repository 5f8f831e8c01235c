//! The steps of a plan, phase by phase: what becomes what, and why.

use crate::action::Kind;
use crate::action::Risk;
use crate::action::Says;
use crate::action::StepMode;
use crate::action::Until;
use crate::model::Millis;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::page::wrap;
use crate::render::style::Ink;
use crate::report::PlanReport;
use crate::report::Step;
use crate::rules::Code;
use crate::text::safe::width;
use crate::text::words::count;

/// At least this much room for what a step does, however wide its codes are.
const WHAT_LEAST: usize = 24;

/// Every step under the head of its phase, in the plan's order.
pub(super) fn write(page: &mut Page, plan: &PlanReport, exposed: impl Fn(u32) -> bool) {
    let columns = Columns::of(plan, page.look.width);
    for run in plan.steps.chunk_by(|a, b| a.phase == b.phase) {
        page.gap();
        let phase = run.first().map_or("", |s| s.phase.name());
        page.line(Line::new().put(Ink::Head, phase));
        for step in run {
            line(page, plan, step, &columns);
            let reason = page.look.verbose > 0 || is_surprising(step) || exposed(step.id);
            if reason && !step.reason.is_empty() && !page.look.quiet {
                page.wrapped(Line::new(), columns.who, Ink::Dim, &step.reason);
            }
            if page.look.verbose > 0 {
                for text in details(plan, step) {
                    page.wrapped(Line::new(), columns.who, Ink::Dim, &text);
                }
            }
        }
    }
}

/// `4 failovers`, `2 meets`: the plan's actions in the order in which they first come.
pub(super) fn counts(steps: &[Step]) -> Vec<String> {
    let mut seen: Vec<(Kind, usize)> = Vec::new();
    for step in steps {
        match seen.iter_mut().find(|(action, _)| *action == step.action) {
            Some((_, number)) => *number += 1,
            None => seen.push((step.action, 1)),
        }
    }
    seen.into_iter()
        .map(|(action, number)| count(number, action.spec().word))
        .collect()
}

/// What a plan may lose: writes by failovers without the master's consent, data by promoting a
/// replica that never finished a sync, keys by flushes.
pub(super) fn risk(steps: &[Step]) -> Vec<String> {
    let mode = |mode: StepMode| steps.iter().filter(|s| s.mode == Some(mode)).count();
    let mut phrases = Vec::new();
    let risked = |risk: Risk| steps.iter().filter(|s| s.risk == Some(risk)).count();
    if risked(Risk::Data) > 0 {
        phrases.push("data loss accepted".to_owned());
    }
    match (mode(StepMode::Force), mode(StepMode::Takeover)) {
        (0, 0) => {}
        (force, 0) => phrases.push(format!("writes at risk: {force} by force")),
        (0, takeover) => phrases.push(format!("writes at risk: {takeover} by takeover")),
        (force, takeover) => phrases.push(format!(
            "writes at risk: {force} by force, {takeover} by takeover"
        )),
    }
    match risked(Risk::Keys) {
        0 => {}
        1 => phrases.push("1 flush drops keys".to_owned()),
        flushes => phrases.push(format!("{flushes} flushes drop keys")),
    }
    if phrases.is_empty() {
        phrases.push("no writes at risk".to_owned());
    }
    phrases
}

/// Where the columns of all steps start.
struct Columns {
    id_end: usize,
    action: usize,
    who: usize,
    what: usize,
    what_width: usize,
}

impl Columns {
    fn of(plan: &PlanReport, room: usize) -> Self {
        let most = |f: &dyn Fn(&Step) -> usize| plan.steps.iter().map(f).max().unwrap_or(0);
        let id_end = 2 + most(&|s| s.id.to_string().len());
        let action = id_end + 2;
        let who = action + most(&|s| width(&act(s))) + 1;
        let what = who + most(&|s| width(&says(plan, s).who)) + 2;
        let codes = most(&|s| width(&Code::join(&s.cures, " "))) + 2;
        let what_width = room.saturating_sub(what + codes).max(WHAT_LEAST);
        Self {
            id_end,
            action,
            who,
            what,
            what_width: what_width.min(most(&|s| width(&says(plan, s).becomes))),
        }
    }
}

fn line(page: &mut Page, plan: &PlanReport, step: &Step, columns: &Columns) {
    let Says { who, becomes } = says(plan, step);
    let id = step.id.to_string();
    let risky = is_forced(step);
    let mut first = Line::new()
        .at(columns.id_end - id.len())
        .put(Ink::Plain, &id)
        .at(columns.action)
        .put(if risky { Ink::Warning } else { Ink::Plain }, &act(step))
        .at(columns.who)
        .put(Ink::Head, &who);
    let mut parts = wrap(&becomes, columns.what_width).into_iter();
    first = first
        .at(columns.what)
        .put(Ink::Plain, &parts.next().unwrap_or_default())
        .at(columns.what + columns.what_width + 2)
        .put(Ink::Dim, &Code::join(&step.cures, " "));
    page.line(first);
    for part in parts {
        page.line(Line::new().at(columns.what).put(Ink::Plain, &part));
    }
}

/// The action, with its mode where that is not the gentle one.
fn act(step: &Step) -> String {
    match step.mode.filter(|m| m.is_forced()) {
        Some(mode) => format!("{} {}", step.action, mode.word()),
        None => step.action.to_string(),
    }
}

/// The node that changes, and what becomes of it.
fn says(plan: &PlanReport, step: &Step) -> Says {
    (step.action.spec().says)(&step.spelled(&plan.spelt_out(&step.tell)))
}

/// A failover without the master's consent.
fn is_forced(step: &Step) -> bool {
    step.mode.is_some_and(StepMode::is_forced)
}

/// A step whose reason does not follow from what it does.
fn is_surprising(step: &Step) -> bool {
    is_forced(step) || step.cures.is_empty() || step.action == Kind::Flush
}

fn details(plan: &PlanReport, step: &Step) -> Vec<String> {
    let mut order = format!("wave {}", step.wave);
    if !step.after.is_empty() {
        let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
        order.push_str(&format!(", after {}", after.join(", ")));
    }
    if let Some(barrier) = step.barrier {
        order.push_str(&format!(", after all up to {barrier}"));
    }
    if step.pause_ms > 0 {
        order.push_str(&format!(", {} later", Millis(step.pause_ms).rounded_up()));
    }
    let limit = Millis(step.wait.limit_ms).rounded_up();
    let mut details = vec![
        order,
        format!("waits at most {limit} until {}", awaited(plan, step)),
    ];
    if let Some(undo) = &step.undo {
        details.push(format!("undo: {undo}"));
    }
    details
}

/// What must be seen before the next step, and where.
fn awaited(plan: &PlanReport, step: &Step) -> String {
    let (at, verb) = match plan.spelt_out(&step.wait.at).as_slice() {
        [] => ("the node".to_owned(), "sees"),
        [one] => ((*one).to_owned(), "sees"),
        many => (count(many.len(), "node"), "see"),
    };
    let who = says(plan, step).who;
    match step.wait.until {
        Until::RoleMaster if at == who => format!("{who} calls itself a master"),
        Until::RoleMaster => format!("{at} {verb} {who} as a master"),
        Until::LinkUp => format!("its link is up and {at} {verb} it in sync"),
        Until::Known => format!("{at} {verb} each other"),
        Until::Gone => format!("{at} {verb} it no more"),
        Until::SlotsOwned => format!("{at} {verb} the slots there"),
        Until::Empty => "it holds no key".to_owned(),
        Until::Closed => "the slots are closed".to_owned(),
        Until::Restarted => "another process answers there, in sync".to_owned(),
        Until::EpochSeen => format!("{at} {verb} its epoch"),
        Until::Down => "nobody answers there".to_owned(),
        Until::Alone => "it knows nobody, and nobody its old id".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Look;
    use crate::render::style::WIDTH;
    use crate::render::testing;
    use crate::render::testing::step;
    use crate::rules::Phase;

    fn plan(steps: &[Step]) -> PlanReport {
        PlanReport {
            steps: steps.to_vec(),
            ..testing::plan()
        }
    }

    fn text(steps: &[Step], verbose: u8) -> String {
        let mut page = Page::new(Look {
            verbose,
            ..Look::default()
        });
        write(&mut page, &plan(steps), |_| false);
        page.finish()
    }

    #[test]
    fn steps_stand_under_their_phase() {
        let mut force = step(
            1,
            Phase::Serve,
            Kind::Failover,
            "10.0.0.2:7001",
            "10.0.0.1:7000",
        );
        force.slots = Some("0-5460".into());
        force.mode = Some(StepMode::Force);
        let replicate = step(
            2,
            Phase::Protect,
            Kind::Replicate,
            "10.0.0.3:7002",
            "10.0.0.2:7001",
        );
        let mut forget = step(10, Phase::Tidy, Kind::Forget, "", "10.0.0.9:7000");
        forget.address = None;
        forget.tell = vec!["10.0.0.2:7001".into(), "10.0.0.3:7002".into()];
        assert_eq!(
            text(&[force, replicate, forget], 0),
            "serve\n\
             \x20  1  failover force 10.0.0.2:7001  becomes master of 0-5460, was 10.0.0.1:7000  R001\n\
             \x20                    why step 1\n\
             \n\
             protect\n\
             \x20  2  replicate      10.0.0.3:7002  becomes replica of 10.0.0.2:7001             R001\n\
             \n\
             tidy\n\
             \x20 10  forget         10.0.0.9:7000  is forgotten by 2 nodes, id target-10        R001\n"
        );
    }

    #[test]
    fn verbose_tells_reason_order_wait_and_undo() {
        let mut one = step(
            2,
            Phase::Protect,
            Kind::Replicate,
            "10.0.0.3:7002",
            "10.0.0.2:7001",
        );
        one.after = vec![1];
        one.barrier = Some(1);
        one.pause_ms = 30_000;
        assert_eq!(
            text(&[one], 1),
            "protect\n\
             \x20 2  replicate 10.0.0.3:7002  becomes replica of 10.0.0.2:7001  R001\n\
             \x20              why step 2\n\
             \x20              wave 1, after 1, after all up to 1, 30 s later\n\
             \x20              waits at most 1 min until its link is up and 10.0.0.3:7002 sees it in sync\n\
             \x20              undo: take back step 2\n"
        );
    }

    #[test]
    fn who_sees_a_new_master_is_told_unless_it_is_itself() {
        let mut one = step(
            1,
            Phase::Serve,
            Kind::Failover,
            "10.0.0.2:7001",
            "10.0.0.1:7000",
        );
        one.wait.until = Until::RoleMaster;
        let mut plan = plan(&[]);
        assert_eq!(awaited(&plan, &one), "10.0.0.2:7001 calls itself a master");
        one.wait.at.push("@others".into());
        let others = vec!["10.0.0.3:7002".to_owned(), "10.0.0.4:7002".to_owned()];
        plan.groups.insert("others".into(), others);
        assert_eq!(
            awaited(&plan, &one),
            "3 nodes see 10.0.0.2:7001 as a master"
        );
    }

    #[test]
    fn a_long_slot_list_stays_in_its_column() {
        let mut one = step(
            1,
            Phase::Serve,
            Kind::Failover,
            "10.0.0.2:7001",
            "10.0.0.1:7000",
        );
        let slots: Vec<String> = (0..60).map(|i| (i * 3).to_string()).collect();
        one.slots = Some(slots.join(","));
        let text = text(&[one], 0);
        assert!(text.lines().count() > 3);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn risk_names_the_modes() {
        let mut one = step(1, Phase::Serve, Kind::Failover, "a", "b");
        assert_eq!(risk(std::slice::from_ref(&one)), ["no writes at risk"]);
        one.mode = Some(StepMode::Takeover);
        one.risk = Some(Risk::Writes);
        assert_eq!(risk(&[one]), ["writes at risk: 1 by takeover"]);
    }

    #[test]
    fn risk_names_lost_data_and_flushed_keys() {
        let mut flush = step(1, Phase::Tidy, Kind::Flush, "a", "b");
        flush.risk = Some(Risk::Keys);
        assert_eq!(risk(std::slice::from_ref(&flush)), ["1 flush drops keys"]);
        let mut forced = step(2, Phase::Serve, Kind::Failover, "a", "b");
        forced.mode = Some(StepMode::Force);
        forced.risk = Some(Risk::Data);
        assert_eq!(
            risk(&[flush.clone(), flush, forced]),
            [
                "data loss accepted",
                "writes at risk: 1 by force",
                "2 flushes drop keys"
            ]
        );
    }
}
