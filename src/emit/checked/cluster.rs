//! The cluster that a plan was made for, under check: what tells it from another one.

use crate::emit::EmitError;
use crate::emit::checked::CheckedParty;
use crate::emit::text::one_line;
use crate::model::Address;
use crate::model::NodeName;
use crate::model::SlotSet;
use crate::report::ClusterFacts;
use crate::report::Member;

/// A shard as captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::emit) struct CheckedShard {
    pub slots: SlotSet,
    pub owner: NodeName,
    pub address: Option<Address>,
    pub config_epoch: Option<u64>,
    pub live: bool,
}

/// The cluster as captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::emit) struct CheckedCluster {
    pub node_timeout_ms: u64,
    pub taken: Option<u64>,
    pub shards: Vec<CheckedShard>,
    pub members: Vec<CheckedParty>,
}

/// Seconds of the year 9999: more is a slip.
const LATEST: u64 = 253_402_300_799;

pub(super) fn cluster(facts: &ClusterFacts, longest_ms: u64) -> Result<CheckedCluster, EmitError> {
    if facts.node_timeout_ms > longest_ms {
        let value = facts.node_timeout_ms.to_string();
        return Err(wrong("node_timeout_ms", &value, "longer than a month"));
    }
    if let Some(taken) = facts.taken.filter(|&t| t > LATEST) {
        return Err(wrong("taken", &taken.to_string(), "no time in seconds"));
    }
    let mut shards = Vec::with_capacity(facts.shards.len());
    for (index, shard) in facts.shards.iter().enumerate() {
        let field = |name: &str| format!("shards[{index}].{name}");
        let owner = NodeName::new(&shard.owner);
        // No server answers to an id that is none: nothing could be compared.
        if !owner.is_plain() {
            continue;
        }
        let slots = shard.slots.parse().ok().filter(|s: &SlotSet| !s.is_empty());
        shards.push(CheckedShard {
            slots: slots.ok_or_else(|| wrong(&field("slots"), &shard.slots, "not slot ranges"))?,
            owner,
            address: match &shard.address {
                Some(text) => Some(address(&field("address"), text)?),
                None => None,
            },
            config_epoch: shard.config_epoch.filter(|&e| e <= i64::MAX as u64),
            live: shard.live,
        });
    }
    Ok(CheckedCluster {
        node_timeout_ms: facts.node_timeout_ms,
        taken: facts.taken,
        shards,
        members: facts.members.iter().filter_map(member).collect(),
    })
}

/// Members are only looked up by their address: one with an odd id or none is looked up in vain,
/// which a plan that names it in a step does not survive anyway.
fn member(member: &Member) -> Option<CheckedParty> {
    let id = NodeName::new(&member.id);
    let address: Address = member.address.as_deref()?.parse().ok()?;
    id.is_plain().then_some(CheckedParty { id, address })
}

fn address(field: &str, text: &str) -> Result<Address, EmitError> {
    text.parse()
        .map_err(|_| wrong(field, text, "not an address and port"))
}

fn wrong(field: &str, value: &str, problem: &'static str) -> EmitError {
    EmitError::Cluster {
        field: field.to_owned(),
        value: one_line(value),
        problem,
    }
}
