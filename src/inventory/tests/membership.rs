//! Members, ghosts, un-met nodes, handshakes and other clusters.

use super::*;
use crate::diagnostic::Capture;
use crate::model::Membership;
use crate::model::Role;

const WITHOUT_E: &str = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2; e@:0 slave,noaddr b 2 down";
const WITH_E: &str =
    "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2; e slave,fail b 2 down";

#[test]
fn most_views_without_an_address_make_a_ghost() {
    let mut files = views("abc", WITHOUT_E);
    files.push(view('d', WITH_E));
    let inventory = inventory(files);
    assert!(node(&inventory, 'e').is_ghost());
    assert!(!node(&inventory, 'e').is_live());
    let last = node(&inventory, 'e').last_address.as_ref();
    assert_eq!(last.map(ToString::to_string), Some(address('e')));
    assert_eq!(members(&inventory), "abcde");
}

#[test]
fn a_minority_without_an_address_does_not() {
    let mut files = views("abc", WITH_E);
    files.push(view('d', WITHOUT_E));
    let inventory = inventory(files);
    let e = node(&inventory, 'e');
    assert_eq!(e.membership, Membership::Member);
    assert_eq!(
        e.address.as_ref().map(ToString::to_string),
        Some(address('e'))
    );
}

#[test]
fn an_id_whose_address_a_running_process_has_is_a_ghost() {
    // The minority knows; the others still list the old id at the address of the reborn `f`.
    let reborn = |old: &str| format!("{FOUR}; e@{old}; f@10.0.0.5:7005@17005 master - 0");
    let known = reborn(":0 slave,noaddr b 2 down");
    let unknown = reborn("10.0.0.5:7005@17005 slave,fail b 2 down");
    let own = dump(&known).replace("17005 master", "17005 myself,master");
    let mut files = views("abc", &unknown);
    files.push(view('d', &known));
    files.push(of('e', "cluster-nodes.txt", &own));
    let inventory = inventory(files);
    assert!(node(&inventory, 'e').is_ghost());
    assert_eq!(node(&inventory, 'f').membership, Membership::Member);
}

#[test]
fn a_node_that_met_nobody_is_named_by_its_folder() {
    let mut files = views("abcd", FOUR);
    let alone = format!(
        "{} :7005@17005 myself,master - 0 0 0 connected\n",
        name('e')
    );
    files.push(of('e', "cluster-nodes.txt", &alone));
    let inventory = inventory(files);
    let e = node(&inventory, 'e');
    assert_eq!(e.membership, Membership::Unmet);
    assert!(e.is_live() && e.seen.known_by.is_empty());
    assert_eq!(
        e.address.as_ref().map(ToString::to_string),
        Some(address('e'))
    );
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(inventory.views_behind, 0);
}

#[test]
fn a_node_that_lists_only_itself_and_owns_slots_is_left_out() {
    let mut files = views("abcd", FOUR);
    files.push(view('e', "e master - 1 0-16383"));
    let inventory = inventory(files);
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(codes(&inventory), [Capture::SecondCluster]);
    assert_eq!(node(&inventory, 'a').slots.to_string(), "0-8191");
}

#[test]
fn another_cluster_is_left_out_and_said() {
    let mut files = views("fg", "f master - 9 0-16383; g slave f 9");
    files.extend(views("abcd", FOUR));
    let inventory = inventory(files);
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(codes(&inventory), [Capture::SecondCluster]);
    let said = &inventory.diagnostics[0];
    assert!(
        said.message
            .starts_with("2 nodes that share no member with the rest"),
        "{}",
        said.message
    );
    for part in [
        "16384 slots, 10.0.0.6:7006 and `nodes/10.0.0.6_7006/cluster-nodes.txt` and 1 more;",
        "judged is the one with 4 nodes, 16384 slots and 10.0.0.1:7001",
    ] {
        assert!(said.message.contains(part), "{}", said.message);
    }
    assert!(
        said.help
            .as_ref()
            .unwrap()
            .starts_with("capture each cluster")
    );
    assert_eq!(inventory.cluster.views, 4);
    assert_eq!(inventory.conflicts, []);
    assert_eq!(inventory.views_behind, 0);
}

#[test]
fn of_two_clusters_of_one_size_the_operator_must_choose() {
    let mut files = views("ab", "a master - 1 0-16383; b slave a 1");
    files.extend(views("fg", "f master - 9 0-16383; g slave f 9"));
    let inventory = inventory(files);
    assert_eq!(members(&inventory), "ab");
    let help = inventory.diagnostics[0].help.as_ref().unwrap();
    assert!(
        help.starts_with("nothing says which one is meant"),
        "{help}"
    );
}

