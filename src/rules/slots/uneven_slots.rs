//! ## What
//! A master owns so many slots, or so few, that it is more than 2 % off an even share of all. Where
//! the servers tell what each slot holds in bytes (`CLUSTER SLOT-STATS`), that is what is shared:
//! slots that are uneven by number and even by bytes are none to complain about.
//!
//! ## Why
//! Slots are what load and memory follow: the master with the most is full first. A master that
//! joined and got no share carries nothing; one that a lost neighbour's slots came to, too much.
//!
//! ## Do
//! If it is meant so, nothing. Else let a plan even the masters out: `topoplan plan
//! --balance-slots`, with `=memory` where it is by bytes, and with `--weight` for machines of
//! different sizes. It moves the fewest slots that do it.
use crate::rules::prelude::*;
use crate::text::words::bytes;
use crate::text::words::count;

/// As `redis-cli --cluster rebalance` has it: what is less is not worth moving.
const PERCENT: u64 = 2;

/// By bytes, what is less is not worth moving either.
const BYTES: u64 = 1 << 20;

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
    let owners = || cluster.iter().filter(|(_, n)| !n.slots.is_empty());
    // By bytes, if those of all are told.
    let told: Option<Vec<(NodeId, u64)>> = owners()
        .map(|(id, n)| Some((id, cluster.slot_loads.bytes(&n.slots)?)))
        .collect();
    let by_bytes = told.is_some();
    let owners: Vec<(NodeId, u64)> = told.unwrap_or_else(|| {
        let counted = owners().map(|(id, n)| (id, u64::from(n.slots.len())));
        counted.collect()
    });
    let (all, total) = (
        owners.len() as u64,
        owners.iter().map(|(_, n)| n).sum::<u64>(),
    );
    // A rounded share is off by less than one slot; a few bytes are nobody's load.
    let least_off = match by_bytes {
        true => BYTES,
        false => 1,
    };
    let is_off = |has: u64| {
        let off = (u128::from(has) * u128::from(all)).abs_diff(u128::from(total));
        off * 100 > u128::from(total) * u128::from(PERCENT)
            && off >= u128::from(all) * u128::from(least_off)
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
    let (much, little, share) = match by_bytes {
        true => (
            format!("holds {}", bytes(*more)),
            bytes(*fewer),
            bytes(total / all.max(1)),
        ),
        false => (
            format!("owns {}", count(*more as usize, "slot")),
            fewer.to_string(),
            (total / all.max(1)).to_string(),
        ),
    };
    let message = format!(
        "{} {much} and {} {little}; an even share of {} is {share}, and {} more than {PERCENT} % off it",
        words::node(cluster, *most),
        words::node(cluster, *least),
        count(owners.len(), "master"),
        match number {
            1 => "1 master is".to_owned(),
            n => format!("{} are", count(n, "master")),
        },
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help(match by_bytes {
                true => {
                    "where it is not meant so, ask a plan to even them out: --balance-slots=memory"
                }
                false => "where it is not meant so, ask a plan to even them out: --balance-slots",
            })
            .evidence([*most, *least].map(Fact::Node)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SlotLoad;
    use crate::model::SlotLoads;
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
    fn bytes_count_where_all_of_them_are_told() {
        let told = |cluster: &mut crate::model::Cluster, each: &dyn Fn(u16) -> u64| {
            let load = |slot| SlotLoad {
                keys: None,
                bytes: Some(each(slot)),
            };
            cluster.slot_loads = SlotLoads::new((0..16384).map(|slot| (slot, load(slot))));
        };
        let mut cluster = given(1000);
        told(&mut cluster, &|_| 1 << 20);
        let found = findings(&RULE, &cluster);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("holds"), "{}", found[0].message);
        // Uneven by number, even by what they hold.
        let shares: Vec<(SlotSet, u64)> = cluster
            .iter()
            .filter(|(_, n)| !n.slots.is_empty())
            .map(|(_, n)| (n.slots.clone(), (64 << 30) / u64::from(n.slots.len())))
            .collect();
        told(&mut cluster, &|slot| {
            let of = shares.iter().find(|(slots, _)| slots.contains(slot));
            of.map_or(0, |(_, each)| *each)
        });
        assert_eq!(findings(&RULE, &cluster), []);
        // Even by number, and all that they hold is little.
        let mut cluster = healthy();
        told(&mut cluster, &|slot| u64::from(slot < 100));
        assert_eq!(findings(&RULE, &cluster), []);
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
