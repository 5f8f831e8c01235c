//! Hosts or zones, each as a whole, one after the other or some at a time.
//!
//! A master that goes down with its place hands over first: to a copy that was down already, and
//! that is the end of it; if its place is the first of its copies', to one that will go down, and
//! so once more. So the order decides how many failovers it takes. With two copies a shard this is
//! the minimum feedback arc set of "the replica's place before the master's", which no known method
//! solves fast for many places: up to [`EXACT`] places that hang together every order is looked
//! through; beyond, an order is sought and the gap to a bound is told.

use std::collections::BTreeSet;

use crate::plan::rolling::Bounded;

/// So many places that hang together are ordered exactly.
pub const EXACT: usize = 13;

/// What one shard means for the order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ring {
    /// The place of its master, if that goes down.
    pub master: Option<usize>,
    /// Places of other copies that go down and may lead.
    pub others: Vec<usize>,
    /// Places of copies that go down and may not lead.
    pub silent: Vec<usize>,
    /// A copy that may lead stays up.
    pub stays: bool,
    /// A copy that was down must not lead one that is still to go down: it would be the newer one.
    pub strict: bool,
}

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Places that go down at the same time, wave by wave, ascending in each.
    pub waves: Vec<Vec<usize>>,
    pub failovers: Bounded,
    /// Waves, among the orders with so few failovers.
    pub length: Bounded,
}

/// The best order of `places`. No ring has two copies at one place.
pub fn order(places: usize, rings: &[Ring]) -> Order {
    let scene = Scene::new(places, rings);
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let (mut failovers, mut length) = (Bounded::default(), Bounded::default());
    for part in scene.parts() {
        let found = scene.ordered(&part);
        failovers.value += found.failovers.value;
        failovers.bound += found.failovers.bound;
        length.value = length.value.max(found.length.value);
        length.bound = length.bound.max(found.length.bound);
        for (index, wave) in found.waves.into_iter().enumerate() {
            if waves.len() == index {
                waves.push(Vec::new());
            }
            waves[index].extend(wave);
        }
    }
    waves.iter_mut().for_each(|wave| wave.sort_unstable());
    Order {
        waves,
        failovers,
        length,
    }
}

/// Failovers that an order takes, given as waves: for those who check one.
pub fn failovers(places: usize, rings: &[Ring], waves: &[Vec<usize>]) -> i64 {
    let scene = Scene::new(places, rings);
    let mut done = vec![false; places];
    let mut total = 0;
    for wave in waves {
        total += wave.iter().map(|&p| scene.cost(p, &done)).sum::<i64>();
        wave.iter().for_each(|&p| done[p] = true);
    }
    total
}

struct Scene<'a> {
    rings: &'a [Ring],
    /// By place: rings whose master is there.
    led: Vec<Vec<usize>>,
    /// By place: places that share a shard with it.
    beside: Vec<BTreeSet<usize>>,
}

impl<'a> Scene<'a> {
    fn new(places: usize, rings: &'a [Ring]) -> Self {
        let (mut led, mut beside) = (vec![Vec::new(); places], vec![BTreeSet::new(); places]);
        for (index, ring) in rings.iter().enumerate() {
            if let Some(master) = ring.master {
                led[master].push(index);
            }
            let all = ring.places();
            for &a in &all {
                beside[a].extend(all.iter().copied().filter(|&b| b != a));
            }
        }
        Self { rings, led, beside }
    }

    /// Failovers of the masters at a place that goes down once others are done.
    fn cost(&self, place: usize, done: &[bool]) -> i64 {
        let led = self.led[place].iter().map(|&ring| &self.rings[ring]);
        led.map(|ring| 1 + i64::from(!ring.is_settled(done))).sum()
    }

