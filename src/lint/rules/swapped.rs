//! ## What
//! The future replica owns slots and the future master holds nothing: the two stand the wrong way round.
//!
//! ## Why
//! `do-replicate` takes the replica first. Where the server does not refuse it, the data would be replaced by nothing.
//!
//! ## Do
//! Swap them; for lists in files, `topoplan pair` does not depend on their order.
use crate::lint::rules::prelude::*;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::Swapped,
    id: "swapped",
    severity: Severity::Warning,
    check,
    at_end: nothing_at_end,
    page: include_str!("swapped.rs"),
};

fn check(tried: &Tried, _: &History) -> Option<String> {
    let Order::Replicate { node, master, .. } = tried.order else {
        return None;
    };
    let (replica, other) = (tried.at.node(*node), tried.at.node(*master));
    let swapped = replica.is_master()
        && !replica.slots.is_empty()
        && other.slots.is_empty()
        && tried.at.is_spare(*master);
    swapped.then(|| {
        format!(
            "{replica} owns slots {} and {other} holds nothing: the replica stands first, the master second",
            replica.slots
        )
    })
}
