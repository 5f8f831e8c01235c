//! ## What
//! A FORGET is told to some of the nodes that list the id and not to the others.
//!
//! ## Why
//! Before 7.2 every node has to be told within a minute: whoever still lists the id tells the others of it again.
//!
//! ## Do
//! Tell every node that lists it: `topoplan list noaddr` and `topoplan plan` name them.
use crate::lint::rules::prelude::*;
use crate::lint::scene::forgets_spread;
use crate::model::NodeId;
use crate::text::words::list;

pub(in crate::lint) static RULE: Rule = Rule {
    code: Code::ToldToSome,
    id: "told-to-some",
    severity: Severity::Warning,
    check: no_command,
    at_end,
    page: include_str!("told_to_some.rs"),
};

fn at_end(whole: &Whole) -> Vec<Said> {
    if forgets_spread(whole.start) {
        return Vec::new();
    }
    let mut said = Vec::new();
    for (&target, forgotten) in &whole.history.forgets {
        let lives = |id: &NodeId| *id != target && whole.end.node(*id).is_live();
        let all: Vec<NodeId> = forgotten.listed_by.iter().filter(lives).collect();
        let left: Vec<String> = all
            .iter()
            .filter(|id| !forgotten.told.contains(id))
            .map(|&id| whole.end.node(id).to_string())
            .collect();
        if !left.is_empty() {
            let why = format!(
                "{} of the {} nodes that list it are not told, and would bring it back: {}",
                left.len(),
                all.len(),
                list(&left)
            );
            said.push((forgotten.last, why));
        }
    }
    said
}
