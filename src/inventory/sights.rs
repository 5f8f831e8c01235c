//! Who sees whom how: one byte for each view and node.

use std::collections::BTreeMap;

use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::whose::owner;
use crate::inventory::record::Fact;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::parse::Flags;

/// How a view shows a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Sight {
    /// The view does not list it.
    Absent,
    /// Its own line.
    Itself,
    Connected,
    /// The link is down, and nothing else is said against it.
    Disconnected,
    /// `fail?`
    Suspected,
    Failed,
    NoAddress,
    /// Not under its id: somebody is being met at its address.
    Handshake,
}

/// The matrix of observers (views with an owner) and nodes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sights {
    observers: Vec<NodeId>,
    /// Row of each node that is an observer.
    rows: Vec<Option<u32>>,
    cells: Vec<Sight>,
}

impl Sights {
    /// Nodes whose views count, in node order.
    pub fn observers(&self) -> &[NodeId] {
        &self.observers
    }

    /// How `observer` sees every node, in node order; `None` if it gave no view.
    pub fn row(&self, observer: NodeId) -> Option<&[Sight]> {
        let row = (*self.rows.get(observer.index())?)? as usize;
        let columns = self.rows.len();
        self.cells.get(row * columns..(row + 1) * columns)
    }

    /// How `observer` sees `node`; `None` if it gave no view.
    pub fn of(&self, observer: NodeId, node: NodeId) -> Option<Sight> {
        self.row(observer)?.get(node.index()).copied()
    }
}

/// Fills the matrix from the views that count; of two views of one owner the later one stands.
pub(super) fn read(
    gathered: &Gathered,
    used: &[usize],
    index: &Index,
    cluster: &Cluster,
) -> Sights {
    let columns = cluster.nodes.len();
    let owner_of = |view: usize| {
        let view = &gathered.views[view];
        owner(gathered, view).and_then(|o| index.get(o))
    };
    let mut observers: Vec<NodeId> = used.iter().filter_map(|&view| owner_of(view)).collect();
    observers.sort_unstable();
    observers.dedup();
    let mut rows = vec![None; columns];
    for (row, observer) in (0_u32..).zip(&observers) {
        rows[observer.index()] = Some(row);
    }
    let by_address: BTreeMap<&Address, NodeId> = cluster
        .iter()
        .filter_map(|(id, node)| Some((node.address.as_ref()?, id)))
        .collect();
    let of_fact: Vec<(Option<NodeId>, Sight)> = gathered
        .facts
        .iter()
        .map(|fact| column(fact, index, &by_address))
        .collect();
    let mut cells = vec![Sight::Absent; observers.len() * columns];
    for &view in used {
        let Some(observer) = owner_of(view) else {
            continue;
        };
        let Some(row) = rows[observer.index()] else {
            continue;
        };
        let cells = &mut cells[row as usize * columns..][..columns];
        for line in &gathered.views[view].lines {
            let (Some(node), sight) = of_fact[line.fact as usize] else {
                continue;
            };
            let cell = &mut cells[node.index()];
            if sight != Sight::Handshake || *cell == Sight::Absent {
                *cell = sight;
            }
        }
        cells[observer.index()] = Sight::Itself;
    }
    Sights {
        observers,
        rows,
        cells,
    }
}

fn column(
    fact: &Fact,
    index: &Index,
    by_address: &BTreeMap<&Address, NodeId>,
) -> (Option<NodeId>, Sight) {
    let has = |flag| fact.flags.has(flag);
    if has(Flags::HANDSHAKE) {
        let there = fact.address().and_then(|a| by_address.get(&a).copied());
        return (there, Sight::Handshake);
    }
    let sight = match () {
        () if has(Flags::NOADDR) => Sight::NoAddress,
        () if has(Flags::FAILED) => Sight::Failed,
        () if has(Flags::SUSPECTED) => Sight::Suspected,
        () if fact.connected => Sight::Connected,
        () => Sight::Disconnected,
    };
    (index.get(fact.token), sight)
}
