//! ## What
//! The last operation of a partition failed or was canceled.
//!
//! ## Why
//! The name server does not try again. What it should have done is not done, and the operation stays
//! in its list; so do old failures that a later operation made good, which are not named here.
//!
//! ## Do
//! Look for the reason in the name server's log; `topoplan plan` recovers copies that it left not
//! alive. `deleteop failed` removes it from the list once all is well.
use std::collections::BTreeMap;

use crate::model::Op;
use crate::model::OpStatus;
use crate::model::PartitionId;
use crate::model::Tablets;
use crate::rules::TabletContext;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::FailedOp,
    id: "failed-op",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Replicate),
    levels: &[],
    needs: &[],
    check: Check::Tablets(check),
    page: include_str!("failed_op.rs"),
};

fn check(cx: &TabletContext, out: &mut Vec<Finding>) {
    let mut last: BTreeMap<_, &Op> = BTreeMap::new();
    for op in &cx.state.ops {
        // Without a partition every operation stands for itself.
        let own = op.table.is_none().then_some(op.id);
        last.insert((op.table.clone(), op.pid, own), op);
    }
    let failed = |op: &&&Op| matches!(op.status, OpStatus::Failed | OpStatus::Canceled);
    for op in last.values().filter(failed) {
        let partition = partition(cx.state, op);
        let what = partition.map_or_else(String::new, |id| format!(" of {}", cx.partition(id)));
        let hurt = partition.is_some_and(|id| {
            let partition = cx.state.partition(id);
            partition.copies.iter().any(|held| !held.alive)
        });
        let help = Help::from("look for the reason in the name server's log");
        let help = match hurt {
            true => help.plan("recovers what it left"),
            false => {
                help.say("every copy that showtable lists is alive: `deleteop failed` removes it")
            }
        };
        let message = format!(
            "operation {} {}{what} is {}",
            op.id,
            op.kind,
            op.status.word()
        );
        out.push(
            Finding::new(&RULE, Subject::op(op.id, partition), message)
                .help(help)
                .evidence([Fact::op(op.id)]),
        );
    }
}

fn partition(state: &Tablets, op: &Op) -> Option<PartitionId> {
    let table = op.table.as_ref()?;
    state.partition_ids().find(|&id| {
        let partition = state.partition(id);
        partition.table == *table && Some(partition.pid) == op.pid
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::tablets;

    #[test]
    fn only_the_last_of_a_partition_counts() {
        let mut state = tablets("flow 0: *a b; flow 1: *b a");
        let op = |id, pid, status| Op {
            id,
            kind: "kReAddReplicaOP".into(),
            table: Some("flow".into()),
            pid: Some(pid),
            status,
            task: None,
        };
        state.ops = vec![
            op(1, 0, OpStatus::Failed),
            op(2, 1, OpStatus::Done),
            op(3, 0, OpStatus::Done),
            op(4, 1, OpStatus::Canceled),
        ];
        let mut found = Vec::new();
        check(&TabletContext::new(&state, None), &mut found);
        let subjects: Vec<_> = found.into_iter().map(|f| f.subject).collect();
        assert_eq!(subjects, [Subject::op(4, Some(PartitionId(1)))]);
    }
}
