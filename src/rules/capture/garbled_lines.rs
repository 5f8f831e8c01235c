//! ## What
//! Lines or fields of captured views could not be read, or files stop in the middle.
//!
//! ## Why
//! Nodes, slots or roles may be missing from what was read. Other views fill the gaps where
//! there are some; what only the unread lines said is not known, and is not guessed. An error
//! where no view is whole: then rules that count what is missing keep silent, and `plan` refuses.
//!
//! ## Do
//! Capture these nodes again. If the damage comes back, it is in the node's memory or on its
//! disk, not in the copy.
use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::model::SlotSet;
use crate::model::Unread;
use crate::rules::prelude::*;
use crate::rules::trust;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::GarbledLines,
    id: "garbled-lines",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("garbled_lines.rs"),
};

const GARBLED: &[Loss] = &[Loss::Line, Loss::Every];
const CUT_OFF: &[Loss] = &[Loss::Rest];
const MORE: &[Loss] = &[Loss::More];
const KINDS: &[Loss] = &[Loss::Line, Loss::Every, Loss::Rest, Loss::More];

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let count = |kinds: &[Loss]| trust::of(inventory, kinds).count();
    let (lines, cut) = (count(GARBLED), count(CUT_OFF));
    if lines + cut == 0 {
        return;
    }
    let files: BTreeSet<&str> = trust::of(inventory, &[Loss::Line, Loss::Every, Loss::More])
        .filter_map(|(_, d)| Some(&*d.place.as_ref()?.path))
        .collect();
    let files = words::count(files.len(), "file");
    let mut what = Vec::new();
    if lines > 0 {
        let at_least = match count(MORE) {
            0 => "",
            _ => "at least ",
        };
        let are = if lines == 1 { "is" } else { "are" };
        let lines = words::count(lines, "place");
        what.push(format!("{at_least}{lines} in {files} {are} garbled"));
    }
    if cut > 0 {
        what.push(were(cut));
    }
    let what = what.join(" and ");
    let message = format!("{what}: {}", missing(inventory));
    // Who finds nothing else must not take it for a clean bill of health.
    let severity = if inventory.cluster.unread == Unread::default() {
        Severity::Warning
    } else {
        Severity::Error
    };
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .severity(severity)
            .help("capture the nodes of these files again")
            .evidence(trust::places(trust::of(inventory, KINDS))),
    );
}

fn were(files: usize) -> String {
    match files {
        1 => "1 file was cut off".to_owned(),
        n => format!("{n} files were cut off"),
    }
}

/// What that may cost.
fn missing(inventory: &Inventory) -> String {
    let cluster = &inventory.cluster;
    if inventory.incomplete && inventory.views.iter().any(|view| view.complete) {
        return "the node of one of these views stands in no other, so nodes are missing or in the wrong view"
            .to_owned();
    }
    if inventory.incomplete {
        return undecided(cluster);
    }
    let without = cluster
        .iter()
        .filter(|(_, n)| n.is_live_member() && !n.seen.has_view)
        .count();
    let strays = strays(inventory);
    match without {
        0 if strays > 0 => format!(
            "every live node speaks for itself, but a node that nobody met does not show if {} its view",
            match strays {
                1 => "1 of these files is".to_owned(),
                n => format!("one of {n} of these files is"),
            }
        ),
        0 => "every live node speaks for itself, so little can be missing".to_owned(),
        _ if cluster.views <= 1 && strays == 0 => "no other view fills the gap".to_owned(),
        1 => "1 live node has no whole view here, and what only it says is missing".to_owned(),
        n => format!("{n} live nodes have no whole view here, and what only they say is missing"),
    }
}

/// Files of which no view is used, nor any that lies beside them.
fn strays(inventory: &Inventory) -> usize {
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let views: BTreeSet<String> = inventory.views.iter().map(|v| folder(&v.path)).collect();
    let files: BTreeSet<&str> = trust::of(inventory, KINDS)
        .filter_map(|(_, d)| Some(&*d.place.as_ref()?.path))
        .filter(|path| !views.contains(&folder(path)))
        .collect();
    files.len()
}

