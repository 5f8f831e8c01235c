//! What proves a plan's levels: the problem in numbers, and prices that bound every decision.
//!
//! It grows with hosts and with shards that differ, not with nodes. Everything that comes more
//! than once is listed once and named by its position: costs, seats, shapes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// An amount of each level that has one, by the level's name.
pub type Amounts = BTreeMap<String, i64>;

/// A problem and the prices that prove what its best decision costs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    pub problem: Problem,
    /// Together they bound all levels that are called proven by flow or multipliers.
    pub prices: Vec<Prices>,
    /// What the decision costs; the bounds of `prices` agree with it level by level.
    pub value: Amounts,
}

/// What was to be decided, in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Named by position below.
    pub costs: Vec<Amounts>,
    pub tariff: Tariff,
    /// Zones that could hold a copy.
    pub zones_in_use: i64,
    pub zones: Vec<Zone>,
    /// Hosts, and nodes of which no host is known.
    pub places: Vec<Place>,
    /// Nodes that can stand in for each other on their way to a shard.
    pub kinds: Vec<Kind>,
    /// Copies that are there, as far as they differ, each as a row: place, disk, whether it is usable,
    /// what staying costs, the kind as which it may leave with what that costs, what leading costs.
    #[schemars(with = "Vec<SeatRow>")]
    pub seats: Vec<Seat>,
    /// Shards, as far as they differ in more than where their copies are.
    pub shapes: Vec<Shape>,
    /// Shards that are alike, as rows: how many, their shape, and their seats, the owner's first.
    #[schemars(with = "Vec<ClassRow>")]
    pub classes: Vec<Class>,
}

/// Costs of one copy too many.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tariff {
    pub same_host: usize,
    pub same_disk: usize,
    pub same_zone: usize,
    pub beside: usize,
}

/// A zone and what masters there cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Zone {
    pub name: String,
    /// For every master beyond so many, that cost.
    pub load: Vec<(i64, usize)>,
}

/// A place and what masters there cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub name: String,
    pub zone: Option<usize>,
    /// For every master beyond so many, that cost.
    pub load: Vec<(i64, usize)>,
}

/// Nodes that can stand in for each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Kind {
    pub place: usize,
    pub disk: Option<usize>,
    pub group: usize,
    /// Spares that there are; null where as many come as leave other shards.
    pub spares: Option<i64>,
    pub arrive: usize,
    pub lead: Option<usize>,
}

/// A copy that is there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(from = "WrittenSeat", into = "SeatRow")]
pub struct Seat {
    pub place: usize,
    pub disk: Option<usize>,
    pub usable: bool,
    pub stay: usize,
    /// The kind as which it may leave, and at what cost.
    pub leave: Option<(usize, usize)>,
    pub lead: Option<usize>,
}

/// What shards have in common that differ only in where their copies are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shape {
    pub open: bool,
    pub hands_over: bool,
    /// Its owner is no copy, and one that comes leads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub led_anew: bool,
    pub refuses: Vec<usize>,
    pub sync: usize,
    pub none: usize,
    pub wanted: i64,
    pub missing: usize,
    pub enough: i64,
    pub surplus: usize,
    /// Null without a limit.
    pub most: Option<i64>,
    pub beyond: usize,
    pub bare_host: usize,
    /// Doubling up on a host, a disk, in a zone is counted only where it becomes worse.
    pub spared: (bool, bool, bool),
}

/// Shards that are alike.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "WrittenClass", into = "ClassRow")]
pub struct Class {
    pub size: i64,
    pub shape: usize,
    /// The owner's first.
    pub seats: Vec<usize>,
}

/// Prices in whole numbers of `1 / scale`; what is not named costs nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Prices {
    pub scale: i64,
    pub frozen: Vec<Frozen>,
    pub kinds: BTreeMap<usize, Amounts>,
    pub places: BTreeMap<usize, Amounts>,
    pub zones: BTreeMap<usize, Amounts>,
}

/// A level that is kept at a value, and what a unit of it counts instead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Frozen {
    pub level: String,
    pub value: i64,
    pub weight: Amounts,
}

/// A seat in the file: there are many.
type SeatRow = (
    usize,
    Option<usize>,
    bool,
    usize,
    Option<(usize, usize)>,
    Option<usize>,
);

/// A class in the file.
type ClassRow = (i64, usize, Vec<usize>);

/// Earlier files name every field.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenSeat {
    Row(SeatRow),
    Named {
        place: usize,
        disk: Option<usize>,
        usable: bool,
        stay: usize,
        leave: Option<(usize, usize)>,
        lead: Option<usize>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenClass {
    Row(ClassRow),
    Named {
        size: i64,
        shape: usize,
        seats: Vec<usize>,
    },
}

impl From<Seat> for SeatRow {
    fn from(seat: Seat) -> Self {
        let Seat {
            place,
            disk,
            usable,
            stay,
            leave,
            lead,
        } = seat;
        (place, disk, usable, stay, leave, lead)
    }
}

impl From<WrittenSeat> for Seat {
    fn from(written: WrittenSeat) -> Self {
        let (place, disk, usable, stay, leave, lead) = match written {
            WrittenSeat::Row(row) => row,
            WrittenSeat::Named {
                place,
                disk,
                usable,
                stay,
                leave,
                lead,
            } => (place, disk, usable, stay, leave, lead),
        };
        Self {
            place,
            disk,
            usable,
            stay,
            leave,
            lead,
        }
    }
}

impl From<Class> for ClassRow {
    fn from(class: Class) -> Self {
        let Class { size, shape, seats } = class;
        (size, shape, seats)
    }
}

impl From<WrittenClass> for Class {
    fn from(written: WrittenClass) -> Self {
        let (size, shape, seats) = match written {
            WrittenClass::Row(row) => row,
            WrittenClass::Named { size, shape, seats } => (size, shape, seats),
        };
        Self { size, shape, seats }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_named_fields_are_the_same() {
        let seat = Seat {
            place: 3,
            disk: None,
            usable: true,
            stay: 1,
            leave: Some((2, 4)),
            lead: None,
        };
        let row = serde_json::json!([3, null, true, 1, [2, 4], null]);
        let named = serde_json::json!({"place": 3, "disk": null, "usable": true, "stay": 1,
            "leave": [2, 4], "lead": null});
        assert_eq!(serde_json::to_value(&seat).ok(), Some(row.clone()));
        for text in [row, named] {
            assert_eq!(
                serde_json::from_value::<Seat>(text).ok(),
                Some(seat.clone())
            );
        }
        let named = serde_json::json!({"size": 2, "shape": 0, "seats": [5, 6]});
        let class: Class = serde_json::from_value(named).expect("an earlier file has it so");
        let row = serde_json::json!([2, 0, [5, 6]]);
        assert_eq!(serde_json::to_value(&class).ok(), Some(row.clone()));
        assert_eq!(serde_json::from_value::<Class>(row).ok(), Some(class));
    }
}
