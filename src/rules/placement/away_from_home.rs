//! ## What
//! A node serves in another role than in the home map: a home replica that now owns slots
//! (failovered), or a home master that now is a replica (failbacked).
//!
//! ## Why
//! Nothing is broken. Whoever runs the cluster by its home layout will look for masters where
//! they are not, and load may have moved with them.
//!
//! ## Do
//! Leave it, or let `topoplan plan --only P009` fail the roles back home; nothing is copied.
use crate::measure::Away;
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::AwayFromHome,
    id: "away-from-home",
    severity: Severity::Note,
    cure: Cure::Asked(Remedy::HandOver, None),
    levels: &[Level::Home],
    needs: &[],
    check: Check::Cluster(check),
    page: include_str!("away_from_home.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    if cx.policy.home.is_empty() {
        return;
    }
    for (id, node) in cx.cluster.iter() {
        let Some(away) = measure::away(cx.cluster, cx.policy, id) else {
            continue;
        };
        let name = words::node(cx.cluster, id);
        let message = match (away, node.master()) {
            (Away::Failovered, _) => {
                let slots = words::slots(&node.slots);
                format!("{name} is the master of {slots}, its home role is replica (failovered)")
            }
            (Away::Failbacked, Some(master)) => {
                let master = words::node(cx.cluster, master);
                format!("{name} is a replica of {master}, its home role is master (failbacked)")
            }
            (Away::Failbacked, None) => {
                format!("{name} is a replica, its home role is master (failbacked)")
            }
        };
        out.push(
            Finding::new(&RULE, Subject::Node(id), message)
                .help(Help::default().promise(
                    None,
                    Some(Ask::Only([RULE.code].into())),
                    "brings the roles home by failover",
                ))
                .evidence([Fact::Node(id)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use crate::model::testing::id;
    use crate::policy::Home;
    use crate::policy::HomeRole;
    use crate::policy::Policy;
    use crate::rules::testing::findings_under;
    use crate::rules::testing::subject;
    use crate::rules::testing::subjects;

    fn home(cluster: &Cluster, roles: &[(&str, HomeRole)]) -> Policy {
        let mut policy = Policy::default();
        for &(name, role) in roles {
            let address = cluster.node(id(cluster, name)).address.clone();
            policy
                .home
                .insert(address.expect("live"), Home { role, master: None });
        }
        policy
    }

    #[test]
    fn fires_on_both_sides_of_a_swap_but_never_on_a_slotless_master() {
        let cluster = cluster("m1@h1 < r1@h2; m2@h2 < r2!@h1; blank@h3");
        let policy = home(
            &cluster,
            &[
                ("m1", HomeRole::Replica),
                ("r1", HomeRole::Master),
                ("m2", HomeRole::Master),
                ("r2", HomeRole::Master),
                ("blank", HomeRole::Replica),
            ],
        );
        let found = findings_under(&RULE, &cluster, &policy);
        let names: Vec<String> = found.iter().map(|f| subject(&cluster, f)).collect();
        assert_eq!(names, ["m1", "r1"]);
        assert!(found[0].message.ends_with("(failovered)"));
        assert!(found[1].message.ends_with("(failbacked)"));
        assert_eq!(measure::home(&cluster, &policy), 2);
    }

    #[test]
    fn silent_on_healthy_and_without_a_map() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
