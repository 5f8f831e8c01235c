//! Abstract planning problems whose optima are proven elsewhere.
//!
//! They lie in `../shared/instances` beside the repository. Without them this test says so and
//! has nothing to judge. What they price otherwise than a plan does (bytes in coarse units,
//! disks shared by hosts, replicas that one host keeps for another) is left out.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use topoplan::action::Action;
use topoplan::measure;
use topoplan::measure::Spread;
use topoplan::measure::Tier;
use topoplan::model::Address;
use topoplan::model::Cluster;
use topoplan::model::Host;
use topoplan::model::HostId;
use topoplan::model::Link;
use topoplan::model::Node;
use topoplan::model::NodeId;
use topoplan::model::NodeName;
use topoplan::model::Replication;
use topoplan::model::Role;
use topoplan::model::SLOT_COUNT;
use topoplan::model::SlotSet;
use topoplan::model::Sync;
use topoplan::model::Zone;
use topoplan::model::ZoneId;
use topoplan::plan;
use topoplan::plan::Plan;
use topoplan::plan::Request;
use topoplan::policy::Flag;
use topoplan::policy::Policy;
use topoplan::policy::Replicas;
use topoplan::rules::Code;

#[test]
fn reaches_the_proven_optima() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/instances");
    let mut files: Vec<PathBuf> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let mut complaints = Vec::new();
    let mut compared = 0;
    for file in &files {
        let text = fs::read_to_string(file).expect("a file");
        let instance: Value = serde_json::from_str(&text).expect("an instance is JSON");
        complaints.extend(judge(&instance, &mut compared));
    }
    // To the real standard error, as the harness hides what a test that passes prints.
    let _ = writeln!(
        std::io::stderr(),
        "instances judged: {}, {compared} optima compared",
        files.len()
    );
    assert!(files.is_empty() || compared > 0, "nothing was compared");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn judge(instance: &Value, compared: &mut usize) -> Vec<String> {
    let name = instance["name"].as_str().unwrap_or("?");
    let cluster = cluster(instance);
    let policy = Policy {
        replicas: Replicas::Exactly(number(&instance["want"]) as u32),
        ..Policy::default()
    };
    let want = i64::from(number(&instance["want"]) as u32);
    let mut complaints = Vec::new();
    let mut compare = |problem: &str, found: BTreeMap<&str, i64>| {
        let truth = &instance["expected"][problem]["value"];
        for (stage, value) in found {
            let Some(truth) = truth[stage].as_i64() else {
                continue;
            };
            *compared += 1;
            if truth != value {
                complaints.push(format!(
                    "{name} {problem}: {stage} is {value}, proven {truth}"
                ));
            }
        }
    };
    compare("levels", levels(&cluster, &policy, want));
    compare("moves", moves(&cluster, &policy));
    compare("balance", balance(&cluster, &policy));
    complaints
}

/// Everything may change.
fn levels(cluster: &Cluster, policy: &Policy, want: i64) -> BTreeMap<&'static str, i64> {
    let request = Request {
        flags: [Flag::AllowMoves].into(),
        ..only(&[
            Code::OrphanMaster,
            Code::MissingReplica,
            Code::ReplicaSharesHost,
            Code::ReplicaSharesZone,
            Code::SkewedMasters,
            Code::SlotlessMaster,
        ])
    };
    let end = planned(cluster, policy, &request).end;
    let shards = end.shards();
    let copies = end.copies(&shards);
    let replicas = |s| measure::usable_replicas(&end, s).count() as i64;
    BTreeMap::from([
        (
            "bare",
            shards.iter().filter(|s| replicas(s) == 0).count() as i64,
        ),
        (
            "missing",
            shards.iter().map(|s| (want - replicas(s)).max(0)).sum(),
        ),
        ("samezone", measure::same_zone(&copies)),
        ("over", Spread::of(&copies, Tier::Host).over()),
    ])
}

/// What is planned by default: replicas may move where that fills what is missing.
fn moves(cluster: &Cluster, policy: &Policy) -> BTreeMap<&'static str, i64> {
    let plan = planned(cluster, policy, &Request::default());
    let attached = |c: &Cluster| c.iter().filter(|(_, n)| n.is_replica()).count() as i64;
    let moved = plan
        .steps
        .iter()
        .filter(|s| s.draft.leaves.is_some())
        .count();
    BTreeMap::from([
        ("filled", attached(cluster) - attached(&plan.end)),
        ("moves", moved as i64),
    ])
}

