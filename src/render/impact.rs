//! The answer of `impact` for people: one loss in full, many as a table.

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::render::table::Side;
use crate::render::table::Table;
use crate::report::FailedDemand;
use crate::report::GrownReport;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::text::safe::width;
use crate::text::words::bytes;
use crate::text::words::count;

/// Cases of a table that are shown without `-v`.
const CASES_SHOWN: usize = 25;

/// Room for the name of a loss in the table; a longer name gets a line of its own.
const NAME: usize = 32;

/// Where the text of a single case starts.
const FACTS: usize = 16;

/// Where the text of a doubt starts.
const DOUBT: usize = 10;

/// What is lost, what is stuck, what fails over by itself, what is left.
pub fn impact(report: &ImpactReport, look: Look) -> String {
    let mut page = Page::new(look);
    for doubt in &report.doubts {
        let label = Line::new().put(Ink::Warning, "doubtful  ");
        page.wrapped(label, DOUBT, Ink::Plain, &doubt.message);
    }
    if !report.doubts.is_empty() {
        page.gap();
    }
    if let Some(plan) = &report.after_plan {
        let text = format!("after plan {plan}");
        page.line(Line::new().put(Ink::Head, &text));
    }
    match report.cases.as_slice() {
        [] if report.grown.is_some() => now(&mut page, &report.now),
        [] => page.line(Line::new().put(Ink::Plain, "nothing to lose")),
        [case] => {
            now(&mut page, &report.now);
            single(&mut page, case);
        }
        cases => many(&mut page, &report.now, cases),
    }
    gate(&mut page, report);
    if let Some(grown) = &report.grown {
        page.gap();
        growth(&mut page, grown, &report.demands);
    }
    page.finish()
}

/// Shards and their new masters that are shown without `-v`.
const HEIRS_SHOWN: usize = 12;

/// Cases that fail a demand are named up to so many.
const FAILED_SHOWN: usize = 8;

/// What was demanded, and which cases do not meet it.
pub(super) fn gate(page: &mut Page, report: &ImpactReport) {
    let Some(ok) = report.ok.filter(|_| !report.cases.is_empty()) else {
        return;
    };
    page.gap();
    let demands = report.demands.join(", ");
    let (ink, text) = match (ok, report.cases.len()) {
        (true, 1) => (Ink::Good, format!("demands met: {demands}")),
        (true, cases) => (
            Ink::Good,
            format!("demands met in each of {}: {demands}", count(cases, "case")),
        ),
        (false, _) => {
            let failed = report.cases.iter().filter(|c| !c.failed_demands.is_empty());
            let (failed, all) = (failed.count(), report.cases.len());
            (
                Ink::Error,
                format!(
                    "demands not met in {failed} of {}: {demands}",
                    count(all, "case")
                ),
            )
        }
    };
    page.line(Line::new().put(ink, &text));
    let mut failed: Vec<&ImpactCase> = report
        .cases
        .iter()
        .filter(|c| !c.failed_demands.is_empty())
        .collect();
    failed.sort_by_key(|case| std::cmp::Reverse(badness(case)));
    let shown = match page.look.verbose {
        0 => FAILED_SHOWN,
        _ => usize::MAX,
    };
    for case in failed.iter().take(shown) {
        page.line(Line::new().at(2).put(Ink::Plain, &name(case)));
        unmet(page, 4, &case.failed_demands);
    }
    let hidden = failed.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), 2, Ink::Dim, &text);
    }
}

fn unmet(page: &mut Page, indent: usize, failed: &[FailedDemand]) {
    for demand in failed {
        let line = Line::new().at(indent).put(Ink::Error, &demand.demand);
        page.wrapped(line, indent + 12, Ink::Plain, &demand.message);
    }
}

