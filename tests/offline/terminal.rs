//! Nothing raw reaches a terminal: not what a file is called, not what an argument or a policy
//! says, on neither stream. And what a terminal is given fits it.

use std::ffi::OsString;
use std::fs;
use std::io;

use serde_json::Value;
use topoplan::cli;
use topoplan::cli::Screen;

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::put_views;
use crate::common::topoplan;
use crate::common::topoplan_with;

/// What a terminal obeys, hides or draws as a blank.
const HOSTILE: &[char] = &[
    '\u{1b}',
    '\u{7}',
    '\r',
    '\u{7f}',
    '\u{9b}',
    '\u{a0}',
    '\u{ad}',
    '\u{115f}',
    '\u{17b4}',
    '\u{180e}',
    '\u{200b}',
    '\u{2028}',
    '\u{202e}',
    '\u{2066}',
    '\u{2800}',
    '\u{3000}',
    '\u{3164}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{1d173}',
    '\u{e0041}',
    '\u{e01ef}',
];

fn payload() -> String {
    HOSTILE.iter().flat_map(|c| [*c, 'x']).collect()
}

fn assert_harmless(answer: &Answer, what: &str) {
    for text in [&answer.stdout, &answer.stderr] {
        let odd = text.chars().find(|c| HOSTILE.contains(c));
        assert_eq!(odd, None, "{what}: {text:?}");
    }
    assert!(
        answer.text().contains("\\u{202e}") || answer.text().contains("\\u202e"),
        "{what} is not told at all: {}",
        answer.text()
    );
}

#[test]
fn a_policy_cannot_paint() {
    let scratch = Scratch::new("policy-paint");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let capture = scratch.path().join("capture").display().to_string();
    let odd = payload();
    let escaped: String = HOSTILE
        .iter()
        .map(|c| format!("\\U{:08x}x", u32::from(*c)))
        .collect();
    for (number, text) in [
        format!("[[home]]\naddress = \"10.0.0.1:7000\"\nrole = \"{escaped}\"\n"),
        format!("[[home]]\naddress = \"{escaped}\"\nrole = \"master\"\n"),
        format!(
            "[[home]]\naddress = \"10.0.0.1:7000\"\nrole = \"replica\"\nmaster = \"{escaped}\"\n"
        ),
        format!("\"{escaped}\" = 1\n"),
        format!("replicas = {odd}\n"),
    ]
    .iter()
    .enumerate()
    {
        // Its name cannot paint either.
        let name = format!("policy-\u{202e}-{number}.toml");
        let file = scratch.put(&name, text).display().to_string();
        for format in ["text", "json"] {
            let line = ["check", &capture, "--policy", &file, "--format", format];
            let answer = topoplan(&line);
            assert_eq!(answer.exit, 2, "{}", answer.text());
            assert_harmless(&answer, text);
        }
    }
}

#[test]
fn a_name_of_a_file_cannot_paint() {
    let scratch = Scratch::new("names-paint");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let odd = payload();
    scratch.put(&format!("capture/{odd}.bin"), b"\0\x01\x02\xff");
    scratch.put(&format!("capture/{odd}.txt"), "call Kim\n");
    let at = |name: &str| scratch.path().join(name).display().to_string();
    let (capture, missing) = (at("capture"), at(&format!("{odd}/missing")));
    let (letter, new) = (at(&format!("capture/{odd}.txt")), at(&format!("{odd}-new")));
    let lines: &[&[&str]] = &[
        &["check", &capture, "-v"],
        &["check", &missing],
        &["check", &letter],
        &["check", &capture, "--policy", &missing],
        &["check", &capture, "--hosts", &letter],
        &["check", &capture, "--format", "json"],
        &["check", "x", "--format", &odd],
        &["explain", &odd],
        &["plan", &capture, "--only", &odd],
        &["plan", &capture, "-o", &missing],
        &["plan", &capture, "-o", &new],
        &["plan", &capture, "--force", &odd],
        &["script", &letter, "--tool", "redis-cli"],
        &["script", &missing, "--tool", "redis-cli"],
        &["impact", &capture, "--lose", &format!("host:{odd}")],
        &["impact", &capture, "--lose", &odd],
        &["redact", &capture, "-o", &new],
        &["redact", &capture, "-o", &new],
        &["redact", &capture, "-o", &at("new"), "--names", &missing],
        &["collect", "--seed", &odd],
        &["collect", "--nodes", &letter],
        &["docs", "man", &odd],
        &[&odd],
    ];
    for line in lines {
        let answer = topoplan(line);
        assert!(answer.exit <= 2, "{line:?}: {}", answer.text());
        if line.contains(&"redact") && !answer.stderr.contains("\\u{202e}") {
            // The first one has nothing to say of its names.
            continue;
        }
        if !line.contains(&"--force") {
            assert_harmless(&answer, &format!("{line:?}"));
        }
    }
}

