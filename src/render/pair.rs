//! The answer of `pair` as a list of commands; what is said about them are comments in it.

use crate::report::PairReport;
use crate::text::safe::safe;
use crate::text::words::count;

/// One command a line.
pub fn pair(report: &PairReport) -> String {
    let mut out = String::new();
    let mut say = |text: &str| {
        out.push_str(&safe(text));
        out.push('\n');
    };
    let apart = match (report.pairs.len(), report.sharing_host) {
        (0, _) => String::new(),
        (_, 0) => ", each on two hosts".to_owned(),
        (_, n) => format!(", {n} on one host each, as no other choice has fewer"),
    };
    say(&format!("# {}{apart}", count(report.pairs.len(), "pair")));
    if !report.checked {
        say("# no capture was given: nobody looked whether these are replicas and masters");
    }
    for pair in &report.pairs {
        if !pair.shares.is_empty() {
            let shares = pair.shares.join(" and ");
            say(&format!(
                "# {} shares the {shares} of its master",
                pair.replica
            ));
        }
        for command in &pair.commands {
            say(command);
        }
    }
    for (what, left) in [
        ("replica is left without a master", &report.left_replicas),
        ("master is left without a replica", &report.left_masters),
    ] {
        for node in left {
            say(&format!("# {node}: this {what}"));
        }
    }
    out
}
