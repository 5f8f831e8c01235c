//! Made-up instances and prices for tests: the same number, the same instance.

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::add;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::certificate::Frozen;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::Count;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Kind;
use crate::plan::target::instance::Lead;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Outcome;
use crate::plan::target::instance::Place;
use crate::plan::target::instance::Seat;
use crate::plan::target::instance::Spared;
use crate::plan::target::instance::Supply;
use crate::plan::target::instance::Tariff;

/// Numbers by lot.
pub struct Lot(u64);

impl Lot {
    pub fn new(seed: u64) -> Self {
        let mut lot = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| {
            lot.below(2);
        });
        lot
    }

    /// From zero, below `n`.
    pub fn below(&mut self, n: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as i64 % n.max(1)
    }

    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as i64) as usize
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

/// How large an instance is to be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub places: usize,
    pub zones: usize,
    pub classes: usize,
    pub spares: i64,
    /// Shards of a class at most.
    pub shards: i64,
}

struct Maker {
    lot: Lot,
    size: Size,
    moves: bool,
    home: bool,
    spared: Spared,
    instance: Instance,
}

/// An instance.
pub fn instance(seed: u64, size: Size) -> Instance {
    let mut lot = Lot::new(seed);
    let moves = lot.once_in(3);
    let home = lot.once_in(3);
    let odd = lot.once_in(6);
    let spared = Spared {
        host: odd && lot.once_in(2),
        disk: odd && lot.once_in(2),
        zone: odd && lot.once_in(2),
    };
    let mut maker = Maker {
        lot,
        size,
        moves,
        home,
        spared,
        instance: Instance::default(),
    };
    maker.places();
    maker.kinds();
    for _ in 0..size.classes {
        maker.class();
    }
    maker.loads();
    maker.instance
}

impl Maker {
    fn places(&mut self) {
        let zones = self.lot.index(self.size.zones + 1);
        let places = 2 + self.lot.index(self.size.places - 1);
        let all_zoned = !self.lot.once_in(4);
        for _ in 0..places {
            let zoned = zones > 0 && (all_zoned || !self.lot.once_in(3));
            let zone = zoned.then(|| self.lot.index(zones));
            self.instance.places.push(Place {
                zone,
                load: Load::default(),
            });
        }
        self.instance.zones = vec![Load::default(); zones];
        let mut used: Vec<_> = self.instance.places.iter().filter_map(|p| p.zone).collect();
        used.sort_unstable();
        used.dedup();
        // In the only zone there is nothing to be apart from.
        if used.len() < 2 {
            self.instance.places.iter_mut().for_each(|p| p.zone = None);
            self.instance.zones.clear();
            used.clear();
        }
        self.instance.zones_in_use = used.len() as i64;
        let charged = |spared, level: Level| if spared { Level::Worse } else { level }.cost(1);
        self.instance.tariff = Tariff {
            same_host: charged(self.spared.host, Level::SameHost),
            same_disk: charged(self.spared.disk, Level::SameDisk),
            same_zone: charged(self.spared.zone, Level::SameZone),
            beside: Level::Beside.cost(1),
        };
    }

    fn home(&mut self) -> i64 {
        if self.home { self.lot.below(3) - 1 } else { 0 }
    }

    fn lead(&mut self, home: i64) -> Option<Cost> {
        let turn = add(Level::Failovers.cost(1), Level::Actions, 1);
        (!self.lot.once_in(12)).then(|| add(turn, Level::Home, home))
    }

    fn disk(&mut self, place: usize) -> Option<usize> {
        let disk = self.lot.index(3);
        (disk > 0).then_some(2 * place + disk)
    }

    fn kinds(&mut self) {
        let spares = self.lot.below(self.size.spares + 1);
        for _ in 0..spares {
            let place = self.lot.index(self.instance.places.len());
            let home = self.home();
            let own = add(
                Level::Actions.cost(1 + self.lot.below(2)),
                Level::Tidy,
                -self.lot.below(2),
            );
            let kind = Kind {
                place,
                disk: self.disk(place),
                group: usize::from(self.lot.once_in(8)),
                supply: Supply::Spares(1),
                arrive: add(own, Level::Home, home.max(0)),
                lead: self.lead(-home),
            };
            let same = |k: &Kind| {
                Kind {
                    supply: kind.supply,
                    ..k.clone()
                } == kind
            };
            match self.instance.kinds.iter_mut().find(|k| same(k)) {
                Some(Kind {
                    supply: Supply::Spares(count),
                    ..
                }) => *count += 1,
                _ => self.instance.kinds.push(kind),
            }
        }
    }

