//! Eight times the input is about eight times the work: what a thread runs and asks for, not what
//! a clock shows.

use std::fs;

use topoplan::inventory;
use topoplan::policy::Policy;
use topoplan::redact;
use topoplan::text::Source;

use crate::Numbers;
use crate::asked;
use crate::peak;

const TIMES: usize = 8;

/// Work that grows with the square of the input grows by 64.
const MOST: f64 = 24.0;

/// What one run took.
struct Work {
    /// Nanoseconds that this thread ran; `None` where the system does not tell.
    ran: Option<f64>,
    asked: f64,
    peak: f64,
}

fn work(run: impl Fn()) -> Work {
    let mut bytes = 0;
    let before = ran();
    let most = peak(|| bytes = asked(&run));
    Work {
        ran: ran().zip(before).map(|(after, before)| after - before),
        asked: bytes as f64,
        peak: most as f64,
    }
}

fn ran() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// What grows too much between an input and one eight times as long, if anything does.
fn complaint(name: &str, length: usize, run: impl Fn(usize)) -> Option<String> {
    // What is made once is not counted.
    run(length / TIMES);
    let small = work(|| run(length));
    let large = work(|| run(length * TIMES));
    let floor = 3e6;
    let ran = small.ran.zip(large.ran).map(|(s, l)| (s.max(floor), l));
    let rows = [
        ("time", ran),
        ("memory asked for", Some((small.asked, large.asked))),
        ("memory held", Some((small.peak.max(65536.0), large.peak))),
    ];
    rows.into_iter().find_map(|(what, pair)| {
        let (small, large) = pair?;
        (large > small * MOST).then(|| format!("{name}: {what} grows from {small} to {large}"))
    })
}

fn redacted(text: String) {
    let id = "a".repeat(40);
    let view = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
    let source = Source::new("nodes.txt", format!("{view}{text}\n"), String::new());
    let redacted = redact::redact(&[source], &[], true);
    assert_eq!(redacted.leaks, [] as [&str; 0]);
}

/// What the scanner looks behind, before or within.
const UNITS: &[&str] = &[
    "pw=",
    "user=",
    "auth=",
    "pass=",
    "token=",
    "secret=",
    "AUTH:",
    "AUTH ",
    "auth,",
    "host=",
    "host=!",
    "zone=",
    "version=",
    "dir=/",
    "user ",
    "(user a on >b ~* ",
    "user a on ",
    "setuser ",
    "-a ",
    "-a 'x'",
    "'auth'",
    "\"auth\"",
    "--pass x ",
    "-pass x ",
    "--requirepass ",
    "requirepass ",
    "[ ",
    "{\"password\":",
    "\"password\":\"x\",",
    "pw='",
    "pw=\"\\\"",
    "\\nrequirepass\\n",
    "\\\\",
    "\\",
    "://",
    "redis://a:b@",
    "a@b ",
    "@",
    "<password>",
    "<host>!",
    "7000-",
    "/7000",
    "a.b.",
    "a-",
    "::1",
    "1:",
    "10.0.0.1",
    "010.",
    "host,ip,",
    "name: pw, value: ",
    "name=",
    "value=",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "eyJ",
    "AKIA",
    "arn:",
    "kubectl -n ",
    "machine x login y password z ",
    "sentinel auth-pass m ",
    "curl -u a:b ",
    "mysql -px ",
    " (",
    "1) \"AUTH\" ",
    "argv[0]: ",
    ",args=[",
    "db0:keys=",
    "é",
    "서버",
    "\u{1b}[0m",
    "=",
    ":",
    ",",
    "\"",
    "'",
    "`",
    "deadbeef",
    "07c37dfeb235213a",
    "~app:* ",
    ">pw ",
    "#ab ",
];

#[test]
fn redacting_a_line_costs_its_length() {
    let complaints: Vec<String> = UNITS
        .iter()
        .filter_map(|unit| {
            complaint(unit, 6 << 10, |length| {
                redacted(format!("auth user {}", unit.repeat(length / unit.len())));
            })
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn redacting_lines_of_several_words_costs_their_length() {
    let complaints: Vec<String> = (0..24)
        .filter_map(|number| {
            let mut numbers = Numbers(number);
            let count = 2 + numbers.below(3);
            let words: Vec<&str> = (0..count)
                .map(|_| UNITS[numbers.below(UNITS.len())])
                .collect();
            let unit = words.join([" ", "", "\t"][numbers.below(3)]);
            let name = format!("{unit:?}");
            complaint(&name, 4 << 10, |length| {
                redacted(unit.repeat(length / unit.len()))
            })
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Many names that begin alike, in a map and in a text.
#[test]
fn redacting_many_names_costs_their_number() {
    let complaint = complaint("hosts", 300, |count| {
        let mut map = String::from("host,ip\n");
        let mut text = String::new();
        for n in 0..count {
            map += &format!("db-{n:05},10.{}.{}.1\n", n / 256, n % 256);
            text += &format!("db-{n:05}:7000> ping\nPONG\n");
        }
        let of = |name: &str, text: String| Source::new(name, text, String::new());
        let sources = [of("hosts.csv", map), of("pings.txt", text)];
        assert_eq!(redact::redact(&sources, &[], false).leaks, [] as [&str; 0]);
    });
    assert_eq!(complaint, None);
}

/// A name that looks as if it were made of the new ones.
#[test]
fn a_free_name_is_found_at_once() {
    let secret = format!("{}host-", "x".repeat(200_000));
    let text = format!("requirepass {secret}\nhostname server-machine-box-1\n");
    redacted(text);
}

#[test]
fn a_map_costs_its_length() {
    let id = "a".repeat(40);
    let view = format!("{id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-16383\n");
    for (name, head, row) in [
        ("hosts", "host,ip,zone\n", "h#,10.%,z#\n"),
        ("one zone", "host,ip,zone\n", "h#,10.%,z\n"),
        ("one host", "host,ip\n", "h,10.%\n"),
        ("one address", "host,ip\n", "h#,10.0.0.1\n"),
        ("disks", "host,ip,port,dir\n", "h#,10.%,7000,/d/#\n"),
        ("home", "address,role,master\n", "10.%:7000,master,\n"),
    ] {
        let complaint = complaint(name, 500, |count| {
            let mut map = String::from(head);
            for n in 0..count {
                let ip = format!("{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
                map += &row.replace('#', &n.to_string()).replace('%', &ip);
            }
            let of = |name: &str, text: String| Source::new(name, text, String::new());
            let sources = [of("nodes.txt", view.clone()), of("map.csv", map)];
            let inventory = inventory::read(sources, Policy::default());
            assert_eq!(inventory.cluster.nodes.len(), 1);
        });
        assert_eq!(complaint, None);
    }
}
