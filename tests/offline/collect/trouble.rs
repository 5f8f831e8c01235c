//! Nodes that hang, refuse, lie or keep secrets.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::played::Played;

const TWO: &str = "aa 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n\
                   bb 127.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n";

/// The same from the second node.
fn second() -> String {
    TWO.replace("myself,", "")
        .replacen("master - 0 0 2", "myself,master - 0 0 2", 1)
}

fn two(name: &str) -> Played {
    let played = Played::new(name);
    played
        .node("127.0.0.1_7000", TWO)
        .node("127.0.0.2_7000", &second());
    played
}

#[test]
fn a_silent_node_is_given_up_after_its_time() {
    let played = two("silent");
    played.put("nodes/127.0.0.2_7000/silent", "");
    played.collect(&["-t", "3", "127.0.0.1:7000"]).ends(
        0,
        "1 of 2 nodes answered; 127.0.0.2:7000 did not (timeout)\n",
    );
    assert_eq!(
        played.read("out/nodes/127.0.0.2_7000/UNREACHABLE"),
        "timeout: no reply from 127.0.0.2:7000 in 3 s\n"
    );
    assert_eq!(played.names("out/nodes/127.0.0.2_7000"), ["UNREACHABLE"]);
    let visits = played.read("nodes/visited");
    let visits = visits.lines().filter(|l| *l == "127.0.0.2:7000").count();
    assert_eq!(visits, 1, "it is not asked again");
}

#[test]
fn a_node_that_falls_silent_keeps_what_it_said() {
    let played = two("half-silent");
    played.put("nodes/127.0.0.2_7000/silent-on", "INFO all");
    played
        .collect(&["-t", "3", "127.0.0.1:7000"])
        .ends(0, "1 of 2 nodes answered");
    let files = played.names("out/nodes/127.0.0.2_7000");
    assert_eq!(
        files,
        [
            "UNREACHABLE",
            "cluster-info.txt",
            "cluster-myid.txt",
            "cluster-nodes.txt",
            "time.txt"
        ]
    );
}

/// Every command of the script but `timeout`.
fn without_timeout(played: &Played) -> String {
    let tools = [
        "awk", "basename", "cat", "cmp", "cp", "cut", "date", "dirname", "find", "grep", "gzip",
        "head", "hostname", "ls", "mkdir", "mv", "rm", "sed", "sh", "sleep", "sort", "tar", "tr",
        "uname", "wc",
    ];
    let path = std::env::var("PATH").expect("a PATH");
    fs::create_dir_all(played.path("bin")).expect("writable");
    for tool in tools {
        let found = path.split(':').map(|dir| Path::new(dir).join(tool));
        if let Some(found) = found.into_iter().find(|file| file.exists()) {
            symlink(found, played.path("bin").join(tool)).expect("writable");
        }
    }
    played.path("bin").display().to_string()
}

#[test]
fn without_timeout_nothing_hangs_either() {
    let mut played = two("no-timeout");
    played.put("nodes/127.0.0.2_7000/silent", "");
    played.shell = vec!["/bin/sh"];
    played.environment = vec![("PATH", without_timeout(&played))];
    played.collect(&["-t", "3", "127.0.0.1:7000"]).ends(
        0,
        "1 of 2 nodes answered; 127.0.0.2:7000 did not (timeout)\n",
    );
    assert!(played.has("out/nodes/127.0.0.1_7000/epoch-after.txt"));
}

#[test]
fn ipv6_addresses_name_their_folders() {
    let view = "aa ::1:7000@17000,,tls-port=0 myself,master - 0 0 1 connected 0-16383\n\
                bb fd00::12:7001@17001 slave aa 0 0 1 connected\n";
    let played = Played::new("ipv6");
    played.node("::1_7000", view);
    played.collect(&["[::1]:7000"]).ends(
        0,
        "1 of 2 nodes answered; fd00::12:7001 did not (Connection refused)\n",
    );
    assert_eq!(played.names("out/nodes"), ["::1_7000", "fd00::12_7001"]);
    assert_eq!(
        played.read("out/hosts.csv"),
        "host,ip,zone\n::1,::1,\nfd00::12,fd00::12,\n"
    );
}

