//! ## What
//! `showtablet` calls a tablet offline. An error where it is the leader of a partition that has no
//! other, or holds the only copy of one; else a warning.
//!
//! ## Why
//! Its copies are not there, and what it leads cannot be written.
//!
//! ## Do
//! Start it again. `topoplan plan` takes it out first where rows still call its copies alive, and
//! recovers its copies when it is back: they are not used until then.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::TabletOffline,
    id: "tablet-offline",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("tablet_offline.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    for tablet in state.tablet_ids().filter(|&t| !state.runs(t)) {
        let held: Vec<_> = state.held_by(tablet).collect();
        let (mut leads, mut alone) = (0, 0);
        for (id, row) in &held {
            let partition = state.partition(*id);
            let led = state.leader(partition).is_some();
            leads += usize::from(row.leader && !led);
            let mut others = partition.copies.iter().filter(|c| c.tablet != tablet);
            alone += usize::from(!others.any(|c| state.is_usable(c)));
        }
        let mut message = format!(
            "{} is offline and holds {}",
            cx.tablet(tablet),
            words::count(held.len(), "copy")
        );
        if leads > 0 {
            message += &format!(", {leads} of them leaders that nobody replaced");
        }
        if alone > 0 {
            message += &format!(", {alone} without another copy that is alive");
        }
        let severity = if leads + alone > 0 {
            Severity::Error
        } else {
            Severity::Warning
        };
        out.push(
            Finding::new(&RULE, Subject::tablet(tablet), message)
                .severity(severity)
                .help(Help::from("start it again").plan("says when, and recovers its copies"))
                .evidence([Fact::tablet(tablet)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_findings;

    #[test]
    fn leaders_and_only_copies_make_it_an_error() {
        let severity = |text: &str| {
            let found = tablet_findings(&RULE, text);
            found.iter().map(|f| f.severity).collect::<Vec<_>>()
        };
        assert_eq!(severity("flow 0: *a b; a!"), [Severity::Error]);
        assert_eq!(severity("flow 0: *a- *b; a!"), [Severity::Warning]);
        assert_eq!(severity("flow 0: *b a-; a!"), [Severity::Warning]);
        assert_eq!(severity("flow 0: *b- a-; a!"), [Severity::Error]);
        assert!(severity("flow 0: *a b").is_empty());
    }
}
