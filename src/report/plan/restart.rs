//! What a rolling restart comes to, for a reader.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan;
use crate::plan::restart::Proof;
use crate::plan::restart::Summary;
use crate::plan::restart::Unit;
use crate::plan::rolling::joint;
use crate::plan::rolling::joint::Game;
use crate::policy::Budgets;
use crate::report::Exposure;
use crate::report::Step;
use crate::report::plan::build::exposed_shard_seconds;

/// A rolling restart: how many failovers and waves it takes, beside the least and beside failing over,
/// restarting and failing back one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// What goes down at a time.
    pub unit: Unit,
    /// Processes that are restarted.
    pub processes: usize,
    pub failovers: i64,
    /// No order takes fewer, given what counts more.
    pub failovers_bound: i64,
    /// Times at which something goes down.
    pub waves: i64,
    pub waves_bound: i64,
    /// Failing over, restarting and failing back.
    pub textbook_failovers: i64,
    pub textbook_waves: i64,
    /// Syncs that the policy permits at a time; files of before lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<RestartBudgets>,
    /// What host by host or zone by zone bounds both; files of before lack it, as do those process by
    /// process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<RestartOrder>,
    /// Shards with a single copy, each times the seconds that it is so, as expected.
    pub exposed_shard_seconds: u64,
}

/// Hosts or zones that go down one after the other, and prices that say what no order is below: see
/// `topoplan verify`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartOrder {
    /// What goes down.
    pub places: Vec<String>,
    /// Where masters are in the end.
    pub stands: Vec<RestartStand>,
    pub shards: Vec<RestartShard>,
    /// Whoever led before leads in the end.
    pub as_before: bool,
    /// By stand what it is held to cost to lead from there, in failovers.
    pub prices: Vec<Vec<i64>>,
}

/// A host or a zone that holds masters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartStand {
    pub name: String,
    pub is_zone: bool,
    /// Masters that are its fair share.
    pub share: i64,
}

/// A shard, who leads it first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartShard {
    pub slots: String,
    /// Who came back newer must not lead one that is still to go down.
    pub strict: bool,
    pub copies: Vec<RestartCopy>,
}

/// A copy of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartCopy {
    pub address: String,
    /// Index of the place that it goes down with; null if it stays up.
    pub place: Option<usize>,
    /// Indices of its host and zone.
    pub stands: Vec<usize>,
    /// It may lead.
    pub leads: bool,
}

impl RestartOrder {
    fn of(proof: &Proof, captured: &Cluster) -> Self {
        let stands = proof.game.stands.iter().zip(&proof.stands);
        let shards = proof.game.rings.iter().zip(&proof.shards);
        let copy = |(copy, id): (&joint::Copy, &NodeId)| RestartCopy {
            address: captured.node(*id).to_string(),
            place: copy.place,
            stands: copy.stands.clone(),
            leads: copy.leads,
        };
        Self {
            places: proof.places.clone(),
            stands: stands
                .map(|(stand, name)| RestartStand {
                    name: name.clone(),
                    is_zone: stand.is_zone,
                    share: stand.share,
                })
                .collect(),
            shards: shards
                .map(|(ring, (slots, nodes))| RestartShard {
                    slots: slots.clone(),
                    strict: ring.strict,
                    copies: ring.copies.iter().zip(nodes).map(copy).collect(),
                })
                .collect(),
            as_before: proof.game.as_before,
            prices: proof.prices.clone(),
        }
    }

    /// What is to be ordered, with that many masters above the shares of hosts and of zones.
    pub fn game(&self, over: [i64; 2]) -> Game {
        let copy = |copy: &RestartCopy| joint::Copy {
            place: copy.place,
            stands: copy.stands.clone(),
            leads: copy.leads,
        };
        let ring = |shard: &RestartShard| joint::Ring {
            copies: shard.copies.iter().map(copy).collect(),
            strict: shard.strict,
        };
        let stand = |stand: &RestartStand| joint::Stand {
            is_zone: stand.is_zone,
            share: stand.share,
        };
        Game {
            places: self.places.len(),
            stands: self.stands.iter().map(stand).collect(),
            over,
            rings: self.shards.iter().map(ring).collect(),
            as_before: self.as_before,
        }
    }
}

/// Full syncs at a time that a restart may end in; null: any number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestartBudgets {
    pub in_all: Option<u32>,
    pub per_host: Option<u32>,
    pub per_disk: Option<u32>,
    pub per_zone: Option<u32>,
}

/// The summary with what the steps expose.
pub(super) fn restart(
    captured: &Cluster,
    summary: &Summary,
    budgets: &Budgets,
    steps: &[Step],
    exposure: &[Exposure],
) -> Restart {
    Restart {
        unit: summary.unit,
        processes: summary.processes,
        failovers: summary.failovers.value,
        failovers_bound: summary.failovers.bound,
        waves: summary.waves.value,
        waves_bound: summary.waves.bound,
        textbook_failovers: summary.textbook_failovers,
        textbook_waves: summary.textbook_waves,
        budgets: Some(RestartBudgets {
            in_all: budgets.syncs,
            per_host: Some(plan::per_host(budgets)),
            per_disk: budgets.syncs_per_disk,
            per_zone: budgets.syncs_per_zone,
        }),
        order: summary
            .proof
            .as_ref()
            .map(|proof| RestartOrder::of(proof, captured)),
        exposed_shard_seconds: exposed_shard_seconds(steps, exposure),
    }
}
