//! What no order of hosts or zones does without, added up again in whole numbers.
//!
//! A shard is led from somewhere when all is done, and what that costs follows from the order. Hosts
//! and zones hold so many masters in the end, so leading from one may be given a price: whatever the
//! prices, the cheapest end of every shard, less what the room of each place is worth, is a sum that
//! no plan with that order is below. Few orders are gone through one by one, each with the prices that
//! say most about it; of more, only what the order itself costs is added up. Nothing is searched for.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// So many places are gone through in every order.
const EVERY_ORDER: usize = 7;

/// So many that hang together in every set of those that are done.
const EVERY_SET: usize = 13;

/// More orders times shards take too long.
const MOST: usize = 1_500_000;

/// So many lists of prices are enough.
pub const MOST_PRICES: usize = 64;

/// One copy of a shard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Copy {
    /// With which it goes down, if it does.
    pub place: Option<usize>,
    /// What holds one master more when it leads.
    pub stands: Vec<usize>,
    /// It may lead.
    pub leads: bool,
}

/// A shard, who leads it first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ring {
    pub copies: Vec<Copy>,
    /// Who was down must not lead one that is still to go down.
    pub strict: bool,
}

/// A host or a zone in which masters are in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stand {
    pub is_zone: bool,
    /// Masters that are not too many.
    pub share: i64,
}

/// What is ordered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Game {
    pub places: usize,
    pub stands: Vec<Stand>,
    /// Masters above the shares of all hosts, and of all zones, that there may be.
    pub over: [i64; 2],
    pub rings: Vec<Ring>,
    /// Whoever led before leads in the end.
    pub as_before: bool,
}

impl Ring {
    /// Failovers that it takes to end with each of the copies as the leader, where `turn` says when
    /// each place goes down; `None` for who must not lead.
    pub fn ends(&self, turn: &[usize]) -> Vec<Option<i64>> {
        let mut best: Vec<Option<i64>> = vec![None; self.copies.len()];
        best[0] = Some(0);
        for place in self.events(turn) {
            let before = best.clone();
            let leave = self.goes(place);
            let spent = leave.clone().filter_map(|c| before[c]).min();
            leave.for_each(|c| best[c] = None);
            let Some(spent) = spent else { continue };
            for heir in self.heirs(place, turn) {
                best[heir] = Some(best[heir].map_or(spent + 1, |b| b.min(spent + 1)));
            }
        }
        let least = best.iter().flatten().min().copied();
        let end = |c: usize| best[c].into_iter().chain(least.map(|l| l + 1)).min();
        (0..best.len())
            .map(|c| end(c).filter(|_| self.may_lead(c)))
            .collect()
    }

    /// Who takes over before which place goes down, so that as few failovers as [`Self::ends`] says
    /// end with `last`; what is left behind the last of them is one failover more.
    pub fn path(&self, turn: &[usize], last: usize) -> Vec<(usize, usize)> {
        type Way = (i64, Vec<(usize, usize)>);
        let mut best: Vec<Option<Way>> = vec![None; self.copies.len()];
        best[0] = Some((0, Vec::new()));
        for place in self.events(turn) {
            let before = best.clone();
            let leave = self.goes(place);
            let spent = leave.clone().filter_map(|c| before[c].clone()).min();
            leave.for_each(|c| best[c] = None);
            let Some((cost, way)) = spent else { continue };
            for heir in self.heirs(place, turn) {
                if best[heir].as_ref().is_none_or(|(b, _)| cost + 1 < *b) {
                    let next = way.iter().copied().chain([(place, heir)]);
                    best[heir] = Some((cost + 1, next.collect()));
                }
            }
        }
        let least = best.iter().flatten().min().cloned();
        let straight = best[last].take();
        let way = match (straight, least) {
            (Some(straight), Some(least)) if straight.0 <= least.0 + 1 => straight,
            (_, Some(least)) => least,
            (Some(straight), None) => straight,
            (None, None) => return Vec::new(),
        };
        way.1
    }

    fn may_lead(&self, copy: usize) -> bool {
        copy == 0 || self.copies[copy].leads
    }

    /// Its places, in the order in which they go down.
    fn events(&self, turn: &[usize]) -> Vec<usize> {
        let places: BTreeSet<usize> = self.copies.iter().filter_map(|c| c.place).collect();
        let mut places: Vec<usize> = places.into_iter().collect();
        places.sort_by_key(|&p| turn[p]);
        places
    }

    fn goes(&self, place: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        let copies = self.copies.iter().enumerate();
        copies
            .filter(move |(_, c)| c.place == Some(place))
            .map(|(index, _)| index)
    }

