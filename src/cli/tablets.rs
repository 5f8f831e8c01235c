//! The commands on captures of tablets: flags in, the answers of the other family out.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::emit;
use crate::impact::Demand;
use crate::impact::TabletDemands;
use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::Health;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::plan;
use crate::plan::Goal;
use crate::plan::restart::Which;
use crate::render;
use crate::report;
use crate::report::ImpactReport;
use crate::report::Proof;
use crate::report::TabletCase;
use crate::report::TabletList;
use crate::report::TabletLoss;
use crate::report::TabletPlan;
use crate::report::TabletPlanFile;
use crate::report::VerifyReport;
use crate::tablets::Request;
use crate::tablets::Restart;

/// What `impact` is asked of tablets.
pub(super) struct Losses<'a> {
    /// Lost together, or in any case.
    pub lose: &'a [Domain],
    pub each: Option<DomainKind>,
    pub pairs: Option<DomainKind>,
    pub grow: Option<DomainKind>,
    pub demands: &'a [Demand],
    /// The plan that is supposed to have run.
    pub after: Option<&'a OsStr>,
}

impl Losses<'_> {
    fn loss(
        &self,
        seen: &TabletsSeen,
        terminal: &mut Terminal,
    ) -> Result<(TabletLoss, Tablets), Failure> {
        let mut state = seen.state.clone();
        let mut after_plan = None;
        if let Some(file) = self.after {
            let plan = plan_file::read_tablets(file, terminal)?.plan;
            state = report::suppose_tablets(&state, &plan).map_err(|why| {
                let help = "name the capture that the plan was made of";
                Failure::Usage(format!("`--after`: {why}"), help.to_owned())
            })?;
            after_plan = Some(plan.plan_id);
        }
        let each = |kind: DomainKind| match report::each_tablets(&state, kind) {
            cases if cases.is_empty() => Err(Failure::Usage(
                "the capture shows none of them for tablets".to_owned(),
                "name hosts and zones with `--hosts`".to_owned(),
            )),
            cases => Ok(cases),
        };
        let cases = match (self.each, self.pairs) {
            (Some(kind), _) => each(kind)?,
            (None, Some(kind)) => pairs(&each(kind)?)?,
            // A set is grown from nothing.
            (None, None) if self.lose.is_empty() => Vec::new(),
            (None, None) => vec![(self.lose.to_vec(), all_in(seen, self.lose)?)],
        };
        let grow = match self.grow {
            Some(kind) => Some((all_in(seen, self.lose)?, each(kind)?)),
            None => None,
        };
        let demands = match self.demands {
            [] if grow.is_some() => vec![Demand::Serve],
            demands => demands.to_vec(),
        };
        let demands = TabletDemands::new(demands).map_err(|why| {
            let help = "of tablets `--require` takes serve and copies=N";
            Failure::Usage(why.to_string(), help.to_owned())
        })?;
        let loss = TabletLoss {
            cases,
            demands,
            grow,
            after_plan,
        };
        Ok((loss, state))
    }
}

/// One case for every two.
fn pairs(each: &[TabletCase]) -> Result<Vec<TabletCase>, Failure> {
    if let [(only, _)] = each {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        return Err(Failure::Usage(
            format!(
                "the capture shows no pair: there is {} alone",
                only.join(" ")
            ),
            "`--lose` looks at one alone".to_owned(),
        ));
    }
    let mut cases = Vec::new();
    for (at, (first, ones)) in each.iter().enumerate() {
        for (second, others) in &each[at + 1..] {
            let domains = first.iter().chain(second).cloned().collect();
            cases.push((domains, ones.union(others).copied().collect()));
        }
    }
    Ok(cases)
}

