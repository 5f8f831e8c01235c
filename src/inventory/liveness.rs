//! Who lives.

use std::collections::BTreeMap;

use crate::inventory::gather::Gathered;
use crate::inventory::gather::Token;
use crate::inventory::nodes::Index;
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
        node.live = match node.membership {
            Membership::Ghost | Membership::Forgotten => false,
            Membership::Unmet => true,
            Membership::Member if of.own.is_some() => true,
            Membership::Member if silent => false,
            Membership::Member if answered => true,
            Membership::Member => {
                2 * failed <= of.listed && (of.listed == 0 || doubted < of.listed)
            }
        };
    }
}
