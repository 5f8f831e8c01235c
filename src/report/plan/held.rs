//! Nothing is called proven but what the written certificate proves when it is added up again.
//!
//! The sum is made of the certificate as a reader of the plan file finds it, in whole numbers and
//! without any solver: whatever went wrong where it was looked for, or where it was written down,
//! is not believed.

use std::collections::BTreeMap;

use crate::plan::Level;
use crate::plan::level::Cost;
use crate::plan::target;
use crate::report;
use crate::report::Proof;
use crate::report::plan::certificate::Certificate;
use crate::report::plan::proof;

/// Takes back what the certificate does not bear out, and all that follows it. Without a
/// certificate nothing was to be decided.
pub(super) fn to(certificate: Option<&Certificate>, levels: &mut [report::Level]) {
    let Some(certificate) = certificate else {
        return;
    };
    let proven = added_up(certificate);
    let mut open = false;
    for level in levels.iter_mut().filter(|l| is_priced(l)) {
        open |= !bears_out(proven.as_ref(), level);
        if !open || level.proof == Proof::None {
            continue;
        }
        level.proof = Proof::None;
        level.bound = bound(proven.as_ref(), level);
    }
}

/// What the decision costs, and by level what no decision is below, up to the first level of which
/// that is not known.
type Proven = (Cost, BTreeMap<Level, i64>);

fn added_up(certificate: &Certificate) -> Option<Proven> {
    let (instance, prices, value) = proof::read(certificate).ok()?;
    let bounds = target::recheck(&instance, &value, prices).ok()?;
    Some((value, bounds.into_iter().collect()))
}

/// Its proof is one of prices, or there is none.
fn is_priced(level: &report::Level) -> bool {
    match level.proof {
        Proof::Flow | Proof::Multipliers | Proof::None => true,
        Proof::Count => false,
    }
}

fn bears_out(proven: Option<&Proven>, level: &report::Level) -> bool {
    let Some((value, bounds)) = proven else {
        return false;
    };
    let proven = bounds.get(&level.level);
    match level.proof {
        Proof::Flow | Proof::Multipliers => proven.is_some_and(|&bound| {
            // More than all spares is not tidied up: counting says so without any price.
            let counted = level.level == Level::Tidy && level.bound == level.value;
            bound >= level.level.of(value) || counted
        }),
        Proof::None | Proof::Count => false,
    }
}

/// What is known without believing anybody: no level is below zero but in what it gains.
fn bound(proven: Option<&Proven>, level: &report::Level) -> i64 {
    let gap = proven.map(|(value, bounds)| {
        let least = bounds.get(&level.level).copied().unwrap_or(0).max(0);
        level.level.of(value).saturating_sub(least)
    });
    level
        .value
        .saturating_sub(gap.unwrap_or(level.value).max(0))
        .max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory;
    use crate::plan::Request;
    use crate::policy::Policy;
    use crate::report::PlanReport;
    use crate::text::Source;

    /// Two masters on one host, and a blank node on each of two others.
    fn planned() -> PlanReport {
        let line = |host: u32, port: u32, rest: &str| {
            format!(
                "{:040x} 10.0.0.{host}:{port}@1{port} {rest}\n",
                host * 10_000 + port
            )
        };
        let view = [
            line(1, 7001, "myself,master - 0 0 1 connected 0-5000"),
            line(1, 7002, "master - 0 0 2 connected 5001-10000"),
            line(1, 7003, "master - 0 0 3 connected 10001-16383"),
            line(2, 7001, "master - 0 0 0 connected"),
            line(2, 7002, "master - 0 0 0 connected"),
            line(3, 7001, "master - 0 0 0 connected"),
        ];
        let source = Source::new("nodes.txt", view.concat(), String::new());
        let inventory = inventory::read([source], Policy::default());
        report::plan(&inventory, &Request::default()).expect("no bug")
    }

    fn open(levels: &[report::Level]) -> Vec<Level> {
        let open = levels.iter().filter(|l| l.proof == Proof::None);
        open.map(|l| l.level).collect()
    }

    #[test]
    fn an_honest_certificate_takes_nothing_back() {
        let plan = planned();
        assert!(!plan.steps.is_empty() && open(&plan.objective).is_empty());
        let mut levels = plan.objective.clone();
        to(plan.certificate.as_ref(), &mut levels);
        assert_eq!(levels, plan.objective);
    }

    #[test]
    fn what_a_spoilt_certificate_does_not_prove_is_not_called_proven() {
        let plan = planned();
        let honest = plan.certificate.clone().expect("something was decided");
        let mut cheap = honest.clone();
        for prices in &mut cheap.prices {
            prices.kinds.clear();
            prices.places.clear();
        }
        let mut levels = plan.objective.clone();
        to(Some(&cheap), &mut levels);
        let taken_back = open(&levels);
        assert!(!taken_back.is_empty());
        // Nothing is proven behind the first that is not.
        let first = levels.iter().position(|l| l.proof == Proof::None);
        let behind = levels.iter().skip(first.unwrap_or(0));
        assert!(
            behind
                .filter(|l| is_priced(l))
                .all(|l| l.proof == Proof::None)
        );
        assert!(levels.iter().all(|l| (0..=l.value).contains(&l.bound)));

        let mut unreadable = honest;
        unreadable.prices[0].kinds.insert(1_000, BTreeMap::new());
        let mut levels = plan.objective.clone();
        to(Some(&unreadable), &mut levels);
        assert!(
            levels
                .iter()
                .all(|l| l.proof == Proof::Count || l.proof == Proof::None)
        );
        assert!(levels.iter().all(|l| (0..=l.value).contains(&l.bound)));
    }
}