/// What may go together, and why no more.
pub(super) fn growth(page: &mut Page, grown: &GrownReport, demands: &[String]) {
    let demands = demands.join(", ");
    let largest = match grown.is_largest {
        true => "no larger set may",
        false => "a larger set may exist: too many were to be looked at",
    };
    let (ink, text) = match grown.together.len() {
        0 => (
            Ink::Warning,
            format!("nothing more may go with {demands} met"),
        ),
        n => (
            Ink::Good,
            format!("{n} may go together with {demands} met; {largest}"),
        ),
    };
    page.line(Line::new().put(ink, &text));
    for domain in &grown.together {
        page.line(Line::new().at(2).put(Ink::Plain, domain));
    }
    let shown = match page.look.verbose {
        0 => FAILED_SHOWN,
        _ => usize::MAX,
    };
    if !grown.next.is_empty() && !page.look.quiet {
        page.line(Line::new().put(
            Ink::Plain,
            "what each of the others would break beside them:",
        ));
        for next in grown.next.iter().take(shown) {
            page.line(Line::new().at(2).put(Ink::Plain, &next.lose));
            unmet(page, 4, &next.failed_demands);
        }
        let hidden = grown.next.len().saturating_sub(shown);
        if hidden > 0 {
            let text = format!("and {hidden} more, all shown by -v");
            page.wrapped(Line::new(), 2, Ink::Dim, &text);
        }
    }
}

/// `now: 5462 slots down, 1 shard lost`
fn now(page: &mut Page, now: &ImpactCase) {
    let (ink, verdict) = state(now);
    let line = Line::new().put(Ink::Head, "now: ").put(ink, &verdict);
    page.line(line);
    for (what, slots) in [("lost", &now.lost), ("stuck", &now.stuck)] {
        if !slots.is_empty() {
            let line = Line::new().at(2).put(Ink::Plain, what);
            page.wrapped(line, FACTS, Ink::Plain, &format!("already: {slots}"));
        }
    }
}

/// What is broken before anything is lost.
fn state(now: &ImpactCase) -> (Ink, String) {
    if now.slots_down > 0 {
        let mut text = format!("{} down", count(now.slots_down as usize, "slot"));
        for (shards, what) in [(now.shards_lost, "lost"), (now.shards_stuck, "stuck")] {
            if shards > 0 {
                text = format!("{text}, {} {what}", count(shards, "shard"));
            }
        }
        (Ink::Error, text)
    } else if !now.majority {
        (Ink::Error, "no majority".to_owned())
    } else {
        (Ink::Good, "serves".to_owned())
    }
}

fn single(page: &mut Page, case: &ImpactCase) {
    let (ink, verdict) = verdict(case);
    let head = Line::new()
        .put(Ink::Head, "losing ")
        .put(Ink::Head, &name(case));
    page.line(head.put(Ink::Plain, ": ").put(ink, verdict));
    let lost = format!(
        "without a copy left, {}",
        count(case.slots_lost as usize, "slot")
    );
    fact(page, "lost", case.shards_lost, &lost, &case.lost);
    fact(
        page,
        "stuck",
        case.shards_stuck,
        "with a copy that cannot be elected",
        &case.stuck,
    );
    fact(
        page,
        "fails over",
        case.shards_failed_over,
        "served again by a replica",
        "",
    );
    fact(
        page,
        "single copy",
        case.shards_without_spare_copy,
        "left with one copy",
        "",
    );
    let line = Line::new().at(2).put(Ink::Plain, "voters");
    page.wrapped(line, FACTS, Ink::Plain, &voters(case));
    if case.cluster_down {
        let line = Line::new().at(2).put(Ink::Error, "cluster down");
        page.wrapped(line, FACTS, Ink::Plain, "every node refuses clients");
    }
    memory(page, case);
    let heirs = case.successors.as_deref().unwrap_or_default();
    let shown = match page.look.verbose {
        0 => HEIRS_SHOWN,
        _ => usize::MAX,
    };
    for heir in heirs.iter().take(shown) {
        let line = Line::new().at(2).put(Ink::Plain, "goes to");
        let text = format!("{} from {} to {}", heir.slots, heir.from, heir.to);
        page.wrapped(line, FACTS, Ink::Plain, &text);
    }
    let hidden = heirs.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), FACTS, Ink::Dim, &text);
    }
    if !page.look.quiet && !case.after.is_empty() {
        page.gap();
        table::distribution_with_memory(page, 2, &case.after, &case.memory);
    }
}

