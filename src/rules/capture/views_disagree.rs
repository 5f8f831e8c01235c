//! ## What
//! Nobody can say from this capture who owns some slots: two reachable nodes each claim them in
//! their own view, views name two owners with equal config epochs, or a report of
//! `redis-cli --cluster check` says that the nodes do not agree.
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
use crate::inventory::Disputed;
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
        out.push(finding(inventory, conflict));
    }
    out.extend(disagreement(inventory));
}

/// What a report says of the cluster as a whole: it does not say which nodes or slots.
fn disagreement(inventory: &Inventory) -> Option<Finding> {
    let said = &inventory.disagreements;
    let mut what: Vec<Disputed> = said.iter().map(|sentence| sentence.what).collect();
    what.sort_unstable();
    what.dedup();
    let sentences = what.into_iter().map(|what| match what {
        Disputed::Owners => "a report says that the nodes do not agree who owns which slots",
        Disputed::Coverage => {
            "a report says that slots are without an owner, though the nodes that it lists own all"
        }
    });
    let message = sentences.collect::<Vec<_>>().join("; ");
    let finding = Finding::new(&RULE, Subject::Capture, message)
        .help("capture `cluster nodes` of every node: their views show who differs, and about what")
        .evidence((0..said.len()).map(Fact::Disagreement));
    (!said.is_empty()).then_some(finding)
}

fn finding(inventory: &Inventory, conflict: &Conflict) -> Finding {
    let cluster = &inventory.cluster;
    let slots = words::slots(&conflict.slots);
    let message = if conflict.own_claims && inventory.secondhand.is_some() {
        let claims = words::nodes(cluster, conflict.claimants.iter().copied());
        format!("slots {slots} are claimed by {claims}, each by itself as the report says")
    } else if conflict.own_claims {
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
    use crate::inventory::Disagreement;
    use crate::model::SlotSet;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::check_capture;
    use crate::rules::testing::subject;
    use crate::text::Place;

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

    #[test]
    fn what_a_report_says_of_all_nodes_is_one_finding() {
        let said = |line, what| Disagreement {
            place: Place {
                path: "report.txt".into(),
                line,
                column: 1,
            },
            what,
        };
        let inventory = Inventory {
            cluster: healthy(),
            disagreements: vec![
                said(20, Disputed::Owners),
                said(24, Disputed::Coverage),
                said(50, Disputed::Owners),
            ],
            ..Inventory::default()
        };
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].subject, Subject::Capture);
        assert!(found[0].message.contains("do not agree"));
        assert!(found[0].message.contains("own all"));
        assert_eq!(found[0].evidence.len(), 3);
    }
}
