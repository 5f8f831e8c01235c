//! Where facts were read. Lies beside the cluster, so clusters compare without positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::whose::owner;
use crate::inventory::record::Line;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::parse::Flags;
use crate::text::Place;

/// One view's lines, by node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ViewLines {
    pub path: Arc<str>,
    pub owner: Option<NodeId>,
    /// Node, line, column; in the order of the dump.
    pub lines: Vec<(NodeId, u32, u32)>,
}

/// Fact to file, line and column.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {
    pub(super) views: Vec<ViewLines>,
    pub(super) own: BTreeMap<NodeId, usize>,
    pub(super) unreachable: BTreeMap<NodeId, Place>,
    pub(super) replication: BTreeMap<NodeId, Place>,
    pub(super) cluster_info: BTreeMap<NodeId, Place>,
    pub(super) links: BTreeMap<NodeId, Place>,
    pub(super) handshakes: BTreeMap<NodeId, Place>,
    pub(super) ghosts: BTreeMap<NodeId, Arc<str>>,
}

impl Origins {
    /// The node's line: in its own view, else in the first view that lists it.
    pub fn line_of(&self, node: NodeId) -> Option<Place> {
        let own = self
            .own
            .get(&node)
            .and_then(|&view| self.line_in(view, node));
        own.or_else(|| (0..self.views.len()).find_map(|view| self.line_in(view, node)))
    }

    /// The line of `node` in the view of `observer`; the first line of that view if there is
    /// none.
    pub fn seen_by(&self, observer: NodeId, node: NodeId) -> Option<Place> {
        let &view = self.own.get(&observer)?;
        self.line_in(view, node).or_else(|| {
            Some(Place {
                path: self.views[view].path.clone(),
                line: 1,
                column: 1,
            })
        })
    }

    /// The note that the node did not answer.
    pub fn unreachable(&self, node: NodeId) -> Option<Place> {
        self.unreachable.get(&node).cloned()
    }

    /// The replication section of the node's INFO.
    pub fn replication(&self, node: NodeId) -> Option<Place> {
        self.replication.get(&node).cloned()
    }

    /// The line of a ghost as captured, without its line end: of the most telling kind of answer
    /// that shows it without an address, the first.
    pub fn ghost_line(&self, node: NodeId) -> Option<&str> {
        self.ghosts.get(&node).map(|line| &**line)
    }

    /// The first line of the node's `CLUSTER INFO`.
    pub fn cluster_info(&self, node: NodeId) -> Option<Place> {
        self.cluster_info.get(&node).cloned()
    }

    /// The first line of the node's `CLUSTER LINKS`.
    pub fn links(&self, node: NodeId) -> Option<Place> {
        self.links.get(&node).cloned()
    }

    /// The first handshake entry in the view of `observer`.
    pub fn handshake(&self, observer: NodeId) -> Option<Place> {
        self.handshakes.get(&observer).cloned()
    }

    /// Views in the order of the capture, with their owners.
    pub fn views(&self) -> impl Iterator<Item = (&str, Option<NodeId>)> {
        self.views.iter().map(|v| (&*v.path, v.owner))
    }

    fn line_in(&self, view: usize, node: NodeId) -> Option<Place> {
        let view = &self.views[view];
        let &(_, line, column) = view.lines.iter().find(|l| l.0 == node)?;
        Some(Place {
            path: view.path.clone(),
            line,
            column,
        })
    }
}

/// Notes where the used views name each node.
pub(super) fn read(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> Origins {
    let mut origins = Origins::default();
    for &view in used {
        let view = &gathered.views[view];
        let owner = owner(gathered, view).and_then(|o| index.get(o));
        if let Some(owner) = owner {
            origins.own.insert(owner, origins.views.len());
            let handshake = |l: &&Line| gathered.fact(l).flags.has(Flags::HANDSHAKE);
            if let Some(line) = view.lines.iter().find(handshake) {
                let place = Place {
                    path: view.path.clone(),
                    line: line.line,
                    column: line.column,
                };
                origins.handshakes.insert(owner, place);
            }
        }
        let lines = view
            .lines
            .iter()
            .filter_map(|l| Some((index.get(gathered.fact(l).token)?, l.line, l.column)))
            .collect();
        origins.views.push(ViewLines {
            path: view.path.clone(),
            owner,
            lines,
        });
    }
    for (id, node) in cluster.iter() {
        if node.is_ghost()
            && let Some(token) = gathered.tokens.get(&node.name)
            && let Some((_, line)) = gathered.ghost_lines.get(token)
        {
            origins.ghosts.insert(id, line.clone());
        }
        let Some(answers) = node.address.as_ref().and_then(|a| gathered.answers.get(a)) else {
            continue;
        };
        if let Some(place) = &answers.unreachable {
            origins.unreachable.insert(id, place.clone());
        }
        if let Some(place) = &answers.info_place {
            origins.replication.insert(id, place.clone());
        }
        if let Some(place) = &answers.cluster_info_place {
            origins.cluster_info.insert(id, place.clone());
        }
        if let Some(place) = &answers.links_place {
            origins.links.insert(id, place.clone());
        }
    }
    origins
}
