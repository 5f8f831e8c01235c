//! Findings, grouped by severity and code, the most urgent first.

use std::cmp::Reverse;

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::Evidence;
use crate::report::Finding;
use crate::rules::Code;
use crate::text::safe::width;
use crate::text::words::count;

/// Findings of one code that are shown without `-v`.
pub(super) const SHOWN: usize = 8;

/// The same where more would not fit on a screen.
pub(super) const SHOWN_TIGHT: usize = 2;

/// Where the text of a finding starts.
const INDENT: usize = 9;

/// Findings of one code and severity; never empty.
struct Group<'a> {
    first: &'a Finding,
    all: Vec<&'a Finding>,
}

/// Every finding with its evidence and help; without `-v` only some of one code.
pub(super) fn full(page: &mut Page, findings: &[Finding]) {
    full_up_to(page, findings, SHOWN);
}

/// As [`full`], without `-v` only `most` of one code.
pub(super) fn full_up_to(page: &mut Page, findings: &[Finding], most: usize) {
    for group in groups(findings) {
        header(page, &group);
        let shown = if page.look.verbose > 0 {
            group.all.len()
        } else {
            group.all.len().min(most)
        };
        let (visible, hidden) = group.all.split_at(shown);
        let texts = visible.iter().map(|f| (width(&f.message), *f));
        let beside = beside(page, INDENT, texts);
        // One help for all findings in a row that it would help.
        let mut last = None;
        for run in visible.chunk_by(|a, b| a.help == b.help) {
            if let Some(finding) = last.replace(run[0]) {
                help(page, finding);
            }
            for finding in run {
                message(page, Line::new(), INDENT, beside, &finding.message, finding);
            }
        }
        if !hidden.is_empty() {
            let text = format!("and {} more, all shown by -v", hidden.len());
            page.wrapped(Line::new(), INDENT, Ink::Dim, &text);
        }
        if let Some(finding) = last {
            help(page, finding);
        }
    }
}

/// Codes and names alone, in one line.
pub(super) fn named(page: &mut Page, label: &str, findings: &[Finding]) {
    let name = |group: &Group| match group.all.len() {
        1 => format!("{} {}", group.first.code, group.first.rule),
        more => format!("{} {} ({more})", group.first.code, group.first.rule),
    };
    let names: Vec<String> = groups(findings).iter().map(name).collect();
    if !names.is_empty() {
        let text = format!("{}: shown by -v", names.join(", "));
        page.wrapped(Line::new().put(Ink::Note, label), INDENT, Ink::Dim, &text);
    }
}

/// One entry per code behind a label, or per finding with `-v`.
pub(super) fn brief(page: &mut Page, label: &str, findings: &[Finding]) {
    let mut entries: Vec<(String, &Finding)> = Vec::new();
    for group in groups(findings) {
        let more = group.all.len() - 1;
        if more > 0 && page.look.verbose == 0 {
            let text = format!("{} (and {more} more)", group.first.message);
            entries.push((text, group.first));
        } else {
            entries.extend(group.all.iter().map(|f| (f.message.clone(), *f)));
        }
    }
    let most = |f: fn(&Finding) -> &str| entries.iter().map(|e| width(f(e.1))).max().unwrap_or(0);
    let code_at = LABEL + 8;
    let rule_at = code_at + most(|f| f.code.as_str()) + 1;
    let text_at = rule_at + most(|f| &f.rule) + 2;
    let beside = beside(page, text_at, entries.iter().map(|(t, f)| (width(t), *f)));
    let mut label = label;
    for (text, finding) in &entries {
        let line = Line::new()
            .put(Ink::Head, std::mem::take(&mut label))
            .at(LABEL)
            .put(Ink::of(finding.severity), finding.severity.word())
            .at(code_at)
            .put(Ink::Head, finding.code.as_str())
            .at(rule_at)
            .put(Ink::Plain, &finding.rule);
        message(page, line, text_at, beside, text, finding);
    }
}