pub(super) fn impact(
    inventory: &Inventory,
    seen: &TabletsSeen,
    losses: &Losses,
    terminal: &mut Terminal,
) -> Result<ImpactReport, Failure> {
    if seen.state.topic {
        let text = "a topic of Kafka is judged, and what a loss would do to it is not told".to_owned();
        let help = "Kafka elects by itself, among those in sync: `topoplan check` says who is not";
        return Err(Failure::Usage(text, help.to_owned()));
    }
    let (loss, state) = losses.loss(seen, terminal)?;
    if state.auto_failover.is_none() {
        let text = "no confget was captured: auto_failover is taken for off, so nothing is elected";
        terminal.talk(text);
    }
    Ok(report::impact_tablets(inventory, &state, &loss))
}

/// How far a plan of tablets is by a later capture.
pub(super) fn verify(
    file: &TabletPlanFile,
    inventory: &Inventory,
) -> Result<VerifyReport, Failure> {
    let help = "give it `showtable`, `showtablet` and `confget` of the cluster that was planned";
    let said = |message: &str| Failure::Usage(message.to_owned(), help.to_owned());
    let seen = inventory.tablets.as_ref();
    let seen = seen.ok_or_else(|| said("the plan is of tablets, and the capture is not"))?;
    if !seen.state.tables_known {
        return Err(said(
            "the capture has no showtable: nobody says which copies there are",
        ));
    }
    Ok(report::verify_tablets_at(file, seen))
}

fn all_in(seen: &TabletsSeen, domains: &[Domain]) -> Result<BTreeSet<TabletId>, Failure> {
    let mut all = BTreeSet::new();
    for domain in domains {
        let of = report::tablets_in(&seen.state, domain);
        all.extend(of.map_err(|message| Failure::Usage(message, String::new()))?);
    }
    Ok(all)
}

pub(super) fn list(
    inventory: &Inventory,
    seen: &TabletsSeen,
    list: TabletList,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let report = report::list_tablets(inventory, seen, list);
    match format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.diagnostics(&report.diagnostics);
            terminal.data(&render::list(&report, render::Column::Line))?;
        }
    }
    Ok(Exit::Clean)
}

/// What goals ask for, of those that tablets have.
#[derive(Default)]
pub(super) struct Goals {
    drain: Vec<Domain>,
    /// What of it is stopped then.
    stop: Vec<Domain>,
    /// Who takes the place of what is drained.
    to: Option<Domain>,
    restart: Option<Which>,
    replicas: Option<u32>,
}

impl Goals {
    pub fn of(request: &plan::Request, replicas: Option<u32>) -> Result<Self, Failure> {
        let help = "plans of tablets take --only, --skip, --through, --force, --dead, --drain, \
                    --stop, --remove, --replace, --replicas and --restart all or DOMAIN";
        let usage = |message: String| Failure::Usage(message, help.to_owned());
        let foreign = |what: &str| usage(format!("{what} is for Redis clusters"));
        if let Some(flag) = request.flags.iter().next() {
            return Err(foreign(&format!("`{flag}`")));
        }
        if request.slots != plan::Request::default().slots {
            return Err(foreign("what moves slots"));
        }
        if request.max_steps.is_some() {
            return Err(foreign("`--max-steps`"));
        }
        let mut goals = Self {
            replicas,
            ..Self::default()
        };
        for goal in &request.goals {
            match goal {
                Goal::Drain(drain) => {
                    goals.drain.push(drain.domain.clone());
                    if drain.stop {
                        goals.stop.push(drain.domain.clone());
                    }
                }
                // A tablet is never forgotten: `showtablet` lists it as offline once it is stopped.
                Goal::Remove(remove) => goals.drain.push(remove.domain.clone()),
                Goal::Replace(replace) => {
                    goals.drain.push(replace.old.clone());
                    goals.to = Some(replace.new.clone());
                }
                Goal::Restart(restart) => match &restart.ask.which {
                    Which::OlderThan(_) => return Err(foreign("`--restart older-than:`")),
                    which @ (Which::All | Which::In(_)) => goals.restart = Some(which.clone()),
                },
                Goal::Maintain(_)
                | Goal::Pin(_)
                | Goal::MastersNever(_)
                | Goal::MastersRather(_) => return Err(foreign("that goal")),
            }
        }
        if goals.to.is_some() && goals.drain.len() > 1 {
            return Err(usage("`--replace` goes with no other drain".to_owned()));
        }
        Ok(goals)
    }

