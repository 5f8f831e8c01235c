//! ## What
//! A master owns its slots in more than 64 ranges.
//!
//! ## Why
//! Every range is text in what each node writes to its disk and answers to CLUSTER NODES, SHARDS and
//! SLOTS: thousands of them make these answers megabytes, which every client asks for when it connects
//! and after every redirection. It comes of many small reshards.
//!
//! ## Do
//! Nothing at once. Let moves be few and large: a plan (`--balance-slots`, `--move`) takes whole ranges
//! and those that join others first.
use crate::rules::prelude::*;

/// As many as a master gets from one after another of some dozens of reshards.
const RANGES: usize = 64;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ScatteredSlots,
    id: "scattered-slots",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("scattered_slots.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    let owners = cx.cluster.iter().filter(|(_, n)| !n.slots.is_empty());
    let ranges: Vec<(NodeId, usize)> = owners.map(|(id, n)| (id, n.slots.range_count())).collect();
    let all: usize = ranges.iter().map(|(_, n)| n).sum();
    let scattered = ranges.iter().filter(|(_, n)| *n > RANGES);
    let worst = scattered
        .clone()
        .max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id)));
    let Some(&(worst, most)) = worst else { return };
    let message = format!(
        "{} own their slots in more than {RANGES} ranges, {} most: {} in {most}; all slots are {all} ranges",
        words::count(scattered.count(), "master"),
        words::node(cx.cluster, worst),
        words::count(cx.cluster.node(worst).slots.len() as usize, "slot"),
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("let the next moves be few and large")
            .evidence([Fact::Node(worst)]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_beyond_so_many_ranges() {
        let mut cluster = healthy();
        let [m1, m2] = ["m1", "m2"].map(|name| id(&cluster, name));
        for slot in (1..=126).step_by(2) {
            cluster.node_mut(m1).slots.remove(slot);
            cluster.node_mut(m2).slots.insert(slot);
        }
        // 64 at the one, 63 and its own at the other.
        assert!(subjects(&RULE, &cluster).is_empty());
        cluster.node_mut(m1).slots.remove(201);
        cluster.node_mut(m2).slots.insert(201);
        let found = findings(&RULE, &cluster);
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(message.starts_with("2 masters own"), "{message}");
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
