//! The answer of `explain` about a plan of tablets.

use std::collections::BTreeSet;

use crate::report::About;
use crate::report::AboutKind;
use crate::report::AnyStep;
use crate::report::ExplainReport;
use crate::report::Explained;
use crate::report::Finding;
use crate::report::SCHEMA_VERSION;
use crate::report::SubjectKind;
use crate::report::Thing;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::plan::TabletStep;
use crate::report::tablets::record::TabletPartition;

/// What the words of an operator mean in a plan: an endpoint, a host, `table pid` or `table:pid`,
/// `step:3`. `None` if nothing there is called so.
pub fn tablet_thing(plan: &TabletPlan, word: &str) -> Option<Thing> {
    let word = word.trim();
    if let Some(number) = word.strip_prefix("step:") {
        let number: u32 = number.parse().ok()?;
        let known = plan.steps.iter().any(|step| step.id == number);
        return known.then_some(Thing::Step(number));
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
            database.is_some_and(|db| table.strip_prefix(db.as_str()) == Some(&format!(".{}", p.table)))
        };
        p.pid == pid && (p.table == table || qualified())
    };
    let mut like = plan.cluster.partitions.iter().filter(of);
    let first = like.next()?;
    like.next().is_none().then(|| Thing::Shard(first.name(plan)))
}

/// Every name that [`tablet_thing`] knows, for suggestions.
pub fn tablet_names(plan: &TabletPlan) -> BTreeSet<String> {
    let members = plan.cluster.members.iter();
    let names = members.flat_map(|m| [Some(m.id.clone()), m.host.clone()]);
    let steps = plan.steps.iter().map(|step| format!("step:{}", step.id));
    let partitions = plan.cluster.partitions.iter().map(|p| p.name(plan));
    names.flatten().chain(steps).chain(partitions).collect()
}

impl TabletPartition {
    /// As findings and texts call it.
    fn name(&self, plan: &TabletPlan) -> String {
        let same = |p: &&TabletPartition| p.table == self.table && p.tid != self.tid;
        let shared = plan.cluster.partitions.iter().any(|p| same(&p));
        match &self.database {
            Some(database) if shared => format!("{database}.{} {}", self.table, self.pid),
            Some(_) | None => format!("{} {}", self.table, self.pid),
        }
    }
}

/// Explains; `page` is that of the code.
pub fn explain_tablets(plan: &TabletPlan, thing: &Thing, page: Option<String>) -> ExplainReport {
    let scene = Scene::of(plan, thing);
    let mut findings = Vec::new();
    for (index, finding) in (0..).zip(&plan.found) {
        if !scene.is_meant(finding) {
            continue;
        }
        let refusals = plan.refusals.iter();
        findings.push(Explained {
            finding: finding.clone(),
            steps: scene.cures(finding),
            stays: scene.is_left(finding),
            refusals: refusals
                .filter(|refusal| refusal.found.contains(&index))
                .cloned()
                .collect(),
            levels: Vec::new(),
        });
    }
    let steps: Vec<&TabletStep> = plan.steps.iter().filter(|s| scene.touches(s)).collect();
    let exposure = plan.exposure.iter();
    let exposure = exposure.filter(|e| steps.iter().any(|step| step.id == e.step));
    ExplainReport {
        schema_version: SCHEMA_VERSION,
        about: scene.about(),
        page,
        refused: plan.refused.clone(),
        findings,
        exposure: exposure.cloned().collect(),
        steps: steps
            .into_iter()
            .map(|step| AnyStep::Tablets(Box::new(step.clone())))
            .collect(),
    }
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
                partition = plan.cluster.partitions.iter().find(|p| p.name(plan) == *name);
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

    fn about(&self) -> About {
        let mut about = About {
            kind: AboutKind::Code,
            name: String::new(),
            id: None,
            host: None,
            slots: None,
        };
        match self.thing {
            Thing::Code(code) => about.name = code.to_string(),
            Thing::Step(number) => {
                about.kind = AboutKind::Step;
                about.name = number.to_string();
            }
            Thing::Host(host) => {
                about.kind = AboutKind::Host;
                about.name.clone_from(host);
                about.host = Some(host.clone());
            }
            Thing::Node(id) => {
                let mut members = self.plan.cluster.members.iter();
                about.kind = AboutKind::Node;
                about.name.clone_from(id);
                about.id = Some(id.clone());
                about.host = members.find(|m| m.id == *id).and_then(|m| m.host.clone());
            }
            Thing::Shard(name) => {
                about.kind = AboutKind::Shard;
                about.name.clone_from(name);
                about.id = Some(name.clone());
            }
        }
        about
    }

    fn is_meant(&self, finding: &Finding) -> bool {
        let subject = &finding.subject;
        let names = |name: &Option<String>| {
            name.as_deref().is_some_and(|name| self.nodes.contains(name))
        };
        match self.thing {
            Thing::Code(code) => finding.code == *code,
            Thing::Node(_) => names(&subject.address),
            Thing::Host(host) => subject.host.as_ref() == Some(host) || names(&subject.address),
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
            Thing::Step(number) => {
                let step = self.plan.steps.iter().find(|step| step.id == *number);
                step.is_some_and(|step| step.cures.contains(&finding.code))
            }
        }
    }

    fn touches(&self, step: &TabletStep) -> bool {
        match self.thing {
            Thing::Step(number) => step.id == *number,
            Thing::Code(code) => step.cures.contains(code),
            Thing::Node(_) | Thing::Host(_) => [&step.node, &step.target]
                .into_iter()
                .flatten()
                .any(|id| self.nodes.contains(id.as_str())),
            Thing::Shard(_) => self.partition.is_some_and(|partition| {
                let is_its_own = step.table.as_ref() == Some(&partition.table)
                    && step.pid == Some(partition.pid)
                    && step.database == partition.database;
                let endpoint = |copy: &String| {
                    let copy = copy.split(' ').next();
                    copy.is_some() && step.node.as_deref() == copy
                };
                is_its_own
                    || (step.table.is_none() && partition.copies.iter().any(endpoint))
            }),
        }
    }

    fn is_left(&self, found: &Finding) -> bool {
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
        let mut remaining = self.plan.remaining.iter();
        self.plan.refused.is_some() || remaining.any(|left| key(left) == key(found))
    }

    /// Steps that cure the code, and among them those that name its tablet or its partition where
    /// some do.
    fn cures(&self, finding: &Finding) -> Vec<u32> {
        let of_code = || {
            let steps = self.plan.steps.iter();
            steps.filter(|step| step.cures.contains(&finding.code))
        };
        let subject = &finding.subject;
        let names = |step: &&TabletStep| {
            let tablet = subject.address.is_some()
                && (step.node == subject.address || step.target == subject.address);
            let partition = step.table == subject.table && step.pid == subject.pid;
            match step.table {
                Some(_) => partition && subject.table.is_some(),
                None => tablet,
            }
        };
        let named: Vec<u32> = of_code().filter(names).map(|step| step.id).collect();
        if !named.is_empty() {
            return named;
        }
        of_code().map(|step| step.id).collect()
    }
}
