//! The answer of `lint` for people: the list from top to bottom, each command with what is wrong.

use crate::render::findings;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::report::LintFinding;
use crate::report::LintReport;
use crate::text::words::count;

/// Findings that are shown without `-v`.
const SHOWN: usize = 40;

/// Where the text of a finding starts.
const TEXT: usize = 16;

/// Every command that something is said about, in the order of the list.
pub fn lint(report: &LintReport, look: Look) -> String {
    let mut page = Page::new(look);
    for doubt in &report.doubts {
        page.labelled(Ink::Warning, "doubtful", &doubt.message);
    }
    if !report.whole {
        let text = "there are more commands in the list than are looked at: the rest was not read";
        page.labelled(Ink::Warning, "doubtful", text);
    }
    if page.look.verbose > 0 || !report.doubts.is_empty() {
        page.gap();
    }
    let shown = match look.verbose {
        0 => SHOWN,
        _ => usize::MAX,
    };
    let visible: Vec<&LintFinding> = report.findings.iter().take(shown).collect();
    for of_line in visible.chunk_by(|a, b| (a.line, &a.command) == (b.line, &b.command)) {
        let Some(first) = of_line.first() else {
            continue;
        };
        let place = format!("{}:{}", first.path, first.line);
        let line = Line::new().put(Ink::Dim, &place);
        let column = line.column() + 2;
        page.wrapped(line, column, Ink::Head, &first.command);
        for finding in of_line {
            let line = Line::new()
                .at(2)
                .put(Ink::of(finding.severity), finding.severity.word())
                .at(LABEL)
                .put(Ink::Head, finding.code.as_str());
            page.wrapped(line, TEXT, Ink::Plain, &finding.message);
        }
    }
    let hidden = report.findings.len().saturating_sub(shown);
    if hidden > 0 {
        let text = format!("and {hidden} more, all shown by -v");
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
    if !look.quiet {
        page.gap();
        closing(&mut page, report);
    }
    page.finish()
}

fn closing(page: &mut Page, report: &LintReport) {
    let followed = count(report.followed, "command");
    let looked_at = match report.passed_over {
        0 => format!("{followed} tried on the capture"),
        over => format!("{followed} tried on the capture, {over} passed over"),
    };
    let (ink, verdict) = match (report.errors, report.warnings) {
        (0, 0) if report.followed == 0 => (
            Ink::Warning,
            "no command in it changes a cluster".to_owned(),
        ),
        (0, 0) => (Ink::Good, "nothing to complain about".to_owned()),
        (0, warnings) => (Ink::Warning, findings::tally(0, warnings, 0)),
        (errors, warnings) => (Ink::Error, findings::tally(errors, warnings, 0)),
    };
    let mut text = format!(" · {looked_at}");
    if let Some(worst) = report
        .findings
        .iter()
        .max_by_key(|f| (f.severity, std::cmp::Reverse(f.line)))
    {
        text = format!("{text} · topoplan explain {} says why", worst.code);
    }
    page.line(Line::new().put(ink, &verdict).put(Ink::Plain, &text));
}
