//! What a default plan does: the dead are taken out, partitions get leaders, tablets come back and
//! their copies are recovered.

use crate::model::Held;
use crate::model::Partition;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::rules::Code;
use crate::rules::Phase;
use crate::tablets::Act;
use crate::tablets::Left;
use crate::tablets::Refused;
use crate::tablets::draft::Draft;

pub(super) fn repair(draft: &mut Draft) {
    let dead: Vec<TabletId> = draft
        .captured
        .tablet_ids()
        .filter(|&t| !draft.captured.runs(t))
        .collect();
    take_out(draft, &dead);
    change_leaders(draft);
    if draft.request.reaches(Phase::Protect) {
        restart(draft, &dead);
        recover(draft);
    }
    refuse(draft, &dead);
}

/// Rows on dead tablets that still count, and partitions that wait for a leader because of them.
fn take_out(draft: &mut Draft, dead: &[TabletId]) {
    let cures = [
        Code::PartitionWithoutLeader,
        Code::TabletOffline,
        Code::AliveOnDeadTablet,
        Code::ReplicaNotAlive,
    ];
    if !draft.found_wanted(&cures) {
        return;
    }
    if draft.captured.auto_failover == Some(true) && !draft.request.force {
        let says = |&t: &TabletId| draft.captured.held_by(t).any(|(_, held)| held.alive);
        if dead.iter().any(says) {
            draft.advice.push(
                "auto_failover is on: the name server marks the copies of a dead tablet by itself, after tablet_heartbeat_timeout (5 minutes); capture again then"
                    .to_owned(),
            );
        }
        return;
    }
    for &tablet in dead {
        let state = &draft.state;
        let mut changed = state.clone();
        Act::OfflineEndpoint(tablet).apply(&mut changed);
        if changed.partitions == state.partitions {
            continue;
        }
        let marked = state.held_by(tablet).filter(|(_, held)| held.alive).count();
        let elects = led(&changed).saturating_sub(led(state));
        // Whoever marks these rows, marks them so; one more may do for all that wait for a leader.
        draft.fewest += 1;
        let stage = if elects > 0 {
            Phase::Serve
        } else {
            Phase::Protect
        };
        if !draft.request.reaches(stage) {
            continue;
        }
        let mut reason = format!("{} is offline", state.endpoint(tablet));
        if elects > 0 {
            reason += &format!("; {} of what it led get other leaders", elects);
        }
        if marked > 0 {
            reason +=
                &format!("; {marked} of its rows still say alive, and recover would skip them");
        }
        // A dead tablet is always taken out.
        let _ = draft.take(Act::OfflineEndpoint(tablet), stage, &cures, reason);
    }
}

fn led(state: &Tablets) -> usize {
    state
        .partitions
        .iter()
        .filter(|p| state.leader(p).is_some())
        .count()
}

/// Partitions that are still without one.
fn change_leaders(draft: &mut Draft) {
    if !draft.wants(Code::PartitionWithoutLeader) {
        return;
    }
    let all: Vec<PartitionId> = draft.state.partition_ids().collect();
    for id in all {
        let state = &draft.state;
        let partition = state.partition(id);
        if state.leader(partition).is_some() {
            continue;
        }
        let Some(heir) = state.heir(partition).cloned() else {
            continue;
        };
        let old = partition
            .copies
            .iter()
            .find(|held| held.leader)
            .map(|held| held.tablet);
        draft.fewest += 1;
        let reason = format!(
            "{} has no leader; {} has the largest offset{} of its followers that are alive",
            state.name(id),
            state.endpoint(heir.tablet),
            heir.offset
                .map_or(String::new(), |offset| format!(" ({offset})"))
        );
        let act = Act::ChangeLeader {
            partition: id,
            to: heir.tablet,
            from: old,
        };
        let _ = draft.take(
            act,
            Phase::Serve,
            &[Code::PartitionWithoutLeader, Code::AutoFailoverOff],
            reason,
        );
    }
}