/// Roles alone may change. Where all masters can be even, none above the rounded-up share is
/// none below the rounded-down one.
fn balance(cluster: &Cluster, policy: &Policy) -> BTreeMap<&'static str, i64> {
    let plan = planned(cluster, policy, &only(&[Code::SkewedMasters]));
    let failovers = plan
        .steps
        .iter()
        .filter(|s| matches!(s.draft.action, Action::Failover(_)));
    BTreeMap::from([
        (
            "excess",
            Spread::of(&plan.end.copies(&plan.end.shards()), Tier::Host).over(),
        ),
        ("failovers", failovers.count() as i64),
    ])
}

fn only(codes: &[Code]) -> Request {
    Request {
        only: codes.iter().copied().collect(),
        ..Request::default()
    }
}

fn planned(cluster: &Cluster, policy: &Policy, request: &Request) -> Plan {
    let wanted = policy.wanted(cluster);
    plan::plan(cluster, policy, &wanted, request).expect("a plan")
}

/// Nodes in the order that the inventory gives them: by address.
fn cluster(instance: &Value) -> Cluster {
    let racks: BTreeMap<&str, ZoneId> = items(&instance["hosts"])
        .filter_map(|h| h["rack"].as_str())
        .collect::<std::collections::BTreeSet<&str>>()
        .into_iter()
        .zip((0..).map(ZoneId))
        .collect();
    let mut cluster = Cluster {
        zones: racks
            .keys()
            .map(|&name| Zone { name: name.into() })
            .collect(),
        hosts: items(&instance["hosts"])
            .map(|h| Host {
                name: h["name"].as_str().expect("a host has a name").into(),
                zone: h["rack"].as_str().map(|r| racks[r]),
                rack: None,
                memory_bytes: None,
                machine_memory_bytes: None,
            })
            .collect(),
        ..Cluster::default()
    };
    let shards = items(&instance["shards"]).count() as u64;
    let mut nodes: Vec<(&Value, Node)> = items(&instance["nodes"])
        .map(|n| (n, node(instance, &cluster, n, shards)))
        .collect();
    nodes.sort_by(|a, b| a.1.address.cmp(&b.1.address));
    let owner = |shard: &Value| {
        let master = |(n, _): &(&Value, Node)| n["role"] == "master" && n["shard"] == *shard;
        nodes.iter().position(master).map(|at| NodeId(at as u32))
    };
    let roles: Vec<Role> = nodes
        .iter()
        .map(|(n, _)| match n["role"].as_str() {
            Some("replica") => Role::Replica(owner(&n["shard"])),
            _ => Role::Master,
        })
        .collect();
    cluster.nodes = nodes.into_iter().map(|(_, node)| node).collect();
    let everybody: Vec<NodeId> = (0..cluster.nodes.len() as u32).map(NodeId).collect();
    for (index, role) in roles.into_iter().enumerate() {
        let node = &mut cluster.nodes[index];
        node.role = role;
        node.seen.known_by = everybody
            .iter()
            .copied()
            .filter(|o| o.index() != index)
            .collect();
    }
    cluster.views = cluster.nodes.len();
    cluster
}

fn node(instance: &Value, cluster: &Cluster, value: &Value, shards: u64) -> Node {
    let host = HostId(number(&value["host"]) as u32);
    let port = number(&value["port"]) as u16;
    let address = Address::new(&cluster.host(host).name, port).expect("the name is an IP");
    let name = NodeName::new(&format!("{:040x}", number(&value["id"])));
    let mut node = Node::blank(name, Some(address));
    node.host = Some(host);
    node.seen.has_view = true;
    node.keys = Some(0);
    node.replication = Replication {
        link: Link::Up,
        sync: Sync::Done,
        offset: Some(1),
    };
    if value["role"] == "master" {
        let shard = number(&value["shard"]);
        let cut = |n: u64| (n * u64::from(SLOT_COUNT) / shards) as u16;
        node.slots = SlotSet::from_ranges([(cut(shard), cut(shard + 1) - 1)]);
        node.config_epoch = shard + 1;
    }
    if let Some(shard) = value["shard"].as_u64() {
        node.used_memory = instance["shards"][shard as usize]["bytes"].as_u64();
    }
    node
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
