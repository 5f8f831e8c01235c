//! `--restart WHICH`: every process there is restarted once, and only ever as a replica in sync. How
//! that is planned is told in [`restart`](crate::plan::restart).

use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::restart::Ask;
use crate::plan::restart::Which;
use crate::text::words::count;

pub(super) const WORD: &str = "restart";

/// What is restarted, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    pub ask: Ask,
}

impl Wish for Restart {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        self.ask.options(quote)
    }

    /// It asks nothing of who copies what, and what it asks of roles is a cost.
    fn ask(&self, real: &Cluster, _: &mut Demands) -> Result<(), BadGoal> {
        self.ask.nodes(real)?;
        Ok(())
    }

    fn level(&self) -> Option<Level> {
        None
    }

    fn left(&self, _: &Cluster) -> i64 {
        0
    }

    fn says(&self, scene: &Reached) -> String {
        let nodes = self.ask.nodes(scene.start).unwrap_or_default();
        let live = nodes.iter().filter(|&&id| scene.start.node(id).is_live());
        count(live.count(), "process")
    }

    fn domain(&self) -> Option<&Domain> {
        match &self.ask.which {
            Which::In(domain) => Some(domain),
            Which::All | Which::OlderThan(_) => None,
        }
    }
}
