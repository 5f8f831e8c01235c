//! `--restart` and what goes with it, as options.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::cli::impact::domain;
use crate::model::Version;
use crate::plan::restart::Ask;
use crate::plan::restart::Roles;
use crate::plan::restart::Unit;
use crate::plan::restart::Which;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Goals")]
pub(super) struct RestartArgs {
    /// Every process there is restarted once, only ever as a replica in sync: all, host:H,
    /// disk:H:/dir, zone:Z, rack:Z/R, node:ADDR, or older-than:VERSION
    #[arg(long, value_name = "WHICH", value_parser = which)]
    restart: Option<Which>,
    /// What goes down at a time
    #[arg(long, value_enum, value_name = "UNIT", requires = "restart")]
    unit: Option<Unit>,
    /// Live copies that every shard keeps
    #[arg(long, value_name = "N", requires = "restart")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    keep: Option<u32>,
    /// Who leads in the end: votes and shares no worse than before, the same masters, or the home
    /// roles
    #[arg(long, value_enum, value_name = "ROLES", requires = "restart")]
    roles: Option<Roles>,
}

impl RestartArgs {
    /// `to` is the version that they come back with.
    pub(super) fn ask(&self, to: Option<Version>) -> Option<Ask> {
        Some(Ask {
            which: self.restart.clone()?,
            unit: self.unit.unwrap_or(Unit::Process),
            to,
            keep: self.keep,
            roles: self.roles.unwrap_or(Roles::Balance),
        })
    }
}

fn which(text: &str) -> Result<Which, String> {
    match text.split_once(':') {
        None if text == "all" => Ok(Which::All),
        Some(("older-than", number)) => version(number).map(Which::OlderThan),
        None | Some(_) => domain(text)
            .map(Which::In)
            .map_err(|e| format!("{e}; or say all, or older-than:7.2.5")),
    }
}

/// `7.2.5`: a part that is left out is 0.
pub(super) fn version(text: &str) -> Result<Version, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let plain = |part: &&str| part.parse::<u32>().is_ok() && !part.starts_with('+');
    if parts.len() > 3 || !parts.iter().all(plain) {
        return Err("a version is like 7.2.5".to_owned());
    }
    text.parse()
        .map_err(|_| "a version is like 7.2.5".to_owned())
}

impl ValueEnum for Unit {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

impl ValueEnum for Roles {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}
