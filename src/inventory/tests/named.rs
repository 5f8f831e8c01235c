//! Ways in which operators name files: whose they are must come out, or be said.

use super::*;
use crate::diagnostic::Capture;

const INFO: &str = "# Server\r\nrole:master\r\nused_memory:77\r\n";
const LINES: &str = "a@10.0.0.1:7000@17000,redis-0.redis.svc.local master - 1 0-8191; \
    b@10.0.0.2:7001@17001,redis-1.redis.svc.local master - 2 8192-16383";
const MAP: &str = "host,ip\nnode1,10.0.0.1\nnode2,10.0.0.2\n";

fn with(files: &[(&str, &str)]) -> Inventory {
    let other = dump(LINES).replace(
        ":7001@17001,redis-1.redis.svc.local ",
        ":7001@17001,redis-1.redis.svc.local myself,",
    );
    let mut all = vec![
        file("rest/10.0.0.2_7001/cluster-nodes.txt", &other),
        file("hosts.csv", MAP),
    ];
    all.extend(files.iter().map(|(path, text)| file(path, text)));
    inventory(all)
}

#[test]
fn answers_find_their_node_by_every_way_of_naming_it() {
    for path in [
        "node1.txt",
        "NODE1-INFO.TXT",
        "node1/info.txt",
        "node1/7000/info.txt",
        "7000/node1/info.txt",
        "node1_7000.txt",
        "info-node1-7000-20261120.log",
        "10.0.0.1-7000.txt",
        "10.0.0.1_7000 (1).txt",
        "10.0.0.1_7000 - Copy.txt",
        "10.0.0.1%3A7000.txt",
        "10.0.0.1 7000 info.txt",
        "10.0.0.1.7000.info",
        "10.0.0.1/info.txt",
        "10.0.0.1/7000/info.txt",
        "7000/10.0.0.1.txt",
        "7000/info.txt",
        "redis-7000/info.txt",
        "redis7000-info.txt",
        "ip-10-0-0-1.txt",
        "ip-10-0-0-1/info.txt",
        "ip-10-0-0-1_7000.txt",
        "ip-10-0-0-1.eu-west-1.compute.internal-7000.txt",
        "10-0-0-1_7000.txt",
        "redis-0/info.txt",
        "redis-0.redis.svc_7000.txt",
        "redis-0.redis.svc.local/info.txt",
        "prod-redis-0-info.txt",
        "dumps/2026-11-20/node1-info-2026-11-20.txt",
    ] {
        let inventory = with(&[(path, INFO)]);
        let memory = node(&inventory, 'a').used_memory;
        assert_eq!((memory, codes(&inventory)), (Some(77), vec![]), "{path}");
    }
    for heading in [
        "== 10.0.0.1:7000 ==",
        "### node 10.0.0.1 7000",
        "==> 10.0.0.1_7000.txt <==",
        "==> node1/7000/info.txt <==",
        "root@jump:~# redis-cli -h node1 -p 7000 info",
        "node1:7000> info",
        "$ ssh node1 redis-cli -p 7000 info",
    ] {
        let inventory = with(&[("all.log", &format!("{heading}\n{INFO}"))]);
        let memory = node(&inventory, 'a').used_memory;
        assert_eq!((memory, codes(&inventory)), (Some(77), vec![]), "{heading}");
    }
}

#[test]
fn ipv6_addresses_lose_their_colons_in_names() {
    let lines =
        "a@fd01::5:7000@17000 master - 1 0-8191; b@fd01::6:7000@17000 master - 2 8192-16383";
    let view = dump(lines).replace("fd01::6:7000@17000 ", "fd01::6:7000@17000 myself,");
    for path in [
        "[fd01::5]_7000/info.txt",
        "[fd01::5]:7000.txt",
        "fd01::5_7000.txt",
        "fd01--5_7000.txt",
        "FD01::5_7000/info.txt",
        "%5Bfd01::5%5D%3A7000.txt",
        "[fd01::5]/info.txt",
        "fd01::5/7000/info.txt",
    ] {
        let inventory = inventory(vec![file("x.txt", &view), file(path, INFO)]);
        let memory = node(&inventory, 'a').used_memory;
        assert_eq!((memory, codes(&inventory)), (Some(77), vec![]), "{path}");
    }
}

#[test]
fn names_that_say_too_little_are_said() {
    for path in [
        "info.txt",
        "node3.txt",
        "10.0.0.9_7000.txt",
        "first/info.txt",
        "redis-5/info.txt",
    ] {
        let inventory = with(&[(path, INFO)]);
        assert_eq!(node(&inventory, 'a').used_memory, None, "{path}");
        assert_eq!(codes(&inventory), [Capture::AnswerOfUnknownNode], "{path}");
    }
}

#[test]
fn copies_of_one_view_are_one_view() {
    let text = dump(LINES).replace(
        "redis-0.redis.svc.local ",
        "redis-0.redis.svc.local myself,",
    );
    let inventory = with(&[
        ("10.0.0.1_7000.txt", &text),
        ("10.0.0.1_7000 (1).txt", &text),
        ("backup/node1.txt", &text),
    ]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(inventory.cluster.views, 2);
}
