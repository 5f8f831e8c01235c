//! How fast captures are read and judged, beside `wc -l` over the same files in the same run.
//!
//! ```text
//! cargo bench --bench reading
//! ```
//!
//! writes its captures to the temporary directory (about 150 MB) and removes them. Machines are
//! noisy: compare the groups of one run with each other, not with yesterday's.

#[path = "../tests/common/large.rs"]
#[allow(dead_code, reason = "the tests make more kinds of clusters")]
mod large;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use large::Large;
use large::Trouble;
use topoplan::inventory;
use topoplan::parse;
use topoplan::policy::Policy;
use topoplan::text::Source;

/// A capture on disk, gone afterwards.
struct Capture(PathBuf);

impl Capture {
    fn new(name: &str, nodes: usize) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("topoplan-bench-{name}-{id}"));
        Large::new(nodes, Trouble::HostReturned).write(&path);
        Self(path)
    }

    /// Every file, sorted.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(&self.0, &mut files);
        files.sort();
        files
    }

    fn bytes(&self) -> u64 {
        let size = |path: &PathBuf| fs::metadata(path).map_or(0, |m| m.len());
        self.files().iter().map(size).sum()
    }

    fn sources(&self) -> Vec<Source> {
        let source = |path: &PathBuf| {
            let text = fs::read_to_string(path).expect("we wrote it");
            Source::new(&path.to_string_lossy(), text, String::new())
        };
        self.files().iter().map(source).collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).expect("we wrote it").flatten() {
        match entry.path() {
            path if path.is_dir() => walk(&path, files),
            path => files.push(path),
        }
    }
}

fn run(program: &str, args: &[&str], files: &[PathBuf]) {
    let status = Command::new(program)
        .args(args)
        .args(files)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    black_box(status.expect("the program starts"));
}

/// One core, from memory: what a view costs before anything is made of it.
fn parsing(c: &mut Criterion) {
    let capture = Capture::new("view", 1000);
    let views = capture.sources();
    let view = views
        .iter()
        .find(|s| s.path.ends_with("cluster-nodes.txt"))
        .expect("a view");
    let mut group = c.benchmark_group("one view of 1,000 nodes, from memory");
    group.throughput(Throughput::Bytes(view.text.len() as u64));
    group.bench_function("lines counted", |b| {
        b.iter(|| {
            black_box(&view.text)
                .bytes()
                .filter(|&b| b == b'\n')
                .count()
        });
    });
    group.bench_function("parsed", |b| b.iter(|| parse::parse(black_box(view))));
    group.bench_function("read", |b| {
        b.iter(|| inventory::read([black_box(view).clone()], Policy::default()));
    });
    group.finish();
}

/// Large answers of other kinds, as a pipe, a terminal and `--json` give them.
fn answers() -> Vec<(&'static str, String)> {
    const NODES: usize = 20_000;
    let id = |n: usize| format!("{:040x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let each = |of: &dyn Fn(usize) -> String| (0..NODES).map(of).collect::<String>();
    let list = |of: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..NODES).map(of).collect();
        format!("[{}]\n", items.join(","))
    };
    vec![
        (
            "INFO",
            "# Server\r\nredis_version:7.0.15\r\n# Keyspace\r\n".to_owned()
                + &each(&|n| format!("db{n}:keys=1,expires=0,avg_ttl=0\r\n")),
        ),
        (
            "CONFIG GET, piped",
            each(&|n| format!("cluster-setting-{n}\nthe value of it\n")),
        ),
        (
            "CONFIG GET, terminal",
            each(&|n| {
                format!(
                    "{}) \"cluster-setting\"\n{}) \"a value\"\n",
                    2 * n + 1,
                    2 * n + 2
                )
            }),
        ),
        (
            "CLUSTER SLOTS, piped",
            each(&|n| format!("{0}\n{0}\n10.0.0.1\n7000\n{1}\n\n", n % 16384, id(n))),
        ),
        (
            "CLUSTER SLOTS, JSON",
            list(&|n| {
                format!(
                    "[{0},{0},[\"10.0.0.1\",7000,\"{1}\",{{}}]]",
                    n % 16384,
                    id(n)
                )
            }),
        ),
        (
            "CLUSTER SHARDS, JSON",
            list(&|n| {
                format!(
                    "{{\"slots\":[{0},{0}],\"nodes\":[{{\"id\":\"{1}\",\"port\":7000,\
                     \"ip\":\"10.0.0.1\",\"role\":\"master\",\"health\":\"online\"}}]}}",
                    n % 16384,
                    id(n)
                )
            }),
        ),
        (
            "CLUSTER LINKS, piped",
            each(&|n| format!("direction\nto\nnode\n{}\nevents\nr\n", id(n))),
        ),
        (
            "CLUSTER LINKS, JSON",
            list(&|n| format!("{{\"direction\":\"to\",\"node\":\"{}\"}}", id(n))),
        ),
        (
            "nothing known",
            each(&|_| "Dear all, the cluster is fine tonight.\n".to_owned()),
        ),
    ]
}

/// One core, from memory: every dialect of which an answer may be large.
fn dialects(c: &mut Criterion) {
    let mut group = c.benchmark_group("one answer of another kind, from memory");
    group.sample_size(20);
    for (name, text) in answers() {
        let source = Source::new("answer", text, String::new());
        group.throughput(Throughput::Bytes(source.text.len() as u64));
        group.bench_function(name, |b| b.iter(|| parse::parse(black_box(&source))));
    }
    group.finish();
}

/// The program as it is run, from files.
fn whole(c: &mut Criterion) {
    let program = env!("CARGO_BIN_EXE_topoplan");
    for nodes in [1, 1000] {
        let capture = Capture::new("whole", 1000);
        let mut files = capture.files();
        if nodes == 1 {
            files.retain(|path| path.ends_with("cluster-nodes.txt"));
            files.truncate(1);
        }
        let (name, bytes) = match nodes {
            1 => (
                "one view of 1,000 nodes, from its file",
                files
                    .iter()
                    .map(|f| fs::metadata(f).map_or(0, |m| m.len()))
                    .sum(),
            ),
            _ => (
                "1,000 views of 1,000 nodes, a million lines",
                capture.bytes(),
            ),
        };
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes));
        group.sample_size(10);
        group.measurement_time(Duration::from_secs(20));
        group.bench_function("wc -l", |b| b.iter(|| run("wc", &["-l"], &files)));
        group.bench_function("check", |b| b.iter(|| run(program, &["check"], &files)));
        group.bench_function("check --format json", |b| {
            b.iter(|| run(program, &["check", "--format", "json"], &files));
        });
        group.finish();
    }
}

criterion_group!(benches, parsing, dialects, whole);
criterion_main!(benches);
