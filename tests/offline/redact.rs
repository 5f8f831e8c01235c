//! A redacted capture gives the same findings and the same plan, and holds none of the old names:
//! over clusters drawn at random, over the samples, and over the captures beside the repository
//! where they exist.

#[allow(dead_code, reason = "requests are drawn for other tests")]
mod secrets;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::common::Scratch;
use crate::common::drawn::config;
use crate::common::topoplan;
use crate::properties::generator::Draw;
use crate::properties::generator::draws;
use topoplan::model::Cluster;
use topoplan::model::Direction;
use topoplan::model::Membership;
use topoplan::model::Node;
use topoplan::model::NodeId;
use topoplan::model::Role;
use topoplan::redact;
use topoplan::text::Source;

// --- the same answer --------------------------------------------------------------------------

/// What is wrong with redacting this capture, if anything.
fn judge(capture: &Path, scratch: &Scratch) -> Result<(), String> {
    let (out, names) = run_redact(capture, scratch, "once")?;
    let names = Restored::read(&names);
    for command in ["check", "plan"] {
        let old = without_unknown_files(answer(command, capture)?);
        let new = without_unknown_files(answer(command, &out)?);
        // What restoring names might hide.
        for plain in ["server", "views", "summary"] {
            if old[plain] != new[plain] {
                return Err(format!("{plain}: was {}, is {}", old[plain], new[plain]));
            }
        }
        let new = names.value(&new);
        if let Some(difference) = difference(&old, &new, command) {
            return Err(difference);
        }
    }
    let olds = Olds::of(capture);
    olds.absent(&out)?;
    let (twice, _) = run_redact(&out, scratch, "twice")?;
    olds.absent(&twice)
}

/// Files that topoplan does not know are left out, so nobody can find that they are there.
fn without_unknown_files(mut answer: Value) -> Value {
    for list in ["findings", "found", "remaining"] {
        let Some(findings) = answer[list].as_array_mut() else {
            continue;
        };
        let all = findings.len();
        findings.retain(|finding| finding["code"] != "C009");
        let gone = all - findings.len();
        if let Some(notes) = answer["summary"]["notes"].as_u64()
            && list != "remaining"
        {
            answer["summary"]["notes"] = Value::from(notes - gone as u64);
        }
    }
    answer
}

/// The redacted capture, and the file of its names.
fn run_redact(capture: &Path, scratch: &Scratch, name: &str) -> Result<(PathBuf, PathBuf), String> {
    let out = scratch.path().join(name);
    let names = scratch.path().join(format!("{name}.csv"));
    let _ = fs::remove_dir_all(&out);
    let _ = fs::remove_file(&names);
    let args = [
        "redact".as_ref(),
        capture.as_os_str(),
        "-o".as_ref(),
        out.as_os_str(),
        "--names".as_ref(),
        names.as_os_str(),
    ];
    let answer = topoplan(&args);
    match answer.exit {
        0 => Ok((out, names)),
        _ => Err(answer.text()),
    }
}

/// The JSON answer without what differs for good reasons: hashes, and columns behind a name.
fn answer(command: &str, capture: &Path) -> Result<Value, String> {
    let path = capture.to_string_lossy();
    let answer = topoplan(&[command, &path, "--format", "json"]);
    let mut value = serde_json::from_str(&answer.stdout)
        .map_err(|error| format!("{command}: {error}: {}", answer.stderr))?;
    strip(&mut value);
    Ok(value)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !["sha256", "plan_id", "key", "column"].contains(&key.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => {
            // Files that nothing claims are not copied.
            items.retain(|item| {
                let unclaimed = item.get("dialect").is_some_and(Value::is_null);
                !unclaimed && item["code"] != "capture/unknown-file"
            });
            items.iter_mut().for_each(strip);
        }
        _ => {}
    }
}

