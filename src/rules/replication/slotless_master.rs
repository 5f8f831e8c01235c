//! ## What
//! A live member is a master and owns no slot.
//!
//! ## Why
//! It serves nothing, copies nothing and has no vote. Mostly it came back under a new id, was
//! added and never given slots, or lost its last slot.
//!
//! ## Do
//! Give it a shard to copy (`topoplan plan` does it, where it does most good), or slots. If it
//! still holds keys, servers refuse; see what they are before `--flush-stale`.
use crate::rules::prelude::*;

pub(in crate::rules) static RULE: Rule = Rule {
    code: Code::SlotlessMaster,
    id: "slotless-master",
    severity: Severity::Warning,
    cure: Cure::Yes(Remedy::Attach),
    levels: &[Level::Tidy],
    needs: &[Need::Slots],
    check: Check::Cluster(check),
    page: include_str!("slotless_master.rs"),
};

fn check(cx: &Context, out: &mut Vec<Finding>) {
    // While no slot is assigned there is no shard to copy: S001 says what to do first.
    if cx.shards.is_empty() {
        return;
    }
    for (id, node) in cx.cluster.iter() {
        // By its own view it owns the contested slots and takes writes: S002 speaks of it.
        let claims = !node.seen.contested.is_empty();
        if !(node.is_live_member() && node.is_master() && node.slots.is_empty()) || claims {
            continue;
        }
        let name = words::node(cx.cluster, id);
        let (end, help) = match node.keys {
            Some(keys) if keys > 0 => (
                format!(" but still holds {}", words::count(keys as usize, "key")),
                Help::from("see what the keys are").plan_with(
                    Flag::FlushStale,
                    "flushes them, then gives it a shard to copy",
                ),
            ),
            _ => (
                ": it copies and serves nothing".to_owned(),
                Help::default().plan("gives it a shard to copy"),
            ),
        };
        out.push(
            Finding::new(
                &RULE,
                Subject::Node(id),
                format!("{name} is a master without slots{end}"),
            )
            .help(help)
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
    use crate::rules::testing::findings;
    use crate::rules::testing::subjects;

    #[test]
    fn fires_on_live_members_only() {
        let cluster = cluster("m1@h1 < r1@h2; blank@h1 dead!@h1 gone?@h1 new*@h2");
        assert_eq!(subjects(&RULE, &cluster), ["blank"]);
    }

    #[test]
    fn says_when_keys_are_in_the_way() {
        let mut cluster = cluster("m1@h1 < r1@h2; blank@h1");
        let blank = id(&cluster, "blank");
        cluster.node_mut(blank).keys = Some(12);
        let found = findings(&RULE, &cluster);
        assert!(found[0].message.ends_with("still holds 12 keys"));
        assert!(found[0].help.to_string().contains("--flush-stale"));
    }

    #[test]
    fn silent_on_the_loser_of_a_contest() {
        let mut cluster = cluster("m1@h1 < r1@h2; x1@h2");
        let x1 = id(&cluster, "x1");
        cluster.node_mut(x1).seen.contested.insert(7);
        assert!(subjects(&RULE, &cluster).is_empty());
    }

    #[test]
    fn silent_on_healthy() {
        assert!(subjects(&RULE, &healthy()).is_empty());
    }
}
