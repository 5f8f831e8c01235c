//! Mutated input: nothing panics, hangs or takes memory out of proportion, and nothing of a
//! capture reaches an answer unescaped.
//!
//! The default run takes a few seconds. The long one, after which the number in its report is
//! the number that was tried:
//!
//! ```text
//! TOPOPLAN_HOSTILE=10000000 cargo test --release --test hostile -- --nocapture
//! ```
//!
//! Every input has a number that gives it again: `TOPOPLAN_HOSTILE_FIRST=N TOPOPLAN_HOSTILE=1`.

#![allow(unsafe_code, reason = "an allocator that counts")]

#[path = "../common/mod.rs"]
mod common;

mod fedb;
mod growth;
mod limits;

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::cell::Cell;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use topoplan::inventory;
use topoplan::parse;
use topoplan::parse::Block;
use topoplan::parse::DIALECTS;
use topoplan::parse::Log;
use topoplan::policy::Policy;
use topoplan::text::Source;

// --- memory -------------------------------------------------------------------------------------

/// Counts what a thread holds, and the most it held.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    /// All that was ever asked for.
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + bytes.max(0) as usize));
    // A thread that ends frees its memory after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `work` asked for in all.
fn asked(work: impl FnOnce()) -> usize {
    let before = ASKED.get();
    work();
    ASKED.get() - before
}

/// Bytes that `work` held at its peak beyond what was held before.
fn peak(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    work();
    (MOST.get() - before).max(0) as usize
}

// --- mutation -----------------------------------------------------------------------------------

/// Numbers without an order (splitmix64): the same for the same start.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// What dialects look for, and what nobody expects.
const WORDS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "\"",
    "'",
    "\\n",
    "\\x00",
    "\\",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "1) ",
    "1# ",
    "> ",
    "```",
    "$ ",
    "#",
    ":",
    "@",
    ",",
    "-",
    "->-",
    "-<-",
    "[0-16383->-x]",
    "0-16383",
    "16384",
    "99999999999999999999",
    "-1",
    "myself,master",
    "slave",
    "fail?",
    "noaddr",
    "handshake",
    "connected",
    "vars currentEpoch",
    "redis client for ",
    "10.0.0.1:7000",
    "10.0.0.1:7000> cluster nodes\n",
    "::1:7000@17000",
    "==> a <==\n",
    "------ CLUSTER NODES OUTPUT ------\n",
    "\"stdout\": \"",
    "cluster_state:ok\n",
    "# Server\n",
    "host,ip\n",
    "$(seq 1 99999999)",
    "{1..99999999}",
    "export SR2_REDIS_MASTER_PORTS=(",
    "slots\n",
    "nodes\n",
    "direction\n",
    "direction to\n",
    "\"direction\",\"to\",",
    "slots 0\n",
    "requirepass \n",
    "=== 10.0.0.1:7000 ===\n",
    "PONG\n",
    "(integer) ",
    "Filesystem",
    "/dev/sda1",
    " on /data type ext4 (rw)\n",
    "M: ",
    "S: ",
    "slots:[0-5460]",
];

const LONGEST: usize = 8 << 10;

fn mutated(number: u64, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut numbers = Numbers(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut bytes = pick(&mut numbers, seeds);
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(bytes.len() + 1);
        match numbers.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 if at < bytes.len() => bytes[at] = numbers.next() as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(..at)),
            4 => {
                let end = (at + numbers.below(64)).min(bytes.len());
                drop(bytes.drain(at..end));
            }
            5 => {
                let end = (at + numbers.below(200)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len() + 1);
                for _ in 0..=numbers.below(8) {
                    drop(bytes.splice(to..to, copy.iter().copied()));
                }
            }
            6 => {
                let other = pick(&mut numbers, seeds);
                let from = numbers.below(other.len() + 1);
                drop(bytes.splice(at..at, other[from..].iter().copied()));
            }
            _ => {
                let word = WORDS[numbers.below(WORDS.len())];
                drop(bytes.splice(at..at, word.bytes()));
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn pick(numbers: &mut Numbers, seeds: &[Vec<u8>]) -> Vec<u8> {
    seeds[numbers.below(seeds.len())].clone()
}

/// Every file of the samples, and of the dumps where they lie beside the repository; long ones
/// are cut.
fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in [
        "samples",
        "../shared/dumps",
        "../shared/dumps-flashbase",
        "../shared/dumps-fedb",
    ] {
        walk(&root.join(folder), &mut files);
    }
    files.sort();
    let read = |path: &PathBuf| {
        let mut bytes = fs::read(path).expect("it was listed");
        bytes.truncate(LONGEST / 4);
        bytes
    };
    files.iter().map(read).collect()
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => walk(&path, files),
            path => files.push(path),
        }
    }
}

