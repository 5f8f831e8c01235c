//! The copies of one shard while they are counted up.

use crate::plan::target::instance::DiskId;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::instance::ZoneId;
use crate::plan::target::wide::Overflow;
use crate::plan::target::wide::Wide;

/// Copies by host, disk and zone, and what they cost so far. Few at a time, so lists do.
#[derive(Clone)]
pub struct Seated<'a> {
    instance: &'a Instance,
    pub cost: Wide,
    places: Vec<(PlaceId, i64)>,
    disks: Vec<(DiskId, i64)>,
    zones: Vec<(ZoneId, i64)>,
    kinds: Vec<(KindId, i64)>,
    /// Seats that could leave and stay.
    pub stays: Vec<usize>,
    pub usable: i64,
    /// Where the shard is led from, as far as that is known.
    pub home: Option<PlaceId>,
    /// A usable copy is elsewhere.
    pub apart: bool,
    /// Copies that are charged for sharing a zone.
    pub doubled: i64,
    /// Copies in a zone.
    pub zoned: i64,
    /// Copies that stay though they could leave, or come.
    pub added: usize,
    beside: Option<(PlaceId, i64, Wide)>,
}

impl<'a> Seated<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        Self {
            instance,
            cost: Wide::ZERO,
            places: Vec::new(),
            disks: Vec::new(),
            zones: Vec::new(),
            kinds: Vec::new(),
            stays: Vec::new(),
            usable: 0,
            home: None,
            apart: false,
            doubled: 0,
            zoned: 0,
            added: 0,
            beside: None,
        }
    }

    pub fn is_apart(&self, place: PlaceId) -> bool {
        self.home.is_some_and(|home| home != place)
    }

    pub fn pay(&mut self, cost: &Wide) -> Result<(), Overflow> {
        self.cost = self.cost.plus(cost)?;
        Ok(())
    }

    /// From now on a copy at the leader's place beyond `room` costs that much.
    pub fn besides(&mut self, place: PlaceId, room: i64, cost: Wide) {
        self.beside = Some((place, room, cost));
    }

    pub fn beside_step(&self, place: PlaceId) -> Wide {
        match self.beside {
            Some((leads, room, cost)) if leads == place && self.at_place(place) >= room => cost,
            _ => Wide::ZERO,
        }
    }

    pub fn add(&mut self, place: PlaceId, disk: Option<DiskId>) {
        bump(&mut self.places, place);
        if let Some(disk) = disk {
            bump(&mut self.disks, disk);
        }
        if let Some(zone) = self.instance.zone_of(place) {
            bump(&mut self.zones, zone);
        }
    }

    /// One of a kind comes.
    pub fn take(&mut self, kind: KindId) {
        bump(&mut self.kinds, kind);
    }

    /// A copy gives its place and its node free again, and stays in every other count.
    pub fn vacate(&mut self, place: PlaceId, kind: KindId) {
        for (list, index) in [(&mut self.places, place), (&mut self.kinds, kind)] {
            if let Some((_, count)) = list.iter_mut().find(|(i, _)| *i == index) {
                *count -= 1;
            }
        }
    }

    pub fn at_place(&self, place: PlaceId) -> i64 {
        count(&self.places, place)
    }

    pub fn on_disk(&self, disk: DiskId) -> i64 {
        count(&self.disks, disk)
    }

    pub fn in_zone(&self, zone: ZoneId) -> i64 {
        count(&self.zones, zone)
    }

    pub fn taken(&self, kind: KindId) -> i64 {
        count(&self.kinds, kind)
    }

    /// How many copies there are.
    pub fn places_taken(&self) -> usize {
        self.places.iter().map(|p| p.1 as usize).sum()
    }

    pub fn places(&self) -> impl Iterator<Item = PlaceId> {
        self.places.iter().filter(|p| p.1 > 0).map(|p| p.0)
    }

    pub fn zones(&self) -> impl Iterator<Item = ZoneId> {
        self.zones.iter().map(|z| z.0)
    }

    /// Kinds that came, sorted, one entry per node.
    pub fn kinds(&self) -> Vec<KindId> {
        let each = |&(kind, count): &(KindId, i64)| (0..count).map(move |_| kind);
        let mut kinds: Vec<KindId> = self.kinds.iter().flat_map(each).collect();
        kinds.sort_unstable();
        kinds
    }
}

fn bump(list: &mut Vec<(usize, i64)>, index: usize) {
    match list.iter_mut().find(|(i, _)| *i == index) {
        Some((_, count)) => *count += 1,
        None => list.push((index, 1)),
    }
}

fn count(list: &[(usize, i64)], index: usize) -> i64 {
    list.iter()
        .find(|(i, _)| *i == index)
        .map_or(0, |(_, n)| *n)
}
