//! Small clusters, and what is asked of a plan for them, drawn at random.

use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Role;
use crate::model::Server;
use crate::model::Version;
use crate::model::testing::cluster;
use crate::plan::Request;
use crate::policy::Flag;
use crate::policy::Home;
use crate::policy::HomeRole;
use crate::policy::Policy;
use crate::policy::Replicas;
use crate::rules;
use crate::rules::Cure;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Draw {
    text: String,
    chains: Vec<(usize, usize)>,
    memory: Vec<u64>,
    /// By node, in bits: it was told `nofailover`.
    unwilling: u64,
    /// By node: it runs an older server.
    older: Option<u64>,
    replicas: Option<u32>,
    home: Option<u64>,
    allow_moves: bool,
    keep_spares: bool,
}

pub fn draws() -> impl Strategy<Value = Draw> {
    let place = || (0..4_usize, 0..2_usize);
    let shards = vec((place(), vec(place(), 0..3)), 1..4);
    let spares = vec((prop_oneof![3 => Just(""), 1 => Just("*")], place()), 0..4);
    let text = (1..5_usize, 0..3_usize, any::<bool>(), shards, spares).prop_map(text);
    (
        text,
        prop_oneof![3 => Just(Vec::new()), 1 => vec((0..8_usize, 0..8_usize), 1..3)],
        vec(1..4_u64, 8),
        prop_oneof![3 => Just(0), 1 => any::<u64>()],
        prop::option::weighted(0.3, any::<u64>()),
        prop::option::weighted(0.4, 0..3_u32),
        prop::option::weighted(0.3, any::<u64>()),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(text, chains, memory, unwilling, older, replicas, home, allow_moves, keep_spares)| {
                Draw {
                    text,
                    chains,
                    memory,
                    unwilling,
                    older,
                    replicas,
                    home,
                    allow_moves,
                    keep_spares,
                }
            },
        )
}

type Where = (usize, usize);
type Parts = (
    usize,
    usize,
    bool,
    Vec<(Where, Vec<Where>)>,
    Vec<(&'static str, Where)>,
);

fn text((hosts, zones, disks, shards, spares): Parts) -> String {
    let place = |(host, disk): Where| {
        let host = host % hosts;
        let zone = if zones == 0 {
            "-".to_owned()
        } else {
            format!("z{}", host % zones)
        };
        let disk = if disks {
            format!("/d{disk}")
        } else {
            String::new()
        };
        format!("h{}/{zone}{disk}", host + 1)
    };
    let mut groups = Vec::new();
    for (index, (owner, replicas)) in shards.into_iter().enumerate() {
        let mut group = format!("m{index}@{} <", place(owner));
        for (at, replica) in replicas.into_iter().enumerate() {
            group += &format!(" r{index}x{at}@{}", place(replica));
        }
        groups.push(group);
    }
    for (index, (mark, at)) in spares.into_iter().enumerate() {
        groups.push(format!("x{index}{mark}@{}", place(at)));
    }
    groups.join("; ")
}

impl Draw {
    /// A layout alone.
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            chains: Vec::new(),
            memory: vec![1; 8],
            unwilling: 0,
            older: None,
            replicas: None,
            home: None,
            allow_moves: false,
            keep_spares: false,
        }
    }

    /// The nodes of these bits run an older server than the others.
    pub fn older(self, older: Option<u64>) -> Self {
        Self { older, ..self }
    }

    pub fn cluster(&self) -> Cluster {
        let mut cluster = cluster(&self.text);
        let replicas: Vec<NodeId> = cluster
            .iter()
            .filter(|(_, n)| n.is_replica())
            .map(|(id, _)| id)
            .collect();
        for &(low, high) in &self.chains {
            let (Some(&low), Some(&high)) = (replicas.get(low), replicas.get(high)) else {
                continue;
            };
            if low != high && cluster.node(high).master() != Some(low) {
                cluster.node_mut(low).role = Role::Replica(Some(high));
            }
        }
        for (node, &mib) in cluster.nodes.iter_mut().zip(&self.memory) {
            node.used_memory = Some(mib << 20);
        }
        for (index, node) in cluster.nodes.iter_mut().enumerate() {
            let bit = |of: u64| of >> (index % 64) & 1 == 1;
            node.no_failover = bit(self.unwilling);
            node.runs = self.older.map(|older| Server {
                name: "redis".into(),
                version: Some(Version::new(if bit(older) { 6 } else { 7 }, 0, 0)),
            });
        }
        cluster
    }

    pub fn policy(&self, cluster: &Cluster) -> Policy {
        let bits = self.home.unwrap_or(0);
        let role = |id: NodeId| match bits >> (id.0 % 64) & 1 {
            1 => HomeRole::Master,
            _ => HomeRole::Replica,
        };
        let home = |(id, _)| {
            Some((
                cluster.node(id).address.clone()?,
                Home {
                    role: role(id),
                    master: None,
                },
            ))
        };
        Policy {
            replicas: self.replicas.map_or(Replicas::Auto, Replicas::Exactly),
            home: match self.home {
                Some(_) => cluster.iter().filter_map(home).collect(),
                None => BTreeMap::new(),
            },
            ..Policy::default()
        }
    }

    /// Everything that a plan can cure is asked for.
    pub fn request(&self) -> Request {
        // Moves and kept spares ask for two different things of one spare.
        let flags = if self.allow_moves {
            Some(Flag::AllowMoves)
        } else {
            self.keep_spares.then_some(Flag::KeepSpares)
        };
        let curable = rules::all().filter(|r| r.cure != Cure::No);
        Request {
            only: curable.map(|r| r.code).collect(),
            flags: flags.into_iter().collect(),
            ..Request::default()
        }
    }
}
