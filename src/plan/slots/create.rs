//! A cluster of blank nodes: who is a master, and of which slots.
//!
//! Masters are spread over zones and hosts; who copies whom is decided as for any other cluster. With
//! a home map, masters and pairs are those of the map.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::AddSlots;
use crate::action::Meet;
use crate::action::SetEpoch;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::plan::slots::NodeList;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::reshape::MASTERS_MIN;
use crate::plan::slots::reshape::Shaper;
use crate::policy::HomeRole;
use crate::policy::Policy;
use crate::policy::Replicas;
use crate::rules::Code;
use crate::rules::Phase;

/// What is asked of a new cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Create {
    /// As many as there can be with the replicas where nothing is said, or one fewer: see `fitting`.
    pub masters: Option<usize>,
    /// Of each master; by the policy, else 1, where nothing is said.
    pub replicas: Option<u32>,
}

/// Who takes part, and as what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Founded {
    /// In the order of their slots.
    pub masters: Vec<(NodeId, SlotSet)>,
    pub others: Vec<NodeId>,
    /// Who copies whom, as the home map says.
    pub pairs: BTreeMap<NodeId, NodeId>,
}

/// Decides it; nothing is changed. `of`: of which nodes, where not of all.
fn found(
    at: &Cluster,
    policy: &Policy,
    create: Create,
    of: Option<&NodeList>,
    replicas: u32,
) -> Result<Founded, SlotTrouble> {
    let live = at
        .iter()
        .filter(|(_, n)| n.is_live() && n.address.is_some());
    let mut nodes: Vec<NodeId> = live.map(|(id, _)| id).collect();
    if let Some(list) = of {
        let there = |address| at.at(address).find(|id| nodes.contains(id));
        let listed = list.addresses.iter().map(|address| {
            there(address).ok_or_else(|| SlotTrouble::NoView {
                address: address.to_string(),
            })
        });
        let listed: BTreeSet<NodeId> = listed.collect::<Result<_, _>>()?;
        nodes.retain(|id| listed.contains(id));
    }
    nodes.iter().try_for_each(|&id| blank(at, id))?;
    let home = |id: NodeId| policy.home_role(at, id);
    let by_map = nodes.iter().any(|&id| home(id) == Some(HomeRole::Master));
    let wanted = create
        .masters
        .unwrap_or_else(|| fitting(at, &nodes, nodes.len() / (replicas as usize + 1)));
    let mut masters: Vec<NodeId> = if by_map {
        let of_map = nodes.iter().copied();
        of_map
            .filter(|&id| home(id) == Some(HomeRole::Master))
            .collect()
    } else {
        spread(at, &nodes, wanted)
    };
    if masters.len() < MASTERS_MIN || (!by_map && wanted < MASTERS_MIN) {
        let masters = if by_map { masters.len() } else { wanted };
        return Err(SlotTrouble::TooFew { masters });
    }
    if !by_map && masters.len() < wanted {
        let lacking = wanted - masters.len();
        return Err(SlotTrouble::TooFewSpares { lacking });
    }
    if by_map {
        masters.sort_unstable();
    }
    let mut founded = Founded {
        others: nodes
            .iter()
            .copied()
            .filter(|id| !masters.contains(id))
            .collect(),
        masters: ranges(masters.len())
            .zip(&masters)
            .map(|(s, &id)| (id, s))
            .collect(),
        pairs: BTreeMap::new(),
    };
    for &id in &founded.others {
        let address = at.node(id).address.as_ref();
        let master = address.and_then(|a| policy.home_group(a));
        let there = master.and_then(|m| at.at(m).find(|m| masters.contains(m)));
        founded.pairs.extend(there.map(|m| (id, m)));
    }
    Ok(founded)
}

