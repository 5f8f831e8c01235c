//! Every format for programs is read by a reader of that format, of hostile captures, too.

mod sarif;
pub mod schema;

use std::fs;
use std::path::Path;

use fancy_regex::Regex;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::topoplan;

/// What means something in one of the formats. Names of hosts reach every answer.
const HOSTILE: &str = "h|1\"<a>&amp;'%0A::error::x,y=:*_[l](u)`\\ @all\u{1b}[31m\u{202e}";

/// A capture whose hosts have hostile names; replicas share them with their masters.
fn hostile(scratch: &Scratch) -> String {
    copy(
        Path::new("samples/pairs-on-one-host/capture"),
        scratch.path(),
    );
    let quoted = HOSTILE.replace('"', "\"\"");
    let row = |n: u32| format!("\"={n}{quoted}\",127.0.2.{n},\"z{quoted}\"\n");
    scratch.put(
        "hosts.csv",
        format!("host,ip,zone\n{}{}{}", row(1), row(2), row(3)),
    );
    scratch.path().to_str().expect("an ASCII path").to_owned()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a sample") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            fs::create_dir_all(&target).expect("a directory");
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The answers of all commands in that format: of a sample, and of the hostile capture.
fn answers(format: &str) -> Vec<Answer> {
    let scratch = Scratch::new("formats");
    let hostile = hostile(&scratch);
    let mut answers = Vec::new();
    for capture in [
        "samples/healthy-six-nodes/capture",
        "samples/majority-lost/capture",
        &hostile,
    ] {
        for command in [
            &["diff", "samples/runbook-before/capture"][..],
            &["check"],
            &["plan"],
            &["impact", "--each", "host"],
            &["impact", "--each", "zone"],
        ] {
            let mut args = command.to_vec();
            // What is compared must be captures of one cluster.
            let other = command[0] == "diff";
            let capture = if other {
                "samples/runbook/capture"
            } else {
                capture
            };
            args.extend([capture, "--format", format]);
            let answer = topoplan(&args);
            if answer.exit == 2 && format != "nagios" {
                assert!(answer.stderr.contains("shows no zone"), "{}", answer.text());
                continue;
            }
            assert!(!answer.stdout.is_empty(), "{args:?} {}", answer.text());
            let odd = |c: char| c != '\n' && topoplan::text::safe::is_unsafe(c);
            assert!(!answer.stdout.contains(odd), "{args:?}: {}", answer.stdout);
            answers.push(answer);
        }
    }
    answers
}

#[test]
fn sarif_is_what_the_standard_demands() {
    let mut results = 0;
    for answer in answers("sarif") {
        let report: Value = serde_json::from_str(&answer.stdout).expect("SARIF is JSON");
        assert_eq!(sarif::violations(&report), [] as [String; 0]);
        let found = report["runs"][0]["results"].as_array().expect("results");
        results += found.len();
    }
    assert!(results > 10, "{results} results");
    for broken in [
        serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [] }] }),
        serde_json::json!({ "version": "2.0.0", "runs": [] }),
        serde_json::json!({ "version": "2.1.0", "runs": [], "more": 1 }),
        serde_json::json!({ "version": "2.1.0", "runs": [{
            "tool": { "driver": { "name": "x", "rules": [{ "id": "A" }] } },
            "results": [{ "message": { "text": "x" }, "ruleId": "B", "ruleIndex": 0 }],
        }] }),
        serde_json::json!({ "version": "2.1.0", "runs": [{
            "tool": { "driver": { "name": "x" } },
            "results": [{ "message": { "text": "x" }, "kind": "pass", "level": "error" }],
        }] }),
    ] {
        assert_eq!(sarif::violations(&broken).len(), 1, "{broken}");
    }
}

#[test]
fn junit_is_xml_and_counts_right() {
    for answer in answers("junit") {
        let mut reader = Reader::from_str(&answer.stdout);
        let (mut cases, mut failures, mut skipped) = (0, 0, 0);
        let mut said: Vec<[usize; 3]> = Vec::new();
        loop {
            let event = reader.read_event().expect("well-formed XML");
            let (Event::Start(tag) | Event::Empty(tag)) = &event else {
                if matches!(event, Event::Eof) {
                    break;
                }
                continue;
            };
            let of = |name: &str| -> usize {
                let mut attributes = tag.attributes().map(|a| a.expect("an attribute"));
                let found = attributes.find(|a| a.key.as_ref() == name);
                let found = found.expect("the attribute is there");
                found.value.parse().expect("a number")
            };
            for attribute in tag.attributes() {
                attribute.expect("attributes are quoted and come once");
            }
            match tag.name().as_ref() {
                "testsuite" => said.push([of("tests"), of("failures"), of("skipped")]),
                "testcase" => cases += 1,
                "failure" => failures += 1,
                "skipped" => skipped += 1,
                _ => {}
            }
        }
        assert_eq!(said, [[cases, failures, skipped]], "{}", answer.stdout);
    }
}

