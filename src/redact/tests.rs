//! What redacting a whole capture promises.

use std::collections::BTreeSet;

use super::*;

const ID: &str = "07c37dfeb235213a872192d90877d0cd55635b91";

fn capture(files: &[(&str, &str)]) -> Vec<Source> {
    let source = |(path, text): &(&str, &str)| Source::new(path, (*text).to_owned(), String::new());
    files.iter().map(source).collect()
}

fn redacted(files: &[(&str, &str)]) -> Redacted {
    let answer = redact(&capture(files), &[], false);
    assert_eq!(answer.leaks, [] as [&str; 0]);
    answer
}

/// The text of one file that is known to be an answer, by its first lines.
fn text(rest: &str) -> String {
    let node = format!("{ID} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
    let answer = redacted(&[("nodes.txt", &format!("{node}{rest}"))]);
    let text = &answer.files[0].text;
    text.split_once('\n').expect("the first line").1.to_owned()
}

#[test]
fn paths_and_texts_get_the_same_names() {
    let node = format!("{ID} 10.0.0.9:7000@17000,db-x myself,master - 0 0 1 connected 0-16383\r\n");
    let answer = redacted(&[
        ("10.0.0.9_7000/cluster-nodes.txt", &node),
        (
            "db-x/info.txt",
            "# Server\nredis_version:7.0.15\nrun_id:00ff\n",
        ),
    ]);
    let paths: Vec<&str> = answer.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(
        paths,
        ["10.100.101.101_7000/cluster-nodes.txt", "host-001/info.txt"]
    );
    let nodes = &answer.files[0].text;
    assert!(
        nodes.ends_with(
            " 10.100.101.101:7000@17000,host-001 myself,master - 0 0 1 connected 0-16383\r\n"
        ),
        "{nodes}"
    );
    assert_eq!(
        answer.files[1].text,
        "# Server\nredis_version:7.0.15\nrun_id:00ff\n"
    );
}

#[test]
fn the_beginning_of_an_id_becomes_the_beginning_of_the_new_one() {
    let new = text(&format!("{}\n({}...)\n{ID} 10.0", &ID[..39], &ID[..8]));
    let lines: Vec<&str> = new.lines().collect();
    assert_eq!(lines[0].len(), 39);
    assert_ne!(&lines[0][..8], &ID[..8]);
    assert_eq!(lines[1], format!("({}...)", &lines[0][..8]));
    assert!(
        lines[2].starts_with(lines[0]) && lines[2].ends_with(" 10.0"),
        "{new}"
    );
}

#[test]
fn names_of_any_script_are_renamed_wherever_they_stand() {
    let node = format!("{ID} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
    let folder = "hosts/e\u{202e}vil\u{1b}[31m";
    let answer = redacted(&[
        ("hosts.csv", "host,ip\n서버1,10.0.0.1\nbüro-2,10.0.0.2\n"),
        ("hosts/서버1/nodes.txt", &node),
        ("büro-2_7000/ping.txt", "PONG\n"),
        (
            "서버1.txt",
            "op@서버1:~$ redis-cli -p 7000 ping\nPONG\n서버1:7000> ping\nPONG\n",
        ),
        (&format!("{folder}/nodes.txt"), &node),
        ("nodes/10.0.0.1_7000e\u{202e}vil/ping.txt", "PONG\n"),
    ]);
    let old = ["서버", "ro-2", "vil", "\u{202e}"];
    for file in &answer.files {
        let both = format!("{} {}", file.path, file.text);
        let kept = old.iter().find(|old| both.contains(**old));
        assert_eq!(kept, None, "{both}");
    }
    assert!(answer.files[1].text.contains(" 0 0 1 connected 0-16383"));
    assert_eq!(
        answer.files[0].text,
        "host,ip\nhost-003,10.100.101.101\nhost-001,10.100.101.102\n"
    );
}

#[test]
fn prompts_keep_their_shape() {
    assert_eq!(
        text("[joe@jump1 ~]$ redis-cli -h jump1 -p 7000 -a hunter2 info\njoe hunter2\n"),
        "[redacted@host-001 ~]$ redis-cli -h host-001 -p 7000 -a redacted info\nredacted redacted\n"
    );
}

#[test]
fn paths_keep_what_they_share() {
    assert_eq!(
        text("# Server\nconfig_file:/data/disk1/7000/redis.conf\nexecutable:/data/redis-server\n"),
        "# Server\nconfig_file:/p001/p002/7000/redis.conf\nexecutable:/p001/redis-server\n"
    );
}

#[test]
fn letters_and_binaries_are_left_out() {
    let files = [
        (
            "letter.txt",
            "Dear all,\nthe cluster of joe@acme.com is fine\n",
        ),
        ("dump.rdb", "REDIS0011\0\u{1}"),
        ("ping.txt", "PONG\n"),
    ];
    let answer = redacted(&files);
    let paths: Vec<&str> = answer.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["ping.txt"]);
    assert_eq!(answer.unknown, ["letter.txt"]);
    assert_eq!(answer.binary, ["dump.rdb"]);
    let answer = redact(&capture(&files), &[], true);
    assert_eq!(
        answer.files[0].text,
        "Dear all,\nthe cluster of redacted@host-001 is fine\n"
    );
}

#[test]
fn a_path_cannot_lead_out_of_the_directory() {
    let answer = redacted(&[
        ("../../etc/passwd", "PONG\n"),
        ("/abs/./.hidden", "PONG\n"),
        ("-", "PONG\n"),
        ("a\\..\\b", "PONG\n"),
    ]);
    for file in &answer.files {
        let legal = |part: &str| !part.is_empty() && !part.starts_with('.');
        assert!(file.path.split('/').all(legal), "{}", file.path);
    }
    let paths: BTreeSet<&str> = answer.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths.len(), 4);
}

