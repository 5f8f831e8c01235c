//! ## What
//! Two live masters that know each other own slots under the same config epoch.
//!
//! ## Why
//! A higher epoch decides who owns a slot that two masters claim. Where both have the same one,
//! neither gives way, and nodes go on with different owners. Servers raise one of two equal epochs as
//! soon as they hear of it (`clusterHandleConfigEpochCollision`), so equal ones last only where the
//! two do not hear each other, or one of them is frozen.
//!
//! ## Do
//! Capture again after some seconds. If it lasts, see whether the cluster bus is open between the two
//! in both directions; then CLUSTER BUMPEPOCH at one of them, and at no other within seconds: two
//! nodes that bump at once take the same epoch again.
use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::EqualEpochs,
    id: "equal-epochs",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Votes],
    check: Check::Capture(check),
    page: include_str!("equal_epochs.rs"),
};

/// By their own views only: what others list of a node may be older. An answer without epochs is no
/// view.
fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    if inventory.secondhand.is_some() {
        return;
    }
    let cluster = &inventory.cluster;
    let mut by_epoch: BTreeMap<u64, Vec<NodeId>> = BTreeMap::new();
    for (id, node) in cluster.iter() {
        let says = node.is_live_member() && node.is_master() && node.seen.has_view;
        if says && !node.slots.is_empty() && node.config_epoch > 0 {
            by_epoch.entry(node.config_epoch).or_default().push(id);
        }
    }
    for (epoch, nodes) in by_epoch {
        let knows = |a: NodeId, b: NodeId| cluster.node(b).seen.known_by.contains(a);
        let talks = |&id: &NodeId| {
            nodes
                .iter()
                .any(|&o| o != id && knows(o, id) && knows(id, o))
        };
        let nodes: Vec<NodeId> = nodes.iter().copied().filter(talks).collect();
        if nodes.len() < 2 {
            continue;
        }
        let message = format!(
            "{} own slots under the same config epoch {epoch}: of a slot that two of them claim nobody is the owner for all",
            words::nodes(cluster, nodes.iter().copied())
        );
        let slots = nodes.iter().fold(SlotSet::new(), |mut all, &id| {
            all.union_with(&cluster.node(id).slots);
            all
        });
        out.push(
            Finding::new(&RULE, Subject::Slots(slots, None), message)
                .help("capture again after some seconds; if it lasts, see whether the two hear each other on the cluster bus")
                .evidence(nodes.into_iter().take(words::LISTED).map(Fact::Node)),
        );
    }
}
