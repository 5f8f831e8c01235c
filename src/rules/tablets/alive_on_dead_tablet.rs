//! ## What
//! `showtable` calls copies alive on a tablet that `showtablet` calls offline.
//!
//! ## Why
//! With `auto_failover` off nobody marks them: the name server goes on counting them, elects nobody
//! in their place, and later refuses to recover what it believes to be alive.
//!
//! ## Do
//! `offlineendpoint` marks them and elects leaders (`topoplan plan` does it). Without it a later
//! `recoverendpoint` says ok and does nothing.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::AliveOnDeadTablet,
    id: "alive-on-dead-tablet",
    severity: Severity::Error,
    cure: Cure::Yes(Remedy::Promote),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("alive_on_dead_tablet.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    for tablet in state.tablet_ids().filter(|&t| !state.runs(t)) {
        let alive: Vec<_> = state
            .held_by(tablet)
            .filter(|(_, held)| held.alive)
            .collect();
        if alive.is_empty() {
            continue;
        }
        let message = format!(
            "{} of offline {} still {} alive in showtable: nobody takes their place",
            words::count(alive.len(), "copy"),
            cx.tablet(tablet),
            if alive.len() == 1 {
                "counts as"
            } else {
                "count as"
            },
        );
        let rows = alive.iter().map(|(id, _)| Fact::copy(*id, tablet));
        out.push(
            Finding::new(&RULE, Subject::tablet(tablet), message)
                .help(Help::default().plan("marks them with offlineendpoint"))
                .evidence([Fact::tablet(tablet)].into_iter().chain(rows)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_subjects;

    #[test]
    fn fires_where_showtable_lies() {
        assert_eq!(tablet_subjects(&RULE, "flow 0: *b a; a!"), ["10.0.0.1:1"]);
        assert!(tablet_subjects(&RULE, "flow 0: *b a-; a!").is_empty());
        assert!(tablet_subjects(&RULE, "flow 0: *b a").is_empty());
    }
}
