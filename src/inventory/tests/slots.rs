//! Who owns a slot when views differ.

use super::*;
use crate::model::NodeName;

#[test]
fn the_higher_epoch_owns_the_slot() {
    let newer = "a master - 1 0-99; b master - 3 100-16383; c slave a 1; d slave b 2";
    let older = "a master - 1 0-199; b master - 2 200-16383; c slave a 1; d slave b 2";
    let mut files = views("c", older);
    files.extend(views("d", newer));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-99");
    assert_eq!(node(&inventory, 'b').slots.to_string(), "100-16383");
    assert_eq!(inventory.conflicts, []);
    assert_eq!(inventory.views_behind, 1);
}

#[test]
fn a_running_node_owns_only_what_it_claims_itself() {
    let others = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2";
    let own = "a master - 1 0-99; b master - 2 8192-16383; c slave a 1; d slave b 2";
    let mut files = views("bcd", others);
    files.push(view('a', own));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-99");
    assert_eq!(inventory.cluster.uncovered().to_string(), "100-8191");
}

#[test]
fn equal_epochs_are_a_conflict() {
    let left = "a master - 5 0-16383; b master - 5; c slave a 5";
    let right = "a master - 5; b master - 5 0-16383; c slave a 5";
    let files = vec![file("x.txt", &dump(left)), file("y.txt", &dump(right))];
    let inventory = inventory(files);
    let [conflict] = &inventory.conflicts[..] else {
        panic!("{:?}", inventory.conflicts);
    };
    assert_eq!(
        conflict.claimants,
        [id(&inventory, 'a'), id(&inventory, 'b')]
    );
    assert_eq!(conflict.slots.to_string(), "0-16383");
    assert!(!conflict.own_claims);
    assert!(node(&inventory, 'a').seen.contested.is_empty());
}

#[test]
fn two_own_claims_are_contested_whatever_the_epochs() {
    let left = "a master - 1 0-16383; b master - 2";
    let right = "a master - 1 0-99; b master - 2 100-16383";
    let inventory = inventory(vec![view('a', left), view('b', right)]);
    let [conflict] = &inventory.conflicts[..] else {
        panic!("{:?}", inventory.conflicts);
    };
    assert!(conflict.own_claims);
    assert_eq!(conflict.slots.to_string(), "100-16383");
    for claimant in ['a', 'b'] {
        assert_eq!(
            node(&inventory, claimant).seen.contested.to_string(),
            "100-16383"
        );
    }
    assert_eq!(node(&inventory, 'b').slots.to_string(), "100-16383");
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-99");
}

#[test]
fn a_dead_master_keeps_what_no_newer_epoch_took() {
    let lines = "a master,fail - 1 down 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2";
    let inventory = inventory(views("bcd", lines));
    assert!(!node(&inventory, 'a').is_live());
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-8191");
    assert_eq!(inventory.cluster.uncovered().to_string(), "0-8191");
}

#[test]
fn open_slots_are_of_the_own_view_only() {
    let open = format!("[7->-{}]", name('b'));
    let lines = format!("a master - 1 0-8191 {open}; b master - 2 8192-16383");
    let read = |files| inventory(files);
    let own = read(vec![view('a', &lines)]);
    assert_eq!(node(&own, 'a').open_slots.len(), 1);
    assert_eq!(
        node(&own, 'a').open_slots[0]
            .peer
            .as_ref()
            .map(NodeName::as_str),
        Some(name('b').as_str())
    );
    let others = read(vec![view('b', &lines)]);
    assert_eq!(node(&others, 'a').open_slots, []);
}
