//! Who lives.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::inventory::gather::Gathered;
use crate::inventory::nodes::Index;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Cluster;
use crate::model::Membership;
use crate::parse::Flags;

/// The word *live* of the design, node by node.
pub(super) fn judge_liveness(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    cluster: &mut Cluster,
) {
    for (id, of) in index.of_each(seen) {
        let node = cluster.node_mut(id);
        let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
        let answered = answers.is_some_and(|a| a.answered);
        let silent = answers.is_some_and(|a| a.unreachable.is_some());
        let failed = of.count(gathered, |f| f.flags.has(Flags::FAILED));
        let doubted = of.count(gathered, |f| {
            f.flags.has(Flags::SUSPECTED) || f.flags.has(Flags::FAILED) || !f.connected
        });
        node.accused = doubted > 0;
        let outvoted = 2 * failed > of.listed;
        node.live = match node.membership {
            Membership::Ghost | Membership::Forgotten => false,
            Membership::Unmet => true,
            Membership::Member if of.own.is_some() => true,
            // A client may give up on one command, and another is answered.
            Membership::Member if answered => true,
            Membership::Member if silent => false,
            Membership::Member => !outvoted && (of.listed == 0 || doubted < of.listed),
        };
        let member = node.membership == Membership::Member;
        node.failed_for_most = member && node.live && outvoted;
        node.only_suspected = member && !node.live && !silent && failed == 0;
    }
}

/// Says of which nodes one file says that they gave no answer, while another is their answer.
pub(super) fn note_silent_but_answering(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &Index,
    inventory: &mut Inventory,
) {
    for (id, of) in index.of_each(seen) {
        let node = inventory.cluster.node(id);
        let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
        let silent = answers.and_then(|a| a.unreachable.clone());
        let proof = match (of.own, answers.is_some_and(|a| a.answered)) {
            _ if node.membership != Membership::Member => continue,
            (Some(_), _) => "its view is in the capture",
            (None, true) => "the capture holds another answer of it",
            (None, false) => continue,
        };
        if let Some(place) = silent {
            let message = format!("by this {node} did not answer, but {proof}: taken for alive");
            let note = Diagnostic::note("capture/silent-but-answers", message).at(place);
            inventory
                .diagnostics
                .push(note.help("ask it again: it may have stopped or come back in between"));
        }
    }
}
