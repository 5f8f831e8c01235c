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

/// The lists that operators' own documents have, on the states that they show. They lie beside the
/// repository; without them this has nothing to judge and says so. Made-up copies are in
/// `samples/handmade-lists` and `samples/fedb-new-tablet`.
#[test]
fn the_lists_of_documents_give_exactly_these() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let Ok(files) = fs::read_dir(&folder) else {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"no documents beside the repository: nothing judged\n",
        );
        return;
    };
    let files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    let scratch = Scratch::new("lint-documents");
    // Lines from 1, both ends in them.
    type Parts<'a> = (&'a str, &'a [(usize, usize)]);
    let part = |name: &str, (document, parts): Parts| {
        let named = |path: &&std::path::PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(document)
        };
        let path = files.iter().find(named).expect("all of them are there");
        let bytes = fs::read(path).expect("a document");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let all = parts.iter().flat_map(|&(from, to)| &lines[from - 1..to]);
        let all: Vec<&str> = all.copied().collect();
        scratch
            .put(name, all.join("\n") + "\n")
            .display()
            .to_string()
    };
    enum State<'a> {
        Sample(&'a str),
        Shown(Parts<'a>),
    }
    let (dead, reborn) = (
        "samples/handmade-lists/capture/dead",
        "samples/runbook/capture",
    );
    const TABLETS: (usize, usize) = (77, 82);
    const MORE: [(usize, usize); 2] = [(154, 161), (171, 179)];
    type Said<'a> = &'a [(u64, &'a str)];
    let table: [(&str, Parts, State, Said); 11] = [
        (
            "slots given away without a new epoch",
            ("001", &[(45, 60)]),
            State::Sample(dead),
            &[(14, "L002")],
        ),
        (
            "replicas first",
            ("000", &[(241, 241), (264, 264)]),
            State::Sample(reborn),
            &[],
        ),
        (
            "the wrong way round",
            ("000", &[(290, 290)]),
            State::Sample(reborn),
            &[(1, "L001"), (1, "L006")],
        ),
        (
            "pairs of another cluster",
            ("000", &[(230, 232)]),
            State::Sample(reborn),
            &[(2, "L010"), (3, "L010")],
        ),
        (
            "a cluster made by hand on one host",
            ("003", &[(126, 138)]),
            State::Shown(("003", &[(119, 124)])),
            &[(2, "L003"), (5, "L003"), (8, "L003")],
        ),
        (
            "a node that lives is forgotten",
            ("003", &[(183, 189)]),
            State::Shown(("003", &[(174, 180)])),
            &[(2, "L005")],
        ),
        (
            "taken out while auto_failover is on",
            ("002", &[(54, 54)]),
            State::Shown(("002", &[(16, 19), (32, 40), TABLETS])),
            &[(1, "L007")],
        ),
        (
            "recovered after it was taken out",
            ("002", &[(83, 83)]),
            State::Shown(("002", &[(22, 25), (56, 64), TABLETS])),
            &[],
        ),
        (
            "moved while auto_failover is on",
            ("002", &[(180, 180)]),
            State::Shown(("002", &[(16, 19), MORE[0], MORE[1]])),
            &[(1, "L007")],
        ),
        (
            "moved while nothing tells whether it is",
            ("002", &[(180, 180)]),
            State::Shown(("002", &MORE)),
            &[(1, "L007")],
        ),
        (
            "an upgrade while auto_failover is on",
            ("002", &[(220, 223)]),
            State::Shown(("002", &[(16, 19), MORE[0], MORE[1]])),
            &[(1, "L007"), (3, "L007")],
        ),
    ];
    for (about, list, state, expected) in table {
        let list = part("list.txt", list);
        let capture = match state {
            State::Sample(path) => path.to_owned(),
            State::Shown(parts) => part("state.txt", parts),
        };
        let answer = topoplan(&["lint", &list, &capture, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&answer.stdout)
            .unwrap_or_else(|_| panic!("{about}: {}", answer.text()));
        let found = report["findings"].as_array().expect("a list").iter();
        let found: Vec<(u64, &str)> = found
            .map(|f| {
                let line = f["line"].as_u64().expect("a line");
                (line, f["code"].as_str().expect("a code"))
            })
            .collect();
        assert_eq!(found, expected, "{about}: {}", answer.text());
    }
}
