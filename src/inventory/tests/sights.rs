//! Who sees whom, links that go one way, and what was going on.

use super::*;
use crate::inventory::OneWay;
use crate::inventory::Sight;
use crate::inventory::reconcile::reconcile;
use crate::parse::LinkRow;

#[test]
fn the_matrix_has_a_row_for_each_view_and_a_column_for_each_node() {
    let lines = "a master - 1 0-8191; b master,fail? - 2 8192-16383; c slave,fail a 1 down; \
        d slave b 2 down; e@:0 slave,noaddr b 2 down; z@10.0.0.6:7006 handshake - 0 down";
    let mut files = vec![view('a', lines)];
    files.push(view(
        'd',
        "a master - 1 0-8191; b master - 2 8192-16383; d slave b 2; f@10.0.0.6:7006 slave b 2",
    ));
    let inventory = inventory(files);
    let (a, b, d) = (
        id(&inventory, 'a'),
        id(&inventory, 'b'),
        id(&inventory, 'd'),
    );
    let sights = &inventory.sights;
    assert_eq!(sights.observers(), [a, d]);
    assert_eq!(members(&inventory), "abcdfe");
    let expected = [
        Sight::Itself,
        Sight::Suspected,
        Sight::Failed,
        Sight::Disconnected,
        Sight::Handshake,
        Sight::NoAddress,
    ];
    assert_eq!(sights.row(a), Some(&expected[..]));
    let expected = [
        Sight::Connected,
        Sight::Connected,
        Sight::Absent,
        Sight::Itself,
        Sight::Connected,
        Sight::Absent,
    ];
    assert_eq!(sights.row(d), Some(&expected[..]));
    assert_eq!(sights.row(b), None);
    assert_eq!(sights.of(d, a), Some(Sight::Connected));
}

/// `a` with these links, as `peer>` for one that `a` opened and `>peer` for one of the peer.
fn linked(rows: &str) -> Inventory {
    let mut gathered = Gathered::default();
    let own = view('a', FOUR);
    gathered.take_batch(std::slice::from_ref(&own));
    let ids: Vec<(String, bool)> = rows
        .split_whitespace()
        .map(|word| {
            let peer = word.trim_matches('>').chars().next().expect("a peer");
            (name(peer), word.ends_with('>'))
        })
        .collect();
    let rows = ids.iter().map(|(node, outbound)| LinkRow {
        line: 1,
        node,
        outbound: *outbound,
    });
    let source = file("links.txt", "");
    take(
        &mut gathered,
        &source,
        Some('a'),
        Facts::Links(rows.collect()),
    );
    reconcile(gathered, Policy::default())
}

#[test]
fn a_link_without_its_other_half_goes_one_way() {
    let inventory = linked("b> >b c> >d");
    let (a, c, d) = (
        id(&inventory, 'a'),
        id(&inventory, 'c'),
        id(&inventory, 'd'),
    );
    let link = |from, to| OneWay {
        from,
        to,
        told_by: a,
    };
    assert_eq!(inventory.one_way_links, [link(c, a), link(a, d)]);
    assert_eq!(&*inventory.origins.links(a).unwrap().path, "links.txt");
}

#[test]
fn whole_links_and_answers_about_one_peer_tell_nothing() {
    assert_eq!(linked("b> >b c> >c d> >d").one_way_links, []);
    assert_eq!(linked("b>").one_way_links, []);
    // The link to a node that is no member is nobody's business.
    assert_eq!(linked("b> >b z>").one_way_links, []);
}

#[test]
fn what_was_going_on_is_kept_by_node() {
    let mut files = views("abcd", FOUR);
    files.push(of('a', "info.txt", "# Persistence\r\nloading:1\r\n"));
    files.push(of(
        'b',
        "info.txt",
        "role:master\r\nmaster_failover_state:no-failover\r\n",
    ));
    let first = "role:slave\r\nmaster_link_status:down\r\nslave_repl_offset:0\r\n\
        master_sync_in_progress:1\r\nmaster_failover_state:waiting-for-sync\r\n";
    files.push(of('c', "info.txt", first));
    let moving = "cluster_state:ok\r\ncluster_slot_migration_active_tasks:2\r\n";
    files.push(of('b', "cluster-info.txt", moving));
    let trimming = "cluster_state:ok\r\ncluster_slot_migration_active_tasks:0\r\n\
        cluster_slot_migration_active_trim_running:1\r\n";
    files.push(of('d', "cluster-info.txt", trimming));
    let inventory = inventory(files);
    let flight = &inventory.in_flight;
    assert_eq!(flight.loading, [id(&inventory, 'a')]);
    assert_eq!(flight.first_syncs, [id(&inventory, 'c')]);
    assert_eq!(flight.failovers, [id(&inventory, 'c')]);
    assert_eq!(flight.slot_migrations, [id(&inventory, 'b')]);
    assert_eq!(flight.handshakes, 0);
}
