    use super::*;
    use crate::render::testing;

    #[test]
    fn one_loss_is_told_in_full() {
        assert_eq!(
            impact(&testing::impact(1), Look::default()),
            "now: serves\n\
             losing host:10.0.0.1: loses slots\n\
             \x20 lost          1 shard without a copy left, 5461 slots: 0-5460\n\
             \x20 stuck         0 shards\n\
             \x20 fails over    1 shard served again by a replica\n\
             \x20 single copy   2 shards left with one copy\n\
             \x20 voters        2 left, 2 needed: a majority remains\n\
             \x20 cluster down  every node refuses clients\n\
             \n\
             \x20 host    masters  replicas  spares\n\
             \x20 host-2        2         1       0\n"
        );
    }

    #[test]
    fn many_losses_are_sorted_worst_first() {
        let mut report = testing::impact(3);
        report.cases.reverse();
        assert_eq!(
            impact(&report, Look::default()),
            "losing         slots lost  stuck  one copy  fail over  voters left\n\
             now                     0      0         0          0   3, needs 2  serves\n\
             host:10.0.0.1        5461      0         2          1   2, needs 2  loses slots\n\
             host:10.0.0.2           0      1         0          0   1, needs 2  no majority\n\
             host:10.0.0.3           0      0         0          1   2, needs 2  fails over\n\
             \n\
             2 of 3 hosts can be lost without losing a slot, 1 of 3 without a human\n"
        );
    }

    #[test]
    fn pairs_and_long_names_keep_the_numbers_aligned() {
        let mut report = testing::impact(2);
        for case in &mut report.cases {
            case.lose
                .push("host:a-host-with-a-very-long-name.example".into());
        }
        let text = impact(&report, Look::default());
        assert!(text.contains("1 of 2 pairs of hosts"), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }

    #[test]
    fn what_is_broken_already_stands_first() {
        let mut report = testing::impact(3);
        report.now.slots_down = 5462;
        report.now.shards_lost = 1;
        report.now.lost = "0-5461".into();
        report.cases[1].nodes_lost = 0;
        let text = impact(&report, Look::default());
        assert!(
            text.contains("3, needs 2  5462 slots down, 1 shard lost\n"),
            "{text}"
        );
        assert!(text.contains("1, needs 2  is down already\n"), "{text}");
        assert!(
            text.ends_with(
                "5462 slots down already; 1 of 2 hosts can be lost without losing another slot; \
                 1 is down\n"
            ),
            "{text}"
        );
        report.now.slots_down = 16384;
        let text = impact(&report, Look::default());
        assert!(!text.contains("can be lost"), "{text}");
        report.cases.truncate(1);
        let text = impact(&report, Look::default());
        assert!(
            text.starts_with(
                "now: 16384 slots down, 1 shard lost\n  lost          already: 0-5461\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn no_case_is_no_panic() {
        assert_eq!(
            impact(&testing::impact(0), Look::default()),
            "nothing to lose\n"
        );
    }
