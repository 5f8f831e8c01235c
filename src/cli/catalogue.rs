//! The conditions that operators of these servers asked about in public, each with the rules that say it,
//! or why a capture cannot show it.

use std::fmt::Write;

use crate::rules::Code;

/// Repository and number, the condition, the rules that say it, and why none does or not all of it.
type Asked = (&'static str, &'static str, &'static [Code], &'static str);

const CATALOGUE: [(&str, &[Asked]); 7] = [
    (
        "Ghosts and FORGET",
        &[
            (
                "redis/redis#9268",
                "suspected ghosts with ids of eight characters, which FORGET does not know",
                &[Code::NoaddrGhost, Code::DeadNode, Code::GarbledLines],
                "",
            ),
            (
                "redis/redis#2965",
                "handshake entries that change their id every few seconds",
                &[Code::InFlight],
                "",
            ),
            (
                "redis/redis#4303",
                "a dead machine whose nodes become handshakes after FORGET",
                &[Code::DeadNode, Code::HalfForgottenNode, Code::InFlight],
                "",
            ),
            (
                "redis/redis#3948",
                "a forgotten node comes back, as not all were told",
                &[Code::HalfForgottenNode],
                "",
            ),
            (
                "redis/redis#2437",
                "nodes know each other differently after FORGET or a restart",
                &[Code::HalfForgottenNode],
                "",
            ),
            (
                "redis/redis#10861",
                "deletion by gossip",
                &[],
                "no condition: a plan tells one node where the servers spread it, else all",
            ),
            (
                "valkey-io/valkey#2788",
                "forgotten nodes introduce themselves again",
                &[],
                "it looks like any member by then; a script pings an id before it is forgotten",
            ),
            (
                "ucloud/redis-cluster-operator#52",
                "FORGET of handshakes that nobody trusts, over and over",
                &[Code::InFlight],
                "",
            ),
            (
                "valkey-io/valkey#1191",
                "a master without an address counts as up, and nobody takes over",
                &[Code::NoaddrGhost, Code::UncoveredSlots],
                "",
            ),
            (
                "redis/redis-doc#2643",
                "what `:0@0` means",
                &[Code::NoaddrGhost],
                "",
            ),
            (
                "redis/redis#4065",
                "tools that refuse to work while failed nodes are listed",
                &[Code::DeadNode],
                "",
            ),
            (
                "Tencent/Tendis#293, redis/redis#7287, #6174",
                "an old ghost and a reused IP join two clusters",
                &[Code::SharedAddress, Code::NoaddrGhost],
                "",
            ),
        ],
    ),
    (
        "Orphans, empty masters, replica migration",
        &[
            (
                "redis/redis#2600",
                "a new master never gets a replica by migration",
                &[Code::OrphanMaster, Code::MissingReplica],
                "",
            ),
            (
                "redis/redis#3043",
                "a replica migrates away and does not come back",
                &[Code::MissingReplica, Code::AwayFromHome],
                "",
            ),
            (
                "redis/redis#3092",
                "a replica of a replica, or of an empty node",
                &[Code::ChainedReplica, Code::SlotlessMaster],
                "",
            ),
            (
                "redis/redis#6755",
                "an old master stays a master without slots after a restart",
                &[Code::SlotlessMaster],
                "",
            ),
            (
                "redis/redis#6652",
                "a master without slots loses its replica",
                &[Code::SlotlessMaster],
                "",
            ),
            (
                "redis/redis#2924",
                "no replica migrates after a failover",
                &[Code::OrphanMaster, Code::ReplicaMayMigrate],
                "",
            ),
            (
                "redis/redis#3326",
                "replicas pile up at one master",
                &[Code::UnevenReplicas, Code::MissingReplica],
                "",
            ),
            (
                "redis/redis#4896",
                "replicas are given away when a master becomes empty",
                &[],
                "an event: what it leaves is R009 and R002",
            ),
            (
                "valkey-io/valkey-operator#222",
                "replica migration undoes what an operator does",
                &[Code::ReplicaMayMigrate],
                "and the exposure of a plan says where the servers may move a replica meanwhile",
            ),
            (
                "redis/redis#15680",
                "a migrated replica is promoted with data of another shard",
                &[Code::UnsyncedReplica, Code::KnownDataLossBug],
                "until its first sync is done: no answer tells which keys a replica holds",
            ),
        ],
    ),
    (
        "Placement and skewed masters",
        &[
            (
                "redis/redis#2528, #2204, #3462, #3789",
                "master and replica on one host",
                &[Code::ReplicaSharesHost],
                "",
            ),
            (
                "redis/redis#5849",
                "two replicas of one master on one host",
                &[Code::ReplicasShareHost],
                "",
            ),
            (
                "redis/redis#11682, #11835",
                "placement such that two lost hosts cost less",
                &[],
                "no condition: `impact --each host` counts it",
            ),
            (
                "redis/redis#3003",
                "replica migration puts copies on one host",
                &[
                    Code::ReplicaSharesHost,
                    Code::ReplicasShareHost,
                    Code::ReplicaMayMigrate,
                ],
                "",
            ),
            (
                "redis/redis#11306",
                "racks",
                &[Code::ReplicaSharesZone, Code::ReplicasShareZone],
                "",
            ),
            (
                "redis/redis#6736",
                "two masters end on one host",
                &[Code::SkewedMasters, Code::HostHoldsMajority],
                "",
            ),
            (
                "redis/redis#3495",
                "after a host came back all masters stay on the others",
                &[Code::SkewedMasters, Code::AwayFromHome],
                "",
            ),
            (
                "redis/redis#3311",
                "all masters on one machine after failures",
                &[Code::SkewedMasters, Code::HostHoldsMajority],
                "",
            ),
            (
                "redis/redis#4643",
                "back to the original master",
                &[Code::AwayFromHome],
                "",
            ),
            (
                "redis/redis#6771",
                "three machines, two masters on one",
                &[Code::HostHoldsMajority],
                "",
            ),
            (
                "redis/redis#13713",
                "one master did not move with the others, replicas are 4 and 2",
                &[
                    Code::SkewedZones,
                    Code::AwayFromHome,
                    Code::UnevenReplicas,
                ],
                "",
            ),
            (
                "PayU/redis-operator#152, #161",
                "master and replica in one zone",
                &[Code::ReplicaSharesZone],
                "",
            ),
            (
                "IBM/operator-for-redis-cluster#51, #74, #97",
                "copies of a shard on one host or in one zone",
                &[Code::ReplicaSharesHost, Code::ReplicaSharesZone],
                "",
            ),
            (
                "bitnami/charts#17712, #9481",
                "master and replica on one node or in one zone",
                &[Code::ReplicaSharesHost, Code::ReplicaSharesZone],
                "",
            ),
            (
                "OT-CONTAINER-KIT/redis-operator#1366, #194",
                "a follower on the node of its leader; roles that swap",
                &[Code::ReplicaSharesHost, Code::AwayFromHome],
                "",
            ),
            (
                "ucloud/redis-cluster-operator#17",
                "no machine may hold half of the masters",
                &[Code::HostHoldsMajority],
                "",
            ),
            (
                "spotahome/redis-operator#523",
                "masters crowd one machine",
                &[Code::SkewedMasters],
                "",
            ),
        ],
    ),
    (
        "Lost majority",
        &[
            (
                "redis/redis#2989, #1868, #3697, #6079",
                "two of three masters die together",
                &[Code::MajorityLost, Code::DeadNode],
                "",
            ),
            (
                "redis/redis#6871",
                "a host with a third of the masters dies, and nothing recovers",
                &[Code::MajorityLost, Code::HostHoldsMajority],
                "",
            ),
            (
                "redis/redis#6424",
                "votes are waited for where one master votes",
                &[Code::MajorityLost],
                "",
            ),
            (
                "redis/redis#5100, #7505, #2670",
                "slots whose master is gone and had no replica",
                &[Code::UncoveredSlots],
                "",
            ),
            (
                "valkey-io/valkey#2181",
                "half of the masters are killed, and shards are never promoted",
                &[Code::MajorityLost],
                "",
            ),
            (
                "PayU/redis-operator#72",
                "a described way back from a lost majority",
                &[Code::MajorityLost],
                "",
            ),
            (
                "redis/redis#3588",
                "data lost by a split and a TAKEOVER",
                &[Code::MajorityLost, Code::FailedButAnswers],
                "",
            ),
        ],
    ),
    (
        "Views and epochs that disagree",
        &[
            (
                "redis/redis#1799",
                "two masters of one range with one epoch",
                &[Code::ContestedSlots, Code::ViewsDisagree],
                "",
            ),
            (
                "redis/redis#3776, #2969, #6339, #12336",
                "nodes that disagree on an owner",
                &[Code::ContestedSlots, Code::ViewsDisagree],
                "",
            ),
            (
                "redis/redis#2055, #9463",
                "`Nodes don't agree about configuration`: which, and why",
                &[Code::ViewsDisagree],
                "",
            ),
            (
                "redis/redis#4375",
                "a fix leaves a disagreement behind",
                &[Code::ViewsDisagree, Code::UncoveredSlots],
                "",
            ),
            (
                "redis/redis#10729",
                "two masters of a range, by who is asked",
                &[Code::ContestedSlots],
                "",
            ),
            (
                "valkey-io/valkey#974, #2261, #2279",
                "two masters in one shard after a collision of epochs",
                &[Code::ContestedSlots, Code::FailedButAnswers],
                "",
            ),
            (
                "redis/redis#10977, #15472, #15530",
                "a replica of a replica after a failover",
                &[Code::ChainedReplica],
                "",
            ),
            (
                "redis/redis#9421, #3122, #2251, #5270",
                "slots left migrating or importing",
                &[Code::OpenSlot],
                "",
            ),
            (
                "valkey-io/valkey#1664",
                "a replica has a slot open that its master has not",
                &[Code::OpenSlot],
                "",
            ),
        ],
    ),
    (
        "nodes.conf",
        &[
            (
                "redis/redis#13353, #10924",
                "a truncated file",
                &[Code::UnloadableNodesConf],
                "",
            ),
            (
                "redis/redis#14137, #12624, #3599, #3607",
                "damaged characters, garbage nodes, a crash at the start",
                &[Code::UnloadableNodesConf],
                "",
            ),
            (
                "redis/redis#12761, #13428, #13468, #14495; valkey-io/valkey#774, #2171, #2090, #2174",
                "shard ids that do not fit, and a node that cannot start",
                &[Code::UnloadableNodesConf],
                "",
            ),
            (
                "bitnami/containers#44253, apecloud/kubeblocks-addons#2364",
                "an empty or damaged file after a reboot",
                &[Code::UnloadableNodesConf],
                "",
            ),
        ],
    ),
    (
        "Kubernetes, addresses",
        &[
            (
                "bitnami/charts#10774, #20395, #21301; redis/redis#15136, #12605, #11914",
                "pods with new IPs, nodes that keep their old one",
                &[Code::UnreachableAddress, Code::SharedAddress],
                "",
            ),
            (
                "OT-CONTAINER-KIT/redis-operator#1722, #330, #239, #421, #1782, #1251, #1216, #477",
                "stale IPs, failed followers, no recovery",
                &[Code::DeadNode, Code::SharedAddress, Code::UnmetNode],
                "",
            ),
            (
                "bitnami/charts#5431, #3743",
                "all nodes turned to masters",
                &[Code::SlotlessMaster, Code::OrphanMaster],
                "",
            ),
            (
                "redis/redis#9374",
                "IPs that were swapped between containers",
                &[Code::SharedAddress, Code::SlotlessMaster],
                "",
            ),
            (
                "valkey-io/valkey#2768",
                "several ids at one address",
                &[Code::SharedAddress],
                "",
            ),
            (
                "valkey-io/valkey-operator#197",
                "a new node claims slots with epoch 0 and loses them to a dead one",
                &[Code::UncoveredSlots, Code::ViewsDisagree],
                "",
            ),
            (
                "redis/redis#12006, #15698",
                "the wrong one of two ports is announced",
                &[],
                "which port clients should use stands in no answer; a port that nobody answers at is a dead node",
            ),
            (
                "redis/redis#8057",
                "a node is flagged `fail` for months while its link is up",
                &[Code::FailedButAnswers, Code::OneWayLink],
                "",
            ),
        ],
    ),
];

/// The page, in Markdown.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# What operators ask, and the rule that answers\n\n\
         Generated by `topoplan docs catalogue`. Each line is a condition that somebody met and asked about, with \
         the rules that name it in a capture; `topoplan explain CODE` tells the rest.\n",
    );
    for (title, lines) in CATALOGUE {
        let _ = write!(
            page,
            "\n## {title}\n\n| asked | condition | rules |\n|---|---|---|\n"
        );
        for (at, what, rules, why) in lines {
            let codes = rules
                .iter()
                .map(|code| format!("[{code}](rules.md) {}", code.rule().id));
            let codes: Vec<String> = codes.collect();
            let answer = match (codes.is_empty(), why.is_empty()) {
                (true, _) => (*why).to_owned(),
                (false, true) => codes.join(", "),
                (false, false) => format!("{}: {why}", codes.join(", ")),
            };
            let _ = writeln!(page, "| {at} | {what} | {answer} |");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_an_answer() {
        for (at, what, rules, why) in CATALOGUE.iter().flat_map(|(_, lines)| lines.iter()) {
            assert!(!rules.is_empty() || !why.is_empty(), "{at}");
            assert!(!at.contains('|') && !what.contains('|'));
        }
    }
}
