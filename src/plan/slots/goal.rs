//! What may be asked for about slots.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::Address;
use crate::model::Domain;
use crate::model::SlotSet;
use crate::plan::goal::spelled;
use crate::plan::slots::Create;

/// What is asked for; nothing by default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotGoals {
    /// A new cluster of blank nodes.
    pub create: Option<Create>,
    /// Of which nodes, where not of all.
    pub create_of: Option<NodeList>,
    /// Slots without any live copy, that survivors are to take over empty.
    pub give_up: Option<SlotSet>,
    /// Nodes without slots that are to get a fair share.
    pub join: Vec<Address>,
    /// Masters that are to give all their slots away.
    pub empty: Vec<Address>,
    /// Who gives all slots and copies away, is reset and forgotten.
    pub leave: Vec<Domain>,
    /// How many masters there are to be.
    pub shards: Option<usize>,
    pub balance: Option<Balance>,
    /// How much a node should have beside the others; 1 where nothing is said.
    pub weights: BTreeMap<Address, u32>,
    pub moves: Vec<MoveSlots>,
}

/// Addresses of a file, and how it was named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeList {
    pub file: String,
    pub addresses: Vec<Address>,
}

/// Every master is to have its share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Balance {
    pub by: Basis,
    /// How far off its share, in parts of a hundred, a master may stay.
    pub within: u32,
}

/// What a share is a share of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Basis {
    #[default]
    Slots,
    Keys,
    Memory,
}

/// Some slots of one node go to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveSlots {
    pub slots: SomeSlots,
    pub from: Address,
    pub to: Address,
}

/// Slots by number, or so many of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SomeSlots {
    These(SlotSet),
    Count(u32),
}

impl SlotGoals {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who becomes a master is chosen, and not said by whoever asks.
    pub fn chooses(&self) -> bool {
        self.create.is_some() || self.shards.is_some()
    }

    /// A balance that no other goal asks for in passing.
    pub fn moves_any(&self) -> bool {
        self.balance.is_some()
            || self.shards.is_some()
            || !(self.join.is_empty()
                && self.empty.is_empty()
                && self.leave.is_empty()
                && self.moves.is_empty())
    }

    /// As they are typed.
    pub fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(create) = self.create {
            options.push("--create".to_owned());
            options.extend(create.masters.map(|n| format!("--masters {n}")));
            options.extend(create.replicas.map(|n| format!("--replicas {n}")));
            let list = self.create_of.as_ref();
            options.extend(list.map(|list| format!("--nodes {}", quote(&list.file))));
        }
        options.extend(
            self.give_up
                .iter()
                .map(|slots| format!("--give-up {slots}")),
        );
        options.extend(self.join.iter().map(|at| format!("--join {at}")));
        options.extend(self.empty.iter().map(|at| format!("--empty {at}")));
        options.extend(self.leave.iter().map(|domain| {
            let text = spelled(domain, quote);
            format!("--leave {}", text.strip_prefix("node:").unwrap_or(&text))
        }));
        options.extend(self.shards.map(|n| format!("--shards {n}")));
        if let Some(balance) = self.balance {
            options.push(match balance.by {
                Basis::Slots => "--balance-slots".to_owned(),
                by => format!("--balance-slots={by}"),
            });
            if balance.within > 0 {
                options.push(format!("--within {}%", balance.within));
            }
        }
        options.extend(
            self.weights
                .iter()
                .map(|(at, w)| format!("--weight {at}={w}")),
        );
        let moves = self.moves.iter();
        options
            .extend(moves.map(|m| format!("--move {} --from {} --to {}", m.slots, m.from, m.to)));
        options
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slots => "slots",
            Self::Keys => "keys",
            Self::Memory => "memory",
        })
    }
}

impl fmt::Display for SomeSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A bare number is a count.
            Self::These(slots) => match slots.ranges().as_slice() {
                [(first, last)] => write!(f, "{first}-{last}"),
                _ => write!(f, "{slots}"),
            },
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}
