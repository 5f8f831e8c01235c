//! ## What
//! Nobody can say from this capture who owns some slots: two reachable nodes each claim them in
//! their own view, or views name two owners with equal config epochs.
//!
//! ## Why
//! Clients are sent to either owner and writes land on both. A plan that picked one of them
//! would decide whose writes are thrown away.
//!
//! ## Do
//! Capture again after a few seconds: owners settle within a gossip round or two. If the
//! dispute stays, look at the network between the claimants; the higher config epoch wins once
//! they talk. `plan` refuses until then, unless `--force REASON` is given.
use crate::inventory::Conflict;
use crate::inventory::Inventory;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ViewsDisagree,
    id: "views-disagree",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("views_disagree.rs"),
};

const HELP: &str = "capture again in a few seconds; if it stays, check the network between \
    them: `plan` refuses without `--force REASON`";

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    for conflict in &inventory.conflicts {
        out.push(finding(&inventory.cluster, conflict));
    }
}

fn finding(cluster: &Cluster, conflict: &Conflict) -> Finding {
    let slots = words::slots(&conflict.slots);
    let message = if conflict.own_claims {
        let claims: Vec<String> = conflict
            .claimants
            .iter()
            .map(|&id| {
                let epoch = cluster.node(id).config_epoch;
                format!("{} (config epoch {epoch})", words::node(cluster, id))
            })
            .collect();
        let claims = words::list(&claims);
        format!("slots {slots} are claimed by {claims}, each in its own view")
    } else {
        // With which epoch they do is not what their own views say of theirs.
        let claims = words::nodes(cluster, conflict.claimants.iter().copied());
        format!("views name {claims} as owners of slots {slots}, and no config epoch decides")
    };
    let message = format!("{message}; nobody can say who owns them");
    // The lowest address stands for the conflict; the message names them all.
    let first = conflict.claimants.first().copied();
    Finding::new(
        &RULE,
        Subject::Slots(conflict.slots.clone(), first),
        message,
    )
    .help(HELP)
    .evidence(conflict.claimants.iter().map(|&id| Fact::Node(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotSet;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::check_capture;
    use crate::rules::testing::subject;

    #[test]
    fn fires_once_per_conflict_and_names_every_claimant() {
        let cluster = healthy();
        let claimants = vec![id(&cluster, "m1"), id(&cluster, "m2")];
        let mut inventory = Inventory {
            cluster,
            ..Inventory::default()
        };
        assert!(check_capture(&inventory).is_empty());
        inventory.conflicts.push(Conflict {
            slots: SlotSet::from_ranges([(0, 9)]),
            claimants,
            own_claims: true,
        });
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        assert_eq!(subject(&inventory.cluster, &found[0]), "0-9@m1");
        assert!(found[0].message.contains("10.0.0.2:7003 (config epoch 2)"));
        assert_eq!(found[0].evidence.len(), 2);
        inventory.conflicts[0].own_claims = false;
        let message = &check_capture(&inventory)[0].message;
        let both = "views name 10.0.0.1:7001, 10.0.0.2:7003 as owners of slots 0-9, and no config";
        assert!(message.starts_with(both), "{message}");
    }
}