    /// Places that hang together by shards, each part ascending.
    fn parts(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.beside.len()];
        let mut parts = Vec::new();
        for start in 0..self.beside.len() {
            if std::mem::replace(&mut seen[start], true) {
                continue;
            }
            let (mut part, mut ahead) = (Vec::new(), vec![start]);
            while let Some(place) = ahead.pop() {
                part.push(place);
                for &next in &self.beside[place] {
                    if !std::mem::replace(&mut seen[next], true) {
                        ahead.push(next);
                    }
                }
            }
            part.sort_unstable();
            parts.push(part);
        }
        parts
    }

    fn ordered(&self, part: &[usize]) -> Order {
        if part.len() <= EXACT {
            self.exact(part)
        } else {
            self.sought(part)
        }
    }

    /// Every set of places that may be done, with the fewest failovers to get there, and the
    /// fewest waves with so few: a wave is a set of places no two of which share a shard.
    fn exact(&self, part: &[usize]) -> Order {
        const UNSEEN: (i64, i64) = (i64::MAX, i64::MAX);
        let all = (1_usize << part.len()) - 1;
        let apart: Vec<usize> = part.iter().map(|p| self.mask(part, *p)).collect();
        let mut best = vec![(UNSEEN, 0_usize); all + 1];
        best[0].0 = (0, 0);
        let mut done = vec![false; self.beside.len()];
        for set in 0..all {
            let reached = best[set].0;
            if reached == UNSEEN {
                continue;
            }
            for (bit, &place) in part.iter().enumerate() {
                done[place] = set >> bit & 1 == 1;
            }
            let costs: Vec<i64> = part.iter().map(|&p| self.cost(p, &done)).collect();
            // Every wave, grown by its next higher place.
            let mut waves: Vec<(usize, usize, usize, i64)> = vec![(0, 0, all & !set, 0)];
            while let Some((wave, from, free, cost)) = waves.pop() {
                for bit in from..part.len() {
                    if free >> bit & 1 == 0 {
                        continue;
                    }
                    let (wave, cost) = (wave | 1 << bit, cost + costs[bit]);
                    let next = (reached.0 + cost, reached.1 + 1);
                    let known = &mut best[set | wave];
                    if next < known.0 {
                        *known = (next, wave);
                    }
                    waves.push((wave, bit + 1, free & !apart[bit], cost));
                }
            }
        }
        let (failovers, length) = best[all].0;
        let mut waves = Vec::new();
        let mut set = all;
        while set != 0 {
            let wave = best[set].1;
            let places = part.iter().enumerate();
            let there = places.filter(|(bit, _)| wave >> bit & 1 == 1);
            waves.push(there.map(|(_, &place)| place).collect());
            set &= !wave;
        }
        waves.reverse();
        Order {
            waves,
            failovers: Bounded::exact(failovers),
            length: Bounded::exact(length),
        }
    }

    /// Itself and whoever shares a shard with it.
    fn mask(&self, part: &[usize], place: usize) -> usize {
        let places = part.iter().enumerate();
        let beside = places.filter(|(_, p)| **p == place || self.beside[place].contains(*p));
        beside.fold(0, |mask, (bit, _)| mask | 1 << bit)
    }

    /// The place that costs least now goes next; then places are moved as long as that saves a
    /// failover.
    fn sought(&self, part: &[usize]) -> Order {
        let mut done = vec![false; self.beside.len()];
        let mut left: Vec<usize> = part.to_vec();
        let mut order = Vec::with_capacity(part.len());
        while !left.is_empty() {
            let saved = |p: usize| -> i64 {
                let by: BTreeSet<usize> = self.beside[p].iter().copied().collect();
                by.iter().map(|&q| self.led[q].len() as i64).sum()
            };
            let next = (0..left.len()).min_by_key(|&i| {
                let place = left[i];
                let extra = self.cost(place, &done) - self.led[place].len() as i64;
                (extra, -saved(place), place)
            });
            let place = left.remove(next.unwrap_or(0));
            done[place] = true;
            order.push(place);
        }
        self.improve(&mut order);
        let waves = self.layered(&order);
        let value = failovers(self.beside.len(), self.rings, &waves);
        Order {
            failovers: Bounded {
                value,
                bound: self.least(part),
            },
            length: Bounded {
                value: waves.len() as i64,
                bound: self.clique(part),
            },
            waves,
        }
    }

    fn price(&self, order: &[usize]) -> i64 {
        let mut done = vec![false; self.beside.len()];
        let mut total = 0;
        for &place in order {
            total += self.cost(place, &done);
            done[place] = true;
        }
        total
    }

    /// Moves one place at a time to where it saves most, a few rounds.
    fn improve(&self, order: &mut Vec<usize>) {
        const ROUNDS: usize = 8;
        const WORTH_IT: usize = 120;
        if order.len() > WORTH_IT {
            return;
        }
        let mut best = self.price(order);
        for _ in 0..ROUNDS {
            let before = best;
            for from in 0..order.len() {
                for to in 0..order.len() {
                    let mut other = order.clone();
                    let place = other.remove(from);
                    other.insert(to, place);
                    let price = self.price(&other);
                    if price < best {
                        (best, *order) = (price, other);
                    }
                }
            }
            if best == before {
                break;
            }
        }
    }

    /// Each place as early as those before it that share a shard with it allow.
    fn layered(&self, order: &[usize]) -> Vec<Vec<usize>> {
        let mut wave_of = vec![None; self.beside.len()];
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for &place in order {
            let before = self.beside[place].iter().filter_map(|&b| wave_of[b]);
            let wave = before.max().map_or(0, |last: usize| last + 1);
            wave_of[place] = Some(wave);
            if waves.len() == wave {
                waves.push(Vec::new());
            }
            waves[wave].push(place);
        }
        waves
    }

    /// Failovers that no order saves: one for each master, one more for those of the place that is
    /// first of all; and of each pair of places that lead shards of two copies for each other, one
    /// goes first.
    fn least(&self, part: &[usize]) -> i64 {
        let inside: BTreeSet<usize> = part.iter().copied().collect();
        let masters: i64 = part.iter().map(|&p| self.led[p].len() as i64).sum();
        let nobody = vec![false; self.beside.len()];
        let first = part
            .iter()
            .map(|&p| self.cost(p, &nobody) - self.led[p].len() as i64);
        let first = first.min().unwrap_or(0);
        let mut pairs = vec![Vec::new(); self.beside.len()];
        for ring in self.rings {
            if let (Some(master), [other], false) = (ring.master, &ring.others[..], ring.stays)
                && inside.contains(&master)
            {
                pairs[master].push(*other);
            }
        }
        let count = |a: usize, b: usize| pairs[a].iter().filter(|&&o| o == b).count() as i64;
        let mutual: i64 = part
            .iter()
            .flat_map(|&a| self.beside[a].iter().map(move |&b| (a, b)))
            .filter(|(a, b)| a < b)
            .map(|(a, b)| count(a, b).min(count(b, a)))
            .sum();
        masters + first.max(mutual)
    }

    /// Places each two of which share a shard, found greedily: no two of them in one wave.
    fn clique(&self, part: &[usize]) -> i64 {
        let grown = |start: usize| {
            let mut clique = vec![start];
            for &next in part {
                let fits = |p: &usize| self.beside[next].contains(p);
                if next != start && clique.iter().all(fits) {
                    clique.push(next);
                }
            }
            clique.len() as i64
        };
        part.iter().map(|&p| grown(p)).max().unwrap_or(0)
    }
}

