//! ## What
//! The command of `ns_client` needs `auto_failover` off, and it is on, or nothing tells that it is off.
//!
//! ## Why
//! The name server refuses it while it looks after its tablets by itself, and the client ends as if all were well.
//!
//! ## Do
//! Put `confset auto_failover false` before it, and `confset auto_failover true` at the end.
use crate::lint::rules::prelude::*;

/// Of lists for tablets: they are read beside those for servers.
pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::NeedsManual,
    id: "needs-manual",
    severity: Severity::Error,
    check: no_command,
    at_end: nothing_at_end,
    page: include_str!("needs_manual.rs"),
};
