//! What several scenarios expect of a cured cluster, or wait for.

use crate::servers::Servers;
use crate::servers::until;
use crate::views::Topology;

pub fn wait_ghost(servers: &Servers, id: &str) {
    until("the old id is a ghost everywhere", || {
        for i in servers.members() {
            if !servers.line(i, id)?.is("noaddr") {
                return Err(format!("not at {}", servers.nodes[i].address));
            }
        }
        Ok(())
    });
}

pub fn assert_no_ghosts(servers: &Servers) {
    for i in servers.members() {
        let view = servers.view(i).expect("a settled node answers");
        assert!(view.iter().all(|line| !line.is("noaddr")), "{view:#?}");
    }
}

/// No replica is on the host of its master, and every master has a replica.
pub fn assert_apart(servers: &Servers, topology: &Topology) {
    let view = servers.view(0).expect("the first node runs");
    assert_eq!(view.len(), topology.len());
    let host = |address: &str| address.split(':').next().map(str::to_owned);
    for master in view.iter().filter(|line| line.is("master")) {
        let replicas: Vec<_> = view
            .iter()
            .filter(|line| line.master == master.id)
            .collect();
        assert!(!replicas.is_empty(), "{} has no replica", master.address);
        for replica in replicas {
            assert_ne!(host(&replica.address), host(&master.address), "{view:#?}");
        }
    }
}
