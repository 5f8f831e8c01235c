//! What a decision costs, spelt out once.
//!
//! A shard pays in steps: so much for one more copy on a host, disk or zone, so much for one more
//! replica, for a copy that comes, stays or goes, and for who leads. [`Instance::outcome`] adds
//! the steps up; the network has an arc for each of them, and the certificate looks for the
//! cheapest way to take them. So a new level is a cost of one of these steps, set where the
//! instance is made, and nothing else has to know it.

use std::collections::BTreeMap;

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Count;
use crate::plan::target::instance::DiskId;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::Seat;
use crate::plan::target::instance::Supply;
use crate::plan::target::instance::ZoneId;

impl Count {
    /// One more usable replica where there are `usable`.
    pub fn step(&self, usable: i64) -> Cost {
        let mut cost = Cost::ZERO;
        if usable == 0 {
            cost = cost - self.none;
        }
        if usable < self.wanted {
            cost = cost - self.missing;
        }
        if usable >= self.enough {
            cost = cost + self.surplus.times(usable);
        }
        if usable >= self.most {
            cost = cost + self.beyond;
        }
        cost
    }

    /// To have no usable replica.
    pub fn empty(&self) -> Cost {
        self.none + self.missing.times(self.wanted.max(0))
    }
}

impl Load {
    /// What so many masters cost.
    pub fn cost(&self, masters: i64) -> Cost {
        let of = |(limit, cost): &(i64, Cost)| cost.times((masters - limit).max(0));
        self.steps.iter().map(of).fold(Cost::ZERO, |a, b| a + b)
    }

    /// What one more costs where there are `masters`.
    pub fn step(&self, masters: i64) -> Cost {
        let beyond = self.steps.iter().filter(|(limit, _)| masters >= *limit);
        beyond.fold(Cost::ZERO, |sum, (_, cost)| sum + *cost)
    }
}

impl Instance {
    /// One more copy of the class on a host where it has `there`.
    pub fn host_step(&self, class: &Class, place: PlaceId, there: i64) -> Cost {
        let now = |s: &Seat| s.place == place;
        charge(self.tariff.same_host, class, class.spared.host, now, there)
    }

    /// One more copy of the class on a disk where it has `there`.
    pub fn disk_step(&self, class: &Class, disk: DiskId, there: i64) -> Cost {
        let now = |s: &Seat| s.disk == Some(disk);
        charge(self.tariff.same_disk, class, class.spared.disk, now, there)
    }

    /// One more copy of the class in a zone where it has `there`, as if no more of its copies
    /// had to double up.
    pub fn zone_step(&self, class: &Class, zone: ZoneId, there: i64) -> Cost {
        let now = |s: &Seat| self.zone_of(s.place) == Some(zone);
        charge(self.tariff.same_zone, class, class.spared.zone, now, there)
    }

    /// How many copies in a zone with another cost nothing, as there are more copies than zones.
    pub fn forced(&self, class: &Class, zoned: i64) -> i64 {
        if self.zones_in_use == 0 {
            return 0;
        }
        let now = || {
            class
                .seats
                .iter()
                .filter(|s| self.zone_of(s.place).is_some())
        };
        let room = if class.spared.zone {
            self.zones_in_use.max(now().count() as i64)
        } else {
            self.zones_in_use
        };
        (zoned - room).max(0)
    }

    /// Copies that a new leader may have on its host, itself included: as many as the owner has.
    pub fn beside_room(&self, class: &Class) -> i64 {
        let place = class.owner().place;
        class.seats.iter().filter(|s| s.place == place).count() as i64
    }

    /// Everything a shard of the class costs but the load of its master's place.
    pub fn outcome(&self, class: &Class, outcome: &Outcome) -> Cost {
        let home = match class.led_anew {
            true => self.place_of(class, outcome.lead),
            false => class.owner().place,
        };
        let mut tally = Tally {
            home,
            ..Tally::default()
        };
        let mut cost = class.count.empty() + class.bare_host;
        if class.led_anew && outcome.lead == Lead::Seat(0) {
            // None may do without a leader.
            cost = cost + Level::Serve.cost(1);
        }
        if !class.open {
            cost = Cost::ZERO;
        }
        for (index, seat) in class.seats.iter().enumerate() {
            match &seat.leave {
                Some((_, leave)) if outcome.gone.contains(&index) => cost = cost + *leave,
                _ => {
                    cost = cost + seat.stay;
                    let usable = seat.usable && index > 0;
                    cost = cost + self.add(class, &mut tally, seat.place, seat.disk, usable);
                }
            }
        }
        for &kind in &outcome.comes {
            let kind = &self.kinds[kind];
            cost = cost + kind.arrive + class.sync;
            cost = cost + self.add(class, &mut tally, kind.place, kind.disk, true);
        }
        cost - self.pardon(class, &tally) + self.lead(class, outcome.lead, &tally)
    }

