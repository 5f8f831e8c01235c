//! What is planned on views from both sides of a failover, or of a restart under a new id.

use crate::action::Kind;
use crate::diagnostic::Capture;
use crate::inventory::Inventory;
use crate::inventory::tests::address;
use crate::inventory::tests::codes;
use crate::inventory::tests::dump;
use crate::inventory::tests::endpoint;
use crate::inventory::tests::file;
use crate::inventory::tests::id;
use crate::inventory::tests::inventory;
use crate::inventory::tests::name;
use crate::inventory::tests::node;
use crate::inventory::tests::of;
use crate::inventory::tests::view;
use crate::inventory::tests::views;
use crate::plan::Request;
use crate::report;
use crate::report::PlanReport;
use crate::text::Source;

/// Shards `a` with the replicas `d` and `g`, `b` with `e`, `c` with `f`.
const BEFORE: &str = "a master - 1 0-5460; b master - 2 5461-10922; c master - 3 10923-16383; \
    d slave a 1; e slave b 2; f slave c 3; g slave a 1";

/// After `d` took over from `a`.
const AFTER: &str = "a slave d 7; b master - 2 5461-10922; c master - 3 10923-16383; \
    d master - 7 0-5460; e slave b 2; f slave c 3; g slave d 7";

fn plan(inventory: &Inventory) -> PlanReport {
    report::plan(inventory, &Request::default()).expect("no bug")
}

/// Each node's view in time: `before`, `after` or left out.
fn mixed(before: &str, after: &str) -> Inventory {
    let mut files = views(before, BEFORE);
    files.extend(views(after, AFTER));
    inventory(files)
}

#[test]
fn an_own_view_that_a_later_epoch_overtook_does_not_lose_the_slots() {
    for (before, after) in [
        ("bcdefg", "a"),
        ("d", "abcefg"),
        ("bcdefg", ""),
        ("d", "abc"),
    ] {
        let inventory = mixed(before, after);
        assert!(inventory.cluster.uncovered().is_empty(), "{before} {after}");
        if after.is_empty() {
            assert_eq!(plan(&inventory).refused, None);
            continue;
        }
        let owner = node(&inventory, 'd');
        assert!(owner.is_master() && owner.slots.to_string() == "0-5460");
        assert_eq!(owner.config_epoch, 7);
        assert_eq!(node(&inventory, 'a').master(), Some(id(&inventory, 'd')));
        let refused = plan(&inventory).refused.unwrap_or_default();
        assert!(refused.contains("show no moment"), "{refused}");
        assert!(codes(&inventory).contains(&Capture::TwoMoments.code()));
    }
}

/// Every view is from before, from after or not there.
#[test]
fn no_mixture_of_the_two_sides_of_a_failover_moves_a_copy_of_the_shard() {
    let dead = |lines: &str, a: &str| {
        let (_, rest) = lines.split_once(';').expect("more than one line");
        format!("{a};{rest}")
    };
    let fallen = dead(BEFORE, "a master,fail - 1 down 0-5460");
    let replaced = dead(AFTER, "a master,fail - 1 down");
    mix("abcdefg", BEFORE, AFTER);
    mix("bcdefg", &fallen, &replaced);
}

fn mix(nodes: &str, lines_before: &str, lines_after: &str) {
    let (mut refused, mut planned) = (0, 0);
    for mixture in 1..3_usize.pow(nodes.len() as u32) {
        let (mut before, mut after) = (String::new(), String::new());
        let mut rest = mixture;
        for node in nodes.chars() {
            match rest % 3 {
                0 => {}
                1 => before.push(node),
                _ => after.push(node),
            }
            rest /= 3;
        }
        // Of other shards one tells what two do; with old views only it is one moment.
        if rest_differs(&before, &after) || after.is_empty() {
            continue;
        }
        let mut files = views(&before, lines_before);
        files.extend(views(&after, lines_after));
        let inventory = inventory(files);
        let report = plan(&inventory);
        if report.refused.is_some() {
            assert!(!before.is_empty(), "all of one moment: {after}");
            refused += 1;
            continue;
        }
        planned += 1;
        let shard: Vec<String> = "adg".chars().map(name).collect();
        let steps = report.steps.iter();
        let moved = steps.filter(|s| s.node.as_ref().is_some_and(|n| shard.contains(n)));
        let moved: Vec<Kind> = moved.map(|s| s.action).collect();
        assert!(
            !moved.contains(&Kind::Replicate),
            "{before} {after}: {moved:?}"
        );
        assert_eq!(node(&inventory, 'd').slots.to_string(), "0-5460");
        assert!(node(&inventory, 'd').is_master(), "{before} {after}");
    }
    assert!(refused > 20 && planned > 20, "{refused} {planned}");
}

