//! `--maintain DOMAIN`: as a drain, but nothing is copied, and a second plan leads back to the roles
//! of today.

use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::leaving;
use crate::plan::goal::spelled;

pub(super) const WORD: &str = "maintain";

/// What is worked on, and comes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maintain {
    pub domain: Domain,
}

impl Wish for Maintain {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        vec![format!("--maintain {}", spelled(&self.domain, quote))]
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let nodes = Domains::of(real).nodes_in(&self.domain)?;
        let why = format!("{} is maintained", self.domain);
        demands.vacate(nodes.iter().copied(), &why);
        let returning = nodes.into_iter().map(|id| (id, why.clone()));
        demands.returning.extend(returning);
        demands.no_copies = true;
        Ok(())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Drain)
    }

    fn left(&self, at: &Cluster) -> i64 {
        leaving::masters(at, &leaving::nodes(at, &self.domain)) as i64
    }

    fn says(&self, reached: &Reached) -> String {
        let says = reached.of_domain(&self.domain, "stopped");
        format!("{says}; -o FILE.json writes the way back, too, to FILE.return.json")
    }

    fn domain(&self) -> Option<&Domain> {
        Some(&self.domain)
    }
}
