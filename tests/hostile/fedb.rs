//! The other family: what is cut, widened, repeated or painted in its tables is said, and nothing of
//! it is taken for something else.

use std::collections::BTreeMap;

use topoplan::inventory;
use topoplan::inventory::Inventory;
use topoplan::model::Health;
use topoplan::policy::Policy;
use topoplan::text::Source;

use crate::Numbers;
use crate::common::topoplan_with;

const SESSION: &str = "\
> confget
  key                 value
-----------------------------
  auto_failover       false
> showns
  endpoint       real_endpoint  role
-----------------------------------------
  10.0.0.1:6527  -              leader
  10.0.0.2:6527  -              standby
> showtablet
  endpoint       state           age
--------------------------------------
  10.0.0.1:9527  kTabletHealthy  15d
  10.0.0.2:9527  kTabletOffline  4m
  10.0.0.3:9527  kTabletHealthy  15d
> showtable
  name    tid  pid  endpoint       role      is_alive  offset  record_cnt  memused    diskused
-----------------------------------------------------------------------------------------------
  orders  7    0    10.0.0.2:9527  leader    yes       9120    9120        9.128 K    0.000
  orders  7    0    10.0.0.3:9527  follower  yes       9118    9118        9.126 K    0.000
  orders  7    12   10.0.0.3:9527  leader    yes       8744    8744        8.902 K    0.000
  sums    9    0    10.0.0.1:9527  leader    no        12      12          498.000    0.000
> showopstatus
  op_id  op_type          name    pid  status   start_time      execute_time  end_time        cur_task
-------------------------------------------------------------------------------------------------------
  70     kChangeLeaderOP  orders  12   kDone    20260301020000  1s            20260301020001  -
  171    kMigrateOP       orders  0    kFailed  20260301020000  1s            20260301020001  -
";

fn read(text: &str) -> Inventory {
    let source = Source::new("night", text.to_owned(), String::new());
    inventory::read([source], Policy::default())
}

/// Everything that a capture tells, by what it is about.
fn facts(inventory: &Inventory) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let Some(seen) = &inventory.tablets else {
        return facts;
    };
    let state = &seen.state;
    if let Some(value) = state.auto_failover {
        facts.insert("auto_failover".to_owned(), value.to_string());
    }
    for tablet in state.tablets.iter().filter(|t| t.health != Health::Unknown) {
        facts.insert(
            format!("tablet {}", tablet.endpoint),
            format!("{:?}", tablet.health),
        );
    }
    for server in &state.name_servers {
        facts.insert(
            format!("name server {}", server.endpoint),
            server.leads.to_string(),
        );
    }
    for partition in &state.partitions {
        for held in &partition.copies {
            let of = format!("{partition} on {}", state.endpoint(held.tablet));
            let what = format!(
                "{} {} {:?} {:?}",
                held.leader, held.alive, held.offset, held.memory
            );
            facts.insert(of, what);
        }
    }
    for op in &state.ops {
        facts.insert(format!("op {}", op.id), format!("{op:?}"));
    }
    facts
}

