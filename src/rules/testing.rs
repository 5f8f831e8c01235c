//! Findings as short texts, so that a test reads as a sentence.

use crate::inventory::Authority;
use crate::inventory::Inventory;
use crate::inventory::ViewOf;
use crate::inventory::read;
use crate::inventory::tests::file;
use crate::inventory::tests::of;
use crate::inventory::tests::views;
use crate::model::Cluster;
use crate::model::testing::healthy;
use crate::model::testing::id;
use crate::model::testing::tablets;
use crate::policy::Policy;
use crate::rules::Check;
use crate::rules::Context;
use crate::rules::Finding;
use crate::rules::OfTablets;
use crate::rules::Rule;
use crate::rules::Subject;
use crate::rules::TabletContext;
use crate::rules::check;
use crate::text::Source;

/// What the rule finds, with no policy given.
pub(super) fn findings(rule: &'static Rule, cluster: &Cluster) -> Vec<Finding> {
    findings_under(rule, cluster, &Policy::default())
}

/// What the rule finds under a policy. Every finding must say what to do and where to look.
pub(super) fn findings_under(
    rule: &'static Rule,
    cluster: &Cluster,
    policy: &Policy,
) -> Vec<Finding> {
    let Check::Cluster(check) = rule.check else {
        panic!("{rule:?} needs an inventory");
    };
    let wanted = policy.wanted(cluster);
    let mut found = Vec::new();
    check(&Context::new(cluster, policy, &wanted), &mut found);
    for finding in &found {
        assert_eq!(finding.rule, rule);
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'));
        let help = finding.help.to_string();
        assert!(!help.is_empty() && !help.contains('\n'));
        assert!(!finding.evidence.is_empty(), "{finding:?}");
    }
    found
}

/// What a rule of the capture finds. Every finding must say what to do and where to look.
pub(super) fn capture_findings(rule: &'static Rule, inventory: &Inventory) -> Vec<Finding> {
    let Check::Capture(check) = rule.check else {
        panic!("{rule:?} needs no inventory");
    };
    let mut found = Vec::new();
    check(inventory, &mut found);
    for finding in &found {
        assert_eq!(finding.rule, rule);
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'));
        let help = finding.help.to_string();
        assert!(!help.is_empty() && !help.contains('\n'));
        assert!(!finding.evidence.is_empty(), "{finding:?}");
    }
    found
}

/// [`healthy`], as captured by views of these nodes.
pub(super) fn seen_by(nodes: &[&str]) -> Inventory {
    let cluster = healthy();
    let view = |name: &&str| ViewOf {
        path: format!("{name}.txt"),
        owner: Some(id(&cluster, name)),
        authority: Authority::View,
        clock: None,
        cluster_current_epoch: None,
        my_epoch: None,
        complete: true,
    };
    Inventory {
        views: nodes.iter().map(view).collect(),
        cluster,
        ..Inventory::default()
    }
}

/// The subjects of what the rule finds, with no policy given.
pub(super) fn subjects(rule: &'static Rule, cluster: &Cluster) -> Vec<String> {
    let name = |f: &Finding| subject(cluster, f);
    findings(rule, cluster).iter().map(name).collect()
}

/// `code subject` of everything that is found, in the order of [`check`].
pub(super) fn check_all(cluster: &Cluster) -> Vec<String> {
    let policy = Policy::default();
    let wanted = policy.wanted(cluster);
    check(&Context::new(cluster, &policy, &wanted))
        .iter()
        .map(|f| format!("{} {}", f.rule.code, subject(cluster, f)))
        .collect()
}

/// The name of a node, host or zone; slots as ranges, with `@node` where one is named.
pub(super) fn subject(cluster: &Cluster, finding: &Finding) -> String {
    match &finding.subject {
        Subject::Node(id) => cluster.node(*id).name.to_string(),
        Subject::Slots(slots, None) => slots.to_string(),
        Subject::Slots(slots, Some(id)) => format!("{slots}@{}", cluster.node(*id).name),
        Subject::Host(host) => cluster.host(*host).name.to_string(),
        Subject::Zone(zone) => cluster.zones[zone.0 as usize].name.to_string(),
        Subject::Capture => "capture".to_owned(),
        Subject::Tablets(_) => unreachable!("no rule of a cluster names tablets"),
    }
}

