//! What a policy file asks of plans besides a clean cluster: the twins of the goals on a command line.

use std::fmt::Display;
use std::str::FromStr;

use crate::model::Address;
use crate::model::Domain;
use crate::model::Version;
use crate::policy::entries::Drain;
use crate::policy::file::entries;
use crate::policy::file::keys;
use crate::policy::reader::Fields;
use crate::policy::reader::Number;
use crate::policy::reader::Reader;
use crate::text::Place;

/// Goals that hold for every plan, beside drains and pins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Places that are worked on, and come back.
    pub maintained: Vec<Drain>,
    /// Places that leave for good.
    pub removed: Vec<Drain>,
    pub replaced: Vec<Replacement>,
    pub upgrade: Option<Upgrade>,
    pub slots: Option<SlotWishes>,
}

/// A place that another one takes over from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    pub old: Domain,
    pub new: Domain,
    pub at: Place,
}

/// Processes of an older version are restarted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upgrade {
    pub to: Version,
    pub unit: UpgradeUnit,
    /// Live copies that every shard keeps.
    pub keep: Option<u32>,
    pub at: Place,
}

/// What goes down at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UpgradeUnit {
    #[default]
    Process,
    Host,
    Zone,
}

/// How slots are to be shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotWishes {
    pub shards: Option<u32>,
    pub balance: Option<ShareOf>,
    /// How far off its share a master may stay.
    pub within: Option<u8>,
    pub join: Vec<Address>,
    pub empty: Vec<Address>,
    pub leave: Vec<Domain>,
    pub at: Place,
}

/// What every master is to have its share of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShareOf {
    Slots,
    Keys,
    Memory,
}

const UNITS: &[(&str, UpgradeUnit)] = &[
    ("process", UpgradeUnit::Process),
    ("host", UpgradeUnit::Host),
    ("zone", UpgradeUnit::Zone),
];

const SHARES: &[(&str, ShareOf)] = &[
    ("slots", ShareOf::Slots),
    ("keys", ShareOf::Keys),
    ("memory", ShareOf::Memory),
];

pub(super) fn read<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Standing {
    Standing {
        maintained: places(reader, top, "maintain"),
        removed: places(reader, top, "remove"),
        replaced: replaced(reader, top),
        upgrade: upgrade(reader, top),
        slots: slots(reader, top),
    }
}

/// Places with a reason; of drains, whether what is there stops, too.
pub(super) fn places<'a>(
    reader: &mut Reader<'a>,
    top: &Fields<'a>,
    name: &'static str,
) -> Vec<Drain> {
    let mut places = Vec::new();
    for entry in entries(reader, top, name) {
        let domain = reader.parsed::<Domain>(&entry, "domain");
        let reason = reader.text(&entry, "reason").map(|r| r.value);
        let stop = reader.word(&entry, "then", &[("stop", true)]);
        places.extend(domain.map(|domain| Drain {
            domain: domain.value,
            stop: stop.unwrap_or(false),
            reason,
            at: reader.place(entry.span.start),
        }));
    }
    places
}

fn replaced<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<Replacement> {
    let mut replaced = Vec::new();
    for entry in entries(reader, top, "replace") {
        let old = reader.parsed::<Domain>(&entry, "domain");
        let new = reader.parsed::<Domain>(&entry, "by");
        reader.text(&entry, "reason");
        replaced.extend(old.zip(new).map(|(old, new)| Replacement {
            old: old.value,
            new: new.value,
            at: reader.place(entry.span.start),
        }));
    }
    replaced
}

fn upgrade<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Option<Upgrade> {
    let section = reader.section(top, "upgrade", keys("upgrade"))?;
    let at = reader.place(section.span.start);
    let to = reader.parsed::<Version>(&section, "to");
    let unit = reader.word(&section, "unit", UNITS).unwrap_or_default();
    let keep = number(reader, &section, "keep", (1, 100));
    to.map(|to| Upgrade {
        to: to.value,
        unit,
        keep,
        at,
    })
}

fn slots<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Option<SlotWishes> {
    let section = reader.section(top, "slots", keys("slots"))?;
    let at = reader.place(section.span.start);
    Some(SlotWishes {
        shards: number(reader, &section, "shards", (1, 16384)),
        balance: reader.word(&section, "balance", SHARES),
        within: reader.percent(&section, "within"),
        join: each(reader, &section, "join"),
        empty: each(reader, &section, "empty"),
        leave: each(reader, &section, "leave"),
        at,
    })
}

fn number<'a>(
    reader: &mut Reader<'a>,
    section: &Fields<'a>,
    name: &'static str,
    range: (u32, u32),
) -> Option<u32> {
    match reader.number(section, name, range, None) {
        Some(Number::Of(count)) => Some(count),
        Some(Number::Word) | None => None,
    }
}

fn each<'a, T>(reader: &mut Reader<'a>, section: &Fields<'a>, name: &'static str) -> Vec<T>
where
    T: FromStr<Err: Display>,
{
    let given = reader.texts(section, name);
    let parsed = given.iter().filter_map(|text| reader.parse::<T>(text));
    parsed.map(|value| value.value).collect()
}
