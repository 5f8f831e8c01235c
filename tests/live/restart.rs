//! A rolling restart with a writer on, killed in the middle and run again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::chaos::Writer;
use crate::flow::Planned;
use crate::flow::run;
use crate::flow::said;
use crate::flow::topoplan;
use crate::servers::Layout;
use crate::servers::Servers;

#[test]
fn six_processes_one_by_one() {
    rolled("restart-6", 1, &["--restart", "all"], 3);
}

#[test]
fn six_processes_host_by_host() {
    // Three hosts in a ring cost one failover more than there are masters, and even shares another.
    let options = ["--restart", "all", "--unit", "host"];
    rolled("restart-hosts", 1, &options, 5);
}

#[test]
fn six_processes_and_the_same_masters_in_the_end() {
    let options = ["--restart", "all", "--roles", "as-before"];
    rolled("restart-back", 1, &options, 6);
}

#[test]
fn twelve_processes_one_by_one() {
    rolled("restart-12", 2, &["--restart", "all"], 6);
}

#[test]
fn taken_up_again_by_a_later_capture_and_taken_back() {
    let Some(mut servers) = Servers::start("restart-again", Layout::ring(3, 1)) else {
        return;
    };
    servers.form();
    let leaders = leaders(&servers);
    let planned = servers.plan_with(&[], &["--restart", "all"]);
    fs::copy(
        servers.root.join("plan.json"),
        servers.root.join("old.json"),
    )
    .expect("writable");
    let desk = Desk::new(&servers);
    let mut script = start(&planned, &desk);
    assert_eq!(desk.serve(&mut servers, &mut script, Some(4)), None);
    script.kill().expect("own child can be killed");
    script.wait().expect("own child can be waited for");
    servers.wait_settled();
    assert_eq!(verified(&servers), Some(1), "some steps are pending");

    let rest = servers
        .try_plan(&["--resume", "old.json"])
        .expect("it leads on");
    let (left, all) = (rest.plan.steps.len(), planned.plan.steps.len());
    assert!(left > 0 && left < all, "{left} of {all}");
    let keys =
        |p: &Planned| -> Vec<String> { p.plan.steps.iter().map(|s| s.key.clone()).collect() };
    assert_eq!(keys(&rest), keys(&planned)[all - left..], "as reviewed");
    let mut script = start(&rest, &desk);
    let status = desk.serve(&mut servers, &mut script, None);
    assert_eq!(status.and_then(|s| s.code()), Some(0), "{}", log(&rest));
    servers.wait_settled();
    assert_eq!(verified(&servers), Some(0), "every step is done");

    let back = servers
        .try_plan(&["--undo", "old.json"])
        .expect("there is a way back");
    assert_eq!((back.count("failover"), back.count("restart")), (3, 0));
    let mut script = start(&back, &desk);
    let status = desk.serve(&mut servers, &mut script, None);
    assert_eq!(status.and_then(|s| s.code()), Some(0), "{}", log(&back));
    servers.wait_settled();
    assert_eq!(self::leaders(&servers), leaders, "who led before");
    servers.assert_keys();
}

/// The exit code of `verify` on the first plan and the cluster as it is.
fn verified(servers: &Servers) -> Option<i32> {
    let capture = servers.capture("later");
    let output = run(topoplan(&servers.root)
        .args(["verify", "old.json"])
        .arg(capture));
    println!("{}", said(&output));
    output.status.code()
}

