//! What `plan` is to reach besides, as options.

use crate::cli::Failure;
use crate::cli::impact::domain;
use crate::cli::plan::restart::RestartArgs;
use crate::model::Domain;
use crate::plan::Goal;
use crate::plan::goal::Drain;
use crate::plan::goal::Restart;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Goals")]
pub(super) struct GoalArgs {
    /// Nothing there leads, nothing new comes there, its copies count for nothing: host:H,
    /// disk:H:/dir, zone:Z or node:ADDR
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    drain: Vec<Domain>,
    /// Then stop what runs in the drained domains
    #[arg(long, requires = "drain")]
    stop: bool,
    #[command(flatten)]
    restart: RestartArgs,
}

impl GoalArgs {
    /// In the order in which they are printed.
    pub(super) fn goals(&self) -> Result<Vec<Goal>, Failure> {
        let mut drained = self.drain.clone();
        drained.sort();
        drained.dedup();
        let drains = drained.into_iter().map(|domain| Drain {
            domain,
            stop: self.stop,
        });
        let mut goals: Vec<Goal> = drains.map(Goal::from).collect();
        if let Some(ask) = self.restart.ask() {
            if !goals.is_empty() {
                return Err(Failure::Usage(
                    "--restart goes with no other goal".to_owned(),
                    "plan one after the other, each on a capture of its own".to_owned(),
                ));
            }
            goals.push(Restart { ask }.into());
        }
        Ok(goals)
    }
}
