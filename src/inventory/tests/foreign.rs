//! Two clusters in one capture, at the same addresses.

use super::*;
use crate::diagnostic::Capture;

/// Another cluster on the same hosts, with fewer views.
const OTHER: &str =
    "e@10.0.0.1:7001@17001 master - 7 0-8191; f@10.0.0.2:7002@17002 master - 8 8192-16383";

fn other_view(node: char, place: u32) -> String {
    let at = format!("10.0.0.{place}:{0}@1{0}", 7000 + place);
    dump(OTHER).replace(
        &format!("{} {at} ", name(node)),
        &format!("{} {at} myself,", name(node)),
    )
}

fn at(cluster: &str, node: char, name: &str, text: &str) -> Source {
    file(&format!("{cluster}/{}/{name}", folder(node)), text)
}

fn ours() -> Vec<Source> {
    let one = |n| at("one", n, "cluster-nodes.txt", &view(n, FOUR).text);
    "abcd".chars().map(one).collect()
}

fn info(epoch: u32) -> String {
    format!("cluster_state:ok\ncluster_current_epoch:{epoch}\n")
}

fn epochs(inventory: &Inventory) -> Vec<Option<(u64, u64)>> {
    inventory
        .views
        .iter()
        .map(|v| v.cluster_current_epoch)
        .collect()
}

#[test]
fn answers_of_the_other_cluster_are_not_those_of_the_nodes_at_its_addresses() {
    let mut files = ours();
    files.push(at("one", 'a', "cluster-info.txt", &info(2)));
    files.push(at("two", 'a', "cluster-nodes.txt", &other_view('e', 1)));
    files.push(at("two", 'a', "cluster-info.txt", &info(8)));
    files.push(at(
        "two",
        'a',
        "info.txt",
        "# Server\r\nrole:master\r\nused_memory:5\r\n",
    ));
    // No view there, but those around it are of the other cluster.
    files.push(at("two", 'b', "UNREACHABLE", "Connection refused\n"));
    files.push(file(
        "two/layout.csv",
        "ip,port,role,master\n10.0.0.3,7003,master,\n",
    ));
    for reversed in [false, true] {
        if reversed {
            files.reverse();
        }
        let inventory = inventory(files.clone());
        assert_eq!(codes(&inventory), [Capture::SecondCluster]);
        assert_eq!(members(&inventory), "abcd");
        let known: Vec<_> = epochs(&inventory).into_iter().flatten().collect();
        assert_eq!(known, [(2, 2)]);
        assert_eq!(node(&inventory, 'a').used_memory, None);
        let b = id(&inventory, 'b');
        assert_eq!(inventory.origins.unreachable(b), None);
        assert!(inventory.policy.home.is_empty());
    }
}

#[test]
fn sections_of_one_file_are_told_apart_by_their_views() {
    let mut text = String::new();
    for (node, answer) in [('a', info(2)), ('b', info(2))] {
        let view = view(node, FOUR).text;
        let at = address(node);
        text += &format!("{at}> cluster nodes\n{view}{at}> cluster info\n{answer}");
    }
    let view = other_view('e', 1);
    let other = format!(
        "10.0.0.1:7001> cluster nodes\n{view}10.0.0.1:7001> cluster info\n{}",
        info(8)
    );
    let inventory = inventory(vec![file("one.txt", &text), file("two.txt", &other)]);
    assert_eq!(codes(&inventory), [Capture::SecondCluster]);
    assert_eq!(epochs(&inventory), [Some((2, 2)), Some((2, 2))]);
}

#[test]
fn what_may_be_of_either_is_used_for_neither() {
    let mut files = ours();
    files.push(at("one", 'a', "other-nodes.txt", &other_view('e', 1)));
    files.push(at("one", 'a', "nodes.txt", &other_view('e', 1)));
    files.push(at("one", 'a', "cluster-info.txt", &info(8)));
    let inventory = inventory(files);
    let expected = [Capture::SecondCluster, Capture::AnswerOfUnknownNode];
    assert_eq!(codes(&inventory), expected);
    assert!(inventory.diagnostics[1].message.contains("two clusters"));
    assert!(inventory.diagnostics[1].place.is_some());
    assert_eq!(epochs(&inventory), [None; 4]);
}

#[test]
fn names_that_clusters_share_behind_nat_are_told_apart_by_the_folder() {
    let moved = |text: &str| text.replace("10.0.0.", "203.0.113.");
    let mut files = Vec::new();
    for node in ['a', 'b', 'c'] {
        let text = moved(&view(node, FOUR).text);
        files.push(at("one", node, "cluster-nodes.txt", &text));
        files.push(at(
            "one",
            node,
            "info.txt",
            "# Server\r\nrole:master\r\nused_memory:5\r\n",
        ));
    }
    files.push(at(
        "two",
        'a',
        "cluster-nodes.txt",
        &moved(&other_view('e', 1)),
    ));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'a').used_memory, Some(5));
    assert_eq!(node(&inventory, 'b').used_memory, Some(5));
}
