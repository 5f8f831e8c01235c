//! The answer of `list`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::inventory::Inventory;
use crate::list;
use crate::list::Listed;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::HostId;
use crate::model::NodeId;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Input;
use crate::report::SCHEMA_VERSION;
use crate::report::Tool;
use crate::report::capture;
use crate::report::doubt::doubts;

/// One node of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListItem {
    pub id: String,
    /// Null for a ghost.
    pub address: Option<String>,
    /// Of a ghost: where it was last seen.
    pub last_address: Option<String>,
    pub host: Option<String>,
    /// Of a ghost: its line in the first view that shows it without an address, as captured.
    pub line: Option<String>,
}

/// Live nodes of one host, by role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostRoles {
    pub host: String,
    /// With slots; a slotless master is counted nowhere.
    pub masters: usize,
    /// Also those of a master without slots.
    pub replicas: usize,
}

/// The answer of `list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListReport {
    pub schema_version: u32,
    pub tool: Tool,
    pub inputs: Vec<Input>,
    pub kind: ListKind,
    /// By address; ghosts by id. Empty for distribution.
    pub items: Vec<ListItem>,
    /// Of distribution: by the lowest address on the host. Null for the other kinds.
    pub distribution: Option<Vec<HostRoles>>,
    /// What is not in the list and might be looked for there.
    pub notes: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What is listed, as the command line spells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    NoSlot,
    NoSlave,
    Failovered,
    Failbacked,
    Noaddr,
    WithDir,
    Distribution,
    NoLeader,
    NotAlive,
    FailedOps,
}

impl ListKind {
    pub const ALL: &[Self] = &[
        Self::NoSlot,
        Self::NoSlave,
        Self::Failovered,
        Self::Failbacked,
        Self::Noaddr,
        Self::WithDir,
        Self::Distribution,
        Self::NoLeader,
        Self::NotAlive,
        Self::FailedOps,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::NoSlot => "no-slot",
            Self::NoSlave => "no-slave",
            Self::Failovered => "failovered",
            Self::Failbacked => "failbacked",
            Self::Noaddr => "noaddr",
            Self::WithDir => "with-dir",
            Self::Distribution => "distribution",
            Self::NoLeader => "no-leader",
            Self::NotAlive => "not-alive",
            Self::FailedOps => "failed-ops",
        }
    }
}

/// What to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum List {
    NoSlot,
    NoSlave,
    Failovered,
    Failbacked,
    Noaddr,
    /// Nodes whose data directory lies on one disk of one host, dead or alive. flashbase asks
    /// the running nodes for their directories, so it misses those that the disk has killed
    /// already; a disk map, or the directories captured earlier, remember them.
    WithDir {
        /// Name or IP.
        host: String,
        /// A directory on the disk or above it, or the disk's name.
        dir: String,
        masters_only: bool,
    },
    Distribution,
}

/// A fact that the list needs and the capture does not have. Without it an empty list would
/// look like a good answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    pub message: String,
    pub help: &'static str,
}

/// The answer of `list`.
pub fn list(inventory: &Inventory, list: &List) -> Result<ListReport, Missing> {
    let (cluster, policy) = (&inventory.cluster, &inventory.policy);
    let mut notes = Vec::new();
    let listed = match list {
        List::NoSlot => {
            if cluster.views == 1 {
                notes.push("one view cannot show nodes that nobody met".to_owned());
            }
            list::no_slot(cluster)
        }
        List::NoSlave => list::no_replica(cluster),
        List::Failovered => {
            notes.extend(home_known(inventory, "failovered")?);
            list::failovered(cluster, policy)
        }
        List::Failbacked => {
            notes.extend(home_known(inventory, "failbacked")?);
            list::failbacked(cluster, policy)
        }
        List::Noaddr => list::noaddr(cluster),
        List::WithDir {
            host,
            dir,
            masters_only,
        } => {
            let nodes = with_dir(cluster, host, dir, *masters_only, &mut notes)?;
            return Ok(report(inventory, list, &nodes, notes));
        }
        List::Distribution => Listed {
            live: Vec::new(),
            dead: cluster.dead_members(),
        },
    };
    if *list == List::Noaddr {
        return Ok(report(inventory, list, &listed.dead, notes));
    }
    if !listed.dead.is_empty() {
        let (nodes, are) = counted(listed.dead.len(), "dead node");
        let names = names(cluster, &listed.dead);
        notes.push(format!("{nodes} {are} not in this list: {names}"));
    }
    Ok(report(inventory, list, &listed.live, notes))
}

impl List {
    fn kind(&self) -> ListKind {
        match self {
            Self::NoSlot => ListKind::NoSlot,
            Self::NoSlave => ListKind::NoSlave,
            Self::Failovered => ListKind::Failovered,
            Self::Failbacked => ListKind::Failbacked,
            Self::Noaddr => ListKind::Noaddr,
            Self::WithDir { .. } => ListKind::WithDir,
            Self::Distribution => ListKind::Distribution,
        }
    }
}

