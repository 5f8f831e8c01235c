//! ## What
//! The `nodes.conf` of a node is damaged: a server that starts with it ends at once, or starts
//! as a new and empty node, or believes something else than what was written. Or it is the file
//! of another node that lives: the server would start under an id that is taken.
//!
//! ## Why
//! The file is read at the start only. A node that runs does not notice, and one that is down
//! looks as if a restart would bring it back. It will not: the server refuses the file, and
//! without the file it comes up with another id, as a stranger that owns nothing.
//!
//! ## Do
//! Where the process runs, let it write the file anew with `CLUSTER SAVECONFIG`, before anybody
//! restarts it. Where it does not, keep a copy and mend the named line; what the lines of the
//! other nodes must say stands in any other node's view. Never delete the file of a node that
//! owns slots or data: it holds the node's id.
use std::collections::BTreeMap;

use crate::inventory::ConfFault;
use crate::inventory::ConfFile;
use crate::inventory::Fault;
use crate::inventory::Inventory;
use crate::inventory::Outcome;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnloadableNodesConf,
    id: "unloadable-nodes-conf",
    severity: Severity::Error,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("unloadable_nodes_conf.rs"),
};

/// Places named of one file.
const PLACES: usize = 10;

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    // Of many copies of one node's file the worst counts; a tie goes to the first.
    let mut worst: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (index, file) in inventory.conf_faults.iter().enumerate() {
        let Some(owner) = file.owner else {
            out.extend(finding(inventory, index, file));
            continue;
        };
        let known = worst.entry(owner).or_insert(index);
        if inventory.conf_faults[*known].outcome() < file.outcome() {
            *known = index;
        }
    }
    for index in worst.into_values() {
        out.extend(finding(inventory, index, &inventory.conf_faults[index]));
    }
}

fn finding(inventory: &Inventory, index: usize, file: &ConfFile) -> Option<Finding> {
    let cluster = &inventory.cluster;
    let outcome = file.outcome();
    let of_that = |f: &&ConfFault| f.outcome == outcome;
    let first = file.faults.iter().find(of_that)?;
    let runs = file.runs;
    let who = match file.owner {
        Some(id) => words::node(cluster, id),
        None => format!("the owner of `{}`", file.path.escape_debug()),
    };
    let now = if runs { "runs, but " } else { "" };
    let what = match first.fault.is_of_line() {
        true => format!("line {} of its nodes.conf {}", first.place.line, first.what),
        false => format!("its nodes.conf {}", first.what),
    };
    let mut message = match outcome {
        Outcome::Loads => return None,
        Outcome::Repairs => format!("{who} {now}was edited by hand: {what}; a start repairs it"),
        Outcome::Misreads => {
            format!("{who} {now}would start and misread its file: {what}")
        }
        Outcome::Forgets => {
            format!("{who} {now}would start as a new, empty node with another id: {what}")
        }
        Outcome::Impersonates => {
            format!("{who} {now}would start under the id of another node: {what}")
        }
        Outcome::MayRefuse => format!("{who} {now}may refuse to start again: {what}"),
        Outcome::Refuses => format!("{who} {now}will refuse to start again: {what}"),
    };
    let unsure = outcome == Outcome::MayRefuse || cluster.server.version.is_none();
    if let Some(versions) = first.fault.versions().filter(|_| unsure) {
        message = format!("{message} ({versions})");
    }
    let more = file.faults.len() - 1;
    if more > 0 {
        message = format!("{message}, and {}", words::count(more, "more fault"));
    }
    let severity = match outcome {
        Outcome::Loads | Outcome::Repairs => Severity::Note,
        Outcome::Misreads => Severity::Warning,
        Outcome::Forgets | Outcome::Impersonates | Outcome::MayRefuse | Outcome::Refuses => {
            // A restart is likely what comes next.
            if runs {
                Severity::Warning
            } else {
                Severity::Error
            }
        }
    };
    let subject = file.owner.map_or(Subject::Capture, Subject::Node);
    let mut order: Vec<usize> = (0..file.faults.len()).collect();
    order.sort_by_key(|&f| file.faults[f].outcome != outcome);
    let places = order.into_iter().take(PLACES);
    Some(
        Finding::new(&RULE, subject, message)
            .severity(severity)
            .help(help(first.fault, outcome, runs))
            .evidence(places.map(|fault| Fact::ConfFault { file: index, fault })),
    )
}

