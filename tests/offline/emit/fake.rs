//! A cluster played by files and `fake.sh`, and what a script does to it.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use topoplan::emit;
use topoplan::emit::testing;
use topoplan::emit::testing::At;
use topoplan::report::PlanReport;
use topoplan::report::Step;

pub const M: At = ("aaaa", "127.0.0.1:7000");
pub const R: At = ("bbbb", "127.0.0.2:7001");
pub const OTHER: At = ("cccc", "::1:7002");
pub const SYNCED: &str = "role:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\n\
                      slave_repl_offset:77\r\n";

/// What a script said and did.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// The commands that change something, in order, of all runs so far.
    pub sent: Vec<String>,
}

/// A directory that plays the cluster.
pub struct Fake(pub PathBuf);

impl Fake {
    pub fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emit-{name}"));
        // Left over from an earlier test run, if at all.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("then")).expect("a writable target directory");
        fs::write(dir.join("fake.sh"), include_str!("fake.sh")).expect("writable");
        Self(dir)
    }

    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("in a directory")).expect("writable");
        fs::write(path, text).expect("writable");
        self
    }

    /// Nobody answers at `node` any more.
    pub fn dies(&self, node: At) -> &Self {
        fs::remove_dir_all(self.0.join(node.1)).expect("it was there");
        self
    }

    /// What `node` answers to INFO replication.
    pub fn replication(&self, node: At, text: &str) -> &Self {
        self.write(&format!("{}/replication", node.1), text)
    }

    pub fn journal(&self) -> String {
        let path = self.0.join("plan-0123abcd.journal");
        fs::read_to_string(path).unwrap_or_default()
    }

    /// What `node` answers to CLUSTER NODES.
    pub fn view(&self, node: At, lines: &[&str]) -> &Self {
        let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
        self.write(&format!("{}/nodes", node.1), &text)
    }

    /// Without a journal the next run knows of none before it, as a new plan would.
    pub fn fresh(&self) -> &Self {
        for entry in fs::read_dir(&self.0).expect("there").flatten() {
            if entry.path().extension().is_some_and(|e| e == "journal") {
                fs::remove_file(entry.path()).expect("writable");
            }
        }
        self
    }

    pub fn run(&self, steps: Vec<Step>, arguments: &[&str]) -> Run {
        self.run_plan(&testing::plan(steps), arguments)
    }

    pub fn run_plan(&self, plan: &PlanReport, arguments: &[&str]) -> Run {
        let output = self.command(plan, arguments).output().expect("bash runs");
        self.told(&output)
    }

    /// The script of the plan, ready to run. `TOPOPLAN_BASH` names another bash: the oldest that
    /// will do, for one.
    pub fn command(&self, plan: &PlanReport, arguments: &[&str]) -> Command {
        self.write("plan.sh", &script("redis-cli", plan));
        let bash = std::env::var("TOPOPLAN_BASH").unwrap_or_else(|_| "bash".to_owned());
        // Whoever runs the tests in the background of a shell has SIGINT ignored, and no shell below
        // can take that back.
        let mut command = Command::new("/usr/bin/env");
        command
            .args(["--default-signal=INT", &bash, "plan.sh"])
            .args(arguments)
            .current_dir(&self.0)
            .env("REDIS_CLI", "bash ./fake.sh")
            .stdin(Stdio::null());
        command
    }

    /// What a run said, and what all runs so far have sent.
    pub fn told(&self, output: &Output) -> Run {
        let log = fs::read_to_string(self.0.join("log")).unwrap_or_default();
        Run {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            sent: log.lines().map(str::to_owned).collect(),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn ends(&self, code: i32, said: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(said), "`{said}` is not in:\n{all}");
        self
    }

    #[track_caller]
    pub fn sent(&self, commands: &[&str]) -> &Self {
        assert_eq!(self.sent, commands, "{}{}", self.out, self.err);
        self
    }
}

/// A plan for the cluster of M, who owns all slots, R and OTHER.
pub fn plan(steps: Vec<Step>) -> PlanReport {
    let mut plan = testing::plan(steps);
    plan.cluster.shards = vec![testing::shard(M, "0-16383")];
    plan.cluster.members = [M, R, OTHER].map(testing::member).to_vec();
    plan
}

/// The commands of a run that were sent side by side.
#[track_caller]
pub fn sent_at_once(run: &Run, commands: &[&str]) {
    let mut sent = run.sent.clone();
    sent.sort();
    assert_eq!(sent, commands, "{}{}", run.out, run.err);
}

pub fn script(tool: &str, plan: &PlanReport) -> String {
    let emitter = emit::find(tool).expect("a tool");
    (emitter.emit)(plan, emit::Edits::None).expect("a legal plan")
}

/// A line of CLUSTER NODES.
pub fn line(node: At, flags: &str, master: &str, slots: &str) -> String {
    let link = if flags.contains("fail") {
        "disconnected"
    } else {
        "connected"
    };
    let line = format!(
        "{} {}@17000 {flags} {master} 0 0 1 {link} {slots}",
        node.0, node.1
    );
    line.trim_end().to_owned()
}

/// M owns 0-16383, R is blank and knows M.
pub fn blank_replica(name: &str) -> Fake {
    let fake = Fake::new(name);
    let m = line(M, "master", "-", "0-16383");
    fake.view(R, &[&line(R, "myself,master", "-", ""), &m]);
    fake.view(
        M,
        &[
            &line(M, "myself,master", "-", "0-16383"),
            &line(R, "master", "-", ""),
        ],
    );
    fake.write(&format!("{}/replica-nodes", M.1), &{
        let r = line(R, "slave", M.0, "");
        format!("{}\n{r}\n", line(M, "myself,master", "-", "0-16383"))
    });
    fake.write(&format!("{}/replica-nodes", R.1), &{
        format!("{}\n{m}\n", line(R, "myself,slave", M.0, ""))
    });
    fake.write(&format!("{}/synced", R.1), SYNCED);
    fake.write(
        "then/CLUSTER-REPLICATE-aaaa",
        "for at in 127.0.0.1:7000 127.0.0.2:7001; do cp $at/replica-nodes $at/nodes; done\n\
         cp 127.0.0.2:7001/synced 127.0.0.2:7001/replication\n",
    );
    let promoted = [
        line(R, "myself,master", "-", "0-16383"),
        line(M, "slave", R.0, ""),
    ];
    fake.write(&format!("{}/promoted", R.1), &promoted.join("\n"));
    for mode in ["", "-FORCE", "-TAKEOVER"] {
        fake.write(
            &format!("then/CLUSTER-FAILOVER{mode}"),
            "cp 127.0.0.2:7001/promoted 127.0.0.2:7001/nodes\n",
        );
    }
    fake
}

/// R follows M, which owns 0-16383, with its link up.
pub fn pair(name: &str) -> Fake {
    let fake = blank_replica(name);
    for at in [M, R] {
        let nodes = fs::read_to_string(fake.0.join(at.1).join("replica-nodes")).expect("there");
        fake.write(&format!("{}/nodes", at.1), &nodes);
    }
    fake.write(&format!("{}/replication", R.1), SYNCED);
    fake
}
