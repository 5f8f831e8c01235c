//! Findings by what they are about.

use std::collections::BTreeMap;

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::NodeId;
use crate::model::ZoneId;
use crate::rules::Finding;
use crate::rules::Subject;

/// Positions of findings: every step asks for a few of them.
#[derive(Default)]
pub(super) struct BySubject {
    nodes: BTreeMap<NodeId, Vec<usize>>,
    hosts: BTreeMap<HostId, Vec<usize>>,
    zones: BTreeMap<ZoneId, Vec<usize>>,
    /// Of slots that nobody is known to own.
    slots: Vec<usize>,
}

impl BySubject {
    pub fn new(found: &[Finding]) -> Self {
        let mut about = Self::default();
        for (index, finding) in found.iter().enumerate() {
            match &finding.subject {
                Subject::Node(id) | Subject::Slots(_, Some(id)) => {
                    about.nodes.entry(*id).or_default().push(index);
                }
                Subject::Slots(_, None) => about.slots.push(index),
                Subject::Host(host) => about.hosts.entry(*host).or_default().push(index),
                Subject::Zone(zone) => about.zones.entry(*zone).or_default().push(index),
                Subject::Capture | Subject::Tablets(_) => {}
            }
        }
        about
    }

    /// Those about any of the nodes.
    pub fn any_of(&self, cluster: &Cluster, nodes: &[NodeId]) -> impl Iterator<Item = usize> {
        let of_node = |&id: &NodeId| {
            let host = cluster.node(id).host.and_then(|h| self.hosts.get(&h));
            let zone = cluster.zone_of(id).and_then(|z| self.zones.get(&z));
            self.nodes.get(&id).into_iter().chain(host).chain(zone)
        };
        let lists = nodes.iter().flat_map(of_node).chain([&self.slots]);
        lists.flatten().copied()
    }
}
