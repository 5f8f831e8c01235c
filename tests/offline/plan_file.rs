//! Plan files that other versions wrote, and large ones.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use crate::common::Scratch;
use crate::common::topoplan;

/// Files as the first version of the format has them, each a plan of a sample.
fn first_version() -> Vec<(String, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offline/plans");
    let files = fs::read_dir(dir).expect("the folder is there");
    let mut paths: Vec<_> = files.map(|f| f.expect("an entry").path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 3);
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).expect("it is text");
        (path.to_str().expect("UTF-8").to_owned(), text)
    };
    paths.iter().map(read).collect()
}

/// It takes over, and the format had no word for who must be dead for that.
const TAKES_OVER: &str = "v1-majority-lost.json";

#[test]
fn plan_files_of_the_first_version_are_still_carried_out() {
    for (path, text) in first_version() {
        let plan: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(plan["schema_version"], 1);
        for tool in ["redis-cli", "flashbase"] {
            let script = topoplan(&["script", &path, "--tool", tool]);
            if path.ends_with(TAKES_OVER) {
                assert_eq!((script.exit, script.stdout.as_str()), (3, ""), "{path}");
                assert!(script.stderr.contains("plan again"), "{}", script.stderr);
                continue;
            }
            assert_eq!((script.exit, script.stderr.as_str()), (0, ""), "{path}");
            let id = plan["plan_id"].as_str().expect("an id");
            assert!(script.stdout.contains(id), "{path}");
        }
    }
}

#[test]
fn an_edited_file_of_the_first_version_is_refused() {
    let scratch = Scratch::new("edited-v1");
    for (path, text) in first_version() {
        let edited = text.replacen("\"wave\": 1", "\"wave\": 7", 1);
        assert_ne!(edited, text, "{path}");
        let file = scratch.put("edited.json", edited);
        let file = file.to_str().expect("UTF-8");
        let script = topoplan(&["script", file, "--tool", "redis-cli"]);
        assert_eq!(script.exit, 2, "{path}");
        assert!(script.stderr.contains("--accept-edits"), "{path}");
        let script = topoplan(&["script", file, "--tool", "redis-cli", "--accept-edits"]);
        let refused = path.ends_with(TAKES_OVER);
        assert_eq!(script.exit, if refused { 3 } else { 0 }, "{path}");
    }
}

/// One view of masters, as many blank nodes to copy them, and as many ghosts.
fn ghosts_and_spares(masters: usize) -> String {
    let mut view = String::new();
    let id = |kind: &str, n: usize| format!("{kind}{n:039}");
    for n in 0..masters {
        let (low, high) = (n * 16384 / masters, (n + 1) * 16384 / masters - 1);
        let myself = if n == 0 { "myself," } else { "" };
        let (host, m) = (n % 200, id("a", n));
        let _ = writeln!(
            view,
            "{m} 10.1.{host}.1:{}@17000 {myself}master - 0 0 {} connected {low}-{high}",
            7000 + n / 200,
            n + 1,
        );
        let spare = (n + 1) % 200;
        let _ = writeln!(
            view,
            "{} 10.1.{spare}.1:{}@17000 master - 0 0 0 connected",
            id("b", n),
            8000 + n / 200,
        );
        let _ = writeln!(
            view,
            "{} :0@0 slave,noaddr {m} 1 1 1 disconnected",
            id("c", n)
        );
    }
    view
}

#[test]
fn a_plan_file_grows_with_its_steps() {
    for masters in [60, 240] {
        let scratch = Scratch::new("grows");
        scratch.put("view.txt", ghosts_and_spares(masters));
        let capture = scratch.path().to_str().expect("UTF-8");
        let apart = Scratch::new("grows-plan");
        let file = apart.path().join("plan.json");
        let file = file.to_str().expect("UTF-8");
        let plan = topoplan(&["plan", capture, "-o", file]);
        assert_eq!(plan.exit, 0, "{}", plan.stderr);
        let text = fs::read_to_string(file).expect("it was written");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let steps = json["steps"].as_array().expect("a list");
        let of = |action: &str| steps.iter().filter(|s| s["action"] == action).count();
        assert_eq!((of("replicate"), of("forget")), (masters, masters));
        let spelt = serde_json::to_string_pretty(&json["steps"]).expect("it was JSON");
        assert!(
            spelt.len() / steps.len() < 2048,
            "{} bytes in {} steps",
            spelt.len(),
            steps.len()
        );
        let script = topoplan(&["script", file, "--tool", "redis-cli"]);
        assert_eq!(script.exit, 0, "{}", script.stderr);
        assert!(script.stdout.len() / steps.len() < 6000);
    }
}
