//! The answer of `pair`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::measure;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::NodeId;
use crate::pair;
use crate::pair::Place;
use crate::report;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::text::quote::shell_word;

/// One line of a list: the address, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedNode {
    pub address: Address,
    pub path: String,
    pub line: u32,
}

/// Which tool the commands are of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PairTool {
    Flashbase,
    RedisCli,
}

/// A replica and its master.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PairedNodes {
    pub replica: String,
    pub master: String,
    /// `host`, `zone`, `disk`: what both have in common.
    pub shares: Vec<String>,
    pub commands: Vec<String>,
}

/// A line that cannot be used as it is, or that is doubtful.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PairProblem {
    pub path: String,
    pub line: u32,
    pub message: String,
    /// The line was left out.
    pub left_out: bool,
}

/// The answer of `pair`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PairReport {
    pub schema_version: u32,
    pub tool: Tool,
    /// Roles were looked up in a capture.
    pub checked: bool,
    pub pairs: Vec<PairedNodes>,
    /// Pairs that share a host, as no other choice does less.
    pub sharing_host: usize,
    pub left_replicas: Vec<String>,
    pub left_masters: Vec<String>,
    pub problems: Vec<PairProblem>,
    /// Every replica owns slots and every master holds none: the lists stand the wrong way round.
    pub swapped: bool,
}

/// Where nodes run, where no capture tells.
pub type Places = BTreeMap<Address, Place>;

/// Pairs the two lists; with a capture, by what it says of their nodes.
pub fn pair(
    replicas: &[ListedNode],
    masters: &[ListedNode],
    mut problems: Vec<PairProblem>,
    inventory: Option<&Inventory>,
    places: &Places,
    tool: PairTool,
) -> PairReport {
    let cluster = inventory.map(|i| &i.cluster);
    let swapped = cluster.is_some_and(|c| is_swapped(c, replicas, masters));
    let usable = |list: &[ListedNode], check: &dyn Fn(&Cluster, &Address) -> Doubt| {
        let mut kept: Vec<ListedNode> = Vec::new();
        let mut said = Vec::new();
        for node in list {
            let doubt = match cluster {
                _ if kept.iter().any(|k| k.address == node.address) => {
                    Doubt::Bad("it stands in the list already".to_owned())
                }
                Some(cluster) => check(cluster, &node.address),
                None => Doubt::None,
            };
            let (message, left_out) = match doubt {
                Doubt::None => (None, false),
                Doubt::Odd(message) => (Some(message), false),
                Doubt::Bad(message) => (Some(message), true),
            };
            said.extend(message.map(|message| PairProblem {
                path: node.path.clone(),
                line: node.line,
                message: format!("{}: {message}", node.address),
                left_out,
            }));
            if !left_out {
                kept.push(node.clone());
            }
        }
        (kept, said)
    };
    let (mut replicas, of_replicas) = usable(replicas, &doubt_of_replica);
    let (mut masters, of_masters) = usable(masters, &doubt_of_master);
    problems.extend(of_replicas);
    problems.extend(of_masters);
    replicas.sort_by(|a, b| a.address.cmp(&b.address));
    masters.sort_by(|a, b| a.address.cmp(&b.address));
    let place = |node: &ListedNode| match cluster.and_then(|c| place_of(c, &node.address)) {
        Some(place) => place,
        None => places.get(&node.address).cloned().unwrap_or_else(|| Place {
            host: node.address.ip().to_owned(),
            ..Place::default()
        }),
    };
    let at_replicas: Vec<Place> = replicas.iter().map(place).collect();
    let at_masters: Vec<Place> = masters.iter().map(place).collect();
    let chosen = pair::pair(&at_replicas, &at_masters);
    let pairs: Vec<PairedNodes> = chosen
        .iter()
        .map(|pair| {
            let (replica, master) = (&replicas[pair.replica], &masters[pair.master]);
            let (here, there) = (&at_replicas[pair.replica], &at_masters[pair.master]);
            let shares = [
                (here.shares_host(there), "host"),
                (here.shares_zone(there), "zone"),
                (here.shares_disk(there), "disk"),
            ];
            let shares = shares.iter().filter(|(shared, _)| *shared);
            PairedNodes {
                replica: replica.address.to_string(),
                master: master.address.to_string(),
                shares: shares.map(|(_, word)| (*word).to_owned()).collect(),
                commands: commands(cluster, &replica.address, &master.address, tool),
            }
        })
        .collect();
    let left = |list: &[ListedNode], used: &dyn Fn(usize) -> bool| -> Vec<String> {
        let left = list.iter().enumerate().filter(|(at, _)| !used(*at));
        left.map(|(_, node)| node.address.to_string()).collect()
    };
    PairReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        checked: cluster.is_some(),
        sharing_host: pairs
            .iter()
            .filter(|p| p.shares.iter().any(|s| s == "host"))
            .count(),
        pairs,
        left_replicas: left(&replicas, &|at| chosen.iter().any(|p| p.replica == at)),
        left_masters: left(&masters, &|at| chosen.iter().any(|p| p.master == at)),
        problems,
        swapped,
    }
}

