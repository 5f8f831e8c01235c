//! `lint`: a hand-written list of commands, tried on a capture.

use std::ffi::OsString;

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::files;
use crate::cli::output::Terminal;
use crate::diagnostic::Severity;
use crate::render;
use crate::report;

#[derive(clap::Args, Debug)]
pub(super) struct LintArgs {
    /// Commands of redis-cli, valkey-cli, flashbase and ns_client, one a line, or a shell script of them; or -
    #[arg(value_name = "SCRIPT")]
    script: OsString,
    #[command(flatten)]
    capture: CaptureArgs,
    /// Exit with 1 if there is a finding of this severity or a worse one
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warning,
}

pub(super) fn run(args: &LintArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.script == "-" && args.capture.inputs().any(|file| file == "-") {
        return Err(Failure::Usage(
            "`-` is given more than once; standard input can be read only once".to_owned(),
            "save one of them to a file".to_owned(),
        ));
    }
    let source = files::read_one(&args.script, terminal.stdin())?;
    let inventory = args.capture.read_any(terminal)?;
    let name = match args.script == "-" {
        true => "standard input".to_owned(),
        false => args.script.to_string_lossy().into_owned(),
    };
    let report = report::lint(&inventory, &name, &source.text);
    match args.capture.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.diagnostics(&report.diagnostics);
            let look = terminal.data_look();
            terminal.data(&render::lint(&report, look))?;
        }
    }
    let least = match args.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
    };
    let counts = report.findings.iter().any(|f| f.severity >= least);
    Ok(match counts {
        true => Exit::Found,
        false => Exit::Clean,
    })
}