/// The human's part.
fn restart(draft: &mut Draft, dead: &[TabletId]) {
    if !draft.wants(Code::TabletOffline) {
        return;
    }
    for &tablet in dead {
        let state = &draft.state;
        if state.held_by(tablet).next().is_none() {
            if draft.request.stop.contains(&tablet) {
                continue;
            }
            let said = format!(
                "start {} again: it holds no copy, so nothing waits for it",
                state.endpoint(tablet)
            );
            draft.advice.push(said);
            continue;
        }
        draft.fewest += 1;
        let reason = format!(
            "{} is offline; its copies are of use again once it runs and is recovered",
            state.endpoint(tablet)
        );
        let _ = draft.take(
            Act::Restart(tablet),
            Phase::Protect,
            &[Code::TabletOffline],
            reason,
        );
    }
}

/// Copies that are not alive on tablets that run: one act for each tablet.
fn recover(draft: &mut Draft) {
    let cures = [
        Code::ReplicaNotAlive,
        Code::StaleLeader,
        Code::TabletOffline,
        Code::FailedOp,
        Code::PartitionWithoutLeader,
    ];
    if !draft.found_wanted(&cures) {
        return;
    }
    // Offsets are of the moment of the capture, so the order is that of the tablets.
    let tablets: Vec<TabletId> = draft
        .state
        .tablet_ids()
        .filter(|&t| draft.state.runs(t))
        .collect();
    for tablet in tablets {
        recover_tablet(draft, tablet, Phase::Protect, &cures);
    }
}

/// `recoverendpoint`, or `recovertable` where only one copy is to be recovered.
pub(super) fn recover_tablet(draft: &mut Draft, tablet: TabletId, stage: Phase, cures: &[Code]) {
    let state = &draft.state;
    let held: Vec<(PartitionId, Held)> = state
        .held_by(tablet)
        .filter(|(_, held)| !held.alive)
        .map(|(id, held)| (id, held.clone()))
        .collect();
    let can = |id: PartitionId| {
        let act = Act::RecoverTable {
            partition: id,
            tablet,
        };
        // The switch is no hindrance: a step turns it off first.
        matches!(act.guard(state), Ok(()) | Err(Refused::AutoFailover)) && act.helps(state)
    };
    let mut ids: Vec<PartitionId> = held.iter().map(|(id, _)| *id).collect();
    ids.retain(|&id| can(id));
    let Some(&first) = ids.first() else {
        return;
    };
    draft.fewest += 1;
    let endpoint = draft.state.endpoint(tablet);
    let (act, reason) = match ids.len() {
        1 => (
            Act::RecoverTable {
                partition: first,
                tablet,
            },
            format!(
                "{endpoint} runs and its copy of {} is not alive",
                draft.state.name(first)
            ),
        ),
        n => (
            Act::RecoverEndpoint(tablet),
            format!("{endpoint} runs and {n} of its copies are not alive"),
        ),
    };
    let _ = draft.take(act, stage, cures, reason);
}

/// What stays without a leader, and what would help.
fn refuse(draft: &mut Draft, dead: &[TabletId]) {
    let state = &draft.state;
    let mut left = Vec::new();
    for (id, partition) in state.partition_ids().zip(&state.partitions) {
        if state.leader(partition).is_some() || !draft.wants(Code::PartitionWithoutLeader) {
            continue;
        }
        if state.heir(partition).is_some() || partition.copies.is_empty() {
            continue;
        }
        left.push(Left {
            partition: Some(id),
            subject: state.name(id),
            reason: "no copy of it is alive: the name server elects nobody and recovers nothing"
                .to_owned(),
            unlock: unlock(draft.captured, partition, dead),
            blocks: false,
        });
    }
    draft.left.append(&mut left);
}

