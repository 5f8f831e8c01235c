//! Where views were taken on both sides of a failover, and so show no moment of the cluster.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::nodes::role_of;
use crate::inventory::whose::owner;
use crate::inventory::record::Fact;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::inventory::seen::Seen;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Role;
use crate::parse::Flags;
use crate::text::Place;

/// Lets the roles follow the slots, which the config epochs have settled: who ends with slots is
/// a master, and no line that names it the owner of slots it does not have tells its role.
pub(super) fn settle_roles(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    cluster: &mut Cluster,
) {
    for (id, of) in index.of_each(seen) {
        let node = cluster.node_mut(id);
        if !node.slots.is_empty() {
            if node.is_replica() {
                node.role = Role::Master;
                let claims = of.claims(gathered).map(|f| f.config_epoch);
                node.config_epoch = claims.max().unwrap_or(node.config_epoch);
            }
            continue;
        }
        let outdated = of.claims(gathered).next().is_some();
        if node.is_replica() || !outdated || of.own_fact(gathered).is_some() {
            continue;
        }
        let told = of.most_fact(gathered, |f| f.slots.is_empty());
        if let Some(fact) = told {
            node.role = role_of(fact, index);
        }
    }
}

/// Notes the live nodes of which the views together say what was never true at one time.
pub(super) fn note(
    gathered: &Gathered,
    used: &[usize],
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    inventory: &mut Inventory,
) {
    let cluster = &inventory.cluster;
    let mut torn: BTreeMap<NodeId, (String, Option<Place>)> = BTreeMap::new();
    let mut followers: BTreeMap<Token, (NodeId, Token)> = BTreeMap::new();
    for (&token, of) in seen {
        let live = |&id: &NodeId| cluster.node(id).is_live_member();
        let Some(id) = index.get(token).filter(live) else {
            continue;
        };
        let node = cluster.node(id);
        let own = of.own_fact(gathered);
        let own_place = || place_of(gathered, of.own.or(of.own_on_disk)?, token);
        let claimed = match own {
            Some(own) => !own.flags.has(Flags::REPLICA) && !own.slots.is_empty(),
            None => of.claims(gathered).next().is_some(),
        };
        match node.role {
            Role::Master if !node.slots.is_empty() => {
                if own.is_some_and(|own| own.flags.has(Flags::REPLICA)) {
                    let why = format!(
                        "{node} is a replica by its own view, and owner of {} by a later config epoch of another",
                        node.slots
                    );
                    torn.insert(id, (why, own_place()));
                }
            }
            // What two nodes claim in their own views is a conflict, which says more.
            Role::Master if claimed && node.seen.contested.is_empty() => {
                let why = format!(
                    "{node} owns slots by an older view, none by a later config epoch of another"
                );
                torn.insert(id, (why, own_place()));
            }
            Role::Replica(Some(master)) if cluster.node(master).slots.is_empty() => {
                let fact =
                    own.or_else(|| of.most_fact(gathered, |f| role_of(f, index) == node.role));
                if let Some(master) = fact.and_then(|f| f.master) {
                    followers.insert(token, (id, master));
                }
            }
            Role::Master | Role::Replica(_) => {}
        }
    }
    for (id, place) in of_former_owners(gathered, used, seen, &followers) {
        let (node, master) = (cluster.node(id), cluster.node(id).master());
        let Some(master) = master.map(|m| cluster.node(m)) else {
            continue;
        };
        let why = format!(
            "{node} follows {master} by a view in which that one still owns slots, and by later ones it owns none"
        );
        torn.insert(id, (why, Some(place)));
    }
    for (why, place) in torn.into_values() {
        let message = format!("{why}: the views were taken before and after a failover");
        let odd = Diagnostic::new(Capture::TwoMoments, message);
        let odd = match place {
            Some(place) => odd.at(place),
            None => odd,
        };
        let help = "capture all nodes again in one go";
        inventory.diagnostics.push(odd.help(help));
        inventory.torn.push(why);
    }
}

/// Of replicas whose master owns nothing, those that follow it only in views in which it owns
/// slots, with the line that says so. A node's own view tells alone whom it follows.
fn of_former_owners(
    gathered: &Gathered,
    used: &[usize],
    seen: &BTreeMap<Token, Seen>,
    followers: &BTreeMap<Token, (NodeId, Token)>,
) -> Vec<(NodeId, Place)> {
    let mut found: BTreeMap<NodeId, Place> = BTreeMap::new();
    if followers.is_empty() {
        return Vec::new();
    }
    let masters: BTreeSet<Token> = followers.values().map(|&(_, master)| master).collect();
    for &index in used {
        let view = &gathered.views[index];
        let facts = || view.lines.iter().map(|line| (line, gathered.fact(line)));
        let owns = |fact: &Fact| !fact.flags.has(Flags::REPLICA) && !fact.slots.is_empty();
        let owners: BTreeSet<Token> = facts()
            .filter(|(_, fact)| masters.contains(&fact.token) && owns(fact))
            .map(|(_, fact)| fact.token)
            .collect();
        if owners.is_empty() {
            continue;
        }
        for (line, fact) in facts() {
            let Some(&(id, master)) = followers.get(&fact.token) else {
                continue;
            };
            let own = owner(gathered, view) == Some(fact.token);
            let tells = own || seen[&fact.token].own_fact(gathered).is_none();
            if tells && fact.master == Some(master) && owners.contains(&master) {
                found.entry(id).or_insert_with(|| place(view, line.line));
            }
        }
    }
    found.into_iter().collect()
}

/// Where a view lists a node.
pub(super) fn place_of(gathered: &Gathered, view: usize, token: Token) -> Option<Place> {
    let view = &gathered.views[view];
    let mut lines = view.lines.iter();
    let line = lines.find(|line| gathered.fact(line).token == token)?;
    Some(place(view, line.line))
}

fn place(view: &View, line: u32) -> Place {
    Place {
        path: view.path.clone(),
        line,
        column: 1,
    }
}
