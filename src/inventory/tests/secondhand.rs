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

/// Three masters, of which one has slots open that no other node has open.
fn report_with_one_end() -> String {
    let [a, b, c] = ['a', 'b', 'c'].map(name);
    format!(
        ">>> Performing Cluster Check (using node 10.0.0.1:7001)\n\
         M: {a} 10.0.0.1:7001\n   slots:[0-5460] (5461 slots) master\n\
         M: {b} 10.0.0.2:7001\n   slots:[5461-10922] (5462 slots) master\n\
         M: {c} 10.0.0.3:7001\n   slots:[10923-16383] (5461 slots) master\n\
         >>> Check for open slots...\n\
         [WARNING] Node 10.0.0.2:7001 has slots in importing state 100,101.\n\
         [WARNING] Node 10.0.0.3:7001 has slots in migrating state 16000.\n\
         [WARNING] Node 10.0.0.1:7001 has slots in migrating state 7.\n\
         [WARNING] Node 10.0.0.3:7001 has slots in importing state 7.\n"
    )
}

fn open(inventory: &Inventory) -> Vec<String> {
    let nodes = inventory.cluster.iter();
    let all = nodes.flat_map(|(_, node)| node.open_slots.iter().map(move |o| (node, o)));
    all.map(|(node, open)| {
        let peer = open.peer.as_ref().map_or("?", |p| &p.as_str()[..1]);
        format!(
            "{} {:?} {} {peer}",
            &node.name.as_str()[..1],
            open.direction,
            open.slot
        )
    })
    .collect()
}

#[test]
fn open_slots_of_a_report_stand_at_their_nodes_with_or_without_another_end() {
    let report = report_with_one_end();
    let alone = inventory(vec![file("check.txt", &report)]);
    let all = [
        "a Migrating 7 c",
        "b Importing 100 ?",
        "b Importing 101 ?",
        "c Importing 7 a",
        "c Migrating 16000 ?",
    ];
    assert_eq!(open(&alone), all);

    // Who shows its own view knows better; of the others the report still tells.
    let lines = "a master - 1 0-5460; b master - 2 5461-10922; c master - 3 10923-16383";
    let mut files = views("b", lines);
    files.push(file("check.txt", &report));
    assert_eq!(open(&inventory(files)), [all[0], all[3], all[4]]);
}
