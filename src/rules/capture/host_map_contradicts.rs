//! ## What
//! Rows of the maps contradict each other, or a host map contradicts what the nodes themselves
//! announce or where they were reached: two hosts for one IP, another zone than the node's own,
//! the name or the IP of another host.
//!
//! ## Why
//! Only one of them can be true, and everything about failure domains hangs on it: which copies
//! share a machine, a disk or a zone, and where a plan puts a copy. The first row is kept, and a
//! map is believed before a node, which may be wrong.
//!
//! ## Do
//! Correct the map, row by row, and check again before planning.
use crate::inventory::Inventory;
use crate::rules::prelude::*;
use crate::rules::trust;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::HostMapContradicts,
    id: "host-map-contradicts",
    severity: Severity::Warning,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("host_map_contradicts.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let count = trust::of(inventory, &[Loss::Row]).count();
    if count == 0 {
        return;
    }
    let rows = match count {
        1 => "1 row of the maps contradicts".to_owned(),
        _ => format!("{count} rows of the maps contradict"),
    };
    let message = format!(
        "{rows} another row or the nodes themselves: what is said of hosts, disks, zones and \
         home roles may be wrong"
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("correct the named rows before planning: copies may be put together")
            .evidence(trust::places(trust::of(inventory, &[Loss::Row]))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::Map;
    use crate::model::testing::healthy;
    use crate::rules::check_capture;

    #[test]
    fn one_finding_counts_the_rows() {
        let mut inventory = Inventory {
            cluster: healthy(),
            ..Inventory::default()
        };
        let odd = Diagnostic::new(Map::Contradiction, "x");
        inventory
            .diagnostics
            .push(Diagnostic::new(Map::GuessedDisk, "y"));
        inventory.diagnostics.push(odd.clone());
        let found = check_capture(&inventory);
        assert!(
            found[0]
                .message
                .starts_with("1 row of the maps contradicts")
        );
        assert_eq!(found[0].evidence, [Fact::Diagnostic(1)]);
        inventory.diagnostics.extend(vec![odd; 20]);
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("21 rows"));
        assert_eq!(found[0].evidence.len(), trust::PLACES);
    }
}
