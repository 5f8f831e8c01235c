//! Clusters that are played by captured files and `fake.sh`.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use super::script;
use crate::common::Scratch;
use crate::common::topoplan;

/// A cluster of files, and where it is captured.
pub struct Played {
    scratch: Scratch,
    script: String,
    pub shell: Vec<&'static str>,
    pub environment: Vec<(&'static str, String)>,
}

/// How the script ended and what it left.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Played {
    pub fn new(name: &str) -> Self {
        let scratch = Scratch::new(&format!("collect-{name}"));
        scratch.put("fake.sh", include_str!("fake.sh"));
        Self {
            scratch,
            script: script(&[]),
            shell: vec!["sh"],
            environment: Vec::new(),
        }
    }

    /// The nodes of a sample.
    pub fn sample(name: &str) -> Self {
        let played = Self::new(name);
        let sample = root().join("samples").join(name).join("capture/nodes");
        for node in fs::read_dir(sample).expect("a sample") {
            let node = node.expect("a readable folder").path();
            let folder = node
                .file_name()
                .expect("below")
                .to_string_lossy()
                .into_owned();
            for file in fs::read_dir(&node).expect("a folder") {
                let file = file.expect("a readable folder").path();
                let name = file.file_name().expect("below").to_string_lossy();
                let bytes = fs::read(&file).expect("a readable file");
                played.scratch.put(&format!("nodes/{folder}/{name}"), bytes);
            }
        }
        played
    }

    pub fn put(&self, path: &str, text: &str) -> &Self {
        self.scratch.put(path, text);
        self
    }

    /// A node as `HOST_PORT` that gives `view` to CLUSTER NODES.
    pub fn node(&self, folder: &str, view: &str) -> &Self {
        self.put(&format!("nodes/{folder}/cluster-nodes.txt"), view)
            .put(
                &format!("nodes/{folder}/cluster-info.txt"),
                "cluster_state:ok\r\ncluster_current_epoch:7\r\n",
            )
            .put(
                &format!("nodes/{folder}/info.txt"),
                "# Server\r\nredis_version:7.0.15\r\n",
            )
    }

