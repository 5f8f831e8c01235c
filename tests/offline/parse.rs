//! Every dialect over real dumps: what is read, what is said, and that nothing panics.
//!
//! Where a `shared` directory lies beside the repository, its dumps and captures are read too;
//! the samples below stand for them elsewhere.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use topoplan::diagnostic::Code;
use topoplan::diagnostic::Parse;
use topoplan::diagnostic::Severity;
use topoplan::parse::Authority;
use topoplan::parse::Block;
use topoplan::parse::DIALECTS;
use topoplan::parse::Facts;
use topoplan::parse::Head;
use topoplan::parse::parse;
use topoplan::parse::unwrap;
use topoplan::text::Source;

const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A file without what is around its answers: the first part of it, if there are several.
fn source(path: &str, bytes: &[u8]) -> Source {
    let mut pages = pages(path, bytes);
    pages.swap_remove(0)
}

/// All parts of a file.
fn pages(path: &str, bytes: &[u8]) -> Vec<Source> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Source::new(path, text, String::new());
    let parts = unwrap(&source);
    if parts.is_empty() {
        vec![source]
    } else {
        parts
    }
}

/// A file of every dialect, so that the tests mean something without the shared directory.
fn samples() -> Vec<Source> {
    let line = format!("{ID} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383");
    [
        ("cluster-nodes.txt", format!("{line}\n")),
        ("quoted.txt", format!("1) \"{line}\\n\"\n")),
        (
            "nodes.conf",
            format!("{line}\nvars currentEpoch 7 lastVoteEpoch 6\n"),
        ),
        ("cluster-info.txt", "cluster_state:ok\r\n".into()),
        ("info.txt", "# Server\r\nredis_version:7.0.15\r\n".into()),
        ("config-get.txt", "cluster-announce-ip\n\ndir\n/d\n".into()),
        ("config.json", "{\"dir\":\"/d\"}\n".into()),
        (
            "UNREACHABLE",
            "Could not connect to Redis at 10.0.0.1:7000: Connection refused\n".into(),
        ),
        ("ping.txt", "PONG\n".into()),
        (
            "cli-all.txt",
            format!(
                "redis client for 10.0.0.1:7000\n{line}\nredis client for 10.0.0.2:7000\nPONG\n"
            ),
        ),
        ("hosts.csv", "host,ip\nh1,10.0.0.1\n".into()),
        ("disks.csv", "host,port,dir\nh1,7000,/d\n".into()),
        ("home.csv", "ip,port,role\n10.0.0.1,7000,master\n".into()),
        (
            "redis.properties",
            "export SR2_REDIS_MASTER_PORTS=( $(seq 18100 18104) )\n".into(),
        ),
        ("cluster-slots.txt", "0\n5460\n10.0.0.1\n7000\n".into()),
        (
            "redis-7000.conf",
            "# a comment\nport 7000\ndir /data\n".into(),
        ),
        ("grep.txt", "conf/redis-7000.conf:dir /data\n".into()),
        (
            "df.txt",
            "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1 1 1 1 1% /\n".into(),
        ),
        ("mount.txt", "/dev/sda1 on / type ext4 (rw)\n".into()),
        ("mounts.txt", "/dev/sda1 / ext4 rw 0 0\n".into()),
        (
            "lsblk.txt",
            "NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\nsda 8:0 0 1G 0 disk /\n".into(),
        ),
        (
            "ps.txt",
            "UID PID PPID C STIME TTY TIME CMD\nr 7 1 0 Nov20 ? 0:00 redis-server *:7000\n".into(),
        ),
        (
            "distribution.txt",
            "SERVER NAME | M | S\n10.0.0.1 | 1 | 0\n".into(),
        ),
        (
            "with-dir.txt",
            "| HOST | PORT | PATH |\n| 10.0.0.1 | 7000 | /d |\n".into(),
        ),
        ("no-slot.txt", "10.0.0.1:7000\n10.0.0.1:7001\n".into()),
        ("tree.txt", "10.0.0.1:7000(connected)\n".into()),
        (
            "cluster-slots.json",
            format!("[[0,5460,[\"10.0.0.1\",7000,\"{ID}\",{{\"hostname\":\"h\"}}]]]\n"),
        ),
        (
            "cluster-shards.json",
            format!(
                "[{{\"slots\":[0,5460],\"nodes\":[{{\"id\":\"{ID}\",\"port\":7000,\"ip\":\"10.0.0.1\",\"role\":\"master\",\"health\":\"online\"}}]}}]\n"
            ),
        ),
        (
            "cluster-shards.txt",
            format!(
                "1) 1# \"slots\" => \n      1) (integer) 0\n      2) (integer) 9\n   2# \"nodes\" => \n      1) 1# \"id\" => \"{ID}\"\n         2# \"port\" => (integer) 7000\n"
            ),
        ),
        ("cluster-links.txt", format!("direction\nto\nnode\n{ID}\n")),
        ("cluster-myid.txt", format!("{ID}\n")),
        ("time.txt", "1795213334\n123456\n".into()),
        (
            "cluster-check.txt",
            format!(
                ">>> Performing Cluster Check (using node 10.0.0.1:7000)\nM: {ID} 10.0.0.1:7000\n   slots:[0-16383] (16384 slots) master\n[OK] All 16384 slots covered.\n"
            ),
        ),
        ("refused.txt", "NOAUTH Authentication required.\n".into()),
        ("role.txt", "master\n14\n10.0.0.2\n7001\n14\n".into()),
        ("letter.txt", "Dear all,\nall is well\n".into()),
    ]
    .into_iter()
    .map(|(path, text)| source(path, text.as_bytes()))
    .collect()
}

