//! The answer of `check` for people.

use crate::diagnostic::Severity;
use crate::render::allowed;
use crate::render::causes;
use crate::render::diagnostics;
use crate::render::findings;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::pager;
use crate::render::state;
use crate::render::style::Ink;
use crate::render::style::Look;
use crate::render::table;
use crate::report::CheckReport;
use crate::report::Finding;
use crate::report::Outlook;
use crate::report::Serves;
use crate::report::Summary;
use crate::report::Views;
use crate::text::safe::width;
use crate::text::words::count;

/// Lines that a screen shows at once.
const SCREEN: usize = 50;

/// Clusters up to this many nodes fit on it.
const SMALL: usize = 30;

/// What is wrong, the worst first; then where the nodes are; then what to type next. Of a small
/// cluster one screen, unless `-v` asks for all; `-q` asks for a line.
pub fn check(report: &CheckReport, look: Look) -> String {
    if look.quiet {
        return pager::line(report);
    }
    let small = report.summary.nodes <= SMALL;
    let mut text = String::new();
    for (shown, notes) in WAYS {
        text = page(report, look, shown, notes);
        if look.verbose > 0 || !small || text.lines().count() <= SCREEN {
            break;
        }
    }
    text
}

/// How notes are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notes {
    Told,
    /// By their codes, in one line.
    Named,
}

/// How many findings of a code are shown, and how notes are: the first way that fits on a screen.
const WAYS: [(usize, Notes); 4] = [
    (findings::SHOWN, Notes::Told),
    (findings::SHOWN_TIGHT, Notes::Told),
    (findings::SHOWN_TIGHT, Notes::Named),
    (1, Notes::Named),
];

/// With so many findings of each code.
fn page(report: &CheckReport, look: Look, shown: usize, notes: Notes) -> String {
    let mut page = Page::new(look);
    let server = server(&report.server.name, report.server.version.as_deref());
    headline(&mut page, &server, &report.summary, &report.views);
    state::line(&mut page, &report.state);
    page.gap();
    causes::lines(&mut page, report);
    let told = allowed::troubles(&causes::folded(report, look.verbose > 0));
    match notes {
        Notes::Told => findings::full_up_to(&mut page, &told, shown),
        Notes::Named => {
            let is_note = |finding: &Finding| finding.severity == Severity::Note;
            let (few, worse) = told.into_iter().partition::<Vec<Finding>, _>(is_note);
            findings::full_up_to(&mut page, &worse, shown);
            findings::named(&mut page, "note", &few);
        }
    }
    allowed::lines(&mut page, &report.findings);
    if !report.distribution.is_empty() {
        page.gap();
        table::distribution(&mut page, 0, &report.distribution);
    }
    page.gap();
    closing(&mut page, report);
    page.finish()
}

/// `redis 7.0.15`
pub(super) fn server(name: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    }
}

/// What was captured, in one line.
pub(super) fn headline(page: &mut Page, server: &str, summary: &Summary, views: &Views) {
    let mut nodes = count(summary.nodes, "node");
    if summary.ghosts > 0 {
        nodes = format!("{nodes} and {}", count(summary.ghosts, "ghost"));
    }
    let mut seen = count(views.read.saturating_sub(views.unmet), "view");
    if views.on_disk {
        seen.push_str(" from disk");
    }
    if let Some(instead) = &views.instead {
        seen = format!("no view, a report of `{instead}`");
    }
    let mut seen = match (views.read.saturating_sub(views.unmet), views.behind) {
        _ if views.instead.is_some() => seen,
        (0, _) => "no view".to_owned(),
        (1, 0) => format!("{seen} only"),
        (_, 0) => format!("{seen}, all agree"),
        (read, behind) if behind == read && read > 1 => format!("{seen}, none agrees"),
        (_, behind) => format!("{seen}, {behind} behind"),
    };
    if views.unmet > 0 {
        let alone = count(views.unmet, "view");
        seen.push_str(&format!(", {alone} of who was never met"));
    }
    let rest = format!(
        " · {nodes} on {} · {} · {seen}",
        count(summary.hosts, "host"),
        count(summary.shards, "shard")
    );
    page.line(Line::new().put(Ink::Head, server).put(Ink::Plain, &rest));
}

pub(super) fn closing(page: &mut Page, report: &CheckReport) {
    let untold = diagnostics::untold(&report.diagnostics, &report.findings, page.look);
    let doubts = untold.iter().any(|d| d.severity != Severity::Note);
    let (ink, verdict) = verdict(report, doubts);
    let mut line = Line::new().put(ink, &verdict);
    if !untold.is_empty() {
        let text = format!(" · {}", count(untold.len(), "diagnostic"));
        line = line.put(Ink::Plain, &text);
    }
    if let Some(code) = findings::first_code(&allowed::troubles(&report.findings)) {
        let hint = match &report.outlook {
            Outlook {
                refused: Some(_), ..
            } => "topoplan plan CAPTURE says why it plans nothing",
            Outlook { steps: 0, .. } => "no step in a default plan",
            Outlook { .. } => "topoplan plan CAPTURE shows what to do",
        };
        let hint = format!("{hint} · topoplan explain {code} says why");
        if line.column() + 3 + width(&hint) > page.look.width {
            page.line(std::mem::take(&mut line));
        } else {
            line = line.put(Ink::Plain, " · ");
        }
        line = line.put(Ink::Plain, &hint);
    }
    page.line(line);
}

