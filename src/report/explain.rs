//! Why something is flagged, what would cure it, which steps of the plan are about it and what
//! keeps the plan from more.

pub(super) mod scene;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::model::SlotSet;
use crate::report::Exposure;
use crate::report::Finding;
use crate::report::Level;
use crate::report::Member;
use crate::report::PlanReport;
use crate::report::Refusal;
use crate::report::ShardFacts;
use crate::report::Step;
use crate::report::Subject;
use crate::report::TabletStep;
use crate::report::explain::scene::Planned;
use crate::report::explain::scene::planned_of;
use crate::rules::Code;

/// What is to be explained of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Thing {
    Code(Code),
    /// Id of a node.
    Node(String),
    /// Id of the owner.
    Shard(String),
    Host(String),
    Step(u32),
}

/// The same, for readers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct About {
    pub kind: AboutKind,
    /// A code, an address or id, slots, a host, the number of a step.
    pub name: String,
    pub id: Option<String>,
    pub host: Option<String>,
    pub slots: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AboutKind {
    Code,
    Node,
    Shard,
    Host,
    Step,
}

/// A finding and what the plan does about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    pub finding: Finding,
    /// Steps that cure it, alone or together.
    pub steps: Vec<u32>,
    /// It is there still when the plan is done.
    pub stays: bool,
    /// What keeps the plan from it, and what would unlock it.
    pub refusals: Vec<Refusal>,
    /// The levels that count it: what the plan brings them to, and how low they could be.
    pub levels: Vec<Level>,
}

/// A step of a plan of either family.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AnyStep {
    Redis(Box<Step>),
    Tablets(Box<TabletStep>),
}

/// The answer of `explain` about a capture or a plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExplainReport {
    pub schema_version: u32,
    pub about: About,
    /// Of a code: its page in Markdown.
    pub page: Option<String>,
    /// Why there is no plan at all.
    pub refused: Option<String>,
    pub findings: Vec<Explained>,
    /// Steps that name it, or cure what is found of it.
    pub steps: Vec<AnyStep>,
    pub exposure: Vec<Exposure>,
}

/// What the words of an operator mean in a plan: an address, an id or the beginning of one, a
/// slot or slots, a host, `step:3`. `None` if nothing there is called so.
pub fn thing(plan: &PlanReport, word: &str) -> Option<Thing> {
    let word = word.trim();
    if word.starts_with("step:") {
        return scene::step_called(word, &plan.steps);
    }
    let bare = ["node:", "shard:", "host:"]
        .iter()
        .find_map(|kind| word.strip_prefix(kind));
    let word = bare.unwrap_or(word);
    let at = |member: &&Member| member.address.as_deref() == Some(word) || member.id == word;
    if let Some(member) = members(plan).find(at) {
        return Some(Thing::Node(member.id.clone()));
    }
    if let Some(member) = members(plan).find(|m| m.host.as_deref() == Some(word)) {
        return member.host.clone().map(Thing::Host);
    }
    if let Some(shard) = slots(word).and_then(|wanted| {
        let mut shards = plan.cluster.shards.iter();
        shards.find(|shard| holds(shard, &wanted))
    }) {
        return Some(Thing::Shard(shard.owner.clone()));
    }
    // As `redis-cli --cluster` shortens ids; less would name many.
    const SHORT: usize = 6;
    let mut like = members(plan).filter(|m| word.len() >= SHORT && m.id.starts_with(word));
    let first = like.next()?;
    like.next().is_none().then(|| Thing::Node(first.id.clone()))
}

/// Every name that [`thing`] knows, for suggestions.
pub fn names(plan: &PlanReport) -> BTreeSet<String> {
    let addresses = members(plan).filter_map(|m| m.address.clone());
    let hosts = members(plan).filter_map(|m| m.host.clone());
    let steps = plan.steps.iter().map(|step| format!("step:{}", step.id));
    addresses.chain(hosts).chain(steps).collect()
}

fn members(plan: &PlanReport) -> impl Iterator<Item = &Member> {
    plan.cluster.members.iter().chain(&plan.cluster.ghosts)
}

fn slots(word: &str) -> Option<SlotSet> {
    const LAST: u16 = 16_383;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range: (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        (range.0 <= range.1 && range.1 <= LAST).then_some(range)
    };
    let ranges: Option<Vec<(u16, u16)>> = word.split(',').map(range).collect();
    ranges.map(SlotSet::from_ranges)
}