#[test]
fn a_ghost_of_another_cluster_does_not_join_them() {
    let ghost = format!("{FOUR}; g@:0 slave,noaddr - 9 down");
    let mut files = views("abcd", &ghost);
    files.extend(views("fg", "f master - 9 0-16383; g slave f 9"));
    assert_eq!(codes(&inventory(files)), [Capture::SecondCluster]);
}

#[test]
fn handshakes_are_counted_and_left_out() {
    let lines = format!("{FOUR}; z handshake - 0 down");
    let inventory = inventory(views("ab", &lines));
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    let (a, b) = (id(&inventory, 'a'), id(&inventory, 'b'));
    assert_eq!(inventory.in_flight.handshakes, 2);
    assert_eq!(inventory.in_flight.handshakes_in, [a, b]);
    let place = inventory.origins.handshake(b).unwrap();
    assert_eq!(
        (&*place.path, place.line),
        ("nodes/10.0.0.2_7002/cluster-nodes.txt", 5)
    );
    assert_eq!(inventory.views_behind, 0);
}

#[test]
fn a_replica_without_a_master_is_noted_by_who_sees_it() {
    let forgot = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave - 2";
    let mut files = views("ac", FOUR);
    files.push(view('b', forgot));
    let inventory = inventory(files);
    let d = node(&inventory, 'd');
    assert_eq!(d.master(), Some(id(&inventory, 'b')));
    assert_eq!(
        d.seen.masterless_in.iter().collect::<Vec<_>>(),
        [id(&inventory, 'b')]
    );
    assert_eq!(inventory.views_behind, 1);
}

#[test]
fn a_master_that_nobody_lists_is_none() {
    let lines = "a master - 1 0-16383; b slave z 1";
    let inventory = inventory(views("ab", lines));
    assert_eq!(node(&inventory, 'b').role, Role::Replica(None));
    assert_eq!(members(&inventory), "ab");
    // Its views name what they do not list: they are not whole.
    assert!(!node(&inventory, 'a').seen.has_view);
    assert!(node(&inventory, 'b').seen.masterless_in.is_empty());
}

#[test]
fn a_view_that_misses_a_member_is_behind() {
    let mut files = views("abc", FOUR);
    files.push(view(
        'd',
        "a master - 1 0-8191; b master - 2 8192-16383; d slave b 2",
    ));
    let inventory = inventory(files);
    assert_eq!(inventory.views_behind, 1);
    let d = id(&inventory, 'd');
    assert!(!node(&inventory, 'c').seen.known_by.contains(d));
    assert!(node(&inventory, 'd').seen.has_view);
}

#[test]
fn a_view_without_the_ghost_is_not_behind() {
    let mut files = views("abc", WITHOUT_E);
    files.push(view('d', FOUR));
    assert_eq!(inventory(files).views_behind, 0);
}

#[test]
fn a_bus_port_is_what_the_node_says_else_what_most_say() {
    let odd = FOUR.replace("b master", "b@10.0.0.2:7002@9002 master");
    let most = inventory(vec![view('a', &odd), view('c', &odd), view('d', FOUR)]);
    assert_eq!(node(&most, 'b').bus_port, Some(9002));
    assert_eq!(node(&most, 'a').bus_port, Some(17001));

    let own = inventory(vec![
        view('a', &odd),
        view('b', FOUR),
        view('c', &odd),
        view('d', &odd),
    ]);
    assert_eq!(node(&own, 'b').bus_port, Some(17002));

    let none = FOUR.replace("b master", "b@10.0.0.2:7002 master");
    let none = inventory(vec![view('a', &none)]);
    assert_eq!(node(&none, 'b').bus_port, None);
}

#[test]
fn what_was_saved_beside_views_of_another_cluster_is_not_ours() {
    let mut files = views("abcd", FOUR);
    files.push(of('a', "cluster-info.txt", "cluster_current_epoch:7\n"));
    let theirs = dump("x@10.0.0.1:7001 myself,master - 1 0-99; y slave x 1");
    files.push(file("old/10.0.0.1_7001/cluster-nodes.txt", &theirs));
    let info = "cluster_current_epoch:30\n";
    files.push(file("old/10.0.0.1_7001/cluster-info.txt", info));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::SecondCluster]);
    let a = id(&inventory, 'a');
    let view = inventory.views.iter().find(|v| v.owner == Some(a));
    assert_eq!(view.unwrap().cluster_current_epoch, Some((7, 7)));
}

