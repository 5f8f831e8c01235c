//! `plan`: the shortest safe list of steps, for review.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::explain;
use crate::cli::output::Terminal;
use crate::cli::whole;
use crate::compose;
use crate::plan::Phase;
use crate::plan::Request;
use crate::render;
use crate::render::safe;
use crate::report::PlanReport;
use crate::report::Proof;
use crate::text::quote::shell_word;

#[derive(clap::Args, Debug)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    capture: CaptureArgs,
    /// Cure only findings of these codes
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave findings of these codes alone
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    skip: Vec<String>,
    /// Stop after this phase
    #[arg(long, value_enum, value_name = "PHASE")]
    through: Option<Through>,
    /// Plan in spite of views that disagree; the reason goes into the plan
    #[arg(long, value_name = "REASON")]
    force: Option<String>,
    /// Forget dead members, too: they will not come back
    #[arg(long)]
    forget_dead: bool,
    /// Healthy replicas may be re-pointed for zones and disks
    #[arg(long)]
    allow_moves: bool,
    /// Close slots that were left migrating or importing
    #[arg(long)]
    settle_slots: bool,
    /// Flush slotless nodes that still hold keys
    #[arg(long)]
    flush_stale: bool,
    /// Leave surplus spares alone
    #[arg(long)]
    keep_spares: bool,
    /// Promote a replica that never finished a sync, if it is the only copy
    #[arg(long)]
    accept_data_loss: bool,
    /// Exit with 5 unless every level of the plan is proven minimal
    #[arg(long)]
    require_proof: bool,
    /// Write the plan file, for review and for `script`
    #[arg(short, long, value_name = "plan.json")]
    output: Option<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Through {
    Serve,
    Protect,
    Spread,
    Tidy,
}

pub(super) fn run(args: &PlanArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let request = args.request()?;
    if let Some(file) = &args.output {
        whole::must_be_apart(file, args.capture.inputs())?;
    }
    let inventory = args.capture.read_for_plan(terminal)?;
    let report = compose::plan(&inventory, &request).map_err(Failure::Internal)?;
    let exit = args.exit(&report);
    let json = render::json::report(&report);
    match args.capture.format {
        Format::Json => terminal.data(&json)?,
        Format::Text => {
            terminal.untold(&report.diagnostics, &report.found);
            let look = terminal.data_look();
            terminal.data(&render::plan(&report, look, &args.words(&request)))?;
        }
    }
    if exit == Exit::Unproven {
        terminal.talk(&format!("not proven minimal: {}", open_levels(&report)));
    }
    if let Some(file) = &args.output {
        write(file, &json, exit, terminal)?;
    }
    Ok(exit)
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
        if let Some(code) = only.iter().find(|code| skip.contains(code)) {
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
        Ok(Request {
            only,
            skip,
            through: self.through.map(Through::phase),
            force: self.force.clone(),
            forget_dead: self.forget_dead,
            allow_moves: self.allow_moves,
            settle_slots: self.settle_slots,
            flush_stale: self.flush_stale,
            keep_spares: self.keep_spares,
            accept_data_loss: self.accept_data_loss,
        })
    }

    fn exit(&self, report: &PlanReport) -> Exit {
        if report.refused.is_some() {
            Exit::Refused
        } else if self.require_proof && unproven(report).next().is_some() {
            Exit::Unproven
        } else {
            Exit::Clean
        }
    }

    /// The command's words after `topoplan plan`, without those about output: what a hint must
    /// repeat to get the same plan.
    fn words(&self, request: &Request) -> String {
        let mut words = self.capture.words();
        for (flag, codes) in [("--only", &request.only), ("--skip", &request.skip)] {
            if !codes.is_empty() {
                words.extend([flag.to_owned(), codes.join(",")]);
            }
        }
        if let Some(name) = self.through.and_then(|t| t.to_possible_value()) {
            words.extend(["--through".to_owned(), name.get_name().to_owned()]);
        }
        if let Some(reason) = &self.force {
            words.extend(["--force".to_owned(), shell_word(&safe(reason))]);
        }
        for (flag, given) in [
            ("--forget-dead", self.forget_dead),
            ("--allow-moves", self.allow_moves),
            ("--settle-slots", self.settle_slots),
            ("--flush-stale", self.flush_stale),
            ("--keep-spares", self.keep_spares),
            ("--accept-data-loss", self.accept_data_loss),
            ("--require-proof", self.require_proof),
        ] {
            if given {
                words.push(flag.to_owned());
            }
        }
        words.join(" ")
    }
}

impl Through {
    fn phase(self) -> Phase {
        match self {
            Self::Serve => Phase::Serve,
            Self::Protect => Phase::Protect,
            Self::Spread => Phase::Spread,
            Self::Tidy => Phase::Tidy,
        }
    }
}

/// Codes as the rules spell them. An unknown one is an error: silently curing less, or more,
/// than was asked is the worst answer.
fn codes(flag: &str, given: &[String]) -> Result<Vec<String>, Failure> {
    let mut codes = Vec::new();
    for word in given.iter().map(|w| w.trim()).filter(|w| !w.is_empty()) {
        let rule = explain::find(word)
            .map_err(|help| Failure::Usage(format!("`{flag} {}`: no such code", word), help))?;
        if !codes.iter().any(|code| code == rule.code) {
            codes.push(rule.code.to_owned());
        }
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