impl Ring {
    fn places(&self) -> Vec<usize> {
        let all = self.master.iter().chain(&self.others).chain(&self.silent);
        all.copied().collect()
    }

    /// Its master may hand over for good: to a copy that stays up, or to one that was down.
    fn is_settled(&self, done: &[bool]) -> bool {
        let mut replicas = self.others.iter().chain(&self.silent);
        self.stays
            || if self.strict {
                replicas.all(|&p| done[p])
            } else {
                self.others.iter().any(|&p| done[p])
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(master: usize, others: &[usize]) -> Ring {
        Ring {
            master: Some(master),
            others: others.to_vec(),
            silent: Vec::new(),
            stays: false,
            strict: false,
        }
    }

    /// Numbers that look like chance.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % n
        }

        fn rings(&mut self, places: usize, count: usize) -> Vec<Ring> {
            (0..count).map(|_| self.ring(places)).collect()
        }

        fn ring(&mut self, places: usize) -> Ring {
            let mut all: Vec<usize> = (0..places).collect();
            let mut copies = Vec::new();
            for _ in 0..2 + self.below(2) {
                copies.push(all.remove(self.below(all.len())));
            }
            Ring {
                master: Some(copies[0]).filter(|_| self.below(8) > 0),
                others: copies[1..].to_vec(),
                silent: Vec::new(),
                stays: self.below(8) == 0,
                strict: self.below(6) == 0,
            }
        }
    }

