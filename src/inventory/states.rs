//! What nodes say of the cluster as a whole: `cluster_state` of CLUSTER INFO.

use std::collections::BTreeMap;

use crate::inventory::gathered::Gathered;
use crate::model::Cluster;
use crate::model::NodeId;

/// `cluster_state` as one node has it (`clusterUpdateState`): it serves, or it refuses commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Ok,
    Fail,
}

/// What every live member says. A node that was never met speaks of itself alone.
pub(super) fn read(gathered: &Gathered, cluster: &Cluster) -> BTreeMap<NodeId, State> {
    let said = |node: &crate::model::Node| {
        let answers = gathered.answers.get(node.address.as_ref()?)?;
        match answers.cluster_info.get("cluster_state")?.trim() {
            "ok" => Some(State::Ok),
            "fail" => Some(State::Fail),
            _ => None,
        }
    };
    let live = cluster.iter().filter(|(_, n)| n.is_live_member());
    live.filter_map(|(id, node)| Some((id, said(node)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::read;
    use crate::policy::Policy;
    use crate::text::Source;

    #[test]
    fn each_node_speaks_for_itself() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let view = format!(
            "{a} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n\
             {b} 10.0.0.2:7000@17000 master - 0 0 2 connected 8192-16383\n"
        );
        let source = |path: &str, text: &str| Source::new(path, text.to_owned(), String::new());
        let inventory = read(
            [
                source("10.0.0.1_7000/nodes.txt", &view),
                source(
                    "10.0.0.1_7000/info.txt",
                    "cluster_state:fail\r\ncluster_size:2\r\n",
                ),
                source("10.0.0.2_7000/info.txt", "cluster_state:ok\n"),
            ],
            Policy::default(),
        );
        let said: Vec<State> = inventory.states.values().copied().collect();
        assert_eq!(said, [State::Fail, State::Ok]);
    }
}
