//! The switches of `plan` and its phases as options: made from their enums, so that a new one is
//! one variant.

use std::collections::BTreeSet;

use clap::Arg;
use clap::ArgAction;
use clap::ArgMatches;
use clap::Command;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::plan::Phase;
use crate::policy::Flag;

/// One option for every [`Flag`].
#[derive(Debug)]
pub(super) struct Flags(BTreeSet<Flag>);

impl Flags {
    pub(super) fn given(&self) -> BTreeSet<Flag> {
        self.0.clone()
    }
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let option = |flag: &Flag| {
            Arg::new(flag.name())
                .long(flag.name())
                .help(flag.help())
                .help_heading("What a plan may do")
                .action(ArgAction::SetTrue)
        };
        command.args(Flag::ALL.iter().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: &Flag| matches.get_flag(flag.name());
        Ok(Self(Flag::ALL.iter().copied().filter(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ValueEnum for Phase {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