/// What is short of memory; nothing where all of it fits or is not known.
fn memory(page: &mut Page, case: &ImpactCase) {
    let short = case.memory.iter().filter(|room| !room.fits);
    let short: Vec<String> = short
        .map(|room| {
            let (needed, has) = (bytes(room.needed_bytes), bytes(room.memory_bytes));
            format!("{} may need {needed} of {has}", room.host)
        })
        .collect();
    let small = case.heirs_too_small.iter();
    let small = small.map(|heir| format!("{heir} may hold less than its shard does"));
    let told: Vec<String> = short.into_iter().chain(small).collect();
    let shown = match page.look.verbose {
        0 => HEIRS_SHOWN,
        _ => usize::MAX,
    };
    let mut label = "memory";
    for text in told.iter().take(shown) {
        let line = Line::new().at(2).put(Ink::Warning, label);
        page.wrapped(line, FACTS, Ink::Plain, text);
        label = "";
    }
    let hidden = told.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), FACTS, Ink::Dim, &text);
    }
}

fn fact(page: &mut Page, label: &str, shards: usize, what: &str, slots: &str) {
    let mut text = count(shards, "shard");
    if shards > 0 {
        text = format!("{text} {what}");
        if !slots.is_empty() {
            text = format!("{text}: {slots}");
        }
    }
    let line = Line::new().at(2).put(Ink::Plain, label);
    page.wrapped(
        line,
        FACTS,
        if shards == 0 { Ink::Dim } else { Ink::Plain },
        &text,
    );
}

fn voters(case: &ImpactCase) -> String {
    let vote = if case.majority {
        "a majority remains"
    } else {
        "no majority, nothing is elected"
    };
    format!(
        "{} left, {} needed: {vote}",
        case.voters_left, case.voters_needed
    )
}

