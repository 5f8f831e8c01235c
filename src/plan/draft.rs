//! A decision written down as actions, each with the findings it cures and its reason.

mod closings;
mod forgets;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Draft;
use crate::action::Failover;
use crate::action::Flush;
use crate::action::Leave;
use crate::action::Meet;
use crate::action::Mode;
use crate::action::Replicate;
use crate::measure;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::model::NodeSet;
use crate::model::Sync;
use crate::plan::Phase;
use crate::plan::by_subject::BySubject;
use crate::plan::closing::Closing;
use crate::plan::decision::Decision;
use crate::plan::goal::Joined;
use crate::plan::problem::Copy;
use crate::plan::problem::Problem;
use crate::plan::problem::Spare;
use crate::plan::problem::Unit;
use crate::plan::serve::Served;
use crate::policy::Wanted;
use crate::rules;
use crate::rules::Code;
use crate::rules::Context;
use crate::rules::Finding;
use crate::rules::Remedy;

/// All actions of a plan, unordered.
pub fn drafts(
    problem: &Problem,
    captured: &Cluster,
    served: &Served,
    closing: &Closing,
    decision: &Decision,
    wanted: &Wanted,
) -> Vec<Draft> {
    let found = rules::check(&Context::new(captured, problem.policy, wanted));
    let writer = Writer {
        problem,
        captured,
        found: &found,
        by_subject: BySubject::new(&found),
        spares: problem.spares.iter().map(|s| (s.copy.node, s)).collect(),
        leaders: decision.masters.iter().copied().collect(),
        leavers: leavers(problem),
        decision,
    };
    let promotions = served.promotions.iter();
    let mut drafts: Vec<Draft> = promotions.map(|p| writer.promotion(p)).collect();
    for (node, slots) in &closing.stable {
        drafts.push(writer.closing(*node, slots));
    }
    for (node, slots) in &closing.reopened {
        drafts.push(writer.reopening(*node, slots));
    }
    for joined in &problem.supposed.joined {
        writer.joining(joined, &mut drafts);
    }
    let owners = captured
        .iter()
        .filter(|(_, n)| n.is_live_member() && !n.slots.is_empty());
    let owners: Arc<[NodeId]> = owners.map(|(id, _)| id).collect();
    for (&(from, to), slots) in &closing.moves {
        drafts.push(writer.finishing(from, to, slots, &owners));
    }
    for index in 0..problem.units.len() {
        writer.attachments(index, &mut drafts);
    }
    for (index, unit) in problem.units.iter().enumerate() {
        writer.handover(index, unit, &mut drafts);
    }
    writer.forgets(&mut drafts);
    drafts
}

fn has_replica(cluster: &Cluster, owner: NodeId) -> bool {
    cluster
        .iter()
        .any(|(_, n)| n.is_live_member() && n.master() == Some(owner))
}

/// Offsets count the writes of one history; `master_replid2` links it to the one before.
fn histories_differ(cluster: &Cluster, nodes: &[NodeId]) -> bool {
    let told = nodes.iter().map(|&id| &cluster.node(id).histories);
    let told: Vec<_> = told.filter(|ids| !ids.is_empty()).collect();
    let Some((first, others)) = told.split_first() else {
        return false;
    };
    others
        .iter()
        .any(|ids| !ids.iter().any(|id| first.contains(id)))
}

fn cured_by(code: Code, remedy: Remedy) -> bool {
    code.rule().cure.remedy() == Some(remedy)
}

/// A replica that is attached, or follows another master, cures it.
fn attaches(remedy: Remedy) -> bool {
    match remedy {
        Remedy::Replicate | Remedy::Pair | Remedy::Straighten | Remedy::Attach => true,
        Remedy::Promote | Remedy::Close | Remedy::HandOver | Remedy::Forget => false,
    }
}

struct Writer<'a> {
    problem: &'a Problem<'a>,
    captured: &'a Cluster,
    found: &'a [Finding],
    by_subject: BySubject,
    spares: BTreeMap<NodeId, &'a Spare>,
    leaders: NodeSet,
    /// The unit that a copy which may be re-pointed belongs to.
    leavers: BTreeMap<NodeId, usize>,
    decision: &'a Decision,
}