#[test]
fn csv_has_one_width_and_no_formula() {
    for answer in answers("csv") {
        let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
        assert!(reader.headers().expect("a header").len() > 6);
        for record in reader.records() {
            for cell in record.expect("as wide as the header").iter() {
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            }
        }
    }
}

#[test]
fn ndjson_is_an_object_a_line() {
    for answer in answers("ndjson") {
        for line in answer.stdout.lines() {
            let record: Value = serde_json::from_str(line).expect("JSON");
            assert!(record["kind"].is_string(), "{line}");
        }
    }
}

#[test]
fn github_says_what_it_means_and_nothing_else() {
    let command = Regex::new(
        "^::(error|warning|notice) title=[^,:]+(,file=[^,:]+,line=[0-9]+,col=[0-9]+)?::",
    );
    let command = command.expect("a pattern");
    for answer in answers("github") {
        let mut lines: Vec<&str> = answer.stdout.lines().collect();
        let last = lines.pop().expect("a headline");
        assert!(last.starts_with("topoplan "), "{last}");
        for line in lines {
            assert!(command.is_match(line).expect("no limit"), "{line}");
            assert!(!line.contains("%0A::"), "{line}");
        }
    }
}

#[test]
fn nagios_is_a_line_with_its_own_exit_code() {
    let line = Regex::new(
        "^TOPOPLAN (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \\| errors=[0-9]+;;0:0;0 \
         warnings=[0-9]+;0:0;;0 notes=[0-9]+;;;0)?\n$",
    );
    let line = line.expect("a pattern");
    for answer in answers("nagios") {
        assert!(
            line.is_match(&answer.stdout).expect("no limit"),
            "{}",
            answer.stdout
        );
        let word = answer.stdout.split(' ').nth(1).expect("a state");
        let states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];
        assert_eq!(states[usize::from(answer.exit)], word);
    }
    let missing = topoplan(&["check", "no/such/file", "--format", "nagios"]);
    assert_eq!(missing.exit, 3);
    assert!(
        missing.stdout.starts_with("TOPOPLAN UNKNOWN - "),
        "{}",
        missing.stdout
    );
}

#[test]
fn markdown_tables_are_as_wide_as_their_headers() {
    for answer in answers("markdown") {
        let mut width = None;
        for line in answer.stdout.lines() {
            assert!(!line.contains(['<', '>', '@']), "{line}");
            if !line.starts_with('|') {
                width = None;
                continue;
            }
            let bars = line
                .replace("\\\\", "")
                .replace("\\|", "")
                .matches('|')
                .count();
            assert_eq!(*width.get_or_insert(bars), bars, "{line}");
        }
    }
}

/// One sample of the text format: a name, labels, a number.
type Sample = (String, Vec<(String, String)>, u64);

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(|c: char| !c.is_ascii_lowercase() && c != '_')?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, behind) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut chars = behind.char_indices();
            let end = loop {
                match chars.next()? {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match chars.next()?.1 {
                        'n' => '\n',
                        c @ ('\\' | '"') => c,
                        _ => return None,
                    }),
                    (_, c) => value.push(c),
                }
            };
            labels.push((label.to_owned(), value));
            rest = &behind[end + 1..];
            match rest.split_at_checked(1)? {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => return None,
            }
        }
    }
    Some((
        name.to_owned(),
        labels,
        rest.strip_prefix(' ')?.parse().ok()?,
    ))
}

#[test]
fn prometheus_reads_every_sample_once() {
    let mut hosts = 0;
    for answer in answers("prometheus") {
        let mut seen = Vec::new();
        let mut family = String::new();
        for line in answer.stdout.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                family = kind.strip_suffix(" gauge").expect("a gauge").to_owned();
            } else if !line.starts_with("# HELP ") {
                let sample = sample(line).unwrap_or_else(|| panic!("{line}"));
                assert_eq!(sample.0, family);
                hosts += sample
                    .1
                    .iter()
                    .filter(|(_, v)| v.contains("<a>&amp;'"))
                    .count();
                let key = (sample.0, sample.1);
                assert!(!seen.contains(&key), "{line}");
                seen.push(key);
            }
        }
    }
    assert!(hosts > 0, "hostile names are told as they are");
}

#[test]
fn formats_for_programs_are_of_four_commands() {
    let answer = topoplan(&[
        "list",
        "no-slot",
        "samples/one-view/capture",
        "--format",
        "sarif",
    ]);
    assert_eq!(answer.exit, 2, "{}", answer.text());
}
