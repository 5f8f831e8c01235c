//! The commands on captures of tablets: flags in, the answers of the other family out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::emit;
use crate::inventory::Inventory;
use crate::inventory::TabletsSeen;
use crate::model::Domain;
use crate::model::DomainKind;
use crate::model::Health;
use crate::model::TabletId;
use crate::plan;
use crate::plan::Goal;
use crate::plan::restart::Which;
use crate::render;
use crate::report;
use crate::report::Proof;
use crate::report::TabletList;
use crate::report::TabletPlan;
use crate::report::TabletPlanFile;
use crate::report::VerifyReport;
use crate::tablets::Request;
use crate::tablets::Restart;

/// Which losses `impact` is about.
pub(super) enum Losses<'a> {
    Together(&'a [Domain]),
    Each(DomainKind),
}

pub(super) fn impact(
    inventory: &Inventory,
    seen: &TabletsSeen,
    losses: Losses,
    format: AnyFormat,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let cases = match losses {
        Losses::Together(domains) => {
            vec![(domains.to_vec(), all_in(seen, domains)?)]
        }
        Losses::Each(kind) => report::each_tablets(&seen.state, kind),
    };
    if cases.is_empty() {
        let message = "the capture shows none of them for tablets".to_owned();
        return Err(Failure::Usage(
            message,
            "name hosts and zones with `--hosts`".to_owned(),
        ));
    }
    if seen.state.auto_failover.is_none() {
        let text = "no confget was captured: auto_failover is taken for off, so nothing is elected";
        terminal.talk(text);
    }
    let report = report::impact_tablets(inventory, seen, &cases);
    match format {
        AnyFormat::Json => terminal.data(&render::json::report(&report))?,
        AnyFormat::Of(form) => {
            let brief = render::impact_brief(&report);
            terminal.data(&form.write(&brief))?;
            return Ok(form::exit(form, &brief, Exit::Clean));
        }
        AnyFormat::Text => {
            terminal.diagnostics(&report.diagnostics);
            let look = terminal.data_look();
            terminal.data(&render::impact_tablets(&report, look))?;
        }
    }
    Ok(Exit::Clean)
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
        return Err(said("the capture has no showtable: nobody says which copies there are"));
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
    restart: Option<Which>,
}

impl Goals {
    pub fn of(request: &plan::Request) -> Result<Self, Failure> {
        let foreign = |what: &str| {
            let help = "plans of tablets take --only, --skip, --through, --force, --dead, --drain and \
                        --restart all or DOMAIN";
            Failure::Usage(format!("{what} is for Redis clusters"), help.to_owned())
        };
        if let Some(flag) = request.flags.iter().next() {
            return Err(foreign(&format!("`{flag}`")));
        }
        if request.slots != plan::Request::default().slots {
            return Err(foreign("what moves slots"));
        }
        let mut goals = Self::default();
        for goal in &request.goals {
            match goal {
                Goal::Drain(drain) if drain.stop => return Err(foreign("`--stop`")),
                Goal::Drain(drain) => goals.drain.push(drain.domain.clone()),
                Goal::Restart(restart) => match &restart.ask.which {
                    Which::OlderThan(_) => return Err(foreign("`--restart older-than:`")),
                    which @ (Which::All | Which::In(_)) => goals.restart = Some(which.clone()),
                },
                Goal::Maintain(_) | Goal::Remove(_) | Goal::Replace(_) | Goal::Pin(_) => {
                    return Err(foreign("that goal"));
                }
            }
        }
        Ok(goals)
    }

    fn fill(&self, seen: &TabletsSeen, request: &mut Request) -> Result<(), Failure> {
        request.drain = all_in(seen, &self.drain)?;
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

/// The plan, its JSON, and how it ended.
pub(super) fn plan(
    mut inventory: Inventory,
    mut asked: Asked,
    format: AnyFormat,
    terminal: &mut Terminal,
) -> Result<(String, Exit), Failure> {
    let Some(mut seen) = inventory.tablets.take() else {
        return Err(Failure::Internal("no tablets to plan".to_owned()));
    };
    for tablet in all_in(&seen, asked.dead)? {
        seen.state.tablets[tablet.index()].health = Health::Offline;
    }
    asked.goals.fill(&seen, &mut asked.request)?;
    let mut report = report::plan_tablets(&inventory, &seen, &asked.request, asked.options);
    if let Err(why) = emit::scriptable_tablets(&report) {
        report = report::refuse_tablets(report, why.to_string());
    }
    let exit = exit(&report, asked.require_proof);
    let json = render::json::report(&report);
    match format {
        AnyFormat::Json => terminal.data(&json)?,
        AnyFormat::Of(_) => {
            let message = "a plan of tablets is text or JSON".to_owned();
            return Err(Failure::Usage(message, String::new()));
        }
        AnyFormat::Text => {
            terminal.untold(&report.diagnostics, &report.found);
            let look = terminal.data_look();
            let typed = render::Typed {
                words: &asked.words,
                file: asked.file.filter(|_| exit == Exit::Clean),
            };
            terminal.data(&render::plan_tablets(&report, look, typed))?;
        }
    }
    Ok((json, exit))
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