/// The first place at which two answers differ.
fn difference(old: &Value, new: &Value, at: &str) -> Option<String> {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .find_map(|(key, value)| difference(value, &b[key], &format!("{at}.{key}"))),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => (0..)
            .zip(a.iter().zip(b))
            .find_map(|(index, (a, b))| difference(a, b, &format!("{at}[{index}]"))),
        _ if old == new => None,
        _ => Some(format!("{at}: was {old}, is {new}")),
    }
}

/// Old names by new ones.
struct Restored {
    names: BTreeMap<String, String>,
    lengths: BTreeSet<usize>,
}

impl Restored {
    fn read(file: &Path) -> Self {
        let mut names = BTreeMap::new();
        let mut reader = csv::Reader::from_path(file).expect("the file of names");
        for row in reader.records() {
            let row = row.expect("a row of names");
            names.insert(row[1].to_owned(), row[0].to_owned());
            if &row[2] == "id" {
                // Messages shorten the ids of ghosts.
                let short = |id: &str| id.get(..8).unwrap_or(id).to_owned();
                names.insert(short(&row[1]), short(&row[0]));
            }
        }
        let lengths = names.keys().map(String::len).collect();
        Self { names, lengths }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), self.value(value)))
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let (mut at, mut restored) = (0, String::new());
        while at < text.len() {
            let begins = word(at) && (at == 0 || !word(at - 1));
            let known = self.lengths.iter().rev().find_map(|length| {
                let new = text.get(at..at + length).filter(|_| !word(at + length))?;
                Some((self.names.get(new)?, *length))
            });
            if let Some((old, length)) = known.filter(|_| begins) {
                restored.push_str(old);
                at += length;
            } else {
                let next = text[at..].chars().next().expect("not at the end");
                restored.push(next);
                at += next.len_utf8();
            }
        }
        restored
    }
}

// --- no old name ------------------------------------------------------------------------------

/// Ids and addresses of a capture, found without the help of what is tested, and the host names
/// of its map.
struct Olds {
    ids: BTreeSet<String>,
    ips: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Olds {
    fn of(capture: &Path) -> Self {
        let mut olds = Self {
            ids: BTreeSet::new(),
            ips: BTreeSet::new(),
            hosts: BTreeSet::new(),
        };
        let mut everyones = false;
        for (path, text) in files(capture) {
            everyones |= [&path, &text].iter().any(|t| t.contains("127.0.0.1"));
            olds.ids.extend(ids(&text).map(str::to_owned));
            olds.ips
                .extend(ips(&text).chain(ips(&path)).map(str::to_owned));
            if path == "hosts.csv" {
                let names = text.lines().skip(1).filter_map(|l| l.split(',').next());
                let distinct = names.filter(|n| n.bytes().any(|b| b.is_ascii_digit()));
                olds.hosts.extend(distinct.map(str::to_owned));
            }
        }
        // Beside other addresses a loopback address names nobody.
        let loopback = |ip: &String| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if everyones || !olds.ips.iter().all(loopback) {
            olds.ips.retain(|ip| !loopback(ip));
        }
        olds
    }

    fn absent(&self, out: &Path) -> Result<(), String> {
        for (path, text) in files(out) {
            let both = format!("{path}\n{text}");
            let id = ids(&both).find(|id| self.ids.contains(*id));
            let ip = ips(&both).find(|ip| self.ips.contains(*ip));
            let mut words = both.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let host = words.find(|word| self.hosts.contains(*word));
            if let Some(old) = id.or(ip).or(host) {
                return Err(format!("{path} still holds {old}"));
            }
        }
        Ok(())
    }
}

fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_hexdigit())
        .filter(|word| word.len() == 40 && word.bytes().any(|b| b != b'0'))
}

fn ips(text: &str) -> impl Iterator<Item = &str> {
    let four = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let four = four.map(|word| word.trim_matches('.'));
    let six = text.split(|c: char| !c.is_ascii_hexdigit() && c != ':');
    let six = six.filter(|word| word.contains("::"));
    four.chain(six)
        .filter(|word| word.parse::<IpAddr>().is_ok_and(|ip| !ip.is_unspecified()))
        // Every host has these.
        .filter(|word| !["127.0.0.1", "::1"].contains(word) && !word.starts_with("::1:"))
}

