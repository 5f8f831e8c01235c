//! Slots that servers move by themselves: who is told, what is waited for, when it stops.

use topoplan::action::StepMode;
use topoplan::emit::testing;
use topoplan::report::Step;

use super::fake::Fake;
use super::fake::M;
use super::fake::R;
use super::fake::line;

/// M owns `left`, R owns `right`, both as both see it.
fn views(left: &str, right: &str) -> [Vec<String>; 2] {
    let (m, r) = (("master", left), ("master", right));
    let own = |flags: &str| format!("myself,{flags}");
    [
        vec![line(M, &own(m.0), "-", m.1), line(R, r.0, "-", r.1)],
        vec![line(M, m.0, "-", m.1), line(R, &own(r.0), "-", r.1)],
    ]
}

fn show(fake: &Fake, left: &str, right: &str) {
    let [at_m, at_r] = views(left, right);
    for (at, lines) in [(M, at_m), (R, at_r)] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        fake.view(at, &lines);
    }
}

const TASK: &str = "0123456789012345678901234567890123456789";

/// What Redis answers to `CLUSTER MIGRATION STATUS ALL` (`replyTaskStatus`).
fn status(state: &str, error: &str) -> String {
    format!(
        "id\n{TASK}\nslots\n0-9\nsource\n{}\ndest\n{}\noperation\nimport\nstate\n{state}\n\
         last_error\n{error}\nretries\n0\ncreate_time\n1\nstart_time\n2\nend_time\n0\nwrite_pause_ms\n0\n",
        M.0, R.0
    )
}

fn two_masters(name: &str) -> Fake {
    let fake = Fake::new(name);
    show(&fake, "0-8191", "8192-16383");
    fake
}

fn importing() -> Vec<Step> {
    vec![testing::migrate(1, StepMode::Import, M, R, "0-9")]
}

const SENT: [&str; 1] = ["127.0.0.2:7001 CLUSTER MIGRATION IMPORT 0 9"];

#[test]
fn a_target_of_redis_is_told_to_import_and_its_word_is_waited_for() {
    let fake = two_masters("import");
    let [at_m, at_r] = views("10-8191", "0-9 8192-16383");
    let mut effect = String::new();
    for (at, lines) in [(M, at_m), (R, at_r)] {
        effect += &format!("printf '%s\\n' '{}' >{}/nodes\n", lines.join("' '"), at.1);
    }
    fake.write("then/CLUSTER-MIGRATION-IMPORT-0-9", &effect);
    fake.run(importing(), &["--apply"])
        .ends(0, "done 1")
        .sent(&SENT);
    fake.run(importing(), &["--apply"])
        .ends(0, "skipped 1")
        .sent(&SENT);
}

#[test]
fn what_runs_already_is_not_asked_for_again_and_what_was_cancelled_stops() {
    let fake = two_masters("import-runs");
    let says = |name: &str, text: String| {
        fake.write(&format!("{}/{name}", R.1), &text);
    };
    says("migration", status("streaming-buffer", ""));
    says("migration-next", status("canceled", "user request"));
    fake.run(importing(), &["--apply"])
        .ends(1, "canceled, user request")
        .sent(&[]);
    fake.fresh()
        .run(importing(), &["--apply"])
        .ends(1, "canceled, user request")
        .sent(&SENT);
}
