//! `script`: a reviewed plan file as the commands of one operator tool.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::emit;
use crate::emit::Edits;
use crate::emit::EmitError;
use crate::report::PlanFile;

#[derive(clap::Args, Debug)]
pub(super) struct ScriptArgs {
    /// A plan file, as `plan -o` writes it, or - for standard input
    #[arg(value_name = "plan.json")]
    plan: OsString,
    /// The tool that will carry it out
    #[arg(long, value_name = "TOOL")]
    #[arg(value_parser = PossibleValuesParser::new(["redis-cli", "valkey-cli", "flashbase", "fedb"]))]
    tool: String,
    /// Take a plan file that was changed after `plan` wrote it
    #[arg(long)]
    accept_edits: bool,
}

const FEDB: &str = "fedb";

/// A plan of the other family.
fn of_tablets(args: &ScriptArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let file = plan_file::read_tablets(&args.plan, terminal)?;
    let (mut plan, content) = (file.plan, file.content_id);
    if let Some(reason) = &plan.refused {
        return Err(Failure::Refused(format!(
            "this plan was refused, so there is nothing to run: {reason}"
        )));
    }
    let mut edits = Edits::None;
    if content != plan.plan_id {
        edits = Edits::Accepted;
        if !args.accept_edits {
            return Err(edited(args));
        }
        plan.plan_id = content;
        terminal.talk("this plan file was edited: nobody proved or simulated what it says now");
    }
    let script = emit::tablets(&plan, edits)
        .map_err(|error| Failure::Input(format!("{}: {error}", args.plan.display())))?;
    terminal.data(&script)?;
    Ok(Exit::Clean)
}

pub(super) fn run(args: &ScriptArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.tool == FEDB {
        return of_tablets(args, terminal);
    }
    let PlanFile {
        mut plan,
        content_id: content,
    } = plan_file::read(&args.plan, terminal)?;
    if let Some(reason) = &plan.refused {
        return Err(Failure::Refused(format!(
            "this plan was refused, so there is nothing to run: {reason}"
        )));
    }
    plan_file::must_be_real(&plan)?;
    let mut edits = Edits::None;
    if content != plan.plan_id {
        edits = Edits::Accepted;
        if !args.accept_edits {
            return Err(edited(args));
        }
        // The id names what will run: a journal of the unedited plan must not be taken for its.
        plan.plan_id = content;
        terminal.talk("this plan file was edited: nobody proved or simulated what it says now");
    }
    let emitter = emit::find(&args.tool).ok_or_else(|| {
        Failure::Usage(
            format!("no script is known for `{}`", args.tool),
            String::new(),
        )
    })?;
    let script = (emitter.emit)(&plan, edits).map_err(|error| {
        let said = format!("{}: {error}", args.plan.display());
        match error {
            EmitError::Unproven { .. } => Failure::Refused(said),
            EmitError::Field { .. } | EmitError::Cluster { .. } | EmitError::Missing { .. } => {
                Failure::Input(said)
            }
        }
    })?;
    terminal.data(&script)?;
    Ok(Exit::Clean)
}

fn edited(args: &ScriptArgs) -> Failure {
    Failure::Usage(
        format!(
            "{}: its content is not what `plan` wrote: the `plan_id`, a checksum, does not match",
            args.plan.display()
        ),
        "make the plan again with `topoplan plan -o`, or say --accept-edits".to_owned(),
    )
}
