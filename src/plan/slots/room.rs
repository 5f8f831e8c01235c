//! Whether those who get slots have the memory for them.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::reshape::Shaper;

impl Shaper<'_> {
    /// `maxmemory` of each that gets more than it gives, and of its replicas, which hold the same and
    /// may have to lead; then the memory of each host. What nothing tells is taken to fit: what a
    /// node uses that is not told counts as nothing.
    pub(super) fn fits(&self, before: &Cluster) -> Result<(), SlotTrouble> {
        let mut growth: BTreeMap<NodeId, i128> = BTreeMap::new();
        for draft in &self.drafts {
            if let Action::MigrateSlots(moved) = &draft.action {
                let bytes = i128::from(self.memory.all(&moved.slots).unwrap_or(0));
                *growth.entry(moved.from).or_default() -= bytes;
                *growth.entry(moved.to).or_default() += bytes;
            }
        }
        if growth.values().all(|&bytes| bytes <= 0) {
            return Ok(());
        }
        let grows = |id: NodeId| {
            let master = before.node(id).master().unwrap_or(id);
            growth.get(&master).copied().unwrap_or(0)
        };
        let needs = |id: NodeId| {
            let used = i128::from(before.node(id).used_memory.unwrap_or(0));
            u64::try_from((used + grows(id)).max(0)).unwrap_or(u64::MAX)
        };
        let live = before.iter().filter(|(_, n)| n.is_live());
        let live: Vec<NodeId> = live.map(|(id, _)| id).collect();
        for &node in live.iter().filter(|&&id| grows(id) > 0) {
            if let Some(limit) = before.node(node).memory_limit.filter(|&limit| limit > 0)
                && needs(node) > limit
            {
                let needs = needs(node);
                return Err(SlotTrouble::NodeTooSmall { node, needs, limit });
            }
        }
        let hosts = (0..before.hosts.len() as u32).map(HostId);
        for host in hosts {
            let there = live.iter().copied();
            let there: Vec<NodeId> = there
                .filter(|&id| before.node(id).host == Some(host))
                .collect();
            let more: i128 = there.iter().map(|&id| grows(id)).sum();
            let Some(memory) = before.host(host).memory_bytes.filter(|_| more > 0) else {
                continue;
            };
            let needs = there
                .iter()
                .fold(0u64, |sum, &id| sum.saturating_add(needs(id)));
            if needs > memory {
                return Err(SlotTrouble::HostTooSmall {
                    host,
                    needs,
                    memory,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::model::testing::cluster;
    use crate::model::testing::id;
    use crate::plan::slots::SlotGoals;
    use crate::plan::slots::SlotTrouble;
    use crate::plan::slots::reshape::reshape;
    use crate::policy::Policy;

    #[test]
    fn who_joins_must_have_room_and_its_host_too() {
        let mut at = cluster("m1@h1 < r1@h2; m2@h2 < r2@h3; m3@h3 < r3@h1; x@h1");
        let gib = 1u64 << 30;
        for name in ["m1", "m2", "m3", "r1", "r2", "r3"] {
            let node = id(&at, name);
            at.node_mut(node).used_memory = Some(4 * gib);
        }
        let x = id(&at, "x");
        at.node_mut(x).used_memory = Some(0);
        let address = at.node(x).address.clone().expect("it has one");
        let goals = SlotGoals {
            join: vec![address],
            ..SlotGoals::default()
        };
        let policy = Policy::default();
        let asked = |at: &_| reshape(at, &policy, &goals).map(|_| ());
        assert_eq!(asked(&at), Ok(()));
        at.node_mut(x).memory_limit = Some(2 * gib);
        // A fourth of all: 3 GiB.
        let Err(SlotTrouble::NodeTooSmall { node, needs, limit }) = asked(&at) else {
            panic!("{:?}", asked(&at));
        };
        assert_eq!((node, limit), (x, 2 * gib));
        assert!(needs.abs_diff(3 * gib) < 1 << 20, "{needs}");
        at.node_mut(x).memory_limit = Some(4 * gib);
        assert_eq!(asked(&at), Ok(()));
        let host = at.node(x).host.expect("it has one");
        // h1: what is left of m1 and m3's replica, and the new one: 3 + 3 + 3 GiB.
        at.hosts[host.0 as usize].memory_bytes = Some(8 * gib);
        let refused = asked(&at);
        assert!(
            matches!(refused, Err(SlotTrouble::HostTooSmall { needs, .. }) if needs.abs_diff(9 * gib) < 1 << 20),
            "{refused:?}"
        );
        at.hosts[host.0 as usize].memory_bytes = Some(10 * gib);
        assert_eq!(asked(&at), Ok(()));
    }
}
