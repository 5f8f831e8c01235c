    use super::*;
    use crate::render::testing;
    use crate::rules::Code;

    const NIGHT: Typed = Typed {
        words: "night/",
        file: None,
    };

    #[test]
    fn a_small_plan_reads_from_top_to_bottom() {
        let report = testing::plan();
        assert_eq!(
            plan(&report, Look::default(), NIGHT),
            "redis 7.0.15 · 6 nodes on 2 hosts · 3 shards · 6 views, all agree\n\
             state     ok on 6 of 6 · every slot has a live owner · 3 of 3 voting masters live, 2 needed\n\
             \x20         survives the loss of any host\n\
             \n\
             found     warning P005 skewed-masters  host-1 runs 3 of 3 masters  \
             at a/cluster-nodes.txt:3\n\
             plan      1 failover · nothing copied · no writes at risk · about 10 s\n\
             \x20         proven minimal (1 of 1 levels)\n\
             \n\
             spread\n\
             \x20 1  failover 10.0.0.2:7001  becomes master of 0-5460, was 10.0.0.1:7000  P005\n\
             \n\
             \x20         host    masters  replicas\n\
             \x20         host-1  3 -> 2   0 -> 1\n\
             \x20         host-2  0 -> 1   3 -> 2\n\
             \n\
             exposure  none: no step takes a shard below two copies\n\
             id        00\n\
             next      topoplan plan night/ -o plan.json && topoplan script plan.json \
             --tool redis-cli > plan.sh\n"
        );
    }

    #[test]
    fn nothing_to_do_is_said_and_so_is_nothing_that_can_be_done() {
        let mut report = testing::plan();
        report.steps.clear();
        report.found.clear();
        let text = plan(&report, Look::default(), NIGHT);
        assert!(
            text.contains("plan      nothing to do · proven minimal"),
            "{text}"
        );
        assert!(!text.contains("next"), "{text}");
        report.complete = false;
        report.remaining = vec![testing::finding(
            Severity::Error,
            Code::UncoveredSlots,
            "uncovered-slots",
            "lost",
        )];
        report.refusals = vec![testing::refusal()];
        let text = plan(&report, Look::default(), NIGHT);
        assert!(
            text.contains("plan      no step, which leaves 1 error"),
            "{text}"
        );
        assert!(!text.contains("remaining"), "said twice:\n{text}");
        assert!(
            text.contains(
                "refusals  R001 10.0.0.1:7000: no spare outside its host\n            \
                 unlock: one more host\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn equal_refusals_are_one_entry() {
        let mut report = testing::plan();
        report.refusals = ["P004 a", "P004 b", "P004 c", "P004 d", "P004 e"]
            .map(|subject| Refusal {
                subject: subject.into(),
                ..testing::refusal()
            })
            .to_vec();
        let text = plan(&report, Look::default(), NIGHT);
        assert!(
            text.contains("refusals  P004 a, b, c, d and 1 more: no spare outside its host\n"),
            "{text}"
        );
    }

    #[test]
    fn a_refused_plan_says_why_first() {
        let mut report = testing::plan();
        report.steps.clear();
        report.refused = Some("two owners of 0-5460".into());
        let text = plan(&report, Look::default(), NIGHT);
        assert_eq!(text.lines().nth(4), Some("refused   two owners of 0-5460"));
        assert!(!text.contains("plan      "), "{text}");
    }

    #[test]
    fn the_worst_exposure_stands_first() {
        let mut report = testing::plan();
        let exposed = |step, copies| Exposure {
            step,
            shard: "0-5460".into(),
            copies,
            reason: "until the sync ends".into(),
        };
        report.exposure = vec![exposed(1, 1), exposed(2, 0)];
        let text = plan(&report, Look::default(), NIGHT);
        assert!(
            text.contains(
                "exposure  step 2: 0-5460 has no copy\n          \
                 step 1: 0-5460 has 1 copy, until the sync ends\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("why step 1"),
            "the reason of an exposed step:\n{text}"
        );
    }

    #[test]
    fn verbose_shows_the_levels() {
        let look = Look {
            verbose: 1,
            ..Look::default()
        };
        let text = plan(&testing::plan(), look, NIGHT);
        let expected = "objective\n          \
             level      before  after  bound  proof\n          \
             over-host       1      0      0  flow\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_long_next_line_becomes_two_commands() {
        let text = plan(
            &testing::plan(),
            Look::default(),
            Typed {
                words: "some/rather/long/directory/of/a/night",
                file: None,
            },
        );
        let end: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(
            end,
            [
                "          topoplan script plan.json --tool redis-cli > plan.sh",
                "next      topoplan plan some/rather/long/directory/of/a/night -o plan.json",
            ]
        );
    }

    #[test]
    fn a_plan_file_that_is_written_is_called_by_its_name() {
        for (file, expected) in [
            (
                "night.json",
                "topoplan script night.json --tool redis-cli > night.sh",
            ),
            (
                "last night/plan",
                "topoplan script 'last night/plan' --tool redis-cli > 'last night/plan.sh'",
            ),
        ] {
            let typed = Typed {
                file: Some(Path::new(file)),
                ..NIGHT
            };
            let text = plan(&testing::plan(), Look::default(), typed);
            let last = text.lines().last().expect("a line");
            assert_eq!(last, format!("next      {expected}"));
        }
    }
