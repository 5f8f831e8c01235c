//! ## What
//! The command is refused where it stands and would be taken at the end of the list; or a master is stopped
//! before its replica was promoted.
//!
//! ## Why
//! What it needs stands behind it.
//!
//! ## Do
//! Move it behind what it needs.
use crate::lint::rules::prelude::*;
use crate::lint::scene;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::OutOfOrder,
    id: "out-of-order",
    severity: Severity::Warning,
    check,
    at_end,
    page: include_str!("out_of_order.rs"),
};

fn check(tried: &Tried, _: &History) -> Option<String> {
    let Order::Stop { node } = tried.order else {
        return None;
    };
    let at = tried.at;
    let master = at.node(*node);
    let heir = at
        .iter()
        .find(|(id, n)| n.master() == Some(*node) && at.is_usable_replica(*id));
    let heir = heir.filter(|_| tried.refusal.is_none() && !master.slots.is_empty());
    heir.map(|(_, heir)| {
        format!(
            "{master} serves slots {}: fail it over to {heir} first",
            master.slots
        )
    })
}

fn at_end(whole: &Whole) -> Vec<Said> {
    let taken = |(_, order): &&(usize, Order)| scene::refusal(order, whole.end).is_none();
    let late = whole.refused.iter().filter(taken);
    late.map(|(command, _)| {
        (
            *command,
            "what it needs stands behind it in the list".to_owned(),
        )
    })
    .collect()
}
