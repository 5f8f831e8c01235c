//! Input without an end, or that comes to much more than it weighs: a refusal with the name of
//! the limit, or an answer, in little memory. The program runs as a process of its own, which
//! the system would stop.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::common::Scratch;

/// What came of a run.
struct Run {
    code: Option<i32>,
    said: String,
}

impl Run {
    /// It was refused, by the name of a limit.
    fn is_refused(&self, limit: &str) {
        assert_eq!(self.code, Some(2), "{}", self.said);
        let named = format!("(limit `{limit}`)");
        assert!(self.said.contains(&named), "{}", self.said);
    }
}

/// Runs the program with so much memory, and with a minute of the processor at most.
fn run(megabytes: u64, arguments: &[&str], stdin: Stdio) -> Run {
    let limits = format!(
        "ulimit -v {} && ulimit -t 60 && exec \"$0\" \"$@\"",
        megabytes << 10
    );
    let output = Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_topoplan")])
        .args(arguments)
        .stdin(stdin)
        .output()
        .expect("a shell runs");
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .chars()
            .take(4000)
            .collect::<String>()
    };
    Run {
        code: output.status.code(),
        said: format!("{}\n{}", text(&output.stdout), text(&output.stderr)),
    }
}

fn view(scratch: &Scratch, name: &str) {
    scratch.put(name, crate::common::dump('a', "10.0.0", 0));
}

#[test]
fn a_file_without_an_end_is_refused() {
    let scratch = Scratch::new("endless");
    view(&scratch, "view.txt");
    let capture = scratch.path().join("view.txt").display().to_string();
    for flag in ["--policy", "--hosts", "--disks", "--home"] {
        let line = ["check", &capture, flag, "/dev/zero"];
        run(1500, &line, Stdio::null()).is_refused("named-file-bytes");
    }
    let script = ["script", "/dev/zero", "--tool", "redis-cli"];
    run(1500, &script, Stdio::null()).is_refused("named-file-bytes");
    let endless = File::open("/dev/zero").expect("it is there");
    run(4000, &["check", "-"], endless.into()).is_refused("file-bytes");
}

#[test]
fn a_file_larger_than_any_capture_is_named_and_left_out() {
    let scratch = Scratch::new("sparse");
    view(&scratch, "capture/view.txt");
    let big = scratch.put("capture/big.txt", "");
    let file = File::options().write(true).open(&big).expect("it was made");
    file.set_len(3 << 30).expect("a file with a hole");
    let capture = scratch.path().join("capture").display().to_string();
    let judged = run(500, &["check", &capture], Stdio::null());
    assert!(judged.code <= Some(1), "{}", judged.said);
    assert!(
        judged.said.contains("(limit `file-bytes`)"),
        "{}",
        judged.said
    );
    run(500, &["check", &big.display().to_string()], Stdio::null()).is_refused("file-bytes");
}

#[test]
fn deep_directories_are_walked_in_a_line() {
    let scratch = Scratch::new("deep-walk");
    view(&scratch, "view.txt");
    scratch.put(&format!("{}end.txt", "d/".repeat(1500)), "");
    let capture = scratch.path().display().to_string();
    let judged = run(500, &["check", &capture, "-v"], Stdio::null());
    assert!(judged.code <= Some(1), "{}", judged.said);
    assert!(judged.said.contains("directories deep"), "{}", judged.said);
}

/// A small archive of one row, many times.
fn packed(scratch: &Scratch, name: &str, head: &str, row: &str, megabytes: usize) -> String {
    let path = scratch.put(name, "");
    let file = File::create(&path).expect("it was made");
    let mut packed = GzEncoder::new(file, Compression::fast());
    packed.write_all(head.as_bytes()).expect("room on the disk");
    let rows = row.repeat((1 << 20) / row.len());
    for _ in 0..megabytes {
        packed.write_all(rows.as_bytes()).expect("room on the disk");
    }
    packed.finish().expect("room on the disk");
    path.display().to_string()
}

#[test]
fn rows_that_an_archive_comes_to_are_counted() {
    let scratch = Scratch::new("bombs");
    // A quarter more than is read.
    for (name, head, row, megabytes, command) in [
        ("hosts.csv.gz", "host,ip\n", "a,1.1.1.1\n", 3, "check"),
        ("disks.csv.gz", "host,port,dir\n", "a,1,/d\n", 3, "plan"),
        (
            "home.csv.gz",
            "address,role\n",
            "1.1.1.1:1,master\n",
            5,
            "check",
        ),
        (
            "nodes.txt.gz",
            "",
            "a1 1.1.1.1:1@1 master - 0 0 0 connected\n",
            6,
            "plan",
        ),
    ] {
        let path = packed(&scratch, name, head, row, megabytes);
        assert!(fs::metadata(&path).expect("it was made").len() < 1 << 20);
        run(1000, &[command, &path], Stdio::null()).is_refused("rows");
    }
}
