//! What `redis-cli --cluster rebalance` and `create` do by their published rules, beside what is
//! planned here: never more slots, never more pairs, never more masters on one host.

use crate::model::Cluster;
use crate::model::testing::cluster;
use crate::plan;
use crate::plan::Level;
use crate::plan::Request;
use crate::plan::slots::Create;
use crate::plan::slots::SlotGoals;
use crate::plan::slots::counts;
use crate::plan::slots::counts::Holder;
use crate::plan::slots::pairs::pairs;
use crate::policy::Policy;
use crate::rules::Code;

/// Slots and pairs that `rebalance` moves (`clusterManagerCommandRebalance`): every master is to have
/// its share rounded down, those that have less get one more until all slots have a place, and who is
/// most below is filled from who is most above.
fn rebalanced(have: &[u32], weights: &[u32]) -> (u32, usize) {
    let all: u32 = weights.iter().sum();
    let total: u32 = have.iter().sum();
    let share = |w: &u32| (f64::from(total) / f64::from(all) * f64::from(*w)) as i64;
    let both = have.iter().zip(weights);
    let mut balance: Vec<i64> = both.map(|(&h, w)| i64::from(h) - share(w)).collect();
    let mut left: i64 = balance.iter().sum();
    while left > 0 {
        for b in balance.iter_mut().filter(|b| **b <= 0) {
            if left > 0 {
                *b -= 1;
                left -= 1;
            }
        }
    }
    balance.sort_unstable();
    let (mut moved, mut count) = (0, 0);
    let (mut to, mut from) = (0, balance.len() - 1);
    while to < from {
        let slots = balance[to].abs().min(balance[from].abs());
        if slots > 0 {
            moved += slots as u32;
            count += 1;
        }
        balance[to] += slots;
        balance[from] -= slots;
        to += usize::from(balance[to] == 0);
        from -= usize::from(balance[from] == 0 && from > 0);
    }
    (moved, count)
}

#[test]
fn no_more_slots_and_pairs_than_rebalance() {
    let mut seed = 11u64;
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let (mut fewer, mut equal) = (0, 0);
    for _ in 0..400 {
        let masters = 3 + draw(9) as usize;
        let mut have = vec![0u32; masters];
        let mut left = 16384u32;
        for slots in have.iter_mut().skip(1) {
            *slots = draw(u64::from(left / 2) + 1) as u32;
            left -= *slots;
        }
        have[0] = left;
        let even = draw(2) == 0;
        let weights: Vec<u32> = have
            .iter()
            .map(|_| if even { 1 } else { 1 + draw(4) as u32 })
            .collect();
        let holders = have
            .iter()
            .zip(counts::shares(16384, &weights))
            .zip(&weights);
        let holders: Vec<Holder> = holders
            .map(|((&have, (least, most)), &weight)| Holder {
                have,
                least,
                most,
                weight,
                bytes: 1,
            })
            .collect();
        let finals = counts::finals(&holders).expect("there is room");
        let ours = pairs(&have, &finals);
        let moved: u32 = ours.iter().map(|p| p.slots).sum();
        let (theirs, their_pairs) = rebalanced(&have, &weights);
        assert!(
            moved <= theirs,
            "{have:?} {weights:?}: {moved} and {theirs}"
        );
        assert_eq!(moved, counts::fewest(&holders));
        if moved == theirs {
            assert!(
                ours.len() <= their_pairs,
                "{have:?} {weights:?}: {ours:?} and {their_pairs}"
            );
        }
        match moved < theirs || ours.len() < their_pairs {
            true => fewer += 1,
            false => equal += 1,
        }
    }
    assert!(fewer > 0 && equal > 0, "{fewer} better, {equal} equal");
}

/// The most masters that `create` puts on one host (`clusterManagerCommandCreate`): nodes are taken
/// from hosts in turn, and the first of them are masters.
fn interleaved(hosts: &[usize], masters: usize) -> usize {
    let mut taken = vec![0; hosts.len()];
    let mut left = masters;
    while left > 0 {
        for (host, &nodes) in hosts.iter().enumerate() {
            if left > 0 && taken[host] < nodes {
                taken[host] += 1;
                left -= 1;
            }
        }
    }
    taken.into_iter().max().unwrap_or(0)
}

fn blank(hosts: &[usize]) -> Cluster {
    let mut words = Vec::new();
    for (host, &nodes) in hosts.iter().enumerate() {
        words.extend((0..nodes).map(|n| format!("n{host}x{n}*@h{host}")));
    }
    cluster(&words.join(" "))
}

#[test]
fn a_new_cluster_is_spread_no_worse_than_by_create() {
    for (hosts, replicas) in [
        (&[2, 2, 2][..], 1),
        (&[4, 4, 4], 1),
        (&[3, 3, 3], 2),
        (&[6, 3, 3], 1),
        (&[8, 4, 2, 2], 1),
        (&[5, 5, 5, 3], 2),
        (&[10, 2, 2, 2, 2], 1),
        (&[1, 1, 1, 1, 1, 1], 1),
        (&[3, 3, 3], 1),
        (&[4, 4], 1),
        (&[2, 2, 2, 2], 1),
        (&[4, 4, 4, 4], 1),
        (&[4, 4, 4], 2),
        (&[3, 3, 3, 3, 3], 2),
    ] {
        let at = blank(hosts);
        let goals = SlotGoals {
            create: Some(Create {
                masters: None,
                replicas: Some(replicas),
            }),
            ..SlotGoals::default()
        };
        let policy = Policy::default();
        let request = Request {
            slots: goals,
            ..Request::default()
        };
        let made = plan::plan(&at, &policy, &policy.wanted(&at), &request).expect("a plan");
        let count = hosts.iter().sum::<usize>() / (replicas as usize + 1);
        let ours = made.end.iter().filter(|(_, n)| !n.slots.is_empty()).count();
        // One fewer only where a host would hold too many votes.
        let risky = |masters| masters - interleaved(hosts, masters) < masters / 2 + 1;
        let spared = ours + 1 == count && risky(count) && !risky(ours);
        assert!(ours == count || spared, "{hosts:?}: {ours} of {count}");
        // Whom the fewer shards leave no place for is the worse.
        let crowded = hosts.iter().max() >= Some(&count);
        let safe = hosts.len() < 3 || crowded || !risky(ours);
        let left = made.remaining.iter().map(|f| f.rule.code);
        let left: Vec<Code> = left
            .filter(|&code| code == Code::HostHoldsMajority)
            .collect();
        assert!(safe, "{hosts:?}: {ours}");
        assert!(risky(ours) || left.is_empty(), "{hosts:?}: {left:?}");
        let on = |host| {
            let masters = made.end.iter().filter(|(_, n)| !n.slots.is_empty());
            masters.filter(|(_, n)| n.host == Some(host)).count()
        };
        let ids = (0..made.end.hosts.len() as u32).map(crate::model::HostId);
        let worst = ids.map(on).max().unwrap_or(0);
        assert!(worst <= interleaved(hosts, count), "{hosts:?}: {worst}");
        // Whatever `create` finds by trial: a host with more nodes than shards has two of one.
        let same = made.values.iter().find(|v| v.level == Level::SameHost);
        let forced: usize = hosts.iter().map(|&n| n.saturating_sub(ours)).sum();
        assert_eq!(same.map(|v| v.value), Some(forced as i64), "{hosts:?}");
    }
}