/// Where no view is whole: what cannot be told from the parts.
fn undecided(cluster: &Cluster) -> String {
    let Unread { nodes, slots } = cluster.unread;
    let mut open = Vec::new();
    if slots {
        let mut owned = SlotSet::new();
        let shards = cluster.shards();
        shards.iter().for_each(|s| owned.union_with(&s.slots));
        let unowned = owned.complement().len() as usize;
        open.push(format!("who owns {}", words::count(unowned, "slot")));
    }
    if nodes {
        let bare = |s: &&Shard| {
            measure::live_owner(cluster, s).is_some()
                && measure::live_replicas(cluster, s).next().is_none()
        };
        match cluster.shards().iter().filter(bare).count() {
            0 => {}
            1 => open.push("whether 1 master has a live replica".to_owned()),
            n => open.push(format!("whether {n} masters have a live replica")),
        }
    }
    match (open.is_empty(), nodes) {
        (true, false) => {
            "no view could be read whole, but together they show every node and slot".to_owned()
        }
        (true, true) => "no view could be read whole, so nodes may be missing".to_owned(),
        (false, _) => format!(
            "no view could be read whole, so nobody can say {}",
            open.join(" and ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::Parse;
    use crate::inventory::ConfFault;
    use crate::inventory::ConfFile;
    use crate::inventory::Fault;
    use crate::inventory::Outcome;
    use crate::model::testing::healthy;
    use crate::rules::check_capture;
    use crate::rules::testing::seen_by;
    use crate::text::Place;

    fn odd(code: impl Into<crate::diagnostic::Code>, path: &str) -> Diagnostic {
        Diagnostic::new(code, "x")
            .severity(Severity::Warning)
            .at(Place {
                path: path.into(),
                line: 2,
                column: 1,
            })
    }

    #[test]
    fn lines_and_files_are_counted() {
        let mut inventory = Inventory {
            cluster: healthy(),
            ..Inventory::default()
        };
        inventory.cluster.views = 2;
        let fine = Diagnostic::new(Parse::Truncated, "may be cut").severity(Severity::Note);
        inventory.diagnostics = vec![fine, odd(Parse::Cell, "hosts.csv")];
        assert_eq!(check_capture(&inventory), []);
        inventory.diagnostics.push(odd(Parse::Fields, "a"));
        inventory.diagnostics.push(odd(Parse::Slot, "a"));
        inventory.diagnostics.push(odd(Parse::Truncated, "b"));
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        let start = "2 places in 1 file are garbled and 1 file was cut off: ";
        assert!(message.starts_with(start), "{message}");
        assert_eq!(found[0].evidence.len(), 3);
        inventory.diagnostics.push(odd(Parse::More, "b"));
        assert!(
            check_capture(&inventory)[0]
                .message
                .starts_with("at least 2")
        );
    }

    #[test]
    fn a_fault_of_a_file_on_disk_is_not_counted_again() {
        let mut inventory = Inventory {
            cluster: healthy(),
            ..Inventory::default()
        };
        inventory
            .diagnostics
            .push(odd(Parse::Flags, "n/nodes.conf"));
        assert_eq!(check_capture(&inventory)[0].rule.code, Code::GarbledLines);
        let place = inventory.diagnostics[0].place.clone().expect("it has one");
        inventory.conf_faults.push(ConfFile {
            path: place.path.clone(),
            owner: None,
            runs: false,
            faults: vec![ConfFault {
                place,
                fault: Fault::Flag,
                outcome: Outcome::Refuses,
                what: "has an unknown flag".to_owned(),
            }],
        });
        let codes = |inventory: &Inventory| -> Vec<_> {
            let found = check_capture(inventory);
            found.iter().map(|f| f.rule.code).collect()
        };
        assert_eq!(codes(&inventory), [Code::UnloadableNodesConf]);
        inventory.diagnostics[0]
            .place
            .as_mut()
            .expect("it has one")
            .line += 1;
        assert_eq!(
            codes(&inventory),
            [Code::UnloadableNodesConf, Code::GarbledLines]
        );
    }

    #[test]
    fn what_may_be_missing_is_said() {
        let mut inventory = seen_by(&["m1"]);
        inventory.diagnostics.push(odd(Parse::Truncated, "m1.txt"));
        inventory.incomplete = true;
        let message = &check_capture(&inventory)[0].message;
        assert!(message.ends_with("or in the wrong view"), "{message}");
        inventory.views[0].complete = false;
        let message = &check_capture(&inventory)[0].message;
        let parts = "no view could be read whole, but together they show every node and slot";
        assert!(message.ends_with(parts), "{message}");
        let orphan = inventory.cluster.find("r1").unwrap();
        inventory.cluster.node_mut(orphan).lose();
        let owner = inventory.cluster.find("m3").unwrap();
        inventory.cluster.node_mut(owner).slots = SlotSet::new();
        inventory.cluster.unread = Unread {
            nodes: true,
            slots: true,
        };
        let message = &check_capture(&inventory)[0].message;
        let open = "who owns 5462 slots and whether 1 master has a live replica";
        assert!(message.ends_with(open), "{message}");
        inventory.incomplete = false;
        let stray = odd(Parse::Truncated, "stray/x.txt");
        inventory.diagnostics.push(stray);
        let message = &check_capture(&inventory);
        let found = message.iter().find(|f| f.rule == &RULE).unwrap();
        let end = "does not show if 1 of these files is its view";
        assert!(found.message.ends_with(end), "{}", found.message);
        inventory.diagnostics.pop();
        for node in &mut inventory.cluster.nodes {
            node.seen.has_view = false;
        }
        inventory.cluster.views = 1;
        let message = &check_capture(&inventory)[0].message;
        assert!(message.contains("no other view"), "{message}");
        inventory.cluster.views = 3;
        let message = &check_capture(&inventory)[0].message;
        assert!(
            message.contains("5 live nodes have no whole view"),
            "{message}"
        );
    }
}
