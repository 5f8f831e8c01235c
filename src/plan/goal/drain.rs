//! `--drain DOMAIN [--stop]`: no live member in the domain owns slots, nothing new is attached there,
//! and its copies count for nothing; with `--stop` its processes are stopped last.

use crate::action::Draft;
use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Decided;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::leaving;
use crate::plan::goal::spelled;

pub(super) const WORD: &str = "drain";

/// What is drained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drain {
    pub domain: Domain,
    /// Its processes are stopped once nothing needs them.
    pub stop: bool,
}

impl Wish for Drain {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut options = vec![format!("--drain {}", spelled(&self.domain, quote))];
        options.extend(self.stop.then(|| "--stop".to_owned()));
        options
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let nodes = Domains::of(real).nodes_in(&self.domain)?;
        demands.vacate(nodes, &format!("{} is drained", self.domain));
        Ok(())
    }

    fn drafts(&self, scene: &Decided) -> Vec<Draft> {
        if !self.stop {
            return Vec::new();
        }
        let nodes = leaving::nodes(scene.end, &self.domain);
        leaving::stops(scene, &nodes, &format!("{} is drained", self.domain))
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
