//! `show`: the topology of a capture, or a plan file for its second reviewer.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::Format;
use crate::cli::capture::CaptureArgs;
use crate::cli::output::Terminal;
use crate::cli::plan_file;
use crate::cli::plan_file::AnyPlan;
use crate::render;
use crate::render::Picture;
use crate::report;

#[derive(clap::Args, Debug)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    capture: CaptureArgs,
    /// Which picture
    #[arg(
        long = "as",
        value_enum,
        default_value = "tree",
        value_name = "PICTURE"
    )]
    picture: Kind,
    /// tree: shards with their copies, or hosts with their nodes
    #[arg(long, value_enum, default_value = "shard", value_name = "WHAT")]
    by: By,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// Shards and their copies, the worst first
    Tree,
    /// Hosts by shards
    Matrix,
    /// Masters and replicas of each host, as flashbase prints them
    Distribution,
    /// Slots 0 to 16383 and their owners
    Slots,
    /// Who sees whom how
    Sights,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum By {
    Shard,
    Host,
}

pub(super) fn run(args: &ShowArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if let Some(file) = args.capture.lone_plan() {
        return plan(args, &file, terminal);
    }
    let picture = args.picture()?;
    let inventory = args.capture.read_any(terminal)?;
    let report = match &inventory.tablets {
        Some(_) if matches!(picture, Picture::Slots | Picture::Sights) => {
            return Err(Failure::Usage(
                "tablets have neither slots nor views of each other".to_owned(),
                "`--as` tree, matrix and distribution draw them".to_owned(),
            ));
        }
        Some(seen) => report::show_tablets(&inventory, seen),
        None => report::show(&inventory),
    };
    match args.capture.format {
        Format::Json => terminal.data(&render::json::report(&report))?,
        Format::Text => {
            terminal.diagnostics(&report.diagnostics);
            if picture == Picture::Distribution {
                for note in &report.distribution.notes {
                    terminal.talk(note);
                }
            }
            let look = terminal.data_look();
            terminal.data(&render::show(&report, picture, look))?;
        }
    }
    Ok(Exit::Clean)
}

/// As the first reviewer saw it; whether it is still that is said first.
fn plan(args: &ShowArgs, file: &OsString, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let read = plan_file::read_any(file, terminal)?;
    let (content, id) = match &read {
        AnyPlan::Redis(read) => (&read.content_id, &read.plan.plan_id),
        AnyPlan::Tablets(read) => (&read.content_id, &read.plan.plan_id),
    };
    if content != id {
        terminal.talk("this plan file was edited after `plan` wrote it");
    }
    let look = terminal.data_look();
    let typed = render::Typed {
        words: "",
        file: Some(Path::new(file)),
    };
    let text = match (args.capture.format, &read) {
        (Format::Json, AnyPlan::Redis(read)) => render::plan_file(&read.plan),
        (Format::Json, AnyPlan::Tablets(read)) => render::json::report(&read.plan),
        (Format::Text, AnyPlan::Redis(read)) => render::plan(&read.plan, look, typed),
        (Format::Text, AnyPlan::Tablets(read)) => render::plan_tablets(&read.plan, look, typed),
    };
    terminal.data(&text)?;
    Ok(Exit::Clean)
}

impl ShowArgs {
    fn picture(&self) -> Result<Picture, Failure> {
        if self.by == By::Host && self.picture != Kind::Tree {
            return Err(Failure::Usage(
                "`--by` makes no sense here".to_owned(),
                "it belongs to `--as tree`".to_owned(),
            ));
        }
        Ok(match (self.picture, self.by) {
            (Kind::Tree, By::Shard) => Picture::Shards,
            (Kind::Tree, By::Host) => Picture::Hosts,
            (Kind::Matrix, _) => Picture::Matrix,
            (Kind::Distribution, _) => Picture::Distribution,
            (Kind::Slots, _) => Picture::Slots,
            (Kind::Sights, _) => Picture::Sights,
        })
    }
}
