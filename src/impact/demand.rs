//! What an operator demands of the state after a loss, and how far it is met.

use std::fmt;
use std::str::FromStr;

use crate::impact::Impact;
use crate::text::words::count;
use crate::text::words::plural;

/// One demand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Demand {
    /// Every slot is served, and the nodes answer clients at all.
    Serve,
    /// Enough masters are left to elect a replica.
    Majority,
    /// Every shard has so many live copies.
    Copies(usize),
    /// Every host that is left has the memory that its servers may need, one fork included, and every
    /// replica that takes over may hold what its shard holds. What is not known is not met.
    Memory,
}

/// A word that is no demand.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a demand is serve, majority, memory or copies=N, N at least 1")]
pub struct NoDemand;

impl FromStr for Demand {
    type Err = NoDemand;

    fn from_str(text: &str) -> Result<Self, NoDemand> {
        match text.split_once('=') {
            None if text == "serve" => Ok(Self::Serve),
            None if text == "majority" => Ok(Self::Majority),
            None if text == "memory" => Ok(Self::Memory),
            Some(("copies", number)) => match number.parse() {
                Ok(copies) if copies > 0 => Ok(Self::Copies(copies)),
                Ok(_) | Err(_) => Err(NoDemand),
            },
            None | Some(_) => Err(NoDemand),
        }
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serve => f.write_str("serve"),
            Self::Majority => f.write_str("majority"),
            Self::Copies(number) => write!(f, "copies={number}"),
            Self::Memory => f.write_str("memory"),
        }
    }
}

/// A demand that the state after a loss does not meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unmet {
    pub demand: Demand,
    pub why: Why,
}

/// How far a demand is from being met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    SlotsDown {
        slots: u32,
        all_refused: bool,
    },
    NoVote {
        left: usize,
        needed: usize,
    },
    FewCopies {
        shards: usize,
        wanted: usize,
        least: usize,
    },
    /// Of the other family.
    Leaderless {
        partitions: usize,
    },
    FewInUse {
        partitions: usize,
        wanted: usize,
        least: usize,
    },
    /// Hosts with less memory than their servers may need, hosts of which that is not known, and
    /// promoted replicas whose limit is below what their shard holds.
    ShortMemory {
        short: usize,
        unknown: usize,
        too_small: usize,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SlotsDown {
                slots: 0,
                all_refused: _,
            } => f.write_str("every node refuses clients, as no majority is left"),
            Self::SlotsDown { slots, all_refused } => {
                let slots = count(slots as usize, "slot");
                let rest = match all_refused {
                    true => ", and every node refuses clients",
                    false => "",
                };
                write!(f, "{slots} served by nobody{rest}")
            }
            Self::NoVote { left, needed } => {
                write!(f, "{left} of the {needed} votes that an election needs")
            }
            Self::FewCopies {
                shards,
                wanted,
                least,
            } => {
                let copies = plural(wanted, "live copy");
                let shards = count(shards, "shard");
                write!(
                    f,
                    "{shards} with fewer than {wanted} {copies}, the least {least}"
                )
            }
            Self::Leaderless { partitions } => {
                let partitions = count(partitions, "partition");
                write!(f, "{partitions} without a leader that is alive")
            }
            Self::FewInUse {
                partitions,
                wanted,
                least,
            } => {
                let copies = plural(wanted, "copy");
                let partitions = count(partitions, "partition");
                write!(
                    f,
                    "{partitions} with fewer than {wanted} {copies} in use, the least {least}"
                )
            }
            Self::ShortMemory {
                short,
                unknown,
                too_small,
            } => {
                let parts = [
                    (
                        short,
                        "host",
                        "with less memory than its servers may need, one fork included",
                    ),
                    (
                        too_small,
                        "promoted replica",
                        "whose `maxmemory` is below what its shard holds",
                    ),
                    (unknown, "host", "of which the memory is not known"),
                ];
                let parts = parts.into_iter().filter(|(n, _, _)| *n > 0);
                let parts = parts.map(|(n, who, what)| format!("{} {what}", count(n, who)));
                f.write_str(&parts.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Demand {
    /// Why it is not met; `None` if it is.
    pub fn unmet(self, impact: &Impact) -> Option<Unmet> {
        let why = match self {
            Self::Serve => {
                (impact.cluster_down || !impact.down.is_empty()).then(|| Why::SlotsDown {
                    slots: impact.down.len(),
                    all_refused: impact.cluster_down,
                })
            }
            Self::Majority => (!impact.has_majority()).then_some(Why::NoVote {
                left: impact.voters_left,
                needed: impact.voters_needed,
            }),
            Self::Copies(wanted) => {
                let fewer = impact.copies.range(..wanted);
                let shards = fewer.map(|(_, shards)| shards).sum();
                let least = impact.copies.keys().next().copied().unwrap_or(0);
                (shards > 0).then_some(Why::FewCopies {
                    shards,
                    wanted,
                    least,
                })
            }
            Self::Memory => {
                let room = &impact.room;
                let (short, too_small) = (room.short.len(), room.too_small.len());
                (short + too_small + room.unknown > 0).then_some(Why::ShortMemory {
                    short,
                    unknown: room.unknown,
                    too_small,
                })
            }
        };
        Some(Unmet {
            demand: self,
            why: why?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_is_read_as_it_is_printed() {
        for demand in [
            Demand::Serve,
            Demand::Majority,
            Demand::Copies(2),
            Demand::Memory,
        ] {
            assert_eq!(demand.to_string().parse(), Ok(demand));
        }
        for bad in ["", "copies", "copies=0", "copies=x", "Serve", "memory=1"] {
            assert_eq!(bad.parse::<Demand>(), Err(NoDemand), "{bad}");
        }
    }
}