    /// What leading costs beside the load.
    fn lead(&self, class: &Class, lead: Lead, tally: &Tally) -> Cost {
        let (place, cost) = match lead {
            Lead::Seat(seat) => (class.seats[seat].place, class.seats[seat].lead),
            Lead::Kind(kind) => (self.kinds[kind].place, self.kinds[kind].lead),
        };
        let cost = cost.unwrap_or(Cost::ZERO);
        if lead == Lead::Seat(0) || !class.open {
            return cost;
        }
        let here = tally.hosts.get(&place).copied().unwrap_or(0);
        let beyond = (here - self.beside_room(class)).max(0);
        cost + self.tariff.beside.times(beyond)
    }

    /// Counts one more copy, and says what it costs to be where it is.
    fn add(
        &self,
        class: &Class,
        tally: &mut Tally,
        place: PlaceId,
        disk: Option<DiskId>,
        usable: bool,
    ) -> Cost {
        if !class.open {
            return Cost::ZERO;
        }
        let mut cost = Cost::ZERO;
        let here = tally.hosts.entry(place).or_default();
        cost = cost + self.host_step(class, place, *here);
        *here += 1;
        if let Some(disk) = disk {
            let here = tally.disks.entry(disk).or_default();
            cost = cost + self.disk_step(class, disk, *here);
            *here += 1;
        }
        if let Some(zone) = self.zone_of(place) {
            let here = tally.zones.entry(zone).or_default();
            let step = self.zone_step(class, zone, *here);
            tally.doubled += i64::from(step != Cost::ZERO);
            cost = cost + step;
            *here += 1;
            tally.zoned += 1;
        }
        if usable {
            cost = cost + class.count_step(tally.usable);
            tally.usable += 1;
            if place != tally.home && !tally.apart {
                cost = cost - class.bare_host;
                tally.apart = true;
            }
        }
        cost
    }

    /// Copies in one zone that had to be, as there are more copies than zones.
    fn pardon(&self, class: &Class, tally: &Tally) -> Cost {
        let forced = self.forced(class, tally.zoned).min(tally.doubled);
        self.tariff.same_zone.times(forced)
    }

    /// The whole price of a decision, one outcome for every shard, class by class; `None` if it
    /// takes more of a kind than there are, or lets somebody lead who must not.
    pub fn value(&self, decision: &[Outcome]) -> Option<Cost> {
        let mut left: Vec<i64> = self
            .kinds
            .iter()
            .map(|k| match k.supply {
                Supply::Spares(count) => count,
                Supply::Released => 0,
            })
            .collect();
        let (mut places, mut zones) = (vec![0; self.places.len()], vec![0; self.zones.len()]);
        let mut total = Cost::ZERO;
        let mut outcomes = decision.iter();
        for class in &self.classes {
            for _ in 0..class.size {
                let outcome = outcomes.next()?;
                total = total + self.outcome(class, outcome);
                outcome.comes.iter().for_each(|&k| left[k] -= 1);
                for &seat in &outcome.gone {
                    left[class.seats[seat].leave?.0] += 1;
                }
                if !self.allows(class, outcome) {
                    return None;
                }
                let place = self.place_of(class, outcome.lead);
                places[place] += 1;
                if let Some(zone) = self.zone_of(place) {
                    zones[zone] += 1;
                }
            }
        }
        let kept = self
            .kinds
            .iter()
            .zip(&left)
            .all(|(kind, &left)| match kind.supply {
                Supply::Spares(_) => left >= 0,
                Supply::Released => left == 0,
            });
        let loads = self.places.iter().map(|p| &p.load).zip(&places);
        let loads = loads.chain(self.zones.iter().zip(&zones));
        let total = loads.fold(total, |sum, (load, &masters)| sum + load.cost(masters));
        (kept && outcomes.next().is_none()).then_some(total)
    }

    /// The class may become that.
    fn allows(&self, class: &Class, outcome: &Outcome) -> bool {
        if !class.open {
            return *outcome == Outcome::unchanged();
        }
        let taken = |kind: &usize| !class.refuses.contains(&self.kinds[*kind].group);
        outcome.comes.iter().all(taken)
            && match outcome.lead {
                Lead::Seat(0) => !class.led_anew,
                Lead::Seat(seat) => {
                    class.hands_over
                        && class.seats[seat].lead.is_some()
                        && !outcome.gone.contains(&seat)
                }
                Lead::Kind(kind) => {
                    class.hands_over
                        && self.kinds[kind].lead.is_some()
                        && outcome.comes.contains(&kind)
                }
            }
    }
}

/// `cost` for a copy beyond the first, or beyond those that are there now where only what
/// becomes worse is charged.
fn charge(
    cost: Cost,
    class: &Class,
    spared: bool,
    now: impl Fn(&Seat) -> bool,
    there: i64,
) -> Cost {
    let room = if spared {
        class.seats.iter().filter(|s| now(s)).count().max(1) as i64
    } else {
        1
    };
    if there >= room { cost } else { Cost::ZERO }
}

/// Copies counted so far.
#[derive(Default)]
struct Tally {
    hosts: BTreeMap<PlaceId, i64>,
    disks: BTreeMap<DiskId, i64>,
    zones: BTreeMap<ZoneId, i64>,
    /// Copies in a zone, and those of them that are charged for it.
    zoned: i64,
    doubled: i64,
    usable: i64,
    /// Where the shard is led from: a usable copy elsewhere is apart.
    home: PlaceId,
    apart: bool,
}