fn many(page: &mut Page, now: &ImpactCase, cases: &[ImpactCase]) {
    let mut sorted: Vec<&ImpactCase> = cases.iter().collect();
    // Stable: equal cases keep the order of the report.
    sorted.sort_by_key(|case| std::cmp::Reverse(badness(case)));
    let shown = if page.look.verbose > 0 {
        sorted.len()
    } else {
        sorted.len().min(CASES_SHOWN)
    };
    let (visible, hidden) = sorted.split_at(shown);
    let told = |case: &ImpactCase| !case.memory.is_empty() || !case.heirs_too_small.is_empty();
    let with_memory = told(now) || cases.iter().any(told);
    let mut columns = vec![
        (Side::Left, "losing"),
        (Side::Right, "slots lost"),
        (Side::Right, "stuck"),
        (Side::Right, "one copy"),
        (Side::Right, "fail over"),
        (Side::Right, "voters left"),
        (Side::Left, ""),
    ];
    if with_memory {
        columns.insert(columns.len() - 1, (Side::Right, "short of memory"));
    }
    let mut table = Table::new(0, &columns);
    row(&mut table, "now", now, state(now), with_memory);
    for case in visible {
        let (ink, verdict) = verdict(case);
        row(
            &mut table,
            &name(case),
            case,
            (ink, verdict.to_owned()),
            with_memory,
        );
    }
    table.write(page);
    if !hidden.is_empty() {
        let text = format!("and {} not worse, all shown by -v", hidden.len());
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
    page.gap();
    conclusion(page, now, cases);
}

/// Hosts whose servers may need more than they have, and promoted replicas with too low a limit.
fn short_of_memory(case: &ImpactCase) -> usize {
    case.memory.iter().filter(|room| !room.fits).count() + case.heirs_too_small.len()
}

fn row(
    table: &mut Table,
    name: &str,
    case: &ImpactCase,
    (ink, verdict): (Ink, String),
    with_memory: bool,
) {
    let long = width(name) > NAME;
    if long {
        table.span(Ink::Head, name);
    }
    let number = |n: usize| (if n == 0 { Ink::Dim } else { Ink::Plain }, n.to_string());
    let mut cells = vec![
        (
            Ink::Head,
            if long { String::new() } else { name.to_owned() },
        ),
        number(case.slots_lost as usize),
        number(case.shards_stuck),
        number(case.shards_without_spare_copy),
        number(case.shards_failed_over),
        (
            Ink::Plain,
            format!("{}, needs {}", case.voters_left, case.voters_needed),
        ),
    ];
    cells.extend(with_memory.then(|| number(short_of_memory(case))));
    cells.push((ink, verdict));
    table.row(cells);
}

/// `2 of 3 hosts can be lost without losing a slot, 1 of 3 without a human`
fn conclusion(page: &mut Page, now: &ImpactCase, cases: &[ImpactCase]) {
    let (live, down): (Vec<&ImpactCase>, Vec<&ImpactCase>) =
        cases.iter().partition(|c| c.nodes_lost > 0);
    let (all, kind) = (live.len(), kind(cases));
    let safe = live.iter().filter(|c| c.slots_lost == 0).count();
    let alone = live.iter().filter(|c| serves_on(c)).count();
    let mut text = if now.slots_down >= SLOTS {
        "no slot is served: whatever is lost, nothing changes for the clients".to_owned()
    } else if now.slots_down > 0 {
        format!(
            "{} down already; {safe} of {all} {kind} can be lost without losing another slot",
            count(now.slots_down as usize, "slot")
        )
    } else {
        format!(
            "{safe} of {all} {kind} can be lost without losing a slot, {alone} of {all} without a \
             human"
        )
    };
    if !down.is_empty() {
        let are = if down.len() == 1 { "is" } else { "are" };
        text = format!("{text}; {} {are} down", down.len());
    }
    let ink = match (safe == all && now.slots_down == 0, alone == all) {
        (true, true) => Ink::Good,
        (true, false) => Ink::Warning,
        (false, _) => Ink::Error,
    };
    page.wrapped(Line::new(), 0, ink, &text);
}

/// All that there are.
const SLOTS: u32 = 16384;

/// Every slot is served again without anybody's help.
fn serves_on(case: &ImpactCase) -> bool {
    case.slots_lost == 0 && case.shards_lost == 0 && case.shards_stuck == 0 && case.majority
}

/// What the cases lose, in the plural.
fn kind(cases: &[ImpactCase]) -> String {
    let kind_of = |domain: &String| domain.split(':').next().unwrap_or("").to_owned();
    let mut kinds: Vec<String> = cases.iter().flat_map(|c| &c.lose).map(kind_of).collect();
    kinds.sort();
    kinds.dedup();
    let sizes = |n: usize| cases.iter().all(|c| c.lose.len() == n);
    match kinds.as_slice() {
        [kind] if sizes(1) => format!("{kind}s"),
        [kind] if sizes(2) => format!("pairs of {kind}s"),
        _ => "losses".to_owned(),
    }
}

fn name(case: &ImpactCase) -> String {
    case.lose.join(" + ")
}

/// The worst thing about a case.
fn verdict(case: &ImpactCase) -> (Ink, &'static str) {
    if case.nodes_lost == 0 {
        (Ink::Dim, "is down already")
    } else if case.slots_lost > 0 {
        (Ink::Error, "loses slots")
    } else if !case.majority {
        (Ink::Error, "no majority")
    } else if case.shards_stuck > 0 {
        (Ink::Error, "stuck")
    } else if case.shards_without_spare_copy > 0 {
        (Ink::Warning, "single copies")
    } else if case.shards_failed_over > 0 {
        (Ink::Good, "fails over")
    } else {
        (Ink::Good, "no slot moves")
    }
}

/// Greater is worse.
fn badness(case: &ImpactCase) -> (u32, bool, usize, usize, usize) {
    (
        case.slots_lost,
        !case.majority,
        case.shards_stuck,
        case.shards_without_spare_copy,
        case.shards_failed_over,
    )
}

#[cfg(test)]
mod tests;
