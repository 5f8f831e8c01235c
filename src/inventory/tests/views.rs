//! Which views count, and whose they are.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Parse;
use crate::inventory::reconcile::reconcile;

#[test]
fn one_view_is_a_cluster() {
    let inventory = inventory(vec![view('a', FOUR)]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(inventory.cluster.views, 1);
    assert_eq!(inventory.views_behind, 0);
    let shards = inventory.cluster.shards();
    assert_eq!(shards.len(), 2);
    assert_eq!(shards[0].replicas, [id(&inventory, 'c')]);
    assert!(node(&inventory, 'a').seen.has_view && !node(&inventory, 'b').seen.has_view);
    let a = id(&inventory, 'a');
    assert!(node(&inventory, 'd').seen.known_by.contains(a));
    assert!(node(&inventory, 'a').seen.known_by.is_empty());
}

#[test]
fn its_own_view_beats_what_all_others_say() {
    let stale = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave a 2";
    let mut files = views("abc", stale);
    files.push(view('d', FOUR));
    let inventory = inventory(files);
    let b = id(&inventory, 'b');
    assert_eq!(node(&inventory, 'd').master(), Some(b));
    assert_eq!(inventory.views_behind, 3);
}

#[test]
fn without_its_view_a_node_is_what_most_views_say() {
    let moved = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave a 2";
    let mut files = views("ab", FOUR);
    files.push(view('c', moved));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'd').master(), Some(id(&inventory, 'b')));
    assert_eq!(inventory.views_behind, 1);
}

#[test]
fn of_two_views_of_a_node_the_newest_counts() {
    let older = "a master - 1 0-16383; b slave a 1";
    let newer = "a slave b 1; b master - 2 0-16383";
    let at = |path: &str, lines: &str, pong: &str| {
        let text = view('a', lines).text.replace(" 0 0 ", pong);
        file(path, &text)
    };
    for newer_first in [true, false] {
        let mut files = vec![
            at("x.txt", newer, " 0 2000 "),
            at("y.txt", older, " 0 1000 "),
        ];
        if !newer_first {
            files.reverse();
        }
        let inventory = inventory(files);
        assert_eq!(codes(&inventory), [Capture::TwoViews]);
        assert!(node(&inventory, 'a').is_replica());
        assert_eq!(inventory.cluster.views, 1);
        let place = inventory.diagnostics[0].place.as_ref().unwrap();
        assert_eq!(&*place.path, "y.txt");
    }
}

#[test]
fn the_same_view_twice_is_no_news() {
    let twice = vec![
        file("x.txt", &view('a', FOUR).text),
        file("y.txt", &view('a', FOUR).text),
    ];
    let inventory = inventory(twice);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(inventory.cluster.views, 1);
}

#[test]
fn the_path_names_the_owner_of_a_dump_without_myself() {
    let inventory = inventory(vec![of('b', "cluster-nodes.txt", &dump(FOUR))]);
    let b = id(&inventory, 'b');
    assert!(node(&inventory, 'a').seen.known_by.contains(b));
    assert_eq!(
        inventory.files[0].view_of,
        Some(node(&inventory, 'b').name.clone())
    );
}

#[test]
fn a_dump_of_nobody_counts_all_the_same() {
    let inventory = inventory(vec![file("nodes.txt", &dump(FOUR))]);
    let told = [Capture::UnknownOwner, Capture::ShortView];
    assert_eq!(codes(&inventory), told);
    assert_eq!(members(&inventory), "abcd");
    assert!(
        inventory
            .cluster
            .nodes
            .iter()
            .all(|n| n.seen.known_by.is_empty())
    );
}

#[test]
fn the_myself_line_is_believed_against_the_path() {
    let wrong = file(&format!("{}/nodes.txt", folder('b')), &view('a', FOUR).text);
    let inventory = inventory(vec![wrong]);
    assert_eq!(codes(&inventory), [Capture::OwnerContradiction]);
    assert!(node(&inventory, 'a').seen.has_view && !node(&inventory, 'b').seen.has_view);
}

#[test]
fn who_is_missing_from_a_part_of_a_dump_is_not_absent() {
    let replicas = dump("c slave a 1");
    let some = dump("a myself,master - 1 0-8191; c slave a 1; d slave b 2");
    let cut = view('c', FOUR).text.replace(" slave ", " slve ");
    for part in [
        of('c', "replicas.txt", &replicas),
        of('a', "grep.txt", &some),
        of(
            'b',
            "grep.txt",
            &dump("a master - 1 0-8191; b master - 2 8192-16383"),
        ),
        of('c', "cut.txt", &cut),
    ] {
        let mut files = views("d", FOUR);
        files.push(part);
        let inventory = inventory(files);
        let whole: Vec<NodeId> = inventory
            .cluster
            .iter()
            .filter(|(_, n)| n.seen.has_view)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(whole, [id(&inventory, 'd')]);
        assert_eq!(members(&inventory), "abcd");
    }
}

