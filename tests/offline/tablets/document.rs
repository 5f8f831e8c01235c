//! The states that the operators' own document goes through, as it prints them, and what it does in
//! each. It lies beside the repository; without it this has nothing to judge and says so. Made-up
//! copies of the same states are in `samples/fedb-procedures`.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::common::Scratch;
use crate::common::topoplan;

/// Lines of the document, from 1, both ends in it.
type Lines = (usize, usize);

const OFF: Lines = (22, 25);
const ELECTING: Lines = (32, 40);
const TAKEN_OUT: Lines = (56, 64);
const BACK: Lines = (77, 82);
const RECOVERING: Lines = (85, 95);
const RECOVERED: Lines = (102, 122);
const FOUR_TABLETS: Lines = (154, 161);
const BEFORE_MOVE: Lines = (171, 179);
const AFTER_MOVE: Lines = (181, 193);

struct Document {
    lines: Vec<String>,
    scratch: Scratch,
}

impl Document {
    fn read() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
        let files = fs::read_dir(folder).ok()?.flatten();
        let mut named = files.filter(|f| f.file_name().to_string_lossy().starts_with("002_"));
        let text = fs::read_to_string(named.next()?.path()).ok()?;
        Some(Self {
            lines: text.lines().map(str::to_owned).collect(),
            scratch: Scratch::new("document"),
        })
    }

    fn capture(&self, parts: &[Lines]) -> String {
        let part = |&(from, to): &Lines| self.lines[from - 1..to].join("\n") + "\n";
        let text: String = parts.iter().map(part).collect();
        self.scratch.put("night.txt", text).display().to_string()
    }

    /// Exit code and what is asked for, of a plan.
    fn plan(&self, parts: &[Lines], arguments: &[&str]) -> (u8, Vec<String>) {
        let capture = self.capture(parts);
        let words = [&["plan", &capture, "--format", "json"], arguments].concat();
        let answer = topoplan(&words);
        let plan: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        let steps = plan["steps"].as_array().expect("a list").iter();
        let said = |step: &Value| match step["command"].as_str() {
            Some(command) => command.to_owned(),
            None => format!("{} {}", step["action"], step["address"]).replace('"', ""),
        };
        (answer.exit, steps.map(said).collect())
    }
}

#[test]
fn its_states_lead_to_what_it_does() {
    let Some(document) = Document::read() else {
        let _ = writeln!(
            std::io::stderr(),
            "no document beside the repository: nothing judged"
        );
        return;
    };
    let capture = document.capture(&[(16, 19), BACK, ELECTING]);
    let check = topoplan(&["check", &capture]);
    assert_eq!(check.exit, 1, "{}", check.text());
    assert!(check.stdout.contains("T001"), "{}", check.text());
    // The name server elects by itself.
    assert_eq!(document.plan(&[(16, 19), BACK, ELECTING], &[]), (3, vec![]));
    // L83: one command brings all of it back.
    let one = vec!["recoverendpoint 172.27.128.32:8541".to_owned()];
    assert_eq!(document.plan(&[OFF, TAKEN_OUT, BACK], &[]), (0, one));
    // L98: what runs is waited for.
    let running = [OFF, TAKEN_OUT, BACK, RECOVERING];
    assert_eq!(document.plan(&running, &[]), (3, vec![]));
    let done = [OFF, TAKEN_OUT, BACK, RECOVERING, RECOVERED];
    assert_eq!(document.plan(&done, &[]), (0, vec![]));
    // L180: a follower moves to the new tablet; the document has two equal ones to choose from.
    let (exit, moved) = document.plan(&[OFF, FOUR_TABLETS, BEFORE_MOVE], &["--only", "T007"]);
    assert_eq!((exit, moved.len()), (0, 1), "{moved:?}");
    assert!(
        moved[0].starts_with("migrate ") && moved[0].ends_with(" 172.27.128.37:8541"),
        "{moved:?}"
    );
    let after = [OFF, FOUR_TABLETS, AFTER_MOVE];
    assert_eq!(document.plan(&after, &["--only", "T007"]), (0, vec![]));
    // L196: one tablet after the other, each taken out and recovered.
    let (exit, upgrade) = document.plan(&done, &["--restart", "all", "--skip", "P005"]);
    let of = |verb: &str| upgrade.iter().filter(|said| said.starts_with(verb)).count();
    let counted = [of("offlineendpoint"), of("restart"), of("recoverendpoint")];
    assert_eq!(
        (exit, counted, upgrade.len()),
        (0, [3, 3, 3], 9),
        "{upgrade:?}"
    );
}
