//! What may be asked about slots.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;

use crate::cli::Failure;
use crate::cli::capture;
use crate::cli::plan::restart::version;
use crate::model::Address;
use crate::model::Domain;
use crate::model::SlotSet;
use crate::model::Version;
use crate::plan::slots::Balance;
use crate::plan::slots::Basis;
use crate::plan::slots::Create;
use crate::plan::slots::MoveSlots;
use crate::plan::slots::NodeList;
use crate::plan::slots::SlotGoals;
use crate::plan::slots::SomeSlots;
use crate::text::safe::safe;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Goals for slots")]
pub(super) struct SlotArgs {
    /// A new cluster of the blank nodes of the capture; --home says who is what
    #[arg(long)]
    create: bool,
    /// With --create: so many masters
    #[arg(long, value_name = "N", requires = "create")]
    masters: Option<usize>,
    /// With --create: so many replicas of each master; of tablets: so many followers of each partition
    #[arg(long, value_name = "N")]
    replicas: Option<u32>,
    /// With --create: of these nodes alone, one ip:port a line
    #[arg(long, value_name = "FILE", requires = "create")]
    nodes: Option<OsString>,
    /// Slots without any live copy: the masters with the fewest slots take them, empty. DATA LOSS
    #[arg(long, value_name = "SLOTS", value_parser = slots)]
    give_up: Option<SlotSet>,
    /// A node without slots becomes a master with a fair share
    #[arg(long, value_name = "ADDR", num_args = 1.., value_parser = address)]
    join: Vec<Address>,
    /// A master gives all its slots away and stays, as a replica
    #[arg(long, value_name = "ADDR", num_args = 1.., value_parser = address)]
    empty: Vec<Address>,
    /// It gives slots and copies away, is reset and forgotten: ADDR, or host:H, zone:Z
    #[arg(long, value_name = "ADDR|DOMAIN", num_args = 1.., value_parser = leaver)]
    leave: Vec<Domain>,
    /// So many masters
    #[arg(long, value_name = "N")]
    shards: Option<usize>,
    /// Every master gets its share: of the slots, or with =keys or =memory of those
    #[arg(long, value_enum, value_name = "BY", num_args = 0..=1, require_equals = true, default_missing_value = "slots")]
    balance_slots: Option<BasisArg>,
    /// With --balance-slots: how far off its share a master may stay
    #[arg(long, value_name = "P%", requires = "balance_slots", value_parser = percent)]
    within: Option<u32>,
    /// A master's share beside the others', which have 1
    #[arg(long, value_name = "ADDR=W", value_parser = weight)]
    weight: Vec<(Address, u32)>,
    /// Slots that go from one master to another: a number of them, or ranges as 5-5,7-9
    #[arg(long = "move", value_name = "SLOTS", requires_all = ["from", "to"], value_parser = some)]
    moves: Vec<SomeSlots>,
    /// With --move: who gives them
    #[arg(long, value_name = "ADDR", requires = "moves", value_parser = address)]
    from: Vec<Address>,
    /// With --move: who gets them; with --restart: the version that processes come back with
    #[arg(long, value_name = "ADDR|VERSION", value_parser = to)]
    to: Vec<To>,
}

/// Two goals call what they lead to by one name.
#[derive(Clone, Debug)]
enum To {
    Address(Address),
    Version(Version),
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BasisArg {
    Slots,
    Keys,
    Memory,
}

impl SlotArgs {
    /// The version that a restart leads to.
    pub(super) fn version(&self) -> Result<Option<Version>, Failure> {
        let versions = self.to.iter().filter_map(|to| match to {
            To::Address(_) => None,
            To::Version(version) => Some(*version),
        });
        let versions: Vec<Version> = versions.collect();
        match versions[..] {
            [] => Ok(None),
            [version] => Ok(Some(version)),
            [_, _, ..] => Err(Failure::Usage(
                "`--to` names more than one version".to_owned(),
                String::new(),
            )),
        }
    }

    /// Of tablets, which are not created.
    pub(super) fn replicas_alone(&self) -> Option<u32> {
        self.replicas.filter(|_| !self.create)
    }

