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
use crate::plan::Goal;
use crate::render;
use crate::report;
use crate::report::Proof;
use crate::report::TabletList;
use crate::report::TabletPlan;
use crate::tablets::Request;

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

/// The domains that goals drain; other goals are none of tablets.
pub(super) fn drained(goals: &[Goal]) -> Result<Vec<Domain>, Failure> {
    let mut drained = Vec::new();
    for goal in goals {
        match goal {
            Goal::Drain(drain) if !drain.stop => drained.push(drain.domain.clone()),
            Goal::Restart(_) => {
                return Err(Failure::Usage(
                    "`--restart` of tablets is not planned yet".to_owned(),
                    "restart them one by one: drain, restart, recover".to_owned(),
                ));
            }
            Goal::Maintain(_) | Goal::Remove(_) | Goal::Replace(_) | Goal::Pin(_) => {
                return Err(Failure::Usage(
                    "of goals, plans of tablets take `--drain`".to_owned(),
                    String::new(),
                ));
            }
            Goal::Drain(_) => {
                return Err(Failure::Usage(
                    "`--stop` is for Redis clusters".to_owned(),
                    "a drained tablet holds nothing: stop it when you like".to_owned(),
                ));
            }
        }
    }
    Ok(drained)
}

/// What was asked of `plan`, beyond what is the same in both families.
pub(super) struct Asked<'a> {
    pub request: Request,
    pub dead: &'a [Domain],
    pub drain: &'a [Domain],
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
    asked.request.drain = all_in(&seen, asked.drain)?;
    let mut report = report::plan_tablets(&inventory, &seen, &asked.request, asked.options);
    if let Err(why) = emit::scriptable_tablets(&report) {
        report = report::refuse_tablets(report, why.to_string());
    }
    let exit = exit(&report, asked.require_proof);
    let json = render::json::report(&report);
    match format {
        AnyFormat::Json => terminal.data(&json)?,
        AnyFormat::Of(form) => {
            return Err(Failure::Usage(
                format!("`--format {}` is for plans of Redis clusters", form.name()),
                "plans of tablets are written as text and JSON".to_owned(),
            ));
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
