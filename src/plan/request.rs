//! What the operator asked `plan` to do.

use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::model::Domain;
use crate::plan::Added;
use crate::plan::goal;
use crate::plan::goal::Goal;
use crate::plan::restart;
use crate::plan::slots::SlotGoals;
use crate::plan::twins;
use crate::policy::Flag;
use crate::rules::Ask;
use crate::rules::Code;
use crate::rules::Phase;

/// What the operator asked `plan` to do; nothing in it is what a default plan does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// Cure only findings of these codes; empty for all that are cured by default.
    pub only: BTreeSet<Code>,
    /// Do not cure findings of these codes.
    pub skip: BTreeSet<Code>,
    /// Stop after this phase.
    pub through: Option<Phase>,
    /// Plan in spite of views that disagree; the reason is printed.
    pub force: Option<String>,
    /// Domains that are down on the operator's word; see [`vouch`](crate::plan::vouch).
    pub dead: Vec<Domain>,
    /// Nodes that are supposed, and do not exist.
    pub added: Vec<Added>,
    /// What is permitted or asked for beyond a default plan.
    pub flags: BTreeSet<Flag>,
    /// What is asked for about slots.
    pub slots: SlotGoals,
    /// What the end must be besides.
    pub goals: Vec<Goal>,
    /// No more steps than this.
    pub max_steps: Option<usize>,
}

impl Request {
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// The restart that is asked for.
    pub fn restart(&self) -> Option<&restart::Ask> {
        self.goals.iter().find_map(|goal| match goal {
            Goal::Restart(restart) => Some(&restart.ask),
            Goal::Drain(_)
            | Goal::Maintain(_)
            | Goal::Remove(_)
            | Goal::Replace(_)
            | Goal::Pin(_) => None,
        })
    }

    /// What a plan of this capture does that is asked for nothing: the goals of its policy count.
    pub fn under(inventory: &Inventory) -> Self {
        let mut request = Self::default();
        let taken = twins::of_policy(&mut request, inventory);
        match (taken, goal::check(&request, &inventory.cluster)) {
            (Ok(_), Ok(())) => request,
            (Err(_), _) | (_, Err(_)) => Self::default(),
        }
    }

    /// The plan stops before that phase.
    pub fn is_late(&self, phase: Phase) -> bool {
        self.through.is_some_and(|last| phase > last)
    }

    /// The same without the cure of these codes, unless it asks for them by name.
    pub fn leaving(&self, codes: BTreeSet<Code>) -> Self {
        let mut request = self.clone();
        let codes = codes.difference(&self.only);
        request.skip.extend(codes.copied());
        request
    }

    /// The same with this asked for, too.
    pub fn asking(&self, ask: &Ask) -> Self {
        let mut request = self.clone();
        match ask {
            Ask::Flag(flag) => {
                request.flags.insert(*flag);
            }
            Ask::Only(codes) => {
                request.only.extend(codes);
                request.skip.retain(|code| !codes.contains(code));
            }
        }
        request
    }

    /// What a reader would type to get the same plan, an option with its value as one item.
    /// `quote` spells the reason of `--force`, and odd names.
    pub fn options(&self, quote: impl Fn(&str) -> String) -> Vec<String> {
        let mut options = Vec::new();
        for (option, codes) in [("--only", &self.only), ("--skip", &self.skip)] {
            if !codes.is_empty() {
                options.push(format!("{option} {}", Code::join(codes, ",")));
            }
        }
        options.extend(self.through.map(|phase| format!("--through {phase}")));
        let force = self.force.as_ref();
        options.extend(force.map(|reason| format!("--force {}", quote(reason))));
        let plain = |c: char| c.is_ascii_alphanumeric() || ":./_-".contains(c);
        let domain = |domain: &Domain| match domain.to_string() {
            text if text.chars().all(plain) => text,
            text => quote(&text),
        };
        options.extend(self.dead.iter().map(|d| format!("--dead {}", domain(d))));
        let added = self.added.iter().map(|added| added.to_string());
        let added = added.map(|text| match text.replace([',', '='], "").chars().all(plain) {
            true => format!("--add {text}"),
            false => format!("--add {}", quote(&text)),
        });
        options.extend(added);
        options.extend(self.slots.options(&quote));
        let goals = self.goals.iter().flat_map(|goal| goal.options(&quote));
        options.extend(goals);
        options.extend(self.max_steps.map(|most| format!("--max-steps {most}")));
        options.extend(self.flags.iter().map(Flag::to_string));
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_what_was_typed() {
        let request = Request {
            only: [Code::SkewedMasters, Code::AwayFromHome].into(),
            through: Some(Phase::Spread),
            force: Some("the other half is gone".to_owned()),
            flags: [Flag::AllowMoves, Flag::ForgetDead].into(),
            ..Request::default()
        };
        let options = request.options(|reason| format!("{reason:?}"));
        let expected = "--only P005,P009 --through spread --force \"the other half is gone\" \
                        --forget-dead --allow-moves";
        assert_eq!(options.join(" "), expected);
    }
}
