//! ## What
//! A tablet holds more copies than its fair share: all copies over all tablets that run, rounded up.
//!
//! ## Why
//! Its memory fills first, and its loss costs the most.
//!
//! ## Do
//! Migrate followers to tablets with fewer (`topoplan plan --only T008`); leaders stay where they are.
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SkewedCopies,
    id: "skewed-copies",
    severity: Severity::Warning,
    cure: Cure::Asked(Remedy::Pair, None),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("skewed_copies.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let state = cx.state;
    let loads = state.loads();
    let running: Vec<_> = state.tablet_ids().filter(|&t| state.runs(t)).collect();
    let total: usize = running.iter().map(|t| loads[t.index()]).sum();
    let share = total.div_ceil(running.len().max(1));
    for tablet in running {
        let held = loads[tablet.index()];
        if held <= share {
            continue;
        }
        let message = format!(
            "{} holds {held} of {}, fair share {share}",
            cx.tablet(tablet),
            words::count(total, "copy")
        );
        let ask = Ask::Only([Code::SkewedCopies].into());
        out.push(
            Finding::new(&RULE, Subject::tablet(tablet), message)
                .help(Help::default().promise(None, Some(ask), "migrates followers away"))
                .evidence([Fact::tablet(tablet)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::tablet_subjects;

    #[test]
    fn fires_above_the_share_rounded_up() {
        let skewed = "flow 0: *a b; flow 1: *a b; flow 2: *a c";
        assert_eq!(tablet_subjects(&RULE, skewed), ["10.0.0.1:1"]);
        assert!(tablet_subjects(&RULE, "flow 0: *a b; flow 1: *b a; c").is_empty());
    }
}
