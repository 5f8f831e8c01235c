//! Configuration files with which a server would not start.

use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::HostFacts;
use crate::inventory::record::StartedWith;
use crate::inventory::whose_host::HostNames;
use crate::model::HostId;
use crate::model::NodeId;
use crate::text::Place;

/// A fault of a configuration file that ends its server at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartFault {
    /// Whose file it is, where that is told.
    pub node: Option<NodeId>,
    pub path: String,
    pub what: StartProblem,
    /// Index into [`Inventory::read_at`].
    pub at: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StartProblem {
    /// A directive that no server knows, and the one that was meant.
    Directive { is: String, meant: &'static str },
    /// The `cluster-config-file` that this file shares with others.
    SharedNodesConf { name: String, others: Vec<String> },
}

pub(super) fn read(gathered: &Gathered, names: &HostNames, inventory: &mut Inventory) {
    let mut faults = Vec::new();
    let mut push = |inventory: &mut Inventory, of: &HostFacts<StartedWith>, line, what| {
        inventory.read_at.push(Place {
            path: of.path.clone(),
            line,
            column: 1,
        });
        faults.push(StartFault {
            node: owner(of, names, inventory),
            path: of.path.to_string(),
            what,
            at: inventory.read_at.len() - 1,
        });
    };
    for of in &gathered.starts {
        for (is, meant, line) in of.rows.iter().flat_map(|row| &row.slips) {
            let is = is.clone();
            push(inventory, of, *line, StartProblem::Directive { is, meant });
        }
    }
    for group in sharing(gathered, names)
        .into_values()
        .filter(|g| g.len() > 1)
    {
        let ports: Vec<_> = group.iter().map(|of| of.rows[0].port).collect();
        // The same file twice, as in two captures.
        if ports.windows(2).all(|w| w[0] == w[1]) {
            continue;
        }
        let of = group[0];
        let Some((name, line)) = &of.rows[0].nodes_conf else {
            continue;
        };
        let others = group[1..].iter().map(|of| of.path.to_string()).collect();
        let name = name.clone();
        push(
            inventory,
            of,
            *line,
            StartProblem::SharedNodesConf { name, others },
        );
    }
    inventory.start_faults = faults;
}

type Sharing<'a> = BTreeMap<(Option<HostId>, String, String), Vec<&'a HostFacts<StartedWith>>>;

/// Files that name one `nodes.conf` in one directory of one host.
fn sharing<'a>(gathered: &'a Gathered, names: &HostNames) -> Sharing<'a> {
    let mut sharing = Sharing::new();
    for of in &gathered.starts {
        let Some(row) = of.rows.first() else { continue };
        let Some((name, _)) = &row.nodes_conf else {
            continue;
        };
        // Where a relative directory lies depends on where the server is started.
        let dir = match &row.dir {
            Some(dir) if dir.starts_with('/') => dir.trim_end_matches('/').to_owned(),
            Some(_) if !name.starts_with('/') => continue,
            Some(_) | None => String::new(),
        };
        let host = names.of(&of.path, of.host.as_deref());
        sharing
            .entry((host, dir, name.clone()))
            .or_default()
            .push(of);
    }
    sharing
}

fn owner(of: &HostFacts<StartedWith>, names: &HostNames, inventory: &Inventory) -> Option<NodeId> {
    let row = of.rows.first()?;
    let by_address = row
        .address
        .as_ref()
        .and_then(|a| inventory.cluster.at(a).next());
    by_address.or_else(|| {
        let host = names.of(&of.path, of.host.as_deref())?;
        let mut nodes = inventory.cluster.iter();
        let there = |n: &crate::model::Node| {
            n.host == Some(host) && n.address.as_ref().map(|a| a.port()) == row.port
        };
        nodes.find(|(_, n)| there(n)).map(|(id, _)| id)
    })
}
