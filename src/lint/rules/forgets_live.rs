//! ## What
//! The node that is to be forgotten lives.
//!
//! ## Why
//! It goes on naming itself a member, and comes back when the ban of a minute is over.
//!
//! ## Do
//! Stop it or reset it first, or leave it in.
use crate::lint::rules::prelude::*;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::ForgetsLive,
    id: "forgets-live",
    severity: Severity::Warning,
    check,
    at_end: nothing_at_end,
    page: include_str!("forgets_live.rs"),
};

fn check(tried: &Tried, history: &History) -> Option<String> {
    let Order::Forget {
        node: Some(target), ..
    } = tried.order
    else {
        return None;
    };
    let node = tried.at.node(*target);
    // Once for all who are told.
    let said = history.forgets.contains_key(target);
    (node.is_live() && !said && !history.reset.contains(target))
        .then(|| format!("{node} lives: it comes back by itself"))
}
