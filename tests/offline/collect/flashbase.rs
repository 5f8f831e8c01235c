//! The form for `flashbase`.

use std::fs;

use super::FLASHBASE_QUESTIONS;
use super::played::Played;
use super::played::Run;
use super::script;

/// Plays flashbase: three nodes, of which one refuses and, with a file `paused`, one hangs.
const FAKE: &str = r#"#!/bin/sh
printf '%s\n' "$*" >>asked
case $* in
'cli-all cluster nodes')
    echo 'redis client for 127.0.0.1:18100'
    echo 'aa 127.0.0.1:18100 myself,master - 0 0 1 connected 0-16383'
    echo 'redis client for 127.0.0.1:18101'
    if [ -e paused ]; then exec sleep 60; fi
    echo 'aa 127.0.0.1:18100 master - 0 0 1 connected 0-16383'
    echo 'bb 127.0.0.1:18101 myself,slave aa 0 0 1 connected'
    echo 'redis client for 127.0.0.1:18102'
    echo 'Could not connect to Redis at 127.0.0.1:18102: Connection refused' >&2
    ;;
'cli-all ping') echo 'redis client for 127.0.0.1:18100' && echo PONG ;;
find-noaddr) ;;
*) echo "$*" ;;
esac
"#;

fn flashbase(played: &mut Played, arguments: &[&str]) -> Run {
    played.put("flash.sh", FAKE);
    let home = played.path("home").display().to_string();
    played.environment = vec![("FLASHBASE", "sh ./flash.sh".to_owned()), ("HOME", home)];
    played.run(&script(&["--flashbase"]), arguments)
}

#[test]
fn saves_the_transcripts() {
    let mut played = Played::new("flashbase");
    let properties = "export SR2_REDIS_MASTER_PORTS=( 18100 )\nexport SR2_PASSWORD=hunter2\n";
    let conf = "home/tsr2/cluster_1/tsr2-assembly-1.0.0-SNAPSHOT/conf/redis.properties";
    played.put(conf, properties);
    let run = flashbase(&mut played, &[]);
    run.ends(0, "2 of 3 nodes answered\n");
    assert_eq!(run.out, "out.tar.gz\n");
    let names = played.names("out");
    assert_eq!(
        names,
        [
            "check-distribution.txt",
            "cli-all-cluster-info.txt",
            "cli-all-cluster-nodes.txt",
            "cli-all-config-get-cluster-node-timeout.txt",
            "cli-all-config-get-dir.txt",
            "cli-all-config-get-flash-db-ttl.txt",
            "cli-all-info.txt",
            "cli-all-ping.txt",
            "cluster-rowcount.txt",
            "cluster_1",
            "collect.log",
            "hosts",
        ]
    );
    assert_eq!(
        played.read("out/cluster_1/redis.properties"),
        "# topoplan collect: what topoplan reads of this file\n\
         export SR2_REDIS_MASTER_PORTS=( 18100 )\n"
    );
    let nodes = played.read("out/cli-all-cluster-nodes.txt");
    assert!(
        nodes.ends_with("127.0.0.1:18102: Connection refused\n"),
        "{nodes}"
    );
    let asked = played.read("asked");
    for question in asked.lines() {
        assert!(FLASHBASE_QUESTIONS.contains(&question), "{question}");
    }
    assert_eq!(asked.lines().count(), FLASHBASE_QUESTIONS.len());
}

#[test]
fn a_paused_node_is_named_and_what_was_said_before_is_kept() {
    let mut played = Played::new("flashbase-paused");
    played.put("paused", "");
    let run = flashbase(&mut played, &["-t", "3"]);
    run.ends(0, "1 of 2 nodes answered\n");
    run.ends(0, "cli-all cluster nodes: not done in 3 s");
    let nodes = played.read("out/cli-all-cluster-nodes.txt");
    let end = "redis client for 127.0.0.1:18101\ntimeout: no reply from 127.0.0.1:18101 in 3 s\n";
    assert!(nodes.ends_with(end), "{nodes}");
}

#[test]
fn without_an_answer_it_fails() {
    let mut played = Played::new("flashbase-none");
    let run = flashbase(&mut played, &["--seed"]);
    run.ends(2, "no --seed is taken");
    fs::remove_file(played.path("flash.sh")).expect("it was written");
    played.environment = vec![("FLASHBASE", "sh ./flash.sh".to_owned())];
    let run = played.run(&script(&["--flashbase"]), &[] as &[&str]);
    run.ends(1, "0 of 0 nodes answered");
    played.environment = vec![("FLASHBASE", "./nowhere".to_owned())];
    let run = played.run(&script(&["--flashbase"]), &[] as &[&str]);
    run.ends(2, "./nowhere is not there: set FLASHBASE");
}

#[test]
fn of_properties_only_lists_and_paths_are_saved() {
    let mut played = Played::new("properties");
    let properties = "#!/bin/bash\nexport SR2_REQUIREPASS=PropSecret\nREDIS_PASS=PropSecret\n\
        export SR2_REDIS_MASTER_HOSTS=( \"10.0.0.1\" h2 ) # PropSecret\n\
        export SR2_REDIS_MASTER_PORTS=( $(seq 18100 18117) )\r\n  \
        export SR2_REDIS_SLAVE_PORTS=(\n  $(seq 18150 18160)\n  # PropSecret\n  18170\n)\n\
        requirepass PropSecret\ntls-key-file-pass PropSecret\nAPI_TOKEN=PropSecret\n\
        export SR2_REDIS_DATA=redis://user:PropSecret@h\nexport SR2_REDIS_DATA=/data/ssd\n\
        export SR2_REDIS_SLAVE_HOSTS=( h3 PropSecret@h4 )\n# export SSD_COUNT=PropSecret\n\
        export SSD_COUNT=3\nexport SR2_REDIS_MASTER_PORTS=( 1\n PropSecret\n";
    played.put("home/tsr2/cluster_1/conf/redis.properties", properties);
    flashbase(&mut played, &[]).ends(0, "2 of 3 nodes answered\n");
    assert_eq!(
        played.read("out/cluster_1/redis.properties"),
        "# topoplan collect: what topoplan reads of this file\n\
         export SR2_REDIS_MASTER_HOSTS=( \"10.0.0.1\" h2 )\n\
         export SR2_REDIS_MASTER_PORTS=( $(seq 18100 18117) )\n  \
         export SR2_REDIS_SLAVE_PORTS=(\n  $(seq 18150 18160)\n\n  18170\n)\n\
         export SR2_REDIS_DATA=(left out)\nexport SR2_REDIS_DATA=/data/ssd\n\
         export SR2_REDIS_SLAVE_HOSTS=(left out)\nexport SSD_COUNT=3\n"
    );
}