impl Shaper<'_> {
    /// Epochs first, as only a node that knows nobody takes one; then everybody meets the first master,
    /// and the masters take their slots.
    pub(super) fn create(&mut self, create: Create) -> Result<(), SlotTrouble> {
        let replicas = create.replicas.unwrap_or(match self.policy.replicas {
            Replicas::Exactly(count) => count,
            Replicas::Auto => self.policy.wanted(&self.at).default,
        });
        let founded = found(
            &self.at,
            self.policy,
            create,
            self.goals.create_of.as_ref(),
            replicas,
        )?;
        let Some(&(first, _)) = founded.masters.first() else {
            return Err(SlotTrouble::TooFew { masters: 0 });
        };
        let masters: Vec<NodeId> = founded.masters.iter().map(|(id, _)| *id).collect();
        for (epoch, &node) in (1..).zip(&masters) {
            if self.at.node(node).config_epoch == 0 {
                let reason = "so that no two masters start with the same".to_owned();
                self.push(
                    SetEpoch { node, epoch }.into(),
                    Phase::Change,
                    Vec::new(),
                    reason,
                );
            }
        }
        let comers = masters.iter().chain(&founded.others).copied();
        for node in comers.filter(|&id| id != first).collect::<Vec<_>>() {
            if self.at.node(node).membership == Membership::Unmet {
                let reason = format!("{} introduces it", self.at.node(first));
                let meet = Meet { via: first, node };
                self.push(meet.into(), Phase::Change, vec![Code::UnmetNode], reason);
                self.drafts
                    .iter_mut()
                    .last()
                    .expect("it was pushed")
                    .urgency = 1;
            }
        }
        let ranges = self.at.server.has_slot_ranges();
        for (node, slots) in founded.masters {
            let add = AddSlots {
                node,
                slots,
                ranges,
                lost_by: Vec::new(),
            };
            let reason = format!("its share as one of {}", masters.len());
            self.push(
                add.into(),
                Phase::Change,
                vec![Code::UncoveredSlots],
                reason,
            );
        }
        self.pairs = founded.pairs;
        Ok(())
    }
}

/// A new cluster is made of nodes that own nothing, hold nothing and know nobody.
fn blank(at: &Cluster, id: NodeId) -> Result<(), SlotTrouble> {
    let node: &Node = at.node(id);
    let alone = node.seen.known_by.is_empty() || node.membership == Membership::Unmet;
    let knows = at
        .iter()
        .any(|(other, n)| other != id && n.seen.known_by.contains(id));
    if !node.slots.is_empty() || node.is_replica() || !alone || knows {
        return Err(SlotTrouble::NotBlank { node: id });
    }
    match node.keys {
        Some(keys @ 1..) => Err(SlotTrouble::HoldsKeys { node: id, keys }),
        Some(_) | None => Ok(()),
    }
}

/// So many of the nodes, over zones and hosts: next is who stands in the zone, and on the host, with
/// the fewest masters by then, and where the most nodes are.
fn spread(at: &Cluster, nodes: &[NodeId], wanted: usize) -> Vec<NodeId> {
    let (host, zone) = (|id: NodeId| at.node(id).host, |id: NodeId| at.zone_of(id));
    let mut masters: Vec<NodeId> = Vec::new();
    while masters.len() < wanted {
        let free = nodes.iter().copied().filter(|id| !masters.contains(id));
        let next = free.min_by_key(|&id| {
            let beside = |m: &&NodeId| host(**m).is_some() && host(**m) == host(id);
            let in_zone = |m: &&NodeId| zone(**m).is_some() && zone(**m) == zone(id);
            let left = nodes.iter().filter(|m| host(**m) == host(id)).count();
            (
                masters.iter().filter(in_zone).count(),
                masters.iter().filter(beside).count(),
                Reverse(left),
                id,
            )
        });
        let Some(next) = next else { break };
        masters.push(next);
    }
    masters
}