fn leavers(problem: &Problem) -> BTreeMap<NodeId, usize> {
    let units = problem.units.iter().enumerate();
    units
        .flat_map(|(index, unit)| unit.movable.iter().map(move |copy| (copy.node, index)))
        .collect()
}

impl Writer<'_> {
    /// Selected codes found about any of the nodes, of the family that the phase cures.
    fn cures(&self, nodes: &[NodeId], fits: impl Fn(Code) -> bool) -> Vec<Code> {
        let about = self.by_subject.any_of(self.captured, nodes);
        let mut codes: Vec<Code> = about
            .map(|index| self.found[index].rule.code)
            .filter(|&code| fits(code) && self.problem.selection.has(code))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    fn promotion(&self, promotion: &Failover) -> Draft {
        let Failover { node, old, mode } = promotion;
        let cluster = self.captured;
        let (replica, master) = (cluster.node(*node), cluster.node(*old));
        let offset = match replica.replication.offset {
            Some(offset) => format!("offset {offset}"),
            None => "offset not captured".to_owned(),
        };
        let live: Vec<NodeId> = cluster
            .iter()
            .filter(|(_, n)| n.is_live() && n.master() == Some(*old))
            .map(|(id, _)| id)
            .collect();
        let synced = live.iter().copied().filter(|&id| cluster.is_synced(id));
        let rivals: Vec<NodeId> = synced.collect();
        let disputed = |&id: &NodeId| cluster.node(id).replication.sync == Sync::Disputed;
        let blind = rivals
            .iter()
            .any(|&r| cluster.node(r).replication.offset.is_none());
        let best = match (rivals.len(), blind) {
            (1, _) if live.iter().any(disputed) => {
                "its only live replica of which no INFO says that it follows another master"
            }
            (0 | 1, _) => "its only live replica",
            _ if histories_differ(cluster, &rivals) => {
                "one of its replicas; their offsets CANNOT BE COMPARED, as by `master_replid` their histories differ: see which of them holds the data first"
            }
            (_, false) => "the furthest of its replicas",
            (_, true) => "the furthest known of its replicas, not all offsets were captured",
        };
        let gap = measure::gap(cluster, *node, *old);
        let gap = gap.filter(|gap| gap.0 >= self.problem.policy.thresholds.stale_heir_ms);
        let gap = gap.map_or_else(String::new, |gap| {
            format!("; its link broke about {gap} before: WHAT WAS WRITTEN SINCE IS LOST")
        });
        let loss = if cluster.is_synced(*node) {
            ""
        } else if replica.replication.sync == Sync::Disputed {
            "; by its INFO it follows another master, or is one: WHAT IT LACKS IS LOST FOR GOOD, even if the old master returns"
        } else {
            "; it never finished a sync: WHAT IT LACKS IS LOST FOR GOOD, even if the old master returns"
        };
        let vote = match mode {
            Mode::Force => "a majority of masters lives to vote",
            Mode::Takeover => "no majority of masters can vote for it",
            Mode::Graceful => "the master hands over",
        };
        Draft {
            action: promotion.clone().into(),
            phase: Phase::Serve,
            urgency: 0,
            cures: self.cures(&[*node, *old], |c| {
                cured_by(c, Remedy::Promote) || c == Code::NoaddrGhost
            }),
            reason: format!("{master} is gone; {replica} is {best} ({offset}); {vote}{gap}{loss}"),
            mib: 0,
            leaves: None,
        }
    }

    fn attachments(&self, index: usize, drafts: &mut Vec<Draft>) {
        for (have, copy) in self.comers(index) {
            self.attachment(index, &copy, have, drafts);
        }
    }

    fn attachment(&self, index: usize, copy: &Copy, have: i64, drafts: &mut Vec<Draft>) {
        let problem = self.problem;
        let unit = &problem.units[index];
        let spare = self.spares.get(&copy.node).copied();
        let chained = unit.chained.iter().any(|c| c.node == copy.node);
        let moved = spare.is_none() && !chained;
        let leads = self.leaders.contains(copy.node);
        let phase = match self.needed_in(index, copy.node, have) {
            Some(needed) => needed,
            None if leads => self.turns_in(index),
            None => Phase::Tidy,
        };
        let protects = |c: Code| c.rule().cure.remedy().is_some_and(attaches);
        let mut cures = self.cures(&[copy.node], protects);
        cures.extend(self.cures(&[unit.owner], |c| {
            have < unit.wanted.max(1) && cured_by(c, Remedy::Replicate)
        }));
        if cures.is_empty() {
            cures = self.cures(&[copy.node, unit.owner], protects);
        }
        cures.sort_unstable();
        cures.dedup();
        let master = self.led_in(index, phase);
        let base = Draft {
            action: Replicate {
                node: copy.node,
                master,
            }
            .into(),
            phase,
            urgency: u8::from(have > 0),
            cures: cures.clone(),
            reason: self.attachment_reason(unit, master, copy, have, chained, moved),
            mib: if chained { 0 } else { unit.mib },
            leaves: if moved {
                self.leave(copy.node, phase)
            } else {
                None
            },
        };
        if let Some(spare) = spare {
            self.prepare(spare, unit.leader, &base, drafts);
        }
        drafts.push(base);
    }

    /// An idle node becomes a member that holds nothing.
    fn prepare(&self, spare: &Spare, via: NodeId, base: &Draft, drafts: &mut Vec<Draft>) {
        let cluster = self.problem.cluster;
        let (node, owner) = (cluster.node(spare.copy.node), cluster.node(via));
        let copy = &spare.copy;
        {
            if spare.meet {
                drafts.push(Draft {
                    action: Meet {
                        via,
                        node: copy.node,
                    }
                    .into(),
                    cures: self.cures(&[copy.node], |c| c == Code::UnmetNode),
                    reason: format!("{node} runs blank and nobody lists it; {owner} introduces it"),
                    mib: 0,
                    ..base.clone()
                });
            }
            if spare.flush {
                drafts.push(Draft {
                    action: Flush { node: copy.node }.into(),
                    reason: format!(
                        "{node} owns no slot but holds {}: a node with keys cannot become a replica",
                        match node.keys.unwrap_or(0) {
                            1 => "1 key".to_owned(),
                            keys => format!("{keys} keys"),
                        }
                    ),
                    mib: 0,
                    ..base.clone()
                });
            }
        }
    }

    /// A node that comes to a shard because a goal wants it there.
    fn joining(&self, joined: &Joined, drafts: &mut Vec<Draft>) {
        let (problem, cluster) = (self.problem, self.captured);
        let Joined { node, owner, spare } = *joined;
        let index = problem.units.iter().position(|u| u.leader == owner);
        let unit = index.map(|index| &problem.units[index]);
        // Who leads a shard comes when it has handed that over, and by then others have, too.
        let leads = !cluster.node(node).slots.is_empty();
        let master = index.map_or(owner, |index| match leads {
            true => self.decision.masters[index],
            false => self.led_in(index, Phase::Change),
        });
        let why = match problem.supposed.demands.joining.get(&node) {
            Some((_, why)) => format!("{why}: it copies the shard of {}", cluster.node(owner)),
            None => format!(
                "{} has no copy elsewhere that could lead: {} gets one",
                cluster.node(owner),
                cluster.node(node)
            ),
        };
        let from = cluster.root(node).filter(|_| spare.is_none());
        let base = Draft {
            action: Replicate { node, master }.into(),
            phase: Phase::Change,
            urgency: 0,
            cures: Vec::new(),
            reason: why,
            mib: unit.map_or(1, |u| u.mib),
            leaves: from.map(|owner| Leave {
                owner,
                covered: false,
                mib: unit.map_or(1, |u| u.mib),
            }),
        };
        if let Some(spare) = &spare {
            self.prepare(spare, master, &base, drafts);
        }
        drafts.push(base);
    }

    fn attachment_reason(
        &self,
        unit: &Unit,
        master: NodeId,
        copy: &Copy,
        have: i64,
        chained: bool,
        moved: bool,
    ) -> String {
        let cluster = self.problem.cluster;
        let (node, owner) = (cluster.node(copy.node), cluster.node(master));
        let place = |id: NodeId| {
            cluster
                .node(id)
                .host
                .map_or("an unknown host".to_owned(), |h| {
                    cluster.host(h).name.to_string()
                })
        };
        let (there, here) = (place(master), place(copy.node));
        let apart = if there == here {
            format!("both on {here}, as no other host has a node to spare")
        } else {
            format!("on {here}, its master on {there}")
        };
        if chained {
            return format!("{node} replicates a replica; it follows {owner} directly ({apart})");
        }
        let needs = match have {
            0 if moved && has_replica(self.captured, unit.owner) => {
                format!("the replica of {owner} leaves it")
            }
            0 => format!("{owner} has no replica"),
            n if n < unit.wanted => format!("{owner} has {n} of {} replicas", unit.wanted),
            1 => format!("{owner} has 1 replica, as few as any"),
            n => format!("{owner} has {n} replicas, as few as any"),
        };
        let home = if self.problem.at_home(copy.node, unit) {
            " (its home shard)"
        } else {
            ""
        };
        let what = if moved { "moves here" } else { "holds no copy" };
        format!("{needs}; {node} {what}{home}: {apart}")
    }

    /// The shard that gives a moved replica up.
    fn leave(&self, node: NodeId, phase: Phase) -> Option<Leave> {
        let problem = self.problem;
        let from = *self.leavers.get(&node)?;
        let unit = &problem.units[from];
        let staying = self.decision.assignment.copies[from].iter().any(|c| {
            c.usable
                && c.node != unit.owner
                && problem.cluster.node(c.node).master() == Some(unit.owner)
                && problem.cluster.node(c.node).membership == Membership::Member
        });
        Some(Leave {
            owner: self.led_in(from, phase),
            covered: staying,
            mib: unit.mib,
        })
    }

    fn handover(&self, index: usize, unit: &Unit, drafts: &mut Vec<Draft>) {
        let node = self.decision.masters[index];
        let old = unit.leader;
        if node == old {
            return;
        }
        let cluster = self.problem.cluster;
        let phase = self.turns_in(index);
        let (handed, asked) = (old != unit.owner, phase == Phase::Change);
        let spread = |c: Code| cured_by(c, Remedy::HandOver);
        let mut cures = match asked {
            true => Vec::new(),
            false => self.cures(&[old, node], spread),
        };
        if cures.is_empty() && !asked {
            cures = self.all_found(|c| spread(c) || c == Code::ReplicaSharesZone);
        }
        let name = |id: NodeId| {
            cluster
                .node(id)
                .host
                .map_or(cluster.node(id).to_string(), |h| {
                    cluster.host(h).name.to_string()
                })
        };
        let (from, new) = (name(old), name(node));
        let demands = &self.problem.supposed.demands;
        let weighed = demands.weighed.get(&old);
        let rather = weighed.filter(|(weight, _)| *weight > demands.weight(node));
        let rather = rather.map(|(_, why)| why.as_str());
        let reason = match demands.why(old).or(rather) {
            Some(why) => format!("{why}: its master goes to {new}"),
            None => match demands.leading.get(&node) {
                Some(why) if handed => format!("{why}: it takes over from {}", cluster.node(old)),
                Some(_) | None if from == new => format!(
                    "{} and {} swap roles on {new}",
                    cluster.node(old),
                    cluster.node(node)
                ),
                Some(_) | None => format!("{from} gives a master to {new}"),
            },
        };
        let mib = 0;
        drafts.push(Draft {
            action: Failover {
                node,
                old,
                mode: Mode::Graceful,
            }
            .into(),
            phase,
            urgency: 0,
            cures,
            reason,
            mib,
            leaves: None,
        });
    }

    fn all_found(&self, fits: impl Fn(Code) -> bool) -> Vec<Code> {
        let mut codes: Vec<Code> = self
            .found
            .iter()
            .map(|f| f.rule.code)
            .filter(|&c| fits(c) && self.problem.selection.has(c))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}