/// What speaks against a line.
enum Doubt {
    None,
    Odd(String),
    Bad(String),
}

fn at(cluster: &Cluster, address: &Address) -> Option<NodeId> {
    let mut there: Vec<NodeId> = cluster.at(address).collect();
    there.sort_by_key(|&id| !cluster.node(id).is_live());
    there.first().copied()
}

/// Replicas that all serve, and masters that all hold nothing.
fn is_swapped(cluster: &Cluster, replicas: &[ListedNode], masters: &[ListedNode]) -> bool {
    let all = |list: &[ListedNode], test: &dyn Fn(NodeId) -> bool| {
        !list.is_empty()
            && list
                .iter()
                .all(|n| at(cluster, &n.address).is_some_and(test))
    };
    let serves = |id: NodeId| !cluster.node(id).slots.is_empty();
    all(replicas, &serves) && all(masters, &|id| cluster.is_spare(id))
}

fn doubt_of_replica(cluster: &Cluster, address: &Address) -> Doubt {
    let Some(id) = at(cluster, address) else {
        return Doubt::Bad("the capture shows no such node".to_owned());
    };
    let node = cluster.node(id);
    if !node.is_live() {
        return Doubt::Bad("it does not answer".to_owned());
    }
    if !node.slots.is_empty() {
        return Doubt::Bad(format!(
            "it owns slots {}: it is a master that serves",
            node.slots
        ));
    }
    if let Some(master) = node.master().filter(|&m| !cluster.node(m).slots.is_empty()) {
        return Doubt::Bad(format!(
            "it is a replica of {} already",
            cluster.node(master)
        ));
    }
    if node.keys.is_some_and(|keys| keys > 0) && node.is_master() {
        return Doubt::Odd("it holds keys: the server refuses until they are gone".to_owned());
    }
    Doubt::None
}

fn doubt_of_master(cluster: &Cluster, address: &Address) -> Doubt {
    let Some(id) = at(cluster, address) else {
        return Doubt::Bad("the capture shows no such node".to_owned());
    };
    let node = cluster.node(id);
    if !node.is_live() {
        return Doubt::Bad("it does not answer".to_owned());
    }
    if node.slots.is_empty() {
        return Doubt::Bad("it owns no slot: there is nothing to replicate".to_owned());
    }
    let shards = cluster.shards();
    let shard = shards.iter().find(|shard| shard.owner == id);
    let has = shard.and_then(|shard| measure::live_replicas(cluster, shard).next());
    match has {
        Some(replica) => Doubt::Odd(format!(
            "it has a replica already, {}",
            cluster.node(replica)
        )),
        None => Doubt::None,
    }
}

fn place_of(cluster: &Cluster, address: &Address) -> Option<Place> {
    let id = at(cluster, address)?;
    let node = cluster.node(id);
    let zone = cluster.zone_of(id);
    Some(Place {
        host: cluster.host(node.host?).name.to_string(),
        zone: zone.map(|z| cluster.zones[z.0 as usize].name.to_string()),
        disk: node
            .disk
            .map(|d| cluster.disks[d.0 as usize].name.to_string()),
    })
}

fn commands(
    cluster: Option<&Cluster>,
    replica: &Address,
    master: &Address,
    tool: PairTool,
) -> Vec<String> {
    let word = |text: &str| shell_word(text);
    match tool {
        PairTool::Flashbase => vec![format!(
            "flashbase do-replicate {} {}",
            word(&replica.to_string()),
            word(&master.to_string())
        )],
        PairTool::RedisCli => {
            let node = |address| Some(cluster?.node(at(cluster?, address)?));
            let mut commands = Vec::new();
            let client = |to: &Address| format!("redis-cli -h {} -p {}", word(to.ip()), to.port());
            let stranger = node(replica).is_some_and(|n| n.membership == Membership::Unmet);
            if stranger {
                commands.push(format!(
                    "{} CLUSTER MEET {} {}",
                    client(master),
                    word(replica.ip()),
                    replica.port()
                ));
            }
            let id = node(master).map_or(String::new(), |n| word(n.name.as_str()));
            commands.push(format!("{} CLUSTER REPLICATE {id}", client(replica)));
            commands
        }
    }
}
