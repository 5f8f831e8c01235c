//! Every server restarted once, one after the other: the name servers, then the tablets.
//!
//! 002 stops and starts the process first and takes it out afterwards, so its leaders are gone
//! meanwhile. Taken out first, others lead while it is down; the steps are the same.

use crate::model::Held;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Restart;
use crate::tablets::draft::Draft;
use crate::tablets::repair::recover_tablet;
use crate::text::words::list_up_to;

pub(super) fn rolling(draft: &mut Draft, restart: &Restart) {
    // The one that leads comes last: it is asked for everything.
    let mut servers: Vec<usize> = (0..draft.captured.name_servers.len()).collect();
    servers.sort_by_key(|&at| (draft.captured.name_servers[at].leads, at));
    for at in servers.into_iter().filter(|_| restart.name_servers) {
        draft.fewest += 1;
        let reason = "name servers come before tablets, the one that leads last";
        let _ = draft.take(Act::RestartNameServer(at), Phase::Change, &[], reason);
    }
    if restart.name_servers && draft.captured.name_servers.is_empty() {
        draft.advice.push(
            "restart the name servers before the tablets: no showns was captured, so they are not listed".to_owned(),
        );
    }
    let restarted = |draft: &Draft, tablet: TabletId| {
        draft
            .steps
            .iter()
            .any(|step| step.act == Act::Restart(tablet))
    };
    for &tablet in &restart.tablets {
        if restarted(draft, tablet) {
            continue;
        }
        if draft.state.held_by(tablet).next().is_some() {
            draft.fewest += 1;
            let reason = taken_out(&draft.state, tablet);
            let _ = draft.take(Act::OfflineEndpoint(tablet), Phase::Change, &[], reason);
        }
        draft.fewest += 1;
        let reason = "one tablet at a time: the next one waits until every copy is in use again";
        let _ = draft.take(Act::Restart(tablet), Phase::Change, &[], reason);
        recover_tablet(draft, tablet, Phase::Change, &[Code::ReplicaNotAlive]);
    }
}

/// What becomes of the partitions that it leads, as whoever confirms the step is to know.
fn taken_out(state: &Tablets, tablet: TabletId) -> String {
    const SHOWN: usize = 3;
    let led = state.held_by(tablet).filter(|(_, held)| held.leader);
    let led: Vec<PartitionId> = led.map(|(id, _)| id).collect();
    let elsewhere = |held: &Held| held.tablet != tablet && state.is_usable(held);
    let alone = led
        .iter()
        .filter(|&&id| !state.partition(id).copies.iter().any(elsewhere));
    let alone: Vec<String> = alone.map(|&id| state.name(id)).collect();
    if !alone.is_empty() {
        let names = list_up_to(SHOWN, &alone);
        let word = if alone.len() == 1 { "has" } else { "have" };
        format!("{names} {word} no other copy and cannot be reached until it is back")
    } else if led.is_empty() {
        "it leads nothing, and recover does not skip its copies then".to_owned()
    } else {
        "others lead while it is down, and recover does not skip its copies".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::NameServer;
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    #[test]
    fn one_after_the_other_and_all_alive_in_between() {
        let mut state = tablets("t 0: *a b c; t 1: *b c a");
        let server = |name: &str, leads| NameServer {
            endpoint: name.into(),
            leads,
        };
        state.name_servers = vec![server("n1", true), server("n2", false)];
        let request = Request {
            restart: Some(crate::tablets::Restart {
                tablets: state.tablet_ids().collect(),
                name_servers: true,
            }),
            skip: [crate::rules::Code::SkewedMasters].into(),
            ..Request::default()
        };
        let made = plan(&state, &request).expect("a plan");
        let words: Vec<&str> = made.steps.iter().map(|s| s.act.word().name()).collect();
        let tablet = ["offline-endpoint", "restart", "recover-endpoint"];
        let all: Vec<&str> = [&["restart"; 2][..], &tablet, &tablet, &tablet].concat();
        assert_eq!(words, all);
        assert!(
            made.remaining
                .iter()
                .all(|f| f.rule.code != crate::rules::Code::ReplicaNotAlive)
        );
    }
}
