//! Generated documents are current. Locally a stale one is rewritten; under CI it fails.

use std::fs;
use std::path::Path;

use crate::common::topoplan;

fn current(path: &str, document: &str) {
    let answer = topoplan(&["docs", document]);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    assert!(!answer.stdout.is_empty(), "docs {document} printed nothing");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if fs::read_to_string(&path).is_ok_and(|text| text == answer.stdout) {
        return;
    }
    let shown = path.display();
    assert!(
        std::env::var_os("CI").is_none(),
        "{shown} is stale: run the tests without CI set, and commit what they write"
    );
    let dir = path.parent().expect("a document is in a directory");
    fs::create_dir_all(dir).expect("the directory of documents");
    fs::write(&path, answer.stdout).expect("the document");
    eprintln!("rewrote {shown}");
}

#[test]
fn the_rules() {
    current("docs/rules.md", "rules");
}

#[test]
fn the_catalogue() {
    current("docs/catalogue.md", "catalogue");
}

#[test]
fn the_diagnostics() {
    current("docs/diagnostics.md", "diagnostics");
}

#[test]
fn the_schema() {
    current("docs/report.schema.json", "schema");
}

#[test]
fn explain_finds_every_rule_by_code_and_by_name() {
    for rule in topoplan::rules::all() {
        let by_code = topoplan(&["explain", rule.code.as_str()]);
        let by_name = topoplan(&["explain", rule.id]);
        assert_eq!(by_code.exit, 0, "{}", by_code.text());
        assert!(by_code.stdout.contains(rule.id), "{}", by_code.stdout);
        assert_eq!(by_code.stdout, by_name.stdout);
    }
}

#[test]
fn explain_finds_every_diagnostic() {
    for code in topoplan::diagnostic::Code::all() {
        let answer = topoplan(&["explain", code.as_str()]);
        assert_eq!(answer.exit, 0, "{}", answer.text());
        for head in [code.as_str(), "What", "Why", "Do"] {
            assert!(answer.stdout.contains(head), "{}", answer.stdout);
        }
    }
    let shouted = topoplan(&["explain", "PARSE/NODE-ID", "--format", "json"]);
    let page = crate::command_line::json(&shouted);
    assert_eq!(page["code"], "parse/node-id");
    assert!(page["rule"].is_null(), "{page}");
}

#[test]
fn an_unknown_code_comes_with_a_suggestion() {
    let answer = topoplan(&["explain", "P01"]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""));
    assert!(
        answer.stderr.contains("did you mean `P001`?"),
        "{}",
        answer.stderr
    );
}
