//! Cluster and policy to findings, one file per rule.
//!
//! A rule of families C and K may look at the [`Inventory`]; every other rule sees the cluster
//! alone, and so also judges every simulated step. Start reading at [`check`].
//!
//! To add a rule, write its file (page, `RULE`, `check`, tests) in the folder of its family, its
//! `mod` line in the family's `mod.rs`, and its line in the catalogue of `code.rs`. What a plan
//! does about it stands in `RULE`; whatever else is due, the compiler names.

mod capture;
mod code;
mod finding;
mod health;
mod help;
mod judge;
mod membership;
mod page;
mod phase;
mod placement;
mod prelude;
mod quorum;
mod remedy;
mod replication;
mod slots;
mod tablet;
mod tablets;
#[cfg(test)]
mod testing;
mod tiers;
mod trust;
mod words;

use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Copies;
use crate::model::NodeId;
use crate::model::Shard;
use crate::model::ShardId;
use crate::policy::Policy;
use crate::policy::Wanted;

pub use code::Code;
pub use code::Family;
pub use finding::Fact;
pub use finding::Finding;
pub use finding::OfTablets;
pub use finding::RowOfTablets;
pub use finding::Subject;
pub use help::Ask;
pub use help::Clause;
pub use help::Does;
pub use help::Help;
pub use help::Promise;
pub use judge::Allowed;
pub use judge::judge;
pub use judge::judge_tablets;
pub use judge::left_alone;
pub use judge::notes;
pub use judge::notes_of_tablets;
pub use judge::unfollowed;
pub use phase::Phase;
pub use remedy::Cure;
pub use remedy::Remedy;
pub use tablet::TabletContext;
pub use tablet::check_tablets;
pub use trust::told_by;
pub use trust::told_in_place_by;

/// What the rules that look at the cluster alone find: worst first, then by code, then in node
/// order. The same cluster gives the same list.
pub fn check(cx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in all().filter(|rule| rule.can_tell(cx.cluster)) {
        if let Check::Cluster(check) = rule.check {
            check(cx, &mut findings);
        }
    }
    finding::sort(&mut findings);
    findings
}

/// What the rules that need the views find, in the order of [`check`]. They run once, as no
/// step changes what was captured.
pub fn check_capture(inventory: &Inventory) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in all() {
        if let Check::Capture(check) = rule.check {
            check(inventory, &mut findings);
        }
    }
    finding::sort(&mut findings);
    findings
}

/// Findings of both kinds in one order, for a report.
pub fn merge(mut cluster: Vec<Finding>, capture: Vec<Finding>) -> Vec<Finding> {
    cluster.extend(capture);
    finding::sort(&mut cluster);
    cluster
}

/// Every rule, in the order of codes.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    Code::ALL.iter().map(|code| code.rule())
}

/// The rule of that code or id, in any case: `p001`, `Replica-Shares-Host`.
pub fn find(code_or_id: &str) -> Option<&'static Rule> {
    let wanted = code_or_id.trim();
    let named = |name: &str| name.eq_ignore_ascii_case(wanted);
    all().find(|rule| named(rule.code.as_str()) || named(rule.id))
}

/// What a rule of the cluster looks at.
pub struct Context<'a> {
    pub cluster: &'a Cluster,
    pub policy: &'a Policy,
    pub wanted: &'a Wanted,
    /// `cluster.shards()`, computed once.
    pub shards: Vec<Shard>,
    /// Of the shards, in their order.
    pub copies: Copies,
}

impl<'a> Context<'a> {
    pub fn new(cluster: &'a Cluster, policy: &'a Policy, wanted: &'a Wanted) -> Self {
        let shards = cluster.shards();
        Self {
            cluster,
            policy,
            wanted,
            copies: cluster.copies(&shards),
            shards,
        }
    }

    /// Every shard with its place among the copies.
    pub fn shards_of_copies(&self) -> impl Iterator<Item = (&Shard, ShardId)> {
        self.shards.iter().zip(self.copies.shards())
    }

    /// The shard whose slots that node owns, dead or alive.
    pub fn shard_of(&self, owner: NodeId) -> Option<&Shard> {
        // Owners are in node order.
        let at = self.shards.binary_search_by_key(&owner, |s| s.owner).ok()?;
        self.shards.get(at)
    }
}

/// What must be known of a cluster before a rule can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Every member: it counts nodes that are not there, which may stand in what was not read.
    Nodes,
    /// The owner of every slot: the same for slots.
    Slots,
    /// Masters that vote: who takes its topology from elsewhere holds no votes.
    Votes,
}

impl Need {
    fn is_met(self, cluster: &Cluster) -> bool {
        match self {
            Self::Nodes => !cluster.unread.nodes,
            Self::Slots => !cluster.unread.slots,
            Self::Votes => cluster.server.other_control_plane().is_none(),
        }
    }
}