// --- what must hold -----------------------------------------------------------------------------

/// No input that short takes longer, on any machine.
const TIME_MAX: Duration = Duration::from_secs(10);

/// A fixed part (open slots of one dump are kept up to a cap), and a part by the byte.
fn memory_max(length: usize) -> usize {
    (6 << 20) + 600 * length
}

/// Whole commands are slow: one input in so many, a prime, so that every dialect has its turn.
const WHOLE_EVERY: u64 = 211;

/// What is wrong with this input; `None` if nothing is.
fn complaint(number: u64, seeds: &[Vec<u8>]) -> Option<String> {
    let bytes = mutated(number, seeds);
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut bad = None;
        let most = peak(|| {
            read(number, &bytes);
            if number.is_multiple_of(WHOLE_EVERY) {
                bad = unescaped(&bytes);
            }
        });
        let too_much = most > memory_max(bytes.len()) && !number.is_multiple_of(WHOLE_EVERY);
        let memory = || format!("{most} bytes of memory for {} of input", bytes.len());
        bad.or_else(|| too_much.then(memory))
    }));
    let what = match result {
        Err(_) => "a panic".to_owned(),
        Ok(Some(what)) => what,
        Ok(None) if start.elapsed() > TIME_MAX => format!("{:?}", start.elapsed()),
        Ok(None) => return None,
    };
    let shown = String::from_utf8_lossy(&bytes).escape_debug().to_string();
    Some(format!("input {number}: {what}\n{shown}"))
}

/// As a file, and as what one of the dialects would have to take it for.
fn read(number: u64, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Source::new("mutated", text, String::new());
    for part in parse::unwrap(&source) {
        drop(parse::parse(&part));
    }
    drop(parse::parse(&source));
    let dialect = DIALECTS[number as usize % DIALECTS.len()];
    let mut log = Log::new(&source);
    drop((dialect.parse)(Block::of(&source), &mut log));
    drop(log.finish());
}

/// Runs commands on it; says which character in an answer could paint a terminal or reorder it.
fn unescaped(bytes: &[u8]) -> Option<String> {
    const COMMANDS: [&[&str]; 3] = [
        &["check", "-"],
        &["check", "-", "--format", "json"],
        &["plan", "-"],
    ];
    COMMANDS.iter().find_map(|args| {
        let answer = common::topoplan_with(args, bytes);
        let odd = |c: &char| {
            c.is_control() && *c != '\n'
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        let found = answer.stdout.chars().chain(answer.stderr.chars()).find(odd)?;
        Some(format!("{args:?} prints {found:?}"))
    })
}

#[test]
fn mutated_input_is_survived() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let count = number("TOPOPLAN_HOSTILE").unwrap_or(2_000);
    let first = number("TOPOPLAN_HOSTILE_FIRST").unwrap_or(0);
    let seeds = seeds();
    assert!(seeds.len() > 100, "the samples are there");
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let complaints: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = &seeds;
                scope.spawn(move || {
                    (first..first + count)
                        .filter(|n| n % threads == thread)
                        .filter_map(|n| complaint(n, seeds))
                        .take(5)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let done = workers
            .into_iter()
            .map(|w| w.join().expect("panics are caught"));
        done.flatten().collect()
    });
    println!("{count} inputs of {} seeds", seeds.len());
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n\n"));
}

