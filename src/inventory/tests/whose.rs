//! Whose view and whose answer a file holds, where names differ.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Map;
use crate::model::Address;
use crate::policy::HomeRole;

/// `a` and `b` behind NAT, reached at 192.168.0.1 and known as 203.0.113.5.
const NAT: &str = "a@203.0.113.5:30001@40001 master - 1 0-8191; \
    b@203.0.113.5:30002@40002 master - 2 8192-16383; \
    c@203.0.113.5:30003@40003 slave,fail? a 1";

fn nat_view(node: char) -> String {
    let port = 30000 + number(node);
    dump(NAT).replace(
        &format!(":{port}@{} ", port + 10000),
        &format!(":{port}@{} myself,", port + 10000),
    )
}

fn reached(node: char, name: &str, text: &str) -> Source {
    let port = 7000 + number(node);
    file(&format!("nodes/192.168.0.1_{port}/{name}"), text)
}

fn nat() -> Vec<Source> {
    let mut files = Vec::new();
    for node in ['a', 'b'] {
        files.push(reached(node, "cluster-nodes.txt", &nat_view(node)));
    }
    files
}

#[test]
fn answers_under_another_address_are_of_the_node_that_was_reached() {
    let mut files = nat();
    files.push(reached(
        'b',
        "info.txt",
        "role:master\r\nused_memory:77\r\n",
    ));
    files.push(reached('c', "UNREACHABLE", "Connection refused\n"));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::AnnouncedElsewhere]);
    let message = &inventory.diagnostics[0].message;
    assert!(
        message.contains("(192.168.0.1:7001 -> 203.0.113.5:30001 and 1 more)"),
        "{message}"
    );
    assert_eq!(node(&inventory, 'b').used_memory, Some(77));
    assert_eq!(node(&inventory, 'a').used_memory, None);
    // It gave no view, but its neighbours show which node is behind its port.
    assert!(!node(&inventory, 'c').is_live());
    assert!(inventory.origins.unreachable(id(&inventory, 'c')).is_some());
    let info = &inventory.files[2];
    assert_eq!(info.view_of, Some(node(&inventory, 'b').name.clone()));
}

#[test]
fn maps_may_speak_of_either_address() {
    for ip in ["192.168.0.1", "203.0.113.5"] {
        let mut files = nat();
        files.push(file("hosts.csv", &format!("host,ip\nh1,{ip}\n")));
        let inventory = inventory(files);
        let host = node(&inventory, 'a').host.expect("a member has a host");
        assert_eq!(&*inventory.cluster.host(host).name, "h1", "{ip}");
    }
    let mut files = nat();
    files.push(file(
        "layout.csv",
        "ip,port,role,master\n192.168.0.1,7001,replica,192.168.0.1:7002\n203.0.113.5,30002,master,\n",
    ));
    files.push(file("disks.csv", "ip,port,dir\n192.168.0.1,7002,/d\n"));
    let inventory = inventory(files);
    let address = |port| Address::new("203.0.113.5", port).unwrap();
    let home = &inventory.policy.home[&address(30001)];
    assert_eq!(home.role, HomeRole::Replica);
    assert_eq!(home.master, Some(address(30002)));
    assert_eq!(inventory.policy.home.len(), 2);
    assert!(node(&inventory, 'b').disk.is_some());
    assert!(node(&inventory, 'a').disk.is_none());
    assert_eq!(codes(&inventory), [Capture::AnnouncedElsewhere]);
}

#[test]
fn one_odd_name_is_told_as_one() {
    let elsewhere = file("10.9.9.9_7001/nodes.txt", &view('a', FOUR).text);
    let info = file("10.9.9.9_7001/info.txt", "role:master\r\nused_memory:5\r\n");
    let inventory = inventory(vec![elsewhere, info]);
    assert_eq!(codes(&inventory), [Capture::OwnerContradiction]);
    assert_eq!(node(&inventory, 'a').used_memory, Some(5));
}

#[test]
fn answers_in_the_folder_of_another_listed_node_stay_its_own() {
    let inventory = inventory(vec![
        of('b', "nodes.txt", &view('a', FOUR).text),
        of('b', "info.txt", "role:master\r\nused_memory:5\r\n"),
    ]);
    assert_eq!(codes(&inventory), [Capture::OwnerContradiction]);
    assert_eq!(node(&inventory, 'b').used_memory, Some(5));
}