#[test]
fn a_hostile_answer_is_only_text() {
    let bad = [
        "../../../../tmp/x:1",
        "$(touch pwned):7000",
        "`touch${IFS}pwned`:7000",
        ";touch:7000",
        "-oProxyCommand=x:7000",
        "a/b:7000",
        "*:7000",
        "10.0.0.1:0",
        "10.0.0.1:070",
        "10.0.0.1:99999",
        "10.0.0.1:1e3",
        "\u{1b}[2J:7000",
    ];
    let mut view = TWO.to_owned();
    for (n, address) in bad.iter().enumerate() {
        view += &format!("c{n} {address}@1 master - 0 0 1 connected\n");
    }
    view += "view 9.9.9.9:7000\n| dd 9.9.9.8:7000@1 myself,master - 0 0 1 connected\n";
    let played = Played::new("hostile");
    played
        .node("127.0.0.1_7000", &view)
        .node("127.0.0.2_7000", &second());
    played.put(
        "nodes/127.0.0.3_7000/says",
        "ERR \u{1b}[2Jno; $(touch pwned)\n",
    );
    let run = played.collect(&["127.0.0.1:7000", "127.0.0.3:7000"]);
    run.ends(
        0,
        "2 of 3 nodes answered; 127.0.0.3:7000 did not (ERR [2Jno; $(touch pwned))\n",
    );
    assert_eq!(
        played.names("out/nodes"),
        ["127.0.0.1_7000", "127.0.0.2_7000"]
    );
    assert!(!played.has("pwned"));
    assert!(!run.err.contains('\u{1b}'), "{}", run.err);
    assert!(!played.read("out/collect.log").contains('\u{1b}'));
    let visited = played.read("nodes/visited");
    let honest = ["127.0.0.1:7000", "127.0.0.2:7000", "127.0.0.3:7000"];
    assert!(visited.lines().all(|l| honest.contains(&l)), "{visited}");
}

#[test]
fn passwords_are_not_saved() {
    let settings = "cluster-enabled\nyes\nrequirepass\nhunter2\nmasterauth\n\n\
                    dir\n/nowhere\ntls-key-file-pass\nhunter2\n";
    let mut played = Played::new("secrets");
    played.node("127.0.0.1_7000", TWO);
    played.put("nodes/127.0.0.1_7000/config-get.txt", settings);
    played.environment = vec![("REDISCLI_AUTH", "hunter2".to_owned())];
    played.collect(&["127.0.0.1:7000"]).ends(0, "1 of 2");
    let saved = played.read("out/nodes/127.0.0.1_7000/config-get.txt");
    assert_eq!(
        saved,
        "cluster-enabled\nyes\ndir\n/nowhere\nrequirepass\n(set)\nmasterauth\n(empty)\n"
    );
    assert!(!played.read("out/collect.log").contains("hunter2"));
    let asked = played.read("nodes/asked");
    assert!(!asked.contains("hunter2"), "not on a command line");
}

/// Whatever a client makes of its answers: what does not begin with a name is not kept.
#[test]
fn answers_that_do_not_begin_with_a_name_are_not_kept() {
    for (form, says) in [
        ("numbered", "1) \"requirepass\"\n2) \"hunter2\"\n"),
        ("numbered map", "1# \"requirepass\" => \"hunter2\"\n"),
        ("raw map", "requirepass hunter2\n"),
        ("csv", "\"requirepass\",\"hunter2\"\n"),
        ("json", "{\"requirepass\":\"hunter2\"}\n"),
        ("value first", "hunter2\nrequirepass\n"),
        ("another name", "tls-key-file-pass\nhunter2\n"),
        ("blank first", "\nhunter2\n"),
        ("behind a name", "dir\n/\nrequirepass\nhunter2\n"),
    ] {
        let played = Played::new("forms");
        played.node("127.0.0.1_7000", TWO);
        played.put("nodes/127.0.0.1_7000/config-says", says);
        played.collect(&["127.0.0.1:7000"]).ends(0, "1 of 2");
        let file = "out/nodes/127.0.0.1_7000/config-get.txt";
        let saved = match played.has(file) {
            true => played.read(file),
            false => String::new(),
        };
        assert!(!saved.contains("hunter2"), "{form}: {saved}");
        assert!(
            !played.read("out/collect.log").contains("hunter2"),
            "{form}"
        );
    }
}