#[test]
fn files_on_disk_count_only_where_nothing_runs() {
    let old = "a master - 1 0-16383; b slave a 1; c slave a 1";
    let on_disk = |node| {
        let text = view(node, old).text + "vars currentEpoch 1 lastVoteEpoch 0\n";
        of(node, "nodes.conf", &text)
    };
    let with_live = inventory(vec![view('a', FOUR), on_disk('b')]);
    assert!(node(&with_live, 'b').is_master());
    assert_eq!(with_live.cluster.views, 1);
    let alone = inventory(vec![on_disk('a'), on_disk('b')]);
    assert!(node(&alone, 'b').is_replica());
    assert_eq!(members(&alone), "abc");
    assert_eq!(alone.cluster.views, 2);
    assert!(alone.views_on_disk && !with_live.views_on_disk);
    assert!(!node(&alone, 'a').seen.has_view);
}

#[test]
fn a_file_on_disk_still_tells_where_a_ghost_was() {
    let lines = "a master - 1 0-16383; b slave a 1; c@:0 slave,noaddr a 1 down";
    let before = view('b', "a master - 1 0-16383; b slave a 1; c slave a 1").text;
    let inventory = inventory(vec![
        view('a', lines),
        of(
            'b',
            "nodes.conf",
            &(before + "vars currentEpoch 1 lastVoteEpoch 0\n"),
        ),
    ]);
    let ghost = node(&inventory, 'c');
    assert!(ghost.is_ghost() && ghost.address.is_none());
    let last = ghost.last_address.as_ref().map(ToString::to_string);
    assert_eq!(last, Some(address('c')));
}

#[test]
fn facts_know_where_they_stood() {
    let inventory = inventory(views("ab", FOUR));
    let (a, b, d) = (
        id(&inventory, 'a'),
        id(&inventory, 'b'),
        id(&inventory, 'd'),
    );
    let own = inventory.origins.line_of(b).unwrap();
    assert_eq!(
        (&*own.path, own.line),
        ("nodes/10.0.0.2_7002/cluster-nodes.txt", 2)
    );
    let seen = inventory.origins.seen_by(b, d).unwrap();
    assert_eq!((&*seen.path, seen.line, seen.column), (&*own.path, 4, 1));
    assert!(inventory.origins.seen_by(d, a).is_none());
}

#[test]
fn a_capture_of_nothing_but_cut_views_is_incomplete() {
    let cut = |node| {
        let text = view(node, FOUR).text;
        of(node, "cluster-nodes.txt", &text[..text.len() - 9])
    };
    assert!(!inventory(vec![view('a', FOUR)]).incomplete);
    assert!(inventory(vec![cut('a')]).incomplete);
    assert!(inventory(vec![cut('a'), cut('b')]).incomplete);
    assert!(!inventory(vec![cut('a'), view('b', FOUR)]).incomplete);
    // A blank node's view is whole, but says nothing of the cluster.
    let blank = view('e', "e master - 0");
    assert!(inventory(vec![cut('a'), blank]).incomplete);
}

