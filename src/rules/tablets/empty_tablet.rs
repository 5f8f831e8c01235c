//! ## What
//! A tablet that runs holds no copy of any partition.
//!
//! ## Why
//! It takes no load: a tablet that was started to grow the cluster gets nothing by itself.
//!
//! ## Do
//! Migrate followers to it: `topoplan plan --only T007` gives it one, `--only T007,T008` its share.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::EmptyTablet,
    id: "empty-tablet",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Attach, None),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("empty_tablet.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    // A row that could not be read may be of a copy there.
    if state.partitions.is_empty() || !state.tables_known || state.torn {
        return;
    }
    let loads = state.loads();
    let empty = state.tablet_ids().filter(|t| loads[t.index()] == 0);
    for tablet in empty.filter(|&t| state.runs(t)) {
        let message = format!("{} runs and holds no copy", cx.tablet(tablet));
        let ask = Ask::Only([Code::EmptyTablet].into());
        out.push(
            Finding::new(&RULE, Subject::tablet(tablet), message)
                .help(Help::default().promise(None, Some(ask), "migrates a follower to it"))
                .evidence([Fact::tablet(tablet)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tablets;
    use crate::model::testing::tablets;
    use crate::rules::testing::tablet_subjects;

    #[test]
    fn fires_on_those_that_run() {
        assert_eq!(tablet_subjects(&RULE, "flow 0: *a b; c d!"), ["10.0.0.3:1"]);
        assert!(tablet_subjects(&RULE, "c d!").is_empty());
    }

    #[test]
    fn is_silent_where_rows_are_missing() {
        let mut state = tablets("flow 0: *a b; c");
        let found = |state: &Tablets| {
            let mut out = Vec::new();
            check(&TabletContext::new(state, None), &mut out);
            out.len()
        };
        assert_eq!(found(&state), 1);
        state.torn = true;
        assert_eq!(found(&state), 0);
    }
}