/// `2 errors, 1 warning`; what there is none of is left out.
pub(super) fn tally(errors: usize, warnings: usize, notes: usize) -> String {
    [(errors, "error"), (warnings, "warning"), (notes, "note")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The code to read about first.
pub(super) fn first_code(findings: &[Finding]) -> Option<Code> {
    groups(findings).first().map(|g| g.first.code)
}

fn header(page: &mut Page, group: &Group) {
    let mut line = Line::new()
        .put(Ink::of(group.first.severity), group.first.severity.word())
        .at(INDENT)
        .put(Ink::Head, group.first.code.as_str())
        .put(Ink::Plain, " ")
        .put(Ink::Head, &group.first.rule);
    if group.all.len() > 1 {
        line = line.put(
            Ink::Plain,
            &format!(" · {}", count(group.all.len(), "finding")),
        );
    }
    page.line(line);
}

/// The column for the evidence where every message, its width given, leaves room for it.
fn beside<'a>(
    page: &Page,
    indent: usize,
    findings: impl Iterator<Item = (usize, &'a Finding)>,
) -> Option<usize> {
    let (mut text, mut place) = (0, 0);
    for (size, finding) in findings {
        if page.look.verbose > 0 && finding.evidence.len() > 1 {
            return None;
        }
        text = text.max(size);
        place = place.max(finding.evidence.first().map_or(0, |e| width(&at(e))));
    }
    let column = indent + text + 2;
    (column + place <= page.look.width).then_some(column)
}

/// The message, and the evidence beside it or, further in, below it; all of it with `-v`.
fn message(
    page: &mut Page,
    line: Line,
    column: usize,
    beside: Option<usize>,
    text: &str,
    finding: &Finding,
) {
    if let (Some(beside), Some(place)) = (beside, finding.evidence.first()) {
        let line = line.at(column).put(Ink::Plain, text);
        return page.line(line.at(beside).put(Ink::Dim, &at(place)));
    }
    page.wrapped(line, column, Ink::Plain, text);
    let shown = if page.look.verbose > 0 { usize::MAX } else { 1 };
    for place in finding.evidence.iter().take(shown) {
        page.wrapped(Line::new(), column + 2, Ink::Dim, &at(place));
    }
}

fn help(page: &mut Page, finding: &Finding) {
    if !finding.help.is_empty() && !page.look.quiet {
        let line = Line::new().at(INDENT).put(Ink::Note, "help:");
        page.wrapped(line, INDENT + 6, Ink::Plain, &finding.help);
    }
}

fn at(place: &Evidence) -> String {
    format!("at {}:{}", place.path, place.line)
}

fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for finding in findings {
        let same =
            |g: &&mut Group| g.first.code == finding.code && g.first.severity == finding.severity;
        match groups.iter_mut().find(same) {
            Some(group) => group.all.push(finding),
            None => groups.push(Group {
                first: finding,
                all: vec![finding],
            }),
        }
    }
    groups.sort_by_key(|g| {
        let urgency = g.first.code.family().urgency();
        (Reverse(g.first.severity), urgency, g.first.code)
    });
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::render::style::Look;
    use crate::render::style::WIDTH;
    use crate::render::testing::finding;

    fn text(findings: &[Finding], verbose: u8) -> String {
        let mut page = Page::new(Look {
            verbose,
            ..Look::default()
        });
        full(&mut page, findings);
        page.finish()
    }

    #[test]
    fn errors_stand_first_and_equal_codes_together() {
        let found = [
            finding(
                Severity::Warning,
                Code::SkewedMasters,
                "skewed-masters",
                "host-3 runs 8 masters",
            ),
            finding(
                Severity::Error,
                Code::OrphanMaster,
                "orphan-master",
                "10.0.0.1:7000 has no live replica",
            ),
            finding(
                Severity::Warning,
                Code::SkewedMasters,
                "skewed-masters",
                "host-4 runs 7 masters",
            ),
            finding(
                Severity::Error,
                Code::UncoveredSlots,
                "uncovered-slots",
                "0-5460 have no live owner",
            ),
        ];
        assert_eq!(
            text(&found, 0),
            "error    S001 uncovered-slots\n         \
             0-5460 have no live owner  at a/cluster-nodes.txt:3\n         \
             help: see the page of S001\n\
             error    R001 orphan-master\n         \
             10.0.0.1:7000 has no live replica  at a/cluster-nodes.txt:3\n         \
             help: see the page of R001\n\
             warning  P005 skewed-masters · 2 findings\n         \
             host-3 runs 8 masters  at a/cluster-nodes.txt:3\n         \
             host-4 runs 7 masters  at a/cluster-nodes.txt:3\n         \
             help: see the page of P005\n"
        );
    }

    #[test]
    fn many_of_one_code_are_counted_unless_asked_for() {
        let found: Vec<_> = (0..30)
            .map(|i| {
                finding(
                    Severity::Error,
                    Code::OrphanMaster,
                    "orphan-master",
                    &format!("node {i}"),
                )
            })
            .collect();
        let short = text(&found, 0);
        assert!(short.contains("orphan-master · 30 findings"));
        assert!(short.contains("and 22 more, all shown by -v"));
        assert_eq!(short.lines().count(), 1 + SHOWN + 2);
        let long = text(&found, 1);
        assert!(long.contains("node 29"));
        assert!(!long.contains("more"));
    }

    #[test]
    fn a_long_message_wraps_and_its_evidence_stands_below() {
        let found = [finding(
            Severity::Error,
            Code::UncoveredSlots,
            "uncovered-slots",
            &"word ".repeat(25),
        )];
        let text = text(&found, 0);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[3], "           at a/cluster-nodes.txt:3");
        assert!(lines.iter().all(|l| l.chars().count() <= WIDTH));
    }
}