/// Restarts all of a ring of three hosts, each with so many masters; it takes so many failovers.
fn rolled(name: &str, masters: u8, options: &[&str], failovers: usize) {
    let Some(mut servers) = Servers::start(name, Layout::ring(3, masters)) else {
        return;
    };
    servers.form();
    let before = runs(&servers);
    let leaders = leaders(&servers);
    let planned = servers.plan_with(&[], options);
    let all = servers.nodes.len();
    assert_eq!(planned.count("restart"), all);
    assert_eq!(planned.count("failover"), failovers);
    let writer = Writer::start(servers.nodes.iter().map(|n| n.socket()).collect());
    let desk = Desk::new(&servers);

    let mut script = start(&planned, &desk);
    let half = desk.serve(&mut servers, &mut script, Some(all / 2));
    assert_eq!(half, None, "it is killed in the middle:\n{}", log(&planned));
    script.kill().expect("own child can be killed");
    script.wait().expect("own child can be waited for");
    let mut script = start(&planned, &desk);
    let status = desk.serve(&mut servers, &mut script, None);
    let text = log(&planned);
    assert_eq!(status.and_then(|s| s.code()), Some(0), "{text}");
    assert!(!text.contains("CLUSTERDOWN"), "{text}");

    let confirmed = writer.stop();
    servers.wait_settled();
    servers.assert_keys();
    let lost: Vec<&String> = confirmed.iter().filter(|key| !servers.has(key)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
    assert!(confirmed.len() > 50, "{} writes", confirmed.len());
    let after = runs(&servers);
    for (i, (now, then)) in after.iter().zip(&before).enumerate() {
        assert_ne!(now, then, "{} runs anew", servers.nodes[i].address);
    }
    if options.contains(&"as-before") {
        assert_eq!(self::leaders(&servers), leaders);
    }
    // Whoever runs it once more finds nothing to do.
    let mut script = start(&planned, &desk);
    let status = desk.serve(&mut servers, &mut script, None);
    assert_eq!(status.and_then(|s| s.code()), Some(0));
    assert!(log(&planned).contains("Nothing to do"), "{}", log(&planned));
    assert_eq!(runs(&servers), after, "nobody is restarted twice");
}

fn leaders(servers: &Servers) -> Vec<bool> {
    let all = 0..servers.nodes.len();
    all.map(|i| servers.owns_slots(i)).collect()
}

fn runs(servers: &Servers) -> Vec<String> {
    let run = |i: usize| {
        let reply = servers.say(i, &["INFO", "server"]);
        let mut lines = reply.text().lines();
        let run = lines.find_map(|l| l.strip_prefix("run_id:"));
        run.expect("every server has one").trim().to_owned()
    };
    (0..servers.nodes.len()).map(run).collect()
}

/// Where the script's restarts are asked for: a file for each, gone once it is done.
struct Desk {
    command: PathBuf,
    requests: PathBuf,
}

impl Desk {
    fn new(servers: &Servers) -> Self {
        let requests = servers.root.join("requests");
        fs::create_dir_all(&requests).expect("the scratch directory is writable");
        let command = servers.root.join("restart.sh");
        let text = format!(
            "#!/usr/bin/env bash\n: >'{0}'/\"$1\"\nuntil [[ ! -e '{0}'/\"$1\" ]]; do sleep 0.05; done\n",
            requests.display()
        );
        fs::write(&command, text).expect("the scratch directory is writable");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&command, executable).expect("own file");
        Self { command, requests }
    }

    /// Restarts whom the script asks for until it ends; or until so many were, and then returns
    /// nothing.
    fn serve(
        &self,
        servers: &mut Servers,
        script: &mut Child,
        most: Option<usize>,
    ) -> Option<ExitStatus> {
        let begin = Instant::now();
        let mut done = 0;
        loop {
            if let Some(status) = script.try_wait().expect("own child can be waited for") {
                return Some(status);
            }
            for entry in fs::read_dir(&self.requests).expect("it is there") {
                let path = entry.expect("a file").path();
                self.restart(servers, &path);
                done += 1;
                if Some(done) == most {
                    return None;
                }
            }
            assert!(begin.elapsed() < Duration::from_secs(150), "it never ends");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Without a farewell, and with nothing on disk: it copies all of its master's data.
    fn restart(&self, servers: &mut Servers, request: &Path) {
        let name = request.file_name().expect("a file of that directory");
        let i = servers.at(name.to_str());
        assert!(!servers.owns_slots(i), "only a replica is restarted");
        servers.kill(i);
        std::thread::sleep(Duration::from_millis(200));
        servers.restart(i);
        fs::remove_file(request).expect("own file");
    }
}

fn start(planned: &Planned, desk: &Desk) -> Child {
    let out = fs::File::create(planned.dir.join("out")).expect("writable");
    Command::new("bash")
        .args(["plan.sh", "--apply"])
        .env_remove("REDIS_CLI")
        .env("TOPOPLAN_RESTART", &desk.command)
        .current_dir(&planned.dir)
        .stdin(Stdio::null())
        .stderr(out.try_clone().expect("a file handle can be cloned"))
        .stdout(out)
        .spawn()
        .expect("bash runs")
}

fn log(planned: &Planned) -> String {
    fs::read_to_string(planned.dir.join("out")).unwrap_or_default()
}