    fn fill(
        &self,
        inventory: &Inventory,
        seen: &TabletsSeen,
        request: &mut Request,
    ) -> Result<(), Failure> {
        request.drain = all_in(seen, &self.drain)?;
        request.stop = all_in(seen, &self.stop)?;
        if self.restart.is_none() && self.to.is_none() {
            let standing = report::standing_tablets(inventory, &seen.state);
            request.drain.extend(standing.drain);
            request.stop.extend(standing.stop);
        }
        request.to = all_in(seen, self.to.as_slice())?;
        if let Some(tablet) = request.to.intersection(&request.drain).next() {
            let endpoint = seen.state.endpoint(*tablet);
            let message = format!("{endpoint} cannot take its own place");
            return Err(Failure::Usage(message, String::new()));
        }
        request.replicas = self.replicas;
        request.restart = match &self.restart {
            None => None,
            Some(Which::In(domain)) => Some(Restart {
                tablets: all_in(seen, std::slice::from_ref(domain))?,
                name_servers: false,
            }),
            Some(Which::All | Which::OlderThan(_)) => Some(Restart {
                tablets: seen.state.tablet_ids().collect(),
                name_servers: true,
            }),
        };
        Ok(())
    }
}

/// What was asked of `plan`, beyond what is the same in both families.
pub(super) struct Asked<'a> {
    pub request: Request,
    pub dead: &'a [Domain],
    pub goals: Goals,
    pub options: Vec<String>,
    pub words: String,
    pub file: Option<&'a Path>,
    pub require_proof: bool,
}

/// A plan that was printed.
pub(super) struct Planned {
    pub json: String,
    /// How it ended.
    pub exit: Exit,
    /// The same, or what the format makes of it.
    pub ended: Exit,
}

pub(super) fn plan(
    mut inventory: Inventory,
    mut asked: Asked,
    format: AnyFormat,
    terminal: &mut Terminal,
) -> Result<Planned, Failure> {
    let Some(mut seen) = inventory.tablets.take() else {
        return Err(Failure::Internal("no tablets to plan".to_owned()));
    };
    for tablet in all_in(&seen, asked.dead)? {
        seen.state.tablets[tablet.index()].health = Health::Offline;
    }
    asked.goals.fill(&inventory, &seen, &mut asked.request)?;
    let mut report = report::plan_tablets(&inventory, &seen, &asked.request, asked.options);
    if let Err(why) = emit::scriptable_tablets(&report) {
        report = report::refuse_tablets(report, why.to_string());
    }
    let exit = exit(&report, asked.require_proof);
    let json = render::json::report(&report);
    let text = |terminal: &mut Terminal| {
        terminal.untold(&report.diagnostics, &report.found);
        let look = terminal.data_look();
        let typed = render::Typed {
            words: &asked.words,
            file: asked.file.filter(|_| exit == Exit::Clean),
        };
        terminal.data(&render::plan_tablets(&report, look, typed))
    };
    let brief = || render::plan_tablets_brief(&report);
    let ended = form::answer(format, exit, terminal, || json.clone(), brief, text)?;
    Ok(Planned { json, exit, ended })
}

fn exit(report: &TabletPlan, require_proof: bool) -> Exit {
    let mut levels = report.objective.iter();
    let unproven = levels.any(|level| level.selected && level.proof == Proof::None);
    if report.refused.is_some() {
        Exit::Refused
    } else if report.blocked {
        Exit::Blocked
    } else if require_proof && unproven {
        Exit::Unproven
    } else {
        Exit::Clean
    }
}
