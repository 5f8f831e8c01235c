    use super::*;
    use crate::action::GuardLink;
    use crate::action::StepMode;
    use crate::emit::testing;
    use crate::emit::testing::At;

    const A: At = ("aaaa", "127.0.0.1:18200");
    const B: At = ("bbbb", "127.0.0.2:18251");
    const NEW: At = ("cccc", "127.0.0.2:18202");

    /// The lines that are no comment.
    fn run(plan: &PlanReport) -> Vec<String> {
        let script = emit(plan, Edits::None).expect("legal");
        let is_command = |l: &&str| !l.is_empty() && !l.starts_with('#') && *l != NO_SCRIPT;
        script
            .lines()
            .filter(is_command)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn names_the_replica_first_and_lets_it_meet() {
        let steps = vec![testing::meet(1, A, NEW), testing::replicate(2, NEW, A)];
        assert_eq!(
            run(&testing::plan(steps)),
            ["flashbase do-replicate 127.0.0.2:18202 127.0.0.1:18200"]
        );
        let alone = testing::plan(vec![testing::meet(1, A, NEW)]);
        assert_eq!(
            run(&alone),
            ["flashbase cli -h 127.0.0.1 -p 18200 cluster meet 127.0.0.2 18202"]
        );
    }

    #[test]
    fn an_unusual_bus_port_is_told() {
        let mut meet = testing::meet(1, A, NEW);
        meet.target_bus_port = Some(9002);
        let plan = testing::plan(vec![meet, testing::replicate(2, NEW, A)]);
        assert_eq!(
            run(&plan),
            [
                "flashbase cli -h 127.0.0.1 -p 18200 cluster meet 127.0.0.2 18202 9002",
                "flashbase do-replicate 127.0.0.2:18202 127.0.0.1:18200",
            ]
        );
    }

    #[test]
    fn a_replicate_needs_the_address_of_the_master() {
        let mut step = testing::replicate(2, NEW, A);
        step.target_address = None;
        assert!(matches!(
            emit(&testing::plan(vec![step]), Edits::None),
            Err(EmitError::Missing {
                step: 2,
                field: "target_address",
                ..
            })
        ));
    }

    #[test]
    fn spells_the_other_actions_as_cli_calls() {
        let plan = testing::plan(vec![
            testing::failover(1, StepMode::Graceful, B, A, "0-5"),
            testing::failover(2, StepMode::Force, B, A, "0-5"),
            testing::failover(3, StepMode::Takeover, B, A, "0-5"),
            testing::set_slot(4, A, "5-6"),
            testing::flush(5, NEW),
        ]);
        assert_eq!(
            run(&plan),
            [
                "flashbase cli -h 127.0.0.2 -p 18251 cluster failover",
                "flashbase cli -h 127.0.0.2 -p 18251 cluster failover force",
                "flashbase cli -h 127.0.0.2 -p 18251 cluster failover takeover",
                "flashbase cli -h 127.0.0.1 -p 18200 cluster setslot 5 stable",
                "flashbase cli -h 127.0.0.1 -p 18200 cluster setslot 6 stable",
                "flashbase cli -h 127.0.0.2 -p 18202 flushall",
            ]
        );
    }

    /// Ghost `gone` lost 0-5 to B, ghost `idle` never had a slot.
    fn two_ghosts() -> PlanReport {
        let mut plan = testing::plan(vec![
            testing::failover(1, StepMode::Force, B, ("gone", A.1), "0-5"),
            testing::forget(2, "gone", &[A.1, B.1]),
            testing::forget(3, "idle", &[A.1, B.1]),
        ]);
        plan.cluster.ghosts = vec![testing::ghost("gone"), testing::ghost("idle")];
        plan.found = vec![
            testing::finding(Code::NoaddrGhost, Severity::Error, Some("gone"), None),
            testing::finding(Code::NoaddrGhost, Severity::Warning, Some("idle"), None),
            testing::finding(Code::UncoveredSlots, Severity::Error, None, Some("0-5")),
        ];
        plan
    }

    fn forgets_at_once(plan: &PlanReport) -> bool {
        let lines = run(plan);
        let at_once = lines.contains(&"flashbase forget-noaddr".to_owned());
        let one_by_one = lines.iter().any(|l| l.contains("cluster forget"));
        assert_ne!(at_once, one_by_one, "{lines:?}");
        at_once
    }

    #[test]
    fn forgets_all_ghosts_at_once_if_exactly_they_are_forgotten() {
        let plan = two_ghosts();
        assert!(forgets_at_once(&plan));
        assert_eq!(run(&plan).len(), 2);

        let mut one_stays = two_ghosts();
        one_stays.cluster.ghosts.push(testing::ghost("stays"));
        assert!(!forgets_at_once(&one_stays));

        let mut dead_too = two_ghosts();
        dead_too.steps.push(testing::forget(4, "dead", &[A.1]));
        assert!(!forgets_at_once(&dead_too));
    }

    #[test]
    fn doubt_about_slots_of_a_ghost_means_one_by_one() {
        let mut not_promoted = two_ghosts();
        not_promoted.steps.remove(0);
        assert!(!forgets_at_once(&not_promoted));

        let mut unknown = two_ghosts();
        unknown.found.remove(1);
        assert!(!forgets_at_once(&unknown));

        let mut more_uncovered = two_ghosts();
        more_uncovered.found.push(testing::finding(
            Code::UncoveredSlots,
            Severity::Error,
            None,
            Some("6-9"),
        ));
        assert!(!forgets_at_once(&more_uncovered));

        let mut too_late = two_ghosts();
        too_late.steps.swap(0, 1);
        (too_late.steps[0].id, too_late.steps[1].id) = (1, 2);
        assert!(!forgets_at_once(&too_late));
    }

    #[test]
    fn says_what_is_lost_for_good() {
        let mut step = testing::failover(1, StepMode::Force, B, A, "0-5");
        let script = |step: &crate::report::Step| {
            emit(&testing::plan(vec![step.clone()]), Edits::None).expect("legal")
        };
        assert!(script(&step).contains("\n# DATA LOSS: 127.0.0.2:18251 never finished a sync: "));
        step.guard.link = Some(GuardLink::Synced);
        assert!(!script(&step).contains("DATA LOSS"));
    }

    #[test]
    fn free_text_stays_in_its_comment() {
        let mut step = testing::flush(1, NEW);
        step.reason = "stale\nreboot\r\nflashbase kill 1".into();
        let mut plan = testing::plan(vec![step]);
        plan.plan_id = "x\nreboot".into();
        plan.refused = Some("y\nreboot".into());
        assert_eq!(run(&plan), ["flashbase cli -h 127.0.0.2 -p 18202 flushall"]);
    }
