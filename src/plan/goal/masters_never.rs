//! `--masters-in DOMAIN=never`: nobody in the domain leads, whatever it costs elsewhere; what is there
//! may follow, and counts.

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

pub(super) const WORD: &str = "masters-never";

/// Where nobody leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MastersNever {
    pub domain: Domain,
}

impl Wish for MastersNever {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let asked = format!("{}=never", self.domain);
        vec![format!("--masters-in {}", spelled(&asked, quote))]
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let why = format!("{} never holds masters", self.domain);
        let nodes = Domains::of(real).nodes_in(&self.domain)?;
        let following = nodes.into_iter().map(|id| (id, why.clone()));
        demands.following.extend(following);
        Ok(())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Drain)
    }

    fn left(&self, at: &Cluster) -> i64 {
        leaving::masters(at, &leaving::nodes(at, &self.domain)) as i64
    }

    fn says(&self, reached: &Reached) -> String {
        reached.of_domain(&self.domain, "stopped")
    }

    fn domain(&self) -> Option<&Domain> {
        Some(&self.domain)
    }
}
