//! Wishes about where masters are, as goals and back.

use std::collections::BTreeMap;

use crate::model::Domain;
use crate::plan::goal::Goal;
use crate::plan::goal::GoalKind;
use crate::plan::goal::MastersNever;
use crate::plan::goal::MastersRather;
use crate::policy::Masters;
use crate::policy::Policy;

/// The zones of which the policy says something.
pub fn of_zones(policy: &Policy) -> Vec<(Domain, Masters)> {
    let zones = policy.zones.iter();
    let zones = zones.filter(|zone| zone.masters != Masters::Any);
    zones
        .map(|zone| (Domain::Zone(zone.name.clone()), zone.masters))
        .collect()
}

/// Wishes as goals; of two for one domain the later one.
pub fn goals(wishes: &[(Domain, Masters)]) -> Vec<Goal> {
    let wishes: BTreeMap<&Domain, Masters> = wishes.iter().map(|(d, wish)| (d, *wish)).collect();
    let (mut goals, mut rather) = (Vec::new(), MastersRather::default());
    for (domain, wish) in wishes {
        let domain = domain.clone();
        match wish {
            Masters::Any => {}
            Masters::Never => goals.push(MastersNever { domain }.into()),
            Masters::Last => {
                rather.last.insert(domain);
            }
            Masters::Prefer => {
                rather.prefer.insert(domain);
            }
        }
    }
    if rather != MastersRather::default() {
        goals.push(rather.into());
    }
    goals
}

pub fn is_wish(goal: &Goal) -> bool {
    matches!(
        goal.kind(),
        GoalKind::MastersNever | GoalKind::MastersRather
    )
}

/// What goals wish of masters, domain by domain.
pub fn wishes(goals: &[Goal]) -> Vec<(Domain, Masters)> {
    let mut wishes = Vec::new();
    for goal in goals {
        match goal {
            Goal::MastersNever(never) => wishes.push((never.domain.clone(), Masters::Never)),
            Goal::MastersRather(rather) => {
                let last = rather.last.iter().map(|d| (d.clone(), Masters::Last));
                let prefer = rather.prefer.iter().map(|d| (d.clone(), Masters::Prefer));
                wishes.extend(last.chain(prefer));
            }
            Goal::Drain(_)
            | Goal::Restart(_)
            | Goal::Maintain(_)
            | Goal::Remove(_)
            | Goal::Replace(_)
            | Goal::Pin(_) => {}
        }
    }
    wishes
}