/// Whether `c` and `f` tell something else than `b` and `e`.
fn rest_differs(before: &str, after: &str) -> bool {
    let side = |node: char| (before.contains(node), after.contains(node));
    side('b') != side('c') || side('e') != side('f')
}

#[test]
fn a_chain_that_its_own_view_shows_is_mended() {
    let chained = AFTER.replace("g slave d 7", "g slave a 7");
    let report = plan(&inventory(views("abcdefg", &chained)));
    assert_eq!(report.refused, None);
    let steps: Vec<Kind> = report.steps.iter().map(|s| s.action).collect();
    assert_eq!(steps, [Kind::Replicate]);
}

#[test]
fn replicas_of_each_other_are_left_alone_while_slots_have_no_owner() {
    let lines = "a slave d 7; b master - 2 5461-10922; c master - 3 10923-16383; \
        d slave a 7; e slave b 2; f slave c 3; g slave d 7";
    let report = plan(&inventory(views("abcdefg", lines)));
    assert_eq!(report.refused, None);
    assert!(report.steps.is_empty(), "{:?}", report.steps);
    let told = report
        .refusals
        .iter()
        .filter(|r| r.reason.contains("only copy"));
    assert!(told.count() > 0, "{:?}", report.refusals);
}

#[test]
fn who_was_restarted_with_a_new_id_is_not_two_live_nodes() {
    // By `d`, seen before, it is `d` itself; by the others `h` runs there now.
    let later = "a master - 1 0-5460; b master - 2 5461-10922; c master - 3 10923-16383; \
        d@:0 slave,noaddr a 1 down; h@10.0.0.4:7004@17004 slave a 1; e slave b 2; f slave c 3; \
        g slave a 1";
    let later = dump(later).replace(" 0 0 ", " 0 1795000009000 ");
    let mut files = vec![view('d', BEFORE)];
    for node in "abcefg".chars() {
        let own = format!("{} ", endpoint(node));
        let text = later.replace(&own, &format!("{own}myself,"));
        files.push(of(node, "cluster-nodes.txt", &text));
    }
    let inventory = inventory(files);
    assert!(node(&inventory, 'd').is_ghost());
    assert!(node(&inventory, 'h').is_live_member());
    assert!(codes(&inventory).contains(&Capture::TwoAtOneAddress.code()));
    let refused = plan(&inventory).refused.unwrap_or_default();
    assert!(
        refused.contains("two ids are live at 10.0.0.4:7004"),
        "{refused}"
    );
}

/// A blank node, saved under the address of `of`.
fn blank(of_node: char) -> Source {
    let text = format!(
        "{} :7009@17009 myself,master - 0 0 0 connected\n",
        name('x')
    );
    of(of_node, "cluster-nodes.txt", &text)
}

#[test]
fn a_blank_node_in_the_folder_of_a_live_one_is_not_met_there() {
    let mut files = views("abcdef", BEFORE);
    files.push(blank('g'));
    let inventory = inventory(files);
    assert_eq!(node(&inventory, 'x').address, None);
    assert_eq!(
        node(&inventory, 'g')
            .address
            .as_ref()
            .map(ToString::to_string),
        Some(address('g'))
    );
    assert!(codes(&inventory).contains(&Capture::TwoAtOneAddress.code()));
    let report = plan(&inventory);
    assert!(report.steps.is_empty(), "{:?}", report.steps);
    let told = report
        .refusals
        .iter()
        .find(|r| r.reason.contains("its address"));
    assert_eq!(
        told.map(|r| r.unlock.as_str()),
        Some("name its file after its address")
    );
}

#[test]
fn a_blank_node_at_the_address_of_a_dead_one_is_met() {
    let dead = BEFORE.replace("g slave a 1", "g slave,fail a 1 down");
    let mut files = views("abcdef", &dead);
    files.push(blank('g'));
    let inventory = inventory(files);
    let at = node(&inventory, 'x')
        .address
        .as_ref()
        .map(ToString::to_string);
    assert_eq!(at, Some(address('g')));
    let report = plan(&inventory);
    assert!(report.steps.iter().any(|s| s.action == Kind::Meet));
}

#[test]
fn no_step_is_of_a_node_without_an_address() {
    let alone = format!(
        "{} :7001@17001 myself,master - 0 0 1 connected 0-16383\n",
        name('a')
    );
    let files = vec![file("view.txt", &alone), blank('b')];
    let report = plan(&inventory(files));
    let refused = report.refused.unwrap_or_default();
    assert!(
        refused.contains("name its file after its address"),
        "{refused}"
    );
    assert!(report.steps.is_empty());
}
