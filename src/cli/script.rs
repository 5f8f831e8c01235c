//! `script`: a reviewed plan file as the commands of one operator tool.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::compose;
use crate::emit;
use crate::report::PlanReport;
use crate::text::quote::printable;

#[derive(clap::Args, Debug)]
pub(super) struct ScriptArgs {
    /// A plan file, as `plan -o` writes it, or - for standard input
    #[arg(value_name = "plan.json")]
    plan: OsString,
    /// The tool that will carry it out
    #[arg(long, value_name = "TOOL")]
    #[arg(value_parser = PossibleValuesParser::new(["redis-cli", "valkey-cli", "flashbase"]))]
    tool: String,
    /// Take a plan file that was changed after `plan` wrote it
    #[arg(long)]
    accept_edits: bool,
}

pub(super) fn run(args: &ScriptArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut plan = read(args, terminal)?;
    if let Some(reason) = &plan.refused {
        return Err(Failure::Refused(format!(
            "this plan was refused, so there is nothing to run: {}",
            printable(reason)
        )));
    }
    let content = compose::plan_id(&plan);
    if content != plan.plan_id {
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
    let script = (emitter.emit)(&plan).map_err(|error| {
        let name = printable(&args.plan.to_string_lossy());
        Failure::Input(format!("{name}: {}", printable(&error.to_string())))
    })?;
    terminal.data(&script)?;
    Ok(Exit::Clean)
}

fn edited(args: &ScriptArgs) -> Failure {
    Failure::Usage(
        format!(
            "{}: its content is not what `plan` wrote: the `plan_id` does not match",
            printable(&args.plan.to_string_lossy())
        ),
        "make the plan again with `topoplan plan -o`, or say --accept-edits".to_owned(),
    )
}

fn read(args: &ScriptArgs, terminal: &mut Terminal) -> Result<PlanReport, Failure> {
    let name = printable(&args.plan.to_string_lossy());
    let source = files::read_one(&args.plan, terminal.stdin())?;
    serde_json::from_str(&source.text).map_err(|error| {
        // Its own text ends with the place, which belongs to the front.
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = printable(text.strip_suffix(&place).unwrap_or(&text));
        let (line, column) = (error.line().max(1), error.column().max(1));
        Failure::Input(format!("{name}:{line}:{column}: not a plan file: {reason}"))
    })
}
