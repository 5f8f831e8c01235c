    use crate::action::GuardRole;
    use crate::action::StepMode;
    use crate::emit::Edits;
    use crate::emit::bash::program;
    use crate::emit::testing;
    use crate::emit::testing::At;

    const A: At = ("aaaa", "127.0.0.1:7000");
    const B: At = ("bbbb", "::1:7001");
    const C: At = ("cccc", "127.0.0.3:7002");

    fn script(steps: Vec<crate::report::Step>) -> String {
        program(&testing::plan(steps), Edits::None, "redis-cli").expect("legal")
    }

    /// The lines of one function.
    fn body<'a>(script: &'a str, name: &str) -> Vec<&'a str> {
        let head = format!("{name}() {{");
        script
            .lines()
            .skip_while(|l| *l != head)
            .skip(1)
            .take_while(|l| *l != "}")
            .map(str::trim)
            .collect()
    }

    fn facts(script: &str, step: u32) -> Vec<&str> {
        body(script, &format!("step_{step}"))
    }

    #[test]
    fn a_step_is_its_facts() {
        let mut step = testing::failover(4, StepMode::Force, B, A, "7,0-5,6");
        step.guard.slots = Some(String::new());
        step.guard.copy = Some(crate::report::CopyHeld {
            offset: Some(77),
            history: Some("feed".into()),
            rivals: vec![testing::party(C)],
            histories_accepted: false,
        });
        let script = script(vec![step]);
        let facts = facts(&script, 4);
        for fact in [
            "action='failover'",
            "mode='force'",
            "node='bbbb'",
            "address='::1:7001'",
            "target='aaaa'",
            "target_address='127.0.0.1:7000'",
            "slots='0-7'",
            "guard_role='replica'",
            "guard_master='aaaa'",
            "guard_slots=''",
            "guard_offset='77'",
            "guard_replid='feed'",
            "rivals='cccc=127.0.0.3:7002'",
            "limit_ms='1000'",
        ] {
            assert!(facts.contains(&fact), "{fact} is not in {facts:#?}");
        }
        assert!(
            script.contains("\n4 0-7 bbbb ::1:7001'\n")
                || script.contains("'4 0-7 bbbb ::1:7001'\n")
        );
    }

    #[test]
    fn commands_stand_there_as_they_are_typed() {
        let mut meet = testing::meet(2, A, C);
        meet.target_bus_port = Some(9002);
        let mut back = testing::replicate(3, B, A);
        back.guard.role = Some(GuardRole::Replica);
        back.guard.master = Some("cccc".into());
        back.guard.empty = None;
        back.undo = Some("by hand".into());
        let script = script(vec![
            testing::failover(1, StepMode::Takeover, B, A, "0-5"),
            meet,
            back,
            testing::flush(4, C),
        ]);
        for (step, command) in [
            (1, "redis-cli -h ::1 -p 7001 CLUSTER FAILOVER TAKEOVER"),
            (
                2,
                "redis-cli -h 127.0.0.1 -p 7000 CLUSTER MEET 127.0.0.3 7002 9002",
            ),
            (3, "redis-cli -h ::1 -p 7001 CLUSTER REPLICATE aaaa"),
            (4, "redis-cli -h 127.0.0.3 -p 7002 FLUSHALL"),
        ] {
            assert_eq!(body(&script, &format!("send_{step}")), [command]);
        }
        assert!(
            script.contains("\n#      undo: redis-cli -h ::1 -p 7001 CLUSTER REPLICATE cccc\n")
        );
    }

    #[test]
    fn an_address_is_told_once() {
        let step = testing::forget(1, "gone", &[A.1, C.1, A.1]);
        let script = script(vec![step]);
        assert!(script.contains("\nnodes_1='127.0.0.1:7000 127.0.0.3:7002'\n"));
        let facts = facts(&script, 1);
        assert!(facts.contains(&"tell=$nodes_1"), "{facts:?}");
        assert!(facts.contains(&"wait_at=$nodes_1"), "{facts:?}");
    }

    #[test]
    fn knows_which_later_steps_change_an_effect() {
        let script = script(vec![
            testing::flush(1, B),
            testing::replicate(2, B, A),
            testing::replicate(3, C, A),
            testing::failover(4, StepMode::Graceful, B, A, "0-5"),
            testing::flush(5, A),
        ]);
        assert!(facts(&script, 1).contains(&"later='2 4'"));
        assert!(facts(&script, 2).contains(&"later='4'"));
        assert!(facts(&script, 3).contains(&"heirs='bbbb'"));
        assert!(!facts(&script, 5).iter().any(|f| f.starts_with("later=")));
    }

    #[test]
    fn free_text_is_one_quoted_line() {
        let mut step = testing::flush(1, A);
        step.reason = "it's\n$(reboot)\n`reboot`\u{1b}[2J".into();
        let script = script(vec![step]);
        let reasons: Vec<&str> = facts(&script, 1)
            .into_iter()
            .filter(|f| f.starts_with("reason="))
            .collect();
        assert_eq!(reasons, [r#"reason='it'\''s ?(reboot) "reboot"?[2J'"#]);
        assert!(!script.contains('\u{1b}'));
        assert!(!script.contains("\n$(reboot)"));
    }
