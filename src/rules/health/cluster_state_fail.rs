//! ## What
//! A node answers `cluster_state:fail`: it refuses the commands of clients.
//!
//! ## Why
//! A node says so while slots have no owner that lives (unless `cluster-require-full-coverage`
//! is `no`), while it reaches fewer than a majority of the masters that own slots, and for some
//! seconds after it was started or reached them again.
//!
//! ## Do
//! Cure what uncovers the slots (S001) or took the majority away (Q003); where one node alone
//! says so, look at its network. If nothing is wrong by the rest of the capture, it was over when
//! the views were taken: capture again.
use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::inventory::State;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ClusterStateFail,
    id: "cluster-state-fail",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("cluster_state_fail.rs"),
};

/// Why a node says so.
enum Why {
    /// Slots without a live owner.
    Coverage(usize),
    /// Fewer voters live than a majority needs.
    NoMajority { live: usize, needed: usize },
    /// Who says so flags as many voters as fail or suspected as it takes: it is cut off.
    CutOff,
    /// Nothing in the rest of the capture.
    Over,
}

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let said = |wanted: State| {
        let states = inventory.states.iter();
        states.filter(move |(_, state)| **state == wanted)
    };
    let failing: Vec<NodeId> = said(State::Fail).map(|(id, _)| *id).collect();
    if failing.is_empty() {
        return;
    }
    let asked = inventory.states.len();
    let who = if failing.len() == asked && asked > 1 {
        format!("all {asked} nodes that were asked answer")
    } else if asked == 1 {
        format!(
            "{} answers",
            words::nodes(&inventory.cluster, failing.clone())
        )
    } else {
        let verb = if failing.len() == 1 {
            "answers"
        } else {
            "answer"
        };
        format!("{} of {asked} nodes {verb}", failing.len())
    };
    let named = match failing.len() == asked {
        true => String::new(),
        false => format!(
            " ({})",
            words::nodes(&inventory.cluster, failing.iter().copied())
        ),
    };
    let why = why(inventory, &failing);
    let message = format!(
        "{who} `cluster_state:fail`{named}: {}",
        told(&why, failing.len())
    );
    let evidence = failing.iter().map(|&id| Fact::ClusterInfo(id));
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help(what_to_do(&why))
            .evidence(evidence.take(words::LISTED)),
    );
}

fn why(inventory: &Inventory, failing: &[NodeId]) -> Why {
    let cluster = &inventory.cluster;
    let votes = cluster.server.other_control_plane().is_none() && cluster.voters() > 0;
    if votes && !cluster.has_majority() && !cluster.unread.slots {
        return Why::NoMajority {
            live: cluster.live_voters(),
            needed: cluster.votes_needed(),
        };
    }
    let uncovered = cluster.uncovered();
    if !uncovered.is_empty() {
        return Why::Coverage(uncovered.len() as usize);
    }
    if failing.iter().all(|&id| is_cut_off(inventory, id)) {
        Why::CutOff
    } else {
        Why::Over
    }
}

/// By its own view it reaches no majority of the voters.
fn is_cut_off(inventory: &Inventory, id: NodeId) -> bool {
    let voters = inventory
        .cluster
        .iter()
        .filter(|(_, n)| !n.slots.is_empty());
    let reached = voters.filter(|&(voter, _)| {
        matches!(
            inventory.sights.of(id, voter),
            Some(Sight::Itself | Sight::Connected)
        )
    });
    inventory.sights.observers().contains(&id) && reached.count() < inventory.cluster.votes_needed()
}

fn told(why: &Why, nodes: usize) -> String {
    match why {
        Why::Coverage(slots) => {
            format!("{} without a live owner", words::count(*slots, "slot"))
        }
        Why::NoMajority { live, needed } => {
            let live = words::count(*live, "voting master");
            format!("{live} left, a majority is {needed}")
        }
        Why::CutOff if nodes == 1 => {
            "by its own view it reaches no majority of the voting masters".to_owned()
        }
        Why::CutOff => "by their own views they reach no majority of the voting masters".to_owned(),
        Why::Over => {
            "every slot has a live owner by the views, so it began or ended around them".to_owned()
        }
    }
}

fn what_to_do(why: &Why) -> &'static str {
    match why {
        Why::Coverage(_) => "bring the slots back (S001): the state follows by itself",
        Why::NoMajority { .. } => "bring the majority back (Q003): the state follows by itself",
        Why::CutOff => {
            "look at the network and the cluster bus port there; the others do without meanwhile"
        }
        Why::Over => "capture again: whether the cluster serves now is not known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;

    fn message(text: &str, states: &[(&str, State)]) -> Vec<String> {
        let cluster = cluster(text);
        let states = states.iter().map(|(name, s)| (id(&cluster, name), *s));
        let inventory = Inventory {
            states: states.collect(),
            cluster,
            ..seen_by(&["m1"])
        };
        let found = capture_findings(&RULE, &inventory);
        found.into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn says_who_and_why() {
        let said = message(
            "m1@h1 < r1@h2; m2@h2 < r2@h3; m3!@h3 <",
            &[("m1", State::Fail), ("m2", State::Fail)],
        );
        assert_eq!(
            said,
            [
                "all 2 nodes that were asked answer `cluster_state:fail`: 5462 slots without a live owner"
            ]
        );
        let said = message(
            "m1@h1 < r1@h2; m2!@h2 < r2@h3; m3!@h3 <",
            &[("m1", State::Fail)],
        );
        assert_eq!(
            said,
            ["10.0.0.1:7001 answers `cluster_state:fail`: 1 voting master left, a majority is 2"]
        );
        let said = message(
            "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1",
            &[("m1", State::Ok), ("m2", State::Fail)],
        );
        assert!(
            said[0].starts_with("1 of 2 nodes answers `cluster_state:fail` (10.0.0.2:7003)"),
            "{said:?}"
        );
        assert!(said[0].contains("began or ended around them"), "{said:?}");
    }

    #[test]
    fn silent_where_all_say_ok_or_nobody_was_asked() {
        let healthy = "m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1";
        assert!(message(healthy, &[("m1", State::Ok)]).is_empty());
        assert!(message(healthy, &[]).is_empty());
    }
}
