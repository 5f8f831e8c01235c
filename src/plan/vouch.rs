//! The operator's word that a domain is down and stays down for this plan.

use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::Life;
use crate::model::Liveness;
use crate::model::NoSuchDomain;

/// Why nobody can vouch for it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadVouch {
    #[error(transparent)]
    NoSuch(#[from] NoSuchDomain),
    /// A node in it answered with the views.
    #[error("{node}, of {domain}, answered when it was captured")]
    Answered { domain: Domain, node: String },
}

/// Takes the nodes of these domains for dead; a ghost stays one. What answered with the views cannot
/// be vouched dead: a slip of the finger would take over from a live master.
pub fn vouch(cluster: &mut Cluster, domains: &[Domain]) -> Result<(), BadVouch> {
    let mut down = Vec::new();
    let known = Domains::of(cluster);
    for domain in domains {
        let nodes = known.nodes_in(domain)?;
        for id in nodes {
            match cluster.node(id).liveness {
                Liveness::Live(Life::Answers | Life::AnswersOutvoted) => {
                    return Err(BadVouch::Answered {
                        domain: domain.clone(),
                        node: cluster.node(id).to_string(),
                    });
                }
                Liveness::Live(Life::Listed) | Liveness::Dead(_) => down.push(id),
                Liveness::Gone => {}
            }
        }
    }
    for id in down {
        cluster.node_mut(id).lose();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Death;
    use crate::model::testing::cluster;
    use crate::model::testing::id;

    #[test]
    fn what_answered_cannot_be_vouched_dead() {
        let mut cluster = cluster("m1@h1 < r1@h2; m2!@h2 < r2@h3; m3@h3 < r3@h1");
        let [m2, r1] = ["m2", "r1"].map(|name| id(&cluster, name));
        let host = [Domain::Host("h2".to_owned())];
        cluster.node_mut(r1).liveness = Liveness::Live(Life::Answers);
        let answered = vouch(&mut cluster, &host).unwrap_err();
        assert!(matches!(answered, BadVouch::Answered { .. }), "{answered}");
        cluster.node_mut(r1).liveness = Liveness::Live(Life::Listed);
        assert_eq!(vouch(&mut cluster, &host), Ok(()));
        for node in [m2, r1] {
            let death = cluster.node(node).liveness.death();
            assert_eq!(death, Some(Death::Vouched));
        }
        assert!(vouch(&mut cluster, &[Domain::Zone("z".to_owned())]).is_err());
    }
}
