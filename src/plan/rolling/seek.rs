//! The order of a few hosts or zones together with who leads in the end: every order that the prices
//! found so far do not rule out, the best end of each as a flow.

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::flow::SINK;
use crate::flow::SOURCE;
use crate::flow::Side;
use crate::flow::UNLIMITED;
use crate::plan::rolling::joint::Game;
use crate::plan::rolling::joint::MOST_PRICES;
use crate::plan::rolling::joint::layers;
use crate::plan::rolling::joint::turns;

/// What a master above the share of a zone, and of a host, is held to cost: more than all failovers.
const OVER_ZONE: i64 = 10_000;
const OVER_HOST: i64 = 10_000_000;

/// The best order that there is, and what proves it.
#[derive(Clone, Debug)]
pub struct Found {
    pub order: Vec<usize>,
    pub waves: Vec<Vec<usize>>,
    /// By ring the copy that leads in the end.
    pub ends: Vec<usize>,
    /// Prices of the stands, some for every order that is ruled out by them.
    pub prices: Vec<Vec<i64>>,
}

/// The fewest failovers, then the fewest waves; nothing where there are too many orders.
pub fn seek(game: &Game) -> Option<Found> {
    if !game.is_small() || game.as_before {
        return None;
    }
    let beside = game.beside();
    let mut best: Option<((i64, usize), Found)> = None;
    let mut prices: Vec<Vec<i64>> = Vec::new();
    game.each_order(&mut |order| {
        let ends = game.ends(&turns(order));
        let known = prices.iter().map(|p| game.priced(&ends, p));
        let known = known.fold(game.priced(&ends, &[]), i64::max);
        let waves = layers(order, &beside);
        let most = best.as_ref().map_or((i64::MAX, usize::MAX), |b| b.0);
        if (known, waves.len()) >= most {
            return;
        }
        let settled = settle(game, &ends);
        let new = settled
            .prices
            .into_iter()
            .filter(|p| game.priced(&ends, p) > known);
        let new = new.max_by_key(|p| game.priced(&ends, p));
        prices.extend(new.filter(|_| prices.len() < MOST_PRICES));
        let cost = (settled.failovers, waves.len());
        if cost < most {
            let found = Found {
                order: order.to_vec(),
                waves,
                ends: settled.ends,
                prices: Vec::new(),
            };
            best = Some((cost, found));
        }
    });
    best.map(|(_, found)| Found { prices, ..found })
}

struct Settled {
    failovers: i64,
    ends: Vec<usize>,
    /// What the potentials come to.
    prices: Vec<Vec<i64>>,
}