#[test]
fn hosts_and_ports_in_names_find_the_node() {
    let named = FOUR.replace("d slave", "d@10.0.0.4:7004@17004,redis-3.svc slave");
    let map = file("hosts.csv", "host,ip\nhost-1,10.0.0.1\nhost-2,10.0.0.2\n");
    let info = |n: u32| format!("redis_mode:cluster\r\nused_memory:{n}\r\n");
    let inventory = inventory(vec![
        view('a', &named),
        map,
        file("host-1_7001/info.txt", &info(1)),
        file("host-2/7002/info.txt", &info(2)),
        file("redis-7003-info.txt", &info(3)),
        file("redis-3-info.txt", &info(4)),
    ]);
    let memory = |n| node(&inventory, n).used_memory;
    assert_eq!(
        ['a', 'b', 'c', 'd'].map(memory),
        [Some(1), Some(2), Some(3), Some(4)]
    );
    assert_eq!(codes(&inventory), [Map::NodeWithoutHost]);
}

/// Two machines, one port.
const LOCAL: &str = "a@10.0.0.1:7000 master - 1 0-8191; b@10.0.0.2:7000 master - 2 8192-16383";

#[test]
fn a_prompt_of_this_host_is_told_apart_by_the_file() {
    let session = |node: char, memory: u32| {
        let text = format!(
            "127.0.0.1:7000> cluster nodes\n{}127.0.0.1:7000> info\nrole:master\r\nused_memory:{memory}\r\n",
            view(node, LOCAL).text
        );
        file(&format!("machine-{node}.txt"), &text)
    };
    let mark = |mut source: Source| {
        let letter = source.path.chars().nth(8).unwrap();
        let at = format!("10.0.0.{}:7000 ", number(letter));
        source.text = source.text.replace(&at, &format!("{at}myself,"));
        source
    };
    let inventory = inventory(vec![mark(session('a', 1)), mark(session('b', 2))]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(node(&inventory, 'a').used_memory, Some(1));
    assert_eq!(node(&inventory, 'b').used_memory, Some(2));
}

#[test]
fn files_of_one_folder_are_told_apart_by_their_names() {
    let inventory = inventory(vec![
        file("x/east-nodes.txt", &view('a', FOUR).text),
        file("x/west-nodes.txt", &view('b', FOUR).text),
        file("x/west-info.txt", "role:master\r\nused_memory:2\r\n"),
        file("x/north-info.txt", "role:slave\r\nused_memory:3\r\n"),
    ]);
    assert_eq!(node(&inventory, 'b').used_memory, Some(2));
    assert_eq!(node(&inventory, 'a').used_memory, None);
    assert_eq!(codes(&inventory), [Capture::AnswerOfUnknownNode]);
}

#[test]
fn who_asked_the_bus_learnt_nothing_of_the_node() {
    let mut files = views("abc", FOUR);
    files.push(file(
        "10.0.0.4_17004/UNREACHABLE",
        "Could not connect to Redis at 10.0.0.4:17004: Connection refused\n",
    ));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::BusPort]);
    assert!(
        inventory.diagnostics[0]
            .message
            .contains("of 10.0.0.4:7004")
    );
    assert!(node(&inventory, 'd').is_live());
}

#[test]
fn answers_of_nobody_are_counted_once() {
    let mut files = views("ab", FOUR);
    files.push(file(
        "cluster-info.txt",
        "cluster_state:ok\ncluster_current_epoch:9\n",
    ));
    files.push(file("ping.txt", "PONG\n"));
    files.push(file("x/config.txt", "dir\n/data\n"));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::AnswerOfUnknownNode]);
    let note = &inventory.diagnostics[0];
    assert!(
        note.message.starts_with("3 answers were not used"),
        "{}",
        note.message
    );
    assert_eq!(&*note.place.as_ref().unwrap().path, "cluster-info.txt");
    assert!(note.help.as_ref().unwrap().contains("10.0.0.1_7000"));
}

#[test]
fn answers_of_an_address_or_an_id_that_no_node_has_are_said() {
    let mut files = views("abcd", FOUR);
    files.push(file(
        "10.9.9.9_7000/info.txt",
        "# Server\r\nrole:master\r\n",
    ));
    files.push(file("10.9.9.8_7000/UNREACHABLE", "Connection refused\n"));
    files.push(file("x/myid.txt", &format!("{}\n", name('e'))));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::AnswerOfUnknownNode; 2]);
    let said = inventory.diagnostics.iter().map(|d| (&d.message, &d.place));
    let [(first, place), (second, _)] = said.collect::<Vec<_>>()[..] else {
        panic!("two");
    };
    assert!(
        first.contains("2 answers") && first.contains("10.9.9.8:7000, nor of 1 more"),
        "{first}"
    );
    assert_eq!(&*place.as_ref().unwrap().path, "10.9.9.8_7000/UNREACHABLE");
    assert!(second.contains(&name('e')), "{second}");
}
