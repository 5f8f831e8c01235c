//! The answer of `explain` about a plan of tablets.

use std::collections::BTreeSet;

use crate::report::About;
use crate::report::ExplainReport;
use crate::report::Finding;
use crate::report::Level;
use crate::report::Subject;
use crate::report::SubjectKind;
use crate::report::Thing;
use crate::report::explain::scene;
use crate::report::explain::scene::Planned;
use crate::report::explain::scene::planned_of;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::plan::TabletStep;
use crate::report::tablets::record::TabletPartition;
use crate::rules::Code;

/// What the words of an operator mean in a plan: an endpoint, a host, `table pid` or `table:pid`,
/// `step:3`. `None` if nothing there is called so.
pub fn tablet_thing(plan: &TabletPlan, word: &str) -> Option<Thing> {
    let word = word.trim();
    if word.starts_with("step:") {
        return scene::step_called(word, &plan.steps);
    }
    let bare = ["node:", "tablet:", "shard:", "host:"]
        .iter()
        .find_map(|kind| word.strip_prefix(kind));
    let word = bare.unwrap_or(word);
    let mut members = plan.cluster.members.iter();
    if let Some(member) = members.find(|m| m.id == word || m.address.as_deref() == Some(word)) {
        return Some(Thing::Node(member.id.clone()));
    }
    let mut members = plan.cluster.members.iter();
    if let Some(host) = members.find_map(|m| m.host.clone().filter(|host| host == word)) {
        return Some(Thing::Host(host));
    }
    let (table, pid) = word.rsplit_once([' ', ':', '/'])?;
    let pid: u32 = pid.parse().ok()?;
    let of = |p: &&TabletPartition| {
        let qualified = || {
            let database = p.database.as_ref();
            database
                .is_some_and(|db| table.strip_prefix(db.as_str()) == Some(&format!(".{}", p.table)))
        };
        p.pid == pid && (p.table == table || qualified())
    };
    let mut like = plan.cluster.partitions.iter().filter(of);
    let first = like.next()?;
    let names = Names::of(plan);
    like.next()
        .is_none()
        .then(|| Thing::Shard(names.name(first)))
}

/// Every name that [`tablet_thing`] knows, for suggestions.
pub fn tablet_names(plan: &TabletPlan) -> BTreeSet<String> {
    let members = plan.cluster.members.iter();
    let names = members.flat_map(|m| [Some(m.id.clone()), m.host.clone()]);
    let steps = plan.steps.iter().map(|step| format!("step:{}", step.id));
    let of = Names::of(plan);
    let partitions = plan.cluster.partitions.iter().map(|p| of.name(p));
    names.flatten().chain(steps).chain(partitions).collect()
}

/// Partitions as findings and texts call them.
struct Names<'a> {
    /// Names of more than one table.
    shared: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(plan: &'a TabletPlan) -> Self {
        let partitions = plan.cluster.partitions.iter();
        let tables: BTreeSet<_> = partitions
            .map(|p| (p.table.as_str(), p.tid, p.database.as_deref()))
            .collect();
        let mut seen = BTreeSet::new();
        let tables = tables.into_iter().map(|(table, ..)| table);
        Self {
            shared: tables.filter(|table| !seen.insert(*table)).collect(),
        }
    }

    fn name(&self, partition: &TabletPartition) -> String {
        let TabletPartition { table, pid, .. } = partition;
        match &partition.database {
            Some(database) if self.shared.contains(table.as_str()) => {
                format!("{database}.{table} {pid}")
            }
            Some(_) | None => format!("{table} {pid}"),
        }
    }
}

/// Explains; `page` is that of the code.
pub fn explain_tablets(plan: &TabletPlan, thing: &Thing, page: Option<String>) -> ExplainReport {
    scene::explained(&Scene::of(plan, thing), page)
}