    fn seat(&mut self, owner: bool) -> Seat {
        let place = self.lot.index(self.instance.places.len());
        let home = self.home();
        let lead = if owner {
            Some(Level::Home.cost(-home))
        } else {
            self.lead(-home)
        };
        let disk = self.disk(place);
        let usable = owner || !self.lot.once_in(8);
        let chained = !owner && usable && self.lot.once_in(10);
        let act = add(Level::Tidy.cost(-1), Level::Actions, 1);
        let mut stay = Level::Home.cost(home.max(0));
        let mut leave = None;
        if !owner && usable && (chained || self.moves) {
            let go = if chained {
                stay = stay + act;
                act
            } else {
                add(Level::Moves.cost(1), Level::Actions, 1)
            };
            leave = Some((self.released(place, disk, home), go));
        }
        Seat {
            place,
            disk,
            usable,
            stay,
            leave,
            lead: lead.filter(|_| usable),
        }
    }

    fn released(&mut self, place: usize, disk: Option<usize>, home: i64) -> usize {
        let turn = add(Level::Failovers.cost(1), Level::Actions, 1);
        let kind = Kind {
            place,
            disk,
            group: 0,
            supply: Supply::Released,
            arrive: Level::Home.cost(home.max(0)),
            lead: Some(add(turn, Level::Home, -home)),
        };
        let known = self.instance.kinds.iter().position(|k| *k == kind);
        known.unwrap_or_else(|| {
            self.instance.kinds.push(kind);
            self.instance.kinds.len() - 1
        })
    }

    fn class(&mut self) {
        let replicas = self.lot.below(3);
        let mut seats = vec![self.seat(true)];
        seats[0].leave = None;
        for _ in 0..replicas {
            seats.push(self.seat(false));
        }
        let led_anew = self.lot.once_in(6);
        let open = led_anew || !self.lot.once_in(10);
        let hands_over = led_anew || (open && !self.lot.once_in(6));
        if led_anew {
            self.instance.places.push(Place::default());
            seats.iter_mut().for_each(|s| s.lead = None);
            seats[0] = Seat {
                place: self.instance.places.len() - 1,
                disk: None,
                usable: false,
                stay: Cost::ZERO,
                leave: None,
                lead: None,
            };
        }
        if !open {
            seats.iter_mut().for_each(|s| s.leave = None);
        }
        let usable = seats.iter().skip(1).filter(|s| s.usable).count() as i64;
        let wanted = self.lot.below(4);
        let bare = self.lot.once_in(2);
        let enough = wanted.max(usable).max(i64::from(bare));
        let guarded = !self.lot.once_in(5);
        let lax = self.moves && self.lot.once_in(2);
        let keeps = self.lot.once_in(8);
        self.instance.classes.push(Class {
            size: 1 + self.lot.below(self.size.shards),
            open,
            hands_over,
            led_anew,
            seats,
            refuses: if self.lot.once_in(6) { vec![1] } else { vec![] },
            sync: Level::SyncMib.cost(1 + self.lot.below(3)),
            count: Count {
                none: Level::Orphans.cost(i64::from(bare)),
                wanted,
                missing: Level::Missing.cost(1),
                enough,
                surplus: if lax { Level::TieHome } else { Level::Surplus }.cost(1),
                most: if keeps { enough } else { i64::MAX },
                beyond: Level::Serve.cost(1),
            },
            bare_host: Level::Protect.cost(i64::from(guarded)),
            spared: self.spared,
        });
    }

    fn loads(&mut self) {
        let shards = self.instance.shards();
        let share = |places: usize| (shards + places as i64 - 1) / (places as i64).max(1);
        let votes = self.lot.below(shards.max(1)).max(1);
        let on_host = share(self.instance.places.len());
        let in_zone = share(self.instance.zones.len());
        let today = self.lot.once_in(5);
        for place in 0..self.instance.places.len() {
            let owner = |c: &&Class| c.owner().place == place;
            let now: i64 = self
                .instance
                .classes
                .iter()
                .filter(owner)
                .map(|c| c.size)
                .sum();
            let (limit, level) = if today {
                (on_host.max(now), Level::Worse)
            } else {
                (on_host, Level::OverHost)
            };
            self.instance.places[place].load.steps =
                vec![(votes, Level::VotesHost.cost(1)), (limit, level.cost(1))];
        }
        for load in &mut self.instance.zones {
            load.steps = vec![
                (votes, Level::VotesZone.cost(1)),
                (in_zone, Level::OverZone.cost(1)),
            ];
        }
    }
}

