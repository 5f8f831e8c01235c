//! One step of a plan with everything a script needs: who is told what, when it may run, what
//! is waited for.

use crate::action::Step;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::report;
use crate::simulate::Moment;

/// The step at `index`; addresses are those of the captured cluster, as no step changes them.
pub(super) fn step(cluster: &Cluster, index: usize, step: &Step, moment: &Moment) -> report::Step {
    let Step {
        draft,
        wave,
        after,
        pause,
    } = step;
    let Moment {
        operands,
        guard,
        wait,
        undo,
    } = moment;
    let name = |id: Option<NodeId>| id.map(|n| cluster.node(n).name.to_string());
    let address = |id: NodeId| cluster.node(id).address.as_ref().map(ToString::to_string);
    let last_address = |id: NodeId| {
        let last = cluster.node(id).last_address.as_ref();
        last.map(ToString::to_string)
            .filter(|_| operands.target_may_be_gone)
    };
    let addresses = |ids: &[NodeId]| ids.iter().filter_map(|&id| address(id)).collect();
    report::Step {
        id: index as u32 + 1,
        phase: draft.phase,
        wave: *wave,
        action: draft.action.kind(),
        node: name(operands.node),
        address: operands.node.and_then(address),
        target: name(operands.target),
        target_address: operands
            .target
            .and_then(|id| address(id).or_else(|| last_address(id))),
        target_bus_port: operands.bus_port,
        tell: addresses(operands.tell.as_deref().unwrap_or_default()),
        slots: operands.slots.as_ref().map(ToString::to_string),
        mode: operands.mode,
        after: after.iter().map(|&a| a as u32 + 1).collect(),
        pause_ms: if *pause {
            2 * cluster.settings.node_timeout_ms
        } else {
            0
        },
        guard: guard.clone(),
        wait: report::Wait {
            until: wait.until,
            at: addresses(wait.at.nodes()),
            limit_ms: wait.limit_ms,
            expected_ms: 1000 * draft.action.seconds(step, &cluster.settings),
        },
        cures: draft.cures.clone(),
        reason: draft.reason.clone(),
        undo: undo.as_ref().map(ToString::to_string),
    }
}
