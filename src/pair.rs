//! Replicas for masters, of two lists that somebody made: the fewest pairs that share a host, then
//! a zone, then a disk, as a plan chooses them.

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SINK;
use crate::flow::SOURCE;

/// Where a node runs, by names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    pub host: String,
    pub zone: Option<String>,
    pub disk: Option<String>,
}

/// Indexes into the two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    pub master: usize,
    pub replica: usize,
}

/// What a pair has in common: how many of them a choice of pairs costs, the first counting most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Replicas beyond the first of a master.
    Crowd,
    Host,
    Zone,
    Disk,
    /// Far apart in the lists.
    Tie,
}

const LEVELS: usize = Level::Tie as usize + 1;

impl Place {
    pub fn shares_host(&self, other: &Self) -> bool {
        self.host == other.host
    }

    pub fn shares_zone(&self, other: &Self) -> bool {
        self.zone.is_some() && self.zone == other.zone
    }

    pub fn shares_disk(&self, other: &Self) -> bool {
        self.shares_host(other) && self.disk.is_some() && self.disk == other.disk
    }
}

/// A master for every replica, each master one before any gets a second; by master, then by
/// replica. What is in neither list of a pair is left over.
pub fn pair(replicas: &[Place], masters: &[Place]) -> Vec<Pair> {
    let mut network: Network<LEVELS> = Network::new();
    let ends: Vec<usize> = masters.iter().map(|_| network.node()).collect();
    for &end in &ends {
        // The first costs nothing, each further one more than the one before.
        for extra in 0..replicas.len().div_ceil(masters.len().max(1)) {
            let cost = Cost::of(Level::Crowd as usize, extra as i64);
            network.arc(end, SINK, 1, cost);
        }
    }
    let mut arcs = Vec::new();
    for (r, replica) in replicas.iter().enumerate() {
        let start = network.node();
        network.arc(SOURCE, start, 1, Cost::ZERO);
        for (m, master) in masters.iter().enumerate() {
            let apart = (r as i64 - m as i64).pow(2);
            let cost = Cost::of(Level::Host as usize, replica.shares_host(master).into())
                .plus(Level::Zone as usize, replica.shares_zone(master).into())
                .plus(Level::Disk as usize, replica.shares_disk(master).into())
                .plus(Level::Tie as usize, apart);
            let pair = Pair {
                master: m,
                replica: r,
            };
            arcs.push((network.arc(start, ends[m], 1, cost), pair));
        }
    }
    let flow = network.solve(Amount::Most);
    let chosen = arcs.into_iter().filter(|(arc, _)| flow.on(*arc) > 0);
    let mut pairs: Vec<Pair> = chosen.map(|(_, pair)| pair).collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `h1/z1/d1`
    fn places(text: &str) -> Vec<Place> {
        let place = |word: &str| {
            let mut parts = word.split('/').map(str::to_owned);
            Place {
                host: parts.next().unwrap_or_default(),
                zone: parts.next().filter(|p| !p.is_empty()),
                disk: parts.next(),
            }
        };
        text.split_whitespace().map(place).collect()
    }

    fn shared(replicas: &[Place], masters: &[Place], pairs: &[Pair]) -> [usize; 3] {
        let count = |test: fn(&Place, &Place) -> bool| {
            let of = |p: &&Pair| test(&replicas[p.replica], &masters[p.master]);
            pairs.iter().filter(of).count()
        };
        [
            count(Place::shares_host),
            count(Place::shares_zone),
            count(Place::shares_disk),
        ]
    }

    #[test]
    fn hosts_are_kept_apart_where_a_greedy_choice_would_not() {
        // First to first would leave b for b.
        let (replicas, masters) = (places("a b"), places("c b"));
        let pairs = pair(&replicas, &masters);
        assert_eq!(shared(&replicas, &masters, &pairs), [0, 0, 0]);
        assert_eq!(
            pairs[0],
            Pair {
                master: 0,
                replica: 1
            }
        );
    }

    #[test]
    fn no_other_choice_shares_less() {
        let mut state = 11u64;
        let mut draw = |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 33) % n
        };
        for _ in 0..200 {
            let mut some = |n: u64| -> Vec<Place> {
                let words: Vec<String> = (0..n)
                    .map(|_| {
                        let host = draw(3);
                        format!("h{host}/z{}/d{}", host % 2, draw(2))
                    })
                    .collect();
                places(&words.join(" "))
            };
            let (replicas, masters) = (some(4), some(4));
            let pairs = pair(&replicas, &masters);
            assert_eq!(pairs.len(), 4);
            let found = shared(&replicas, &masters, &pairs);
            let mut best = found;
            permutations(&mut vec![0, 1, 2, 3], 0, &mut |order| {
                let other: Vec<Pair> = order
                    .iter()
                    .enumerate()
                    .map(|(master, &replica)| Pair { master, replica })
                    .collect();
                best = best.min(shared(&replicas, &masters, &other));
            });
            assert_eq!(found, best);
        }
    }

    fn permutations(order: &mut Vec<usize>, at: usize, look: &mut impl FnMut(&[usize])) {
        if at == order.len() {
            look(order);
        }
        for other in at..order.len() {
            order.swap(at, other);
            permutations(order, at + 1, look);
            order.swap(at, other);
        }
    }

    #[test]
    fn each_master_gets_one_before_any_gets_two_and_nothing_is_dropped() {
        let pairs = pair(&places("a a a"), &places("a b"));
        let of = |m: usize| pairs.iter().filter(|p| p.master == m).count();
        assert_eq!((pairs.len(), of(0), of(1)), (3, 1, 2));
        assert_eq!(pair(&places("a"), &places("b c")).len(), 1);
        assert_eq!(pair(&places("a"), &[]), []);
        assert_eq!(pair(&[], &places("a")), []);
    }
}
