//! `diff`: what changed between captures of one cluster.

use std::ffi::OsStr;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::CaptureArgs;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::cli::tablets;
use crate::inventory::Inventory;
use crate::render;
use crate::report;

#[derive(clap::Args, Debug)]
#[command(
    after_help = "Each CAPTURE is one capture of the same cluster, the oldest first. More than two are \
                        a series:\nwhat changed from the first to the last, then from each to the next."
)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    capture: CaptureArgs<AnyFormat>,
    /// Exit with 1 only if something got worse
    #[arg(long)]
    worse: bool,
}

pub(super) fn run(args: &DiffArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let apart = args.capture.apart()?;
    if apart.len() < 2 {
        return Err(Failure::Usage(
            "there is one capture, and nothing to compare it with".to_owned(),
            "name the older one first: `topoplan diff before/ after/`".to_owned(),
        ));
    }
    let mut captures: Vec<(String, Inventory)> = Vec::new();
    for (name, capture) in apart {
        captures.push((called(name), capture.read_any(terminal)?));
    }
    let of_tablets = captures.iter().filter(|(_, c)| c.tablets.is_some()).count();
    if of_tablets > 0 && of_tablets < captures.len() {
        return Err(Failure::Usage(
            "one capture is of a Redis cluster, and another one of FEDB".to_owned(),
            "compare captures of one cluster".to_owned(),
        ));
    }
    if of_tablets > 0 {
        return tablets::diff(&captures, args.worse, args.capture.format, terminal);
    }
    let named: Vec<(String, &Inventory)> = captures.iter().map(|(n, c)| (n.clone(), c)).collect();
    let report = report::diff(&named).map_err(|strangers| {
        let help = "are they captures of the same cluster?";
        Failure::Usage(strangers.to_string(), help.to_owned())
    })?;
    let counted = match args.worse {
        true => report.whole.worse,
        false => report.whole.changes,
    };
    let exit = match counted {
        0 => Exit::Clean,
        _ => Exit::Found,
    };
    match args.capture.format {
        AnyFormat::Json => terminal.data(&render::json::report(&report))?,
        AnyFormat::Of(form) => {
            let brief = render::diff_brief(&report);
            terminal.data(&form.write(&brief))?;
            return Ok(form::exit(form, &brief, exit));
        }
        AnyFormat::Text => {
            for side in &report.captures {
                terminal.diagnostics(&side.diagnostics);
            }
            let look = terminal.data_look();
            terminal.data(&render::diff(&report, look))?;
        }
    }
    Ok(exit)
}

fn called(name: &OsStr) -> String {
    match name.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => name.to_string_lossy().into_owned(),
    }
}
