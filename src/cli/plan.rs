//! `plan`: the shortest safe list of steps, for review.

mod add;
mod again;
mod flags;
mod goals;
mod restart;
mod slots;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::CaptureArgs;
use crate::cli::explain;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::impact::domain;
use crate::cli::output::Terminal;
use crate::cli::plan::again::AgainArgs;
use crate::cli::plan::flags::Flags;
use crate::cli::plan::goals::GoalArgs;
use crate::cli::plan::slots::SlotArgs;
use crate::cli::tablets;
use crate::cli::whole;
use crate::emit;
use crate::inventory::Inventory;
use crate::model::Domain;
use crate::plan;
use crate::plan::Added;
use crate::plan::Ending;
use crate::plan::Goal;
use crate::plan::GoalKind;
use crate::plan::Obstacle;
use crate::plan::Phase;
use crate::plan::Request;
use crate::plan::why::Said;
use crate::policy::Replicas;
use crate::render;
use crate::report;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::rules::Code;
use crate::text::quote::shell_word;
use crate::text::safe::safe;

#[derive(clap::Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    capture: CaptureArgs<AnyFormat>,
    /// Cure only findings of these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave findings of these codes alone
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    skip: Vec<String>,
    /// Stop after this phase
    #[arg(long, value_enum, value_name = "PHASE")]
    through: Option<Phase>,
    /// Plan in spite of views that disagree; the reason goes into the plan
    #[arg(long, value_name = "REASON")]
    force: Option<String>,
    /// It is down and stays down, on your word: host:H, disk:H:/dir, zone:Z, rack:Z/R or node:ADDR
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    dead: Vec<Domain>,
    /// Blank nodes that do not exist yet, to see what they would bring; no script is made of such a
    /// plan: host:H,nodes=N or host:H,zone=Z,nodes=N
    #[arg(long, value_name = "NODES", value_parser = add::added)]
    add: Vec<Added>,
    /// No more steps than this: what matters most comes first, and every prefix is safe
    #[arg(long, value_name = "N")]
    max_steps: Option<usize>,
    /// Exit with 5 unless every level of the plan is proven minimal
    #[arg(long)]
    require_proof: bool,
    /// Write the plan file, for review and for `script`
    #[arg(short, long, value_name = "plan.json")]
    output: Option<OsString>,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    goals: GoalArgs,
    #[command(flatten)]
    slots: SlotArgs,
    #[command(flatten)]
    again: AgainArgs,
}

pub(super) fn run(args: &PlanArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut request = args.request()?;
    if let Some(file) = &args.output {
        whole::must_be_apart(file, args.capture.inputs())?;
        whole::must_be_apart(&back_file(file), args.capture.inputs())?;
    }
    if let Some((way, file)) = args.again.way() {
        again::must_be_alone(&request)?;
        return again::run(args, way, file, terminal);
    }
    if !request.added.is_empty() {
        return add::run(args, request, terminal);
    }
    let mut inventory = args.capture.read_for_plan(terminal)?;
    if inventory.tablets.is_some() {
        return of_tablets(args, &request, inventory, terminal);
    }
    if args.slots.replicas_alone().is_some() {
        return Err(Failure::Usage(
            "`--replicas` goes with --create, or is about tablets of FEDB".to_owned(),
            "`replicas = N` in the policy says how many are wanted".to_owned(),
        ));
    }
    let talk = &mut |said: &str| terminal.talk(said);
    let blocked = args.prepare(&mut request, &mut inventory, talk)?;
    let planned = report::plan_and_end(&inventory, &request);
    let (mut report, end) = planned.map_err(Failure::Internal)?;
    // What is reviewed is what runs: a plan that no script takes is none.
    if let Err(why) = emit::scriptable(&report) {
        let obstacle = Obstacle::Unscriptable(why.to_string());
        report = report::refused(&inventory, &request, &obstacle);
    }
    let exit = match args.exit(&report) {
        Exit::Refused if blocked => Exit::Blocked,
        exit => exit,
    };
    let json = render::plan_file(&report);
    let ended = args.print(&report, &json, (&request, exit), terminal)?;
    if exit == Exit::Unproven {
        terminal.talk(&format!("not proven minimal: {}", open_levels(&report)));
    }
    if let Some(file) = &args.output {
        write(file, &json, exit, terminal)?;
        let returns = |goal: &Goal| goal.kind() == GoalKind::Maintain;
        let end = end.filter(|_| exit == Exit::Clean && request.goals.iter().any(returns));
        if let Some(end) = end {
            let back = report::plan_back(&mut inventory, &request, end);
            let back = back.map_err(Failure::Internal)?;
            let file = back_file(file);
            write(&file, &render::plan_file(&back), exit, terminal)?;
        }
    }
    Ok(ended)
}

