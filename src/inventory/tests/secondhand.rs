//! Captures without a view: `CLUSTER SHARDS`, `CLUSTER SLOTS`, reports of a check.

use super::*;
use crate::diagnostic::Capture;
use crate::inventory::Authority;
use crate::inventory::reconcile::reconcile;
use crate::parse::NodesDump;

/// What a node, or nobody known, answers; lines as [`dump`] writes them.
fn answer(gathered: &mut Gathered, of: Option<char>, authority: Authority, lines: &str) {
    let source = file("answer.txt", &dump(lines));
    let parsed = crate::parse::parse(&source);
    let Some(Facts::Nodes(dump)) = parsed.sections.into_iter().next().map(|s| s.facts) else {
        panic!("{lines} is no dump");
    };
    let dump = NodesDump { authority, ..dump };
    take(gathered, &source, of, Facts::Nodes(dump));
}

const SHARDS: &str = "a master - 0 0-8191; b master - 0 8192-16383; c slave a 0; d slave,fail b 0";

#[test]
fn shards_stand_in_for_views_and_it_is_said() {
    let mut gathered = Gathered::default();
    answer(&mut gathered, Some('a'), Authority::Shards, SHARDS);
    let inventory = reconcile(gathered, Policy::default());
    assert_eq!(inventory.secondhand, Some(Authority::Shards));
    assert_eq!(codes(&inventory), [Capture::NoClusterNodes]);
    assert!(inventory.diagnostics[0].message.contains("CLUSTER SHARDS"));
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(node(&inventory, 'b').slots.to_string(), "8192-16383");
    assert_eq!(node(&inventory, 'c').master(), Some(id(&inventory, 'a')));
    assert!(node(&inventory, 'a').is_live() && !node(&inventory, 'a').seen.has_view);
    assert!(!node(&inventory, 'd').is_live());
    assert_eq!(inventory.conflicts, []);
}

#[test]
fn who_answered_lives_whatever_others_say() {
    let mut gathered = Gathered::default();
    let failed = SHARDS.replace("b master", "b master,fail");
    answer(&mut gathered, Some('a'), Authority::Shards, &failed);
    answer(&mut gathered, Some('b'), Authority::Shards, SHARDS);
    assert!(node(&reconcile(gathered, Policy::default()), 'b').is_live());
}

#[test]
fn a_disagreement_goes_to_the_most_and_is_a_conflict() {
    let moved = "a master - 0 0-8191; b slave d 0; c slave a 0; d master - 0 8192-16383";
    let mut gathered = Gathered::default();
    answer(&mut gathered, Some('a'), Authority::Slots, moved);
    answer(&mut gathered, Some('c'), Authority::Slots, moved);
    answer(&mut gathered, Some('b'), Authority::Slots, SHARDS);
    let inventory = reconcile(gathered, Policy::default());
    assert_eq!(node(&inventory, 'd').slots.to_string(), "8192-16383");
    assert!(node(&inventory, 'b').slots.is_empty());
    assert_eq!(inventory.conflicts.len(), 1);
    let conflict = &inventory.conflicts[0];
    assert_eq!(conflict.slots.to_string(), "8192-16383");
    assert_eq!(
        conflict.claimants,
        [id(&inventory, 'b'), id(&inventory, 'd')]
    );
}

#[test]
fn a_view_beats_them_all() {
    let mut gathered = Gathered::default();
    let own = view('a', FOUR);
    gathered.take_batch(std::slice::from_ref(&own));
    answer(
        &mut gathered,
        Some('b'),
        Authority::Slots,
        "b master - 0 0-16383",
    );
    let inventory = reconcile(gathered, Policy::default());
    assert_eq!(inventory.secondhand, None);
    assert_eq!(inventory.cluster.views, 1);
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-8191");
    assert_eq!(codes(&inventory), [] as [Code; 0]);
}