/// A file may end anywhere. What is left of a row is what it was, or it is said.
#[test]
fn a_session_that_ends_anywhere_loses_nothing_silently() {
    let whole = facts(&read(SESSION));
    assert_eq!(whole.len(), 12);
    let (mut complaints, mut before) = (Vec::new(), BTreeMap::new());
    // From the first row of the first table on.
    for end in SESSION.find("  auto_failover").expect("a row")..SESSION.len() {
        let text = &SESSION[..end];
        let last = text.rsplit('\n').next().unwrap_or("");
        let inventory = read(text);
        let said = !inventory.diagnostics.is_empty();
        for (of, what) in facts(&inventory) {
            // Where cells beside it are not there yet they are unknown, not something else.
            let same = whole.get(&of).is_some_and(|was| *was == what);
            if !same && !said {
                complaints.push(format!("{last:?}: {of} is {what}"));
            }
        }
        let line = SESSION
            .lines()
            .nth(text.lines().count().saturating_sub(1))
            .unwrap_or("");
        let is_row =
            line.starts_with("  ") && !last.trim().is_empty() && last.trim_end() != line.trim_end();
        if last.is_empty() {
            before = facts(&inventory);
        }
        if is_row && !said && facts(&inventory) == before {
            complaints.push(format!("{last:?} tells nothing, and nothing is said"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// One row in place of the last copy, and whether something must be said.
#[test]
fn rows_that_are_none_are_said() {
    let row = "  sums    9    0    10.0.0.1:9527  leader    no        12      12          498.000    0.000";
    let bad = [
        "  sums    9    0    10.0.0.1:9527  leader    no        12      12          498.000    0.000  0.000",
        "  my sums 9    0    10.0.0.1:9527  leader    no        12      12          498.000    0.000",
        "  sums    9    0    10.0.0.1:9527  leader    no        1x2     12          498.000    0.000",
        "  sums    9    0    10.0.0.1:9527  no        leader    12      12          498.000    0.000",
        "  sums    9    -1   10.0.0.1:9527  leader    no        12      12          498.000    0.000",
        "  sums    9    0    10.0.0.1:9527  leader    no",
        "  $(id)   9    0    10.0.0.1:9527  leader    no        12      12          498.000    0.000",
        "  sums    9    0    `reboot`       leader    no        12      12          498.000    0.000",
        "  sums    9    0    10.0.0.1:9527  leader    \u{1b}[31mno  12   12          498.000    0.000",
        "  orders  7    12   10.0.0.3:9527  follower  no        12      12          498.000    0.000",
    ];
    for bad in bad {
        assert!(SESSION.contains(row));
        let inventory = read(&SESSION.replace(row, bad));
        assert!(!inventory.diagnostics.is_empty(), "{bad}");
    }
    for (good, bad) in [
        (
            "10.0.0.2:9527  kTabletOffline",
            "10.0.0.2:9527  kTabletSleeping",
        ),
        ("auto_failover       false", "auto_failover       maybe"),
        (
            "10.0.0.2:6527  -              standby",
            "10.0.0.2:6527  -              stand",
        ),
        ("171    kMigrateOP", "17a    kMigrateOP"),
        ("kFailed", "kFaild"),
        (
            "  10.0.0.3:9527  kTabletHealthy  15d",
            "  10.0.0.3:9527  kTabletHealthy  15d\n  10.0.0.3:9527  kTabletOffline  15d",
        ),
    ] {
        assert!(SESSION.contains(good), "{good}");
        let inventory = read(&SESSION.replace(good, bad));
        assert!(!inventory.diagnostics.is_empty(), "{bad}");
    }
}

/// What a name server never prints, and what it prints a hundred times.
const WORDS: [&str; 22] = [
    "\n",
    "\r\n",
    "\t",
    "\0",
    "  ",
    " ",
    "-",
    "---",
    "\u{1b}[31m",
    "\u{202e}",
    "é",
    "$(reboot)",
    "yes",
    "no",
    "leader",
    "kTabletOffline",
    "99999999999999999999",
    "-1",
    "9.128 K",
    "> showtable\n",
    "name  tid  pid  endpoint  role\n",
    "failed to migrate partition. error msg: x\n",
];

/// Every command that takes such a capture survives it, and paints no terminal.
#[test]
fn mangled_sessions_are_survived_by_every_command() {
    const COMMANDS: [&[&str]; 6] = [
        &["check", "-", "--format", "json"],
        &["plan", "-", "--force", "a drill"],
        &[
            "plan",
            "-",
            "--force",
            "a drill",
            "--drain",
            "node:10.0.0.3:9527",
            "--stop",
        ],
        &[
            "impact",
            "-",
            "--pairs",
            "node",
            "--require",
            "serve,copies=2",
        ],
        &["list", "no-leader", "-"],
        &["show", "-", "--as", "matrix"],
    ];
    for number in 0..50 {
        let mut numbers = Numbers(number);
        let mut text = SESSION.to_owned();
        for _ in 0..=numbers.below(5) {
            let at = numbers.below(text.len() + 1);
            let at = (at..=text.len())
                .find(|&at| text.is_char_boundary(at))
                .unwrap_or(text.len());
            match numbers.below(4) {
                0 => text.truncate(at),
                1 => {
                    let end = (at + numbers.below(80)).min(text.len());
                    let end = (end..=text.len())
                        .find(|&e| text.is_char_boundary(e))
                        .unwrap_or(text.len());
                    text.replace_range(at..end, "");
                }
                2 => text.insert_str(at, WORDS[numbers.below(WORDS.len())]),
                _ => {
                    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                    let line = lines
                        .get(numbers.below(lines.len()))
                        .cloned()
                        .unwrap_or_default();
                    text.insert_str(at, &format!("\n{line}\n"));
                }
            }
        }
        for arguments in COMMANDS {
            let answer = topoplan_with(arguments, text.as_bytes());
            let odd = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            let all = answer.text();
            assert!(!all.contains(odd), "{number} {arguments:?}: {all:?}");
            assert!(
                !all.contains("internal error"),
                "{number} {arguments:?}: {all}\n{text}"
            );
        }
    }
}