    /// Who may take over right before a place goes down; where nobody may, anybody else.
    fn heirs(&self, place: usize, turn: &[usize]) -> Vec<usize> {
        let down = |c: &Copy| c.place.is_some_and(|p| turn[p] < turn[place]);
        let here = |c: &Copy| c.place == Some(place);
        let all = |c: &Copy| c.place.is_none() || down(c) || here(c);
        let all_down = self.copies.iter().all(all);
        let others: Vec<usize> = (0..self.copies.len())
            .filter(|&c| !here(&self.copies[c]) && self.may_lead(c))
            .collect();
        let fits = |&c: &usize| !self.strict || all_down || !down(&self.copies[c]);
        let able: Vec<usize> = others.iter().copied().filter(fits).collect();
        match able.is_empty() {
            true => others,
            false => able,
        }
    }
}

impl Game {
    /// What the best end costs with that order, if leading costs what the prices say; with what the
    /// room of all stands is worth taken off.
    pub fn priced(&self, ends: &[Vec<Option<i64>>], prices: &[i64]) -> i64 {
        let price = |stand: &usize| prices.get(*stand).copied().unwrap_or(0);
        let mut sum = 0_i64;
        for (ring, ends) in self.rings.iter().zip(ends) {
            let copies = ring.copies.iter().zip(ends);
            let led = copies.filter_map(|(copy, end)| {
                let stands: i64 = copy.stands.iter().map(price).sum();
                Some((*end)? + stands)
            });
            let least = match self.as_before {
                true => ends.first().copied().flatten(),
                false => led.min(),
            };
            sum += least.unwrap_or(0);
        }
        let mut highest = [0_i64; 2];
        for (at, stand) in self.stands.iter().enumerate() {
            let price = price(&at);
            sum -= price.saturating_mul(stand.share);
            let tier = usize::from(stand.is_zone);
            highest[tier] = highest[tier].max(price);
        }
        sum - highest[0].saturating_mul(self.over[0]) - highest[1].saturating_mul(self.over[1])
    }

    pub fn ends(&self, turn: &[usize]) -> Vec<Vec<Option<i64>>> {
        self.rings.iter().map(|ring| ring.ends(turn)).collect()
    }

    /// Failovers that no plan does without, and waves that none with `value` failovers does.
    pub fn bounds(&self, prices: &[Vec<i64>], value: i64) -> (i64, i64) {
        if !self.is_small() {
            return (self.by_parts(), self.clique());
        }
        let (mut failovers, mut waves) = (i64::MAX, i64::MAX);
        let beside = self.beside();
        self.each_order(&mut |order| {
            let turn = turns(order);
            let ends = self.ends(&turn);
            let priced = prices.iter().map(|p| self.priced(&ends, p));
            let plain = self.priced(&ends, &[]);
            let least = priced.fold(plain, i64::max);
            failovers = failovers.min(least);
            if least <= value {
                waves = waves.min(layers(order, &beside).len() as i64);
            }
        });
        match failovers {
            i64::MAX => (0, 0),
            _ => (failovers, if waves == i64::MAX { 0 } else { waves }),
        }
    }

    /// Every order can be gone through.
    pub fn is_small(&self) -> bool {
        let orders: usize = (1..=self.places.min(EVERY_ORDER)).product();
        self.places <= EVERY_ORDER && orders.saturating_mul(self.rings.len()) <= MOST
    }

    /// Calls with every order of all places.
    pub fn each_order(&self, with: &mut dyn FnMut(&[usize])) {
        fn grow(order: &mut Vec<usize>, left: &mut Vec<usize>, with: &mut dyn FnMut(&[usize])) {
            if left.is_empty() {
                with(order);
                return;
            }
            for at in 0..left.len() {
                let place = left.remove(at);
                order.push(place);
                grow(order, left, with);
                order.pop();
                left.insert(at, place);
            }
        }
        grow(&mut Vec::new(), &mut (0..self.places).collect(), with);
    }

    /// By place the places that share a shard with it.
    pub fn beside(&self) -> Vec<BTreeSet<usize>> {
        let mut beside = vec![BTreeSet::new(); self.places];
        for ring in &self.rings {
            let places: BTreeSet<usize> = ring.copies.iter().filter_map(|c| c.place).collect();
            for &a in &places {
                beside[a].extend(places.iter().copied().filter(|&b| b != a));
            }
        }
        beside
    }

    /// What the order alone costs, part by part.
    fn by_parts(&self) -> i64 {
        let beside = self.beside();
        let mut seen = vec![false; self.places];
        let mut sum = 0;
        for start in 0..self.places {
            if seen[start] {
                continue;
            }
            let (mut part, mut ahead) = (Vec::new(), vec![start]);
            seen[start] = true;
            while let Some(place) = ahead.pop() {
                part.push(place);
                for &next in &beside[place] {
                    if !std::mem::replace(&mut seen[next], true) {
                        ahead.push(next);
                    }
                }
            }
            sum += match part.len() <= EVERY_SET {
                true => self.by_sets(&part),
                false => self.by_pairs(&part),
            };
        }
        sum
    }