/// The copy with the most: the leader's row with the largest offset, else any.
fn unlock(captured: &Tablets, partition: &Partition, dead: &[TabletId]) -> String {
    let best = |leaders: bool| {
        let mut rows: Vec<&Held> = partition
            .copies
            .iter()
            .filter(|h| h.leader || !leaders)
            .collect();
        rows.reverse();
        rows.into_iter().max_by_key(|held| held.offset)
    };
    let Some(held) = best(true).or_else(|| best(false)) else {
        return "capture again".to_owned();
    };
    let endpoint = captured.endpoint(held.tablet);
    let offset = held
        .offset
        .map_or(String::new(), |o| format!(", offset {o}"));
    let start = match dead.contains(&held.tablet) {
        true => format!("start {endpoint} with its data"),
        false => format!("{endpoint} runs"),
    };
    format!(
        "{start} (the leader's row{offset}): run recoverdata, or loadtable there and updatetablealive {} {} {endpoint} yes; then plan again",
        partition.table, partition.pid
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    fn steps(state: &Tablets, request: &Request) -> Vec<String> {
        let plan = plan(state, request).expect("a plan");
        let word = |act: &Act| {
            let letter = |t: TabletId| char::from(b'a' + t.0 as u8).to_string();
            let value = matches!(act, Act::SetAutoFailover(true));
            let pid = act.partition().map(|p| p.0.to_string());
            let words = [
                Some(act.word().name().to_owned()),
                pid,
                act.tablet().map(letter),
                (act.word() == crate::tablets::Word::SetAutoFailover).then(|| value.to_string()),
            ];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        plan.steps.iter().map(|s| word(&s.act)).collect()
    }

    fn of(text: &str) -> Vec<String> {
        steps(&tablets(text), &Request::default())
    }

    #[test]
    fn a_healthy_cluster_needs_nothing() {
        assert!(of("flow 0: *a b c; flow 1: *b c a; flow 2: *c a b").is_empty());
    }

    #[test]
    fn a_tablet_that_came_back_is_recovered_in_one_step() {
        assert_eq!(
            of("flow 0: *b- c *a; flow 1: *c a b-"),
            ["recover-endpoint b"]
        );
        assert_eq!(
            of("flow 0: *b- c *a; flow 1: *c a b"),
            ["recover-table 0 b"]
        );
    }

    #[test]
    fn a_dead_tablet_is_taken_out_restarted_and_recovered() {
        let text = "flow 0: *a b c; flow 1: *b c a; a!";
        assert_eq!(
            of(text),
            ["offline-endpoint a", "restart a", "recover-endpoint a"]
        );
        let mut on = tablets("flow 0: *a- *b c; flow 1: *c b a-; a!");
        on.auto_failover = Some(true);
        // The name server recovers by itself what comes back.
        assert_eq!(steps(&on, &Request::default()), ["restart a"]);
        let mut late = tablets("flow 0: *a b- c; flow 1: *c a b-");
        late.auto_failover = Some(true);
        let all = [
            "set-auto-failover false",
            "recover-endpoint b",
            "set-auto-failover true",
        ];
        assert_eq!(steps(&late, &Request::default()), all);
    }

    #[test]
    fn stragglers_get_a_leader_with_the_largest_offset() {
        let mut state = tablets("flow 0: *a- b c; flow 1: *b c a");
        state.partitions[0].copies[2].offset = Some(101);
        assert_eq!(
            steps(&state, &Request::default()),
            ["change-leader 0 c", "recover-table 0 a"]
        );
    }

    #[test]
    fn without_any_copy_it_is_refused_and_says_what_would_help() {
        let plan = plan(&tablets("flow 0: *a b-; a!"), &Request::default()).expect("a plan");
        let left: Vec<_> = plan.left.iter().map(|l| l.subject.as_str()).collect();
        assert_eq!(left, ["flow 0"]);
        assert!(
            plan.left[0].unlock.contains("start 10.0.0.1:1"),
            "{:?}",
            plan.left
        );
    }

    #[test]
    fn codes_choose() {
        let state = tablets("flow 0: *a b c; flow 1: *b c a; a!");
        let only = |code: Code| Request {
            only: [code].into(),
            ..Request::default()
        };
        assert_eq!(
            steps(&state, &only(Code::AliveOnDeadTablet)),
            ["offline-endpoint a"]
        );
        assert!(steps(&state, &only(Code::EmptyTablet)).is_empty());
        let skip = Request {
            skip: [Code::TabletOffline].into(),
            ..Request::default()
        };
        assert_eq!(steps(&state, &skip), ["offline-endpoint a"]);
    }
}
