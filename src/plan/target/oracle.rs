//! The cheapest outcome of a shard at given prices, exactly.
//!
//! For a fixed leader the cost of the copies that stay or come is laminar convex: every copy on
//! a host, of a disk, in a zone, or at all costs no less than the one before it, and these sets
//! are nested (a copy in a zone that is taken costs the same wherever the zone's own copies are).
//! So adding the cheapest copy next, as long as one pays, is optimal for every number of copies.
//! What doubles up by force depends on that number alone and is taken off for each.
//!
//! Of copies that come and lead, only few need to be tried: of each zone the first by price that
//! share no host with a copy that is there, one more than other copies could take before it.

mod fill;

use std::cell::Cell;

use crate::plan::target::certificate::Certificate;
use crate::plan::target::certificate::Flaw;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Kind;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::ZoneId;
use crate::plan::target::seated::Seated;
use crate::plan::target::wide::Wide;

/// More copies than this beyond what a shard has pay only at prices that bound nothing.
const ENDLESS: usize = 32;

/// Where so many zones are in use, and zones are not to be cured, they are left out of a bound.
const MANY_ZONES: i64 = 8;

/// Prices made ready for many questions.
pub struct Oracle<'a> {
    instance: &'a Instance,
    certificate: &'a Certificate,
    /// What one of a kind costs when it comes, its price included.
    come: Vec<Wide>,
    /// What it costs more when it leads, and both together.
    lead: Vec<Option<Wide>>,
    led: Vec<Option<Wide>>,
    bins: Vec<Bin>,
    /// Bins by their cheapest kind, to come and to lead.
    by_come: Vec<usize>,
    by_lead: Vec<usize>,
    bins_of: Vec<Vec<usize>>,
    /// Bins of places without a zone.
    zoneless: Vec<usize>,
    kinds_at: Vec<Vec<KindId>>,
    /// How many of a kind there can be at most.
    most: Vec<i64>,
    same_zone: Wide,
    /// The cheapest kind of all.
    least: Option<Wide>,
    /// Copies beyond those that are there and wanted are not looked at from so many on.
    short: Option<usize>,
    /// Copies whose cost was looked at: what it took, on every machine the same.
    looked: Cell<u64>,
}

/// Kinds of one group in one zone.
struct Bin {
    zone: Option<ZoneId>,
    group: usize,
    /// Cheapest first.
    come: Vec<KindId>,
    /// Cheapest as a leader first.
    lead: Vec<KindId>,
}

/// What may be added next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Copy {
    Stays(usize),
    Comes(KindId),
}

/// Which copies are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    /// In a zone, so many of them for nothing where another is.
    Zoned(Option<i64>),
    Unzoned,
    /// Outside of zones, and elsewhere than where the shard is led from.
    Apart,
}

/// One more copy, and what it costs with its zone and without.
struct Next {
    copy: Copy,
    cost: Wide,
    unzoned: Wide,
}

impl<'a> Oracle<'a> {
    pub fn new(instance: &'a Instance, certificate: &'a Certificate) -> Result<Self, Flaw> {
        let mut oracle = Self {
            instance,
            certificate,
            come: Vec::new(),
            lead: Vec::new(),
            led: Vec::new(),
            bins: Vec::new(),
            by_come: Vec::new(),
            by_lead: Vec::new(),
            bins_of: vec![Vec::new(); instance.zones.len()],
            zoneless: Vec::new(),
            kinds_at: vec![Vec::new(); instance.places.len()],
            most: instance.supplies(),
            same_zone: certificate.weigh(&instance.tariff.same_zone)?,
            least: None,
            short: None,
            looked: Cell::new(0),
        };
        for (id, kind) in instance.kinds.iter().enumerate() {
            let own = certificate.weigh(&kind.arrive)?;
            oracle
                .come
                .push(own.plus(&Wide::of(&certificate.kinds[id]))?);
            let lead = match &kind.lead {
                Some(lead) => {
                    let own = certificate.weigh(lead)?;
                    Some(own.plus(&Wide::of(&certificate.places[kind.place]))?)
                }
                None => None,
            };
            oracle.lead.push(lead);
            oracle.kinds_at[kind.place].push(id);
            let bin = oracle.bin(instance.zone_of(kind.place), kind.group);
            oracle.bins[bin].come.push(id);
        }
        oracle.least = oracle.come.iter().min().copied();
        oracle.sort()?;
        Ok(oracle)
    }

