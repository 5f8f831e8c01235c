//! Leaders spread over hosts: the fewest hand-overs to the least excess, decided by one flow.

use crate::flow::Amount;
use crate::flow::Cost;
use crate::flow::Network;
use crate::measure::Spread;
use crate::measure::Tier;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Count;
use crate::tablets::Shown;
use crate::tablets::Value;
use crate::tablets::draft::Draft;
use crate::tablets::moves::is_small;

const OVER: usize = 0;
const HANDED: usize = 1;
/// Of equals the first tablet; a price of its own for each makes a large flow slow.
const TIE: usize = 2;

/// P005, unless a tablet is down that may be back in an hour and nobody asked for it.
pub(super) fn spread(draft: &mut Draft) {
    if !draft.wants(Code::SkewedMasters) {
        return;
    }
    let asked = draft.request.only.contains(&Code::SkewedMasters);
    let down = draft.captured.tablet_ids().any(|t| !draft.captured.runs(t));
    if down && !asked {
        if over(draft) > 0 {
            draft.advice.push(
                "leaders are left as they are while a tablet is down: plan again when it is back, or say --only P005"
                    .to_owned(),
            );
        }
        return;
    }
    let before = over(draft);
    let decided = decide(draft);
    draft.fewest += 2 * decided.handed.len();
    for (partition, from, to) in decided.handed {
        let reason = format!(
            "{} leads {} instead of {}: {} has more leaders than its share",
            draft.state.endpoint(to),
            draft.state.name(partition),
            draft.state.endpoint(from),
            draft.state.endpoint(from)
        );
        let act = Act::ChangeLeader {
            partition,
            to,
            from: Some(from),
        };
        let cures = [Code::SkewedMasters];
        if draft.take(act, Phase::Spread, &cures, reason).is_err() {
            continue;
        }
        let act = Act::RecoverTable {
            partition,
            tablet: from,
        };
        let reason = "the name server leaves the old leader out of use until it is recovered";
        let _ = draft.take(act, Phase::Spread, &cures, reason);
    }
    let value = over(draft);
    draft.flows.push(Value {
        count: Count::OverHost,
        before,
        value,
        bound: decided.over,
        shown: match decided.proven && decided.over == value {
            true => Shown::Flow,
            false => Shown::No,
        },
        selected: true,
    });
}

fn over(draft: &Draft) -> i64 {
    Spread::of(&draft.state.copies(), Tier::Host).over()
}

struct Decided {
    handed: Vec<(PartitionId, TabletId, TabletId)>,
    over: i64,
    proven: bool,
}

fn decide(draft: &Draft) -> Decided {
    let state = &draft.state;
    let spread = Spread::of(&state.copies(), Tier::Host);
    let share = i64::from(spread.fair_share());
    let few = is_small(state);
    let mut network: Network<3> = Network::new();
    let (source, sink) = (0, 1);
    let hosts: Vec<usize> = state.hosts.iter().map(|_| network.node()).collect();
    let mut arcs = Vec::new();
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        let Some(leader) = state.leader(partition).map(|held| held.tablet) else {
            continue;
        };
        let node = network.node();
        network.arc(source, node, 1, Cost::ZERO);
        for held in partition.copies.iter().filter(|held| state.is_usable(held)) {
            let Some(host) = state.tablet(held.tablet).host else {
                continue;
            };
            let stays = held.tablet == leader;
            let tie = if few { held.tablet.0 } else { 0 };
            let mut cost = Cost::of(TIE, i64::from(tie));
            if !stays {
                cost = cost.plus(HANDED, 1);
            }
            let arc = network.arc(node, hosts[host.0 as usize], 1, cost);
            arcs.push((arc, id, leader, held.tablet));
        }
    }
    for &host in &hosts {
        network.arc(host, sink, share, Cost::ZERO);
        network.arc(host, sink, crate::flow::UNLIMITED, Cost::of(OVER, 1));
    }
    let flow = network.solve(Amount::Most);
    let chosen = arcs.into_iter().filter(|(arc, ..)| flow.on(*arc) > 0);
    let handed = chosen
        .filter(|(_, _, from, to)| from != to)
        .map(|(_, id, from, to)| (id, from, to));
    Decided {
        handed: handed.collect(),
        over: flow.cost(&network).0[OVER],
        proven: flow.verify(&network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    #[test]
    fn leaders_are_handed_over_as_few_as_needed() {
        let text = "flow 0: *a b c; flow 1: *a b c; flow 2: *a b c";
        let made = plan(&tablets(text), &Request::default()).expect("a plan");
        let words: Vec<&str> = made.steps.iter().map(|s| s.act.word().name()).collect();
        assert_eq!(
            words,
            [
                "change-leader",
                "recover-table",
                "change-leader",
                "recover-table"
            ]
        );
        assert!(
            made.remaining
                .iter()
                .all(|f| f.rule.code != Code::SkewedMasters)
        );
        let over = made.values.iter().find(|v| v.count == Count::OverHost);
        let over = over.expect("decided");
        assert_eq!((over.before, over.value, over.shown), (2, 0, Shown::Flow));
        let again = plan(&made.end, &Request::default()).expect("a plan");
        assert!(again.steps.is_empty());
    }

    #[test]
    fn nothing_is_spread_while_a_tablet_is_down() {
        let text = "flow 0: *a b c; flow 1: *a b c; flow 2: *b c; d!";
        let made = plan(&tablets(text), &Request::default()).expect("a plan");
        assert!(made.steps.is_empty(), "{:?}", made.steps);
        assert_eq!(made.advice.len(), 2);
    }
}