struct Scene<'a> {
    plan: &'a TabletPlan,
    thing: &'a Thing,
    /// Endpoints that are meant.
    nodes: BTreeSet<&'a str>,
    partition: Option<&'a TabletPartition>,
}

impl<'a> Scene<'a> {
    fn of(plan: &'a TabletPlan, thing: &'a Thing) -> Self {
        let members = plan.cluster.members.iter();
        let mut partition = None;
        let nodes = match thing {
            Thing::Code(_) | Thing::Step(_) => BTreeSet::new(),
            Thing::Node(id) => [id.as_str()].into(),
            Thing::Host(host) => members
                .filter(|m| m.host.as_ref() == Some(host))
                .map(|m| m.id.as_str())
                .collect(),
            Thing::Shard(name) => {
                let names = Names::of(plan);
                let mut all = plan.cluster.partitions.iter();
                partition = all.find(|p| names.name(p) == *name);
                BTreeSet::new()
            }
        };
        Self {
            plan,
            thing,
            nodes,
            partition,
        }
    }
}

impl scene::Scene for Scene<'_> {
    type Step = TabletStep;

    fn planned(&self) -> Planned<'_, TabletStep> {
        planned_of!(self.plan)
    }

    fn thing(&self) -> &Thing {
        self.thing
    }

    fn about(&self) -> About {
        let mut about = scene::about(self.thing);
        if let Thing::Node(id) = self.thing {
            let mut members = self.plan.cluster.members.iter();
            about.host = members.find(|m| m.id == *id).and_then(|m| m.host.clone());
        }
        about
    }

    fn is_about(&self, subject: &Subject) -> bool {
        let named = || scene::names_one_of(&self.nodes, [&subject.address, &None]);
        match self.thing {
            Thing::Code(_) | Thing::Step(_) => false,
            Thing::Node(_) => named(),
            Thing::Host(host) => subject.host.as_ref() == Some(host) || named(),
            Thing::Shard(name) => {
                let of_op = || {
                    self.partition.is_some_and(|p| {
                        subject.table.as_ref() == Some(&p.table) && subject.pid == Some(p.pid)
                    })
                };
                match subject.kind {
                    SubjectKind::Shard => subject.id.as_ref() == Some(name),
                    SubjectKind::Node
                    | SubjectKind::Slots
                    | SubjectKind::Host
                    | SubjectKind::Zone
                    | SubjectKind::Disk
                    | SubjectKind::View
                    | SubjectKind::Capture => of_op(),
                }
            }
        }
    }

    fn touches(&self, step: &TabletStep) -> bool {
        let Some(partition) = self.partition else {
            return scene::names_one_of(&self.nodes, [&step.node, &step.target]);
        };
        let is_its_own = step.table.as_ref() == Some(&partition.table)
            && step.pid == Some(partition.pid)
            && step.database == partition.database;
        let endpoint = |copy: &String| {
            let copy = copy.split(' ').next();
            copy.is_some() && step.node.as_deref() == copy
        };
        is_its_own || (step.table.is_none() && partition.copies.iter().any(endpoint))
    }

    fn is_left_as(&self, found: &Finding, left: &Finding) -> bool {
        let key = |f: &Finding| {
            let subject = &f.subject;
            (
                f.code,
                subject.kind,
                subject.id.clone(),
                subject.address.clone(),
                subject.host.clone(),
            )
        };
        key(left) == key(found)
    }

    /// Its tablet, or its partition.
    fn names(&self, step: &TabletStep, finding: &Finding) -> bool {
        let subject = &finding.subject;
        let tablet = subject.address.is_some()
            && (step.node == subject.address || step.target == subject.address);
        let partition = step.table == subject.table && step.pid == subject.pid;
        match step.table {
            Some(_) => partition && subject.table.is_some(),
            None => tablet,
        }
    }

    /// Findings of tablets are on no level.
    fn levels(&self, _: Code) -> Vec<Level> {
        Vec::new()
    }
}
