use super::*;
use crate::inventory;
use crate::policy::Flag;
use crate::policy::Policy;
use crate::rules::Code;
use crate::text::Source;

/// A master on each of two hosts and a replica on the third, as two files on disk have them.
fn on_disk(replica: &str, more: &[(&str, &str)]) -> PlanReport {
    let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
    let file = |ip: &str| {
        let text = format!(
            "{a} 10.0.0.1:7001@17001 master - 0 0 1 connected 0-8191\n\
                 {b} 10.0.0.2:7001@17001 master - 0 0 2 connected 8192-16383\n\
                 {c} 10.0.0.3:7001@17001 {replica} {a} 0 0 1 connected\n\
                 vars currentEpoch 2 lastVoteEpoch 0\n"
        );
        let own = format!("{ip}:7001@17001 ");
        let text = text.replace(&own, &format!("{own}myself,"));
        Source::new(&format!("{ip}_7001/nodes.conf"), text, String::new())
    };
    let mut files = vec![file("10.0.0.1"), file("10.0.0.2")];
    let more = more.iter();
    files.extend(more.map(|(path, text)| Source::new(path, (*text).to_owned(), String::new())));
    let inventory = inventory::read(files, Policy::default());
    assert!(inventory.views_on_disk);
    plan(&inventory, &Request::default()).expect("no bug")
}

#[test]
fn files_on_disk_are_said_to_be_old() {
    let report = on_disk("slave", &[]);
    assert_eq!(report.refused, None);
    assert!(report.assumptions[0].contains("older than the cluster is now"));
    assert!(report.found.iter().any(|f| f.code == Code::MissingView));
}

#[test]
fn by_files_on_disk_alone_nobody_is_dead() {
    let refused = on_disk("slave,fail", &[]).refused.unwrap_or_default();
    assert!(refused.contains("by which 1 member is dead"), "{refused}");
    let silent = [("10.0.0.3_7001/UNREACHABLE", "Could not connect to Redis\n")];
    assert_eq!(on_disk("slave,fail", &silent).refused, None);
}

/// Views of a master that runs, beside another one, and of the replica of a third; `flags` are of
/// that one in each.
fn two_views(flags: [&str; 2], pongs: [u64; 2], more: &[(&str, &str)]) -> PlanReport {
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|id| id.repeat(40));
    let view = |ip: &str, flags: &str, pong: u64| {
        let text = format!(
            "{a} 10.0.0.1:7001@17001 master{flags} - 0 {pong} 1 connected 0-8191\n\
                 {b} 10.0.0.2:7001@17001 master - 0 {pong} 2 connected 8192-12287\n\
                 {d} 10.0.0.4:7001@17001 master - 0 {pong} 3 connected 12288-16383\n\
                 {c} 10.0.0.3:7001@17001 slave {a} 0 {pong} 1 connected\n"
        );
        let own = format!("{ip}:7001@17001 ");
        let text = text.replace(&own, &format!("{own}myself,"));
        Source::new(&format!("{ip}_7001/nodes.txt"), text, String::new())
    };
    let mut files = vec![
        view("10.0.0.2", flags[0], pongs[0]),
        view("10.0.0.3", flags[1], pongs[1]),
    ];
    let more = more.iter();
    files.extend(more.map(|(path, text)| Source::new(path, (*text).to_owned(), String::new())));
    let inventory = inventory::read(files, Policy::default());
    plan(&inventory, &Request::default()).expect("no bug")
}

const NOW: u64 = 1_795_000_000_000;

#[test]
fn who_is_only_suspected_is_not_replaced() {
    let failovers = |report: &PlanReport| {
        let steps = report.steps.iter();
        steps.filter(|s| s.action == action::Kind::Failover).count()
    };
    let suspected = two_views([",fail?"; 2], [NOW; 2], &[]);
    assert_eq!(failovers(&suspected), 0);
    let said = suspected.refusals.iter().map(|r| &r.reason);
    let told = said.filter(|r| r.contains("no view flags it `fail`"));
    assert_eq!(told.count(), 1);
    let silent = [("10.0.0.1_7001/UNREACHABLE", "Could not connect to Redis\n")];
    assert_eq!(failovers(&two_views([",fail?"; 2], [NOW; 2], &silent)), 1);
    assert_eq!(failovers(&two_views([",fail"; 2], [NOW; 2], &[])), 1);
}

