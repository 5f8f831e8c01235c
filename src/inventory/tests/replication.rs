//! What INFO and CONFIG tell of a node.

use super::*;
use crate::diagnostic::Capture;
use crate::model::Comeback;
use crate::model::Link;
use crate::model::Persistence;
use crate::model::Replication;
use crate::model::Sync;
use crate::model::ToldBy;
use crate::model::Version;

/// `c` with this INFO.
fn replica(info: &str) -> Inventory {
    let mut files = views("abcd", FOUR);
    files.push(of('c', "info.txt", &info.replace(' ', "\r\n")));
    inventory(files)
}

fn state(info: &str) -> (Link, Sync, Option<u64>) {
    let Replication { link, sync, offset } = node(&replica(info), 'c').replication;
    (link, sync, offset)
}

#[test]
fn a_synced_replica() {
    let info = "role:slave master_link_status:up slave_repl_offset:42";
    assert_eq!(state(info), (Link::Up, Sync::Done, Some(42)));
    let lost =
        "role:slave master_link_status:down master_link_down_since_seconds:9 slave_repl_offset:42";
    assert_eq!(state(lost), (Link::Down, Sync::Done, Some(42)));
}

#[test]
fn a_replica_that_never_finished_a_sync() {
    let since =
        "role:slave master_link_status:down master_link_down_since_seconds:-1 slave_repl_offset:1";
    assert_eq!(state(since), (Link::Down, Sync::Never, Some(1)));
    let zero = "role:slave master_link_status:down slave_repl_offset:0";
    assert_eq!(state(zero), (Link::Down, Sync::Never, Some(0)));
    let running = format!("{zero} master_sync_in_progress:1");
    assert_eq!(state(&running), (Link::Down, Sync::Running, Some(0)));
    // A resync of a replica that holds data is none that never finished.
    let again = "role:slave master_link_status:down master_sync_in_progress:1 slave_repl_offset:9";
    assert_eq!(state(again), (Link::Down, Sync::Done, Some(9)));
}

#[test]
fn a_link_that_is_down_since_a_moment_that_is_no_age_never_was_up() {
    let down = |since: &str, offset: u64, more: &str| {
        state(&format!(
            "role:slave master_link_status:down master_link_down_since_seconds:{since} slave_repl_offset:{offset}{more}"
        ))
        .1
    };
    // 3.0.7 prints the unix time and offset 1, 5.0.14 the unix time and offset 0.
    assert_eq!(
        down("1585912329", 1, " master_last_io_seconds_ago:-1"),
        Sync::Never
    );
    assert_eq!(down("1795213529", 0, ""), Sync::Never);
    assert_eq!(down("1795213529", 47_978, ""), Sync::Never);
    assert_eq!(
        down("1795213529", 1, " master_sync_in_progress:1"),
        Sync::Running
    );
    // An offset of 1 counts nothing.
    assert_eq!(down("12", 1, ""), Sync::Never);
    assert_eq!(down("12", 2, ""), Sync::Done);
    // Down for longer than it runs.
    assert_eq!(down("90000", 47_978, " uptime_in_seconds:60"), Sync::Never);
    assert_eq!(down("50", 47_978, " uptime_in_seconds:60"), Sync::Done);
}

#[test]
fn a_link_is_up_only_after_a_sync_even_if_nothing_was_written_since() {
    for offset in [0, 1] {
        let info = format!("role:slave master_link_status:up slave_repl_offset:{offset}");
        assert_eq!(state(&info), (Link::Up, Sync::Done, Some(offset)));
    }
}

#[test]
fn an_answer_that_tells_little_is_unknown() {
    assert_eq!(state("role:slave"), (Link::Unknown, Sync::Unknown, None));
    assert_eq!(
        state("redis_version:5.0.14"),
        (Link::Unknown, Sync::Unknown, None)
    );
    let later = "role:replica master_link_status:up slave_read_repl_offset:8";
    assert_eq!(state(later), (Link::Up, Sync::Done, Some(8)));
}

#[test]
fn who_follows_another_master_by_its_info_is_no_known_copy() {
    let follows = |address: &str| {
        let (host, port) = address.split_once(':').expect("an address");
        let info = format!(
            "role:slave master_host:{host} master_port:{port} master_link_status:up slave_repl_offset:42"
        );
        let inventory = replica(&info);
        let found = node(&inventory, 'c').replication;
        (found.sync, found.offset, codes(&inventory))
    };
    assert_eq!(follows(&address('a')), (Sync::Done, Some(42), vec![]));
    // It moved, or replicates over TLS: no view can tell.
    assert_eq!(follows("10.9.9.9:1"), (Sync::Done, Some(42), vec![]));
    assert_eq!(
        follows(&address('b')),
        (Sync::Disputed, None, vec![Capture::InfoContradicts.code()])
    );
}

