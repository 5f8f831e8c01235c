//! ## What
//! The command changes the cluster, and what it leads to cannot be told: it names a variable, a node that the capture
//! does not show, or a tool that decides by itself.
//!
//! ## Why
//! What is said of the commands behind it is said of a cluster that it may have changed.
//!
//! ## Do
//! Write it out, or look at the commands behind it yourself.
use crate::lint::rules::prelude::*;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::NotFollowed,
    id: "not-followed",
    severity: Severity::Warning,
    check: no_command,
    at_end: nothing_at_end,
    page: include_str!("not_followed.rs"),
};