    /// Looks at no outcome with more than so many copies beyond those that are there and wanted:
    /// good for finding some, and no bound.
    pub fn short_sighted(mut self, beyond: usize) -> Self {
        self.short = Some(beyond);
        self
    }

    /// How many copies were looked at so far.
    pub fn looked(&self) -> u64 {
        self.looked.get()
    }

    fn stops(&self, class: &Class, seated: &Seated) -> bool {
        let there = class
            .seats
            .len()
            .max(1 + class.count.wanted.max(1) as usize);
        let copies = seated.places_taken();
        self.short.is_some_and(|beyond| copies >= there + beyond)
    }

    fn bin(&mut self, zone: Option<ZoneId>, group: usize) -> usize {
        let list = match zone {
            Some(zone) => &mut self.bins_of[zone],
            None => &mut self.zoneless,
        };
        let known = list.iter().copied().find(|&b| self.bins[b].group == group);
        known.unwrap_or_else(|| {
            list.push(self.bins.len());
            self.bins.push(Bin {
                zone,
                group,
                come: Vec::new(),
                lead: Vec::new(),
            });
            self.bins.len() - 1
        })
    }

    fn sort(&mut self) -> Result<(), Flaw> {
        let mut led: Vec<Option<Wide>> = Vec::new();
        for (come, lead) in self.come.iter().zip(&self.lead) {
            led.push(match lead {
                Some(lead) => Some(come.plus(lead)?),
                None => None,
            });
        }
        for bin in &mut self.bins {
            let able = bin.come.iter().copied();
            let able = able.filter(|&k| led[k].is_some() && self.most[k] > 0);
            bin.lead = able.collect();
            bin.come.sort_by_key(|&k| (self.come[k], k));
            bin.lead.sort_by_key(|&k| (led[k], k));
        }
        let first = |list: &Vec<KindId>| list.first().copied();
        self.by_come = (0..self.bins.len()).collect();
        self.by_come
            .sort_by_key(|&b| first(&self.bins[b].come).map(|k| (self.come[k], k)));
        self.by_lead = (0..self.bins.len())
            .filter(|&b| !self.bins[b].lead.is_empty())
            .collect();
        self.by_lead
            .sort_by_key(|&b| first(&self.bins[b].lead).map(|k| (led[k], k)));
        self.led = led;
        Ok(())
    }

    /// The cheapest outcome of the class, its load's price paid.
    pub fn cheapest(&self, class: &Class) -> Result<(Wide, Outcome), Flaw> {
        let all = self.good(class)?;
        let best = all.into_iter().min_by(|a, b| a.cmp(b));
        best.ok_or(Flaw::Leaderless)
    }

    /// The cheapest outcome for every leader that needs to be tried.
    pub fn good(&self, class: &Class) -> Result<Vec<(Wide, Outcome)>, Flaw> {
        if !class.open {
            let outcome = Outcome::unchanged();
            let cost = self
                .certificate
                .weigh(&self.instance.outcome(class, &outcome))?;
            let place = Wide::of(&self.certificate.places[class.owner().place]);
            return Ok(vec![(cost.plus(&place)?, outcome)]);
        }
        let bare = self.bare(class)?;
        let mut list = Vec::new();
        let mut longest = 0;
        for seat in 0..class.seats.len() {
            let may = match seat {
                0 => !class.led_anew,
                _ => class.hands_over && class.seats[seat].lead.is_some(),
            };
            if may {
                let (found, length) = self.led(class, &bare, Lead::Seat(seat))?;
                longest = longest.max(length);
                list.push(found);
            }
        }
        if class.led_anew {
            let able = (0..self.led.len())
                .filter(|&k| self.leads(k) && !class.refuses.contains(&self.kind(k).group));
            if let Some(kind) = able.min_by_key(|&k| (self.led[k], k)) {
                longest = self.led(class, &bare, Lead::Kind(kind))?.1;
            }
        }
        if class.hands_over {
            // Who leads instead of an idle copy changes the number of copies by one at most.
            self.led_by_kinds(class, &bare, longest + 2, &mut list)?;
        }
        Ok(list)
    }

