//! ## What
//! A server would refuse the command, as the commands before it left the cluster.
//!
//! ## Why
//! The rest of the list then runs on another cluster than its writer had in mind.
//!
//! ## Do
//! Take it out, or put what makes it possible before it.
use crate::lint::rules::prelude::*;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::Refused,
    id: "refused",
    severity: Severity::Error,
    check,
    at_end: nothing_at_end,
    page: include_str!("refused.rs"),
};

fn check(tried: &Tried, _: &History) -> Option<String> {
    let why = tried.refusal.as_ref()?;
    Some(format!("it would be refused: {why}"))
}