#[test]
fn clients_that_would_go_elsewhere_or_garble_answers_are_refused() {
    let mut played = two("options");
    for (client, why) in [
        ("redis-cli\t-a hunter2", "use REDISCLI_AUTH"),
        (
            "redis-cli -c",
            "send the question, and the password, elsewhere",
        ),
        ("redis-cli  -3 --tls", "could not be told from a name"),
    ] {
        played.environment = vec![("REDIS_CLI", client.to_owned())];
        played.collect(&["127.0.0.1:7000"]).ends(2, why);
    }
    assert!(!played.has("nodes/asked"));
}

/// A client that knows how to print bare words is made to, behind all that the operator wants.
#[test]
fn a_client_is_made_to_print_bare_words() {
    let mut played = two("bare");
    played.put(
        "client.sh",
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >>calls\n\
         case $* in '--no-raw --raw -2 --version') exit 1 ;; *--version) exit 0 ;; esac\n\
         shift && host=$2 port=$4 && shift 5\nexec sh ./fake.sh -h $host -p $port \"$@\"\n",
    );
    played.environment = vec![("REDIS_CLI", "/bin/sh ./client.sh --no-raw".to_owned())];
    played
        .collect(&["127.0.0.1:7000"])
        .ends(0, "2 of 2 nodes answered\n");
    let calls = played.read("calls");
    let asked = calls
        .lines()
        .skip(2)
        .all(|call| call.starts_with("--no-raw -h 127.0.0.") && call.contains(" -p 7000 --raw "));
    assert!(asked, "{calls}");
}

#[test]
fn a_reply_without_an_end_is_cut_off_and_not_kept() {
    let played = two("endless");
    played.put(
        "nodes/127.0.0.2_7000/config-says",
        &format!("dir\n/{}\n", "x".repeat(1 << 20)),
    );
    // More than is kept, on one line.
    let text = "x".repeat((16 << 20) + 1);
    played.put("nodes/127.0.0.2_7000/info.txt", &text);
    played.collect(&["127.0.0.1:7000"]).ends(0, "2 of 2");
    assert!(!played.has("out/nodes/127.0.0.2_7000/info.txt"));
    assert!(played.has("out/nodes/127.0.0.2_7000/epoch-after.txt"));
    let log = played.read("out/collect.log");
    assert!(log.contains("more than 16777216 bytes: not kept"), "{log}");
}

#[test]
fn nobody_is_asked_on_the_word_of_a_stranger_that_is_no_node() {
    let strangers = [
        ("169.254.169.254:8000", "link-local"),
        ("fe80::1:7000", "link-local"),
        ("::ffff:a9fe:a9fe:7000", "no usual address"),
        ("::ffff:169.254.169.254:7000", "no usual address"),
        ("64:ff9b::a9fe:a9fe:7000", "no usual address"),
        ("2852039166:7000", "no usual address"),
        ("0251.0376.0251.0376:7000", "no usual address"),
        ("169.254.43518:7000", "no usual address"),
        ("0xa9fea9fe:7000", "no usual address"),
        ("metadata.google.internal:8000", "of the cloud"),
        ("100.100.100.200:8000", "of the cloud"),
        ("fd00:ec2::254:7000", "of the cloud"),
        ("127.0.0.1:7777", "loopback"),
        ("::1:7777", "loopback"),
        ("localhost:7777", "loopback"),
        ("0.0.0.0:7000", "no address of one host"),
        ("224.0.0.1:7000", "no address of one host"),
        ("10.0.0.1:22", "a port of the system"),
    ];
    let mut view = "aa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n\
                    bb 10.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n\
                    cc fd00::7:7000@17000 master - 0 0 3 connected\n\
                    dd db-7.example:7000@17000 master - 0 0 4 connected\n"
        .to_owned();
    for (n, (address, _)) in strangers.iter().enumerate() {
        view += &format!("e{n} {address}@1 master - 0 0 1 connected\n");
    }
    let played = Played::new("strangers");
    played.node("10.0.0.1_7000", &view);
    let run = played.collect(&["10.0.0.1:7000"]);
    run.ends(0, "1 of 4 nodes answered");
    run.ends(0, "listed, but not asked: ");
    let log = played.read("out/collect.log");
    for (address, why) in strangers {
        let line = format!("not asked: {address} ({why})\n");
        assert!(log.contains(&line), "{line}{log}");
    }
    let visited = played.read("nodes/visited");
    for (address, _) in strangers {
        assert!(!visited.lines().any(|l| l == address), "{address}");
    }
    // Whoever names one means it.
    let named = Played::new("strangers-named");
    named.node("10.0.0.1_7000", &view);
    named
        .collect(&["10.0.0.1:7000", "127.0.0.9:7000", "169.254.169.254:8000"])
        .ends(0, "1 of 9 nodes answered");
    let visited = named.read("nodes/visited");
    for address in ["169.254.169.254:8000", "127.0.0.1:7777", "localhost:7777"] {
        assert!(visited.lines().any(|l| l == address), "{visited}");
    }
}