#[test]
fn a_plan_file_cannot_paint_where_it_is_refused() {
    let scratch = Scratch::new("plan-paint");
    put_views(&scratch, "view", 'a', "10.0.0");
    let capture = scratch.path().display().to_string();
    let plan = topoplan(&["plan", &capture, "--format", "json"]).stdout;
    let mut value: Value = serde_json::from_str(&plan).expect("a plan");
    value["refused"] = payload().into();
    let line = ["script", "-", "--tool", "redis-cli"];
    let answer = topoplan_with(&line, value.to_string().as_bytes());
    assert_eq!(answer.exit, 3, "{}", answer.text());
    assert_harmless(&answer, "refused");
}

fn on_a_terminal(args: &[&str], columns: usize) -> (u8, String, String) {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let screen = Screen {
        colour: false,
        columns,
    };
    let exit = cli::run(
        &args,
        cli::Streams {
            stdin: &mut io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            stdout_screen: screen,
            stderr_screen: screen,
        },
    );
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (exit, text(stdout), text(stderr))
}

#[test]
fn lines_fit_the_terminal_and_files_are_always_the_same() {
    let scratch = Scratch::new("width");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let map = "host,ip\n레디스-서버-1,10.0.0.1\n레디스-서버-1,10.0.0.2\n레디스-서버-1,10.0.0.3\n";
    scratch.put("capture/hosts.csv", map);
    scratch.put("capture/letter.txt", "call Kim\n");
    let capture = scratch.path().join("capture").display().to_string();
    let longest = |text: &str| {
        let words = |line: &str| line.split(' ').filter(|w| !w.is_empty()).count();
        text.lines()
            .filter(|line| words(line) > 2 && !line.contains("topoplan "))
            .map(|line| line.chars().count())
            .max()
    };
    for (line, narrow) in [
        (&["check", &capture][..], 60),
        (&["plan", &capture], 60),
        (&["explain", "P001"], 60),
        (&["help", "plan"], 60),
    ] {
        let (_, text, _) = on_a_terminal(line, narrow);
        assert!(longest(&text) <= Some(narrow + 20), "{line:?}:\n{text}");
        let (_, wide, _) = on_a_terminal(line, 200);
        assert_ne!(text, wide, "{line:?}");
        assert_eq!(on_a_terminal(line, 100).1, topoplan(line).stdout);
    }
    // What goes to a file knows no terminal.
    let at = |name: &str| scratch.path().join(name);
    for columns in [60, 200] {
        let file = at(&format!("{columns}.json")).display().to_string();
        on_a_terminal(&["plan", &capture, "-o", &file], columns);
    }
    let read = |name| fs::read(at(name)).expect("a plan file");
    assert_eq!(read("60.json"), read("200.json"));
}

#[test]
fn columns_stand_under_each_other_behind_wide_names() {
    let scratch = Scratch::new("wide");
    put_views(&scratch, "view", 'a', "10.0.0");
    let map = "host,ip\n레디스-서버-1,10.0.0.1\ndb-2,10.0.0.2\n漢字,10.0.0.3\n";
    scratch.put("hosts.csv", map);
    let capture = scratch.path().display().to_string();
    let text = topoplan(&["check", &capture]).stdout;
    // Two columns for each of the wide ones.
    let table: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("-2  ") || l.contains("버") || l.contains("漢"))
        .collect();
    assert!(
        table
            .iter()
            .any(|l| l.starts_with("레디스-서버-1        1")),
        "{text}"
    );
    assert!(
        table
            .iter()
            .any(|l| l.starts_with("db-2                 1")),
        "{text}"
    );
    assert!(
        table
            .iter()
            .any(|l| l.starts_with("漢字                 1")),
        "{text}"
    );
}
