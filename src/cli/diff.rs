//! `diff`: what changed between captures of one cluster.

use std::ffi::OsStr;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::CaptureArgs;
use crate::cli::form;
use crate::cli::form::AnyFormat;
use crate::cli::output::Terminal;
use crate::diff::Strangers;
use crate::inventory::Inventory;
use crate::render;
use crate::render::Look;
use crate::report;
use crate::report::DiffSide;
use crate::report::TabletCapture;

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
    let format = args.capture.format;
    if of_tablets > 0 {
        let of = captures.iter().filter_map(|(name, inventory)| {
            Some(TabletCapture {
                name: name.clone(),
                inventory,
                seen: inventory.tablets.as_ref()?,
            })
        });
        let report = report::diff_tablets(&of.collect::<Vec<_>>()).map_err(strangers)?;
        let exit = args.exit(report.whole.changes, report.whole.worse);
        let json = || render::json::report(&report);
        let brief = || render::diff_tablets_brief(&report);
        let text = told(&report.captures, |look| render::diff_tablets(&report, look));
        return form::answer(format, exit, terminal, json, brief, text);
    }
    let named: Vec<(String, &Inventory)> = captures.iter().map(|(n, c)| (n.clone(), c)).collect();
    let report = report::diff(&named).map_err(strangers)?;
    let exit = args.exit(report.whole.changes, report.whole.worse);
    let json = || render::json::report(&report);
    let brief = || render::diff_brief(&report);
    let text = told(&report.captures, |look| render::diff(&report, look));
    form::answer(format, exit, terminal, json, brief, text)
}

impl DiffArgs {
    fn exit(&self, changes: usize, worse: usize) -> Exit {
        let counted = if self.worse { worse } else { changes };
        match counted {
            0 => Exit::Clean,
            _ => Exit::Found,
        }
    }
}

/// Tells people what is odd about the captures, and then what changed.
fn told(
    captures: &[DiffSide],
    text: impl FnOnce(Look) -> String,
) -> impl FnOnce(&mut Terminal) -> Result<(), Failure> {
    move |terminal| {
        for side in captures {
            terminal.diagnostics(&side.diagnostics);
        }
        let look = terminal.data_look();
        terminal.data(&text(look))
    }
}

fn strangers(strangers: Strangers) -> Failure {
    let help = "are they captures of the same cluster?";
    Failure::Usage(strangers.to_string(), help.to_owned())
}

fn called(name: &OsStr) -> String {
    match name.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => name.to_string_lossy().into_owned(),
    }
}
