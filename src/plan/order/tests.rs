use super::*;
use crate::action::Action;
use crate::action::Forget;
use crate::action::Replicate;
use crate::action::SetSlot;
use crate::model::SlotSet;
use crate::model::testing::cluster;
use crate::model::testing::id;

fn draft(action: impl Into<Action>) -> Draft {
    Draft {
        action: action.into(),
        phase: Phase::Protect,
        urgency: 0,
        cures: Vec::new(),
        reason: String::new(),
        mib: 1,
        leaves: None,
    }
}

fn one_per_host(cluster: &Cluster) -> Limits {
    budget::limits(cluster, &crate::policy::Budgets::default())
}

#[test]
fn no_wave_has_more_syncs_than_the_policy_permits() {
    let cluster = cluster("m1@h1 <; m2@h2 <; m3@h3 <; x@h4 y@h5 z@h6");
    let waves = |budgets: &crate::policy::Budgets| {
        let copy = |node: &str, master: &str| {
            draft(Replicate {
                node: id(&cluster, node),
                master: id(&cluster, master),
            })
        };
        let drafts = vec![copy("x", "m1"), copy("y", "m2"), copy("z", "m2")];
        let limits = budget::limits(&cluster, budgets);
        let steps = order(&Counted::new(cluster.clone()), drafts, &limits);
        steps.iter().map(|s| s.wave).collect::<Vec<_>>()
    };
    let none = crate::policy::Budgets::default();
    // Two replicas of one master share its host.
    assert_eq!(waves(&none), [1, 1, 2]);
    let two = crate::policy::Budgets {
        syncs_per_host: Some(2),
        ..none.clone()
    };
    assert_eq!(waves(&two), [1, 1, 1]);
    let one = crate::policy::Budgets {
        syncs: Some(1),
        ..none
    };
    assert_eq!(waves(&one), [1, 2, 3]);
}

#[test]
fn a_closing_waits_for_the_copies_that_do_not_wait_for_it() {
    let cluster = cluster("m1@h1 < r1@h2; m2@h2 <; m3@h3 <; x@h3 y@h1");
    let closing = SetSlot {
        node: id(&cluster, "m2"),
        slots: SlotSet::from_ranges([(6000, 6000)]),
        moved_later: false,
    };
    let copy = |node: &str, master: &str| Replicate {
        node: id(&cluster, node),
        master: id(&cluster, master),
    };
    let drafts = vec![
        draft(closing.clone()),
        draft(copy("x", "m2")),
        draft(copy("y", "m3")),
    ];
    let steps = order(
        &Counted::new(cluster.clone()),
        drafts,
        &one_per_host(&cluster),
    );
    let order: Vec<&Action> = steps.iter().map(|s| &s.draft.action).collect();
    let expected = [
        copy("y", "m3").into(),
        closing.into(),
        copy("x", "m2").into(),
    ];
    assert_eq!(order, expected.iter().collect::<Vec<_>>());
}

#[test]
fn who_goes_last_waits_for_all_others_behind_one_barrier() {
    for copies in [3, 20] {
        let each = |spell: &dyn Fn(usize) -> String| (0..copies).map(spell).collect();
        let masters: Vec<String> = each(&|n| format!("m{n}@h{n} <"));
        let blanks: Vec<String> = each(&|n| format!("x{n}@h{n}"));
        let shards = masters.join("; ");
        let cluster = cluster(&format!("{shards}; {} g?@h1 k?@h2", blanks.join(" ")));
        let node = |name: &str| id(&cluster, name);
        let forget = |ghost: &str| Forget {
            node: node(ghost),
            tell: [node("m0")].into(),
            loses: SlotSet::new(),
        };
        let mut drafts = vec![draft(forget("g")), draft(forget("k"))];
        drafts.extend((0..copies).map(|n| {
            let next = (n + 1) % copies;
            draft(Replicate {
                node: node(&format!("x{n}")),
                master: node(&format!("m{next}")),
            })
        }));
        let steps = order(
            &Counted::new(cluster.clone()),
            drafts,
            &one_per_host(&cluster),
        );
        let (first, last) = steps.split_at(copies);
        let latest = first.iter().map(|s| s.wave).max();
        for step in last {
            assert_eq!(step.draft.action.rank().0, Rank::Last);
            assert!(Some(step.wave) > latest);
            if copies > NAMED {
                assert_eq!((&step.after[..], step.barrier), (&[][..], Some(copies - 1)));
            } else {
                assert_eq!((&step.after[..], step.barrier), (&[0, 1, 2][..], None));
            }
        }
    }
}