/// Nobody reads of a clean bill above a cluster that does not serve, or of which the list is not
/// whole.
fn verdict(report: &CheckReport, doubts: bool) -> (Ink, String) {
    let Summary {
        errors,
        warnings,
        notes,
        ..
    } = report.summary;
    if !report.findings.iter().any(Finding::counts) {
        let serves = match report.state.serves {
            Serves::Yes | Serves::Unknown => true,
            Serves::Partly | Serves::No => false,
        };
        return if !serves {
            (
                Ink::Error,
                "no rule fires, but the cluster does not serve".to_owned(),
            )
        } else if !report.state.whole {
            let text = "nothing found in the part that could be read: no clean bill";
            (Ink::Warning, text.to_owned())
        } else if doubts {
            let text = "nothing to complain about in what could be read";
            (Ink::Warning, text.to_owned())
        } else {
            (Ink::Good, "nothing to complain about".to_owned())
        };
    }
    let ink = match (errors, warnings) {
        (0, 0) => Ink::Note,
        (0, _) => Ink::Warning,
        _ => Ink::Error,
    };
    (ink, findings::tally(errors, warnings, notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::testing;

    #[test]
    fn a_healthy_cluster_has_nothing_to_complain_about() {
        let mut report = testing::check();
        report.findings.clear();
        report.diagnostics.clear();
        assert_eq!(
            check(&report, Look::default()),
            "redis 7.0.15 · 6 nodes on 2 hosts · 3 shards · 6 views, all agree\n\
             state     ok on 6 of 6 · every slot has a live owner · 3 of 3 voting masters live, 2 needed\n\
             \x20         survives the loss of any host\n\
             \n\
             host    masters  replicas  spares\n\
             host-1        3         0       0\n\
             host-2        0         3       0\n\
             \n\
             nothing to complain about\n"
        );
    }

    #[test]
    fn findings_stand_between_headline_and_distribution() {
        let report = testing::check();
        assert_eq!(
            check(&report, Look::default()),
            "redis 7.0.15 · 6 nodes on 2 hosts · 3 shards · 6 views, all agree\n\
             state     ok on 6 of 6 · every slot has a live owner · 3 of 3 voting masters live, 2 needed\n\
             \x20         survives the loss of any host\n\
             \n\
             error    S001 uncovered-slots\n         \
             0-5460 have no live owner  at a/cluster-nodes.txt:3\n         \
             help: see the page of S001\n\
             warning  P005 skewed-masters\n         \
             host-1 runs 3 of 3 masters  at a/cluster-nodes.txt:3\n         \
             help: see the page of P005\n\
             \n\
             host    masters  replicas  spares\n\
             host-1        3         0       0\n\
             host-2        0         3       0\n\
             \n\
             1 error, 1 warning · 1 diagnostic\n\
             topoplan plan CAPTURE shows what to do · topoplan explain S001 says why\n"
        );
    }

    #[test]
    fn quiet_says_only_what_is_wrong() {
        let look = Look {
            quiet: true,
            ..Look::default()
        };
        let mut report = testing::check();
        let line = "serves, 1 error, 1 warning; S001 0-5460 have no live owner\n";
        assert_eq!(check(&report, look), line);
        report.findings.clear();
        assert_eq!(check(&report, look), "");
    }

    #[test]
    fn one_view_and_views_behind_are_said() {
        let mut report = testing::check();
        report.views.behind = 2;
        report.summary.ghosts = 1;
        let text = check(&report, Look::default());
        assert!(
            text.starts_with("redis 7.0.15 · 6 nodes and 1 ghost on 2 hosts"),
            "{text}"
        );
        assert!(text.contains("6 views, 2 behind"), "{text}");
        report.views.behind = 6;
        let text = check(&report, Look::default());
        assert!(text.contains("6 views, none agrees\n"), "{text}");
        report.views.read = 1;
        report.views.behind = 0;
        assert!(check(&report, Look::default()).contains("1 view only"));
        report.views.read = 6;
        report.views.on_disk = true;
        let text = check(&report, Look::default());
        assert!(text.contains("6 views from disk, all agree"), "{text}");
    }

    #[test]
    fn no_escape_without_colour_and_some_with_it() {
        let report = testing::check();
        assert!(!check(&report, Look::default()).contains('\x1b'));
        let look = Look {
            colour: true,
            ..Look::default()
        };
        assert!(check(&report, look).contains("\x1b[31merror"));
    }
}
