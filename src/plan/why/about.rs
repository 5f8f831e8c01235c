//! What a refusal is about.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::SlotSet;
use crate::plan::why::Said;
use crate::plan::why::nodes;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::Subject;
use crate::text::words;

/// What a refusal is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    Slots(SlotSet),
    OpenSlot {
        slot: u16,
        node: NodeId,
    },
    /// A shard, by its owner.
    Shard(NodeId),
    /// The same, by all its copies.
    Copies(NodeId),
    Node(NodeId),
    /// Masters that want the same of the same host.
    Masters(Vec<NodeId>),
    /// Findings of these codes, by their subjects.
    Findings {
        codes: BTreeSet<Code>,
        of: Vec<Subject>,
    },
    /// The forgetting of an id.
    Forget(NodeId),
    Cluster,
}

impl About {
    /// One finding.
    pub fn finding(finding: &Finding) -> Self {
        Self::Findings {
            codes: [finding.rule.code].into(),
            of: vec![finding.subject.clone()],
        }
    }

    /// The finding is one of those, or about the node, shard or slots meant.
    pub fn concerns(&self, finding: &Finding, cluster: &Cluster) -> bool {
        let on = |subject: &Subject| match subject {
            Subject::Node(id) | Subject::Slots(_, Some(id)) => Some(*id),
            Subject::Slots(_, None)
            | Subject::Host(_)
            | Subject::Zone(_)
            | Subject::Capture
            | Subject::Tablets(_) => None,
        };
        let node = on(&finding.subject);
        match self {
            Self::Slots(slots) => match &finding.subject {
                Subject::Slots(found, _) => !found.intersection(slots).is_empty(),
                // The masters that it lacks owned such slots.
                Subject::Capture => finding.rule.code == Code::MajorityLost,
                Subject::Node(_) | Subject::Host(_) | Subject::Zone(_) | Subject::Tablets(_) => {
                    false
                }
            },
            Self::OpenSlot { slot, node } => match &finding.subject {
                Subject::Slots(found, on) => {
                    found.contains(*slot) && on.is_none_or(|on| on == *node)
                }
                Subject::Node(id) => id == node,
                Subject::Host(_) | Subject::Zone(_) | Subject::Capture | Subject::Tablets(_) => {
                    false
                }
            },
            Self::Shard(owner) | Self::Copies(owner) => {
                node.is_some_and(|id| id == *owner || cluster.root(id) == Some(*owner))
            }
            Self::Node(id) | Self::Forget(id) => node == Some(*id),
            Self::Cluster => false,
            Self::Masters(masters) => node.is_some_and(|id| masters.contains(&id)),
            Self::Findings { codes, of } => {
                codes.contains(&finding.rule.code) && of.contains(&finding.subject)
            }
        }
    }
}

impl fmt::Display for Said<'_, About> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.1;
        match self.0 {
            About::Slots(slots) => write!(f, "slots {slots}"),
            About::OpenSlot { slot, node } => write!(f, "slot {slot} on {}", self.node(*node)),
            About::Shard(owner) => write!(f, "shard of {}", self.node(*owner)),
            About::Copies(owner) => self.copies(f, *owner),
            About::Node(id) => write!(f, "{}", self.node(*id)),
            About::Cluster => f.write_str("the cluster"),
            About::Masters(masters) => f.write_str(&nodes(cluster, masters)),
            About::Findings { codes, of } => {
                let names: Vec<String> = of.iter().filter_map(|s| name(cluster, s)).collect();
                f.write_str(&Code::join(codes, " "))?;
                if !names.is_empty() {
                    write!(f, " {}", words::list_up_to(super::SHOWN, &names))?;
                }
                Ok(())
            }
            About::Forget(id) => {
                let node = self.node(*id);
                if node.is_ghost() {
                    write!(f, "ghost {}", node.name.short())
                } else if node.is_only_silent() {
                    write!(f, "forget {node}")
                } else {
                    write!(f, "dead {node}")
                }
            }
        }
    }
}

impl Said<'_, About> {
    /// Slots, master and live replicas of a shard.
    fn copies(&self, f: &mut fmt::Formatter<'_>, owner: NodeId) -> fmt::Result {
        let master = self.node(owner);
        write!(f, "slots {}, master {master}", master.slots)?;
        let follows = |(id, n): &(NodeId, &crate::model::Node)| {
            *id != owner && n.is_live_member() && self.1.root(*id) == Some(owner)
        };
        let replicas = self.1.iter().filter(follows);
        let replicas: Vec<String> = replicas.map(|(_, n)| n.to_string()).collect();
        if !replicas.is_empty() {
            let word = words::plural(replicas.len(), "replica");
            write!(f, ", {word} {}", replicas.join(", "))?;
        }
        Ok(())
    }
}

fn name(cluster: &Cluster, subject: &Subject) -> Option<String> {
    match subject {
        Subject::Node(id) | Subject::Slots(_, Some(id)) => Some(cluster.node(*id).to_string()),
        Subject::Slots(slots, None) => Some(format!("slots {slots}")),
        Subject::Host(host) => Some(cluster.host(*host).name.to_string()),
        Subject::Zone(zone) => Some(cluster.zones[zone.0 as usize].name.to_string()),
        Subject::Capture | Subject::Tablets(_) => None,
    }
}