fn report(
    inventory: &Inventory,
    list: &List,
    nodes: &[NodeId],
    mut notes: Vec<String>,
) -> ListReport {
    let cluster = &inventory.cluster;
    notes.extend(doubts(inventory).iter().map(ToString::to_string));
    let items = nodes.iter().map(|&id| item(inventory, id)).collect();
    ListReport {
        schema_version: SCHEMA_VERSION,
        tool: report::tool(),
        inputs: capture::inputs(inventory),
        kind: list.kind(),
        items,
        distribution: (*list == List::Distribution).then(|| distribution(cluster)),
        notes,
        diagnostics: capture::diagnostics(inventory),
    }
}

fn item(inventory: &Inventory, id: NodeId) -> ListItem {
    let cluster = &inventory.cluster;
    let node = cluster.node(id);
    ListItem {
        id: node.name.to_string(),
        address: node.address.as_ref().map(ToString::to_string),
        last_address: node.last_address.as_ref().map(ToString::to_string),
        host: node.host.map(|h| cluster.host(h).name.to_string()),
        line: inventory.origins.ghost_line(id).map(str::to_owned),
    }
}

/// A note on the live nodes whose home role nobody knows; a failure if that is all of them.
fn home_known(inventory: &Inventory, kind: &str) -> Result<Option<String>, Missing> {
    let (cluster, policy) = (&inventory.cluster, &inventory.policy);
    let placed = cluster.iter().filter(|(_, node)| node.address.is_some());
    let (known, unknown): (Vec<NodeId>, Vec<NodeId>) = placed
        .map(|(id, _)| id)
        .partition(|&id| policy.home_role(cluster, id).is_some());
    if known.is_empty() {
        let message = match policy.home.len() {
            0 => format!("`{kind}` asks for home roles, and nothing in the capture tells them"),
            _ => format!("`{kind}` asks for home roles, and the home map names none of the nodes"),
        };
        return Err(Missing {
            message,
            help: "add the redis.properties of flashbase or a home map to the capture, \
                   or name it with --home",
        });
    }
    let note = (!unknown.is_empty()).then(|| {
        let (nodes, are) = counted(unknown.len(), "node");
        let names = names(cluster, &unknown);
        format!("{nodes} without a known home role {are} not in this list: {names}")
    });
    Ok(note)
}