/// Prices by lot.
pub fn prices(seed: u64, instance: &Instance) -> Certificate {
    let mut lot = Lot::new(seed ^ 0x5151);
    let scale = 1 + lot.below(3);
    let mut certificate = Certificate {
        scale,
        ..Certificate::blank(instance)
    };
    let mut any = |low: i64| {
        let mut cost = Cost::ZERO;
        for _ in 0..3 {
            let level = lot.index(Level::TieHome as usize);
            cost = cost.plus(level, lot.below(2 * scale + 2) - low);
        }
        cost
    };
    for (kind, price) in instance.kinds.iter().zip(&mut certificate.kinds) {
        *price = match kind.supply {
            Supply::Released => any(1),
            Supply::Spares(_) => any(0).max(Cost::ZERO),
        };
    }
    certificate.places.iter_mut().for_each(|p| *p = any(1));
    certificate.zones.iter_mut().for_each(|p| *p = any(1));
    if seed.is_multiple_of(3) {
        let mut weight = any(0).max(Cost::ZERO);
        weight.0[..=Level::OverHost as usize].fill(0);
        certificate.frozen.push(Frozen {
            level: Level::OverHost,
            value: 1,
            weight,
        });
    }
    certificate
}

/// Every outcome of a class with at most so many copies that come.
pub fn outcomes(instance: &Instance, class: &Class, most: usize) -> Vec<Outcome> {
    if !class.open {
        return vec![Outcome::unchanged()];
    }
    let may_go: Vec<usize> = (0..class.seats.len())
        .filter(|&i| class.seats[i].leave.is_some())
        .collect();
    let supplies = instance.supplies();
    let takes = |k: usize| !class.refuses.contains(&instance.kinds[k].group);
    let kinds: Vec<usize> = (0..instance.kinds.len()).filter(|&k| takes(k)).collect();
    let mut all = Vec::new();
    for way in 0..1_usize << may_go.len() {
        let gone: Vec<usize> = (0..may_go.len())
            .filter(|i| way >> i & 1 == 1)
            .map(|i| may_go[i])
            .collect();
        let mut stack = vec![Vec::new()];
        while let Some(comes) = stack.pop() {
            let stays = |i: &usize| !gone.contains(i);
            let seats = (0..class.seats.len()).filter(stays);
            let may = |i: &usize| match *i {
                0 => !class.led_anew,
                i => class.hands_over && class.seats[i].lead.is_some(),
            };
            let mut leads: Vec<Lead> = seats.filter(may).map(Lead::Seat).collect();
            if class.hands_over {
                let mut able: Vec<usize> = comes.clone();
                able.dedup();
                able.retain(|&k| instance.kinds[k].lead.is_some());
                leads.extend(able.into_iter().map(Lead::Kind));
            }
            for lead in leads {
                all.push(Outcome {
                    gone: gone.clone(),
                    comes: comes.clone(),
                    lead,
                });
            }
            if comes.len() == most {
                continue;
            }
            for &kind in kinds
                .iter()
                .filter(|&&k| comes.last().is_none_or(|&l| k >= l))
            {
                let held = comes.iter().filter(|&&k| k == kind).count() as i64;
                if held < supplies[kind] {
                    let mut more: Vec<usize> = comes.clone();
                    more.push(kind);
                    stack.push(more);
                }
            }
        }
    }
    all
}

/// The least price of all decisions; `None` if there are too many, or shards would take more
/// than `most` nodes.
pub fn optimum(instance: &Instance, most: usize, limit: usize) -> Option<Cost> {
    let choices: Vec<Vec<Outcome>> = instance
        .classes
        .iter()
        .map(|c| outcomes(instance, c, most))
        .collect();
    let units: Vec<usize> = instance
        .classes
        .iter()
        .enumerate()
        .flat_map(|(i, c)| (0..c.size).map(move |_| i))
        .collect();
    let count: f64 = units.iter().map(|&c| choices[c].len() as f64).product();
    if count > limit as f64 {
        return None;
    }
    if units.iter().any(|&c| choices[c].is_empty()) {
        return None;
    }
    let mut digits = vec![0; units.len()];
    let mut best: Option<Cost> = None;
    loop {
        let decision: Vec<Outcome> = units
            .iter()
            .zip(&digits)
            .map(|(&c, &d)| choices[c][d].clone())
            .collect();
        if let Some(value) = instance.value(&decision) {
            best = Some(best.map_or(value, |b| b.min(value)));
        }
        let Some(at) = (0..units.len()).find(|&u| digits[u] + 1 < choices[units[u]].len()) else {
            return best;
        };
        digits[..at].fill(0);
        digits[at] += 1;
    }
}