#[test]
fn the_address_that_a_ghost_had_contradicts_only_if_a_stranger_is_copied() {
    let lines =
        "a@:0 master,noaddr - 1 down 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2";
    let state = |status: &str| {
        let mut files = views("bcd", lines);
        let stranger = format!("z@{} myself,master - 0", endpoint('a'));
        files.push(of('a', "cluster-nodes.txt", &dump(&stranger)));
        let info = format!(
            "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:7001\r\n\
             master_link_status:{status}\r\nslave_repl_offset:42\r\n"
        );
        files.push(of('c', "info.txt", &info));
        let inventory = inventory(files);
        assert!(node(&inventory, 'a').is_ghost());
        (node(&inventory, 'c').replication.sync, codes(&inventory))
    };
    assert_eq!(state("down"), (Sync::Done, vec![]));
    assert_eq!(
        state("up"),
        (Sync::Disputed, vec![Capture::InfoContradicts.code()])
    );
}

#[test]
fn a_role_that_the_views_do_not_know_is_said() {
    let inventory = replica("role:master master_repl_offset:7");
    let found = node(&inventory, 'c').replication;
    assert_eq!((found.sync, found.offset), (Sync::Disputed, None));
    assert_eq!(codes(&inventory), [Capture::InfoContradicts]);
    let mut files = views("abcd", FOUR);
    files.push(of('a', "info.txt", "role:slave\r\nslave_repl_offset:7\r\n"));
    let said = super::inventory(files);
    assert_eq!(codes(&said), [Capture::InfoContradicts]);
    assert_eq!(node(&said, 'a').replication, Replication::default());
}

#[test]
fn histories_are_the_ids_that_stand_for_one() {
    let (x, none) = ("a".repeat(40), "0".repeat(40));
    let histories = |info: &str| node(&replica(info), 'c').histories.len();
    let one = format!("role:slave master_replid:{x} master_replid2:{none}");
    assert_eq!(histories(&one), 1);
    assert_eq!(histories("role:slave master_replid:xxx"), 0);
}

#[test]
fn a_master_tells_about_a_replica_without_an_answer() {
    let of_c = |slave: &str| {
        let mut files = views("abcd", FOUR);
        let info = format!("role:master\r\nmaster_repl_offset:99\r\nslave0:{slave}\r\n");
        files.push(of('a', "info.txt", &info));
        let inventory = inventory(files);
        (
            node(&inventory, 'c').replication,
            node(&inventory, 'a').replication.offset,
        )
    };
    let online = of_c("ip=10.0.0.3,port=7003,state=online,offset=90,lag=1");
    let expected = Replication {
        link: Link::Up,
        sync: Sync::Done,
        offset: Some(90),
    };
    assert_eq!(online, (expected, Some(99)));
    let syncing = of_c("ip=10.0.0.3,port=7003,state=wait_bgsave,offset=0,lag=0").0;
    assert_eq!((syncing.link, syncing.sync), (Link::Down, Sync::Running));
    // Not its replica, no state, no such node: nothing is told.
    for other in [
        "ip=10.0.0.4,port=7004,state=online,offset=90,lag=1",
        "ip=10.0.0.3,port=7003",
        "ip=10.9.9.9,port=1,state=online,offset=1,lag=0",
    ] {
        assert_eq!(of_c(other).0, Replication::default(), "{other}");
    }
}

#[test]
fn its_own_answer_beats_its_masters() {
    let mut files = views("abcd", FOUR);
    let master = "role:master\r\nslave0:ip=10.0.0.3,port=7003,state=online,offset=90,lag=1\r\n";
    files.push(of('a', "info.txt", master));
    files.push(of(
        'c',
        "info.txt",
        "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:95\r\n",
    ));
    assert_eq!(node(&inventory(files), 'c').replication.offset, Some(95));
}

#[test]
fn an_ipv6_replica_is_found_by_its_bare_address() {
    let lines = "a@::1:7001 master - 1 0-16383; b@fd00::2:7002 slave a 1";
    let view = dump(lines).replace("7001 master", "7001 myself,master");
    let info = "role:master\r\nslave0:ip=fd00::2,port=7002,state=online,offset=5,lag=0\r\n";
    let inventory = inventory(vec![
        file("nodes/::1_7001/cluster-nodes.txt", &view),
        file("nodes/::1_7001/info.txt", info),
    ]);
    assert_eq!(node(&inventory, 'b').replication.offset, Some(5));
}

