//! Slots that are shared by what they hold: from the captured answers to the script.

use serde_json::Value;

use crate::common::Scratch;
use crate::common::dump;
use crate::common::topoplan;

/// Three masters that tell what each of their slots holds, as Redis 8.2 prints it through a pipe.
fn capture(name: &str, keys: impl Fn(u32) -> u32) -> Scratch {
    let scratch = Scratch::new(name);
    let slots = [0..5461, 5461..10923, 10923..16384];
    for node in 0..6 {
        let (host, port) = match node {
            0..3 => (node + 1, 7000),
            _ => ((node - 2) % 3 + 1, 7001),
        };
        let folder = format!("10.9.9.{host}_{port}");
        scratch.put(
            &format!("{folder}/cluster-nodes.txt"),
            dump('a', "10.9.9", node),
        );
        if let Some(range) = slots.get(node) {
            let entry = |slot| format!("{slot}\nkey-count\n{}\ncpu-usec\n0\n", keys(slot));
            let stats: String = range.clone().map(entry).collect();
            scratch.put(&format!("{folder}/slot-stats.txt"), stats);
        }
    }
    scratch
}

fn plan(scratch: &Scratch, arguments: &[&str]) -> (u8, Value) {
    let path = scratch.path().to_str().expect("a scratch path is UTF-8");
    let answer = topoplan(&[&["plan", path, "--format", "json"], arguments].concat());
    let json = serde_json::from_str(&answer.stdout);
    let json = json.unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    (answer.exit, json)
}

#[test]
fn keys_are_shared_by_what_every_slot_holds() {
    let heavy = |slot: u32| if slot < 2000 { 50 } else { 10 + slot % 3 };
    let scratch = capture("slots-by-keys", heavy);
    let file = scratch.path().with_extension("plan.json");
    let file = file.to_str().expect("a scratch path is UTF-8");
    let (exit, json) = plan(&scratch, &["--balance-slots=keys", "-o", file]);
    assert_eq!(exit, 0, "{json}");
    let load = &json["reshard"]["load"];
    assert_eq!(load["by"], "keys");
    let [moved, bound] = ["moved", "bound"].map(|name| load[name].as_u64().expect("a number"));
    assert!(bound > 0 && moved >= bound && moved <= bound + 100, "{load}");
    // What is left everywhere is within 2 % of a third, and the steps say so themselves.
    let mut held = [0u64; 3];
    let mut owner: Vec<usize> = (0..16384)
        .map(|s| usize::from(s >= 5461) + usize::from(s >= 10923))
        .collect();
    let steps = json["steps"].as_array().expect("steps");
    for step in steps {
        let to = step["target_address"].as_str().expect("a target");
        let to = ["10.9.9.1:7000", "10.9.9.2:7000", "10.9.9.3:7000"]
            .iter()
            .position(|a| *a == to)
            .expect("a master");
        for range in step["slots"].as_str().expect("slots").split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let [first, last] = [first, last].map(|s| s.parse::<usize>().expect("a slot"));
            owner[first..=last].fill(to);
        }
    }
    for (slot, &who) in owner.iter().enumerate() {
        held[who] += u64::from(heavy(slot as u32));
    }
    let third = held.iter().sum::<u64>() / 3;
    let near = |n: &u64| n.abs_diff(third) * 100 <= third * 2 + 100 * 50;
    assert!(held.iter().all(near), "{held:?}");
    let verified = topoplan(&["verify", file]);
    assert_eq!(verified.exit, 0, "{verified:?}");
    let script = topoplan(&["script", file, "--tool", "redis-cli"]);
    assert_eq!(script.exit, 0, "{script:?}");
    std::fs::remove_file(file).expect("it was written");
}

#[test]
fn what_is_shared_by_now_stays() {
    let scratch = capture("slots-even", |_| 7);
    let (exit, json) = plan(&scratch, &["--balance-slots=keys"]);
    assert_eq!((exit, &json["steps"]), (0, &serde_json::json!([])));
    let load = serde_json::json!({"by": "keys", "moved": 0, "bound": 0});
    assert_eq!(json["reshard"]["load"], load);
    // Memory cannot be told from keys alone.
    let (exit, json) = plan(&scratch, &["--balance-slots=memory"]);
    assert_eq!((exit, &json["steps"]), (3, &serde_json::json!([])));
}
