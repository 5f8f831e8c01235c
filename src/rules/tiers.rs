//! What rules say of a host and of a zone in the same words.

use std::collections::BTreeSet;

use crate::measure;
use crate::measure::Spread;
use crate::measure::Tier;
use crate::rules::Ask;
use crate::rules::Context;
use crate::rules::Fact;
use crate::rules::Help;
use crate::rules::Rule;
use crate::rules::words;

/// `host-1`, `zone a`.
pub(super) fn name(tier: Tier, name: &str) -> String {
    match tier {
        Tier::Host => name.to_owned(),
        Tier::Zone => format!("zone {name}"),
    }
}

pub(super) fn noun(tier: Tier) -> &'static str {
    match tier {
        Tier::Host => "host",
        Tier::Zone => "zone",
    }
}

/// The first masters that run at that host or zone.
pub(super) fn masters_at<'a>(
    cx: &'a Context,
    tier: Tier,
    place: usize,
) -> impl Iterator<Item = Fact> + 'a {
    let masters = cx.shards.iter().filter_map(move |shard| {
        let owner = measure::live_owner(cx.cluster, shard)?;
        (tier.index_of(cx.cluster, owner) == Some(place)).then_some(Fact::Node(owner))
    });
    masters.take(words::LISTED)
}

/// How failovers cure a finding of `rule`: a plan makes none for the sake of balance while a
/// member is dead and may come back. `whither` is `away` or `to other hosts`.
pub(super) fn failovers(cx: &Context, rule: &Rule, whither: &str) -> Help {
    match cx.cluster.dead_members().len() {
        0 => Help::default().plan(format!(
            "moves masters {whither} by failover, and nothing is copied"
        )),
        dead => Help::default()
            .say(format!(
                "{} may come back",
                words::count(dead, "dead member")
            ))
            .promise(
                None,
                Some(Ask::Only([rule.code].into())),
                format!("moves masters {whither} all the same"),
            ),
    }
}

/// What lets the rest vote after the loss of any one host (or zone).
pub(super) fn more_votes(cx: &Context, rule: &Rule, spread: &Spread) -> Help {
    let noun = noun(spread.tier);
    let (voters, live) = (cx.cluster.voters(), cx.cluster.live_voters());
    let places = spread.places() as usize;
    let enough = |places: usize, masters: usize, spare: usize| masters.div_ceil(places) <= spare;
    if enough(places.max(1), live, measure::votes_to_spare(cx.cluster)) {
        return failovers(cx, rule, &format!("to other {noun}s"));
    }
    if live < voters {
        let dead = voters - live;
        let (is, them, their) = match dead {
            1 => ("is", "it", "its replica"),
            _ => ("are", "them", "their replicas"),
        };
        return format!(
            "{dead} of {voters} voting masters {is} dead: bring {them} back or promote {their} first"
        )
        .into();
    }
    // With fewer than three, any one of them takes the majority along.
    let Some(needed) = places_needed(voters) else {
        return format!(
            "no placement of {} helps: it takes 3 masters with slots on 3 {noun}s",
            words::count(voters, "voting master")
        )
        .into();
    };
    let back = match places_lost(cx, spread) {
        0 => "",
        _ => ", or bring back what was lost",
    };
    let one_more = match places_needed(voters + 1) {
        Some(fewer) if fewer <= places => ", or give slots to one more master",
        _ => "",
    };
    format!(
        "no placement of {voters} voting masters helps on fewer than {needed} {noun}s: add {}{back}{one_more}",
        words::count(needed - places, noun)
    )
    .into()
}

/// Hosts (or zones) of which every member is dead.
fn places_lost(cx: &Context, spread: &Spread) -> usize {
    let dead = cx.cluster.dead_members().into_iter();
    let places: BTreeSet<usize> = dead
        .filter_map(|id| spread.tier.index_of(cx.cluster, id))
        .filter(|&place| !spread.live[place])
        .collect();
    places.len()
}

/// Hosts over which that many masters spread so that a majority is left without any one of them.
fn places_needed(voters: usize) -> Option<usize> {
    let spare = voters - (voters / 2 + 1).min(voters);
    (spare > 0).then(|| voters.div_ceil(spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_that_a_vote_needs() {
        let needed: Vec<Option<usize>> = (0..8).map(places_needed).collect();
        let expected = [
            None,
            None,
            None,
            Some(3),
            Some(4),
            Some(3),
            Some(3),
            Some(3),
        ];
        assert_eq!(needed, expected);
    }
}
