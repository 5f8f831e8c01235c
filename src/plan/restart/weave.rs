//! A plan with a restart in it: what is decided about copies and roles, with the restarts between.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::action::Action;
use crate::action::Counted;
use crate::action::Draft;
use crate::action::Step;
use crate::model::Cluster;
use crate::model::NodeId;
use crate::plan::Effort;
use crate::plan::NoPlan;
use crate::plan::Request;
use crate::plan::budget;
use crate::plan::closing;
use crate::plan::closing::Closing;
use crate::plan::draft;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Supposed;
use crate::plan::level::Level;
use crate::plan::level::Selection;
use crate::plan::order;
use crate::plan::problem;
use crate::plan::problem::Problem;
use crate::plan::restart;
use crate::plan::restart::Ask;
use crate::plan::restart::Chosen;
use crate::plan::restart::Roles;
use crate::plan::restart::Rolled;
use crate::plan::restart::Summary;
use crate::plan::restart::Unit;
use crate::plan::restart::process::Scene;
use crate::plan::rolling::Bounded;
use crate::plan::rolling::processes::Limits;
use crate::plan::serve;
use crate::plan::serve::Served;
use crate::plan::target;
use crate::plan::target::Target;
use crate::plan::why::About;
use crate::plan::why::NoRestart;
use crate::plan::why::Reason;
use crate::plan::why::Refusal;
use crate::plan::why::Unlock;
use crate::policy::Flag;
use crate::policy::Policy;
use crate::policy::Wanted;
use crate::rules::Code;
use crate::rules::Phase;

/// What a plan is made from.
pub struct Given<'a> {
    pub captured: &'a Cluster,
    pub policy: &'a Policy,
    pub wanted: &'a Wanted,
    pub request: &'a Request,
    pub effort: Effort,
    pub ask: &'a Ask,
}

/// What is known before anything is decided.
pub struct Ground {
    pub selection: Selection,
    pub served: Served,
    pub closing: Closing,
    pub chosen: Chosen,
    /// What is decided about: after the serve phase, with what the chosen come back with; host by
    /// host after they came back.
    pub cluster: Cluster,
    /// Steps up to the last restart, where that is no part of the decision.
    rolled: Option<(Vec<Step>, Rolled)>,
    frozen: bool,
}

/// The steps, and what to say of the restarts.
pub struct Woven {
    pub steps: Vec<Step>,
    pub summary: Summary,
}

