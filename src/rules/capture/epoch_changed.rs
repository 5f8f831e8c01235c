//! ## What
//! The current epoch of the cluster rose while the capture was taken, or nodes differ in it.
//!
//! ## Why
//! It rises with every vote, and so with every failover. Views from before and after one are
//! put together as if they showed one moment. Where nobody votes, nodes that differ for long do
//! not hear each other.
//!
//! ## Do
//! Capture again once nothing changes any more. If nodes still differ then, look at the network
//! between them.
use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::EpochChanged,
    id: "epoch-changed",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("epoch_changed.rs"),
};

/// What one node says: the lowest epoch and the highest.
type Epochs = (NodeId, u64, u64);

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let views = inventory.views.iter();
    // A node that nobody met counts its own epochs.
    let epochs: Vec<Epochs> = views
        .filter_map(|view| Some((view.owner?, view.cluster_current_epoch?)))
        .filter(|&(id, _)| cluster.node(id).is_live_member())
        .map(|(id, (low, high))| (id, low, high))
        .collect();
    let rose = epochs.iter().find(|(_, low, high)| low < high);
    let lowest = epochs.iter().min_by_key(|(id, low, _)| (*low, *id));
    let highest = epochs
        .iter()
        .max_by_key(|(id, _, high)| (*high, std::cmp::Reverse(*id)));
    let (message, ids) = match (rose, lowest, highest) {
        (Some(&(id, low, high)), _, _) => (
            format!(
                "the current epoch rose from {low} to {high} at {} while the capture was taken: a failover or another change happened meanwhile",
                words::node(cluster, id)
            ),
            vec![id],
        ),
        (None, Some(&(behind, low, _)), Some(&(ahead, _, high))) if low < high => (
            format!(
                "the current epoch is {low} at {} and {high} at {}: the cluster changed between their answers, or they do not hear each other",
                words::node(cluster, behind),
                words::node(cluster, ahead)
            ),
            vec![behind, ahead],
        ),
        _ => return,
    };
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("capture again; if nodes still differ then, they do not hear each other")
            .evidence(ids.into_iter().map(Fact::ClusterInfo)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Membership;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;

    fn with_epochs(epochs: [(u64, u64); 3]) -> Inventory {
        let mut inventory = seen_by(&["m1", "m2", "m3"]);
        for (view, epochs) in inventory.views.iter_mut().zip(epochs) {
            view.cluster_current_epoch = Some(epochs);
        }
        inventory
    }

    #[test]
    fn fires_once_on_a_rise_and_on_a_difference() {
        let rose = capture_findings(&RULE, &with_epochs([(7, 7), (7, 8), (8, 8)]));
        assert_eq!(rose.len(), 1);
        assert!(
            rose[0].message.contains("from 7 to 8 at 10.0.0.2:7003"),
            "{}",
            rose[0].message
        );
        let differ = capture_findings(&RULE, &with_epochs([(8, 8), (7, 7), (8, 8)]));
        assert_eq!(differ.len(), 1);
        assert!(
            differ[0]
                .message
                .contains("7 at 10.0.0.2:7003 and 8 at 10.0.0.1:7001"),
            "{}",
            differ[0].message
        );
    }

    #[test]
    fn silent_where_all_are_equal_and_on_who_was_never_met() {
        assert!(capture_findings(&RULE, &with_epochs([(7, 7); 3])).is_empty());
        let mut inventory = with_epochs([(7, 7), (7, 7), (0, 0)]);
        let blank = inventory.views[2].owner.unwrap();
        inventory.cluster.node_mut(blank).membership = Membership::Unmet;
        assert!(capture_findings(&RULE, &inventory).is_empty());
    }
}
