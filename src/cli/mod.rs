//! Flags, files, terminal: the only code with effects.
//!
//! One file per command; each answers with an [`Exit`] or a [`Failure`]. Start reading at
//! [`run`]. Data goes to standard output, talk to standard error.

mod archive;
mod baseline;
mod capture;
mod catalogue;
mod check;
mod collect;
mod diff;
mod docs;
mod explain;
mod failure;
mod files;
mod form;
mod glossary;
mod impact;
mod limits;
mod lint;
mod list;
mod output;
mod pair;
mod plan;
mod plan_file;
mod policy;
mod redact;
mod script;
mod show;
mod tablets;
mod verify;
mod whole;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

pub use crate::cli::failure::Exit;
pub use crate::cli::failure::Failure;
#[cfg(feature = "internals")]
pub use crate::cli::output::Screen;
pub use crate::cli::output::Streams;
use crate::cli::output::Terminal;
use crate::text::safe::safe;
use crate::text::suggest;

/// Offline analyzer and planner for Redis-protocol clusters; it never opens a socket
///
/// Exit codes: 0 clean, 1 findings, 2 usage or unreadable input, 3 refused, 4 a goal that cannot be reached, 5 not
/// proven.
#[derive(Parser, Debug)]
#[command(
    name = "topoplan",
    bin_name = "topoplan",
    version,
    no_binary_name = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    look: LookArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// What is wrong with this topology, and where the captured files say so
    Check(check::CheckArgs),
    /// The shortest safe list of steps that puts it right
    Plan(Box<plan::PlanArgs>),
    /// The commands of a reviewed plan file, for one operator tool
    Script(script::ScriptArgs),
    /// Whether a plan file says what is true: its certificate added up again, its steps walked
    Verify(verify::VerifyArgs),
    /// What would break if a host, disk, zone or node went away
    Impact(impact::ImpactArgs),
    /// What changed between captures of one cluster, and what got worse
    Diff(diff::DiffArgs),
    /// The topology in the terminal: shards, hosts, slots, views; or a plan file for review
    Show(show::ShowArgs),
    /// A hand-written list of commands, tried on a capture: what would be refused, or lose data
    Lint(lint::LintArgs),
    /// Replicas for masters of two hand-made lists, hosts apart: commands for review
    Pair(pair::PairArgs),
    /// Bare lines for pipes: who has no slot, no replica, another role than home, no address
    List(list::ListArgs),
    /// The same capture with other names, to be shown to strangers
    Redact(redact::RedactArgs),
    /// What a code or a word of the answers means, why it matters, what to do
    Explain(explain::ExplainArgs),
    /// Print a read-only script that captures a cluster
    Collect(collect::CollectArgs),
    /// Generated documents
    Docs(docs::DocsArgs),
}

/// How the answer looks; every command takes these.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Options of every command")]
struct LookArgs {
    /// Colours: auto asks the terminal and NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    /// Say less: no hints, and only the diagnostics that are errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// Runs one command. `args` come without the program's name. The answer is the exit code.
pub fn run(args: &[OsString], streams: Streams<'_>) -> u8 {
    let columns = streams.stdout_screen.columns;
    let mut terminal = Terminal::new(streams, output::wants(args));
    let arguments = match parse(args, columns) {
        Ok(arguments) => arguments,
        Err(error) => return terminal.usage(&error).into(),
    };
    terminal.look(&arguments.look);
    let answer = match arguments.command {
        Command::Check(args) => check::run(&args, &mut terminal),
        Command::Plan(args) => plan::run(&args, &mut terminal),
        Command::Script(args) => script::run(&args, &mut terminal),
        Command::Verify(args) => verify::run(&args, &mut terminal),
        Command::Impact(args) => impact::run(&args, &mut terminal),
        Command::Diff(args) => diff::run(&args, &mut terminal),
        Command::Show(args) => show::run(&args, &mut terminal),
        Command::Lint(args) => lint::run(&args, &mut terminal),
        Command::Pair(args) => pair::run(&args, &mut terminal),
        Command::List(args) => list::run(&args, &mut terminal),
        Command::Redact(args) => redact::run(&args, &mut terminal),
        Command::Explain(args) => explain::run(&args, &mut terminal),
        Command::Collect(args) => collect::run(&args, &mut terminal),
        Command::Docs(args) => docs::run(&args, Arguments::command(), &mut terminal),
    };
    match answer.and_then(|exit| terminal.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            terminal.exit_of(&failure).into()
        }
    }
}

fn parse(args: &[OsString], columns: usize) -> Result<Arguments, clap::Error> {
    let parse = |args: &[OsString]| {
        let command = Arguments::command().term_width(columns);
        let mut matches = command.try_get_matches_from(args)?;
        Arguments::from_arg_matches_mut(&mut matches)
    };
    parse(args).map_err(|error| {
        // What is said repeats the words, among them names of files that a shell found.
        let harmless: Vec<OsString> = args
            .iter()
            .map(|arg| safe(&arg.to_string_lossy()).into_owned().into())
            .collect();
        if harmless == args {
            return error;
        }
        parse(&harmless).err().unwrap_or(error)
    })
}

/// [`run`] on the process's own arguments and streams.
pub fn run_process() -> u8 {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    // A panic is our bug; its message has been printed by then. The contract has a code for it.
    catch_unwind(AssertUnwindSafe(|| {
        output::with_process_streams(|s| run(&args, s))
    }))
    .unwrap_or(
        // Nothing was answered, so nothing may look like an answer.
        Exit::Failed.into(),
    )
}
