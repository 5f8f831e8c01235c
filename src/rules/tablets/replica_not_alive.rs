//! ## What
//! `showtable` calls a follower not alive.
//!
//! ## Why
//! The partition has one copy less than it seems, and this one gets no new data.
//!
//! ## Do
//! `recoverendpoint` of its tablet, or `recovertable` of the one partition, once the tablet runs
//! (`topoplan plan` does it). An operation that is done does not prove it: look at `showtable` again.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ReplicaNotAlive,
    id: "replica-not-alive",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("replica_not_alive.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        for held in partition.copies.iter().filter(|h| !h.alive && !h.leader) {
            let down = if state.runs(held.tablet) {
                ""
            } else {
                ", whose tablet is offline"
            };
            let usable = partition
                .copies
                .iter()
                .filter(|h| state.is_usable(h))
                .count();
            let message = format!(
                "the copy of {} on {} is not alive{down}: {} of {} left",
                cx.partition(id),
                cx.tablet(held.tablet),
                usable,
                words::count(partition.copies.len(), "copy")
            );
            out.push(
                Finding::new(&RULE, Subject::copy(id, held.tablet), message)
                    .help(match state.topic {
                        true => Help::from(
                            "see why the broker does not keep up: disk, network, its log",
                        ),
                        false => Help::default().plan("recovers it"),
                    })
                    .evidence([Fact::copy(id, held.tablet)]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_subjects;

    #[test]
    fn fires_on_followers_alone() {
        assert_eq!(
            tablet_subjects(&RULE, "flow 0: *a b- *c-"),
            ["flow 0 10.0.0.2:1"]
        );
    }
}
