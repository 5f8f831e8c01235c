//! ## What
//! After the list `check` complains about something that it did not complain about before, and about nothing less.
//!
//! ## Why
//! The list mends one thing and breaks another.
//!
//! ## Do
//! Look at what it complains about: `topoplan explain CODE`; or let `topoplan plan` choose.
use crate::lint::rules::prelude::*;
use crate::rules::Finding;
use crate::rules::Subject;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::MakesFinding,
    id: "makes-finding",
    severity: Severity::Warning,
    check: no_command,
    at_end,
    page: include_str!("makes_finding.rs"),
};

fn at_end(whole: &Whole) -> Vec<Said> {
    // What could not be followed may have mended it.
    if whole.blind {
        return Vec::new();
    }
    let count = |found: &[Finding], severity: Severity| {
        let of = found.iter().filter(|f| f.severity == severity);
        of.count()
    };
    // An error less is worth any warning more.
    let worst = [Severity::Error, Severity::Warning]
        .into_iter()
        .find(|&severity| {
            count(whole.found_after, severity) != count(whole.found_before, severity)
        });
    let worse = worst.filter(|&severity| {
        count(whole.found_after, severity) > count(whole.found_before, severity)
    });
    let Some(worse) = worse else {
        return Vec::new();
    };
    let fresh = whole.found_after.iter().filter(|after| {
        !whole
            .found_before
            .iter()
            .any(|before| before.is_same(after))
    });
    let fresh = fresh.filter(|f| f.severity == worse);
    fresh
        .map(|finding| {
            let about = match finding.subject {
                Subject::Node(id) | Subject::Slots(_, Some(id)) => whole.named.get(&id),
                Subject::Slots(_, None)
                | Subject::Host(_)
                | Subject::Zone(_)
                | Subject::Capture
                | Subject::Tablets(_) => None,
            };
            let command = about.copied().unwrap_or(whole.last);
            let code = finding.rule.code;
            (command, format!("afterwards {code}: {}", finding.message))
        })
        .collect()
}
