use super::*;
use crate::model::testing::tablets;

fn rows(state: &Tablets) -> String {
    let row = |held: &Held| {
        let letter = char::from(b'a' + held.tablet.0 as u8);
        let (leader, alive) = (
            if held.leader { "*" } else { "" },
            if held.alive { "" } else { "-" },
        );
        format!("{leader}{letter}{alive}")
    };
    let of =
        |p: &crate::model::Partition| p.copies.iter().map(row).collect::<Vec<_>>().join(" ");
    state
        .partitions
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join("; ")
}

fn after(text: &str, act: &Act) -> String {
    let mut state = tablets(text);
    assert_eq!(act.guard(&state), Ok(()));
    act.apply(&mut state);
    rows(&state)
}

const A: TabletId = TabletId(0);
const B: TabletId = TabletId(1);
const C: TabletId = TabletId(2);
const P: PartitionId = PartitionId(0);

#[test]
fn offline_endpoint_elects_and_has_its_silent_hole() {
    let act = Act::OfflineEndpoint(A);
    assert_eq!(
        after("flow 0: *a b c; flow 1: *b a c; a!", &act),
        "*a- *b c; *b a- c"
    );
    // Nobody alive is left: it says ok and nothing changes.
    assert_eq!(after("flow 0: *a b-; a!", &act), "*a b-");
    assert_eq!(after("flow 0: *a; a!", &act), "*a-");
    // Another one leads already.
    assert_eq!(after("flow 0: *a- *b c; a!", &act), "*a- *b c");
}

#[test]
fn the_old_leader_stays_behind_until_it_is_recovered() {
    let to = Act::ChangeLeader {
        partition: P,
        to: B,
        from: Some(A),
    };
    assert_eq!(after("flow 0: *a b c", &to), "*a- *b c");
    let recover = Act::RecoverTable {
        partition: P,
        tablet: A,
    };
    assert_eq!(after("flow 0: *a- *b c", &recover), "a *b c");
    assert_eq!(
        after("flow 0: *a- *b c-; flow 1: a- *b", &Act::RecoverEndpoint(A)),
        "a *b c-; a *b"
    );
}

#[test]
fn what_the_name_server_refuses_is_refused() {
    let refused = |text: &str, act: Act| act.guard(&tablets(text)).err();
    let migrate = |from, to| Act::Migrate {
        partition: P,
        from,
        to,
    };
    for (text, act, why) in [
        ("flow 0: *a b; c", migrate(A, C), Some(Refused::IsLeader)),
        ("flow 0: *a b; c", migrate(B, C), None),
        ("flow 0: *a b; c!", migrate(B, C), Some(Refused::NotHealthy)),
        ("flow 0: *a b-; c", migrate(B, C), Some(Refused::NotThere)),
        (
            "flow 0: *a b c-",
            migrate(B, C),
            Some(Refused::AlreadyThere),
        ),
        ("flow 0: *a- b; c", migrate(B, C), Some(Refused::NoLeader)),
        (
            "flow 0: *a b; c a!",
            migrate(B, C),
            Some(Refused::LeaderOffline),
        ),
        (
            "flow 0: *a b",
            Act::RecoverEndpoint(B),
            Some(Refused::Nothing),
        ),
        (
            "flow 0: *a b-; b!",
            Act::RecoverEndpoint(B),
            Some(Refused::NotHealthy),
        ),
        (
            "flow 0: *a- b-",
            Act::RecoverTable {
                partition: P,
                tablet: B,
            },
            Some(Refused::NoLeader),
        ),
        (
            "flow 0: *a- b",
            Act::DelReplica {
                partition: P,
                from: A,
            },
            Some(Refused::CannotDeleteLeader),
        ),
        ("flow 0: *a b", Act::Kill(B), Some(Refused::HoldsCopies)),
        ("flow 0: *a b; c", Act::Kill(C), None),
        (
            "flow 0: *a",
            Act::ChangeLeader {
                partition: P,
                to: A,
                from: None,
            },
            Some(Refused::NoFollower),
        ),
    ] {
        assert_eq!(refused(text, act.clone()), why, "{text} {act:?}");
    }
    let mut on = tablets("flow 0: *a b; c");
    on.auto_failover = Some(true);
    assert_eq!(migrate(B, C).guard(&on), Err(Refused::AutoFailover));
    assert_eq!(
        Act::AddReplica {
            partition: P,
            to: C
        }
        .guard(&on),
        Ok(())
    );
}
