//! ## What
//! Two live nodes claim the same slots, each in its own view.
//!
//! ## Why
//! Each accepts writes for them. When the nodes hear of each other, the higher config epoch
//! wins and what the other took in is lost.
//!
//! ## Do
//! Find out why they do not hear of each other: the bus port, a firewall, a stopped process
//! that just came back. Capture again when they do. Save the keys of the loser first if they
//! matter.
use crate::model::SlotSet;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ContestedSlots,
    id: "contested-slots",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("contested_slots.rs"),
};

const HELP: &str = "check the bus ports between them; once they talk, the higher config epoch \
    wins and the other's writes are lost";

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let mut slots = SlotSet::new();
    let mut claimants = Vec::new();
    for (id, node) in cx.cluster.iter() {
        if node.is_live() && !node.seen.contested.is_empty() {
            slots.union_with(&node.seen.contested);
            claimants.push(id);
        }
    }
    if claimants.is_empty() {
        return;
    }
    let claims: Vec<String> = claimants
        .iter()
        .map(|&id| {
            let epoch = cx.cluster.node(id).config_epoch;
            format!("{} (config epoch {epoch})", words::node(cx.cluster, id))
        })
        .collect();
    let message = format!(
        "slots {} are claimed by more than one live node: {}",
        words::slots(&slots),
        words::list(&claims)
    );
    out.push(
        Finding::new(&RULE, Subject::Slots(slots, None), message)
            .help(HELP)
            .evidence(claimants.into_iter().map(Fact::Node)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_once_for_all_claims() {
        let mut cluster = healthy();
        for (name, range) in [("m1", (5, 9)), ("m2", (7, 12))] {
            let node = id(&cluster, name);
            cluster.node_mut(node).seen.contested = SlotSet::from_ranges([range]);
        }
        assert_eq!(subjects(&RULE, &cluster), ["5-12"]);
        let found = findings(&RULE, &cluster);
        assert!(
            found[0]
                .message
                .contains("10.0.0.1:7001 (config epoch 1), 10.0.0.2:7003")
        );
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