fn shared(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(folder);
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    match files.len() {
        0 => eprintln!("no shared {folder} beside the repository: samples only"),
        n => eprintln!("{n} shared files of {folder} are read too"),
    }
    files
        .iter()
        .map(|path| {
            let shown = path.strip_prefix(&root).unwrap_or(path).to_string_lossy();
            source(&shown, &fs::read(path).expect("a readable file"))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn claims(source: &Source) -> Vec<&'static str> {
    let head = Head::of(Block::of(source));
    DIALECTS
        .iter()
        .filter(|d| (d.sniff)(&head))
        .map(|d| d.name)
        .collect()
}

#[test]
fn no_two_dialects_claim_one_file() {
    let all = [
        shared("dumps"),
        shared("dumps-flashbase"),
        shared("captures"),
        samples(),
    ];
    for file in all.iter().flatten() {
        let claims = claims(file);
        assert!(claims.len() <= 1, "{}: {claims:?}", file.path);
    }
    let claimed = samples().iter().filter(|s| claims(s).len() == 1).count();
    assert_eq!(claimed, samples().len() - 1, "all but the letter");
}

/// Whether the file is a dump that a server made, all of it lines of nodes.
fn is_whole_dump(file: &Source) -> bool {
    const TRANSCRIPTS: [&str; 2] = ["-errors", "-exp-"];
    let made = file.path.starts_with("gen-") && !TRANSCRIPTS.iter().any(|t| file.path.contains(t));
    made && file
        .text
        .lines()
        .any(|l| l.contains(" connected") || l.contains(" disconnected"))
}

#[test]
fn every_line_of_a_server_is_read() {
    let dumps = shared("dumps");
    let mut files = 0;
    for file in dumps.iter().filter(|f| is_whole_dump(f)) {
        let expected = file
            .text
            .lines()
            .filter(|l| l.contains("connected") && !l.starts_with("vars"))
            .count();
        let parsed = parse(file);
        let read: usize = parsed
            .sections
            .iter()
            .map(|s| match &s.facts {
                Facts::Nodes(dump) => dump.lines.len(),
                other => panic!("{}: {other:?}", file.path),
            })
            .sum();
        assert_eq!(read, expected, "{}", file.path);
        let warned = parsed
            .diagnostics
            .iter()
            .any(|d| d.severity > Severity::Note);
        assert!(!warned, "{}: {:?}", file.path, parsed.diagnostics);
        let conf = file.path.contains("nodesconf");
        let on_disk = parsed.sections.iter().all(|s| match &s.facts {
            Facts::Nodes(dump) => dump.authority == Authority::Disk && dump.current_epoch.is_some(),
            _ => false,
        });
        assert_eq!(on_disk, conf, "{}", file.path);
        files += 1;
    }
    assert!(dumps.is_empty() || files > 250, "{files} dumps were read");
}

/// What the name of a dump made for this project says it holds.
fn expected_dialect(name: &str) -> &'static str {
    let stem = name.trim_end_matches(".txt");
    let ends = |end: &str| stem.ends_with(end);
    let has = |part: &str| stem.contains(part);
    if has("-config-get") {
        "config-get"
    } else if has("-shards") {
        "cluster-shards"
    } else if has("-links") {
        "cluster-links"
    } else if has("-cli-") || ends("-create-log") {
        "cluster-check"
    } else if has("getslotmigrations") || ends("-role") {
        "not-needed"
    } else if ends("-errors") || ends("-notowner-reply") {
        "error-reply"
    } else if ends("-reply") {
        "flashbase-reply"
    } else if has("-slots") {
        "cluster-slots"
    } else if ends("-info-all") || has("-info-replication-") {
        "info"
    } else if ends("-info") || ends("-info-json") {
        "cluster-info"
    } else if has("nodesconf") {
        "nodes-conf"
    } else {
        "cluster-nodes"
    }
}

#[test]
fn every_dump_is_read_by_the_dialect_that_its_name_tells() {
    let made = |f: &&Source| {
        ["gen-", "synth-", "oneway-"]
            .iter()
            .any(|p| f.path.starts_with(p))
    };
    for file in shared("dumps").iter().filter(made) {
        let expected = expected_dialect(&file.path);
        assert_eq!(claims(file), [expected], "{}", file.path);
    }
}

#[test]
fn answers_of_servers_are_read_without_a_warning() {
    const SILENT: [&str; 6] = [
        "info",
        "cluster-info",
        "config-get",
        "cluster-links",
        "cluster-slots",
        "not-needed",
    ];
    let mut read = 0;
    for file in [shared("dumps"), shared("dumps-flashbase")]
        .iter()
        .flatten()
    {
        let claims = claims(file);
        if claims.iter().any(|name| SILENT.contains(name)) {
            let parsed = parse(file);
            let warned = parsed
                .diagnostics
                .iter()
                .any(|d| d.severity > Severity::Note);
            assert!(!warned, "{}: {:?}", file.path, parsed.diagnostics);
            read += 1;
        }
    }
    assert!(read == 0 || read > 100, "{read} were read");
}

/// What a node line says, without its place in the file.
fn nodes_of(file: &Source) -> Vec<String> {
    let parsed = parse(file);
    let mut nodes: Vec<String> = Vec::new();
    for section in &parsed.sections {
        let Facts::Nodes(dump) = &section.facts else {
            panic!("{}: {section:?}", file.path);
        };
        assert_eq!(dump.unread, 0, "{}", file.path);
        nodes.extend(dump.lines.iter().map(|n| {
            format!(
                "{} {}:{} {:?} {:?} {:?} {:?} {:?}",
                n.id, n.ip, n.port, n.hostname, n.flags, n.master, n.connected, n.slots
            )
        }));
    }
    nodes.sort();
    nodes
}

#[test]
fn every_form_of_an_answer_says_the_same() {
    let dumps = shared("dumps");
    let named = |name: &str| dumps.iter().find(|f| &*f.path == name);
    let mut compared = 0;
    for version in [
        "redis-3.0.7",
        "redis-5.0.14",
        "redis-7.2.6",
        "redis-8.0.6",
        "valkey-9.1.2",
    ] {
        for answer in [
            "slots",
            "shards",
            "failedover-shards",
            "hostname-slots-hostname",
            "hostname-slots-ip",
            "hostname-slots-unknown-endpoint",
        ] {
            let forms = ["", "-noraw", "-json", "-resp3-noraw"];
            let files: Vec<_> = forms
                .iter()
                .filter_map(|form| named(&format!("gen-{version}-{answer}{form}.txt")))
                .collect();
            for pair in files.windows(2) {
                let nodes = nodes_of(pair[0]);
                assert!(nodes.len() >= 3, "{}", pair[0].path);
                assert_eq!(
                    nodes,
                    nodes_of(pair[1]),
                    "{} {}",
                    pair[0].path,
                    pair[1].path
                );
                compared += 1;
            }
        }
    }
    assert!(
        dumps.is_empty() || compared >= 25,
        "{compared} were compared"
    );
}

#[test]
fn captures_are_read_without_noise() {
    for file in shared("captures") {
        let path = &*file.path;
        // What describes a capture is no part of it.
        if !path.contains("/capture/") {
            continue;
        }
        let parsed = parse(&file);
        // CLUSTER SLOTS of a cluster without slots.
        if file.text.trim().is_empty() && path.ends_with("cluster-slots.txt") {
            assert_eq!(parsed.diagnostics.len(), 1, "{path}");
            assert_eq!(parsed.diagnostics[0].severity, Severity::Note, "{path}");
            continue;
        }
        // What a report complains about and what SHARDS of Redis 7 loses is no noise.
        let said = parsed.diagnostics.iter().map(|d| d.code);
        let noise: Vec<_> = said
            .filter(|&code| !matches!(code, Code::Report(_)) && code != Parse::ShardSlots)
            .collect();
        assert!(noise.is_empty(), "{path}: {noise:?}");
        let expected = match path.rsplit('/').next().unwrap_or("") {
            "cluster-nodes.txt" => "cluster-nodes",
            "nodes.conf" => "nodes-conf",
            "cluster-info.txt" => "cluster-info",
            "info.txt" => "info",
            "config-get.txt" => "config-get",
            "UNREACHABLE" => "unreachable",
            "hosts.csv" => "host-map",
            "disks.csv" => "disk-map",
            "layout.csv" => "home-map",
            "cluster-slots.txt" => "cluster-slots",
            "cluster-shards.txt" | "cluster-shards.json" => "cluster-shards",
            "cluster-links.json" => "cluster-links",
            "cluster-check.txt" | "cluster-check-minority.txt" => "cluster-check",
            name => panic!("{path}: what is {name}?"),
        };
        assert_eq!(claims(&file), [expected], "{path}");
    }
}

#[test]
fn a_file_cut_anywhere_is_survived() {
    for file in shared("dumps").iter().chain(&samples()) {
        // Long files repeat themselves: cuts are as many as tell something new.
        let step = match file.text.len() {
            0..=500 => 7,
            long => (long / 150).max(97) | 1,
        };
        let bytes = file.text.as_bytes();
        for end in (0..bytes.len()).step_by(step) {
            for page in pages("cut", &bytes[..end]) {
                let parsed = parse(&page);
                assert!(parsed.diagnostics.len() <= 51);
            }
        }
    }
}

/// A small generator with a fixed seed (xorshift64): the same bytes on every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn mangled_bytes_are_survived() {
    const ODD: &[u8] = b"\0\n\r\t \"'\\,:@[]-><(){}#=\x1b\xff\xc3\xe2\x80";
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for file in shared("dumps").iter().chain(&samples()) {
        for _ in 0..3 {
            let mut bytes = file.text.clone().into_bytes();
            for _ in 0..1 + bytes.len() / 80 {
                let at = next(&mut state) as usize % bytes.len().max(1);
                let odd = ODD[next(&mut state) as usize % ODD.len()];
                match next(&mut state) % 3 {
                    0 => bytes.insert(at.min(bytes.len()), odd),
                    1 if at < bytes.len() => bytes[at] = odd,
                    _ if at < bytes.len() => drop(bytes.remove(at)),
                    _ => {}
                }
            }
            for page in pages("mangled", &bytes) {
                let parsed = parse(&page);
                assert!(parsed.diagnostics.len() <= 51);
                for place in parsed.diagnostics.iter().filter_map(|d| d.place.as_ref()) {
                    assert!(place.line >= 1 && place.column >= 1);
                }
            }
        }
    }
}
