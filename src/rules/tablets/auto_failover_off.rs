//! ## What
//! `auto_failover` is off. An error while a partition has no leader that is alive.
//!
//! ## Why
//! When a tablet dies, nobody elects other leaders, and `showtable` goes on calling its copies alive.
//! It must be off for nearly every change by hand, and is easily forgotten so.
//!
//! ## Do
//! `confset auto_failover true` once nothing is being changed and every copy is alive; a script of a
//! plan that turned it off turns it on again, however it ends.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::AutoFailoverOff,
    id: "auto-failover-off",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("auto_failover_off.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    if state.auto_failover != Some(false) {
        return;
    }
    let leaderless = state
        .partitions
        .iter()
        .filter(|p| state.leader(p).is_none())
        .count();
    let (severity, message) = match leaderless {
        0 => (
            Severity::Note,
            "auto_failover is off: a tablet that dies is not replaced".to_owned(),
        ),
        n => (
            Severity::Error,
            format!(
                "auto_failover is off and {} no leader that is alive: nobody will elect one",
                if n == 1 {
                    "1 partition has".to_owned()
                } else {
                    format!("{n} partitions have")
                }
            ),
        ),
    };
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .severity(severity)
            .help("`confset auto_failover true` once every copy is alive and nothing is being changed")
            .evidence([Fact::AUTO_FAILOVER]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_findings;

    #[test]
    fn it_is_an_error_beside_a_partition_without_leader() {
        let severity = |text: &str| tablet_findings(&RULE, text)[0].severity;
        assert_eq!(severity("flow 0: *a b"), Severity::Note);
        assert_eq!(severity("flow 0: *a- b"), Severity::Error);
    }
}
