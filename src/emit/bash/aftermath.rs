//! What the steps around it make of a step's effect.

use crate::action::Kind;
use crate::emit::checked::CheckedStep;

/// What later steps of the plan make of this one's effect, so that a second run knows it for done:
/// a flushed node holds keys again once it is a replica, a promoted one may hand over again.
/// `later` are steps whose effect includes this one's; `heirs` the masters that a replica follows
/// in place of its own after their promotion.
pub(super) fn aftermath(step: &CheckedStep, rest: &[CheckedStep]) -> [(&'static str, String); 2] {
    let mut later = Vec::new();
    let mut heirs: Vec<&str> = Vec::new();
    for next in rest {
        let same_node = step.node == next.node;
        let includes = match (step.action, next.action) {
            (Kind::Failover, Kind::Failover) => {
                // Who hands over and takes back led before the first of the two as well.
                let another = next.node != step.target;
                let both = step.taken_over().zip(next.taken_over());
                both.is_some_and(|(slots, all)| another && slots.intersection(all) == *slots)
            }
            // It was a replica when it was restarted.
            (Kind::Failover, Kind::Restart) => next.node == step.target,
            (Kind::Replicate | Kind::Flush, Kind::Replicate | Kind::Failover) => same_node,
            // Who left is no replica any more, and who was stopped does not answer.
            (Kind::Meet | Kind::Replicate | Kind::Flush, Kind::Kill | Kind::Reset) => same_node,
            (
                Kind::Meet
                | Kind::SetSlot
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Forget
                | Kind::Kill
                | Kind::Reset,
                Kind::Replicate | Kind::Failover,
            )
            | (
                Kind::SetSlot
                | Kind::Failover
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Forget
                | Kind::Kill
                | Kind::Reset,
                Kind::Kill | Kind::Reset,
            )
            | (Kind::Failover, Kind::Replicate)
            | (
                Kind::Meet
                | Kind::Flush
                | Kind::Replicate
                | Kind::SetSlot
                | Kind::Failover
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Forget
                | Kind::Kill
                | Kind::Reset
                | Kind::Restart,
                Kind::Meet
                | Kind::Flush
                | Kind::SetSlot
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Forget,
            )
            | (
                Kind::Meet
                | Kind::Flush
                | Kind::Replicate
                | Kind::SetSlot
                | Kind::SetEpoch
                | Kind::AddSlots
                | Kind::MigrateSlots
                | Kind::BumpEpoch
                | Kind::Forget
                | Kind::Kill
                | Kind::Reset
                | Kind::Restart,
                Kind::Restart,
            )
            | (Kind::Restart, Kind::Replicate | Kind::Failover | Kind::Kill | Kind::Reset) => false,
        };
        if includes {
            later.push(next.id.to_string());
        }
        if let (Kind::Replicate, Some(master)) = (step.action, &step.target)
            && let (Kind::Failover, Some(old)) = (next.action, &next.target)
            && (old == master || heirs.contains(&old.as_str()))
        {
            heirs.extend(next.node.as_ref().map(|n| n.as_str()));
        }
    }
    [("later", later.join(" ")), ("heirs", heirs.join(" "))]
}

/// The earlier step by which the node that takes over here handed over: until that is done it leads
/// because it always did.
pub(super) fn returns(step: &CheckedStep, before: &[CheckedStep]) -> String {
    let away = |earlier: &&CheckedStep| {
        let both = step.taken_over().zip(earlier.taken_over());
        earlier.target == step.node && both.is_some_and(|(slots, all)| slots == all)
    };
    let earlier = before.iter().rev().find(away);
    earlier.map(|s| s.id.to_string()).unwrap_or_default()
}
