//! ## What
//! By the clocks of their nodes, the views of this capture are more than a minute apart, or more
//! than `views_apart` of the policy.
//!
//! ## Why
//! The cluster may have changed between the first view and the last: they are put together as if
//! they showed one moment. A wrong clock on a host looks the same, and keys expire by it at
//! another time than on the other copies.
//!
//! ## Do
//! Compare the clocks of the hosts. If they agree, capture all nodes again in one go.
use crate::inventory::Authority;
use crate::inventory::Inventory;
use crate::model::Millis;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::ViewsApartInTime,
    id: "views-apart-in-time",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("views_apart_in_time.rs"),
};

/// September 2001. What is earlier is no clock: some stores print other numbers there.
const EARLIEST_MS: u64 = 1_000_000_000_000;

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let cluster = &inventory.cluster;
    let clocks = || {
        let views = inventory.views.iter().enumerate();
        views
            // A file on disk is as old as the last change.
            .filter(|(_, view)| view.authority != Authority::Disk)
            .filter(|(_, view)| {
                view.owner
                    .is_none_or(|id| cluster.node(id).is_live_member())
            })
            .filter_map(|(index, view)| Some((view.clock?, index)))
            .filter(|&(clock, _)| clock >= EARLIEST_MS)
    };
    let (Some(oldest), Some(newest)) = (clocks().min(), clocks().max_by_key(|c| c.0)) else {
        return;
    };
    let apart = newest.0 - oldest.0;
    if apart <= inventory.policy.limits.views_apart_ms {
        return;
    }
    let of = |index: usize| match inventory.views[index].owner {
        Some(id) => words::node(cluster, id),
        None => "an unknown node".to_owned(),
    };
    let message = format!(
        "views are {} apart by the clocks of their nodes: the oldest is of {}, the newest of {}; the cluster may have changed between them, or a clock is wrong",
        Millis(apart),
        of(oldest.1),
        of(newest.1)
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help(
                "compare the clocks of the hosts; if they agree, capture all nodes again in one go",
            )
            .evidence([Fact::View(oldest.1), Fact::View(newest.1)]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::capture_findings;
    use crate::rules::testing::seen_by;

    const NOW: u64 = 1_795_000_000_000;

    fn with_clocks(clocks: [u64; 3]) -> Inventory {
        let mut inventory = seen_by(&["m1", "m2", "m3"]);
        for (view, clock) in inventory.views.iter_mut().zip(clocks) {
            view.clock = Some(clock);
        }
        inventory
    }

    #[test]
    fn fires_on_more_than_a_minute_and_names_both_ends() {
        let found = capture_findings(&RULE, &with_clocks([NOW + 300_000, NOW, NOW + 1]));
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(message.starts_with("views are 5 min apart"), "{message}");
        assert!(message.contains("oldest is of 10.0.0.2:7003, the newest of 10.0.0.1:7001"));
        assert_eq!(found[0].evidence, [Fact::View(1), Fact::View(0)]);
    }

    #[test]
    fn silent_on_seconds_on_numbers_that_are_no_clock_and_on_disk() {
        let silent = |inventory: &Inventory| capture_findings(&RULE, inventory).is_empty();
        assert!(silent(&with_clocks([NOW, NOW + 60_000, NOW])));
        assert!(silent(&with_clocks([NOW, 5, 900_000])));
        let mut on_disk = with_clocks([NOW, NOW + 900_000, NOW]);
        on_disk.views[1].authority = Authority::Disk;
        assert!(silent(&on_disk));
        let mut apart = with_clocks([NOW, NOW + 900_000, NOW]);
        let unmet = apart.views[1].owner.unwrap();
        apart.cluster.node_mut(unmet).lose();
        assert!(silent(&apart));
    }
}