impl Given<'_> {
    pub fn ground(&self) -> Result<Ground, NoPlan> {
        let Self {
            captured,
            request,
            ask,
            ..
        } = *self;
        let mut selection = Selection::new(captured, request);
        if ask.roles == Roles::Home {
            selection.ask_for(Code::AwayFromHome);
        }
        let served = serve::serve(captured, request, selection.level(Level::Serve));
        let closing = closing::closings(captured, &selection);
        let chosen = restart::choose(ask, &served.cluster, request, &closing.settled)
            .map_err(BadGoal::NoSuch)?;
        if !chosen.blocked.is_empty() && !request.has(Flag::SkipBlocked) {
            return Err(NoPlan::Blocked(chosen.blocked));
        }
        let cluster = restart::upgraded(ask, &chosen.nodes, &served.cluster);
        let mut ground = Ground {
            selection,
            served,
            closing,
            chosen,
            cluster,
            rolled: None,
            frozen: ask.roles == Roles::AsBefore,
        };
        if ask.unit != Unit::Process {
            self.roll_first(&mut ground)?;
        }
        Ok(ground)
    }

    /// Host by host, roles follow from the order: what is left of them is decided behind it. What
    /// must be repaired is repaired before, by a plan of its own.
    fn roll_first(&self, ground: &mut Ground) -> Result<(), NoPlan> {
        let supposed = Supposed::plain(&ground.cluster);
        let problem = self.problem(ground, &supposed);
        let target = target::decide(&problem, Effort::Sketch);
        let drafts = self.drafts(ground, &problem, &target, &ground.served);
        if drafts.iter().any(|d| d.phase <= Phase::Protect) {
            return Err(NoPlan::Blocked(vec![Refusal {
                about: About::Cluster,
                reason: Reason::NoRestart(NoRestart::RepairFirst),
                unlock: Unlock::PlanFirst,
            }]));
        }
        let at = Counted::new(self.captured.clone());
        let mib = restart::mib(&problem);
        let limits = budget::limits(&at, &self.policy.budgets);
        let scene = self.scene(ground, &at, &mib, &limits, BTreeMap::new());
        let rolled = restart::by_domain(&scene, &problem);
        let steps = restart::splice(Vec::new(), rolled.waves.clone(), Vec::new());
        let after = carried_out(&at, &steps);
        ground.cluster = after.into_cluster();
        ground.rolled = Some((steps, rolled));
        ground.selection.changes_roles |= !ground.frozen;
        Ok(())
    }

    /// What is to be decided, on that cluster.
    pub fn problem<'p>(&'p self, ground: &'p Ground, supposed: &'p Supposed<'p>) -> Problem<'p> {
        let cluster = supposed.real;
        let by_process = self.ask.unit == Unit::Process;
        let inputs = problem::Inputs {
            captured: match ground.rolled.is_some() {
                true => cluster,
                false => self.captured,
            },
            supposed,
            policy: self.policy,
            wanted: self.wanted,
            selection: &ground.selection,
            request: self.request,
            settled: &ground.closing.settled,
        };
        let mut problem = Problem::new(&inputs);
        if by_process {
            problem.restarting = ground.chosen.nodes.clone();
        }
        let majority = cluster.has_majority();
        for index in 0..problem.units.len() {
            let owner = problem.units[index].owner;
            let led = self.captured.root(owner).unwrap_or(owner);
            let led = problem.copy(led, true).place;
            let unit = &mut problem.units[index];
            if ground.frozen {
                unit.may_hand_over = false;
            } else if by_process && problem.restarting.contains(&owner) {
                unit.may_hand_over |= unit.free && majority;
            }
            if ground.rolled.is_some() {
                unit.led_from = led;
            }
        }
        problem
    }

    fn drafts(
        &self,
        ground: &Ground,
        problem: &Problem,
        target: &Target,
        served: &Served,
    ) -> Vec<Draft> {
        draft::drafts(
            problem,
            self.captured,
            served,
            &ground.closing,
            &target.decision,
            self.wanted,
        )
    }

    fn scene<'s>(
        &'s self,
        ground: &'s Ground,
        at: &'s Counted,
        mib: &'s BTreeMap<NodeId, i64>,
        limits: &'s Limits,
        handovers: BTreeMap<NodeId, Draft>,
    ) -> Scene<'s> {
        Scene {
            ask: self.ask,
            at,
            after: restart::upgraded(self.ask, &ground.chosen.nodes, at),
            nodes: &ground.chosen.nodes,
            handovers,
            mib,
            limits,
            promote_nofailover: self.request.has(Flag::PromoteNofailover),
        }
    }

    /// The decision and the restarts as steps.
    pub fn weave(&self, ground: &Ground, problem: &Problem, target: &Target) -> Woven {
        match &ground.rolled {
            Some((steps, rolled)) => self.behind(ground, problem, target, steps, rolled),
            None => self.between(ground, problem, target),
        }
    }

    /// Restarts come between what protects and what spreads.
    fn between(&self, ground: &Ground, problem: &Problem, target: &Target) -> Woven {
        let restarted = |draft: &Draft| match &draft.action {
            Action::Failover(failover) if draft.phase == Phase::Spread => ground
                .chosen
                .nodes
                .contains(&failover.old)
                .then_some(failover.old),
            Action::Failover(_)
            | Action::Meet(_)
            | Action::Flush(_)
            | Action::Replicate(_)
            | Action::SetSlot(_)
            | Action::SetEpoch(_)
            | Action::AddSlots(_)
            | Action::MigrateSlots(_)
            | Action::BumpEpoch(_)
            | Action::Restart(_)
            | Action::Kill(_)
            | Action::Reset(_)
            | Action::Forget(_) => None,
        };
        let (mut before, mut after, mut handovers) = (Vec::new(), Vec::new(), BTreeMap::new());
        for mut draft in self.drafts(ground, problem, target, &ground.served) {
            if let Some(old) = restarted(&draft) {
                draft.phase = Phase::Change;
                handovers.insert(old, draft);
                continue;
            }
            // Who comes to lead is there before its master goes down.
            let comes = !matches!(draft.action, Action::Failover(_));
            if draft.phase == Phase::Spread && comes {
                draft.phase = Phase::Protect;
            }
            match draft.phase <= Phase::Protect {
                true => before.push(draft),
                false => after.push(draft),
            }
        }
        let at = Counted::new(self.captured.clone());
        let limits = budget::limits(&at, &self.policy.budgets);
        let before = order::order(&at, before, &limits);
        let at = carried_out(&at, &before);
        let mib = restart::mib(problem);
        let scene = self.scene(ground, &at, &mib, &limits, handovers);
        let rolled = restart::by_process(&scene);
        let first = before.len();
        let mut steps = restart::splice(before, rolled.waves.clone(), Vec::new());
        let at = carried_out(&at, &steps[first..]);
        let after = order::order(&at, after, &limits);
        let length = rolled.length;
        steps = restart::splice(steps, Vec::new(), after);
        let summary = self.summary(ground, &steps, length, None);
        Woven { steps, summary }
    }

    /// What is left of roles, and of the rest, comes behind the restarts.
    fn behind(
        &self,
        ground: &Ground,
        problem: &Problem,
        target: &Target,
        steps: &[Step],
        rolled: &Rolled,
    ) -> Woven {
        let nobody = Served {
            promotions: Vec::new(),
            cluster: ground.cluster.clone(),
            refusals: Vec::new(),
            unknown_offsets: Vec::new(),
        };
        let drafts = self.drafts(ground, problem, target, &nobody);
        let limits = budget::limits(&ground.cluster, &self.policy.budgets);
        let after = order::order(&Counted::new(ground.cluster.clone()), drafts, &limits);
        let steps = restart::splice(steps.to_vec(), Vec::new(), after);
        let summary = self.summary(ground, &steps, rolled.length, rolled.proof.clone());
        Woven { steps, summary }
    }

    fn summary(
        &self,
        ground: &Ground,
        steps: &[Step],
        waves: Bounded,
        proof: Option<restart::Proof>,
    ) -> Summary {
        let at = &ground.served.cluster;
        let nodes = &ground.chosen.nodes;
        let value = steps.iter().filter(|s| is_failover(s)).count() as i64;
        let led = |id: &&NodeId| !at.node(**id).slots.is_empty();
        let places: BTreeSet<Option<u32>> = nodes
            .iter()
            .map(|&id| match self.ask.unit {
                Unit::Process => Some(id.0),
                Unit::Host => at.node(id).host.map(|h| h.0),
                Unit::Zone => at.zone_of(id).map(|z| z.0),
            })
            .collect();
        Summary {
            unit: self.ask.unit,
            processes: nodes.len(),
            failovers: Bounded::exact(value),
            waves,
            proof,
            textbook_failovers: 2 * nodes.iter().filter(led).count() as i64,
            textbook_waves: places.len() as i64,
        }
    }
}

fn is_failover(step: &Step) -> bool {
    matches!(step.draft.action, Action::Failover(_))
}

fn carried_out(at: &Counted, steps: &[Step]) -> Counted {
    let mut at = at.clone();
    for step in steps {
        step.draft.action.apply(&mut at);
    }
    at
}