#[test]
fn a_blank_node_beside_another_cluster_is_left_to_it() {
    let blank = |path: &str, ip: &str| {
        file(
            &format!("{path}/cluster-nodes.txt"),
            &format!(
                "{} {ip}:7009@17009 myself,master - 0 0 0 connected\n",
                name('z')
            ),
        )
    };
    let other = "m@10.1.0.1:7000 master - 1 0-16383; n@10.1.0.2:7000 slave m 1";
    let met = |blank: Source| {
        let mut files = views("abcd", FOUR);
        files.push(file("other/m/cluster-nodes.txt", &dump(other)));
        files.push(blank);
        let inventory = inventory(files);
        (
            inventory.cluster.find(&name('z')).is_some(),
            codes(&inventory).contains(&Capture::WhoseBlank.code()),
        )
    };
    assert_eq!(
        met(blank("other/z", "10.2.0.1")),
        (false, true),
        "its folder"
    );
    assert_eq!(met(blank("z", "10.2.0.1")), (false, true), "nothing says");
    assert_eq!(
        met(blank("nodes/z", "10.2.0.1")),
        (true, false),
        "its folder is ours"
    );
    assert_eq!(
        met(blank("other/z", "10.0.0.1")),
        (true, false),
        "its machine is ours"
    );
    assert_eq!(
        met(blank("nodes/z", "10.1.0.1")),
        (false, true),
        "its machine is theirs"
    );
}

/// `h` answers at the address of `d`, which is listed there, too.
fn second_at_d(d: &str, h: &str) -> Inventory {
    let lines = FOUR.replace("d slave b 2", &format!("d {d}; h@10.0.0.4:7004@17004 {h}"));
    inventory(views("abc", &lines))
}

#[test]
fn a_dead_id_whose_address_a_blank_or_newer_one_answers_is_gone() {
    for (d, h) in [
        ("slave,fail b 2 down", "master - 0"),
        ("master,fail - 1 down", "slave b 2"),
        ("master,fail - 1 down", "master - 0"),
    ] {
        let found = second_at_d(d, h);
        let old = node(&found, 'd');
        assert!(old.is_ghost(), "{d} {h}");
        assert_eq!(old.last_address, node(&found, 'h').address, "{d} {h}");
        assert_eq!((codes(&found), found.torn.len()), (vec![], 0), "{d} {h}");
    }
}

#[test]
fn a_dead_id_whose_address_an_older_member_answers_may_be_anywhere() {
    for (d, h) in [
        ("slave,fail b 2 down", "slave a 1"),
        ("slave b 2 down", "slave a 1"),
        ("master,fail - 3 down 16000-16383", "slave a 1"),
        ("slave,fail b 2 down", "master - 3 16000-16383"),
        ("master,fail - 1 down", "master - 3 16000-16383"),
    ] {
        let found = second_at_d(d, h);
        let old = node(&found, 'd');
        assert!(old.is_dead_member() && old.address.is_none(), "{d} {h}");
        assert_eq!(old.last_address, node(&found, 'h').address, "{d} {h}");
        assert_eq!(found.torn.len(), 0, "{d} {h}");
    }
}

#[test]
fn two_that_are_listed_as_live_at_one_address_both_stay() {
    let found = second_at_d("slave b 2", "slave a 1");
    let (d, h) = (node(&found, 'd'), node(&found, 'h'));
    assert!(d.is_live_member() && h.is_live_member());
    assert_eq!(d.address, h.address);
    let there: Vec<NodeId> = found.cluster.at(d.address.as_ref().unwrap()).collect();
    assert!(there.contains(&id(&found, 'd')) && there.contains(&id(&found, 'h')));
    assert!(found.torn.is_empty(), "{:?}", found.torn);
    assert_eq!(found.cluster.shared_addresses().len(), 1);
    // Each in a view of its own: one may have come after the other.
    let one = FOUR.replace("d slave b 2", "h@10.0.0.4:7004@17004 slave b 2");
    let mut files = views("ab", FOUR);
    files.push(view('c', &one));
    let found = inventory(files);
    assert!(found.torn[0].contains("between them"), "{:?}", found.torn);
}

#[test]
fn where_nobody_answers_at_a_shared_address_nothing_is_decided() {
    let found = second_at_d("slave,fail b 2 down", "master,fail - 0 down");
    assert!(node(&found, 'd').is_dead_member() && node(&found, 'h').is_dead_member());
    assert_eq!(node(&found, 'd').address, node(&found, 'h').address);
}