    pub(super) fn goals(&self) -> Result<SlotGoals, Failure> {
        let usage = |text: String| Err(Failure::Usage(text, String::new()));
        let to = self.to.iter().filter_map(|to| match to {
            To::Address(address) => Some(address),
            To::Version(_) => None,
        });
        let to: Vec<&Address> = to.collect();
        if self.moves.len() != self.from.len() || self.moves.len() != to.len() {
            return usage("`--move`, `--from` and `--to` come in threes".to_owned());
        }
        let mut weights = BTreeMap::new();
        for (address, weight) in &self.weight {
            if weights.insert(address.clone(), *weight).is_some() {
                return usage(format!("`--weight` names {address} twice"));
            }
        }
        let moves = self.moves.iter().zip(&self.from).zip(to);
        let goals = SlotGoals {
            create: self.create.then_some(Create {
                masters: self.masters,
                replicas: self.replicas,
            }),
            create_of: self.nodes.as_deref().map(listed).transpose()?,
            give_up: self.give_up.clone(),
            join: self.join.clone(),
            empty: self.empty.clone(),
            leave: self.leave.clone(),
            shards: self.shards,
            balance: self.balance_slots.map(|by| Balance {
                by: match by {
                    BasisArg::Slots => Basis::Slots,
                    BasisArg::Keys => Basis::Keys,
                    BasisArg::Memory => Basis::Memory,
                },
                within: self.within.unwrap_or(match by {
                    BasisArg::Slots => 0,
                    BasisArg::Keys | BasisArg::Memory => 2,
                }),
            }),
            weights,
            moves: moves
                .map(|((slots, from), to)| MoveSlots {
                    slots: slots.clone(),
                    from: from.clone(),
                    to: to.clone(),
                })
                .collect(),
        };
        if !goals.weights.is_empty() && goals.give_up.is_none() && !goals.moves_any() {
            return usage("`--weight` needs something that shares slots: --balance-slots, --join, --empty or --shards".to_owned());
        }
        Ok(goals)
    }
}

/// One address a line; what begins with `#` is a remark.
fn listed(file: &OsStr) -> Result<NodeList, Failure> {
    let text = std::fs::read_to_string(file);
    let text =
        text.map_err(|e| Failure::Input(format!("`{}`: {e}", safe(&file.to_string_lossy()))))?;
    let mut addresses = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let address = line.parse::<Address>().map_err(|e| Failure::Place {
            at: capture::at(file, (number, 1)),
            message: format!("no address: {e}"),
            help: Some("one ip:port a line"),
        })?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(NodeList {
        file: file.to_string_lossy().into_owned(),
        addresses,
    })
}

/// A bare address is a node.
fn leaver(text: &str) -> Result<Domain, String> {
    let node = || format!("node:{text}").parse::<Domain>();
    let domain = text.parse::<Domain>();
    domain.or_else(|e| node().map_err(|_| e.to_string()))
}

fn to(text: &str) -> Result<To, String> {
    match text.contains(':') {
        true => address(text).map(To::Address),
        false => version(text).map(To::Version),
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|e| e.to_string())
}

fn slots(text: &str) -> Result<SlotSet, String> {
    match text.parse::<SlotSet>() {
        Ok(slots) if !slots.is_empty() => Ok(slots),
        Ok(_) | Err(_) => Err("not slots, as 0-5460 or 5,7-9".to_owned()),
    }
}

/// A bare number is a count: one slot is spelt as a range.
fn some(text: &str) -> Result<SomeSlots, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let count = text.parse().ok().filter(|&n| n > 0);
        return count
            .map(SomeSlots::Count)
            .ok_or_else(|| "not a number of slots".to_owned());
    }
    slots(text).map(SomeSlots::These)
}

fn percent(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let number = number.filter(|&n| n <= 100);
    number.ok_or_else(|| "not a number of percent, as 5%".to_owned())
}

fn weight(text: &str) -> Result<(Address, u32), String> {
    let wrong = || "not ADDR=W with a whole number W from 1 to 1000".to_owned();
    let (at, number) = text.split_once('=').ok_or_else(wrong)?;
    let number = number.parse().ok().filter(|n| (1..=1000).contains(n));
    Ok((address(at)?, number.ok_or_else(wrong)?))
}
