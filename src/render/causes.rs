//! What many findings follow from, and the findings without what the cause has said already.

use std::collections::BTreeMap;

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::Cause;
use crate::report::CauseKind;
use crate::report::CheckReport;
use crate::report::Finding;
use crate::rules::Code;
use crate::text::words::count;
use crate::text::words::list;

/// `cause     host-2: all 8 processes are dead; from it follow M003 (8), R001 (4), Q001`
pub(super) fn lines(page: &mut Page, report: &CheckReport) {
    let mut label = "cause";
    for cause in &report.causes {
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        for finding in follows(cause, report) {
            *codes.entry(finding.code).or_default() += 1;
        }
        let codes: Vec<String> = codes
            .into_iter()
            .map(|(code, times)| match times {
                1 => code.to_string(),
                _ => format!("{code} ({times})"),
            })
            .collect();
        let text = match codes.len() {
            0 => cause.message.clone(),
            1 => format!("{}; from it follows {}", cause.message, codes[0]),
            _ => format!("{}; from it follow {}", cause.message, codes.join(", ")),
        };
        let line = Line::new().put(Ink::Error, std::mem::take(&mut label));
        page.wrapped(line, LABEL, Ink::Plain, &text);
    }
    if !report.causes.is_empty() {
        page.gap();
    }
}

fn follows<'a>(cause: &'a Cause, report: &'a CheckReport) -> impl Iterator<Item = &'a Finding> {
    let places = cause.follows.iter();
    places.filter_map(|&place| report.findings.get(place))
}

/// The findings; the dead nodes of one cause as one, unless all was asked for.
pub(super) fn folded(report: &CheckReport, verbose: bool) -> Vec<Finding> {
    let mut folded: BTreeMap<usize, Option<String>> = BTreeMap::new();
    for cause in &report.causes {
        let dead = match cause.cause {
            CauseKind::HostDead | CauseKind::DiskDead => Code::DeadNode,
            CauseKind::Split => continue,
        };
        let mut alike: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for &place in &cause.follows {
            if let Some(finding) = report.findings.get(place).filter(|f| f.code == dead) {
                let key = (finding.severity.word(), finding.help.as_str());
                alike.entry(key).or_default().push(place);
            }
        }
        for places in alike.into_values().filter(|places| places.len() > 1) {
            let of = |place: &usize| report.findings[*place].subject.address.clone();
            let names: Vec<String> = places.iter().filter_map(of).collect();
            let who = count(places.len(), "dead node");
            let text = format!("{who}, see the cause above: {}", list(&names));
            folded.insert(places[0], Some(text));
            folded.extend(places[1..].iter().map(|&place| (place, None)));
        }
    }
    let all = report.findings.iter().enumerate();
    all.filter_map(|(place, finding)| match folded.get(&place) {
        Some(None) if !verbose => None,
        Some(Some(message)) if !verbose => Some(Finding {
            message: message.clone(),
            ..finding.clone()
        }),
        Some(_) | None => Some(finding.clone()),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::render::style::Look;
    use crate::render::testing;

    fn report() -> CheckReport {
        let mut report = testing::check();
        let dead = |n: u32| {
            let mut finding = testing::finding(
                Severity::Warning,
                Code::DeadNode,
                "dead-node",
                &format!("{n} is dead"),
            );
            finding.subject.address = Some(format!("10.0.0.2:{n}"));
            finding
        };
        report.findings.extend([dead(7001), dead(7002), dead(7003)]);
        report.causes = vec![Cause {
            cause: CauseKind::HostDead,
            message: "host-2: both processes are dead".into(),
            nodes: vec!["10.0.0.2:7001".into(), "10.0.0.2:7002".into()],
            follows: vec![1, 2, 3],
        }];
        report
    }

    #[test]
    fn a_cause_says_what_follows() {
        let mut page = Page::new(Look::default());
        lines(&mut page, &report());
        assert_eq!(
            page.finish(),
            "cause     host-2: both processes are dead; from it follow M003 (2), S001\n\n"
        );
    }

    #[test]
    fn the_dead_of_one_cause_are_one_entry_unless_all_is_asked_for() {
        let short: Vec<String> = folded(&report(), false)
            .into_iter()
            .map(|f| f.message)
            .collect();
        assert_eq!(
            short[2..],
            [
                "2 dead nodes, see the cause above: 10.0.0.2:7001, 10.0.0.2:7002",
                "7003 is dead"
            ]
        );
        assert_eq!(folded(&report(), true).len(), 5);
    }
}
