//! What `plan` is to reach besides, as options.

use crate::cli::impact::domain;
use crate::model::Domain;
use crate::plan::Goal;
use crate::plan::goal::Drain;

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
}

impl GoalArgs {
    /// In the order in which they are printed.
    pub(super) fn goals(&self) -> Vec<Goal> {
        let mut drained = self.drain.clone();
        drained.sort();
        drained.dedup();
        let drains = drained.into_iter().map(|domain| Drain {
            domain,
            stop: self.stop,
        });
        drains.map(Goal::from).collect()
    }
}
