//! `check`: what is wrong, and where the captured files say so.

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::output::Terminal;
use crate::cli::tablets;
use crate::diagnostic::Severity;
use crate::render;
use crate::report;
use crate::report::CheckReport;

#[derive(clap::Args, Debug)]
pub(super) struct CheckArgs {
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
    Note,
}

pub(super) fn run(args: &CheckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let inventory = args.capture.read(terminal)?;
    if let Some(seen) = &inventory.tablets {
        let report = tablets::check(&inventory, seen, args.capture.format, terminal)?;
        return Ok(args.fail_on.exit(&report));
    }
    let report = report::check(&inventory);
    match args.capture.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.untold(&report.diagnostics, &report.findings);
            let look = terminal.data_look();
            terminal.data(&render::check(&report, look))?;
        }
    }
    Ok(args.fail_on.exit(&report))
}

impl FailOn {
    fn exit(self, report: &CheckReport) -> Exit {
        if self.counts(report) == 0 {
            Exit::Clean
        } else {
            Exit::Found
        }
    }

    /// Findings of this severity or a worse one.
    fn counts(self, report: &CheckReport) -> usize {
        let least = match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        };
        report
            .findings
            .iter()
            .filter(|finding| finding.severity >= least)
            .count()
    }
}
