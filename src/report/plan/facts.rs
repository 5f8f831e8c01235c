//! The cluster that a plan was made for, and how it stands in the file.
//!
//! In the file a member that owns slots says so itself, so that no id stands there twice; in
//! memory shards are a list of their own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::report::Member;

/// The cluster a plan was made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct ClusterFacts {
    pub server: String,
    pub version: Option<String>,
    pub node_timeout_ms: u64,
    pub members: Vec<Member>,
    /// Ids without an address.
    pub ghosts: Vec<Member>,
    /// By slot owner, those with an address first. Files of the first version may lack them.
    pub shards: Vec<ShardFacts>,
    /// When the first of the views was taken, in unix seconds by the clock of its node; null
    /// where nothing tells.
    pub taken: Option<u64>,
}

/// A shard as it was captured: a script that finds another owner or epoch has another cluster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShardFacts {
    pub slots: String,
    pub owner: String,
    /// Null for a ghost.
    pub address: Option<String>,
    /// Null where nothing tells.
    pub config_epoch: Option<u64>,
    /// The owner lives.
    pub live: bool,
}

/// The same in the file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ClusterFacts")]
pub struct Written {
    pub server: String,
    pub version: Option<String>,
    pub node_timeout_ms: u64,
    pub members: Vec<WrittenMember>,
    /// Ids without an address.
    pub ghosts: Vec<WrittenMember>,
    /// Shards that no member tells of. Earlier files have all shards here.
    #[serde(default)]
    pub shards: Vec<ShardFacts>,
    /// When the first of the views was taken, in unix seconds by the clock of its node; null
    /// where nothing tells.
    pub taken: Option<u64>,
}

/// A node, and what it owned when it was captured.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlanMember")]
pub struct WrittenMember {
    pub id: String,
    pub address: Option<String>,
    pub host: Option<String>,
    /// Missing where it owned none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<String>,
    /// Of an owner of slots; missing where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_epoch: Option<u64>,
    /// False: an owner of slots that does not live. Missing in all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
}

impl From<ClusterFacts> for Written {
    fn from(facts: ClusterFacts) -> Self {
        let owner = |shard: ShardFacts| (shard.owner.clone(), shard);
        let mut owners: BTreeMap<String, ShardFacts> = BTreeMap::new();
        let mut shards = Vec::new();
        for (id, shard) in facts.shards.into_iter().map(owner) {
            // Two shards of one owner are a slip of whoever edited the file.
            shards.extend(owners.insert(id, shard));
        }
        let mut member = |member: Member| {
            let same = |shard: &ShardFacts| shard.address == member.address;
            let shard = match owners.get(&member.id).is_some_and(same) {
                true => owners.remove(&member.id),
                false => None,
            };
            WrittenMember {
                slots: shard.as_ref().map(|s| s.slots.clone()),
                config_epoch: shard.as_ref().and_then(|s| s.config_epoch),
                live: shard.as_ref().map(|s| s.live).filter(|live| !live),
                id: member.id,
                address: member.address,
                host: member.host,
            }
        };
        let members = facts.members.into_iter().map(&mut member).collect();
        let ghosts = facts.ghosts.into_iter().map(&mut member).collect();
        shards.extend(owners.into_values());
        Self {
            server: facts.server,
            version: facts.version,
            node_timeout_ms: facts.node_timeout_ms,
            members,
            ghosts,
            shards,
            taken: facts.taken,
        }
    }
}

impl From<Written> for ClusterFacts {
    fn from(written: Written) -> Self {
        let mut shards = Vec::new();
        let mut member = |member: WrittenMember| {
            shards.extend(member.slots.map(|slots| ShardFacts {
                slots,
                owner: member.id.clone(),
                address: member.address.clone(),
                config_epoch: member.config_epoch,
                live: member.live.unwrap_or(true),
            }));
            Member {
                id: member.id,
                address: member.address,
                host: member.host,
            }
        };
        let members = written.members.into_iter().map(&mut member).collect();
        let ghosts = written.ghosts.into_iter().map(&mut member).collect();
        shards.extend(written.shards);
        Self {
            server: written.server,
            version: written.version,
            node_timeout_ms: written.node_timeout_ms,
            members,
            ghosts,
            shards,
            taken: written.taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(slots: &str, owner: &str, address: Option<&str>) -> ShardFacts {
        ShardFacts {
            slots: slots.to_owned(),
            owner: owner.to_owned(),
            address: address.map(str::to_owned),
            config_epoch: Some(3),
            live: owner != "b",
        }
    }

    #[test]
    fn shards_come_back_whoever_tells_of_them() {
        let member = |id: &str, address: Option<&str>| Member {
            id: id.to_owned(),
            address: address.map(str::to_owned),
            host: None,
        };
        let facts = ClusterFacts {
            server: "redis".to_owned(),
            version: None,
            node_timeout_ms: 15_000,
            members: vec![
                member("a", Some("10.0.0.1:7000")),
                member("b", Some("10.0.0.2:7000")),
                member("r", Some("10.0.0.3:7000")),
            ],
            ghosts: vec![member("c", None)],
            shards: vec![
                shard("0-5", "a", Some("10.0.0.1:7000")),
                shard("6", "b", Some("10.0.0.2:7000")),
                shard("7", "c", None),
                shard("8", "nobody", None),
                shard("9", "r", Some("10.0.0.9:7000")),
            ],
            taken: None,
        };
        let text = serde_json::to_value(&facts).expect("plain data");
        assert_eq!(text["members"][1]["slots"], "6");
        assert_eq!(text["members"][1]["live"], false);
        assert!(text["members"][2].get("slots").is_none());
        assert_eq!(text["ghosts"][0]["slots"], "7");
        assert_eq!(text["shards"].as_array().map(Vec::len), Some(2));
        let back: ClusterFacts = serde_json::from_value(text).expect("we wrote it");
        assert_eq!(back, facts);
    }
}