    /// The addresses of the nodes that are played.
    pub fn addresses(&self) -> Vec<String> {
        let nodes = fs::read_dir(self.path("nodes")).expect("nodes");
        let names = nodes.map(|n| n.expect("a readable folder").file_name());
        let mut addresses: Vec<String> = names
            .filter_map(|n| {
                let (host, port) = n.to_str()?.rsplit_once('_')?;
                Some(format!("{host}:{port}"))
            })
            .collect();
        addresses.sort();
        addresses
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.scratch.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Names below a directory, sorted.
    pub fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut names: Vec<String> = entries
            .map(|e| {
                e.expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Runs the script, which saves to `out`.
    pub fn collect<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Run {
        self.run(&self.script, arguments)
    }

    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, script: &str, arguments: &[S]) -> Run {
        self.put("collect.sh", script);
        let output = Command::new(self.shell[0])
            .args(&self.shell[1..])
            .args(["collect.sh", "-o", "out"])
            .args(arguments)
            .current_dir(self.scratch.path())
            .env("NODES", self.path("nodes"))
            .env("REDIS_CLI", "/bin/sh ./fake.sh")
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .output()
            .expect("a shell runs");
        Run {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn ends(&self, code: i32, said: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains(said), "`{said}` is not in:\n{}", self.err);
        self
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `check` says of a directory, but for where it reads it, and when that was captured.
pub fn check(path: &Path) -> Value {
    let path = path.display().to_string();
    let answer = topoplan(&["check", &path, "--format", "json"]);
    // The played folders may stand at the top.
    let text = answer.stdout.replace("\"nodes/", "\"");
    let mut report: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
    let report = report.as_object_mut().expect("an object");
    for odd in ["inputs", "diagnostics"] {
        report.remove(odd);
    }
    // A sample was asked for fewer settings than the script asks for by now.
    let findings = report.get_mut("findings").and_then(Value::as_array_mut);
    let places = findings.into_iter().flatten();
    let places = places
        .filter_map(|f| f["evidence"].as_array_mut())
        .flatten();
    for place in places {
        let path = place["path"].as_str().expect("a path");
        if path.ends_with("config-get.txt") {
            place["line"] = 0.into();
        }
    }
    let state = report.get_mut("state").and_then(Value::as_object_mut);
    let state = state.expect("a report has a state");
    for time in ["taken_ms", "taken_until_ms"] {
        state.remove(time).expect("a state has its times");
    }
    Value::Object(report.clone())
}

#[test]
fn a_capture_says_what_the_played_cluster_said() {
    // Halves of a cluster, nodes that nobody met, nodes that do not answer.
    for name in ["split-view", "unmet-nodes", "uncovered-slots"] {
        let played = Played::sample(name);
        let nodes = played.addresses();
        let run = played.collect(&nodes);
        run.ends(0, &format!(" of {} nodes answered", nodes.len()));
        assert_eq!(run.out, "out.tar.gz\n");
        assert!(played.has("out.tar.gz") && !played.has("out.tar"));
        assert!(!played.has("out/.work"));
        // What the played client keeps of its own work is no part of the capture.
        fs::remove_file(played.path("nodes").join("asked")).expect("it was asked");
        let said = check(&played.path("out"));
        assert_eq!(said, check(&played.path("nodes")), "{name}");
        assert_ne!(said["findings"], serde_json::json!([]), "{name}");
        // The host map is a skeleton: until it is edited it says nothing.
        assert!(
            played
                .read("out/hosts.csv")
                .starts_with("host,ip,zone\n127.")
        );
        fs::remove_file(played.path("out/hosts.csv")).expect("it is there");
        assert_eq!(said, check(&played.path("out")), "{name}");
    }
}

#[test]
fn what_the_script_saves_draws_no_complaint() {
    // The same as of a healthy one: of nodes that are dead, that nobody met, of halves.
    for name in [
        "healthy-six-nodes",
        "healthy-valkey",
        "dead-replica",
        "unmet-nodes",
        "split-view",
        "reborn-master",
        "open-slot",
    ] {
        let played = Played::sample(name);
        assert_eq!(played.collect(&played.addresses()).code, Some(0), "{name}");
        let out = played.path("out").display().to_string();
        let answer = topoplan(&["check", &out, "--format", "json"]);
        let report: Value = serde_json::from_str(&answer.stdout).expect("a report");
        assert_eq!(report["diagnostics"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn one_seed_finds_the_others() {
    let played = Played::sample("reborn-master");
    played
        .collect(&["127.0.1.3:7001"])
        .ends(0, "12 of 12 nodes answered\n");
    let asked = played.read("nodes/asked");
    let of = |question: &str| asked.lines().filter(|l| *l == question).count();
    assert_eq!(
        (of("CLUSTER NODES"), of("CLUSTER INFO")),
        (12, 24),
        "each once"
    );
    let log = played.read("out/collect.log");
    assert!(
        log.contains("epoch of 127.0.1.1:7000: 13 before, 13 after\n"),
        "{log}"
    );
    let files = played.names("out/nodes/127.0.1.1_7000");
    assert_eq!(
        files,
        [
            "cluster-info.txt",
            "cluster-myid.txt",
            "cluster-nodes.txt",
            "config-get.txt",
            "epoch-after.txt",
            "info.txt",
            "time.txt",
        ]
    );
}

#[test]
fn nodes_that_only_others_list_are_found() {
    let line = |n: u8, flags: &str| {
        format!("id{n} 127.0.0.{n}:7000@17000 {flags} - 0 0 {n} connected {n}\n")
    };
    let played = Played::new("chain");
    for n in 1..5 {
        let next = line(n + 1, "master");
        played.node(
            &format!("127.0.0.{n}_7000"),
            &(line(n, "myself,master") + &next),
        );
    }
    played.put("seeds.txt", "# one\n127.0.0.1:7000  # first\n");
    played.collect(&["-f", "seeds.txt", "-j", "2"]).ends(
        0,
        "4 of 5 nodes answered; 127.0.0.5:7000 did not (Connection refused)\n",
    );
}

#[test]
fn other_shells_do_the_same() {
    let mut saved = Vec::new();
    for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
        if Command::new(shell[0]).arg("-c").output().is_err() {
            eprintln!("{} is not on PATH: not tried", shell[0]);
            continue;
        }
        let mut played = Played::sample("dead-replica");
        played.shell = shell.to_vec();
        let run = played.collect(&["127.0.1.1:7000"]);
        run.ends(
            0,
            "5 of 6 nodes answered; 127.0.1.2:7001 did not (Connection refused)\n",
        );
        saved.push(check(&played.path("out")));
    }
    assert!(!saved.is_empty(), "no shell at all");
    assert!(saved.windows(2).all(|pair| pair[0] == pair[1]));
}
