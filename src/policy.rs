//! What is wanted: replica counts, the home layout, the switches of a plan. Everything has a default.
//!
//! Knows model, text and diagnostic.

mod flag;
mod thresholds;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Shard;

pub use flag::Flag;
pub use thresholds::Thresholds;

/// How many replicas a shard should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Replicas {
    /// From the home map, else the most frequent number in the capture.
    #[default]
    Auto,
    Exactly(u32),
}

/// The initial role of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HomeRole {
    Master,
    Replica,
}

/// The initial role and pairing of one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    pub role: HomeRole,
    /// Of a replica, if the map tells.
    pub master: Option<Address>,
}

/// What the operator wants.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    pub replicas: Replicas,
    /// Empty when no home map is known.
    pub home: BTreeMap<Address, Home>,
    pub thresholds: Thresholds,
}

/// Why a policy file cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    pub message: String,
    /// Byte range in the policy text, if one is known.
    pub span: Option<std::ops::Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    replicas: Option<toml::Spanned<toml::Value>>,
    #[serde(default)]
    home: Vec<RawHome>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHome {
    address: toml::Spanned<String>,
    role: toml::Spanned<String>,
    master: Option<toml::Spanned<String>>,
}

impl Policy {
    /// Reads a policy file: `replicas = N` or `"auto"`, and `[[home]]` tables with `address`,
    /// `role` and, for replicas, `master`.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let raw: Raw = toml::from_str(text).map_err(|e| PolicyError {
            message: e.message().to_owned(),
            span: e.span(),
        })?;
        let fail = |message: String, span| {
            Err(PolicyError {
                message,
                span: Some(span),
            })
        };
        let replicas = match raw.replicas {
            None => Replicas::Auto,
            Some(value) => match value.get_ref() {
                toml::Value::Integer(n @ 0..=100) => Replicas::Exactly(*n as u32),
                toml::Value::String(word) if word == "auto" => Replicas::Auto,
                _ => {
                    return fail(
                        "`replicas` takes a number from 0 to 100 or \"auto\"".into(),
                        value.span(),
                    );
                }
            },
        };
        let mut home = BTreeMap::new();
        for entry in raw.home {
            let role = match entry.role.get_ref().as_str() {
                "master" | "primary" => HomeRole::Master,
                "replica" | "slave" => HomeRole::Replica,
                other => {
                    return fail(
                        format!("role `{other}` is neither master nor replica"),
                        entry.role.span(),
                    );
                }
            };
            let master = entry.master.as_ref().map(address).transpose()?;
            let own = address(&entry.address)?;
            if home.insert(own, Home { role, master }).is_some() {
                let twice = entry.address.get_ref();
                return fail(
                    format!("`{twice}` has two home entries"),
                    entry.address.span(),
                );
            }
        }
        Ok(Self {
            replicas,
            home,
            ..Self::default()
        })
    }

    /// Freezes the wanted replica counts on the cluster as captured, so that they stay the same
    /// while a plan is simulated.
    pub fn wanted(&self, cluster: &Cluster) -> Wanted {
        match self.replicas {
            Replicas::Exactly(count) => Wanted {
                default: count,
                by_owner: BTreeMap::new(),
            },
            Replicas::Auto if self.home.is_empty() => Wanted {
                default: most_frequent(cluster),
                by_owner: BTreeMap::new(),
            },
            Replicas::Auto => self.wanted_from_home(),
        }
    }

    /// The home master whose shard `address` belongs to: its own address for a home master.
    pub fn home_group(&self, address: &Address) -> Option<&Address> {
        let (own, home) = self.home.get_key_value(address)?;
        match home.role {
            HomeRole::Master => Some(own),
            HomeRole::Replica => home.master.as_ref(),
        }
    }

    /// The home role of a node that has an address.
    pub fn home_role(&self, cluster: &Cluster, id: NodeId) -> Option<HomeRole> {
        let address = cluster.node(id).address.as_ref()?;
        self.home.get(address).map(|h| h.role)
    }

    fn wanted_from_home(&self) -> Wanted {
        let masters = self
            .home
            .values()
            .filter(|h| h.role == HomeRole::Master)
            .count() as u32;
        let replicas = self.home.len() as u32 - masters;
        let open = self
            .home
            .values()
            .any(|h| h.role == HomeRole::Replica && h.master.is_none());
        let even = (replicas / masters.max(1)).max(1);
        if open {
            // A replica without a master in the map: of whom is open, so only the total tells.
            return Wanted {
                default: even,
                by_owner: BTreeMap::new(),
            };
        }
        let mut size: BTreeMap<&Address, u32> = BTreeMap::new();
        for address in self.home.keys() {
            if let Some(group) = self.home_group(address) {
                *size.entry(group).or_default() += 1;
            }
        }
        let by_owner = self
            .home
            .keys()
            .filter_map(|a| Some((a.clone(), (size[self.home_group(a)?] - 1).max(1))))
            .collect();
        Wanted {
            default: even,
            by_owner,
        }
    }
}

