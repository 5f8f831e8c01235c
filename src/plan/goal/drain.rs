//! `--drain DOMAIN [--stop]`: no live member in the domain owns slots, nothing new is attached there,
//! and its copies count for nothing; with `--stop` its processes are stopped last.

use std::collections::BTreeSet;

use crate::action::Draft;
use crate::action::Kill;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Decided;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::spelled;
use crate::rules::Phase;
use crate::text::words::count;

pub(super) const WORD: &str = "drain";

/// What is drained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drain {
    pub domain: Domain,
    /// Its processes are stopped once nothing needs them.
    pub stop: bool,
}

impl Drain {
    /// Its nodes, in node order; none where there is no such domain.
    pub fn nodes(&self, at: &Cluster) -> Vec<NodeId> {
        let nodes = Domains::of(at).nodes_in(&self.domain);
        nodes.unwrap_or_default()
    }
}

/// Live members among the nodes that own slots.
pub(super) fn masters(at: &Cluster, nodes: &[NodeId]) -> usize {
    let leads = |&&id: &&NodeId| at.node(id).is_live_member() && !at.node(id).slots.is_empty();
    nodes.iter().filter(leads).count()
}

impl Wish for Drain {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut options = vec![format!("--drain {}", spelled(&self.domain, quote))];
        options.extend(self.stop.then(|| "--stop".to_owned()));
        options
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let nodes = Domains::of(real).nodes_in(&self.domain)?;
        demands.vacate(nodes, &format!("--drain {}", self.domain));
        Ok(())
    }

    fn drafts(&self, scene: &Decided) -> Vec<Draft> {
        if !self.stop {
            return Vec::new();
        }
        stops(scene, &self.nodes(scene.end), &self.domain)
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Drain)
    }

    fn left(&self, at: &Cluster) -> i64 {
        masters(at, &self.nodes(at)) as i64
    }

    fn says(&self, scene: &Reached) -> String {
        let nodes = self.nodes(scene.start);
        let (before, after) = (masters(scene.start, &nodes), masters(scene.end, &nodes));
        let stopped = match (self.stop, scene.stopped) {
            (false, _) | (true, 0) => String::new(),
            (true, 1) => ", 1 process is stopped".to_owned(),
            (true, n) => format!(", {n} processes are stopped"),
        };
        format!(
            "{}: {} -> {after}{stopped}",
            self.domain,
            count(before, "master")
        )
    }

    fn domain(&self) -> Option<&Domain> {
        Some(&self.domain)
    }
}

/// A stop of every live member among the nodes, each after everything that takes its place.
fn stops(scene: &Decided, nodes: &[NodeId], domain: &Domain) -> Vec<Draft> {
    let end = scene.end;
    let inside: BTreeSet<NodeId> = nodes.iter().copied().collect();
    let live = inside.iter().copied();
    let live = live.filter(|&id| end.node(id).is_live_member() && end.node(id).slots.is_empty());
    let stop = |node: NodeId| {
        let root = end.root(node);
        // A copy outside must be there that can take over alone.
        let led = root.is_none_or(|root| !inside.contains(&root) && end.node(root).is_live());
        let reason = match root {
            Some(root) => format!("{domain} is drained; its shard is led by {}", end.node(root)),
            None => format!("{domain} is drained, and it copies nothing"),
        };
        led.then(|| Draft {
            action: Kill {
                node,
                after: root.into_iter().collect(),
            }
            .into(),
            phase: Phase::Change,
            urgency: 0,
            cures: Vec::new(),
            reason,
            mib: 0,
            leaves: None,
        })
    };
    live.filter_map(stop).collect()
}
