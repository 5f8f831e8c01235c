//! What must hold for every plan: over clusters drawn at random, over the samples, and over the
//! captures beside the repository where they exist.

pub mod generator;
mod oracles;
mod resharded;
mod truth;

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::generator::Draw;
use self::generator::draws;
use crate::common::drawn::config;
use topoplan::inventory;
use topoplan::inventory::Inventory;
use topoplan::plan::Request;
use topoplan::policy::Flag;
use topoplan::policy::Policy;
use topoplan::rules::Code;
use topoplan::text::Source;

/// Into how many tests the cases are dealt, as each test runs on one core.
const SHARES: usize = 6;

#[test]
fn every_plan_of_a_random_cluster_is_sound_1() {
    judge_share(0);
}

#[test]
fn every_plan_of_a_random_cluster_is_sound_2() {
    judge_share(1);
}

#[test]
fn every_plan_of_a_random_cluster_is_sound_3() {
    judge_share(2);
}

#[test]
fn every_plan_of_a_random_cluster_is_sound_4() {
    judge_share(3);
}

#[test]
fn every_plan_of_a_random_cluster_is_sound_5() {
    judge_share(4);
}

#[test]
fn every_plan_of_a_random_cluster_is_sound_6() {
    judge_share(5);
}

/// Judges every case of the property whose number leaves `share` over. All shares make the same
/// draws.
fn judge_share(share: usize) {
    let drawn = Cell::new(0);
    // Once a case fails, by a complaint or a panic, all that follow are attempts to shrink it.
    let failed = Cell::new(false);
    let mut runner = TestRunner::new(config(300, 4_000));
    let outcome = runner.run(&draws(), |draw| {
        let number = drawn.replace(drawn.get() + 1);
        let shrinks = failed.get();
        if !shrinks && number % SHARES != share {
            return Ok(());
        }
        failed.set(true);
        judge_draw(&draw).map_err(TestCaseError::fail)?;
        failed.set(shrinks);
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

fn judge_draw(draw: &Draw) -> Result<(), String> {
    let cluster = draw.cluster();
    let inventory = Inventory {
        policy: draw.policy(&cluster),
        cluster,
        ..Inventory::default()
    };
    oracles::judge(&inventory, &draw.request)?;
    truth::judge(&inventory)
}

proptest! {
    #![proptest_config(config(60, 4_000))]

    #[test]
    fn every_plan_for_slots_is_sound(draw in resharded::draws()) {
        if let Err(why) = resharded::judge(&draw) {
            return Err(TestCaseError::fail(why));
        }
    }
}

#[test]
fn every_plan_of_the_samples_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let judged = judge_all(&root);
    assert!(judged > 0, "there are samples");
}

#[test]
fn every_plan_of_the_captures_is_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let judged = judge_all(&root);
    // To the real standard error, as the harness hides what a test that passes prints.
    let _ = writeln!(std::io::stderr(), "plans of captures judged: {judged}");
}

/// Plans every `*/capture` below `root` under several requests; how many plans were judged.
fn judge_all(root: &Path) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path().join("capture")))
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    let mut complaints = Vec::new();
    let mut judged = 0;
    for folder in &folders {
        let inventory = inventory::read(sources(folder), Policy::default());
        for (flags, request) in requests() {
            judged += 1;
            if let Err(why) = oracles::judge(&inventory, &request) {
                complaints.push(format!("{} {flags}: {why}", folder.display()));
            }
        }
        if let Err(why) = truth::judge(&inventory) {
            complaints.push(format!("{}: {why}", folder.display()));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    judged
}

fn requests() -> Vec<(&'static str, Request)> {
    let default = Request::default();
    vec![
        ("by default", default.clone()),
        (
            "with moves",
            Request {
                flags: [Flag::AllowMoves].into(),
                ..default.clone()
            },
        ),
        (
            "dead forgotten",
            Request {
                flags: [Flag::ForgetDead].into(),
                ..default.clone()
            },
        ),
        (
            "spares kept",
            Request {
                flags: [Flag::KeepSpares].into(),
                ..default.clone()
            },
        ),
        (
            "slots settled",
            Request {
                flags: [Flag::SettleSlots].into(),
                ..default.clone()
            },
        ),
        (
            "home only",
            Request {
                only: [Code::AwayFromHome].into(),
                ..default
            },
        ),
    ]
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let source = |path: &PathBuf| {
        let name = path
            .strip_prefix(folder)
            .expect("it is below")
            .to_string_lossy();
        let text = String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned();
        Source::new(&name, text, String::new())
    };
    files.iter().map(source).collect()
}