    /// Fewest failovers, then fewest waves, over every order of every place: waves as early as the
    /// order lets them be.
    fn brute(places: usize, rings: &[Ring]) -> (i64, i64) {
        fn walk(scene: &Scene, order: &mut Vec<usize>, left: &mut Vec<usize>) -> (i64, i64) {
            if left.is_empty() {
                let waves = scene.layered(order);
                let price = scene.price(order);
                return (price, waves.len() as i64);
            }
            let mut best = (i64::MAX, i64::MAX);
            for at in 0..left.len() {
                let place = left.remove(at);
                order.push(place);
                best = best.min(walk(scene, order, left));
                order.pop();
                left.insert(at, place);
            }
            best
        }
        let scene = Scene::new(places, rings);
        walk(&scene, &mut Vec::new(), &mut (0..places).collect())
    }

    #[test]
    fn exact_orders_are_what_trying_all_finds() {
        let mut dice = Dice(7);
        for round in 0..60 {
            let places = 3 + round % 4;
            let count = 1 + dice.below(8);
            let rings = dice.rings(places, count);
            let found = order(places, &rings);
            let (failovers, waves) = brute(places, &rings);
            assert_eq!(found.failovers, Bounded::exact(failovers), "{rings:?}");
            assert_eq!(found.length, Bounded::exact(waves), "{rings:?}");
            assert_eq!(super::failovers(places, &rings, &found.waves), failovers);
        }
    }

    #[test]
    fn no_wave_has_two_places_that_share_a_shard_and_every_place_is_in_one() {
        let mut dice = Dice(11);
        for places in [5, 30] {
            let rings = dice.rings(places, 3 * places);
            let found = order(places, &rings);
            let mut all: Vec<usize> = found.waves.concat();
            all.sort_unstable();
            assert_eq!(all, (0..places).collect::<Vec<_>>());
            let scene = Scene::new(places, &rings);
            for wave in &found.waves {
                let apart = |a: &usize| wave.iter().all(|b| !scene.beside[*a].contains(b));
                assert!(wave.iter().all(apart), "{wave:?}");
            }
        }
    }

    #[test]
    fn what_is_sought_is_between_its_bound_and_what_is_found_by_looking_through_all() {
        let mut dice = Dice(3);
        for _ in 0..20 {
            let rings = dice.rings(7, 14);
            let scene = Scene::new(7, &rings);
            for part in scene.parts() {
                let (exact, sought) = (scene.exact(&part), scene.sought(&part));
                assert!(sought.failovers.bound <= exact.failovers.value);
                assert!(exact.failovers.value <= sought.failovers.value);
                assert!(sought.length.bound <= sought.length.value);
                assert!(scene.clique(&part) <= exact.length.value);
            }
        }
    }

    #[test]
    fn three_hosts_in_a_ring_cost_one_failover_more_than_masters() {
        let rings = [ring(0, &[1]), ring(1, &[2]), ring(2, &[0])];
        let found = order(3, &rings);
        assert_eq!(found.failovers, Bounded::exact(4));
        assert_eq!(found.length, Bounded::exact(3));
    }

    #[test]
    fn hosts_that_share_no_shard_go_together() {
        let rings = [ring(0, &[1]), ring(2, &[3])];
        let found = order(4, &rings);
        assert_eq!(found.waves, [vec![1, 3], vec![0, 2]]);
        assert_eq!(found.failovers, Bounded::exact(2));
    }
}
