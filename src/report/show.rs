//! The answer of `show`: who holds what, where, and who sees whom.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::model::Cluster;
use crate::model::Link;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Shard;
use crate::model::Sync;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Input;
use crate::report::List;
use crate::report::ListReport;
use crate::report::SCHEMA_VERSION;
use crate::report::Server;
use crate::report::State;
use crate::report::Summary;
use crate::report::TabletFacts;
use crate::report::Tool;
use crate::report::Views;
use crate::report::capture;
use crate::report::state;
use crate::rules;
use crate::rules::Code;
use crate::rules::Subject;

/// The answer of `show`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShowReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub server: Server,
    pub views: Views,
    pub state: State,
    /// What only clusters of tablets have; null for others.
    pub tablets: Option<TabletFacts>,
    pub inputs: Vec<Input>,
    pub summary: Summary,
    /// The worst first: without a live owner, then with the fewest copies that could take over,
    /// then by what is found; then by their slots.
    pub shards: Vec<ShownShard>,
    /// Nodes of no shard: spares, ghosts, who follows somebody without slots.
    pub others: Vec<ShownNode>,
    /// Every host, also without nodes, with its zone.
    pub hosts: Vec<ShownHost>,
    /// Slots without a live owner.
    pub uncovered: String,
    /// Slots that are left migrating or importing.
    pub open: Vec<u16>,
    pub sights: Vec<SightRow>,
    /// The runbook's table.
    pub distribution: ListReport,
    pub diagnostics: Vec<Diagnostic>,
}

/// A set of slots and its copies, the owner first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShownShard {
    /// What it is called: its slots; of tablets table and pid.
    pub name: String,
    pub table: Option<String>,
    pub pid: Option<u32>,
    pub slots: String,
    /// How many slots.
    pub size: u32,
    /// Live copies, the owner among them, that hold the data.
    pub usable: usize,
    pub copies: Vec<ShownNode>,
    /// What is found about its nodes and slots.
    #[schemars(with = "Vec<String>")]
    pub codes: Vec<Code>,
    pub worst: Option<Severity>,
}

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShownNode {
    pub id: String,
    pub address: Option<String>,
    pub last_address: Option<String>,
    pub host: Option<String>,
    pub zone: Option<String>,
    pub disk: Option<String>,
    pub role: ShownRole,
    /// Whom it follows, if that is not the owner of its shard.
    pub follows: Option<String>,
    pub live: bool,
    pub sync: ShownSync,
    pub offset: Option<u64>,
    #[schemars(with = "Vec<String>")]
    pub codes: Vec<Code>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShownRole {
    Master,
    Replica,
    Spare,
    Ghost,
}

/// Whether a node holds what its master holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShownSync {
    /// A master, or a replica with its link up and its sync done.
    InSync,
    LinkDown,
    /// A first sync is running.
    Syncing,
    Never,
    /// Its INFO and the views name different masters.
    Disputed,
    Unknown,
    /// Of a tablet: the name server calls the copy alive, or not.
    Alive,
    NotAlive,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShownHost {
    pub host: String,
    pub zone: Option<String>,
    pub live: bool,
}

/// How the views of some nodes, which see all others alike, see those.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SightRow {
    pub observers: Vec<String>,
    /// Nodes that are not simply connected, by how they are seen.
    pub sees: BTreeMap<SeenAs, Vec<String>>,
}

#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SeenAs {
    Absent,
    Disconnected,
    Suspected,
    Failed,
    NoAddress,
    Handshake,
}

