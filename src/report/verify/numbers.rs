//! Whether the numbers of a certificate can be added up at all: a file is anybody's, and a sum of
//! numbers that no cluster has may leave 64 bits.

use crate::plan::level::Cost;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Supply;

/// Largest amount of a level: MiB of the largest cluster, and more.
const AMOUNT: i64 = 1 << 40;

/// Most nodes, shards or copies.
const COUNT: i64 = 1 << 17;

/// Most limits of one load.
const LIMITS: usize = 16;

/// What cannot be of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Odd {
    #[error("a cost is beyond what clusters have")]
    Amount,
    #[error("a number of nodes, shards or copies is beyond what clusters have")]
    Count,
    #[error("a class of shards has no owner")]
    Ownerless,
    #[error("it counts more zones than it lists")]
    Zones,
}

pub(super) fn check(instance: &Instance) -> Result<(), Odd> {
    let tariff = &instance.tariff;
    for cost in [
        &tariff.same_host,
        &tariff.same_disk,
        &tariff.same_zone,
        &tariff.beside,
    ] {
        amount(cost)?;
    }
    let zones = i64::try_from(instance.zones.len()).unwrap_or(i64::MAX);
    if !(0..=zones).contains(&instance.zones_in_use) {
        return Err(Odd::Zones);
    }
    let places = instance.places.iter().map(|p| &p.load);
    for load in instance.zones.iter().chain(places) {
        check_load(load)?;
    }
    let mut spares = 0;
    for kind in &instance.kinds {
        amount(&kind.arrive)?;
        kind.lead.as_ref().map_or(Ok(()), amount)?;
        if let Supply::Spares(count) = kind.supply {
            spares = add(spares, count)?;
        }
    }
    classes(instance)
}

fn classes(instance: &Instance) -> Result<(), Odd> {
    let (mut shards, mut copies) = (0, 0);
    for class in &instance.classes {
        if class.seats.is_empty() {
            return Err(Odd::Ownerless);
        }
        shards = add(shards, class.size)?;
        let seats = i64::try_from(class.seats.len()).map_err(|_| Odd::Count)?;
        copies = add(copies, class.size.checked_mul(seats).ok_or(Odd::Count)?)?;
        let count = &class.count;
        for number in [count.wanted, count.enough] {
            add(0, number)?;
        }
        if count.most != i64::MAX {
            add(0, count.most)?;
        }
        for cost in [
            &class.sync,
            &class.bare_host,
            &count.none,
            &count.missing,
            &count.surplus,
            &count.beyond,
        ] {
            amount(cost)?;
        }
        for seat in &class.seats {
            amount(&seat.stay)?;
            seat.lead.as_ref().map_or(Ok(()), amount)?;
            seat.leave
                .as_ref()
                .map_or(Ok(()), |(_, cost)| amount(cost))?;
        }
    }
    Ok(())
}

fn check_load(load: &Load) -> Result<(), Odd> {
    if load.steps.len() > LIMITS {
        return Err(Odd::Count);
    }
    for (limit, cost) in &load.steps {
        // A price grows with the number of masters, or it would not be convex.
        if *cost < Cost::ZERO || !(-COUNT..=COUNT).contains(limit) {
            return Err(Odd::Count);
        }
        amount(cost)?;
    }
    Ok(())
}

fn amount(cost: &Cost) -> Result<(), Odd> {
    let fits = |a: &i64| (-AMOUNT..=AMOUNT).contains(a);
    cost.0.iter().all(fits).then_some(()).ok_or(Odd::Amount)
}

fn add(sum: i64, count: i64) -> Result<i64, Odd> {
    let fits = (0..=COUNT).contains(&count);
    let sum = sum.checked_add(count).filter(|s| fits && *s <= COUNT);
    sum.ok_or(Odd::Count)
}