/// The disk that `impact --lose disk:HOST:DIR` would lose, so both speak of the same nodes.
fn with_dir(
    cluster: &Cluster,
    host: &str,
    dir: &str,
    masters_only: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<NodeId>, Missing> {
    let disk = Domain::Disk(host.to_owned(), dir.to_owned());
    let domains = Domains::of(cluster);
    let mut nodes = domains.nodes_in(&disk).map_err(|missing| Missing {
        message: missing.to_string(),
        help: "directories are told by `config get dir` of each node, or by a disk map (--disks)",
    })?;
    let wanted = |&id: &NodeId| !masters_only || cluster.node(id).is_master();
    let at = domains.host(host);
    let here = cluster.iter().filter(|(_, node)| node.host == at);
    let homeless: Vec<NodeId> = here
        .filter(|(_, node)| node.disk.is_none())
        .map(|(id, _)| id)
        .filter(wanted)
        .collect();
    if !homeless.is_empty() {
        let (nodes, are) = counted(homeless.len(), "node");
        let names = names(cluster, &homeless);
        notes.push(format!(
            "{nodes} on this host {are} not in this list, as nothing tells the disk: {names}"
        ));
    }
    nodes.retain(wanted);
    let addresses = nodes
        .iter()
        .filter_map(|&id| cluster.node(id).address.as_ref());
    let ips: BTreeSet<&str> = addresses.map(|address| address.ip()).collect();
    if ips.len() > 1 {
        let count = ips.len();
        notes.push(format!(
            "these nodes have {count} IPs, so a port alone may be ambiguous: see --address"
        ));
    }
    Ok(nodes)
}

/// Every host with its live nodes, the one with the lowest address first; then hosts of the map
/// without a node, by name.
fn distribution(cluster: &Cluster) -> Vec<HostRoles> {
    let mut rows = vec![None; cluster.hosts.len()];
    let mut order: Vec<HostId> = Vec::new();
    for (_, node) in cluster.iter() {
        let Some(host) = node.host else { continue };
        let row: &mut Option<list::Roles> = &mut rows[host.0 as usize];
        let sum = row.get_or_insert_with(|| {
            order.push(host);
            list::Roles::default()
        });
        let list::Roles { masters, replicas } = list::role(node);
        sum.masters += masters;
        sum.replicas += replicas;
    }
    let empty = (0..)
        .map(HostId)
        .zip(&rows)
        .filter(|(_, row)| row.is_none());
    order.extend(empty.map(|(host, _)| host));
    let row = |host: HostId| {
        let list::Roles { masters, replicas } = rows[host.0 as usize].unwrap_or_default();
        HostRoles {
            host: cluster.host(host).name.to_string(),
            masters,
            replicas,
        }
    };
    order.into_iter().map(row).collect()
}

/// `1 dead node`, `is`; `3 dead nodes`, `are`.
fn counted(number: usize, noun: &str) -> (String, &'static str) {
    match number {
        1 => (format!("1 {noun}"), "is"),
        _ => (format!("{number} {noun}s"), "are"),
    }
}

/// Up to eight names; the rest is counted.
fn names(cluster: &Cluster, nodes: &[NodeId]) -> String {
    const NAMED: usize = 8;
    let shown = nodes.iter().take(NAMED);
    let mut names: Vec<String> = shown.map(|&id| cluster.node(id).to_string()).collect();
    if nodes.len() > NAMED {
        names.push(format!("and {} more", nodes.len() - NAMED));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;

    fn inventory(text: &str) -> Inventory {
        Inventory {
            cluster: cluster(text),
            ..Inventory::default()
        }
    }

    fn with_dir(host: &str, dir: &str, masters_only: bool) -> List {
        List::WithDir {
            host: host.to_owned(),
            dir: dir.to_owned(),
            masters_only,
        }
    }

    fn ids(report: &ListReport) -> String {
        let ids: Vec<&str> = report.items.iter().map(|i| i.id.as_str()).collect();
        ids.join(" ")
    }

    /// Disks with one directory each, named for them.
    fn on_disks() -> Inventory {
        let mut inventory = inventory(
            "m1!@h1/-/1 < r1@h2/-/1; m2@h2/-/1 < r2@h1/-/1; m3@h1/-/10 < r3@h2/-/1; x!@h1",
        );
        for disk in &mut inventory.cluster.disks {
            let number = disk.name.rsplit(':').next().unwrap_or_default();
            disk.dirs = vec![format!("/nvdrive0/ssd_{number}/db").into()];
        }
        inventory
    }

    #[test]
    fn the_dead_are_on_their_disk_still() {
        let report = list(&on_disks(), &with_dir("h1", "/nvdrive0/ssd_1", false)).unwrap();
        assert_eq!(ids(&report), "m1 r2");
        assert_eq!(
            report.notes,
            ["1 node on this host is not in this list, as nothing tells the disk: 10.0.0.1:7007"]
        );
        let report = list(&on_disks(), &with_dir("10.0.0.1", "/nvdrive0/ssd_1/", true)).unwrap();
        assert_eq!(ids(&report), "m1");
    }

    #[test]
    fn a_directory_is_matched_by_whole_components() {
        let ask = |dir| list(&on_disks(), &with_dir("h1", dir, false)).map(|r| ids(&r));
        assert_eq!(ask("/nvdrive0/ssd_10").unwrap(), "m3");
        assert_eq!(ask("/nvdrive0").unwrap(), "m1 r2 m3");
        let missing = ask("/nvdrive0/ssd").unwrap_err();
        assert!(missing.message.contains("no disk `/nvdrive0/ssd`"));
        let missing = list(&on_disks(), &with_dir("h9", "/nvdrive0", false)).unwrap_err();
        assert!(missing.message.contains("no host `h9`"));
    }

    #[test]
    fn a_disk_without_masters_is_an_empty_list() {
        let inventory = inventory("m1@h1/-/1 < r1@h2/-/1");
        let report = list(&inventory, &with_dir("h2", "h2:1", true)).unwrap();
        assert_eq!(ids(&report), "");
    }

    #[test]
    fn without_home_roles_there_is_no_answer() {
        let inventory = inventory("m1@h1 < r1@h2");
        for kind in [List::Failovered, List::Failbacked] {
            let missing = list(&inventory, &kind).unwrap_err();
            assert!(missing.help.contains("redis.properties"), "{missing:?}");
        }
    }

    #[test]
    fn says_who_is_left_out() {
        let report = list(&inventory("m1@h1 < r1!@h2; m2!@h2 <"), &List::NoSlave).unwrap();
        assert_eq!(ids(&report), "m1");
        assert_eq!(
            report.notes,
            ["1 dead node is not in this list: 10.0.0.2:7003"]
        );
    }

    #[test]
    fn hosts_stand_by_their_lowest_address() {
        let inventory = inventory("m1@h10 < r1@h2; m2@h2 < r2!@h10");
        let report = list(&inventory, &List::Distribution).unwrap();
        let rows = report.distribution.unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|r| (r.host.as_str(), r.masters, r.replicas))
            .collect();
        assert_eq!(rows, [("h2", 1, 1), ("h10", 1, 0)]);
        assert_eq!(
            report.notes,
            ["1 dead node is not in this list: 10.0.0.10:7004"]
        );
    }
}