fn said(report: &PlanReport, words: &str) -> usize {
    let reasons = report.refusals.iter().map(|r| &r.reason);
    reasons.filter(|r| r.contains(words)).count()
}

#[test]
fn nobody_takes_over_from_a_node_that_answered() {
    let timeout = "Could not connect to Redis at 10.0.0.1:7001: Connection timed out\n";
    for answer in [
        ("10.0.0.1_7001/info.txt", "# Replication\r\nrole:master\r\n"),
        ("10.0.0.1_7001/ping.txt", "PONG\n"),
    ] {
        let more = [answer, ("10.0.0.1_7001/cluster-nodes.txt", timeout)];
        for more in [&more[..1], &more[..]] {
            let report = two_views([",fail"; 2], [NOW; 2], more);
            assert!(report.steps.is_empty(), "{answer:?} {:?}", report.steps);
            assert_eq!(said(&report, "nobody takes over"), 1, "{answer:?}");
            assert!(
                report
                    .found
                    .iter()
                    .any(|f| f.code == Code::FailedButAnswers)
            );
        }
    }
    for kept in [
        (
            "10.0.0.1_7001/redis.conf",
            "port 7001\ncluster-enabled yes\n",
        ),
        ("10.0.0.1_7001/config.txt", "maxmemory\n0\nport\n7001\n"),
    ] {
        let report = two_views([",fail"; 2], [NOW; 2], &[kept]);
        assert_eq!(report.steps.len(), 1, "{kept:?}");
    }
}

/// Two masters see a replica as healthy, another view is its own; it gave no answer.
fn silent_replica(flags: &str, request: &Request) -> PlanReport {
    let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
    let view = |of: u32| {
        let text = format!(
            "{a} 10.0.0.1:7001@17001 master - 0 {NOW} 1 connected 0-8191\n\
                 {b} 10.0.0.2:7001@17001 master - 0 {NOW} 2 connected 8192-16383\n\
                 {c} 10.0.0.3:7001@17001 slave{flags} {a} 0 {NOW} 1 connected\n"
        );
        let own = format!("10.0.0.{of}:7001@17001 ");
        let text = text.replace(&own, &format!("{own}myself,"));
        Source::new(&format!("10.0.0.{of}_7001/nodes.txt"), text, String::new())
    };
    let silent = "Could not connect to Redis\n".to_owned();
    let silent = Source::new("10.0.0.3_7001/UNREACHABLE", silent, String::new());
    let inventory = inventory::read([view(1), view(2), silent], Policy::default());
    plan(&inventory, request).expect("no bug")
}

#[test]
fn who_is_only_silent_is_not_forgotten_on_request() {
    let request = Request {
        flags: [Flag::ForgetDead].into(),
        ..Request::default()
    };
    let forgets = |report: &PlanReport| {
        let steps = report.steps.iter();
        steps.filter(|s| s.action == action::Kind::Forget).count()
    };
    let silent = silent_replica("", &request);
    assert_eq!(forgets(&silent), 0);
    assert_eq!(said(&silent, "no view doubts it"), 1);
    let failed = silent_replica(",fail", &request);
    assert_eq!(
        (forgets(&failed), said(&failed, "no view doubts it")),
        (1, 0)
    );
}

#[test]
fn views_of_two_moments_are_not_put_together_where_they_differ() {
    let later = [NOW, NOW + 120_000];
    let refused = two_views([",fail", ""], later, &[]).refused;
    let refused = refused.unwrap_or_default();
    assert!(
        refused.starts_with("the views are more than a minute apart"),
        "{refused}"
    );
    assert_eq!(two_views(["", ""], later, &[]).refused, None);
    assert_eq!(two_views([",fail", ""], [NOW; 2], &[]).refused, None);
}