    /// Failovers of the masters at a place that goes down behind the places of `done`.
    fn cost(&self, led: &[&Ring], done: &dyn Fn(usize) -> bool) -> i64 {
        let mut sum = 0;
        for ring in led {
            let others = || ring.copies[1..].iter();
            let stays = others().any(|c| c.leads && c.place.is_none());
            let settled = match self.as_before {
                // There and back.
                true => false,
                false if ring.strict => others().all(|c| c.place.is_none_or(done)),
                false => others().any(|c| c.leads && c.place.is_some_and(done)),
            };
            sum += 1 + i64::from(!(settled || (stays && !self.as_before)));
        }
        sum
    }

    /// By place of a part the shards that are led there.
    fn led(&self, part: &[usize]) -> Vec<Vec<&Ring>> {
        let mut led: BTreeMap<usize, Vec<&Ring>> = BTreeMap::new();
        for ring in &self.rings {
            if let Some(place) = ring.copies[0].place {
                led.entry(place).or_default().push(ring);
            }
        }
        part.iter()
            .map(|p| led.remove(p).unwrap_or_default())
            .collect()
    }

    /// Every set of places that may be done, with the fewest failovers to get there.
    fn by_sets(&self, part: &[usize]) -> i64 {
        let all = (1_usize << part.len()) - 1;
        let mut best = vec![i64::MAX; all + 1];
        best[0] = 0;
        let led = self.led(part);
        let bits: BTreeMap<usize, usize> = part.iter().enumerate().map(|(b, &p)| (p, b)).collect();
        for set in 0..all {
            let done = |p: usize| bits.get(&p).is_some_and(|b| set >> b & 1 == 1);
            for (bit, led) in led.iter().enumerate() {
                if set >> bit & 1 == 0 {
                    let next = best[set].saturating_add(self.cost(led, &done));
                    let known = &mut best[set | 1 << bit];
                    *known = next.min(*known);
                }
            }
        }
        best[all]
    }

    /// One failover for each master, one more for those of the place that is first of all; and of each
    /// pair of places that lead shards of two copies for each other, one goes first.
    fn by_pairs(&self, part: &[usize]) -> i64 {
        let nobody = |_: usize| false;
        let everybody = |_: usize| true;
        let led = self.led(part);
        let inside: BTreeSet<usize> = part.iter().copied().collect();
        let extra = |led: &Vec<&Ring>| self.cost(led, &nobody) - self.cost(led, &everybody);
        let least: i64 = led.iter().map(|led| self.cost(led, &everybody)).sum();
        let first = led.iter().map(extra).min().unwrap_or(0);
        let mut pairs: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for ring in &self.rings {
            if let [Copy { place: Some(a), .. }, other] = &ring.copies[..]
                && let Some(b) = other.place
                && inside.contains(a)
                && other.leads
                && !self.as_before
            {
                *pairs.entry((*a, b)).or_default() += 1;
            }
        }
        let mutual = |(&(a, b), count): (&(usize, usize), &i64)| match a < b {
            true => pairs.get(&(b, a)).map_or(0, |other| *count.min(other)),
            false => 0,
        };
        least + first.max(pairs.iter().map(mutual).sum())
    }

    /// Places each two of which share a shard: no two of them go down in one wave.
    fn clique(&self) -> i64 {
        let beside = self.beside();
        let grown = |start: usize| {
            let mut clique = vec![start];
            for (next, shared) in beside.iter().enumerate() {
                if next != start && clique.iter().all(|p| shared.contains(p)) {
                    clique.push(next);
                }
            }
            clique.len() as i64
        };
        (0..self.places).map(grown).max().unwrap_or(0)
    }
}

/// By place when it goes down.
pub fn turns(order: &[usize]) -> Vec<usize> {
    let mut turn = vec![0; order.len()];
    for (at, &place) in order.iter().enumerate() {
        turn[place] = at;
    }
    turn
}

/// Each place as early as those before it that share a shard with it allow.
pub fn layers(order: &[usize], beside: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut wave_of = vec![None; beside.len()];
    let mut waves: Vec<Vec<usize>> = Vec::new();
    for &place in order {
        let before = beside[place].iter().filter_map(|&b| wave_of[b]);
        let wave = before.max().map_or(0, |last: usize| last + 1);
        wave_of[place] = Some(wave);
        if waves.len() == wave {
            waves.push(Vec::new());
        }
        waves[wave].push(place);
    }
    waves
}
