//! Every server restarted once, one after the other: the name servers, then the tablets.
//!
//! 002 stops and starts the process first and takes it out afterwards, so its leaders are gone
//! meanwhile. Taken out first, others lead while it is down; the steps are the same.

use crate::model::TabletId;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Restart;
use crate::tablets::draft::Draft;
use crate::tablets::repair::recover_tablet;

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
            let reason = "others lead while it is down, and recover does not skip its copies";
            let _ = draft.take(Act::OfflineEndpoint(tablet), Phase::Change, &[], reason);
        }
        draft.fewest += 1;
        let reason = "one tablet at a time: the next one waits until every copy is in use again";
        let _ = draft.take(Act::Restart(tablet), Phase::Change, &[], reason);
        recover_tablet(draft, tablet, Phase::Change, &[Code::ReplicaNotAlive]);
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
