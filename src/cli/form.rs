//! The `--format` of commands that other programs listen to.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::capture::Written;
use crate::cli::files::Hashes;
use crate::cli::output::Terminal;
use crate::render::Brief;
use crate::render::Form;
use crate::render::Service;

/// Text, JSON, or a format for another program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum AnyFormat {
    #[default]
    Text,
    Json,
    Of(Form),
}

static VARIANTS: [AnyFormat; 2 + Form::ALL.len()] = {
    let mut all = [AnyFormat::Text; 2 + Form::ALL.len()];
    all[1] = AnyFormat::Json;
    let mut at = 0;
    while at < Form::ALL.len() {
        all[2 + at] = AnyFormat::Of(Form::ALL[at]);
        at += 1;
    }
    all
};

impl ValueEnum for AnyFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => PossibleValue::new("text").help("For people"),
            Self::Json => PossibleValue::new("json").help("All of it; `docs schema` is its schema"),
            Self::Of(form) => PossibleValue::new(form.name()).help(form.help()),
        })
    }
}

impl Written for AnyFormat {
    fn hashes(self) -> Hashes {
        match self {
            Self::Json => Hashes::Wanted,
            Self::Text | Self::Of(_) => Hashes::NotWanted,
        }
    }
}

/// Writes an answer in the format that was asked for; how the command ends then, which would end with
/// `exit`. `text` tells the answer to people.
pub(super) fn answer(
    format: AnyFormat,
    exit: Exit,
    terminal: &mut Terminal,
    json: impl FnOnce() -> String,
    brief: impl FnOnce() -> Brief,
    text: impl FnOnce(&mut Terminal) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    match format {
        AnyFormat::Json => terminal.data(&json())?,
        AnyFormat::Text => text(terminal)?,
        AnyFormat::Of(form) => {
            let brief = brief();
            terminal.data(&form.write(&brief))?;
            return Ok(ended(form, &brief, exit));
        }
    }
    Ok(exit)
}

/// The exit code: that of the command, but for a monitoring plugin, which has its own.
fn ended(form: Form, brief: &Brief, usual: Exit) -> Exit {
    if form != Form::Nagios {
        return usual;
    }
    // By their numbers: 0 ok, 1 warning, 2 critical, 3 unknown.
    match Service::of(brief) {
        Service::Ok => Exit::Clean,
        Service::Warning => Exit::Found,
        Service::Critical => Exit::Failed,
        Service::Unknown => Exit::Refused,
    }
}