/// Path below `folder`, and text, of every file.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it is below");
            let text = fs::read(&path).expect("a file");
            files.push((
                name.to_string_lossy().into_owned(),
                String::from_utf8_lossy(&text).into_owned(),
            ));
        }
    }
    files.sort();
    files
}

// --- samples and captures ---------------------------------------------------------------------

/// Redacts every `*/capture` below `root`; how many there were.
fn judge_all(root: &Path, name: &str) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten();
    let mut captures: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path().join("capture")))
        .filter(|p| p.is_dir())
        // A policy beside a capture calls hosts by names that the redacted one does not have.
        .filter(|p| !p.with_file_name("topoplan.toml").exists())
        .collect();
    captures.sort();
    let scratch = Scratch::new(name);
    let complaints: Vec<String> = captures
        .iter()
        .filter_map(|c| Some(format!("{}: {}", c.display(), judge(c, &scratch).err()?)))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    captures.len()
}

#[test]
fn the_samples_stay_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    assert!(judge_all(&root, "redact-samples") > 0, "there are samples");
}

#[test]
fn the_captures_stay_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let count = judge_all(&root, "redact-captures");
    // To the real standard error, as the harness hides what a test that passes prints.
    let _ = writeln!(std::io::stderr(), "captures redacted: {count}");
}

/// Invented dumps in every form, each a capture of one file.
#[test]
fn the_dumps_stay_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/dumps");
    let invented = |name: &str| {
        ["gen-", "synth-", "oneway-"]
            .iter()
            .any(|p| name.starts_with(p))
    };
    let entries = fs::read_dir(&root).into_iter().flatten();
    let mut dumps: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            p.file_name()
                .is_some_and(|n| invented(&n.to_string_lossy()))
        })
        .collect();
    dumps.sort();
    let scratch = Scratch::new("redact-dumps");
    let mut complaints = Vec::new();
    let mut redacted = 0;
    for dump in &dumps {
        let capture = scratch.path().join("capture");
        let _ = fs::remove_dir_all(&capture);
        let name = dump.file_name().expect("a file");
        fs::create_dir_all(&capture).expect("a directory");
        fs::copy(dump, capture.join(name)).expect("a copy");
        let check = topoplan(&["check", &capture.to_string_lossy(), "--format", "json"]);
        // Nothing is said of some, and nothing is shared of them.
        if check.exit == 2 {
            continue;
        }
        redacted += 1;
        if let Err(why) = judge(&capture, &scratch) {
            complaints.push(format!("{}: {why}", name.to_string_lossy()));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    let _ = writeln!(
        std::io::stderr(),
        "dumps redacted: {redacted} of {}",
        dumps.len()
    );
}

// --- clusters drawn at random -----------------------------------------------------------------

proptest! {
    #![proptest_config(config(40, 200))]

    #[test]
    fn a_random_cluster_stays_what_it_is(draw in draws(), net in 0..NETS.len(), maps in any::<bool>()) {
        let scratch = Scratch::new("redact-random");
        let capture = put(&scratch, &draw, NETS[net], maps);
        // Where nobody lives, nobody was asked.
        prop_assume!(capture.exists());
        if let Err(why) = judge(&capture, &scratch) {
            return Err(TestCaseError::fail(why));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20 * config(40, 200).cases, ..config(40, 200) })]

    #[test]
    fn no_text_is_too_odd(parts in vec(part(), 0..40)) {
        let head = format!("{} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\n", hex("a"));
        let text = head + &parts.concat();
        let source = Source::new("nodes.txt", text.clone(), String::new());
        let answer = redact::redact(&[source], &[], true);
        prop_assert_eq!(&answer.leaks, &[] as &[String]);
        if let Some(file) = answer.files.first() {
            let ends = |text: &str| text.bytes().filter(|b| *b == b'\n').count();
            prop_assert_eq!(ends(&file.text), ends(&text));
            prop_assert!(ids(&file.text).all(|id| id != hex("a")));
        }
    }
}

