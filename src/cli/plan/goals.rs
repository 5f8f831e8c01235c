//! What `plan` is to reach besides, as options.

use crate::cli::Failure;
use crate::cli::impact::domain;
use crate::cli::plan::restart::RestartArgs;
use crate::cli::plan::sorted;
use crate::model::Address;
use crate::model::Domain;
use crate::model::Version;
use crate::plan::Goal;
use crate::plan::GoalKind;
use crate::plan::goal::Drain;
use crate::plan::goal::Maintain;
use crate::plan::goal::Pin;
use crate::plan::goal::PinnedRole;
use crate::plan::goal::Remove;
use crate::plan::goal::Replace;
use crate::plan::goal::Restart;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Goals")]
pub(super) struct GoalArgs {
    /// Nothing there leads, nothing new comes there, its copies count for nothing: host:H,
    /// disk:H:/dir, zone:Z, rack:Z/R or node:ADDR
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    drain: Vec<Domain>,
    /// Then stop what runs in the drained domains
    #[arg(long, requires = "drain")]
    stop: bool,
    /// Nothing there leads, and nothing is copied; with `-o plan.json` the way back to the roles of
    /// today is written, too, to plan.return.json
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    maintain: Vec<Domain>,
    /// It holds nothing any more and is forgotten, its copies are elsewhere before
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    remove: Vec<Domain>,
    /// The idle nodes of the second take the places of the first, which leaves
    #[arg(long, value_name = "DOMAIN=DOMAIN", value_parser = replace)]
    replace: Vec<Replace>,
    /// That node leads its shard, or follows that master: ADDR=master or ADDR=replica:ADDR
    #[arg(long, value_name = "ADDR=ROLE", value_parser = pin)]
    pin: Vec<Pin>,
    #[command(flatten)]
    restart: RestartArgs,
}

impl GoalArgs {
    /// In the order in which they are printed.
    pub(super) fn goals(&self, to: Option<Version>) -> Result<Vec<Goal>, Failure> {
        let stop = self.stop;
        let mut goals: Vec<Goal> = Vec::new();
        goals.extend(sorted(&self.drain).into_iter().map(|domain| Drain { domain, stop }.into()));
        goals.extend(sorted(&self.maintain).into_iter().map(|domain| Maintain { domain }.into()));
        goals.extend(sorted(&self.remove).into_iter().map(|domain| Remove { domain }.into()));
        goals.extend(self.replace.iter().cloned().map(Goal::from));
        goals.extend(sorted(&self.pin).into_iter().map(Goal::from));
        if let Some(ask) = self.restart.ask(to) {
            goals.push(Restart { ask }.into());
        }
        if let (Some(to), false) = (to, goals.iter().any(is_restart)) {
            return Err(Failure::Usage(
                format!("`--to {to}` is a version, and nothing is restarted"),
                "say --restart, or an address with --move".to_owned(),
            ));
        }
        Ok(goals)
    }
}

/// `host:H=host:N`; a name may hold an equals sign, so the second kind of domain tells where it begins.
fn replace(text: &str) -> Result<Replace, String> {
    let places = text.match_indices('=').map(|(at, _)| at);
    let pairs = places.filter_map(|at| {
        let (old, new) = (text.get(..at)?, text.get(at + 1..)?);
        let (old, new) = (old.parse().ok()?, new.parse().ok()?);
        Some(Replace { old, new })
    });
    let mut pairs = pairs;
    pairs
        .next()
        .ok_or_else(|| "what is replaced by what: host:H=host:N".to_owned())
}

/// `ADDR=master` or `ADDR=replica:ADDR`.
fn pin(text: &str) -> Result<Pin, String> {
    let shape = || "a pin is ADDR=master or ADDR=replica:ADDR".to_owned();
    let (address, role) = text.split_once('=').ok_or_else(shape)?;
    let parse = |text: &str| {
        let address = text.parse::<Address>();
        address.map_err(|e| format!("`{text}` is not an address: {e}"))
    };
    let role = match role.split_once(':') {
        None if role == "master" => PinnedRole::Master,
        Some(("replica", master)) => PinnedRole::ReplicaOf(parse(master)?),
        None | Some(_) => return Err(shape()),
    };
    Ok(Pin {
        address: parse(address)?,
        role,
    })
}

fn is_restart(goal: &Goal) -> bool {
    goal.kind() == GoalKind::Restart
}
