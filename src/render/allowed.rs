//! Findings that are nobody's trouble: counted in a line, told with `-v`.

use std::collections::BTreeMap;

use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::style::Ink;
use crate::report::Finding;
use crate::rules::Code;
use crate::text::words::count;

/// Those that are somebody's.
pub(super) fn troubles(findings: &[Finding]) -> Vec<Finding> {
    let troubles = findings.iter().filter(|finding| finding.counts());
    troubles.cloned().collect()
}

/// `allowed   3 findings by the policy: P005, P009 (2); -v shows them`
pub(super) fn lines(page: &mut Page, findings: &[Finding]) {
    let allowed: Vec<&Finding> = findings.iter().filter(|f| f.allowed).collect();
    let known: Vec<&Finding> = findings.iter().filter(|f| !f.allowed && f.known).collect();
    for (label, whose, of) in [
        ("allowed", "by the policy", allowed),
        ("known", "to the baseline", known),
    ] {
        if of.is_empty() {
            continue;
        }
        if page.look.verbose == 0 {
            let findings = count(of.len(), "finding");
            let text = format!("{findings} {whose}: {}; -v shows them", codes(&of));
            page.labelled(Ink::Dim, label, &text);
            continue;
        }
        let mut label = label;
        for finding in of {
            let why = finding.allowed_by.as_ref();
            let why = why.map_or(String::new(), |why| format!(" ({why})"));
            let line = Line::new().put(Ink::Dim, std::mem::take(&mut label));
            let (code, message) = (finding.code, &finding.message);
            page.wrapped(line, LABEL, Ink::Dim, &format!("{code} {message}{why}"));
        }
    }
}

fn codes(findings: &[&Finding]) -> String {
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    for finding in findings {
        *codes.entry(finding.code).or_default() += 1;
    }
    let codes = codes.into_iter().map(|(code, times)| match times {
        1 => code.to_string(),
        _ => format!("{code} ({times})"),
    });
    codes.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::Look;
    use crate::render::testing;

    #[test]
    fn what_is_allowed_is_counted_and_told_on_request() {
        let mut findings = testing::check().findings;
        findings[0].allowed = true;
        findings[0].allowed_by = Some("ignored: moves in March".to_owned());
        findings[1].known = true;
        let text = |verbose| {
            let mut page = Page::new(Look {
                verbose,
                ..Look::default()
            });
            lines(&mut page, &findings);
            page.finish()
        };
        assert_eq!(
            text(0),
            "allowed   1 finding by the policy: P005; -v shows them\n\
             known     1 finding to the baseline: S001; -v shows them\n"
        );
        assert_eq!(
            text(1),
            "allowed   P005 host-1 runs 3 of 3 masters (ignored: moves in March)\n\
             known     S001 0-5460 have no live owner\n"
        );
        assert!(troubles(&findings).is_empty());
    }
}
