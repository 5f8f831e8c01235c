//! The answer of `impact` for people: one loss in full, many as a table.

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::render::table::Side;
use crate::render::table::Table;
use crate::report::ImpactCase;
use crate::report::ImpactReport;
use crate::text::safe::width;
use crate::text::words::count;

/// Cases of a table that are shown without `-v`.
const CASES_SHOWN: usize = 25;

/// Room for the name of a loss in the table; a longer name gets a line of its own.
const NAME: usize = 32;

/// Where the text of a single case starts.
const FACTS: usize = 16;

/// What is lost, what is stuck, what fails over by itself, what is left.
pub fn impact(report: &ImpactReport, look: Look) -> String {
    let mut page = Page::new(look);
    match report.cases.as_slice() {
        [] => page.line(Line::new().put(Ink::Plain, "nothing to lose")),
        [case] => single(&mut page, case),
        cases => many(&mut page, cases),
    }
    page.finish()
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
    if !page.look.quiet && !case.after.is_empty() {
        page.gap();
        table::distribution(page, 2, &case.after);
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

fn many(page: &mut Page, cases: &[ImpactCase]) {
    let mut sorted: Vec<&ImpactCase> = cases.iter().collect();
    // Stable: equal cases keep the order of the report.
    sorted.sort_by_key(|case| std::cmp::Reverse(badness(case)));
    let shown = if page.look.verbose > 0 {
        sorted.len()
    } else {
        sorted.len().min(CASES_SHOWN)
    };
    let (visible, hidden) = sorted.split_at(shown);
    let columns = [
        (Side::Left, "losing"),
        (Side::Right, "slots lost"),
        (Side::Right, "stuck"),
        (Side::Right, "one copy"),
        (Side::Right, "fail over"),
        (Side::Right, "voters left"),
        (Side::Left, ""),
    ];
    let mut table = Table::new(0, &columns);
    for case in visible {
        let name = name(case);
        let long = width(&name) > NAME;
        if long {
            table.span(Ink::Head, &name);
        }
        let number = |n: usize| (if n == 0 { Ink::Dim } else { Ink::Plain }, n.to_string());
        let (ink, verdict) = verdict(case);
        table.row([
            (Ink::Head, if long { String::new() } else { name }),
            number(case.slots_lost as usize),
            number(case.shards_stuck),
            number(case.shards_without_spare_copy),
            number(case.shards_failed_over),
            (
                Ink::Plain,
                format!("{}, needs {}", case.voters_left, case.voters_needed),
            ),
            (ink, verdict.to_owned()),
        ]);
    }
    table.write(page);
    if !hidden.is_empty() {
        let text = format!("and {} not worse, all shown by -v", hidden.len());
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
    page.gap();
    conclusion(page, cases);
}

/// `2 of 3 hosts can be lost without losing a slot, 1 of 3 without a human`
fn conclusion(page: &mut Page, cases: &[ImpactCase]) {
    let all = cases.len();
    let safe = cases.iter().filter(|c| c.slots_lost == 0).count();
    let alone = cases.iter().filter(|c| serves_on(c)).count();
    let text = format!(
        "{safe} of {all} {} can be lost without losing a slot, {alone} of {all} without a human",
        kind(cases)
    );
    let ink = match (safe == all, alone == all) {
        (true, true) => Ink::Good,
        (true, false) => Ink::Warning,
        _ => Ink::Error,
    };
    page.wrapped(Line::new(), 0, ink, &text);
}

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
    if case.slots_lost > 0 {
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
mod tests {
    use super::*;
    use crate::render::testing;

    #[test]
    fn one_loss_is_told_in_full() {
        assert_eq!(
            impact(&testing::impact(1), Look::default()),
            "losing host:10.0.0.1: loses slots\n\
             \x20 lost          1 shard without a copy left, 5461 slots: 0-5460\n\
             \x20 stuck         0 shards\n\
             \x20 fails over    1 shard served again by a replica\n\
             \x20 single copy   2 shards left with one copy\n\
             \x20 voters        2 left, 2 needed: a majority remains\n\
             \n\
             \x20 host    masters  replicas  spares\n\
             \x20 host-2        2         1       0\n"
        );
    }

    #[test]
    fn many_losses_are_sorted_worst_first() {
        let mut report = testing::impact(3);
        report.cases.reverse();
        assert_eq!(
            impact(&report, Look::default()),
            "losing         slots lost  stuck  one copy  fail over  voters left\n\
             host:10.0.0.1        5461      0         2          1   2, needs 2  loses slots\n\
             host:10.0.0.2           0      1         0          0   1, needs 2  no majority\n\
             host:10.0.0.3           0      0         0          1   2, needs 2  fails over\n\
             \n\
             2 of 3 hosts can be lost without losing a slot, 1 of 3 without a human\n"
        );
    }

    #[test]
    fn pairs_and_long_names_keep_the_numbers_aligned() {
        let mut report = testing::impact(2);
        for case in &mut report.cases {
            case.lose
                .push("host:a-host-with-a-very-long-name.example".into());
        }
        let text = impact(&report, Look::default());
        assert!(text.contains("1 of 2 pairs of hosts"), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }

    #[test]
    fn no_case_is_no_panic() {
        assert_eq!(
            impact(&testing::impact(0), Look::default()),
            "nothing to lose\n"
        );
    }
}
