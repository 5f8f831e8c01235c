//! What files about hosts add: mounts, processes, configuration files, port lists.

use super::*;
use crate::diagnostic::Capture;
use crate::diagnostic::Map;
use crate::policy::HomeRole;

const DF: &str = "Filesystem 1K-blocks Used Available Use% Mounted on\n\
    /dev/sda1 10 5 5 50% /\n/dev/sdb1 10 5 5 50% /data/ssd_1\n/dev/sdc1 10 5 5 50% /data/ssd_10\n";

const ONE_HOST: &str = "host,ip\nh1,10.0.0.1\nh1,10.0.0.2\nh2,10.0.0.3\nh2,10.0.0.4\n";

fn with(files: Vec<Source>) -> Inventory {
    let mut all = views("abcd", FOUR);
    all.extend(files);
    inventory(all)
}

fn dir(node: char, dir: &str) -> Source {
    of(node, "config-get.txt", &format!("dir\n{dir}\n"))
}

fn disk_of(inventory: &Inventory, of: char) -> &str {
    let disk = node(inventory, of).disk;
    disk.map_or("-", |disk| &inventory.cluster.disks[disk.0 as usize].name)
}

#[test]
fn directories_on_one_mount_share_a_disk() {
    let inventory = with(vec![
        file("hosts.csv", ONE_HOST),
        file("hosts/h1/df.txt", DF),
        dir('a', "/data/ssd_1/a"),
        dir('b', "/data/ssd_1/b"),
        dir('c', "/data/ssd_1/a"),
    ]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1");
    assert_eq!(node(&inventory, 'a').disk, node(&inventory, 'b').disk);
    // Nobody knows the mounts of the other host: there a directory stands for itself.
    assert_eq!(disk_of(&inventory, 'c'), "/data/ssd_1/a");
}

#[test]
fn lsblk_shows_that_two_mounts_are_one_disk() {
    let lsblk = "NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\n\
        sdb 8:0 0 1G 0 disk \n├─sdb1 8:1 0 1G 0 part /data/ssd_1\n└─sdb2 8:2 0 1G 0 part /data/ssd_10\n";
    let inventory = with(vec![
        file("hosts.csv", ONE_HOST),
        file("h1/lsblk.txt", lsblk),
        file("h1/df.txt", &DF.replace("sdc1", "sdb2")),
        dir('a', "/data/ssd_10/a"),
        dir('b', "/data/ssd_1/b"),
    ]);
    assert_eq!(node(&inventory, 'a').disk, node(&inventory, 'b').disk);
    assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1");
}

#[test]
fn the_disk_of_a_map_counts_more_and_gives_its_name() {
    let map = "ip,port,dir,disk\n10.0.0.1,7001,/data/ssd_1/a,left\n";
    let inventory = with(vec![
        file("hosts.csv", ONE_HOST),
        file("disks.csv", map),
        file("h1/df.txt", DF),
        dir('b', "/data/ssd_1/b"),
    ]);
    assert_eq!(disk_of(&inventory, 'b'), "left");
    assert_eq!(node(&inventory, 'a').disk, node(&inventory, 'b').disk);
}

#[test]
fn a_file_is_of_the_host_that_its_path_names() {
    for path in [
        "10.0.0.1/df.txt",
        "hosts/H1/df.txt",
        "df-h1.txt",
        "df-10.0.0.1.txt",
        "nodes/10.0.0.1_7001/df.txt",
        "x/db-h1.example.com.df",
    ] {
        let inventory = with(vec![
            file("hosts.csv", &ONE_HOST.replace("h2", "h12")),
            file(path, DF),
            dir('a', "/data/ssd_1/a"),
        ]);
        assert_eq!(codes(&inventory), [] as [Code; 0], "{path}");
        assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1", "{path}");
    }
    let inventory = with(vec![file("df.txt", DF), dir('a', "/data/ssd_1/a")]);
    assert_eq!(codes(&inventory), [Capture::UnknownHost]);
    assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1/a");
}

#[test]
fn a_folder_is_of_the_host_whose_addresses_lie_in_it() {
    let ips = "# topoplan collect: addresses of this host\n192.168.0.7\n10.0.0.1\n";
    let facts = [
        file("hosts/db-one/df.txt", DF),
        file("hosts/db-one/ips.txt", ips),
    ];
    let inventory = with([vec![dir('a', "/data/ssd_1/a")], facts.to_vec()].concat());
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1");
}

#[test]
fn a_host_that_told_its_addresses_needs_no_other_name() {
    // Those of several hosts of the capture, and of none.
    for own in ["10.0.0.1\n10.0.0.2", "192.168.0.7"] {
        let ips = format!("# topoplan collect: addresses of this host\n{own}\n");
        let inventory = with(vec![
            dir('a', "/data/ssd_1/a"),
            file("hosts/jump/df.txt", DF),
            file("hosts/jump/ips.txt", &ips),
        ]);
        assert_eq!(codes(&inventory), [] as [Code; 0], "{own}");
        assert_eq!(disk_of(&inventory, 'a'), "/data/ssd_1/a", "{own}");
    }
}

#[test]
fn a_configuration_file_tells_the_directory() {
    let inventory = with(vec![
        file("hosts.csv", ONE_HOST),
        file("h1/redis-7001.conf", "bind 127.0.0.1\ndir /data/1\n"),
        file("h1/grep.txt", "conf/redis-7002.conf:dir /data/2\n"),
        file(
            "conf/redis-7003.conf",
            "bind 10.0.0.3\nport 7003\ndir /data/3\n",
        ),
        dir('d', "/data/4"),
        file("10.0.0.4/redis-7004.conf", "dir /data/old\n"),
    ]);
    assert_eq!(codes(&inventory), [] as [Code; 0]);
    let disks: Vec<_> = "abcd".chars().map(|n| disk_of(&inventory, n)).collect();
    assert_eq!(disks, ["/data/1", "/data/2", "/data/3", "/data/4"]);
}

#[test]
fn the_port_gives_a_disk_only_where_nothing_else_does() {
    let lists = "export SR2_REDIS_MASTER_PORTS=( 7001 7002 )\n\
        export SR2_REDIS_SLAVE_PORTS=( 7003 7004 )\n\
        export SSD_COUNT=2\nexport SR2_REDIS_DATA=/ssd_\n";
    let known = [dir('a', "/ssd_02/nvkvs"), dir('c', "/ssd_01/nvkvs")];
    let files = |known: &[Source]| {
        let mut files = vec![
            file("hosts.csv", &ONE_HOST.replace("h2", "h1")),
            file("redis.properties", lists),
        ];
        files.extend(known.iter().cloned());
        with(files)
    };
    let all = files(&[]);
    assert_eq!(codes(&all), [Map::GuessedDisk]);
    let disks: Vec<_> = "abcd".chars().map(|n| disk_of(&all, n)).collect();
    assert_eq!(disks, ["/ssd_02", "/ssd_01", "/ssd_02", "/ssd_01"]);
    // Port 7003 would be on 02: replicas are dealt out otherwise, so only `b` is guessed.
    let some = files(&known);
    assert_eq!(codes(&some), [Map::GuessedDisk]);
    assert_eq!(disk_of(&some, 'b'), "/ssd_01/nvkvs", "beside `c`");
    assert_eq!(disk_of(&some, 'd'), "-");
    assert_eq!(disk_of(&some, 'a'), "/ssd_02/nvkvs");
}

#[test]
fn port_lists_are_of_their_hosts() {
    let lists = "export SR2_REDIS_MASTER_HOSTS=( 10.0.0.1 10.0.0.4 )\n\
        export SR2_REDIS_MASTER_PORTS=( $(seq 7001 7003) )\nexport SR2_REDIS_SLAVE_HOSTS=( 10.0.0.4 )\n\
        export SR2_REDIS_SLAVE_PORTS=( {7004..7009} )\n";
    let inventory = with(vec![file("redis.properties", lists)]);
    let homes: Vec<_> = inventory
        .policy
        .home
        .iter()
        .map(|(a, h)| (a.port(), h.role))
        .collect();
    assert_eq!(homes, [(7001, HomeRole::Master), (7004, HomeRole::Replica)]);
    let elsewhere = lists.replace("10.0.0.", "10.9.9.");
    let inventory = with(vec![file("redis.properties", &elsewhere)]);
    assert!(inventory.policy.home.is_empty());
    assert_eq!(codes(&inventory), [Map::UnusedHome]);
}

#[test]
fn pairs_are_home_pairs_only_where_the_capture_shows_them() {
    let lines = |master: char, other: char| {
        format!(
            "a@10.0.0.1:7001 master - 1 0-8191; b@10.0.0.2:7001 master - 2 8192-16383; \
             c@10.0.0.1:7002 slave {master} 2; d@10.0.0.2:7002 slave {other} 1"
        )
    };
    let lists = "export SR2_REDIS_MASTER_HOSTS=( 10.0.0.1 10.0.0.2 )\n\
        export SR2_REDIS_MASTER_PORTS=( 7001 )\nexport SR2_REDIS_SLAVE_HOSTS=( 10.0.0.1 10.0.0.2 )\n\
        export SR2_REDIS_SLAVE_PORTS=( 7002 )\n";
    let masters = |lines: &str| -> Vec<Option<String>> {
        let text = dump(lines).replacen(" master", " myself,master", 1);
        let inventory = inventory(vec![file("a.txt", &text), file("redis.properties", lists)]);
        let replicas = inventory
            .policy
            .home
            .values()
            .filter(|h| h.role == HomeRole::Replica);
        replicas
            .map(|h| h.master.as_ref().map(ToString::to_string))
            .collect()
    };
    let crossed = [
        Some("10.0.0.2:7001".to_owned()),
        Some("10.0.0.1:7001".to_owned()),
    ];
    assert_eq!(masters(&lines('b', 'a')), crossed);
    assert_eq!(masters(&lines('a', 'b')), [None, None]);
}

/// Node `d` is silent: only `b` and `c` were asked.
fn silent(ps: &str) -> Inventory {
    let mut all = views("abc", FOUR);
    all.push(file("ps-10.0.0.4.txt", ps));
    inventory(all)
}

#[test]
fn a_stopped_process_is_dead_if_it_said_nothing() {
    let stopped = "redis 77 0.1 0.2 1 2 ? Tl 01:00 0:00 redis-server *:7004 [cluster]\n";
    let inventory = silent(stopped);
    assert!(!node(&inventory, 'd').is_live());
    assert_eq!(codes(&inventory), [Capture::Process]);
    let runs = silent(&stopped.replace("Tl", "Sl"));
    assert!(node(&runs, 'd').is_live());
    assert_eq!(codes(&runs), [] as [Code; 0]);
    // What answered lives, whatever a listing of another moment shows.
    let answered = with(vec![file("ps-10.0.0.4.txt", stopped)]);
    assert!(node(&answered, 'd').is_live());
}

#[test]
fn a_process_that_does_not_run_is_dead_if_the_list_is_long_enough_and_of_its_host() {
    let line = |port: u16| format!("7 1 S redis-server *:{port} [cluster]\n");
    let header = "PID PPID S COMMAND\n";
    // `c` runs on the same host.
    let on_one_host = |rows: &str| {
        let mut all = views("abc", FOUR);
        let map = "host,ip\nh1,10.0.0.1\nh2,10.0.0.2\nh3,10.0.0.3\nh3,10.0.0.4\n";
        all.push(file("hosts.csv", map));
        all.push(file("hosts/h3/ps.txt", &format!("{header}{rows}")));
        inventory(all)
    };
    let both = on_one_host(&(line(7003) + &line(9000)));
    assert!(!node(&both, 'd').is_live());
    assert!(codes(&both).contains(&Capture::Process.code()));
    for short in [
        line(7003),
        line(7003) + &line(7004),
        line(7003) + &line(9000) + "7 1 S redis-server /etc/redis.conf\n",
        line(7003) + "7 1 S redis-sentinel *:26379 [sentinel]\n",
        // Of other servers, or of these in containers, where they have other ports.
        line(9000) + &line(9001),
    ] {
        assert!(node(&on_one_host(&short), 'd').is_live(), "{short}");
    }
}

#[test]
fn counts_of_another_tool_are_compared() {
    let table = "SERVER NAME | M | S\n10.0.0.1 | 1 | 0\n10.0.0.4 | 0 | 1\n10.0.0.9 | 1 | 1\n\
        10.0.0.2 | 0 | 0\nTotal nodes | 2 | 2\n";
    let inventory = with(vec![file("distribution.txt", table)]);
    let lines: Vec<_> = inventory
        .diagnostics
        .iter()
        .filter_map(|d| d.place.as_ref().map(|p| (d.code, p.line)))
        .collect();
    assert_eq!(
        lines,
        [
            (Capture::Distribution.code(), 4),
            (Capture::Distribution.code(), 5)
        ]
    );
}

#[test]
fn a_server_that_no_view_lists_is_told() {
    let line = |port: u16| format!("7 S redis-server *:{port} [cluster]\n");
    let with_ps = |ps: &str| {
        let mut all = views("abcd", FOUR);
        all.push(file("ps-10.0.0.4.txt", ps));
        inventory(all)
    };
    let stranger = with_ps(&(line(7004) + &line(9000) + &line(9001)));
    assert_eq!(codes(&stranger), [Capture::UnknownServer]);
    let told = &stranger.diagnostics[0];
    assert!(
        told.message
            .contains("10.0.0.4:9000, 10.0.0.4:9001, and no view"),
        "{}",
        told.message
    );
    assert_eq!(told.place.as_ref().map(|p| p.line), Some(2));
    let alone = line(7004) + &line(9000).replace(" [cluster]", "");
    assert_eq!(codes(&with_ps(&alone)), [] as [Code; 0], "no cluster mode");
    assert_eq!(
        codes(&with_ps(&line(9000))),
        [] as [Code; 0],
        "as in a container"
    );
    let mut met = views("abcd", FOUR);
    let blank = dump("e@10.0.0.4:9000 myself,master - 0");
    met.push(file("nodes/10.0.0.4_9000/cluster-nodes.txt", &blank));
    met.push(file("ps-10.0.0.4.txt", &(line(7004) + &line(9000))));
    assert_eq!(codes(&inventory(met)), [] as [Code; 0], "M007 tells of it");
}

#[test]
fn a_process_that_runs_where_the_views_see_a_dead_node_is_said() {
    let ps = "UID PID PPID C STIME TTY TIME CMD\n\
        redis 811 1 0 10:00 ? 00:00:11 redis-server *:7001 [cluster]\n";
    let said = |lines: &str| {
        let mut files = views("bcd", lines);
        files.push(file("10.0.0.1/ps.txt", ps));
        let inventory = inventory(files);
        let all = inventory.diagnostics.into_iter();
        let odd = all.filter(|d| d.code == Capture::DeadButRuns);
        odd.map(|d| d.place.map(|p| p.line)).collect::<Vec<_>>()
    };
    let failed = FOUR.replace("a master", "a master,fail");
    assert_eq!(said(&failed), [Some(2)]);
    assert_eq!(said(FOUR), []);
}

#[test]
fn a_list_above_a_view_in_one_log_is_older() {
    let ps = "$ ps -ef\nUID PID PPID C STIME TTY TIME CMD\n\
        redis 77 1 0 01:00 ? 0:00 redis-server *:7004 [cluster]\n\
        redis 78 1 0 01:00 ? 0:00 redis-server *:9000 [cluster]\n";
    let seen = dump(&FOUR.replace("d slave b 2", "d slave,fail b 2 down"));
    let own = format!("{} master", endpoint('a'));
    let seen = seen.replace(&own, &format!("{} myself,master", endpoint('a')));
    let seen = format!("$ redis-cli -h 10.0.0.1 -p 7001 cluster nodes\n{seen}");
    let said = |text: &str| {
        let found = inventory(vec![file("10.0.0.4/night.log", text)]);
        let mut said: Vec<String> = found
            .diagnostics
            .iter()
            .map(|d| format!("{} {}", d.severity, d.code))
            .collect();
        said.sort();
        said
    };
    assert_eq!(
        said(&format!("{seen}{ps}")),
        [
            "warning capture/dead-but-runs",
            "warning capture/unknown-server"
        ]
    );
    assert_eq!(
        said(&format!("{ps}{seen}")),
        ["note capture/unknown-server"]
    );
}