/// So many masters, or one fewer where it takes that to keep a majority whatever host or zone is lost:
/// four on three hosts are no safer than two on one.
fn fitting(at: &Cluster, nodes: &[NodeId], most: usize) -> usize {
    let fewer = most.saturating_sub(1);
    let on = |host| nodes.iter().filter(|id| at.node(**id).host == host).count();
    let crowd = nodes.iter().map(|&id| on(at.node(id).host)).max();
    // A host has a copy of each shard at most: who is one too many there would be left over.
    if fewer < MASTERS_MIN || crowd > Some(fewer) {
        return most;
    }
    let risks = |masters: usize| {
        let chosen = spread(at, nodes, masters);
        let needed = masters / 2 + 1;
        let stops = |place: &dyn Fn(NodeId) -> Option<u32>| {
            let beside = |m: NodeId| chosen.iter().filter(|o| place(**o) == place(m)).count();
            let mut told = chosen.iter().filter(|m| place(**m).is_some());
            told.any(|&m| masters - beside(m) < needed)
        };
        (
            stops(&|id| at.node(id).host.map(|host| host.0)),
            stops(&|id| at.zone_of(id).map(|zone| zone.0)),
        )
    };
    match risks(fewer) < risks(most) {
        true => fewer,
        false => most,
    }
}

/// The slots cut as `redis-cli --cluster create` does.
fn ranges(masters: usize) -> impl Iterator<Item = SlotSet> {
    let all = usize::from(SLOT_COUNT);
    // Rounded half up, as lround does.
    let end = move |n: usize| (2 * n * all + masters) / (2 * masters).max(1);
    (0..masters).map(move |n| {
        let last = if n + 1 == masters { all } else { end(n + 1) };
        SlotSet::from_ranges([(end(n) as u16, (last - 1) as u16)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    #[test]
    fn slots_are_cut_as_everybody_knows_them() {
        let said: Vec<String> = ranges(3).map(|s| s.to_string()).collect();
        assert_eq!(said, ["0-5460", "5461-10922", "10923-16383"]);
        for masters in [3, 7, 100, 1000] {
            let mut all = SlotSet::new();
            ranges(masters).for_each(|s| {
                assert!(!s.is_empty());
                all.union_with(&s);
            });
            assert_eq!(all, SlotSet::full());
        }
    }

    #[test]
    fn no_host_is_half_of_the_masters_where_one_fewer_avoids_it() {
        let create = Create {
            masters: None,
            replicas: None,
        };
        let masters = |text: &str| {
            let founded = found(&cluster(text), &Policy::default(), create, None, 1);
            founded.expect("enough nodes").masters.len()
        };
        assert_eq!(
            masters("a*@h1 b*@h1 c*@h1 d*@h2 e*@h2 f*@h2 g*@h3 h*@h3 i*@h3"),
            3
        );
        // Each on a host of its own, four are as safe as three; on two hosts three are no safer.
        assert_eq!(
            masters("a*@h1 b*@h2 c*@h3 d*@h4 e*@h5 f*@h6 g*@h7 h*@h8"),
            4
        );
        assert_eq!(
            masters("a*@h1 b*@h1 c*@h1 d*@h1 e*@h2 f*@h2 g*@h3 h*@h3"),
            4
        );
        assert_eq!(
            masters("a*@h1 b*@h1 c*@h1 d*@h1 e*@h2 f*@h2 g*@h2 h*@h2"),
            4
        );
    }

    #[test]
    fn masters_stand_on_as_many_hosts_as_there_are() {
        let at = cluster("a*@h1 b*@h1 c*@h2 d*@h2 e*@h3 f*@h3");
        let create = Create {
            masters: None,
            replicas: None,
        };
        let founded = found(&at, &Policy::default(), create, None, 1).expect("six nodes");
        let hosts: Vec<_> = founded
            .masters
            .iter()
            .map(|(id, _)| at.node(*id).host)
            .collect();
        assert_eq!(founded.masters.len(), 3);
        assert!(
            hosts
                .iter()
                .all(|h| hosts.iter().filter(|o| *o == h).count() == 1)
        );
        let few = found(&at, &Policy::default(), create, None, 2);
        assert_eq!(few, Err(SlotTrouble::TooFew { masters: 2 }));
    }
}