/// The same for the other family.
fn of_tablets(
    args: &PlanArgs,
    request: &Request,
    inventory: Inventory,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let asked = tablets::Asked {
        goals: tablets::Goals::of(request, args.slots.replicas_alone())?,
        request: crate::tablets::Request {
            only: request.only.clone(),
            skip: request.skip.clone(),
            through: request.through,
            force: request.force.is_some(),
            ..Default::default()
        },
        dead: &request.dead,
        options: tablet_options(args, request, |reason| format!("{reason:?}")),
        words: args.words(request),
        file: args.output.as_deref().map(Path::new),
        require_proof: args.require_proof,
    };
    let made = tablets::plan(inventory, asked, args.capture.format, terminal)?;
    if let Some(file) = &args.output {
        write(file, &made.json, made.exit, terminal)?;
    }
    Ok(made.ended)
}

/// What was asked, and what only plans of tablets are asked for.
fn tablet_options(
    args: &PlanArgs,
    request: &Request,
    quote: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut options = request.options(quote);
    let replicas = args.slots.replicas_alone();
    options.extend(replicas.map(|count| format!("--replicas {count}")));
    options
}

/// Beside `plan.json`: `plan.return.json`.
fn back_file(file: &OsString) -> OsString {
    Path::new(file).with_extension("return.json").into()
}

/// A plan that was refused, or is not proven as demanded, is not there to be run.
fn write(file: &OsString, json: &str, exit: Exit, terminal: &mut Terminal) -> Result<(), Failure> {
    let name = file.display();
    if exit != Exit::Clean {
        terminal.talk(&format!("did not write {name}"));
        return Ok(());
    }
    whole::replace(Path::new(file), json)?;
    terminal.talk(&format!("wrote {name}"));
    Ok(())
}

impl PlanArgs {
    fn request(&self) -> Result<Request, Failure> {
        let only = codes("--only", &self.only)?;
        let skip = codes("--skip", &self.skip)?;
        if let Some(code) = only.intersection(&skip).next() {
            return Err(Failure::Usage(
                format!("`{code}` is both in `--only` and in `--skip`"),
                String::new(),
            ));
        }
        if self.force.as_ref().is_some_and(|r| r.trim().is_empty()) {
            return Err(Failure::Usage(
                "`--force` takes a reason, and this one is empty".to_owned(),
                "say why: it is printed in the plan".to_owned(),
            ));
        }
        let goals = self.goals.goals(self.slots.version()?)?;
        let last = self.through.filter(|&last| last < Phase::Change);
        if let (Some(last), false) = (last, goals.is_empty()) {
            return Err(Failure::Usage(
                format!("`--through {last}` stops before what the goals ask for"),
                format!("their steps are of phase {}", Phase::Change),
            ));
        }
        Ok(Request {
            only,
            skip,
            through: self.through,
            force: self.force.clone(),
            dead: self.dead.clone(),
            added: sorted(&self.add),
            flags: self.flags.given(),
            slots: self.slots.goals()?,
            goals,
            max_steps: self.max_steps,
        })
    }

