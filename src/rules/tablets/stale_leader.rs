//! ## What
//! A partition has another row that says `leader`: of a tablet that led it before and is not alive
//! (a note), or alive beside the one that leads (an error).
//!
//! ## Why
//! The name server leaves the old row as it is when it elects another leader, also where the old one
//! was healthy: the copy is out of use until it is recovered, and can be neither deleted nor migrated.
//!
//! ## Do
//! `recovertable TABLE PID ENDPOINT` makes a follower of it, once its tablet runs (`topoplan plan`
//! does it). Two leaders that are both alive are no state of the name server: capture again.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::StaleLeader,
    id: "stale-leader",
    severity: Severity::Note,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("stale_leader.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let Some(leader) = state.leader(partition).map(|held| held.tablet) else {
            continue;
        };
        let others = partition.copies.iter();
        for held in others.filter(|h| h.leader && h.tablet != leader) {
            let both = state.is_usable(held);
            let message = if both {
                format!(
                    "{} has two leaders that are alive, {} and {}: both may take writes",
                    cx.partition(id),
                    cx.tablet(leader),
                    cx.tablet(held.tablet)
                )
            } else {
                format!(
                    "{} led {} before {}: its copy is out of use until it is recovered",
                    cx.tablet(held.tablet),
                    cx.partition(id),
                    cx.tablet(leader)
                )
            };
            let help = match both {
                true => Help::from("capture again; if it stays, ask the name server's log"),
                false => Help::default().plan("recovers it as a follower"),
            };
            let finding = Finding::new(&RULE, Subject::copy(id, held.tablet), message)
                .help(help)
                .evidence([Fact::copy(id, held.tablet)]);
            out.push(match both {
                true => finding.severity(Severity::Error),
                false => finding,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_findings;

    #[test]
    fn two_that_are_alive_are_an_error() {
        let severity = |text: &str| {
            let found = tablet_findings(&RULE, text);
            found.iter().map(|f| f.severity).collect::<Vec<_>>()
        };
        assert_eq!(severity("flow 0: *a- *b c"), [Severity::Note]);
        assert_eq!(severity("flow 0: *a *b c"), [Severity::Error]);
        assert!(severity("flow 0: *a- b c").is_empty());
    }
}