/// What the rule finds in tablets that a text describes.
pub(super) fn tablet_findings(rule: &'static Rule, text: &str) -> Vec<Finding> {
    let Check::Tablets(check) = rule.check else {
        panic!("{rule:?} does not look at tablets");
    };
    let (state, mut found) = (tablets(text), Vec::new());
    check(&TabletContext::new(&state, None), &mut found);
    for finding in &found {
        assert_eq!(finding.rule, rule);
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'));
        assert!(!finding.help.to_string().is_empty() && !finding.evidence.is_empty());
    }
    found
}

/// The subjects of what the rule finds in them.
pub(super) fn tablet_subjects(rule: &'static Rule, text: &str) -> Vec<String> {
    let state = tablets(text);
    let name = |finding: &Finding| match finding.subject {
        Subject::Tablets(OfTablets::Tablet(tablet)) => state.endpoint(tablet).to_string(),
        Subject::Tablets(OfTablets::Partition(partition)) => state.name(partition),
        Subject::Tablets(OfTablets::Copy(partition, tablet)) => {
            format!("{} {}", state.name(partition), state.endpoint(tablet))
        }
        Subject::Tablets(OfTablets::Op(id, _)) => id.to_string(),
        _ => "capture".to_owned(),
    };
    tablet_findings(rule, text).iter().map(name).collect()
}

/// `error` and the message of each.
pub(super) fn told(findings: &[Finding]) -> Vec<String> {
    let told = findings
        .iter()
        .map(|f| format!("{} {}", f.severity, f.message));
    told.collect()
}

/// Masters `a` and `b`, their replicas `c` and `d`, each on a host of its own.
const FOUR: &str = "a master - 1 0-8191; b master - 2 8192-16383; c slave a 1; d slave b 2";

/// What the rule finds where one of these nodes says this, and runs with this configuration.
pub(super) fn sick(rule: &'static Rule, node: char, info: &str, config: &str) -> Vec<Finding> {
    let info = format!("# Stats\nredis_mode:cluster\n{info}");
    let mut files = views("abcd", FOUR);
    files.push(of(node, "info.txt", &info));
    files.extend((!config.is_empty()).then(|| conf(node, config)));
    capture_findings(rule, &read(files, Policy::default()))
}

/// What the rule finds where these nodes run with these configurations.
pub(super) fn configured(rule: &'static Rule, nodes: &[(char, &str)]) -> Vec<Finding> {
    let mut files = views("abcd", FOUR);
    files.extend(nodes.iter().map(|(node, config)| conf(*node, config)));
    capture_findings(rule, &read(files, Policy::default()))
}

fn conf(node: char, config: &str) -> Source {
    of(
        node,
        "redis.conf",
        &format!("cluster-enabled yes\ntcp-backlog 511\n{config}"),
    )
}

/// What the rule finds where two masters share the host 10.0.0.1, which tells this in its files and
/// whose servers tell this in INFO.
pub(super) fn on_host(
    rule: &'static Rule,
    files: &[(&str, &str)],
    info: &[String],
) -> Vec<Finding> {
    let id = |n: usize| format!("{n}").repeat(40);
    let view: String = [1, 2]
        .map(|n| {
            let (myself, slots) = [("myself,", "0-8191"), ("", "8192-16383")][n - 1];
            format!(
                "{} 10.0.0.1:700{n}@1700{n} {myself}master - 0 1 {n} connected {slots}\n",
                id(n)
            )
        })
        .concat();
    let mut all = vec![file("10.0.0.1_7001/cluster-nodes.txt", &view)];
    all.extend((7001..).zip(info).map(|(port, info)| {
        let info = format!("# Stats\nredis_mode:cluster\n{info}");
        // A line of its own for what only settings tell.
        file(&format!("10.0.0.1_{port}/info.txt"), &info)
    }));
    let of_host = files
        .iter()
        .map(|(name, text)| file(&format!("hosts/10.0.0.1/{name}"), text));
    all.extend(of_host);
    capture_findings(rule, &read(all, Policy::default()))
}
