//! ## What
//! The capture holds views, but some live members gave none; or it holds a single view; or all
//! that is there are the `nodes.conf` files on the nodes' disks.
//!
//! ## Why
//! A node's open slots stand in its own view only. Who misses a member or still lists a dead id,
//! and which running node nobody met, shows only where every node was asked. Who is dead is
//! decided by the majority of the views: with few of them, a few nodes decide. A `nodes.conf` is
//! written when the configuration changes: it may be old, and its links say little of today.
//!
//! ## Do
//! Capture `cluster nodes` of every node. A member that others see as alive and that gave no
//! answer may be cut off from where you ask, or be asked at the wrong address.
use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::model::Membership;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::MissingView,
    id: "missing-view",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("missing_view.rs"),
};

const HELP: &str = "capture `cluster nodes` of every node";

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    // Other answers than views are told of where they are read.
    if inventory.secondhand.is_some() || inventory.views.is_empty() {
        return;
    }
    if inventory.views_on_disk {
        out.push(on_disk(inventory));
        return;
    }
    let cluster = &inventory.cluster;
    let gave: BTreeSet<NodeId> = inventory.views.iter().filter_map(|v| v.owner).collect();
    let live = cluster.iter().filter(|(_, n)| n.is_live_member());
    let (with, missing): (Vec<NodeId>, Vec<NodeId>) =
        live.map(|(id, _)| id).partition(|id| gave.contains(id));
    let Some(&first) = missing.first() else {
        return;
    };
    let place = match inventory.views.len() {
        1 => Fact::View(0),
        _ => Fact::Node(first),
    };
    let (severity, message) = match &inventory.views[..] {
        [only] => {
            let of = only.owner.map_or_else(
                || "of an unknown node".to_owned(),
                |id| format!("of {}", words::node(cluster, id)),
            );
            let message = format!(
                "the capture holds one view, {of}: open slots of {}, nodes that nobody met and who else lists a dead id do not show",
                words::count(missing.len(), "other node"),
            );
            (Severity::Note, message)
        }
        _ => {
            let total = with.len() + missing.len();
            let message = format!(
                "{} of {} gave no view: {}; their open slots and whom they list do not show",
                missing.len(),
                words::count(total, "live member"),
                words::nodes(cluster, missing.iter().copied()),
            );
            // Where most were asked, the others should have answered. A few views were meant so.
            let severity = if 2 * missing.len() < total {
                Severity::Warning
            } else {
                Severity::Note
            };
            (severity, message)
        }
    };
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .severity(severity)
            .help(HELP)
            .evidence([place]),
    );
}

/// A file on disk tells how the cluster was when its node last changed something.
fn on_disk(inventory: &Inventory) -> Finding {
    let cluster = &inventory.cluster;
    let gave: BTreeSet<NodeId> = inventory.views.iter().filter_map(|v| v.owner).collect();
    let members = cluster
        .iter()
        .filter(|(_, n)| n.membership == Membership::Member);
    let without = members.filter(|(id, _)| !gave.contains(id)).count();
    let views = words::count(inventory.views.len(), "file");
    let mut message = format!(
        "no running process gave a view: the nodes are read from {views} on disk, written when the configuration changes, so what happened since and who lives now do not show"
    );
    if without > 0 {
        message.push_str(&format!(
            "; {} not even such a file here",
            match without {
                1 => "1 member has".to_owned(),
                n => format!("{n} members have"),
            }
        ));
    }
    Finding::new(&RULE, Subject::Capture, message)
        .help("capture `cluster nodes` of every node that runs")
        .evidence([Fact::View(0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Authority;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;

    #[test]
    fn a_node_that_alone_gave_no_view_is_a_warning() {
        let found = capture_findings(&RULE, &seen_by(&["m1", "r1", "m2", "r2", "m3"]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(
            found[0]
                .message
                .starts_with("1 of 6 live members gave no view: 10.0.0.1:7006;"),
            "{}",
            found[0].message
        );
    }

    #[test]
    fn a_few_views_are_a_note() {
        let found = capture_findings(&RULE, &seen_by(&["m1", "m2", "m3"]));
        assert_eq!(found[0].severity, Severity::Note);
        let one = capture_findings(&RULE, &seen_by(&["m1"]));
        assert_eq!(one[0].severity, Severity::Note);
        assert!(one[0].message.contains("one view, of 10.0.0.1:7001"));
    }

    #[test]
    fn files_on_disk_alone_are_a_warning() {
        let mut inventory = seen_by(&["m1", "r1", "m2", "r2", "m3"]);
        inventory.views_on_disk = true;
        let found = capture_findings(&RULE, &inventory);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        let message = &found[0].message;
        assert!(message.contains("from 5 files on disk"), "{message}");
        assert!(message.ends_with("1 member has not even such a file here"));
    }

    #[test]
    fn silent_where_all_that_live_gave_one() {
        let all = ["m1", "r1", "m2", "r2", "m3", "r3"];
        assert!(capture_findings(&RULE, &seen_by(&all)).is_empty());
        let mut inventory = seen_by(&all[..5]);
        let dead = inventory.cluster.find("r3").unwrap();
        inventory.cluster.node_mut(dead).lose();
        assert!(capture_findings(&RULE, &inventory).is_empty());
        let mut secondhand = seen_by(&["m1"]);
        secondhand.secondhand = Some(Authority::Slots);
        assert!(capture_findings(&RULE, &secondhand).is_empty());
    }
}