fn address(field: &toml::Spanned<String>) -> Result<Address, PolicyError> {
    let text = field.get_ref();
    text.parse().map_err(|e| PolicyError {
        message: format!("`{text}` is not an address: {e}"),
        span: Some(field.span()),
    })
}

/// Replica counts, frozen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// For owners that the home map does not know.
    pub default: u32,
    /// By the owner's address: the size of its home group without the master.
    pub by_owner: BTreeMap<Address, u32>,
}

impl Wanted {
    /// Replicas wanted by the shard.
    pub fn of(&self, cluster: &Cluster, shard: &Shard) -> u32 {
        let owner = cluster.node(shard.owner);
        let address = owner.address.as_ref().or(owner.last_address.as_ref());
        address
            .and_then(|a| self.by_owner.get(a))
            .copied()
            .unwrap_or(self.default)
    }
}

/// The most frequent number of replicas per slot owner, dead and ghost replicas that still name
/// it included; the smaller on a tie, at least 1.
fn most_frequent(cluster: &Cluster) -> u32 {
    let mut tally: BTreeMap<u32, u32> = BTreeMap::new();
    for shard in cluster.shards() {
        *tally.entry(shard.replicas.len() as u32).or_default() += 1;
    }
    let best = tally
        .iter()
        .max_by_key(|&(&count, &times)| (times, std::cmp::Reverse(count)));
    best.map_or(1, |(&count, _)| count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_readme_shows() {
        let text = "replicas = 2\n[[home]]\naddress = \"10.0.0.1:7000\"\nrole = \"master\"\n";
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.replicas, Replicas::Exactly(2));
        assert_eq!(policy.home.len(), 1);
    }

    #[test]
    fn points_at_the_field_that_is_wrong() {
        let entry = |address: &str, role: &str, master: &str| {
            format!("[[home]]\naddress = {address}\nrole = {role}\nmaster = {master}\n")
        };
        let good = entry("\"10.0.0.1:7000\"", "\"replica\"", "\"10.0.0.2:7000\"");
        assert!(Policy::parse(&good).is_ok());
        for (text, field) in [
            (
                entry("\"10.0.0.1\"", "\"replica\"", "\"10.0.0.2:7000\""),
                "\"10.0.0.1\"",
            ),
            (
                entry("\"10.0.0.1:7000\"", "\"boss\"", "\"10.0.0.2:7000\""),
                "\"boss\"",
            ),
            (
                entry("\"10.0.0.1:7000\"", "\"replica\"", "\"two\""),
                "\"two\"",
            ),
        ] {
            let text = good.clone().replace("0.1:7000", "0.3:7000") + &text;
            let span = Policy::parse(&text).unwrap_err().span.unwrap();
            assert_eq!(&text[span], field);
        }
        let span = Policy::parse(&(good.clone() + &good)).unwrap_err().span;
        assert_eq!(
            span.unwrap().start,
            good.len() + "[[home]]\naddress = ".len()
        );
    }

    #[test]
    fn says_where_it_is_wrong() {
        let error = Policy::parse("replicas = \"many\"\n").unwrap_err();
        assert_eq!(error.span, Some(11..17));
        assert!(
            Policy::parse("replicsa = 1")
                .unwrap_err()
                .message
                .contains("unknown field")
        );
    }
}
