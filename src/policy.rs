//! What is wanted: levels of rules, replica counts, places, homes, the switches of a plan.
//! Everything has a default.
//!
//! Knows model, text and diagnostic. `keys` names every key of a policy file, `reader` takes
//! values out of TOML, `file` makes a policy of them, `document` prints what there is.

mod document;
mod entries;
mod file;
mod flag;
mod goals;
mod keys;
mod reader;
mod thresholds;

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::model::Shard;
use crate::text::Place;
use crate::text::Source;

pub use document::commented;
pub use document::schema;
pub use entries::Budgets;
pub use entries::Down;
pub use entries::Drain;
pub use entries::HostEntry;
pub use entries::HostPlace;
pub use entries::Ignore;
pub use entries::IgnoredSubject;
pub use entries::Masters;
pub use entries::Pin;
pub use entries::RuleCode;
pub use entries::RuleLevel;
pub use entries::Tolerance;
pub use entries::Until;
pub use entries::ZoneEntry;
pub use flag::Flag;
pub use goals::ShareOf;
pub use goals::SlotWishes;
pub use goals::Standing;
pub use goals::Upgrade;
pub use goals::UpgradeUnit;
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
    /// Of rules that are not taken as the catalogue has them.
    pub levels: BTreeMap<RuleCode, RuleLevel>,
    pub tolerance: Option<Tolerance>,
    pub hosts: Vec<HostEntry>,
    pub zones: Vec<ZoneEntry>,
    pub pins: Vec<Pin>,
    pub drains: Vec<Drain>,
    pub standing: Standing,
    pub down: Vec<Down>,
    pub ignores: Vec<Ignore>,
    pub budgets: Budgets,
    /// The moment that ends are held against, in unix ms; `None`: when the capture was taken.
    pub now_ms: Option<u64>,
    pub thresholds: Thresholds,
}

/// The rules that a policy may name: policies are read before there are rules.
pub struct Codes<'a> {
    /// The code of a rule by its code or name, in any case.
    pub find: &'a dyn Fn(&str) -> Option<&'static str>,
    /// Codes and names, for suggestions.
    pub names: &'a [&'static str],
}

impl Policy {
    /// Reads a policy file. `Err`: every mistake in it, with its place.
    pub fn read(source: &Source, codes: &Codes) -> Result<Self, Vec<Diagnostic>> {
        file::read(source, codes)
    }

    /// Of a text that names at most the rules P001 and P005, and one by name.
    #[cfg(test)]
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let known = |name: &str| match name {
            "P004" => Some("P004"),
            "P005" => Some("P005"),
            "replica-shares-zone" => Some("P003"),
            _ => None,
        };
        let codes = Codes {
            find: &known,
            names: &["P004", "P005", "replica-shares-zone"],
        };
        let source = Source::new("topoplan.toml", text.to_owned(), String::new());
        Self::read(&source, &codes)
    }

    /// What it asks for that no plan does: a replica of whoever it may be.
    pub fn wishes(&self) -> impl Iterator<Item = (&'static str, &Place)> {
        self.pins
            .iter()
            .filter(|pin| pin.role == HomeRole::Replica && pin.master.is_none())
            .map(|pin| ("pin", &pin.at))
    }

    /// The zone of an IP by the networks of the policy, the narrowest first.
    pub fn zone_of(&self, ip: &str) -> Option<&str> {
        let ip: IpAddr = ip.parse().ok()?;
        let networks = |zone: &'_ ZoneEntry| {
            let holding = zone.networks.iter().filter(|network| network.contains(&ip));
            holding.map(|network| network.prefix_len()).max()
        };
        let zones = self.zones.iter().filter_map(|z| Some((networks(z)?, z)));
        let narrowest = zones.max_by_key(|(prefix, _)| *prefix)?;
        Some(&narrowest.1.name)
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

    /// Each mistake as `line:column message | help`.
    fn mistakes(text: &str) -> Vec<String> {
        let said = Policy::parse(text).expect_err("it is wrong");
        let said = said.iter().map(|d| {
            let place = d.place.as_ref().expect("a mistake has a place");
            let help = d.help.as_deref().unwrap_or("-");
            format!("{}:{} {} | {help}", place.line, place.column, d.message)
        });
        said.collect()
    }

    #[test]
    fn every_mistake_is_said_with_its_place_and_what_was_meant() {
        let text = "\
replicsa = 1
tolerance = \"rak\"
[rules]
P05 = \"allow\"
P005 = \"alow\"
[limits]
views_apart = 60
[[home]]
address = \"10.0.0.1\"
role = \"boss\"
[[zone]]
name = \"a\"
cidr = \"10.1.2.0/16\"
[[ignore]]
code = \"P004\"
until = \"soon\"
[[down]]
domain = \"shelf:1\"
";
        let expected = [
            "1:1 a policy has no key `replicsa` | did you mean `replicas`?",
            "2:13 `rak` is nothing that `tolerance` takes | did you mean `rack`?",
            "4:1 no rule is called `P05` | did you mean `P005`?",
            "5:8 `alow` is nothing that `P005` takes | did you mean `allow`?",
            "7:15 `views_apart` is a number, and a number with a unit is wanted | \
             write it as `30s`; units are ms, s, min, h, d",
            "9:11 `10.0.0.1` cannot be used: no `:port` at the end | -",
            "10:8 `boss` is nothing that `role` takes | \
             it takes master, replica, primary, slave",
            "13:8 `10.1.2.0/16` has bits behind its prefix | did you mean `10.1.0.0/16`?",
            "14:1 `[[ignore]]` lacks `reason` | add `reason = \"moves in March\"`",
            "16:9 `soon` is no date; write `2027-03-31`, `2027-03-31 14:00` (UTC) or \
             `2027-03-31T14:00:00+02:00` | -",
            "18:10 `shelf:1` cannot be used: no kind of domain is called `shelf`; there are host, \
             disk, zone, rack and node | -",
        ];
        assert_eq!(mistakes(text), expected);
    }

    #[test]
    fn what_is_no_toml_is_said_where_it_stands() {
        let said = mistakes("replicas = 1\nzone = [\n\n[[home]]\nrole = master\n");
        assert!(
            said.iter()
                .all(|s| s.starts_with("4:") || s.starts_with("5:")),
            "{said:?}"
        );
        assert_eq!(mistakes("replicas = \"many\"\n").len(), 1);
    }

    #[test]
    fn two_entries_for_one_thing_are_a_mistake() {
        let home = "[[home]]\naddress = \"10.0.0.1:7000\"\nrole = \"master\"\n";
        let said = mistakes(&(home.to_owned() + home));
        assert_eq!(said, ["5:11 `10.0.0.1:7000` has two home entries | -"]);
        let zone = "[[zone]]\nname = \"a\"\ncidr = \"10.0.0.0/8\"\n";
        let said = mistakes(&(zone.to_owned() + zone));
        assert_eq!(said.len(), 2, "{said:?}");
    }

    #[test]
    fn the_narrowest_network_tells_the_zone() {
        let text = "[[zone]]\nname = \"a\"\ncidr = \"10.0.0.0/8\"\n\
                    [[zone]]\nname = \"b\"\ncidr = [\"10.1.0.0/16\", \"fd00::/8\"]\n";
        let policy = Policy::parse(text).unwrap();
        let zone = |ip| policy.zone_of(ip);
        assert_eq!((zone("10.2.0.1"), zone("10.1.0.1")), (Some("a"), Some("b")));
        assert_eq!((zone("fd00::1"), zone("192.0.2.1")), (Some("b"), None));
        assert_eq!(zone("host-1"), None);
    }
}