    /// Outcomes that a node that comes leads. If one that is not tried led, a cheaper one could
    /// instead: of a place that no other copy takes, or of the same place and not used up; and
    /// no outcome takes more than `reach` copies.
    fn led_by_kinds(
        &self,
        class: &Class,
        bare: &Seated<'a>,
        reach: usize,
        list: &mut Vec<(Wide, Outcome)>,
    ) -> Result<(), Flaw> {
        let (places, zones) = self.surroundings(class);
        for &kind in places.iter().flat_map(|&p| &self.kinds_at[p]) {
            if self.leads(kind) && !class.refuses.contains(&self.kind(kind).group) {
                list.push(self.led(class, bare, Lead::Kind(kind))?.0);
            }
        }
        let taken = zones.iter().flat_map(|&z| &self.bins_of[z]);
        let mut bins: Vec<usize> = taken.chain(&self.zoneless).copied().collect();
        let mut fresh: Vec<ZoneId> = Vec::new();
        for &bin in &self.by_lead {
            let zone = self.bins[bin].zone.filter(|z| !zones.contains(z));
            let Some(zone) = zone else { continue };
            if class.refuses.contains(&self.bins[bin].group) {
                continue;
            }
            if !fresh.contains(&zone) {
                if fresh.len() == reach {
                    break;
                }
                fresh.push(zone);
            }
            bins.push(bin);
        }
        for bin in bins {
            if !class.refuses.contains(&self.bins[bin].group) {
                self.led_from(class, bare, &self.bins[bin], &places, reach, list)?;
            }
        }
        Ok(())
    }

    /// Of the first places of a bin the first kinds, as long as they could be the best: what
    /// others cost beside a leader that takes no place is a floor for all of them.
    fn led_from(
        &self,
        class: &Class,
        bare: &Seated<'a>,
        bin: &Bin,
        without: &[PlaceId],
        reach: usize,
        list: &mut Vec<(Wide, Outcome)>,
    ) -> Result<(), Flaw> {
        let mut floor: Option<Wide> = None;
        let mut best: Option<Wide> = None;
        let mut seen: Vec<PlaceId> = Vec::new();
        for &kind in &bin.lead {
            let place = self.kind(kind).place;
            if without.contains(&place) || seen.contains(&place) {
                continue;
            }
            if seen.len() == reach {
                break;
            }
            seen.push(place);
            let Some(own) = self.led[kind] else { continue };
            if let (Some(floor), Some(best)) = (&floor, &best)
                && floor.plus(&own)? >= *best
            {
                break;
            }
            let here = self.kinds_at[place].iter().copied();
            let mut here: Vec<KindId> = here
                .filter(|&k| self.leads(k) && self.kind(k).group == bin.group)
                .collect();
            here.sort_by_key(|&k| (self.led[k], k));
            for kind in here.into_iter().take(reach) {
                let ((cost, outcome), _) = self.led(class, bare, Lead::Kind(kind))?;
                best = Some(best.map_or(cost, |b| b.min(cost)));
                list.push((cost, outcome));
            }
            if floor.is_none() {
                floor = Some(self.beside_anyone(class, bare, kind)?);
            }
        }
        Ok(())
    }

    /// What the other copies cost at least beside a leader of that kind's zone, wherever it
    /// stands there: it takes part in every count but that of its place.
    fn beside_anyone(&self, class: &Class, bare: &Seated<'a>, kind: KindId) -> Result<Wide, Flaw> {
        let mut seated = bare.clone();
        if class.led_anew {
            // All others are elsewhere.
            self.lead_from(class, &mut seated, PlaceId::MAX)?;
        }
        let step = self.step(class, &seated, Copy::Comes(kind))?;
        let own = self.come[kind];
        seated.pay(&step.cost.minus(&own)?)?;
        self.seat(class, &mut seated, Copy::Comes(kind));
        seated.vacate(self.kind(kind).place, kind);
        Ok(self.filled(class, seated)?.0)
    }