/// What a rule looks at: a [`Check::Cluster`] rule also judges every simulated step.
#[derive(Clone, Copy)]
pub enum Check {
    Cluster(fn(&Context, &mut Vec<Finding>)),
    Capture(fn(&Inventory, &mut Vec<Finding>)),
    /// Of the other family; judges every simulated step of it, too.
    Tablets(fn(&TabletContext, &mut Vec<Finding>)),
}

/// One rule: its file is its page.
pub struct Rule {
    pub code: Code,
    /// Kebab-case; the file's name in snake_case.
    pub id: &'static str,
    /// Of most findings; a finding carries its own.
    pub severity: Severity,
    pub cure: Cure,
    /// The levels of a plan that count what it finds; none where no plan cures it.
    pub levels: &'static [Level],
    /// Where one of them is not met it is silent.
    pub needs: &'static [Need],
    pub check: Check,
    /// The rule's file; [`Rule::text`] and [`Rule::markdown`] give its `//!` lines: What, Why, Do.
    pub page: &'static str,
}

impl Rule {
    /// The phase in which a plan cures what it finds; `None` where none does.
    pub fn phase(&self) -> Option<Phase> {
        self.cure.remedy().map(Remedy::phase)
    }

    fn can_tell(&self, cluster: &Cluster) -> bool {
        self.needs.iter().all(|need| need.is_met(cluster))
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::model::testing::healthy;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_is_a_rule_and_named_for_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
        let mut files = BTreeSet::new();
        for family in std::fs::read_dir(&root).unwrap() {
            let family = family.unwrap().path();
            if family.join("mod.rs").is_file() {
                for file in std::fs::read_dir(family).unwrap() {
                    let name = file.unwrap().file_name().into_string().unwrap();
                    if name != "mod.rs" {
                        files.insert(name.trim_end_matches(".rs").replace('_', "-"));
                    }
                }
            }
        }
        let ids: BTreeSet<String> = all().map(|r| r.id.to_owned()).collect();
        assert_eq!(files, ids);
    }

    #[test]
    fn a_page_is_the_file_of_its_own_rule() {
        for rule in all() {
            let line = format!("id: \"{}\"", rule.id);
            assert!(
                rule.page.contains(&line),
                "{rule:?} has another file's page"
            );
        }
    }

    #[test]
    fn every_code_is_of_its_own_rule() {
        for &code in Code::ALL {
            assert_eq!(code.rule().code, code);
            assert_eq!(code.as_str().parse(), Ok(code));
            assert!(code.as_str().starts_with(code.family().letter()), "{code}");
        }
        assert!("p001".parse::<Code>().is_err());
    }

    /// A level counts what a plan cures, and nothing else.
    #[test]
    fn what_a_plan_cures_is_counted() {
        for rule in all() {
            // An open slot is closed or left, never weighed against anything.
            let weighed = rule.cure.remedy().is_some_and(|r| r != Remedy::Close);
            // The other family has levels of its own.
            let weighed = weighed && rule.code.family() != Family::Tablets;
            assert_eq!(!rule.levels.is_empty(), weighed, "{rule:?}");
        }
    }

    #[test]
    fn codes_ascend_and_so_are_unique() {
        let codes: Vec<&str> = all().map(|r| r.code.as_str()).collect();
        assert!(codes.windows(2).all(|w| w[0] < w[1]), "{codes:?}");
        let ids: BTreeSet<&str> = all().map(|r| r.id).collect();
        assert_eq!(ids.len(), codes.len());
    }

    #[test]
    fn every_page_has_the_three_headings() {
        for rule in all() {
            let page = rule.markdown();
            let headings: Vec<&str> = page.lines().filter(|l| l.starts_with("## ")).collect();
            assert_eq!(headings, ["## What", "## Why", "## Do"], "{rule:?}");
        }
    }

    #[test]
    fn finds_by_code_and_by_id_in_any_case() {
        assert_eq!(find("p001").unwrap().id, "replica-shares-host");
        assert_eq!(find("Noaddr-Ghost").unwrap().code, Code::NoaddrGhost);
        assert!(find("P000").is_none());
    }

    #[test]
    fn silent_on_healthy() {
        assert_eq!(testing::check_all(&healthy()), [] as [String; 0]);
    }

    #[test]
    fn worst_first_then_by_code_then_in_node_order() {
        let broken = cluster("m1@h1 <; m2@h2 < r2@h2; m3@h3 < r3@h3; gone?@h1 blank@h2");
        assert_eq!(
            testing::check_all(&broken),
            ["P001 r2", "P001 r3", "R001 m1", "M001 gone", "R009 blank"]
        );
    }
}
