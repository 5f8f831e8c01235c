//! `list` prints what the runbook's commands print, byte for byte.

use crate::common::Answer;
use crate::common::Scratch;
use crate::common::dump;
use crate::common::put_views;
use crate::common::topoplan;
use crate::common::topoplan_with;

/// The list of a sample; fails unless it is an answer.
fn list(kind: &str, sample: &str, more: &[&str]) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let capture = format!("{root}/samples/{sample}/capture");
    let answer = topoplan(&[&["list", kind, &capture], more].concat());
    assert_eq!(answer.exit, 0, "{}", answer.text());
    answer.stdout
}

#[test]
fn prints_the_bytes_of_the_runbook() {
    for (kind, bytes) in [
        ("no-slave", "127.0.0.1:18203\n127.0.0.1:18252\n"),
        ("no-slot", "127.0.0.1:18202\n127.0.0.1:18253\n"),
        (
            "failovered",
            "127.0.0.1:18250\n127.0.0.1:18252\n127.0.0.1:18253\n",
        ),
        ("failbacked", "127.0.0.1:18200\n"),
        (
            "distribution",
            "check distribution of masters/slaves...\n\
             SERVER NAME | M | S\n\
             --------------------------------\n\
             127.0.0.1   | 5 | 3\n\
             --------------------------------\n\
             Total nodes | 5 | 3\n",
        ),
    ] {
        assert_eq!(list(kind, "runbook", &[]), bytes, "{kind}");
    }
}

#[test]
fn prints_the_ports_on_a_disk_as_the_runbook_does() {
    let disk = [
        "--host",
        "127.0.0.1",
        "--dir",
        "/nvdrive0/ssd_01/nvkvs/nvkvs",
    ];
    let all = list("with-dir", "runbook-before", &disk);
    assert_eq!(all, "18200\n18204\n18253\n");
    let masters = [&disk[..], &["--masters"]].concat();
    assert_eq!(
        list("with-dir", "runbook-before", &masters),
        "18200\n18204\n"
    );
}

#[test]
fn a_ghost_is_its_line_as_captured() {
    let line = list("noaddr", "runbook", &[]);
    let fields: Vec<&str> = line.trim_end().split(' ').collect();
    let [
        id,
        ":0",
        "master,fail,noaddr",
        "-",
        _,
        _,
        "3",
        "disconnected",
    ] = fields[..]
    else {
        panic!("{line}");
    };
    assert_eq!(list("noaddr", "runbook", &["--ids"]), format!("{id}\n"));
}

/// Six views in which the replica `a…5` of the third master runs no more.
fn without_the_last(scratch: &Scratch, line: &str) -> String {
    for node in 0..5 {
        let text = dump('a', "10.0.0", node);
        let (before, last) = text.trim_end().rsplit_once('\n').expect("six lines");
        let id = last.split(' ').next().expect("an id");
        let text = format!("{before}\n{}\n", line.replace("ID", id));
        scratch.put(&format!("capture/view{node}.txt"), text);
    }
    scratch.path().join("capture").display().to_string()
}

fn quiet_or_not(capture: &str, kind: &str) -> (Answer, Answer) {
    let loud = topoplan(&["list", kind, capture]);
    let quiet = topoplan(&["list", kind, capture, "-q"]);
    assert_eq!((loud.exit, quiet.exit), (0, 0), "{}", loud.text());
    assert_eq!(loud.stdout, quiet.stdout);
    (loud, quiet)
}

#[test]
fn who_is_left_out_is_said_on_standard_error() {
    let scratch = Scratch::new("list-dead");
    let dead = "ID 10.0.0.1:7001@17001 master,fail - 0 0 3 disconnected";
    let capture = without_the_last(&scratch, dead);
    let (loud, quiet) = quiet_or_not(&capture, "no-slot");
    assert_eq!(loud.stdout, "");
    assert_eq!(
        loud.stderr,
        "1 dead node is not in this list: 10.0.0.1:7001\n"
    );
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_captured_control_character_does_not_reach_the_terminal() {
    let scratch = Scratch::new("list-paint");
    let ghost = "ID :0@0 slave,\u{1b}[2J,fail,noaddr - 0 0 3 disconnected";
    let capture = without_the_last(&scratch, ghost);
    let answer = topoplan(&["list", "noaddr", &capture]);
    assert_eq!(answer.exit, 0, "{}", answer.text());
    assert!(!answer.text().contains('\u{1b}'), "{}", answer.text());
    assert!(
        answer.stdout.contains(" :0@0 slave,,fail,noaddr "),
        "{}",
        answer.stdout
    );
    assert_eq!(answer.stdout.lines().count(), 1, "once for each id");
}

#[test]
fn a_pasted_ghost_is_printed_without_its_quotes() {
    let id = "b".repeat(40);
    let ghost = format!("{id} :0 slave,fail,noaddr - 0 0 3 disconnected");
    let text = dump('a', "10.0.0", 0).replace('\n', "\\n");
    let pasted = format!("\"{text}{ghost}\\n\"\n");
    let answer = topoplan_with(&["list", "noaddr", "-"], pasted.as_bytes());
    assert_eq!(answer.stdout, format!("{ghost}\n"), "{}", answer.text());
}

#[test]
fn the_roles_of_the_first_day_may_be_named_with_a_flag() {
    let scratch = Scratch::new("list-home");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let capture = scratch.path().join("capture").display().to_string();
    let missing = topoplan(&["list", "failbacked", &capture]);
    assert_eq!((missing.exit, missing.stdout.as_str()), (2, ""));
    assert!(
        missing.stderr.contains("redis.properties"),
        "{}",
        missing.stderr
    );
    // The ports the other way round: every node is away from home.
    let text = "export SR2_REDIS_MASTER_PORTS=( 7001 )\nexport SR2_REDIS_SLAVE_PORTS=( 7000 )\n";
    let home = scratch.put("redis.properties", text).display().to_string();
    let answer = topoplan(&["list", "failbacked", &capture, "--home", &home]);
    assert_eq!(
        answer.stdout,
        "10.0.0.1:7001\n10.0.0.2:7001\n10.0.0.3:7001\n",
        "{}",
        answer.text()
    );
    let elsewhere = text.replace("700", "800");
    let home = scratch.put("redis.properties", elsewhere);
    let home = home.display().to_string();
    let answer = topoplan(&["list", "failovered", &capture, "--home", &home]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (2, ""));
}

#[test]
fn flags_of_another_list_are_refused() {
    let scratch = Scratch::new("list-flags");
    put_views(&scratch, "capture/view", 'a', "10.0.0");
    let capture = scratch.path().join("capture").display().to_string();
    for line in [
        &["no-slot", &capture, "--host", "10.0.0.1"][..],
        &["no-slave", &capture, "--masters"],
        &["noaddr", &capture, "--address"],
        &["distribution", &capture, "--ids"],
        &["with-dir", &capture, "--host", "10.0.0.1"],
        &["with-dir", &capture, "--host", "10.0.0.1", "--dir", ""],
        &["with-dir", &capture, "--host", "10.0.0.1", "--dir", "/d"],
    ] {
        let answer = topoplan(&[&["list"], line].concat());
        assert_eq!(
            (answer.exit, answer.stdout.as_str()),
            (2, ""),
            "{line:?}: {}",
            answer.text()
        );
    }
}