fn help(fault: Fault, outcome: Outcome, runs: bool) -> String {
    if outcome == Outcome::Repairs {
        return "ask who edited the file, and what else was changed; the server takes the higher \
                epoch"
            .to_owned();
    }
    if fault == Fault::OfAnother {
        let then = match runs {
            true => {
                "if it does lie there, `CLUSTER SAVECONFIG` on the node, before anybody restarts it"
            }
            false => {
                "if it does lie there, do not start the node: two processes of one id would fight for its slots"
            }
        };
        return format!(
            "look first whether the file was only saved in the wrong folder of the capture; {then}"
        );
    }
    if runs {
        return "keep a copy, then `CLUSTER SAVECONFIG` on the node, which still knows \
                everything, before anybody restarts it"
            .to_owned();
    }
    let repair = match fault {
        Fault::Empty => {
            return "look for a copy (a backup, `nodes.conf.tmp-*` beside it) before the node is \
                    started; if there is none, its id is lost and it must be met and made a \
                    replica anew"
                .to_owned();
        }
        Fault::NoNode => {
            return "look for a copy (a backup, `nodes.conf.tmp-*` beside it) before the node is \
                    started; without one it starts only when the file is gone, with another id, \
                    and must be met and made a replica anew"
                .to_owned();
        }
        Fault::Mark => "write the file without the mark",
        Fault::Blank => "delete the line of blanks",
        Fault::Quote => "close or delete the quote",
        Fault::Fields => {
            "complete the line from another node's view, or delete it; the last line is \
             `vars currentEpoch N lastVoteEpoch N`"
        }
        Fault::Id | Fault::Peer | Fault::Duplicate => {
            "correct the id from another node's view, or delete the line if it is not the \
             node's own"
        }
        Fault::Address => "write `ip:port@busport` as another node's view has it",
        Fault::Aux | Fault::AuxOfValkey8 | Fault::AuxOfValkey91 => {
            "delete the named field, or start the version that wrote it"
        }
        Fault::Flag | Fault::FlagNoFailover | Fault::FlagOfValkey => {
            "delete or correct the named flag; a role is `master` or `slave`"
        }
        Fault::Slot | Fault::OddSlot => "correct the slots from another node's view",
        Fault::OpenSlot => "delete the open slot, and look for its other end",
        Fault::NoMyself => "write `myself,` before the flags of the node's own line",
        Fault::TwoMyself => "keep `myself` in the node's own line only",
        Fault::Role => "write the role, and a replica's master id, as another node's view has it",
        Fault::Vars | Fault::CutOff => {
            "end the file with `vars currentEpoch N lastVoteEpoch N`, N being the \
             cluster_current_epoch of the others, and compare its last node with their view"
        }
        Fault::ShardId => "give the replica the shard id of its master",
        Fault::Nul => "delete the NULs, and compare the line with another node's view",
        Fault::EpochBehind | Fault::OfAnother => "nothing",
    };
    format!("keep a copy and do not delete the file, which holds the node's id; {repair}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Version;
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::rules::check_capture;
    use crate::rules::testing::subject;
    use crate::text::Place;

    fn fault(fault: Fault, outcome: Outcome, line: u32) -> ConfFault {
        ConfFault {
            place: Place {
                path: "n/nodes.conf".into(),
                line,
                column: 1,
            },
            fault,
            outcome,
            what: "is odd".to_owned(),
        }
    }

    fn inventory(owner: &str, runs: bool, faults: Vec<ConfFault>) -> Inventory {
        let mut cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2@h1");
        cluster.server.version = Some(Version::new(7, 0, 15));
        let owner = Some(id(&cluster, owner));
        Inventory {
            conf_faults: vec![ConfFile {
                path: "n/nodes.conf".into(),
                owner,
                runs,
                faults,
            }],
            cluster,
            ..Inventory::default()
        }
    }

    #[test]
    fn the_worst_fault_speaks_and_the_rest_is_counted() {
        let faults = vec![
            fault(Fault::OddSlot, Outcome::Misreads, 1),
            fault(Fault::Quote, Outcome::Refuses, 2),
        ];
        let stopped = inventory("m1", false, faults.clone());
        let found = check_capture(&stopped);
        assert_eq!(found.len(), 1);
        assert_eq!(subject(&stopped.cluster, &found[0]), "m1");
        assert_eq!(
            found[0].message,
            "10.0.0.1:7001 will refuse to start again: line 2 of its nodes.conf is odd, \
             and 1 more fault"
        );
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(found[0].evidence[0], Fact::ConfFault { file: 0, fault: 1 });
        let running = inventory("m1", true, faults);
        let found = check_capture(&running);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(
            found[0].help.to_string().contains("SAVECONFIG"),
            "{}",
            found[0].help
        );
    }

    #[test]
    fn an_empty_file_is_not_said_to_hold_an_id() {
        let of = |fault_: Fault| {
            let one = inventory("m1", false, vec![fault(fault_, Outcome::Forgets, 1)]);
            check_capture(&one)[0].help.to_string()
        };
        assert!(of(Fault::NoMyself).contains("holds the node's id"));
        assert!(!of(Fault::Empty).contains("holds the node's id"));
    }

    #[test]
    fn nothing_lost_is_no_error() {
        for (outcome, severity) in [
            (Outcome::Misreads, Severity::Warning),
            (Outcome::Repairs, Severity::Note),
            (Outcome::Forgets, Severity::Error),
            (Outcome::MayRefuse, Severity::Error),
        ] {
            let one = inventory("m2", false, vec![fault(Fault::Id, outcome, 1)]);
            assert_eq!(check_capture(&one)[0].severity, severity, "{outcome:?}");
        }
    }

    #[test]
    fn of_two_copies_the_worse_one_counts() {
        let mut two = inventory("m1", false, vec![fault(Fault::Nul, Outcome::Misreads, 1)]);
        let mut worse = two.conf_faults[0].clone();
        worse.faults = vec![fault(Fault::Vars, Outcome::Refuses, 7)];
        two.conf_faults.push(worse);
        let found = check_capture(&two);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("line 7"), "{}", found[0].message);
    }

    #[test]
    fn a_file_of_nobody_is_about_the_capture() {
        let mut one = inventory("m1", false, vec![fault(Fault::Id, Outcome::MayRefuse, 1)]);
        one.conf_faults[0].owner = None;
        let found = check_capture(&one);
        assert_eq!(found[0].subject, Subject::Capture);
        let message = &found[0].message;
        assert!(
            message.starts_with("the owner of `n/nodes.conf` may refuse"),
            "{message}"
        );
        assert!(message.contains("Redis from 7.0 on"), "{message}");
    }
}