/// What is long in one way only: a line, a nesting, a count of lines or of answers.
fn long_ones() -> Vec<(&'static str, String)> {
    const LENGTH: usize = 64 << 10;
    let id = "a".repeat(40);
    let node = format!("{id} 10.0.0.1:7000@17000 master - 0 0 1 connected 0-5");
    let of = |unit: &str| unit.repeat(LENGTH / unit.len());
    let ghost = |n: usize| format!("\"{n:040x} :0@0 master,noaddr - 0 0 1 disconnected\"");
    let ghosts: Vec<String> = (1..LENGTH / 90).map(ghost).collect();
    let pairs: String = (0..LENGTH / 16).map(|n| format!("slave_{n}:x\n")).collect();
    let head = "  name  tid  pid  endpoint  role  is_alive  offset  record_cnt  memused  diskused\n-----\n";
    let copy = "  flow  4  0  10.0.0.1:1  leader  yes  1  1  0.000  0.000\n";
    let partition =
        |n: usize| format!("  flow  4  {n}  10.0.0.1:1  leader  yes  1  1  0.000  0.000\n");
    let partitions: String = (0..LENGTH / 60).map(partition).collect();
    let disk = "Filesystem Size Used Avail Use% Mounted on\n/dev/sda1 10G 1G 9G 10% /\n";
    let double = format!("{node}\n");
    vec![
        (
            "ghosts on one line",
            format!(
                "[\"{}\",{}]",
                node.replace("master", "myself,master"),
                ghosts.join(",")
            ),
        ),
        (
            "owners with doubles",
            of(&format!(
                "{double}{double}{}",
                format!("{node}\n")
                    .replace(&id, &"b".repeat(40))
                    .replace("master", "myself,master")
            )),
        ),
        (
            "pairs below a table",
            format!("{}{pairs}", disk.repeat(400)),
        ),
        ("headers of showtable", of(head)),
        ("one copy in many rows", format!("{head}{}", of(copy))),
        ("many partitions", format!("{head}{partitions}")),
        ("short rows", format!("{head}{}", of("  flow  4  0\n"))),
        ("one long row", format!("{head}{}", of("  flow"))),
        ("replies", of("> migrate a t 0 b\npartition migrate ok\n")),
        ("prompts of ns_client", of("> showtable\n")),
        (
            "lines of a topic",
            of("Topic: t Partition: 0 Leader: 1 Replicas: 1,3 Isr: 1,3\n"),
        ),
        (
            "replicas of a topic",
            format!(
                "Topic: t Partition: 0 Leader: 1 Replicas: 1{} Isr: 1\n",
                of(",3")
            ),
        ),
        ("quotes", of("\"")),
        ("escapes", format!("\"{}", of("\\n"))),
        ("brackets", of("[")),
        ("brackets on lines", of("[\n")),
        ("numbers of lists", of("1) ")),
        ("colons", of("x:")),
        ("slots of one node", format!("{node}{}", of(" 1"))),
        ("nodes on one line", of(&node)),
        (
            "outputs nobody knows",
            format!("{{{}}}", of("\"stdout\":\"x\",")),
        ),
        ("answers nobody knows", of("=== 10.0.0.1:7000 ===\nx\n")),
        ("headings", of("=== 10.0.0.1:7000 ===\n")),
        ("prompts", of("10.0.0.1:7000> cluster nodes\n")),
        ("pongs", of("10.0.0.1:7000\nPONG\n")),
        ("fences", of("```\n")),
        (
            "owners",
            of(&format!("{node}\n").replace("master", "myself,master")),
        ),
        ("commas", of("host,ip,")),
        ("settings", of("tls-key-file \n")),
        ("links", of("direction to\n")),
        (
            "nodes that do not answer",
            of("Could not connect to Redis at 10.0.0.1:7000: Connection refused\n"),
        ),
    ]
}

/// Every line and every answer is looked at so many times, not once for each other one.
#[test]
fn long_input_costs_its_length() {
    for (name, text) in long_ones() {
        let length = text.len();
        let source = Source::new("long", text, String::new());
        let start = Instant::now();
        let mut said = 0;
        let most = peak(|| {
            let inventory = inventory::read([source], Policy::default());
            said = inventory.diagnostics.len();
        });
        let took = start.elapsed();
        assert!(took < TIME_MAX, "{name}: {took:?}");
        assert!(most < memory_max(length), "{name}: {most} bytes");
        assert!(said < 200, "{name}: {said} diagnostics");
    }
}

#[test]
fn mutants_are_the_same_every_time_and_differ() {
    let seeds = vec![b"abc def".to_vec(), b"ghi".to_vec()];
    assert_eq!(mutated(7, &seeds), mutated(7, &seeds));
    let all: std::collections::BTreeSet<_> = (0..100).map(|n| mutated(n, &seeds)).collect();
    assert!(all.len() > 60, "{}", all.len());
}

#[test]
fn memory_is_counted() {
    let most = peak(|| drop(Vec::<u8>::with_capacity(1 << 20)));
    assert!((1 << 20..2 << 20).contains(&most), "{most}");
}
