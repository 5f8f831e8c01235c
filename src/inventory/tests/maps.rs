//! Hosts, zones, disks and homes.

use super::*;
use crate::diagnostic::Map;
use crate::inventory::read_with_maps;
use crate::model::Address;
use crate::policy::HomeRole;
use crate::policy::Policy;

fn with(files: Vec<Source>) -> Inventory {
    let mut all = views("abcd", FOUR);
    all.extend(files);
    inventory(all)
}

fn host_of(inventory: &Inventory, of: char) -> &str {
    let host = node(inventory, of).host.expect("a member has a host");
    &inventory.cluster.host(host).name
}

fn zone_of(inventory: &Inventory, of: char) -> Option<&str> {
    let zone = inventory.cluster.zone_of(id(inventory, of))?;
    Some(&inventory.cluster.zones[zone.0 as usize].name)
}

fn disk_of(inventory: &Inventory, of: char) -> Option<&str> {
    let disk = node(inventory, of).disk?;
    Some(&inventory.cluster.disks[disk.0 as usize].name)
}

#[test]
fn without_a_map_the_ip_is_the_host() {
    let inventory = with(vec![]);
    assert_eq!(host_of(&inventory, 'c'), "10.0.0.3");
    assert_eq!(zone_of(&inventory, 'c'), None);
}