/// The answer of `show`.
pub fn show(inventory: &Inventory) -> ShowReport {
    let cluster = &inventory.cluster;
    let found = capture::found(inventory);
    let marks = Marks::of(cluster, &found);
    let shards = cluster.shards();
    let mut shown: Vec<ShownShard> = shards.iter().map(|s| shard(cluster, s, &marks)).collect();
    let rank = |shard: &ShownShard| {
        let owned = shard.copies.first().is_some_and(|owner| owner.live);
        (owned, shard.usable.min(2), Reverse(shard.worst))
    };
    // Owners are in node order, and slots tell more to a reader.
    shown.sort_by_cached_key(|s| (rank(s), first_slot(&s.slots)));
    let placed: Vec<NodeId> = shards
        .iter()
        .flat_map(|s| std::iter::once(s.owner).chain(s.replicas.iter().chain(&s.chained).copied()))
        .collect();
    let mut is_placed = vec![false; cluster.nodes.len()];
    for id in placed {
        is_placed[id.index()] = true;
    }
    let others = cluster.iter().filter(|(id, _)| !is_placed[id.index()]);
    let live = cluster.live_hosts();
    let hosts = (0..).zip(&cluster.hosts).map(|(index, host)| ShownHost {
        host: host.name.to_string(),
        zone: host
            .zone
            .map(|z| cluster.zones[z.0 as usize].name.to_string()),
        live: live.contains(&crate::model::HostId(index)),
    });
    let mut open: Vec<u16> = cluster
        .iter()
        .flat_map(|(_, node)| node.open_slots.iter().map(|open| open.slot))
        .collect();
    open.sort_unstable();
    open.dedup();
    let distribution = report::list(inventory, &List::Distribution)
        .expect("a distribution needs nothing but the nodes");
    ShowReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        server: Server {
            name: cluster.server.name.to_string(),
            version: cluster.server.version.map(|v| v.to_string()),
        },
        views: capture::views(inventory),
        state: state::state(inventory),
        tablets: None,
        inputs: capture::inputs(inventory),
        summary: capture::summary(cluster, &found),
        shards: shown,
        others: others
            .map(|(id, _)| node(cluster, id, None, &marks))
            .collect(),
        hosts: hosts.collect(),
        uncovered: cluster.uncovered().to_string(),
        open,
        sights: sights(inventory),
        distribution,
        diagnostics: capture::all_diagnostics(inventory, &found),
    }
}

