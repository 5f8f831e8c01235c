//! `verify`: whether a plan file says what is true of itself, and how far it is.

use std::ffi::OsString;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::cli::plan_file::AnyPlan;
use crate::cli::tablets;
use crate::render;
use crate::report;
use crate::report::Verdict;

#[derive(clap::Args, Debug)]
pub(super) struct VerifyArgs {
    /// A plan file, as `plan -o` writes it, or - for standard input
    #[arg(value_name = "plan.json")]
    plan: OsString,
    /// A later capture of the same cluster: says of every step whether it is done
    #[arg(value_name = "CAPTURE")]
    capture: Vec<OsString>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(args: &VerifyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let file = plan_file::read_any(&args.plan, terminal)?;
    let report = match (&file, &args.capture[..]) {
        (AnyPlan::Redis(file), []) => report::verify(file),
        (AnyPlan::Tablets(file), []) => report::verify_tablets(file),
        (AnyPlan::Redis(file), capture) => {
            plan_file::must_be_real(&file.plan)?;
            let capture: CaptureArgs = CaptureArgs::of(capture, None);
            let inventory = capture.read(terminal)?;
            report::verify_at(file, &inventory.cluster)
        }
        (AnyPlan::Tablets(file), capture) => {
            let capture: CaptureArgs = CaptureArgs::of(capture, None);
            let inventory = capture.read_any(terminal)?;
            tablets::verify(file, &inventory)?
        }
    };
    match args.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            let look = terminal.data_look();
            terminal.data(&render::verify(&report, look))?;
        }
    }
    Ok(match report.verdict {
        Verdict::Verified => Exit::Clean,
        Verdict::Pending => Exit::Found,
        Verdict::Changed => Exit::Failed,
        Verdict::Drifted => Exit::Refused,
    })
}
