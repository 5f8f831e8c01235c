//! How a plan of either family explains: one way through findings and steps, and what each family
//! answers on it.

use std::collections::BTreeSet;

use crate::report::About;
use crate::report::AboutKind;
use crate::report::AnyStep;
use crate::report::ExplainReport;
use crate::report::Explained;
use crate::report::Exposure;
use crate::report::Finding;
use crate::report::Level;
use crate::report::Refusal;
use crate::report::SCHEMA_VERSION;
use crate::report::Step;
use crate::report::Subject;
use crate::report::TabletStep;
use crate::report::Thing;
use crate::rules::Code;

/// What is the same in the plans of both families.
pub(in crate::report) struct Planned<'a, Step> {
    pub refused: &'a Option<String>,
    pub found: &'a [Finding],
    pub remaining: &'a [Finding],
    pub refusals: &'a [Refusal],
    pub exposure: &'a [Exposure],
    pub steps: &'a [Step],
}

macro_rules! planned_of {
    ($plan:expr) => {
        Planned {
            refused: &$plan.refused,
            found: &$plan.found,
            remaining: &$plan.remaining,
            refusals: &$plan.refusals,
            exposure: &$plan.exposure,
            steps: &$plan.steps,
        }
    };
}
pub(in crate::report) use planned_of;

/// A step of either family.
pub(in crate::report) trait AStep: Clone {
    fn id(&self) -> u32;
    fn cures(&self) -> &[Code];
    fn of_any(self) -> AnyStep;
}

impl AStep for Step {
    fn id(&self) -> u32 {
        self.id
    }

    fn cures(&self) -> &[Code] {
        &self.cures
    }

    fn of_any(self) -> AnyStep {
        AnyStep::Redis(Box::new(self))
    }
}

impl AStep for TabletStep {
    fn id(&self) -> u32 {
        self.id
    }

    fn cures(&self) -> &[Code] {
        &self.cures
    }

    fn of_any(self) -> AnyStep {
        AnyStep::Tablets(Box::new(self))
    }
}

/// A plan, and a thing of it that is asked about.
pub(in crate::report) trait Scene {
    type Step: AStep;

    fn planned(&self) -> Planned<'_, Self::Step>;

    fn thing(&self) -> &Thing;

    fn about(&self) -> About;

    /// The thing is a place or a shard, and the subject is it or in it.
    fn is_about(&self, subject: &Subject) -> bool;

    /// The thing is a place or a shard, and the step names it.
    fn touches(&self, step: &Self::Step) -> bool;

    /// What the plan leaves is what was found.
    fn is_left_as(&self, found: &Finding, left: &Finding) -> bool;

    /// The step names what the finding is about.
    fn names(&self, step: &Self::Step, finding: &Finding) -> bool;

    /// The levels that count findings of the code and are not brought to nothing.
    fn levels(&self, code: Code) -> Vec<Level>;
}

/// Explains; `page` is that of the code.
pub(in crate::report) fn explained<S: Scene>(scene: &S, page: Option<String>) -> ExplainReport {
    let plan = scene.planned();
    let thing = scene.thing();
    let touches = |step: &&S::Step| match thing {
        Thing::Step(number) => step.id() == *number,
        Thing::Code(code) => step.cures().contains(code),
        Thing::Node(_) | Thing::Shard(_) | Thing::Host(_) => scene.touches(step),
    };
    let steps: Vec<&S::Step> = plan.steps.iter().filter(touches).collect();
    let is_meant = |finding: &Finding| match thing {
        Thing::Code(code) => finding.code == *code,
        Thing::Step(_) => steps
            .iter()
            .any(|step| step.cures().contains(&finding.code)),
        Thing::Node(_) | Thing::Shard(_) | Thing::Host(_) => scene.is_about(&finding.subject),
    };
    let mut findings = Vec::new();
    for (index, finding) in (0..).zip(plan.found) {
        if !is_meant(finding) {
            continue;
        }
        let left = |left: &Finding| scene.is_left_as(finding, left);
        let stays = plan.refused.is_some() || plan.remaining.iter().any(left);
        let refusals = plan.refusals.iter();
        findings.push(Explained {
            finding: finding.clone(),
            steps: cures(scene, &plan, finding),
            stays,
            refusals: refusals
                .filter(|refusal| refusal.found.contains(&index))
                .cloned()
                .collect(),
            levels: match stays {
                true => scene.levels(finding.code),
                false => Vec::new(),
            },
        });
    }
    let exposure = plan.exposure.iter();
    let exposure = exposure.filter(|e| steps.iter().any(|step| step.id() == e.step));
    ExplainReport {
        schema_version: SCHEMA_VERSION,
        about: scene.about(),
        page,
        refused: plan.refused.clone(),
        findings,
        exposure: exposure.cloned().collect(),
        steps: steps
            .into_iter()
            .map(|step| step.clone().of_any())
            .collect(),
    }
}

/// Steps that cure the code, and among them those that name what the finding is about where some do.
fn cures<S: Scene>(scene: &S, plan: &Planned<S::Step>, finding: &Finding) -> Vec<u32> {
    let of_code = || {
        let steps = plan.steps.iter();
        steps.filter(|step| step.cures().contains(&finding.code))
    };
    let named = of_code().filter(|step| scene.names(step, finding));
    let named: Vec<u32> = named.map(AStep::id).collect();
    match named.is_empty() {
        true => of_code().map(AStep::id).collect(),
        false => named,
    }
}

/// What is known of the thing by its name alone.
pub(in crate::report) fn about(thing: &Thing) -> About {
    let mut about = About {
        kind: AboutKind::Code,
        name: String::new(),
        id: None,
        host: None,
        slots: None,
    };
    match thing {
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
            about.kind = AboutKind::Node;
            about.name.clone_from(id);
            about.id = Some(id.clone());
        }
        Thing::Shard(id) => {
            about.kind = AboutKind::Shard;
            about.name.clone_from(id);
            about.id = Some(id.clone());
        }
    }
    about
}

/// One of the names is one of the nodes.
pub(in crate::report) fn names_one_of(nodes: &BTreeSet<&str>, names: [&Option<String>; 2]) -> bool {
    let mut names = names.into_iter().flatten();
    names.any(|name| nodes.contains(name.as_str()))
}

/// `step:3`, if the plan has it.
pub(in crate::report) fn step_called<S: AStep>(word: &str, steps: &[S]) -> Option<Thing> {
    let number: u32 = word.strip_prefix("step:")?.parse().ok()?;
    let known = steps.iter().any(|step| step.id() == number);
    known.then_some(Thing::Step(number))
}
