//! On which hosts nodes are that announce one IP.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Map;

const ONE_IP: &str = "a@203.0.113.5:30001@40001 master - 1 0-8191; \
    b@203.0.113.5:30002@40002 master - 2 8192-16383; \
    c@203.0.113.5:30003@40003 slave a 1";

fn own_view(node: char) -> String {
    let port = 30000 + number(node);
    dump(ONE_IP).replace(
        &format!(":{port}@{} ", port + 10000),
        &format!(":{port}@{} myself,", port + 10000),
    )
}

fn host(inventory: &Inventory, letter: char) -> String {
    let host = node(inventory, letter).host.expect("a member has a host");
    inventory.cluster.host(host).name.to_string()
}

#[test]
fn nodes_that_were_reached_at_different_ips_are_on_different_hosts() {
    let reached = |n: char| {
        file(
            &format!("10.0.0.{}_7000/nodes.txt", number(n)),
            &own_view(n),
        )
    };
    let inventory = inventory("abc".chars().map(reached).collect());
    let expected = [Capture::AnnouncedElsewhere, Capture::HostsBehindOneIp];
    assert_eq!(codes(&inventory), expected);
    assert!(inventory.diagnostics[1].place.is_some());
    let hosts = ['a', 'b', 'c'].map(|n| host(&inventory, n));
    assert_eq!(hosts, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    assert!(inventory.behind_one_ip.is_empty());
}

#[test]
fn who_was_not_reached_may_be_anywhere() {
    let reached = |n: char| {
        file(
            &format!("10.0.0.{}_7000/nodes.txt", number(n)),
            &own_view(n),
        )
    };
    let found = inventory("ab".chars().map(reached).collect());
    assert_eq!(found.behind_one_ip, [id(&found, 'c')]);
    assert_eq!(host(&found, 'c'), "203.0.113.5");
    // A map that names it is believed.
    let mut files: Vec<Source> = "ab".chars().map(reached).collect();
    files.push(file("hosts.csv", "host,ip\nh,203.0.113.5\n"));
    assert!(inventory(files).behind_one_ip.is_empty());
}

#[test]
fn what_a_node_listens_on_tells_its_host() {
    let at = |n: char, file_name: &str, text: &str| {
        file(
            &format!("203.0.113.5_{}/{file_name}", 30000 + number(n)),
            text,
        )
    };
    let announced = "cluster-announce-ip\n203.0.113.5\n";
    let mut files: Vec<Source> = "abc"
        .chars()
        .map(|n| at(n, "nodes.txt", &own_view(n)))
        .collect();
    assert!(inventory(files.clone()).behind_one_ip.is_empty());
    files.push(at('a', "config.txt", announced));
    assert_eq!(inventory(files.clone()).behind_one_ip.len(), 3);
    files.push(at('a', "bind.txt", "bind\n10.0.0.1 127.0.0.1\n"));
    files.push(at('b', "bind.txt", "bind\n10.0.0.2 -::1\n"));
    files.push(at(
        'c',
        "info.txt",
        "# Server\r\nlistener0:name=tcp,bind=10.0.0.2,bind=127.0.0.1,port=7000\r\n",
    ));
    let found = inventory(files);
    assert!(found.behind_one_ip.is_empty());
    let hosts = ['a', 'b', 'c'].map(|n| host(&found, n));
    assert_eq!(hosts, ["10.0.0.1", "10.0.0.2", "10.0.0.2"]);
}

#[test]
fn many_nodes_on_one_machine_are_no_nat() {
    let found = inventory(vec![file("nodes.txt", &own_view('a'))]);
    assert!(found.behind_one_ip.is_empty());
    let one_machine = |n: char| {
        file(
            &format!("10.0.0.9_{}/nodes.txt", 7000 + number(n)),
            &own_view(n),
        )
    };
    let found = inventory("abc".chars().map(one_machine).collect());
    assert!(found.behind_one_ip.is_empty());
    assert_eq!(found.cluster.hosts.len(), 1);
}

#[test]
fn a_map_that_puts_a_node_elsewhere_than_it_was_reached_is_said() {
    let map = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\n";
    let reached = |path: &str, map: &str| {
        let lines = "a@10.0.0.2:7001 master - 1 0-16383";
        let text = dump(lines).replace(" master", " myself,master");
        inventory(vec![file(path, &text), file("hosts.csv", map)])
    };
    for path in [
        "10.0.0.1_7000/nodes.txt",
        "h1/nodes.txt",
        "10.0.0.1/nodes.txt",
        "h1.txt",
    ] {
        let found = reached(path, map);
        let said = found
            .diagnostics
            .iter()
            .find(|d| d.code == Map::Contradiction);
        let said = said.unwrap_or_else(|| panic!("{path}"));
        assert!(
            said.message.contains("h1") && said.message.contains("h2"),
            "{path}"
        );
        assert_eq!(said.place.as_ref().unwrap().line, 3, "{path}");
    }
    for path in [
        "10.0.0.2_7001/nodes.txt",
        "h2/nodes.txt",
        "h1/h2-nodes.txt",
        "h1/10.0.0.2_7001.txt",
    ] {
        assert!(
            !codes(&reached(path, map)).contains(&Map::Contradiction.code()),
            "{path}"
        );
    }
}

#[test]
fn a_node_at_two_addresses_is_said() {
    let elsewhere = FOUR.replace("b master", "b@192.168.0.2:7002@17002 master");
    let mut files = views("ab", FOUR);
    files.push(view('c', &elsewhere));
    files.push(view('d', &elsewhere));
    let inventory = inventory(files);
    let at = node(&inventory, 'b').address.clone();
    assert_eq!(
        at.map(|a| a.to_string()),
        Some(address('b')),
        "its own word"
    );
    let [odd] = &inventory.diagnostics[..] else {
        panic!("{:?}", inventory.diagnostics);
    };
    assert_eq!(odd.code, Capture::TwoAddresses);
    assert!(
        odd.message
            .starts_with("2 of 3 views that list 10.0.0.2:7002 show it at 192.168.0.2:7002:"),
        "{}",
        odd.message
    );
    let place = odd.place.as_ref().expect("has one");
    assert_eq!(
        (&*place.path, place.line),
        ("nodes/10.0.0.3_7003/cluster-nodes.txt", 2)
    );
}

#[test]
fn the_same_ids_at_two_sets_of_addresses_are_said_once() {
    let copy = |node: char| {
        let text = view(node, FOUR).text.replace("10.0.0.", "10.9.0.");
        file(&format!("dr/{node}/cluster-nodes.txt"), &text)
    };
    let mut files = views("abcd", FOUR);
    files.extend("abcd".chars().map(copy));
    let inventory = inventory(files);
    let [odd] = &inventory.diagnostics[..] else {
        panic!("{:?}", inventory.diagnostics);
    };
    assert_eq!(odd.code, Capture::SameIdsElsewhere);
    assert!(
        odd.message.starts_with("4 nodes are here twice"),
        "{}",
        odd.message
    );
    assert_eq!(inventory.cluster.nodes.len(), 4);
}