fn first_slot(slots: &str) -> u16 {
    let digits: String = slots.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// What is found, by node.
struct Marks {
    codes: Vec<Vec<Code>>,
    worst: Vec<Option<Severity>>,
}

impl Marks {
    fn of(cluster: &Cluster, found: &[rules::Finding]) -> Self {
        let mut marks = Self {
            codes: vec![Vec::new(); cluster.nodes.len()],
            worst: vec![None; cluster.nodes.len()],
        };
        for finding in found.iter().filter(|f| f.allowed.is_none()) {
            match &finding.subject {
                Subject::Node(id) | Subject::Slots(_, Some(id)) => marks.mark(*id, finding),
                Subject::Slots(slots, None) => {
                    for (id, node) in cluster.iter() {
                        if !node.slots.intersection(slots).is_empty() {
                            marks.mark(id, finding);
                        }
                    }
                }
                Subject::Host(_) | Subject::Zone(_) | Subject::Capture | Subject::Tablets(_) => {}
            }
        }
        marks
    }

    fn mark(&mut self, id: NodeId, finding: &rules::Finding) {
        let codes = &mut self.codes[id.index()];
        if !codes.contains(&finding.rule.code) {
            codes.push(finding.rule.code);
        }
        let worst = &mut self.worst[id.index()];
        *worst = (*worst).max(Some(finding.severity));
    }
}

fn shard(cluster: &Cluster, shard: &Shard, marks: &Marks) -> ShownShard {
    let ids: Vec<NodeId> = std::iter::once(shard.owner)
        .chain(shard.replicas.iter().chain(&shard.chained).copied())
        .collect();
    let owner = usize::from(cluster.node(shard.owner).is_live_member());
    let usable = shard
        .replicas
        .iter()
        .filter(|id| cluster.is_usable_replica(**id));
    let mut codes: Vec<Code> = Vec::new();
    for id in &ids {
        codes.extend(&marks.codes[id.index()]);
    }
    codes.sort_unstable();
    codes.dedup();
    let copies = ids
        .iter()
        .map(|id| node(cluster, *id, Some(shard.owner), marks));
    ShownShard {
        name: shard.slots.to_string(),
        table: None,
        pid: None,
        slots: shard.slots.to_string(),
        size: shard.slots.len(),
        usable: owner + usable.count(),
        copies: copies.collect(),
        codes,
        worst: ids.iter().filter_map(|id| marks.worst[id.index()]).max(),
    }
}

fn node(cluster: &Cluster, id: NodeId, owner: Option<NodeId>, marks: &Marks) -> ShownNode {
    let node = cluster.node(id);
    let role = match node.role {
        _ if node.is_ghost() => ShownRole::Ghost,
        _ if owner.is_none() && node.is_live() && cluster.is_spare(id) => ShownRole::Spare,
        Role::Master => ShownRole::Master,
        Role::Replica(_) => ShownRole::Replica,
    };
    let follows = node.master().filter(|master| Some(*master) != owner);
    ShownNode {
        id: node.name.to_string(),
        address: node.address.as_ref().map(ToString::to_string),
        last_address: node.last_address.as_ref().map(ToString::to_string),
        host: node.host.map(|h| cluster.host(h).name.to_string()),
        zone: cluster
            .zone_of(id)
            .map(|z| cluster.zones[z.0 as usize].name.to_string()),
        disk: node
            .disk
            .map(|d| cluster.disks[d.0 as usize].name.to_string()),
        role,
        follows: follows.map(|master| cluster.node(master).to_string()),
        live: node.is_live(),
        sync: sync(node.role, node.replication.link, node.replication.sync),
        offset: node.replication.offset,
        codes: marks.codes[id.index()].clone(),
    }
}

fn sync(role: Role, link: Link, sync: Sync) -> ShownSync {
    if role == Role::Master {
        return ShownSync::InSync;
    }
    match (sync, link) {
        (Sync::Never, _) => ShownSync::Never,
        (Sync::Running, _) => ShownSync::Syncing,
        (Sync::Disputed, _) => ShownSync::Disputed,
        (Sync::Done | Sync::Unknown, Link::Down) => ShownSync::LinkDown,
        (Sync::Done, Link::Up) => ShownSync::InSync,
        (Sync::Done, Link::Unknown) | (Sync::Unknown, Link::Up | Link::Unknown) => {
            ShownSync::Unknown
        }
    }
}

/// Views that see all others alike are one row; the largest first.
fn sights(inventory: &Inventory) -> Vec<SightRow> {
    let cluster = &inventory.cluster;
    let mut rows: BTreeMap<Vec<(SeenAs, NodeId)>, Vec<NodeId>> = BTreeMap::new();
    for &observer in inventory.sights.observers() {
        let Some(row) = inventory.sights.row(observer) else {
            continue;
        };
        let seen = cluster
            .iter()
            .filter_map(|(id, _)| Some((seen_as(row[id.index()])?, id)));
        rows.entry(seen.collect()).or_default().push(observer);
    }
    let names = |ids: &[NodeId]| ids.iter().map(|id| cluster.node(*id).to_string()).collect();
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, observers)| (Reverse(observers.len()), observers[0]));
    let row = |(seen, observers): (Vec<(SeenAs, NodeId)>, Vec<NodeId>)| {
        let mut sees: BTreeMap<SeenAs, Vec<String>> = BTreeMap::new();
        for (how, id) in seen {
            sees.entry(how)
                .or_default()
                .push(cluster.node(id).to_string());
        }
        SightRow {
            observers: names(&observers),
            sees,
        }
    };
    rows.into_iter().map(row).collect()
}

/// `None` for what is as it should be.
fn seen_as(sight: Sight) -> Option<SeenAs> {
    Some(match sight {
        Sight::Itself | Sight::Connected => return None,
        Sight::Absent => SeenAs::Absent,
        Sight::Disconnected => SeenAs::Disconnected,
        Sight::Suspected => SeenAs::Suspected,
        Sight::Failed => SeenAs::Failed,
        Sight::NoAddress => SeenAs::NoAddress,
        Sight::Handshake => SeenAs::Handshake,
    })
}
