//! ## What
//! A partition of a table has no leader that serves: no row says `leader` and is alive on a tablet
//! that runs.
//!
//! ## Why
//! Nothing can be written to it, and reads go to followers at best. With `auto_failover` off nobody
//! elects another; with it on, the name server is at it, or found no follower that is alive.
//!
//! ## Do
//! `topoplan plan` has the dead tablet taken out (`offlineendpoint`) or makes the follower with the
//! largest offset the leader (`changeleader`). Where no copy is alive anywhere, start the tablet of
//! the leader row with the largest offset with its data, and run `recoverdata`.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::PartitionWithoutLeader,
    id: "partition-without-leader",
    severity: Severity::Error,
    cure: Cure::Yes(Remedy::Promote),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("partition_without_leader.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        if state.leader(partition).is_some() {
            continue;
        }
        let listed = partition.copies.iter().filter(|held| held.leader);
        let names: Vec<String> = listed.map(|h| cx.tablet(h.tablet).to_owned()).collect();
        let was = match &names[..] {
            [] => "no row says leader".to_owned(),
            names => format!("its leader was {}", words::list(names)),
        };
        let heir = state.heir(partition);
        let rest = match heir {
            Some(held) => format!("{} could lead it", cx.tablet(held.tablet)),
            None if state.topic => "no replica is in sync".to_owned(),
            None => "no follower is alive on a tablet that runs".to_owned(),
        };
        let help = match heir {
            _ if state.topic => Help::from("start the broker that led it"),
            Some(_) => Help::default().plan("gives it a leader"),
            None => Help::from(
                "start the tablet of its leader with its data; if all were down at once, run recoverdata",
            ),
        };
        let message = format!(
            "{} has no leader that is alive: {was}; {rest}",
            cx.partition(id)
        );
        let rows = partition.copies.iter().filter(|held| held.leader);
        let facts: Vec<Fact> = rows.map(|h| Fact::copy(id, h.tablet)).collect();
        let facts = if facts.is_empty() {
            vec![Fact::copy(id, None)]
        } else {
            facts
        };
        out.push(
            Finding::new(&RULE, Subject::partition(id), message)
                .help(help)
                .evidence(facts),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_subjects;

    #[test]
    fn fires_on_rows_and_on_health() {
        assert_eq!(
            tablet_subjects(&RULE, "flow 0: *a- b; flow 1: *a b"),
            ["flow 0"]
        );
        assert_eq!(tablet_subjects(&RULE, "flow 0: *a b; a!"), ["flow 0"]);
        assert!(tablet_subjects(&RULE, "flow 0: *a- *b c").is_empty());
    }
}
