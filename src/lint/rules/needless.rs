//! ## What
//! What the command wants is so already, or there is nothing that it could act on.
//!
//! ## Why
//! Whoever wrote it had another cluster in mind.
//!
//! ## Do
//! Take it out, or see whether the capture is the right one.
use crate::lint::rules::prelude::*;
use crate::model::Membership;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::Needless,
    id: "needless",
    severity: Severity::Warning,
    check,
    at_end: nothing_at_end,
    page: include_str!("needless.rs"),
};

fn check(tried: &Tried, history: &History) -> Option<String> {
    if tried.refusal.is_some() {
        return None;
    }
    let node = |id| tried.at.node(id);
    match tried.order {
        Order::Meet { via, node: id } => {
            let member = |id| node(id).membership == Membership::Member;
            (member(*via) && member(*id)).then(|| format!("{} is a member already", node(*id)))
        }
        Order::Replicate {
            node: id, master, ..
        } => {
            let there = node(*id).master() == Some(*master);
            there.then(|| format!("{} is a replica of {} already", node(*id), node(*master)))
        }
        Order::Forget { by_tool: true, .. } => None,
        Order::Forget { node: None, .. } => Some("nobody in the capture has that id".to_owned()),
        Order::Forget {
            teller,
            node: Some(target),
            ..
        } => {
            let listed = node(*target).seen.known_by.contains(*teller);
            let again = history
                .forgets
                .get(target)
                .is_some_and(|f| f.told.contains(teller));
            // From 7.2 on the others learn of it; to tell them, too, is an old habit.
            (!listed && (again || !history.forgets.contains_key(target))).then(|| {
                format!(
                    "{} does not list it: it answers `Unknown node`",
                    node(*teller)
                )
            })
        }
        Order::Failover { .. }
        | Order::AddSlots { .. }
        | Order::DelSlots { .. }
        | Order::GiveSlots { .. }
        | Order::BumpEpoch { .. }
        | Order::Flush { .. }
        | Order::Reset { .. }
        | Order::Stop { .. } => None,
    }
}