#[test]
fn hosts_and_zones_come_from_the_map() {
    let map = "host,ip,zone\nh1,10.0.0.1,z1\nh1,10.0.0.3,z1\nh2,10.0.0.2,z2\nh2,10.0.0.4,\n";
    let inventory = with(vec![file("hosts.csv", map)]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(host_of(&inventory, 'a'), host_of(&inventory, 'c'));
    assert_eq!(zone_of(&inventory, 'c'), Some("z1"));
    assert_eq!(zone_of(&inventory, 'd'), Some("z2"));
    assert_eq!(inventory.cluster.hosts.len(), 2);
}

#[test]
fn a_port_tells_machines_behind_one_ip_apart() {
    let lines = "a@10.0.0.1:7001 master - 1 0-16383; b@10.0.0.1:7002 slave a 1";
    let map = "host,address\nh1,10.0.0.1:7001\nh2,10.0.0.1:7002\n";
    let view = dump(lines).replace("7001 master", "7001 myself,master");
    let inventory = inventory(vec![file("a.txt", &view), file("hosts.csv", map)]);
    assert_eq!(
        (host_of(&inventory, 'a'), host_of(&inventory, 'b')),
        ("h1", "h2")
    );
}

#[test]
fn the_first_of_two_rows_that_differ_is_kept() {
    let map = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh9,10.0.0.1\nh3,10.0.0.3\nh4,10.0.0.4\n";
    let inventory = with(vec![file("hosts.csv", map)]);
    assert_eq!(codes(&inventory), [Map::Contradiction]);
    let odd = &inventory.diagnostics[0];
    assert_eq!(odd.place.as_ref().unwrap().line, 4);
    assert!(odd.message.contains("hosts.csv:2"), "{}", odd.message);
    assert_eq!(host_of(&inventory, 'a'), "h1");
}

#[test]
fn what_the_map_does_not_know_and_does_not_need_is_said() {
    let map = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh9,10.0.0.9\n";
    let inventory = with(vec![file("hosts.csv", map)]);
    assert_eq!(codes(&inventory), [Map::NodeWithoutHost, Map::UnusedHost]);
    assert!(
        inventory.diagnostics[0]
            .message
            .contains("10.0.0.3:7003 and 1 more")
    );
    assert_eq!(host_of(&inventory, 'd'), "10.0.0.4");
    // A host of the map without a node is still a host that could run one.
    assert!(inventory.cluster.hosts.iter().any(|h| &*h.name == "h9"));
}

#[test]
fn what_the_map_lacks_and_has_too_much_is_counted() {
    let hosts = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh9,10.0.0.9\n";
    let disks = "ip,port,dir\n10.0.0.1,7001,/x\n10.0.0.8,7001,/x\n10.0.0.9,7001,/x\n";
    let homes = "address,role\n10.0.0.1:7001,master\n10.0.0.7:7001,master\n";
    let inventory = with(vec![
        file("hosts.csv", hosts),
        file("disks.csv", disks),
        file("homes.csv", homes),
    ]);
    let unmapped = [id(&inventory, 'c'), id(&inventory, 'd')];
    assert_eq!(inventory.unmapped, unmapped);
    let rows: Vec<(&str, u32)> = inventory
        .unused_rows
        .iter()
        .map(|p| (&*p.path, p.line))
        .collect();
    let expected = [
        ("hosts.csv", 4),
        ("disks.csv", 3),
        ("disks.csv", 4),
        ("homes.csv", 3),
    ];
    assert_eq!(rows, expected);
    assert_eq!(with(vec![]).unmapped, []);
}

#[test]
fn a_map_is_held_against_what_the_nodes_announce() {
    let zone = |node, zone| {
        let text = format!("# Server\r\nredis_version:8.1.0\r\navailability_zone:{zone}\r\n");
        of(node, "info.txt", &text)
    };
    let map = |zones: [&str; 4]| {
        let rows = (1..)
            .zip(zones)
            .map(|(n, z)| format!("h{n},10.0.0.{n},{z}\n"));
        file(
            "hosts.csv",
            &format!("host,ip,zone\n{}", rows.collect::<String>()),
        )
    };
    for (zones, said, lines) in [
        // Other words for the same, or racks in a zone, are no contradiction.
        (
            ["z1", "z1", "z2", "z2"],
            ["eu-1", "eu-1", "eu-2", "eu-2"],
            vec![],
        ),
        (
            ["r1", "r2", "r3", "r4"],
            ["eu-1", "eu-1", "eu-2", "eu-2"],
            vec![],
        ),
        (
            ["eu-1", "eu-1", "eu-2", "eu-2"],
            ["eu-1", "eu-2", "eu-2", "eu-2"],
            vec![3],
        ),
        (
            ["z1", "z1", "z2", "z2"],
            ["eu-1", "eu-2", "eu-2", "eu-2"],
            vec![3],
        ),
    ] {
        let mut files: Vec<Source> = "abcd".chars().zip(said).map(|(n, z)| zone(n, z)).collect();
        files.push(map(zones));
        let inventory = with(files);
        let odd = inventory.diagnostics.iter();
        let odd = odd.filter(|d| d.code == Map::Contradiction);
        let found: Vec<u32> = odd.filter_map(|d| Some(d.place.as_ref()?.line)).collect();
        assert_eq!(found, lines, "{zones:?} {said:?}");
        assert_eq!(zone_of(&inventory, 'b'), Some(zones[1]));
    }
}

#[test]
fn a_hostname_of_another_machine_contradicts_the_map() {
    for (hostname, odd) in [
        ("h2.example", true),
        ("h2", true),
        ("h1.example", false),
        ("redis-0.example", false),
    ] {
        let named = format!("17001,{hostname} master");
        let text = dump(FOUR).replace("17001 master", &named);
        let map = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh3,10.0.0.3\nh4,10.0.0.4\n";
        let inventory = inventory(vec![file("a.txt", &text), file("hosts.csv", map)]);
        let found = codes(&inventory).contains(&Map::Contradiction.code());
        assert_eq!(found, odd, "{hostname}");
        assert_eq!(host_of(&inventory, 'a'), "h1");
    }
}

#[test]
fn zones_come_from_the_answers_where_no_map_tells() {
    let zone = of(
        'b',
        "info.txt",
        "# Server\r\nredis_version:8.1.0\r\navailability_zone:eu-1\r\n",
    );
    let inventory = with(vec![zone]);
    assert_eq!(zone_of(&inventory, 'b'), Some("eu-1"));
    assert_eq!(zone_of(&inventory, 'a'), None);
}

#[test]
fn disks_are_found_by_host_and_by_ip() {
    let hosts = "host,ip\nh1,10.0.0.1\nh1,10.0.0.2\nh2,10.0.0.3\nh2,10.0.0.4\n";
    let disks = "host,port,dir,disk\nh1,7001,/d/1,nvme0\nh1,7002,/d/2,nvme0\nh2,7003,/d/3,nvme0\n10.0.0.4,7004,/d/4,\n";
    let inventory = with(vec![file("hosts.csv", hosts), file("disks.csv", disks)]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(node(&inventory, 'a').disk, node(&inventory, 'b').disk);
    assert_ne!(node(&inventory, 'a').disk, node(&inventory, 'c').disk);
    assert_eq!(disk_of(&inventory, 'd'), Some("/d/4"));
    let shared = node(&inventory, 'a').disk.unwrap();
    let dirs: Vec<&str> = inventory.cluster.disks[shared.0 as usize]
        .dirs
        .iter()
        .map(|d| &**d)
        .collect();
    assert_eq!(dirs, ["/d/1", "/d/2"]);
    let by_ip = with(vec![file("disks.csv", "ip,port,dir\n10.0.0.1,7001,/x\n")]);
    assert_eq!(disk_of(&by_ip, 'a'), Some("/x"));
}

#[test]
fn disk_rows_that_differ_or_are_not_needed_are_said() {
    let disks =
        "ip,port,dir\n10.0.0.1,7001,/x\n10.0.0.1,7001,/y\n10.0.0.1,7001,/x\n10.0.0.9,7001,/z\n";
    let inventory = with(vec![file("disks.csv", disks)]);
    assert_eq!(codes(&inventory), [Map::Contradiction, Map::UnusedDisk]);
    let lines: Vec<u32> = inventory
        .diagnostics
        .iter()
        .filter_map(|d| Some(d.place.as_ref()?.line))
        .collect();
    assert_eq!(lines, [3, 5]);
    assert_eq!(disk_of(&inventory, 'a'), Some("/x"));
}

#[test]
fn a_data_directory_stands_in_for_a_disk_map() {
    let dir = |node| of(node, "config-get.txt", "dir\n/data/one\n");
    let inventory = with(vec![
        dir('a'),
        dir('b'),
        file("disks.csv", "ip,port,dir\n10.0.0.2,7002,/mapped\n"),
    ]);
    assert_eq!(disk_of(&inventory, 'a'), Some("/data/one"));
    assert_eq!(disk_of(&inventory, 'b'), Some("/mapped"));
    assert_eq!(disk_of(&inventory, 'c'), None);
}

#[test]
fn a_named_home_map_overrules_that_of_the_capture() {
    let row = |role| file("home.csv", &format!("ip,port,role\n10.0.0.1,7001,{role}\n"));
    let in_capture = file(
        "layout.csv",
        "ip,port,role\n10.0.0.1,7001,master\n10.0.0.2,7002,master\n",
    );
    for (role, notes) in [("replica", 1), ("master", 0)] {
        let mut all = views("abcd", FOUR);
        all.push(in_capture.clone());
        let inventory = read_with_maps([row(role)], all, Policy::default());
        let said = codes(&inventory);
        assert_eq!(said, vec![Map::Overridden.code(); notes], "{role}");
        let a: Address = address('a').parse().unwrap();
        let home = inventory.policy.home[&a].role;
        assert_eq!(home == HomeRole::Master, role == "master");
    }
}

#[test]
fn the_first_home_of_an_address_is_kept() {
    let map = "ip,port,role,master\n\
        10.0.0.1,7001,master,\n\
        10.0.0.3,7003,replica,10.0.0.1:7001\n\
        10.0.0.3,7003,replica,10.0.0.2:7002\n";
    let inventory = with(vec![file("layout.csv", map)]);
    assert_eq!(codes(&inventory), [Map::Contradiction]);
    let message = &inventory.diagnostics[0].message;
    assert!(
        message.contains("replica of 10.0.0.2:7002 here"),
        "{message}"
    );
    let c: Address = address('c').parse().unwrap();
    let home = &inventory.policy.home[&c];
    assert_eq!(home.role, HomeRole::Replica);
    assert_eq!(home.master, Some(address('a').parse().unwrap()));
}

#[test]
fn what_the_operator_gave_beats_a_map_without_a_word() {
    let text = "[[home]]\naddress = \"10.0.0.1:7001\"\nrole = \"replica\"\n";
    let policy = Policy::parse(text).unwrap();
    let map = file(
        "layout.csv",
        "ip,port,role\n10.0.0.1,7001,master\n10.0.0.2,7002,master\n",
    );
    let mut files = views("abcd", FOUR);
    files.push(map);
    let inventory = read(files, policy);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    let role = |of| inventory.policy.home[&address(of).parse().unwrap()].role;
    assert_eq!(
        (role('a'), role('b')),
        (HomeRole::Replica, HomeRole::Master)
    );
}

#[test]
fn the_port_lists_of_flashbase_give_home_roles() {
    let text =
        "export SR2_REDIS_MASTER_PORTS=( 7001 7002 )\nexport SR2_REDIS_SLAVE_PORTS=( 7003 )\n";
    let inventory = with(vec![file("redis.properties", text)]);
    let role = |of| {
        let home = &inventory.policy.home;
        home.get(&address(of).parse().unwrap()).map(|h| h.role)
    };
    assert_eq!(role('a'), Some(HomeRole::Master));
    assert_eq!(role('c'), Some(HomeRole::Replica));
    assert_eq!(role('d'), None);
}

#[test]
fn home_entries_of_no_node_are_said_once_a_map() {
    let map = "ip,port,role\n10.0.0.1,7001,master\n10.0.0.8,7001,master\n10.0.0.9,7001,master\n";
    let text = "[[home]]\naddress = \"10.0.0.7:7001\"\nrole = \"replica\"\n";
    let mut files = views("abcd", FOUR);
    files.push(file("layout.csv", map));
    let inventory = read(files, Policy::parse(text).unwrap());
    assert_eq!(codes(&inventory), [Map::UnusedHome; 2]);
    let [policy, layout] = &inventory.diagnostics[..] else {
        panic!("two notes");
    };
    assert!(policy.place.is_none() && policy.message.contains("10.0.0.7:7001 of the policy"));
    assert_eq!(layout.place.as_ref().unwrap().line, 3);
    assert!(
        layout
            .message
            .contains("10.0.0.8:7001 of the home map, nor 1 more")
    );
}

#[test]
fn disk_rows_of_no_node_are_said_once_a_map() {
    let disks = "ip,port,dir\n10.0.0.8,7001,/x\n10.0.0.9,7001,/y\n10.0.0.9,7002,/y\n";
    let inventory = with(vec![file("disks.csv", disks)]);
    assert_eq!(codes(&inventory), [Map::UnusedDisk]);
    let message = &inventory.diagnostics[0].message;
    assert!(
        message.contains("`10.0.0.8` port 7001, nor where 2 more"),
        "{message}"
    );
}

#[test]
fn the_home_of_a_ghost_is_no_stranger() {
    let lines = "a master - 1 0-16383; b slave a 1; c@:0 slave,noaddr a 1 down";
    let before = "a master - 1 0-16383; b slave a 1; c slave,fail a 1 down";
    let mut files = views("a", lines);
    let mut old = view('b', before).text;
    old.push_str("vars currentEpoch 1 lastVoteEpoch 0\n");
    files.push(of('b', "nodes.conf", &old));
    files.push(file("layout.csv", "ip,port,role\n10.0.0.3,7003,replica\n"));
    assert_eq!(codes(&inventory(files)), [] as [Code; 0]);
}

#[test]
fn an_ipv6_with_a_port_behind_it_is_what_the_nodes_say() {
    let view = format!(
        "{} ::1:7400@17400 myself,master - 0 0 1 connected 0-8191\n\
         {} ::1:7401@17401 master - 0 0 2 connected 8192-16383\n\
         {} fd00::2:1@17001 slave {} 0 0 1 connected\n",
        "a".repeat(40),
        "b".repeat(40),
        "c".repeat(40),
        "a".repeat(40),
    );
    let map = "host,address\nh1,::1:7400\nh2,[::1]:7401\nh3,fd00::2\nh4,::1:7402\n";
    let inventory = inventory(vec![file("nodes.txt", &view), file("hosts.csv", map)]);
    let host = |id: &str| {
        let cluster = &inventory.cluster;
        let node = cluster.find(&id.repeat(40)).expect("listed");
        let host = cluster.node(node).host.expect("placed");
        cluster.host(host).name.to_string()
    };
    assert_eq!([host("a"), host("b"), host("c")], ["h1", "h2", "h3"]);
    // Nobody has the last: it is said as it stands there.
    let unused: Vec<&str> = inventory
        .diagnostics
        .iter()
        .filter(|d| d.code == Map::UnusedHost)
        .map(|d| d.message.as_str())
        .collect();
    assert_eq!(unused, ["no node of the cluster has the IP `::1:7402`"]);
}