/// A word, or what may stand between words.
fn part() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "10.0.0.1",
        "10.0.0.",
        "::1",
        "fd01::5:7000",
        ":7000",
        "@17000",
        "db1",
        "db1.acme.com",
        "joe@db1",
        "host",
        "hostname",
        "requirepass",
        "masterauth",
        "dir",
        "zone",
        "user",
        "AUTH",
        "redis-cli",
        "-a",
        "--pass",
        "--user",
        "hunter2",
        "redis://joe:pw@h:1",
        "/data/disk1/7000",
        "/",
        "redacted",
        "host-001",
        "p001",
        "name=x",
        "addr=",
        "fd=8",
        "on",
        ">pw",
        "é",
        "\u{1b}[0m",
        "07c37dfeb235213a872192d90877d0cd55635b91",
        "07c37dfe",
        "123456789012345678",
        "null",
        "8a44006c-68c8-ca81-8bb1-93b3fc9b84cc",
        "executable",
        "redis_version",
        "server",
        "1)",
    ]);
    let between = prop::sample::select(vec![
        " ", " ", "\n", "\n", "\r\n", ":", "=", ",", "\"", "'", "\\n", "\\", "/", "_", "-", ".",
        "[", "]", "(", "=>", "@", "#", ">", "\t", "{", "}", "",
    ]);
    prop_oneof![
        4 => word.prop_map(str::to_owned),
        5 => between.prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// How the address of a host with a number is written.
const NETS: [&str; 6] = [
    "10.0.0.N",
    "192.168.N.1N",
    "127.0.0.N",
    "fd01::N",
    "N7.1.2.3",
    // By text 10.3.0.10 comes before 10.3.0.5, by number behind it.
    "10.3.0.M",
];

fn put(scratch: &Scratch, draw: &Draw, net: &str, maps: bool) -> PathBuf {
    let cluster = draw.cluster();
    let ip = |node: &Node| -> Option<(String, u16)> {
        let address = node.address.as_ref()?;
        let number = address.ip().rsplit('.').next()?;
        let wide = 5 * number.parse::<u32>().expect("a number");
        let ip = net.replace('N', number).replace('M', &wide.to_string());
        Some((ip, address.port()))
    };
    let mut hosts = BTreeMap::new();
    for (me, node) in cluster.iter().filter(|(_, n)| n.is_live()) {
        let Some((own, port)) = ip(node) else {
            continue;
        };
        let lines: Vec<String> = cluster
            .iter()
            .filter(|(id, n)| *id == me || n.seen.known_by.contains(me))
            .map(|(id, n)| line(&cluster, id, ip(n), me))
            .collect();
        let folder = format!("capture/nodes/{own}_{port}");
        scratch.put(&format!("{folder}/cluster-nodes.txt"), lines.concat());
        let info = format!(
            "# Server\r\nredis_version:7.0.15\r\nrun_id:{}\r\nexecutable:/opt/acme/redis-server\r\n\
            # Replication\r\nrole:{}\r\nmaster_replid:{}\r\n",
            hex(&format!("run{}", node.name)),
            if node.is_master() { "master" } else { "slave" },
            hex(&format!("repl{}", node.name)),
        );
        scratch.put(&format!("{folder}/info.txt"), info);
        let place = node.host.map(|host| cluster.host(host));
        let zone = place
            .and_then(|h| h.zone)
            .map(|z| cluster.zones[z.0 as usize].name.to_string());
        let name = place.map_or("nowhere1".to_owned(), |h| h.name.to_string());
        hosts.insert(own, (name, zone.unwrap_or_default()));
    }
    if maps && !hosts.is_empty() {
        let rows = hosts
            .iter()
            .map(|(ip, (name, zone))| format!("{name},{ip},{zone}\n"));
        let map = format!("host,ip,zone\n{}", rows.collect::<String>());
        scratch.put("capture/hosts.csv", map);
    }
    scratch.path().join("capture")
}

fn line(cluster: &Cluster, id: NodeId, ip: Option<(String, u16)>, me: NodeId) -> String {
    let node = cluster.node(id);
    let address = match &ip {
        Some((ip, port)) => format!("{ip}:{port}@1{port}"),
        None => ":0@0".to_owned(),
    };
    let mut flags = Vec::new();
    if id == me {
        flags.push("myself");
    }
    flags.push(if node.is_master() { "master" } else { "slave" });
    if node.membership == Membership::Ghost {
        flags.push("noaddr");
    } else if !node.is_live() {
        flags.push("fail");
    }
    let master = match node.role {
        Role::Replica(Some(master)) => hex(cluster.node(master).name.as_str()),
        Role::Replica(None) | Role::Master => "-".to_owned(),
    };
    let link = if node.is_live() {
        "connected"
    } else {
        "disconnected"
    };
    let slots: String = match node.slots.is_empty() {
        true => String::new(),
        false => format!(" {}", node.slots.to_string().replace(',', " ")),
    };
    let mine = node.open_slots.iter().filter(|_| id == me);
    let open = mine.map(|open| {
        let arrow = match open.direction {
            Direction::Migrating => "->-",
            Direction::Importing => "-<-",
        };
        format!(
            " [{}{arrow}{}]",
            open.slot,
            hex(open.peer.as_ref().expect("a view names both ends").as_str())
        )
    });
    format!(
        "{} {address} {} {master} 0 0 {} {link}{slots}{}\n",
        hex(node.name.as_str()),
        flags.join(","),
        node.config_epoch,
        open.collect::<String>(),
    )
}

/// Forty digits that only this name has.
fn hex(name: &str) -> String {
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut digits = String::new();
    while digits.len() < 40 {
        state = (state ^ (state >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        digits.push_str(&format!("{:08x}", state >> 32));
    }
    digits
}

/// Who asked at a prompt of `127.0.0.1:7000` is told by the port, with the old names and the new.
#[test]
fn prompts_of_every_host_stay_what_they_are() {
    let ids = ["a", "b", "c", "d"].map(hex);
    let view = |me: usize| -> String {
        let lines = ids.iter().enumerate().map(|(at, id)| {
            let (host, port) = (1 + at % 2, 7000 + at / 2);
            let own = if at == me { "myself," } else { "" };
            let rest = match at {
                0 => "master - 0 0 1 connected 0-8191".to_owned(),
                1 => "master - 0 0 2 connected 8192-16383".to_owned(),
                // Each stands beside its master.
                _ => format!("slave {} 0 0 {} connected", ids[at - 2], at - 1),
            };
            format!("{id} 192.168.0.{host}:{port}@1{port} {own}{rest}\n")
        });
        lines.collect()
    };
    for prompt in ["127.0.0.1", "[::1]", "localhost"] {
        let scratch = Scratch::new("redact-loopback");
        for me in 0..4 {
            let port = 7000 + me / 2;
            let text = format!(
                "[op@db{me} ~]$ redis-cli -p {port}\n{prompt}:{port}> cluster nodes\n{}\
                {prompt}:{port}> info\n# Server\nredis_version:7.0.15\nredis_mode:cluster\n\
                tcp_port:{port}\n{prompt}:{port}> config get dir\n1) \"dir\"\n2) \"/data/{port}\"\n",
                view(me)
            );
            scratch.put(&format!("capture/n{me}.txt"), text);
        }
        let capture = scratch.path().join("capture");
        judge(&capture, &scratch).unwrap_or_else(|why| panic!("{prompt}: {why}"));
        let found = answer("check", &capture).expect("an answer");
        assert_ne!(found["findings"], serde_json::json!([]), "{prompt}");
    }
}

// --- the command ------------------------------------------------------------------------------

#[test]
fn nothing_secret_is_left() {
    let scratch = Scratch::new("redact-secret");
    let id = hex("a");
    scratch.put(
        "in/10.9.8.7_7000/cluster-nodes.txt",
        format!("{id} 10.9.8.7:7000@17000,kv1.acme.example,shard-id={} myself,master - 0 0 1 connected 0-16383\n", hex("s")),
    );
    scratch.put(
        "in/10.9.8.7_7000/config-get.txt",
        "requirepass\nhunter2\nmasterauth\nhunter3\nmasteruser\njane\ndir\n/srv/acme/7000\n",
    );
    scratch.put(
        "in/session.log",
        format!(
            "[joe@jumpbox ~]$ redis-cli -h kv1.acme.example -p 7000 -a hunter4 info\n\
            # Server\nredis_version:7.0.15\nconfig_file:/srv/acme/redis.conf\n\
            [joe@jumpbox ~]$ redis-cli -u redis://jack:hunter5@10.9.8.7:7000 ping\nPONG\n\
            10.9.8.7:7000> AUTH jill hunter6\nOK\n10.9.8.7:7000> acl list\n\
            1) \"user jim on #6b3a55e0261b0304143f805a24924d0c1c44524821305f31d9277843b8a10f4e ~* +@all\"\n\
            10.9.8.7:7000> client list\n\
            id=3 addr=10.9.8.6:5123 laddr=10.9.8.7:7000 fd=8 name=acme-billing user=jim cmd=get\n\
            [joe@jumpbox ~]$ mail jean@acme.example # ({}...) on jumpbox\n",
            &id[..8],
        ),
    );
    let (out, names) = run_redact(&scratch.path().join("in"), &scratch, "out").expect("it works");
    for (path, text) in files(&out) {
        let lower = format!("{path}\n{text}").to_lowercase();
        for old in [
            "hunter",
            "joe",
            "jane",
            "jack",
            "jill",
            "jim",
            "jean",
            "jumpbox",
            "acme",
            "kv1",
            "10.9.8",
            "6b3a55e0",
            &id[..8],
        ] {
            assert!(!lower.contains(old), "{path} holds {old}:\n{text}");
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&names)
            .expect("the names")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = fs::read_to_string(&names).expect("the names");
    assert!(text.contains("10.9.8.7,10."), "{text}");
}

#[test]
fn nothing_is_written_where_something_is() {
    let scratch = Scratch::new("redact-full");
    crate::common::put_views(&scratch, "in/", 'a', "10.0.0");
    scratch.put("out/mine.txt", "mine");
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    let answer = topoplan(&["redact", &path("in"), "-o", &path("out")]);
    assert_eq!(answer.exit, 2, "{}", answer.text());
    assert!(answer.stderr.contains("is not empty"), "{}", answer.stderr);
    assert_eq!(files(&scratch.path().join("out")).len(), 1);
    let inside = path("new/names.csv");
    let answer = topoplan(&[
        "redact",
        &path("in"),
        "-o",
        &path("new"),
        "--names",
        &inside,
    ]);
    assert_eq!(answer.exit, 2, "{}", answer.text());
    assert!(!scratch.path().join("new").exists());
}

#[test]
fn what_was_left_out_is_said() {
    let scratch = Scratch::new("redact-said");
    crate::common::put_views(&scratch, "in/", 'a', "10.0.0");
    scratch.put("in/letter.txt", "Dear all,\nthe cluster is fine\n");
    scratch.put("hosts.csv", "host,ip\nparis,10.0.0.1\n");
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    let args = [
        "redact",
        &path("in"),
        "-o",
        &path("out"),
        "--hosts",
        &path("hosts.csv"),
    ];
    let answer = topoplan(&args);
    assert_eq!(
        (answer.exit, answer.stdout.as_str()),
        (0, ""),
        "{}",
        answer.text()
    );
    for said in [
        "6 ids",
        "3 addresses",
        "1 hosts",
        "letter.txt",
        "prose was not looked at",
    ] {
        assert!(answer.stderr.contains(said), "{said}: {}", answer.stderr);
    }
    let found = files(&scratch.path().join("out"));
    assert!(found.iter().all(|(path, _)| path != "letter.txt"));
    assert!(
        found
            .iter()
            .any(|(path, text)| path == "hosts.csv" && text.contains("host-001,10."))
    );
}