    /// Makes request and inventory ready to be planned on, or says what makes no sense of them.
    /// Whether what is asked about slots is blocked.
    fn prepare(
        &self,
        request: &mut Request,
        inventory: &mut Inventory,
        talk: &mut dyn FnMut(&str),
    ) -> Result<bool, Failure> {
        let said = plan::of_policy(request, inventory)
            .map_err(|both| Failure::Usage(both.to_string(), "leave one of them out".to_owned()))?;
        said.iter().for_each(|said| talk(said));
        plan::vouch(&mut inventory.cluster, &self.dead).map_err(|e| {
            let help = "see whether the right domain is named; if it died since, capture again";
            Failure::Usage(format!("`--dead`: {e}"), help.to_owned())
        })?;
        if let Some(replicas) = request.slots.create.and_then(|c| c.replicas) {
            inventory.policy.replicas = Replicas::Exactly(replicas);
        }
        let trouble = plan::slot_trouble(inventory, request);
        if let Some(why) = trouble.as_ref().filter(|t| t.ending() == Ending::Usage) {
            let text = Said(why, &inventory.cluster).to_string();
            return Err(Failure::Usage(text, String::new()));
        }
        plan::goal::check(request, &inventory.cluster).map_err(|bad| {
            let help = "each goal must name something of the capture, and no two the opposite";
            Failure::Usage(bad.to_string(), help.to_owned())
        })?;
        Ok(trouble.is_some_and(|t| t.ending() == Ending::Blocked))
    }

    fn exit(&self, report: &PlanReport) -> Exit {
        if report.refused.is_some() {
            Exit::Refused
        } else if report.blocked {
            Exit::Blocked
        } else if self.require_proof && unproven(report).next().is_some() {
            Exit::Unproven
        } else {
            Exit::Clean
        }
    }

    /// Writes the answer; how the command ends then.
    fn print(
        &self,
        report: &PlanReport,
        json: &str,
        (request, exit): (&Request, Exit),
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let text = |terminal: &mut Terminal| {
            terminal.untold(&report.diagnostics, &report.found);
            let look = terminal.data_look();
            let file = self.output.as_deref().filter(|_| exit == Exit::Clean);
            let typed = render::Typed {
                words: &self.words(request),
                file: file.map(Path::new),
            };
            terminal.data(&render::plan(report, look, typed))
        };
        let format = self.capture.format;
        let brief = || render::plan_brief(report);
        form::answer(format, exit, terminal, || json.to_owned(), brief, text)
    }

    /// The command's words after `topoplan plan`, without those about output: what a hint must
    /// repeat to get the same plan.
    fn words(&self, request: &Request) -> String {
        let mut words = self.capture.words();
        words.extend(tablet_options(self, request, |reason| {
            shell_word(&safe(reason))
        }));
        if self.require_proof {
            words.push("--require-proof".to_owned());
        }
        words.join(" ")
    }
}

/// Once each, in order.
fn sorted<T: Clone + Ord>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort();
    list.dedup();
    list
}

/// Codes as the rules spell them. An unknown one is an error: silently curing less, or more,
/// than was asked is the worst answer.
fn codes(flag: &str, given: &[String]) -> Result<BTreeSet<Code>, Failure> {
    let mut codes = BTreeSet::new();
    for word in given.iter().map(|w| w.trim()).filter(|w| !w.is_empty()) {
        let rule = explain::find_rule(word)
            .map_err(|help| Failure::Usage(format!("`{flag} {}`: no such code", word), help))?;
        codes.insert(rule.code);
    }
    if codes.is_empty() && !given.is_empty() {
        return Err(Failure::Usage(
            format!("`{flag}` names no code"),
            "codes are listed by `topoplan docs rules`".to_owned(),
        ));
    }
    Ok(codes)
}

fn unproven(report: &PlanReport) -> impl Iterator<Item = &crate::report::Level> {
    report
        .objective
        .iter()
        .filter(|level| level.selected && level.proof == Proof::None)
}

fn open_levels(report: &PlanReport) -> String {
    let levels: Vec<String> = unproven(report)
        .map(|l| {
            format!(
                "{} is {} and may be as low as {}",
                l.level, l.value, l.bound
            )
        })
        .collect();
    levels.join("; ")
}
