//! ## What
//! A master owns so many slots, or so few, that it is more than 2 % off an even share of all.
//!
//! ## Why
//! Slots are what load and memory follow: the master with the most is full first. A master that
//! joined and got no share carries nothing; one that a lost neighbour's slots came to, too much.
//!
//! ## Do
//! If it is meant so, nothing. Else let a plan even the masters out: `topoplan plan
//! --balance-slots`, with `--weight` for machines of different sizes. It moves the fewest slots
//! that do it.
use crate::rules::prelude::*;
use crate::text::words::count;

/// As `redis-cli --cluster rebalance` has it: what is less is not worth moving.
const PERCENT: u64 = 2;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnevenSlots,
    id: "uneven-slots",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[Need::Slots],
    check: Check::Cluster(check),
    page: include_str!("uneven_slots.rs"),
};

/// Dead owners count: their slots are theirs until somebody takes them over.
fn check(cx: &Context, out: &mut Vec<Finding>) {
    let cluster = cx.cluster;
    let owners = cluster.iter().filter(|(_, n)| !n.slots.is_empty());
    let owners: Vec<(NodeId, u64)> = owners
        .map(|(id, n)| (id, u64::from(n.slots.len())))
        .collect();
    let (all, total) = (
        owners.len() as u64,
        owners.iter().map(|(_, n)| n).sum::<u64>(),
    );
    // A rounded share is off by less than one slot.
    let is_off = |slots: u64| {
        let off = (slots * all).abs_diff(total);
        off * 100 > total * PERCENT && off >= all
    };
    let off = owners.iter().filter(|(_, slots)| is_off(*slots));
    let (most, least) = (
        owners
            .iter()
            .max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id))),
        owners.iter().min_by_key(|(id, n)| (*n, *id)),
    );
    let (number, Some((most, more)), Some((least, fewer))) = (off.count(), most, least) else {
        return;
    };
    if number == 0 {
        return;
    }
    let message = format!(
        "{} owns {} and {} {}; an even share of {} is {}, and {} more than {PERCENT} % off it",
        words::node(cluster, *most),
        count(*more as usize, "slot"),
        words::node(cluster, *least),
        fewer,
        count(owners.len(), "master"),
        total / all.max(1),
        match number {
            1 => "1 master is".to_owned(),
            n => format!("{} are", count(n, "master")),
        },
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("where it is not meant so, ask a plan to even them out: --balance-slots")
            .evidence([*most, *least].map(Fact::Node)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotSet;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    /// m1 gives so many of its slots to m2.
    fn given(slots: u16) -> crate::model::Cluster {
        let mut cluster = healthy();
        let some = SlotSet::from_ranges([(0, slots - 1)]);
        let [m1, m2] = ["m1", "m2"].map(|name| id(&cluster, name));
        cluster.node_mut(m1).slots.subtract(&some);
        cluster.node_mut(m2).slots.union_with(&some);
        cluster
    }

    #[test]
    fn fires_beyond_two_percent() {
        assert_eq!(findings(&RULE, &given(108)), []);
        let found = findings(&RULE, &given(1000));
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(message.contains("owns 6461 slots and"), "{message}");
        assert!(
            message.contains("3 masters is 5461, and 2 masters are"),
            "{message}"
        );
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
