//! Answers that stand for views where there is none.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Code;

/// `CLUSTER SHARDS` of [`FOUR`].
fn shards() -> String {
    let node = |n: char, role: &str| {
        format!(
            r#"{{"id":"{}","port":{},"ip":"10.0.0.{}","role":"{role}","health":"online"}}"#,
            name(n),
            7000 + number(n),
            number(n)
        )
    };
    let shard = |slots: &str, master, replica| {
        format!(
            r#"{{"slots":[{slots}],"nodes":[{},{}]}}"#,
            node(master, "master"),
            node(replica, "replica")
        )
    };
    let (first, second) = (shard("0,8191", 'a', 'c'), shard("8192,16383", 'b', 'd'));
    format!("[{first},{second}]\n")
}

/// A check of `a` that came to its end and complains.
fn report() -> String {
    let a = name('a');
    format!(
        ">>> Performing Cluster Check (using node 10.0.0.1:7001)\nM: {a} 10.0.0.1:7001\n   \
         slots:[0-8191] (8192 slots) master\n[ERR] Not all 16384 slots are covered by nodes.\n"
    )
}

#[test]
fn shards_alone_are_a_cluster() {
    for path in ["shards.json", "nodes/10.0.0.1_7001/shards.json"] {
        let inventory = inventory(vec![file(path, &shards())]);
        assert_eq!(codes(&inventory), [Capture::NoClusterNodes], "{path}");
        assert_eq!(members(&inventory), "abcd");
        assert!(inventory.cluster.nodes.iter().all(Node::is_live_member));
        let shards = inventory.cluster.shards();
        assert_eq!(shards.len(), 2);
        assert_eq!(shards[0].replicas, [id(&inventory, 'c')]);
    }
}

#[test]
fn beside_a_view_they_add_nothing_but_notes() {
    let alone = inventory(vec![view('a', FOUR)]);
    let mut files = vec![view('a', FOUR), of('a', "shards.json", &shards())];
    files.push(file("report.txt", &report()));
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Code::Capture(Capture::NoIds); 0]);
    assert_eq!(inventory.cluster, alone.cluster);
}

#[test]
fn a_folder_is_named_by_its_view_whatever_else_it_holds() {
    let view = view('a', FOUR);
    let files = vec![
        file("night/cluster-nodes.txt", &view.text),
        file("night/shards.json", &shards()),
        file("night/info.txt", "# Memory\nused_memory:7\nmaxmemory:9\n"),
    ];
    assert_eq!(codes(&inventory(files)), [] as [Code; 0]);
}

#[test]
fn of_answers_without_views_the_fullest_counts() {
    let files = vec![file("report.txt", &report()), file("s.json", &shards())];
    let inventory = inventory(files);
    assert_eq!(codes(&inventory), [Capture::NoClusterNodes]);
    assert_eq!(members(&inventory), "abcd");
}

#[test]
fn replicas_of_a_master_do_not_take_the_place_of_a_view() {
    let view = view('c', FOUR);
    let later = line("c slave a 1").replace(" 0 0 ", " 0 5000 ");
    let later = later.replace(" slave", " myself,slave");
    let inventory = inventory(vec![view, of('c', "replicas.txt", &format!("{later}\n"))]);
    assert_eq!(members(&inventory), "abcd");
    assert_eq!(inventory.cluster.views, 1);
}

#[test]
fn who_refuses_lives() {
    let lines = "a master - 1 0-16383; b slave,fail a 1 down";
    let dead = inventory(vec![view('a', lines)]);
    assert!(!node(&dead, 'b').is_live_member());
    let loading = "LOADING Redis is loading the dataset in memory\n";
    let files = vec![view('a', lines), of('b', "cluster-nodes.txt", loading)];
    assert!(node(&inventory(files), 'b').is_live_member());
}