/// Who leads in the end, where it is known what that costs.
fn settle(game: &Game, costs: &[Vec<Option<i64>>]) -> Settled {
    let mut network = Network::<1>::new();
    let stands: Vec<usize> = game.stands.iter().map(|_| network.node()).collect();
    // Behind a host is its zone.
    let mut behind = vec![SINK; stands.len()];
    for copy in game.rings.iter().flat_map(|r| &r.copies) {
        if let [host, zone] = copy.stands[..] {
            behind[host] = stands[zone];
        }
    }
    for (at, stand) in game.stands.iter().enumerate() {
        let over = if stand.is_zone { OVER_ZONE } else { OVER_HOST };
        network.arc(stands[at], behind[at], stand.share, Cost([0]));
        network.arc(stands[at], behind[at], UNLIMITED, Cost([over]));
    }
    let mut arcs = Vec::new();
    for (ring, costs) in game.rings.iter().zip(costs) {
        let node = network.node();
        network.arc(SOURCE, node, 1, Cost([0]));
        let mut own = Vec::new();
        for (at, (copy, cost)) in ring.copies.iter().zip(costs).enumerate() {
            let Some(cost) = *cost else { continue };
            let to = copy.stands.first().map_or(SINK, |&stand| stands[stand]);
            own.push((network.arc(node, to, 1, Cost([cost])), at, cost));
        }
        arcs.push(own);
    }
    let flow = network.solve(Amount::Most);
    let (mut failovers, mut ends) = (0, Vec::new());
    for own in &arcs {
        let on = own.iter().find(|(arc, ..)| flow.on(*arc) > 0);
        // A shard of which nobody could lead takes no part.
        let on = on.or(own.first()).map(|&(_, at, cost)| (at, cost));
        let (at, cost) = on.unwrap_or((0, 0));
        failovers += cost;
        ends.push(at);
    }
    let of = |side: Side| {
        let potential = |node: usize| flow.potential(node, side).0[0];
        let stands = stands.iter().zip(&behind);
        let price = |(&node, &behind): (&usize, &usize)| potential(behind) - potential(node);
        stands.map(price).map(|p| p.max(0)).collect()
    };
    Settled {
        failovers,
        ends,
        prices: vec![of(Side::High), of(Side::Low)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rolling::joint::Copy;
    use crate::plan::rolling::joint::Ring;
    use crate::plan::rolling::joint::Stand;

    fn game(hosts: usize, share: i64, rings: &[&[usize]]) -> Game {
        let copy = |&host: &usize| Copy {
            place: Some(host),
            stands: vec![host],
            leads: true,
        };
        let ring = |hosts: &&[usize]| Ring {
            copies: hosts.iter().map(copy).collect(),
            strict: false,
        };
        let stand = Stand {
            is_zone: false,
            share,
        };
        Game {
            places: hosts,
            stands: vec![stand; hosts],
            over: [0, 0],
            rings: rings.iter().map(ring).collect(),
            as_before: false,
        }
    }

    /// Every order, and every end in it.
    fn brute(game: &Game) -> i64 {
        let mut best = i64::MAX;
        game.each_order(&mut |order| {
            let ends = game.ends(&turns(order));
            let mut at = vec![0; ends.len()];
            loop {
                let mut loads = vec![0; game.stands.len()];
                let led = at.iter().zip(&game.rings);
                led.for_each(|(&c, ring)| loads[ring.copies[c].stands[0]] += 1);
                let over = loads.iter().zip(&game.stands);
                let over: i64 = over.map(|(l, s): (&i64, _)| (l - s.share).max(0)).sum();
                let cost = at.iter().zip(&ends).map(|(&c, ends)| ends[c]);
                let cost: Option<i64> = cost.sum();
                if let Some(cost) = cost.filter(|_| over <= game.over[0]) {
                    best = best.min(cost);
                }
                let Some(turn) = (0..at.len()).find(|&i| at[i] + 1 < ends[i].len()) else {
                    break;
                };
                at[..turn].fill(0);
                at[turn] += 1;
            }
        });
        best
    }

    #[test]
    fn a_ring_of_three_hosts_takes_one_more_to_keep_the_shares() {
        let game = game(3, 1, &[&[0, 1], &[1, 2], &[2, 0]]);
        let found = seek(&game).expect("few orders");
        assert_eq!(brute(&game), 5);
        assert_eq!(game.bounds(&found.prices, 5), (5, 3));
        assert!(game.bounds(&[], 5).0 < 5);
    }

    #[test]
    fn order_and_ends_are_what_trying_all_finds_and_prices_prove_it() {
        let mut seed = 5_u64;
        let mut below = |n: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        for _ in 0..60 {
            let hosts = 3 + below(3);
            let count = 2 + below(5);
            let rings: Vec<Vec<usize>> = (0..count)
                .map(|_| {
                    let mut all: Vec<usize> = (0..hosts).collect();
                    (0..2 + below(2))
                        .map(|_| all.remove(below(all.len())))
                        .collect()
                })
                .collect();
            let rings: Vec<&[usize]> = rings.iter().map(Vec::as_slice).collect();
            let mut game = game(hosts, count.div_ceil(hosts) as i64, &rings);
            let mut truth = brute(&game);
            while truth == i64::MAX {
                game.over[0] += 1;
                truth = brute(&game);
            }
            let found = seek(&game).expect("few orders");
            let bounds = game.bounds(&found.prices, truth);
            assert_eq!(bounds.0, truth, "{game:?} {found:?}");
            assert_eq!(bounds.1, found.waves.len() as i64, "{game:?} {found:?}");
            // Who takes over on the way comes to what the ends say.
            let turn = turns(&found.order);
            let ends = game.ends(&turn);
            for ((ring, &end), ends) in game.rings.iter().zip(&found.ends).zip(&ends) {
                let path = ring.path(&turn, end);
                let last = path.last().map_or(0, |p| p.1);
                let spent = path.len() as i64 + i64::from(last != end);
                assert_eq!(Some(spent), ends[end]);
            }
        }
    }
}
