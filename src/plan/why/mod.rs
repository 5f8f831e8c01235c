//! Why a plan leaves what it leaves, what would change that, and what it takes for granted.
//!
//! Every reason, unlock, advice and assumption is a variant with its data, and [`Said`] has the
//! one sentence of each. Nothing reads a sentence back.

mod about;
mod advice;
mod assumption;
mod blocked;
mod cut;
mod no_heir;
mod reason;
mod restart;
mod unlock;
mod vouch;

use crate::model::Cluster;
use crate::model::HostId;
use crate::model::Node;
use crate::model::NodeId;
use crate::rules::Finding;
use crate::rules::Remedy;
use crate::text::words;

pub use about::About;
pub use advice::Advice;
pub use advice::MEND;
pub use advice::Restart;
pub use assumption::Assumption;
pub use blocked::Blocked;
pub use reason::Chain;
pub use reason::Lost;
pub use reason::NoHeir;
pub use reason::NotACopy;
pub use reason::OpenSlot;
pub use reason::Reason;
pub use reason::Unused;
pub use restart::NoRestart;
pub use unlock::Unlock;
pub use vouch::Vouch;

/// What a plan does not do, and what would make it possible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub about: About,
    pub reason: Reason,
    pub unlock: Unlock,
}

impl Refusal {
    /// It tells why that finding stays, not only something of the same node.
    pub fn concerns(&self, finding: &Finding, cluster: &Cluster) -> bool {
        let placed = || {
            let remedy = finding.rule.cure.remedy();
            matches!(remedy, Some(Remedy::Replicate | Remedy::Pair))
        };
        let bears = !matches!(self.reason, Reason::Short { .. }) || placed();
        bears && self.about.concerns(finding, cluster)
    }
}

/// Something said of a cluster, which has the names for it.
pub struct Said<'a, T>(pub &'a T, pub &'a Cluster);

impl<T> Said<'_, T> {
    /// What a message calls a node.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.1.node(id)
    }
}

/// More names than so many are counted, not listed.
const SHOWN: usize = 3;

/// `10.0.0.1:7000, 10.0.0.1:7001`.
fn nodes(cluster: &Cluster, ids: &[NodeId]) -> String {
    let names: Vec<String> = ids.iter().map(|&id| cluster.node(id).to_string()).collect();
    words::list_up_to(SHOWN, &names)
}

fn host_name(cluster: &Cluster, host: Option<HostId>) -> &str {
    host.map_or("no known host", |host| &*cluster.host(host).name)
}