#[test]
fn keys_are_known_where_the_keyspace_was_captured() {
    let keys = |info: &str| node(&replica(info), 'c').keys;
    assert_eq!(keys("role:slave master_link_status:up"), None);
    let cluster_only = "role:slave cluster_enabled:1";
    assert_eq!(keys(cluster_only), None);
    assert_eq!(
        keys("role:slave db0:keys=3,expires=0 db2:keys=4,expires=0"),
        Some(7)
    );
    let with_heading = |text: &str| {
        let mut files = views("abcd", FOUR);
        files.push(of('c', "info.txt", text));
        node(&inventory(files), 'c').keys
    };
    let empty = "# Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\n";
    assert_eq!(with_heading(empty), Some(0));
    let full = "# Keyspace\r\ndb0:keys=12,expires=1,avg_ttl=5\r\n";
    assert_eq!(with_heading(full), Some(12));
}

#[test]
fn dbsize_tells_the_keys_where_no_keyspace_was_captured() {
    let mut files = views("abcd", FOUR);
    files.push(of('c', "dbsize.txt", "(integer) 12\n"));
    assert_eq!(node(&inventory(files), 'c').keys, Some(12));
    let mut files = views("abcd", FOUR);
    files.push(of('c', "dbsize.txt", "12\n"));
    files.push(of(
        'c',
        "info.txt",
        "# Keyspace\r\ndb0:keys=13,expires=0\r\n",
    ));
    assert_eq!(node(&inventory(files), 'c').keys, Some(13));
}

#[test]
fn the_server_is_what_most_nodes_say() {
    let version = |node, text: &str| of(node, "info.txt", &text.replace(' ', "\r\n"));
    let mut files = views("abcd", FOUR);
    files.push(version(
        'a',
        "redis_version:7.2.4 server_name:valkey valkey_version:8.0.1",
    ));
    files.push(version('b', "redis_version:7.0.15 used_memory:512"));
    files.push(version('c', "redis_version:7.0.15"));
    let inventory = inventory(files);
    assert_eq!(&*inventory.cluster.server.name, "redis");
    assert_eq!(
        inventory.cluster.server.version,
        Some(Version::new(7, 0, 15))
    );
    assert_eq!(node(&inventory, 'b').used_memory, Some(512));
}

#[test]
fn settings_are_those_that_are_safe_for_all() {
    let config = |node, text: &str| of(node, "config-get.txt", text);
    let mut files = views("abcd", FOUR);
    files.push(config(
        'a',
        "cluster-node-timeout\n5000\ncluster-migration-barrier\n2\n",
    ));
    files.push(config(
        'b',
        "cluster-node-timeout\n9000\ncluster-allow-replica-migration\nno\n",
    ));
    files.push(config('c', "cluster-replica-no-failover\nyes\n"));
    let inventory = inventory(files);
    let settings = &inventory.cluster.settings;
    assert_eq!(settings.node_timeout_ms, 9000);
    assert_eq!(settings.migration_barrier, 2);
    assert!(!settings.allow_replica_migration);
    assert!(node(&inventory, 'c').no_failover);
}

#[test]
fn an_answer_of_nobody_is_said() {
    let mut files = views("abcd", FOUR);
    files.push(file("x/info.txt", "# Replication\r\nrole:slave\r\n"));
    assert_eq!(codes(&inventory(files)), [Capture::AnswerOfUnknownNode]);
}

#[test]
fn the_view_beside_it_names_an_answer() {
    let files = vec![
        file("x/cluster-nodes.txt", &view('c', FOUR).text),
        file(
            "x/info.txt",
            "role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:5\r\n",
        ),
    ];
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'c').replication.offset, Some(5));
}

#[test]
fn what_a_process_comes_back_with_is_told_by_its_settings() {
    let of_settings = |config: &str, info: &str| {
        let mut files = views("abcd", FOUR);
        files.push(of('c', "config-get.txt", config));
        files.push(of('c', "info.txt", info));
        let found = inventory(files);
        (
            node(&found, 'c').persistence,
            found.cluster.comeback(id(&found, 'a')),
        )
    };
    let nothing = "appendonly\nno\nsave\n\n";
    let empty = Comeback::Empty(ToldBy::Peers);
    assert_eq!(of_settings(nothing, ""), (Persistence::Nothing, empty));
    let log = Comeback::Saved(Persistence::Log, ToldBy::Peers);
    assert_eq!(of_settings("appendonly\nyes\nsave\n\n", "").1, log);
    let info = "# Persistence\r\naof_enabled:1\r\n";
    assert_eq!(of_settings("maxmemory\n0\nport\n7003\n", info).1, log);
    let snapshots = Comeback::Saved(Persistence::Snapshots, ToldBy::Peers);
    assert_eq!(
        of_settings("appendonly\nno\nsave\n3600 1 300 100\n", "").1,
        snapshots
    );
    assert_eq!(
        of_settings("appendonly\nno\nport\n7003\n", "").1,
        Comeback::Unknown
    );
}