#[test]
fn a_capture_of_nothing_but_garbled_views_is_incomplete_too() {
    let garbled = |node| {
        let text = view(node, FOUR).text.replacen(" slave ", " slve ", 1);
        of(node, "cluster-nodes.txt", &text)
    };
    let both = inventory(vec![garbled('a'), garbled('b')]);
    assert!(both.incomplete && both.garbled);
    assert!(both.views.iter().all(|v| !v.complete));
    let one = inventory(vec![garbled('a'), view('b', FOUR)]);
    assert!(!one.incomplete && !one.garbled);
    assert_eq!(
        one.views.iter().map(|v| v.complete).collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn a_view_knows_what_its_node_told_of_epochs() {
    let mut files = views("ab", FOUR);
    let told = |epoch: u32| {
        format!("cluster_state:ok\r\ncluster_current_epoch:{epoch}\r\ncluster_my_epoch:2\r\n")
    };
    files.push(of('b', "cluster-info.txt", &told(7)));
    files.push(of('b', "cluster-info-after.txt", &told(9)));
    let inventory = inventory(files);
    let [a, b] = &inventory.views[..] else {
        panic!("two views");
    };
    assert_eq!((a.cluster_current_epoch, a.my_epoch), (None, None));
    assert_eq!(
        (b.cluster_current_epoch, b.my_epoch),
        (Some((7, 9)), Some(2))
    );
    assert_eq!(b.owner, Some(id(&inventory, 'b')));
    assert!(
        inventory
            .origins
            .cluster_info(id(&inventory, 'b'))
            .is_some()
    );
}

#[test]
fn the_id_that_a_node_told_owns_a_dump_without_myself() {
    let mut gathered = Gathered::default();
    let dump = file("x/nodes.txt", &dump(FOUR));
    gathered.take_batch(std::slice::from_ref(&dump));
    let id_file = file("x/myid.txt", &name('b'));
    take(&mut gathered, &id_file, None, Facts::MyId(&id_file.text));
    let inventory = reconcile(gathered, Policy::default());
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(inventory.views[0].owner, Some(id(&inventory, 'b')));
}

#[test]
fn slots_that_the_owner_s_own_view_garbles_are_what_the_others_say() {
    let garbled = view('a', FOUR).text.replace(" 0-8191", " 0-81x91");
    let mut files = vec![of('a', "cluster-nodes.txt", &garbled)];
    files.extend(views("bcd", FOUR));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-8191");
    assert!(inventory.conflicts.is_empty() && !inventory.incomplete);
    assert_eq!(inventory.views_behind, 0);
    assert_eq!(codes(&inventory), [Parse::Slot]);
    assert!(!inventory.cluster.has_unowned_slots());
}

#[test]
fn a_cut_view_says_what_may_be_missing() {
    let cut = |lines: usize| {
        let text = view('a', FOUR).text;
        let text: Vec<&str> = text.lines().take(lines).collect();
        of('a', "cluster-nodes.txt", &(text.join("\n") + "\n9f2c"))
    };
    let nothing = inventory(vec![view('a', FOUR)]).cluster.unread;
    assert_eq!(nothing, crate::model::Unread::default());
    let slots = inventory(vec![cut(1)]).cluster.unread;
    assert!(slots.nodes && slots.slots);
    let nodes = inventory(vec![cut(2)]).cluster.unread;
    assert!(nodes.nodes && !nodes.slots);
    let count = of('a', "cluster-info.txt", "cluster_known_nodes:4\n");
    let all = inventory(vec![cut(4), count]);
    assert!(all.incomplete && !all.cluster.unread.nodes);
}

#[test]
fn a_slot_that_could_not_be_read_hides_no_node() {
    let garbled = view('a', FOUR).text.replace(" 0-8191", " 0-81x91");
    let inventory = inventory(vec![of('a', "cluster-nodes.txt", &garbled)]);
    let unread = inventory.cluster.unread;
    assert!(inventory.incomplete && !unread.nodes && unread.slots);
}

#[test]
fn a_dump_that_ends_between_two_lines_is_told_by_cluster_info() {
    let known = |nodes: u32| {
        let text = format!("cluster_state:ok\ncluster_known_nodes:{nodes}\n");
        vec![view('a', FOUR), of('a', "cluster-info.txt", &text)]
    };
    assert!(!inventory(known(4)).incomplete);
    let short = inventory(known(5));
    assert_eq!(codes(&short), [Capture::ShortView]);
    assert!(short.incomplete && short.cluster.unread.nodes);
    assert!(!node(&short, 'a').seen.has_view);
    let mut files = known(5);
    files.push(view('b', FOUR));
    assert!(!inventory(files).incomplete);
}

#[test]
fn a_dump_that_names_a_master_that_it_does_not_list_lacks_lines() {
    let text = view('c', "c slave a 1; b master - 2 8192-16383; d slave b 2");
    let alone = inventory(vec![text]);
    assert!(alone.incomplete && alone.cluster.unread.nodes && alone.cluster.unread.slots);
}

#[test]
fn a_node_that_does_not_list_itself_was_cut_off() {
    let without_a = of(
        'a',
        "cluster-nodes.txt",
        &dump("b master - 2 8192-16383; d slave b 2"),
    );
    let inventory = inventory(vec![without_a, view('b', FOUR)]);
    assert_eq!(codes(&inventory), [Capture::ShortView]);
    assert_eq!(inventory.views_behind, 0);
    let owners: Vec<_> = inventory.views.iter().map(|v| v.owner).collect();
    let (a, b) = (id(&inventory, 'a'), id(&inventory, 'b'));
    assert_eq!(owners, [Some(a), Some(b)], "it gave a view all the same");
}

#[test]
fn who_calls_itself_a_replica_with_slots_is_what_the_others_say() {
    let flipped = FOUR.replace("a master", "a slave");
    let mut files = views("bcd", FOUR);
    files.push(view('a', &flipped));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::ReplicaWithSlots]);
    assert!(node(&inventory, 'a').is_master());
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-8191");
    let alone = read(vec![view('a', &flipped)], Policy::default());
    assert!(alone.incomplete && alone.cluster.unread.slots);
}

#[test]
fn who_stands_in_no_view_is_missing_from_all() {
    let masters = "a master - 1 0-8191; b master - 2 8192-16383";
    let mut files = views("ab", masters);
    assert!(!inventory(files.clone()).incomplete);
    files.push(of('c', "cluster-nodes.txt", &dump(masters)));
    let found = inventory(files);
    assert!(found.incomplete && found.cluster.unread.nodes);
}

#[test]
fn who_only_lists_itself_in_a_view_that_is_not_whole_has_no_known_place() {
    let text = view('e', &format!("{FOUR}; e master - 0")).text;
    let cut = of(
        'e',
        "cluster-nodes.txt",
        text.trim_end().trim_end_matches("connected"),
    );
    let mut files = views("abcd", FOUR);
    files.push(cut);
    assert!(inventory(files).incomplete);
}