    /// Places and zones of the class's copies, those that may leave included.
    fn surroundings(&self, class: &Class) -> (Vec<PlaceId>, Vec<ZoneId>) {
        let mut places: Vec<PlaceId> = class.seats.iter().map(|s| s.place).collect();
        places.sort_unstable();
        places.dedup();
        let zones = places.iter().filter_map(|&p| self.instance.zone_of(p));
        let mut zones: Vec<ZoneId> = zones.collect();
        zones.sort_unstable();
        zones.dedup();
        (places, zones)
    }

    fn leads(&self, kind: KindId) -> bool {
        self.lead[kind].is_some() && self.most[kind] > 0
    }

    fn kind(&self, kind: KindId) -> &Kind {
        &self.instance.kinds[kind]
    }

    /// The class with all that may leave gone, and what that costs.
    fn bare(&self, class: &Class) -> Result<Seated<'a>, Flaw> {
        let mut seated = Seated::new(self.instance);
        seated.home = (!class.led_anew).then(|| class.owner().place);
        seated.pay(&self.certificate.weigh(&class.count.empty())?)?;
        seated.pay(&self.certificate.weigh(&class.bare_host)?)?;
        for (index, seat) in class.seats.iter().enumerate() {
            match &seat.leave {
                Some((kind, leave)) => {
                    let price = Wide::of(&self.certificate.kinds[*kind]);
                    seated.pay(&self.certificate.weigh(leave)?.minus(&price)?)?;
                }
                None => {
                    seated.pay(&self.certificate.weigh(&seat.stay)?)?;
                    let cost = self.step(class, &seated, Copy::Stays(index))?;
                    seated.pay(&cost.cost)?;
                    self.seat(class, &mut seated, Copy::Stays(index));
                }
            }
        }
        Ok(seated)
    }

    /// Now it is known which of the copies that are there are elsewhere than the leader.
    fn lead_from(&self, class: &Class, seated: &mut Seated<'a>, home: PlaceId) -> Result<(), Flaw> {
        seated.home = Some(home);
        let usable = class.seats.iter().enumerate();
        let mut usable = usable.filter(|(index, s)| *index > 0 && s.usable && s.leave.is_none());
        if usable.any(|(_, s)| s.place != home) {
            seated.apart = true;
            let bare = self.certificate.weigh(&class.bare_host)?;
            seated.pay(&Wide::ZERO.minus(&bare)?)?;
        }
        Ok(())
    }

    /// The cheapest outcome with that leader, and how many copies were looked at.
    fn led(
        &self,
        class: &Class,
        bare: &Seated<'a>,
        lead: Lead,
    ) -> Result<((Wide, Outcome), usize), Flaw> {
        let mut seated = bare.clone();
        let (forced, cost, place) = match lead {
            Lead::Seat(index) => {
                let seat = &class.seats[index];
                let cost = seat
                    .lead
                    .map_or(Ok(Wide::ZERO), |l| self.certificate.weigh(&l))?;
                let price = Wide::of(&self.certificate.places[seat.place]);
                let stays = seat.leave.is_some().then_some(Copy::Stays(index));
                (stays, cost.plus(&price)?, seat.place)
            }
            Lead::Kind(kind) => {
                let cost = self.lead[kind].unwrap_or(Wide::ZERO);
                (Some(Copy::Comes(kind)), cost, self.kind(kind).place)
            }
        };
        seated.pay(&cost)?;
        if class.led_anew {
            self.lead_from(class, &mut seated, place)?;
        }
        if let Some(copy) = forced {
            let step = self.step(class, &seated, copy)?;
            seated.pay(&step.cost)?;
            self.seat(class, &mut seated, copy);
        }
        if lead != Lead::Seat(0) {
            let room = self.instance.beside_room(class);
            let beside = self.certificate.weigh(&self.instance.tariff.beside)?;
            let beyond = (seated.at_place(place) - room).max(0);
            seated.pay(&beside.times(i128::from(beyond))?)?;
            seated.besides(place, room, beside);
        }
        let (cost, best, length) = self.filled(class, seated)?;
        let gone = |&i: &usize| class.seats[i].leave.is_some() && !best.stays.contains(&i);
        let outcome = Outcome {
            gone: (0..class.seats.len()).filter(gone).collect(),
            comes: best.kinds(),
            lead,
        };
        Ok(((cost, outcome), length))
    }
}

#[cfg(test)]
mod tests;
