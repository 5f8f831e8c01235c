//! Every command line in the code blocks of README.md works as it stands there, and the output
//! that it shows is real. Locally stale output is rewritten; under CI it fails.

use std::fs;

use crate::common::Scratch;
use crate::common::topoplan_with;

/// One command line, and the exit code that a comment behind it states (`# exits 1`).
#[derive(Debug, PartialEq)]
struct Line {
    words: Vec<String>,
    stated: Option<u8>,
}

/// The command lines of all code blocks, a `$ ` in front of them or not.
fn command_lines(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            if line.starts_with("topoplan ") || line.starts_with("cargo run ") {
                lines.push(line.to_owned());
            }
        }
    }
    lines
}

/// The parts between `&&` and `|`; what is not topoplan is left to the shell that runs it.
fn parts(line: &str) -> Vec<Line> {
    let (code, comment) = line.split_once(" # ").unwrap_or((line, ""));
    let stated = comment.trim().strip_prefix("exits ");
    let stated = stated.and_then(|c| c.split(' ').next()?.parse().ok());
    let commands = code.split("&&").flat_map(|c| c.split('|'));
    commands
        .filter_map(|command| {
            let command = command.split('>').next().unwrap_or_default();
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let words = match words.first().map(String::as_str) {
                Some("topoplan") => words[1..].to_vec(),
                Some("cargo") => {
                    let at = words.iter().position(|w| w == "--")?;
                    words[at + 1..].to_vec()
                }
                _ => return None,
            };
            Some(Line { words, stated })
        })
        .collect()
}

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const BEGIN: &str = "<!-- real output: begin -->\n";
const END: &str = "<!-- real output: end -->\n";

/// The text with what its commands really print between the two marks.
fn with_real_output(text: &str) -> String {
    let (before, rest) = text.split_once(BEGIN).expect("the first mark");
    let (shown, after) = rest.split_once(END).expect("the second mark");
    let mut real = String::new();
    for line in shown.lines().filter(|l| l.starts_with("$ topoplan ")) {
        let [command] = &parts(&line[2..])[..] else {
            panic!("one command a line, not {line}");
        };
        let answer = topoplan_with(&command.words, b"");
        real.push_str(&format!("```\n{line}\n{}```\n", answer.stdout));
    }
    assert!(!real.is_empty(), "no command between the marks");
    format!("{before}{BEGIN}{real}{END}{after}")
}

fn shown_output_is_real(text: &str) {
    let real = with_real_output(text);
    if text == real {
        return;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "README.md shows old output: run the tests without CI set, and commit what they write"
    );
    fs::write(README, real).expect("README.md");
    eprintln!("rewrote README.md");
}

#[test]
fn the_readme_is_true() {
    let text = fs::read_to_string(README).expect("README.md");
    shown_output_is_real(&text);
    let lines = command_lines(&text);
    assert!(lines.len() >= 2, "README.md shows no commands");
    let scratch = Scratch::new("readme");
    let written = ["plan.json", "shared", "names.csv", "known.json"];
    for line in &lines {
        let mut piped = String::new();
        for Line { words, stated } in parts(line) {
            // What a line writes goes to the scratch directory, and is read from there.
            let words: Vec<String> = words
                .iter()
                .map(|w| match written.contains(&w.as_str()) {
                    true => scratch.path().join(w).to_string_lossy().into_owned(),
                    false => w.clone(),
                })
                .collect();
            let answer = topoplan_with(&words, piped.as_bytes());
            match stated {
                Some(code) => assert_eq!(answer.exit, code, "{line}\n{}", answer.text()),
                None => assert!(answer.exit <= 1, "{line}\n{}", answer.text()),
            }
            piped = answer.stdout;
        }
    }
}

#[test]
fn finds_command_lines_and_their_codes() {
    let text = "topoplan no\n```\n$ topoplan check a  # exits 1\nother\n```\n";
    let lines = command_lines(text);
    assert_eq!(lines, ["topoplan check a  # exits 1"]);
    let words = |words: &[&str]| words.iter().map(|w| w.to_string()).collect();
    let line = |w: &[&str], stated| Line {
        words: words(w),
        stated,
    };
    assert_eq!(parts(&lines[0]), [line(&["check", "a"], Some(1))]);
    assert_eq!(
        parts("topoplan plan a -o p && topoplan script p > x.sh"),
        [
            line(&["plan", "a", "-o", "p"], None),
            line(&["script", "p"], None)
        ]
    );
    assert_eq!(
        parts("cargo run --release -- plan a | less"),
        [line(&["plan", "a"], None)]
    );
}