#[test]
fn a_file_may_be_called_like_a_setting() {
    let answer = redacted(&[("acme/maxmemory.txt", "maxmemory\n100\nsave\n\n")]);
    assert_eq!(answer.files[0].path, "name-001/name-002.txt");
    assert_eq!(answer.files[0].text, "maxmemory\n100\nsave\n\n");
}

#[test]
fn two_files_never_become_one() {
    let answer = redacted(&[("a\tb.txt", "PONG\n"), ("a\rb.txt", "PONG\n")]);
    assert_eq!(answer.files[0].path, "a_b.txt");
    assert_eq!(answer.files[1].path, "a_b-2.txt");
}

#[test]
fn what_is_given_is_kept_beside_the_capture() {
    let hosts = "host,ip\nparis,10.0.0.1\n";
    let given = capture(&[("hosts.csv", hosts), ("policy.toml", "zone = \"dc-1\"\n")]);
    let answer = redact(&capture(&[("hosts.csv", hosts)]), &given, false);
    let files: Vec<_> = answer
        .files
        .iter()
        .map(|f| (f.path.as_str(), f.text.as_str()))
        .collect();
    let new = "host,ip\nhost-001,10.100.101.101\n";
    assert_eq!(
        files,
        [
            ("hosts.csv", new),
            ("hosts-given.csv", new),
            ("policy.toml", "zone = \"zone-001\"\n")
        ]
    );
    assert_eq!(answer.unknown, [] as [&str; 0]);
}

#[test]
fn a_name_that_a_terminal_cut_in_two_is_renamed() {
    let peer = "e92eef5a1929a2df9cdf70aabf2df8467315f033";
    let lines = [
        format!("{ID} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383"),
        format!("{peer} 10.0.0.2:7000@17000 slave {ID} 0 1795213364139 1 connected"),
    ];
    let folded: String = lines
        .iter()
        .flat_map(|line| line.as_bytes().chunks(90))
        .map(|piece| format!("{}\n", String::from_utf8_lossy(piece)))
        .collect();
    let whole = redacted(&[("nodes.txt", &format!("{}\n{}\n", lines[0], lines[1]))]);
    assert_eq!(redacted(&[("nodes.txt", &folded)]).files, whole.files);
}

#[test]
fn files_that_a_reader_knows_keep_their_names() {
    let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda 9 1 8 1% /\n";
    let ips = "# topoplan collect: addresses of this host\n10.0.0.1\n";
    let log = "# topoplan collect 0.1.0: what was asked\nhost: vm\n1 1 this host: df ended with 0\n\
               1 1 10.0.0.1:7000 CONFIG GET availability-zone: 0 bytes\n";
    let files = ["df", "mount", "lsblk", "ps"].map(|f| format!("hosts/vm/{f}.txt"));
    let mut capture = capture(&[("hosts/vm/ips.txt", ips), ("collect.log", log)]);
    capture.extend(files.map(|path| Source::new(&path, df.to_owned(), String::new())));
    let answer = redact(&capture, &[], true);
    let paths: Vec<&str> = answer.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "hosts/host-001/ips.txt",
            "collect.log",
            "hosts/host-001/df.txt",
            "hosts/host-001/mount.txt",
            "hosts/host-001/lsblk.txt",
            "hosts/host-001/ps.txt",
        ]
    );
    let log = &answer.files[1].text;
    assert!(
        log.contains("\nhost: host-001\n1 1 this host: df ended"),
        "{log}"
    );
    assert!(log.ends_with("availability-zone: 0 bytes\n"), "{log}");
}

#[test]
fn addresses_in_names_of_files_are_renamed_however_they_are_written() {
    let view = format!("{ID} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
    let paths = |names: &[&str]| {
        let files: Vec<_> = names.iter().map(|name| (*name, view.as_str())).collect();
        let answer = redacted(&files);
        assert_eq!(answer.leaks, Vec::<String>::new());
        let paths = answer.files.iter().map(|f| f.path.clone());
        paths.collect::<Vec<String>>()
    };
    let plain = paths(&["10.0.0.1_7000.txt"]);
    for name in ["10-0-0-1_7000.txt", "ip-10-0-0-1_7000.txt"] {
        assert_eq!(paths(&[name]), plain, "{name}");
    }
    assert_eq!(
        paths(&["10.0.0.1%3A7000.txt"]),
        [plain[0].replace('_', ":")]
    );
}
