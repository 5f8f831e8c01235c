//! The answer of `check` in one line that fits a pager message.

use crate::render::brief;
use crate::render::findings;
use crate::report::CheckReport;
use crate::report::Finding;
use crate::report::Serves;
use crate::text::safe::width;

/// As long as a short message is.
const LONGEST: usize = 160;

/// Whether it serves, what is counted, the causes, else the finding to read about first. Nothing
/// where nothing is to be said.
pub(super) fn line(report: &CheckReport) -> String {
    let served = match report.state.serves {
        Serves::Yes | Serves::Unknown => true,
        Serves::Partly | Serves::No => false,
    };
    let counted: Vec<Finding> = report
        .findings
        .iter()
        .filter(|f| f.counts())
        .cloned()
        .collect();
    if counted.is_empty() && served && report.state.whole {
        return String::new();
    }
    let mut parts = vec![brief::check(report).headline];
    parts.extend(report.causes.iter().map(|cause| cause.message.clone()));
    if report.causes.is_empty() {
        let first = findings::first_code(&counted);
        let first = first.and_then(|code| counted.iter().find(|f| f.code == code));
        parts.extend(first.map(|f| format!("{} {}", f.code, f.message)));
    }
    let mut line = brief::line(&parts.join("; "));
    if width(&line) > LONGEST {
        while width(&line) > LONGEST - 1 {
            line.pop();
        }
        line = format!("{}…", line.trim_end());
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::testing;

    #[test]
    fn a_pager_gets_one_line_and_only_if_something_is_wrong() {
        let mut report = testing::check();
        let said = "serves, 1 error, 1 warning; S001 0-5460 have no live owner\n";
        assert_eq!(line(&report), said);
        report.findings[1].message = "word ".repeat(60);
        let long = line(&report);
        assert!(
            width(long.trim_end()) <= LONGEST && long.ends_with("…\n"),
            "{long}"
        );
        report.findings.clear();
        assert_eq!(line(&report), "");
        report.state.serves = Serves::No;
        assert_eq!(line(&report), "does not serve, no findings\n");
    }
}
