//! ## What
//! Files of the capture were not used: nothing in them is known.
//!
//! ## Why
//! If one of them holds a node's answer in a form that is not known, that node counts as not
//! captured. A stray text beside the capture does no harm.
//!
//! ## Do
//! Look at the named files. If one should have held an answer, save it again, plainly, as the
//! server printed it.
use crate::inventory::Inventory;
use crate::rules::prelude::*;
use crate::rules::trust;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::UnknownFile,
    id: "unknown-file",
    severity: Severity::Note,
    cure: Cure::No,
    levels: &[],
    needs: &[],
    check: Check::Capture(check),
    page: include_str!("unknown_file.rs"),
};

fn check(inventory: &Inventory, out: &mut Vec<Finding>) {
    let paths: Vec<String> = trust::of(inventory, &[Loss::File])
        .filter_map(|(_, d)| Some(format!("`{}`", d.place.as_ref()?.path.escape_debug())))
        .collect();
    if paths.is_empty() {
        return;
    }
    let them = if paths.len() == 1 {
        "it was"
    } else {
        "they were"
    };
    let message = format!(
        "nothing in {} is known, so {them} not used: {}",
        words::count(paths.len(), "file"),
        words::list(&paths)
    );
    out.push(
        Finding::new(&RULE, Subject::Capture, message)
            .help("if one should hold a node's answer, save it again as the server printed it")
            .evidence(trust::places(trust::of(inventory, &[Loss::File]))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Capture;
    use crate::diagnostic::Diagnostic;
    use crate::model::testing::healthy;
    use crate::rules::check_capture;
    use crate::text::Place;

    #[test]
    fn one_finding_names_the_first() {
        let mut inventory = Inventory {
            cluster: healthy(),
            ..Inventory::default()
        };
        for index in 0..12 {
            let place = Place {
                path: format!("x{index}\u{1b}").into(),
                line: 1,
                column: 1,
            };
            let odd = Diagnostic::new(Capture::UnknownFile, "x").at(place);
            inventory.diagnostics.push(odd);
        }
        let found = check_capture(&inventory);
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        assert!(
            message.starts_with("nothing in 12 files is known, so they"),
            "{message}"
        );
        assert!(
            message.contains("`x0\\u{1b}`") && message.ends_with("and 8 more"),
            "{message}"
        );
        assert_eq!(found[0].evidence.len(), trust::PLACES);
    }
}