#[test]
fn only_those_are_asked_that_were_given() {
    let played = two("only-given");
    let run = played.collect(&["--only-given", "127.0.0.1:7000"]);
    run.ends(0, "1 of 1 nodes answered\n");
    run.ends(0, "listed, but not asked: 127.0.0.2:7000 (not given)");
    let baked = super::script(&["--only-given", "--seed", "127.0.0.1:7000"]);
    let played = two("only-given-baked");
    played
        .run(&baked, &[] as &[&str])
        .ends(0, "1 of 1 nodes answered\n");
    assert_eq!(played.names("out/nodes"), ["127.0.0.1_7000"]);
}

#[test]
fn a_password_on_a_command_line_is_refused() {
    let mut played = two("command-line");
    for client in [
        "redis-cli -a hunter2",
        "redis-cli --tls --pass hunter2",
        "x -u redis://a:b@h",
    ] {
        played.environment = vec![("REDIS_CLI", client.to_owned())];
        let run = played.collect(&["127.0.0.1:7000"]);
        run.ends(2, "use REDISCLI_AUTH");
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
}

#[test]
fn a_password_among_other_settings_or_with_line_ends_is_not_saved() {
    let played = Played::new("redact");
    let text = super::script(&[]);
    let start = text.find("redact() {").expect("the function");
    let end = start + text[start..].find("\n}\n").expect("its end") + 3;
    let function = &text[start..end];
    for (asked, answer, saved) in [
        (
            "tls-*",
            "tls-port\n0\ntls-key-file-pass\nhunter2\nHunter 3\nhunter\ntls-ca-cert-file\n\ntls-cluster\nno\n",
            "tls-port\n0\ntls-key-file-pass\n(set)\ntls-ca-cert-file\n\ntls-cluster\nno\n",
        ),
        (
            "repl-*",
            "repl-timeout\n60\nhunter2\nrepl-x\ny\n",
            "repl-timeout\n60\n",
        ),
        (
            "requirepass",
            "requirepass\nhunter2\nhunter\nhunter3\ndir\nhunter4\n\n",
            "requirepass\n(set)\n",
        ),
        ("masterauth", "masterauth\n\n", "masterauth\n(empty)\n"),
        (
            "maxmemory*",
            "maxmemory\n0\nmaxmemory-policy\nnoeviction\n",
            "maxmemory\n0\nmaxmemory-policy\nnoeviction\n",
        ),
    ] {
        played.put("answer", answer);
        let script = format!("{function}redact '{asked}' <answer\n");
        let run = played.run(&script, &[] as &[&str]);
        assert_eq!(run.out, saved, "{asked}");
    }
}

#[test]
fn a_node_is_kept_under_the_address_it_gives_itself() {
    let played = two("alias");
    // Asked by a name, and behind a translated address.
    played
        .node("localhost_7000", TWO)
        .node("192.0.2.7_7000", &second());
    fs::remove_dir_all(played.path("nodes/127.0.0.2_7000")).expect("it was played");
    played
        .collect(&["localhost:7000", "192.0.2.7:7000"])
        .ends(0, "2 of 2 nodes answered\n");
    assert_eq!(
        played.names("out/nodes"),
        ["127.0.0.1_7000", "127.0.0.2_7000"]
    );
    let log = played.read("out/collect.log");
    assert!(
        log.contains("192.0.2.7:7000 is kept as 127.0.0.2_7000\n"),
        "{log}"
    );
}

#[test]
fn two_nodes_that_claim_one_address_are_both_kept() {
    let played = two("rivals");
    let liar = "cc 127.0.0.1:7000@17000 myself,master - 0 0 1 connected\n";
    played.node("127.0.0.3_7000", liar);
    played
        .collect(&["127.0.0.3:7000", "127.0.0.2:7000"])
        .ends(0, "3 of 3 nodes answered\n");
    let names = played.names("out/nodes");
    assert_eq!(
        names,
        ["127.0.0.1_7000", "127.0.0.2_7000", "again-127.0.0.1_7000"]
    );
    let honest = played.read("out/nodes/again-127.0.0.1_7000/cluster-nodes.txt");
    assert_eq!(honest, TWO);
}

#[test]
fn a_node_that_lets_nobody_in_is_not_called_dead() {
    let played = two("noauth");
    played.put(
        "nodes/127.0.0.2_7000/says",
        "NOAUTH Authentication required.\n\n",
    );
    let run = played.collect(&["127.0.0.1:7000"]);
    run.ends(
        0,
        "1 of 2 nodes answered; 127.0.0.2:7000 did not (NOAUTH Authentication required.)\n",
    );
    run.ends(0, "set REDISCLI_AUTH");
    assert_eq!(played.names("out/nodes"), ["127.0.0.1_7000"]);
    let visits = played.read("nodes/visited");
    let visits = visits.lines().filter(|l| *l == "127.0.0.2:7000").count();
    assert_eq!(visits, 1, "every question would be a failed login");
    let log = played.read("out/collect.log");
    assert!(
        log.contains("127.0.0.2:7000 lets nobody in with this password: it is not asked again\n"),
        "{log}"
    );
}

#[test]
fn where_nobody_is_let_in_check_says_why() {
    let played = Played::new("all-noauth");
    played.node("127.0.0.1_7000", TWO);
    played.put(
        "nodes/127.0.0.1_7000/says",
        "WRONGPASS invalid username-password pair\n\n",
    );
    let run = played.collect(&["127.0.0.1:7000"]);
    run.ends(1, "0 of 1 nodes answered");
    let archive = played.path("out.tar.gz");
    let answer = crate::common::topoplan(&["check", &archive.to_string_lossy()]);
    assert_eq!(answer.exit, 2, "{}", answer.text());
    for said in [
        "names no node",
        "0 of 1 nodes answered",
        "WRONGPASS invalid",
    ] {
        assert!(answer.stderr.contains(said), "{}", answer.stderr);
    }
}

#[test]
fn zones_that_servers_tell_are_in_the_host_map() {
    let played = two("zones");
    played.put(
        "nodes/127.0.0.1_7000/info.txt",
        "# Server\r\nredis_version:7.2.4\r\navailability_zone:eu-1a\r\n",
    );
    played.collect(&["127.0.0.1:7000"]).ends(0, "2 of 2");
    assert_eq!(
        played.read("out/hosts.csv"),
        "host,ip,zone\n127.0.0.1,127.0.0.1,eu-1a\n127.0.0.2,127.0.0.2,\n"
    );
}

#[test]
fn the_file_of_a_node_is_copied_only_if_it_is_one() {
    let played = two("own-file");
    let place = |name: &str| played.path(name).display().to_string();
    for (n, file) in [(1, "good.conf"), (2, "secrets.txt")] {
        let text = format!("cluster-config-file\n{file}\ndir\n{}\n", place("disk"));
        played.put(&format!("nodes/127.0.0.{n}_7000/config-get.txt"), &text);
    }
    let vars = "vars currentEpoch 7 lastVoteEpoch 0\n";
    played.put("disk/good.conf", &format!("{TWO}{vars}"));
    played.put("disk/secrets.txt", "root:x:0:0\n");
    played.collect(&["127.0.0.1:7000"]).ends(0, "2 of 2");
    let copied = played.read("out/nodes/127.0.0.1_7000/nodes.conf");
    assert_eq!(copied, format!("{TWO}{vars}"));
    assert!(!played.has("out/nodes/127.0.0.2_7000/nodes.conf"));
    // This host runs them, so it says what it knows of itself.
    let host = &played.names("out/hosts")[0];
    assert!(played.has(&format!("out/hosts/{host}/df.txt")), "{host}");
    assert!(!played.has(&format!("out/hosts/{host}/ps.all")), "{host}");
}

#[test]
fn loopback_addresses_of_nodes_are_addresses_of_this_host() {
    let played = two("loopback");
    played.collect(&["127.0.0.1:7000"]).ends(0, "2 of 2");
    let host = played.names("out/hosts").remove(0);
    let ips = played.read(&format!("out/hosts/{host}/ips.txt"));
    assert!(ips.starts_with("# topoplan collect"), "{ips}");
    assert!(ips.contains("\n127.0.0.1\n127.0.0.2\n"), "{ips}");
}

#[test]
fn each_host_can_save_what_lies_on_it() {
    let played = two("local");
    let vars = "vars currentEpoch 7 lastVoteEpoch 0\n";
    played.put("disks/7000/nodes.conf", &format!("{TWO}{vars}"));
    played.put(
        "disks/7001/nodes.conf",
        &format!("aa :0@0 myself,master - 0 0 0 connected\n{vars}"),
    );
    played.put(
        "disks/7000/redis.conf",
        "# hunter2\nport 7000\nrequirepass hunter2\nmasterauth \"hunter2 x\"\nuser bob on >hunter2\n\
         cluster-enable yes\nsavee hunter2\nrename-command GET hunter2\ndir /data/1\n>hunter2\n",
    );
    let run = played.collect(&["--local", "disks"]);
    run.ends(0, "nodes.conf of this host\n");
    assert_eq!(run.out, "out.tar.gz\n");
    assert!(!played.has("nodes/asked"), "no server is asked");
    let host = played.names("out/hosts").remove(0);
    let confs: Vec<String> = played.names(&format!("out/hosts/{host}"));
    let confs = confs.iter().filter(|name| name.starts_with("redis-conf"));
    let confs = confs.map(|name| played.read(&format!("out/hosts/{host}/{name}")));
    // Each directive on its line, and no value that may be a secret.
    let expected = "\nport 7000\nrequirepass (set)\nmasterauth (set)\nuser (set)\ncluster-enable yes\n\
                    savee (set)\nrename-command (set)\ndir /data/1\n\n";
    let confs: Vec<String> = confs.collect();
    assert!(confs.iter().any(|conf| conf == expected), "{confs:?}");
    let names = played.names("out/nodes");
    assert!(names.contains(&"127.0.0.1_7000".to_owned()), "{names:?}");
    assert!(names.len() >= 2, "the un-met one as well: {names:?}");
    assert_eq!(
        played.read("out/nodes/127.0.0.1_7000/nodes.conf"),
        format!("{TWO}{vars}")
    );
}

#[test]
fn passwords_of_processes_are_not_saved() {
    let played = Played::new("processes");
    let text = super::script(&[]);
    let start = text.find("server_processes() {").expect("the function");
    let end = start + text[start..].find("\n}\n").expect("its end") + 3;
    let script = format!("{}server_processes <ps\n", &text[start..end]);
    played.put(
        "ps",
        "PID STAT COMMAND\n1 Ss init\n2 Tl redis-server *:7000 [cluster]\n\
         3 S valkey-server --requirepass hunter2 x --masterauth=hunter2 --port 7001\n\
         4 S /opt/redis-server /etc/r.conf --user bob on >hunter2 ~* +@all\n\
         5 S redis-server *:7002 [cluster] --tls-key-file-pass hunter2 --rename-command GET hunter2\n\
         6 S redis-cli -a hunter2 redis-server\n7 S sh -c REDISCLI_AUTH=hunter2 redis-server\n\
         8 S keydb-server *:7003 hunter2 PW=hunter2 redis://bob:hunter2@h\n",
    );
    let run = played.run(&script, &[] as &[&str]);
    assert_eq!(
        run.out,
        "PID STAT COMMAND\n2 Tl redis-server *:7000 [cluster]\n\
         3 S valkey-server --port 7001 (redacted)\n\
         4 S /opt/redis-server /etc/r.conf (redacted)\n\
         5 S redis-server *:7002 [cluster] (redacted)\n\
         8 S keydb-server *:7003\n"
    );
}

#[test]
fn exit_codes_tell_what_happened() {
    let played = two("exits");
    let none: [&str; 0] = [];
    played.collect(&none).ends(2, "name a node of the cluster");
    played
        .collect(&["-t", "0", "127.0.0.1:7000"])
        .ends(2, "-t takes");
    played
        .collect(&["-j", "x", "127.0.0.1:7000"])
        .ends(2, "-j takes");
    played.collect(&["-t"]).ends(2, "-t needs a value");
    played
        .collect(&["--flush"])
        .ends(2, "there is no option --flush");
    played
        .collect(&["$(touch pwned):1"])
        .ends(2, "is no HOST:PORT");
    assert!(!played.has("out") && !played.has("nodes/asked"));
    let run = played.collect(&["127.0.0.9:7000"]);
    run.ends(
        1,
        "0 of 1 nodes answered; 127.0.0.9:7000 did not (Connection refused)\n",
    );
    assert_eq!(run.out, "out.tar.gz\n");
    played
        .collect(&["127.0.0.1:7000"])
        .ends(2, "out is there already");
}
