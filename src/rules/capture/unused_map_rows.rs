//! ## What
//! Rows of host, disk or home maps fit no node of the cluster.
//!
//! ## Why
//! Spare machines are fine. But a row with a mistyped address is missing for the node that it
//! was meant for, and a map of another cluster fits almost nothing.
//!
//! ## Do
//! Compare the named rows with the addresses of the cluster.
use crate::inventory::Inventory;
use crate::rules::prelude::*;
use crate::rules::trust::PLACES;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnusedMapRows,
    id: "unused-map-rows",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("unused_map_rows.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let rows = &inventory.unused_rows;
    if rows.is_empty() {
        return;
    }
    let fit = if rows.len() == 1 { "fits" } else { "fit" };
    let message = format!(
        "{} of the host, disk and home maps {fit} no node of the cluster",
        words::count(rows.len(), "row")
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("fine for spare machines; else compare the addresses with the cluster's")
            .evidence((0..rows.len().min(PLACES)).map(Fact::UnusedRow)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::rules::check_capture;
    use crate::text::Place;

    #[test]
    fn one_finding_counts_the_rows() {
        let place = Place {
            path: "hosts.csv".into(),
            line: 3,
            column: 1,
        };
        let mut inventory = Inventory {
            cluster: healthy(),
            unused_rows: vec![place],
            ..Inventory::default()
        };
        let message = &check_capture(&inventory)[0].message;
        assert!(message.starts_with("1 row of"), "{message}");
        assert!(message.contains("fits no node"), "{message}");
        inventory.unused_rows = vec![inventory.unused_rows[0].clone(); 12];
        let found = check_capture(&inventory);
        assert!(found[0].message.starts_with("12 rows of"));
        assert_eq!(found[0].evidence.len(), PLACES);
    }
}
