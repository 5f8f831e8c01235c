//! `plan --resume` and `plan --undo`: a plan taken up again on a later capture.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::form;
use crate::cli::output::Terminal;
use crate::cli::plan::PlanArgs;
use crate::cli::plan_file;
use crate::plan::Request;
use crate::render;
use crate::report;
use crate::report::NotAgain;
use crate::report::Way;
use crate::text::quote::shell_word;
use crate::text::safe::safe;
use crate::text::words::count;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "A plan taken up again")]
pub(super) struct AgainArgs {
    /// What is left of that plan by this later capture: its steps as they were reviewed
    #[arg(long, value_name = "plan.json", conflicts_with = "undo")]
    resume: Option<OsString>,
    /// The way back from what is done of that plan by this later capture, as far as there is one
    #[arg(long, value_name = "plan.json")]
    undo: Option<OsString>,
}

impl AgainArgs {
    pub(super) fn way(&self) -> Option<(Way, &OsStr)> {
        let resume = self.resume.as_deref().map(|file| (Way::Resume, file));
        resume.or_else(|| self.undo.as_deref().map(|file| (Way::Undo, file)))
    }
}

/// What is asked for is told by the plan that is taken up.
pub(super) fn must_be_alone(request: &Request) -> Result<(), Failure> {
    if *request == Request::default() {
        return Ok(());
    }
    Err(Failure::Usage(
        "--resume and --undo take what is asked for from the plan file".to_owned(),
        "leave the other options out".to_owned(),
    ))
}

pub(super) fn run(
    args: &PlanArgs,
    way: Way,
    file: &OsStr,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let old = plan_file::read(file, terminal)?;
    plan_file::must_be_real(&old.plan)?;
    if old.content_id != old.plan.plan_id {
        return Err(Failure::Usage(
            format!("{}: it was changed after `plan` wrote it", file.display()),
            "`topoplan verify` says what was changed".to_owned(),
        ));
    }
    let inventory = args.capture.read_for_plan(terminal)?;
    let report = match report::again(&inventory, &old.plan, way) {
        Ok(report) => report,
        Err(drifted @ NotAgain::Drifted(_)) => {
            terminal.talk("plan again from this capture: what is done is no longer asked for");
            return Err(Failure::Refused(drifted.to_string()));
        }
        Err(other @ (NotAgain::Step(..) | NotAgain::Broken(_))) => {
            return Err(Failure::Refused(other.to_string()));
        }
    };
    let json = render::plan_file(&report);
    let text = |terminal: &mut Terminal| {
        let look = terminal.data_look();
        let option = match way {
            Way::Resume => "--resume",
            Way::Undo => "--undo",
        };
        let name = shell_word(&safe(&file.to_string_lossy()));
        let mut words = vec![format!("{option} {name}")];
        words.extend(args.capture.words());
        let typed = render::Typed {
            words: &words.join(" "),
            file: args.output.as_deref().map(Path::new),
        };
        terminal.data(&render::plan(&report, look, typed))
    };
    let format = args.capture.format;
    let brief = || render::plan_brief(&report);
    form::answer(format, Exit::Clean, terminal, || json.clone(), brief, text)?;
    if let Some(again) = &report.again {
        let steps = count(old.plan.steps.len(), "step");
        let (done, kept) = (again.done.len(), again.kept.len());
        terminal.talk(&match way {
            Way::Resume => format!("of {steps} {done} are done and {kept} are kept as reviewed"),
            Way::Undo => format!("of {steps} {done} are done and {kept} are taken back"),
        });
    }
    if let Some(file) = &args.output {
        super::write(file, &json, Exit::Clean, terminal)?;
    }
    Ok(Exit::Clean)
}
