//! Every fault of a `nodes.conf`, said by `check` and tried on a real server: they must agree.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use topoplan::model::Address;

use crate::resp::Client;
use crate::servers::free_addresses;
use crate::servers::require;
use crate::servers::scratch_dir;
use crate::servers::server_program;
use crate::servers::socket;
use crate::servers::until;

const OWN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const THIRD: &str = "cccccccccccccccccccccccccccccccccccccccc";
const VARS: &str = "vars currentEpoch 2 lastVoteEpoch 0\n";

/// What becomes of a server that starts with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    Ends,
    /// Under a new id.
    Anew,
    /// Under the id of the file.
    Itself,
}

struct Bench {
    root: PathBuf,
    address: Address,
    /// The lines of `INFO` that name the server.
    info: String,
}

#[test]
fn what_check_says_of_a_nodes_conf_is_what_the_server_does() {
    if std::env::var("TOPOPLAN_LIVE").is_ok_and(|value| value == "skip") {
        println!("conf: skipped, TOPOPLAN_LIVE=skip");
        return;
    }
    let (_claim, mut addresses) = free_addresses("conf", &[(1, None)], false);
    let bench = Bench {
        root: scratch_dir("conf"),
        address: addresses.remove(0),
        info: info(),
    };
    let mut wrong = Vec::new();
    let (mut ended, mut all) = (0, 0);
    for (name, text) in cases(&bench.address) {
        all += 1;
        let start = bench.start(name, &text);
        let said = bench.said(name, &text);
        ended += usize::from(start == Start::Ends);
        let agree = match &said {
            None => start == Start::Itself,
            // Which version does what is not known to the last one.
            Some(said) if said.contains(" may refuse ") => start != Start::Anew,
            Some(said) if said.contains(" will refuse to start ") => start == Start::Ends,
            Some(said) if said.contains(" as a new, empty node ") => start == Start::Anew,
            Some(_) => start == Start::Itself,
        };
        if !agree {
            wrong.push(format!("{name}: the server {start:?}, check says {said:?}"));
        }
    }
    fs::remove_dir_all(&bench.root).expect("what the test wrote can be removed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The server itself was tried, not only its absence.
    assert!(ended > 20 && all - ended > 15, "{ended} of {all} ended");
}

impl Bench {
    fn start(&self, name: &str, text: &str) -> Start {
        let dir = self.root.join(format!("server-{name}"));
        fs::create_dir_all(&dir).expect("the scratch directory is writable");
        fs::write(dir.join("nodes.conf"), text).expect("the scratch directory is writable");
        let log = File::create(dir.join("server.log")).expect("the directory is writable");
        let mut server = Running(self.command(&dir, log).spawn().expect("it is on PATH"));
        until(&format!("{name}: it ends or answers"), || {
            match server.0.try_wait() {
                Ok(Some(_)) => return Ok(Start::Ends),
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
            let id = Client::connect(socket(&self.address))
                .and_then(|mut client| client.ask(&["CLUSTER", "MYID"]))
                .map_err(|trouble| trouble.to_string())?;
            Ok(match id.text() == OWN {
                true => Start::Itself,
                false => Start::Anew,
            })
        })
    }

    fn command(&self, dir: &Path, log: File) -> Command {
        let mut command = Command::new(server_program());
        command
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", self.address.ip()])
            .arg("--dir")
            .arg(dir)
            .args(["--cluster-enabled", "yes", "--cluster-config-file"])
            .args(["nodes.conf", "--save", "", "--appendonly", "no"])
            .args(["--daemonize", "no"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(log);
        command
    }

    /// The message of K002 about the file, beside the view of another node.
    fn said(&self, name: &str, text: &str) -> Option<String> {
        let capture = self.root.join(format!("capture-{name}"));
        let save = |folder: &str, file: &str, text: &str| {
            let dir = capture.join(folder);
            fs::create_dir_all(&dir).expect("the scratch directory is writable");
            fs::write(dir.join(file), text).expect("the scratch directory is writable");
        };
        let own = format!("{}_{}", self.address.ip(), self.address.port());
        save(&own, "nodes.conf", text);
        let view = format!(
            "{}{OTHER} 127.0.0.2:7001@17001 myself,master - 0 0 2 connected 5461-16383\n",
            own_line(&self.address).replace("myself,", "")
        );
        save("127.0.0.2_7001", "cluster-nodes.txt", &view);
        save("127.0.0.2_7001", "info.txt", &self.info);
        let mut check = Command::new(env!("CARGO_BIN_EXE_topoplan"));
        let output = check.arg("check").arg(&capture).args(["--format", "json"]);
        let output = output.output().expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report is JSON");
        let findings = report["findings"]
            .as_array()
            .expect("a report has findings");
        let mut found = findings.iter().filter(|f| f["code"] == "K002");
        let message = found.next()?["message"].as_str()?.to_owned();
        assert_eq!(found.count(), 0, "{name}: one file, one finding");
        Some(message)
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `Redis server v=7.0.15 …` as the server names itself in INFO.
fn info() -> String {
    let program = server_program();
    let said = require(
        &program.display().to_string(),
        Command::new(&program).arg("--version"),
    );
    let version = said.split_whitespace().find_map(|w| w.strip_prefix("v="));
    let version = version.expect("a server names its version");
    match said.to_ascii_lowercase().starts_with("valkey") {
        true => format!("# Server\r\nserver_name:valkey\r\nvalkey_version:{version}\r\n"),
        false => format!("# Server\r\nredis_version:{version}\r\n"),
    }
}

fn own_line(address: &Address) -> String {
    let bus = address.port() + 10_000;
    format!("{OWN} {address}@{bus} myself,master - 0 0 1 connected 0-5460\n")
}

fn cases(address: &Address) -> Vec<(&'static str, String)> {
    let own = own_line(address);
    let other = format!("{OTHER} 127.0.0.2:7001@17001 master - 0 0 2 connected 5461-16383\n");
    let other = other.as_str();
    let with = |other: String| format!("{own}{other}{VARS}");
    let swap = |from: &str, to: &str| with(other.replace(from, to));
    let of_own = |from: &str, to: &str| format!("{}{other}{VARS}", own.replace(from, to));
    let of_vars = |vars: &str| format!("{own}{other}{vars}");
    let open = |open: &str| of_own("0-5460", &format!("0-5460 {open}"));
    let aux = |aux: &str| swap("@17001 ", &format!("@17001,{aux} "));
    let replica = |id: &str, of: &str, aux: &str| {
        format!("{id} 127.0.0.3:7002@17002{aux} slave {of} 0 0 2 connected\n")
    };
    let shard = |of: &str| format!(",,tls-port=0,shard-id={of}");
    let sharded = other.replace("@17001 ", &format!("@17001{} ", shard(OWN)));
    vec![
        ("healthy", with(other.to_owned())),
        ("empty", String::new()),
        ("one-line-end", "\n".to_owned()),
        ("blank-line", of_vars(&format!("  \n{VARS}"))),
        ("blank-crlf-line", of_vars(&format!("\r\n{VARS}"))),
        ("blanks-at-the-end", of_vars(&format!("{VARS}  "))),
        ("crlf", with(other.to_owned()).replace('\n', "\r\n")),
        ("line-ends-at-the-end", of_vars(&format!("{VARS}\n\n\n"))),
        ("no-last-line-end", of_vars(VARS.trim_end())),
        ("vars-first", format!("{VARS}{own}{other}")),
        ("open-quote", swap("connected", "\"connected")),
        ("open-single-quote", swap("connected", "'connected")),
        ("glued-quote", swap("connected", "\"connected\"x")),
        ("closed-quote", swap("connected", "\"connected\"")),
        ("inner-quote", swap("connected", "conn\"ected\"")),
        (
            "quoted-line",
            format!("\"{}\"\n{other}{VARS}", own.trim_end()),
        ),
        ("pasted", format!("> {own}> {other}{VARS}")),
        ("seven-fields", swap(" connected 5461-16383", "")),
        ("comment", format!("# mine\n{own}{other}{VARS}")),
        ("half-vars", of_vars("va\n")),
        ("half-vars-no-end", of_vars("va")),
        ("half-line", format!("{own}{}", &other[..70])),
        ("half-slots", format!("{own}{}", &other[..other.len() - 4])),
        ("short-id", swap("bbbb ", "bbb ")),
        ("long-id", swap("bbbb ", "bbbbb ")),
        ("upper-id", swap("bbbb ", "bbbB ")),
        ("no-hex-id", swap(OTHER, &"z".repeat(40))),
        ("no-port", swap(":7001@17001", "")),
        ("no-address", swap("127.0.0.2:7001@17001", ":0@0")),
        ("hostname", aux("node-2.example")),
        ("aux", aux(&shard(THIRD)[1..])),
        ("unknown-aux", aux(",colour=red")),
        ("bad-shard-id", aux(",shard-id=12")),
        ("zone", aux(",availability-zone=a")),
        ("unknown-flag", swap("master", "master,boss")),
        ("empty-flag", swap("master", "master,")),
        ("upper-flag", swap("master", "MASTER")),
        ("primary", swap("master", "primary")),
        ("nofailover", swap("master", "master,nofailover")),
        ("unknown-master", with(replica(THIRD, OTHER, ""))),
        ("bad-master", swap("master -", "slave xyz")),
        ("masterless", swap("master -", "slave -")),
        ("own-masterless", of_own("master", "slave")),
        ("own-without-role", of_own("myself,master", "myself")),
        ("slot-too-high", swap("16383", "16384")),
        ("slot-far-too-high", swap("16383", "99999999999")),
        ("negative-slot", swap("5461-16383", "5461--3")),
        ("reversed-range", swap("5461-16383", "9000-8000")),
        ("word-for-slot", swap("5461-16383", "abc")),
        ("slots-twice", swap("5461-16383", "0-16383")),
        ("open-slot", open(&format!("[93->-{OTHER}]"))),
        ("open-slot-unknown", open(&format!("[93-<-{THIRD}]"))),
        ("open-slot-no-arrow", open("[93]")),
        ("open-slot-no-id", open("[93->-xyz]")),
        ("open-slot-no-end", open(&format!("[93->-{OTHER}"))),
        ("open-slot-too-high", open(&format!("[16384->-{OTHER}]"))),
        ("no-myself", of_own("myself,", "")),
        ("two-myself", swap("master", "myself,master")),
        ("own-line-twice", format!("{own}{own}{other}{VARS}")),
        ("line-twice", format!("{own}{other}{other}{VARS}")),
        ("vars-only", VARS.to_owned()),
        ("odd-vars", of_vars("vars currentEpoch 2 lastVoteEpoch\n")),
        ("unknown-vars", of_vars("vars colour 2\n")),
        (
            "low-epoch",
            of_vars("vars currentEpoch 1 lastVoteEpoch 0\n"),
        ),
        ("no-vars", of_vars("")),
        ("nul-tail", of_vars(&format!("{VARS}{}", "\0".repeat(99)))),
        ("nul-before-a-line", with(format!("\0{other}"))),
        ("nul-in-a-line", swap("connected ", "connected\0 ")),
        ("nul-only", "\0".repeat(200)),
        (
            "other-shard-id",
            with(format!("{sharded}{}", replica(THIRD, OTHER, &shard(THIRD)))),
        ),
        (
            "same-shard-id",
            with(format!("{sharded}{}", replica(THIRD, OTHER, &shard(OWN)))),
        ),
        (
            "replica-above-master",
            with(format!("{}{sharded}", replica(THIRD, OTHER, &shard(THIRD)))),
        ),
        ("garbage", "der open\u{1}\n\u{2}\n".to_owned()),
    ]
}
