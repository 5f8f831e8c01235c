//! Commands run in process, as the tests of several files need them.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod drawn;
pub mod large;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use topoplan::cli;

/// What one command answered.
#[derive(Debug)]
pub struct Answer {
    pub exit: u8,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// Both streams, for a search.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// Runs one command, without colour and with nothing on standard input.
pub fn topoplan<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Answer {
    topoplan_with(args, b"")
}

/// Runs one command without colour.
pub fn topoplan_with<S: AsRef<std::ffi::OsStr>>(args: &[S], stdin: &[u8]) -> Answer {
    let args: Vec<OsString> = args.iter().map(|a| a.as_ref().to_owned()).collect();
    let (mut stdin, mut stdout, mut stderr) = (stdin, Vec::new(), Vec::new());
    let exit = cli::run(
        &args,
        cli::Streams {
            stdin: &mut stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            stdout_screen: cli::Screen::default(),
            stderr_screen: cli::Screen::default(),
        },
    );
    Answer {
        exit,
        stdout: String::from_utf8(stdout).expect("data is UTF-8"),
        stderr: String::from_utf8(stderr).expect("talk is UTF-8"),
    }
}

/// A directory of its own for one test, gone afterwards.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        // Two tests of one process may choose one name.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = path.join(format!("{name}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch directory");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and gives its path.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below the scratch directory"))
            .expect("a directory in it");
        fs::write(&path, bytes).expect("a file in it");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `cluster nodes` of a healthy cluster of three masters and three replicas on three hosts, as
/// its node `myself` (0 to 5) prints it. `letter` makes the ids, `net` the addresses, so two
/// clusters have nothing in common.
pub fn dump(letter: char, net: &str, myself: usize) -> String {
    const SLOTS: [&str; 3] = ["0-5460", "5461-10922", "10923-16383"];
    let id = |node: usize| letter.to_string().repeat(39) + &node.to_string();
    let mut text = String::new();
    for node in 0..6 {
        // A replica runs on the host behind its master's.
        let (host, port) = match node {
            0..3 => (node + 1, 7000),
            _ => ((node - 3 + 1) % 3 + 1, 7001),
        };
        let me = if node == myself { "myself," } else { "" };
        let (role, master, epoch, slots) = match SLOTS.get(node) {
            Some(slots) => ("master", "-".to_owned(), node + 1, format!(" {slots}")),
            None => ("slave", id(node - 3), node - 2, String::new()),
        };
        let id = id(node);
        text += &format!(
            "{id} {net}.{host}:{port}@{bus} {me}{role} {master} 0 0 {epoch} connected{slots}\n",
            bus = port + 10_000,
        );
    }
    text
}

/// All six views of [`dump`], as files `<prefix><node>.txt`.
pub fn put_views(scratch: &Scratch, prefix: &str, letter: char, net: &str) {
    for node in 0..6 {
        scratch.put(&format!("{prefix}{node}.txt"), dump(letter, net, node));
    }
}