fn holds(shard: &ShardFacts, wanted: &SlotSet) -> bool {
    slots(&shard.slots).is_some_and(|own| !own.intersection(wanted).is_empty())
}

/// Explains; `page` is that of the code.
pub fn explain(plan: &PlanReport, thing: &Thing, page: Option<String>) -> ExplainReport {
    let scene = Scene {
        plan,
        thing,
        about: about(plan, thing),
        nodes: nodes(plan, thing),
    };
    scene::explained(&scene, page)
}

struct Scene<'a> {
    plan: &'a PlanReport,
    thing: &'a Thing,
    about: About,
    /// Ids that are meant.
    nodes: BTreeSet<&'a str>,
}

impl scene::Scene for Scene<'_> {
    type Step = Step;

    fn planned(&self) -> Planned<'_, Step> {
        planned_of!(self.plan)
    }

    fn thing(&self) -> &Thing {
        self.thing
    }

    fn about(&self) -> About {
        self.about.clone()
    }

    fn is_about(&self, subject: &Subject) -> bool {
        let named = || is_of(subject, &self.nodes);
        match self.thing {
            Thing::Code(_) | Thing::Step(_) => false,
            Thing::Node(_) => named(),
            Thing::Shard(_) => named() || shares(subject, &self.about),
            Thing::Host(host) => subject.host.as_ref() == Some(host) || named(),
        }
    }

    fn touches(&self, step: &Step) -> bool {
        scene::names_one_of(&self.nodes, [&step.node, &step.target])
    }

    fn is_left_as(&self, found: &Finding, left: &Finding) -> bool {
        let key = |f: &Finding| {
            let subject = &f.subject;
            (
                f.code,
                subject.kind,
                subject.id.clone(),
                subject.host.clone(),
                subject.zone.clone(),
            )
        };
        let slots = || left.subject.id.is_some() || left.subject.slots == found.subject.slots;
        key(left) == key(found) && slots()
    }

    fn names(&self, step: &Step, finding: &Finding) -> bool {
        let id = finding.subject.id.as_ref();
        id.is_some() && (step.node.as_ref() == id || step.target.as_ref() == id)
    }

    fn levels(&self, code: Code) -> Vec<Level> {
        let counting = code.rule().levels;
        let levels = self.plan.objective.iter();
        levels
            .filter(|level| level.value > 0 && counting.contains(&level.level))
            .cloned()
            .collect()
    }
}

fn about(plan: &PlanReport, thing: &Thing) -> About {
    let mut about = scene::about(thing);
    match thing {
        Thing::Code(_) | Thing::Step(_) | Thing::Host(_) => {}
        Thing::Node(id) | Thing::Shard(id) => {
            let member = members(plan).find(|m| m.id == *id);
            let shard = plan.cluster.shards.iter().find(|shard| shard.owner == *id);
            let address = member.and_then(|m| m.address.clone());
            about.host = member.and_then(|m| m.host.clone());
            about.slots = shard.map(|shard| shard.slots.clone());
            about.kind = AboutKind::Node;
            about.name = address.unwrap_or_else(|| id.clone());
            if let (Thing::Shard(_), Some(shard)) = (thing, shard) {
                about.kind = AboutKind::Shard;
                about.name.clone_from(&shard.slots);
            }
        }
    }
    about
}

/// Ids of the nodes that are meant.
fn nodes<'a>(plan: &'a PlanReport, thing: &'a Thing) -> BTreeSet<&'a str> {
    match thing {
        Thing::Code(_) | Thing::Step(_) => BTreeSet::new(),
        Thing::Node(id) | Thing::Shard(id) => [id.as_str()].into(),
        Thing::Host(host) => members(plan)
            .filter(|m| m.host.as_ref() == Some(host))
            .map(|m| m.id.as_str())
            .collect(),
    }
}

fn is_of(subject: &Subject, nodes: &BTreeSet<&str>) -> bool {
    subject.id.as_deref().is_some_and(|id| nodes.contains(id))
}

fn shares(subject: &Subject, about: &About) -> bool {
    let of = |text: &Option<String>| text.as_deref().and_then(slots);
    match (of(&subject.slots), of(&about.slots)) {
        (Some(a), Some(b)) => !a.intersection(&b).is_empty(),
        (None, _) | (_, None) => false,
    }
}
