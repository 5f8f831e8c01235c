//! `lint`: what this program writes itself draws no complaint, and what documents have does.

use std::fs;

use crate::common::Scratch;
use crate::common::topoplan;

#[test]
fn our_own_scripts_are_clean() {
    let scratch = Scratch::new("lint-own");
    let at = |name: &str| {
        let path = scratch.path().join(name);
        path.to_str().expect("a plain path").to_owned()
    };
    let mut clean = 0;
    for sample in fs::read_dir("samples").expect("the samples") {
        let capture = sample.expect("a sample").path().join("capture");
        let capture = capture.to_str().expect("a plain name");
        let plan = at("plan.json");
        let _ = fs::remove_file(&plan);
        if topoplan(&["plan", capture, "-o", &plan]).exit != 0 {
            continue;
        }
        for tool in ["redis-cli", "valkey-cli", "flashbase"] {
            let script = topoplan(&["script", &plan, "--tool", tool]);
            if script.exit != 0 {
                continue;
            }
            let file = scratch.put("script.sh", &script.stdout);
            let file = file.to_str().expect("a plain path");
            let answer = topoplan(&["lint", file, capture, "--fail-on", "warning"]);
            assert_eq!(answer.exit, 0, "{capture} {tool}\n{}", answer.text());
            clean += 1;
        }
    }
    assert!(clean > 60, "{clean}");
}

#[test]
fn a_list_is_read_from_standard_input() {
    let list = b"flashbase do-replicate 127.0.0.1:18252 127.0.0.1:18202\n";
    let args = ["lint", "-", "samples/runbook/capture", "--format", "json"];
    let answer = crate::common::topoplan_with(&args, list);
    assert_eq!(answer.exit, 1);
    assert!(answer.stdout.contains("\"L006\""), "{}", answer.text());
    let twice = topoplan(&["lint", "-", "-"]);
    assert_eq!(twice.exit, 2);
}

#[test]
fn every_code_has_a_page() {
    for code in ["L001", "l006", "told-to-some"] {
        let answer = topoplan(&["explain", code]);
        assert_eq!(answer.exit, 0, "{}", answer.text());
        assert!(answer.stdout.contains("What"), "{}", answer.text());
    }
}
