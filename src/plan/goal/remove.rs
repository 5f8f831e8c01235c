//! `--remove DOMAIN`: the domain holds no copy any more and is forgotten everywhere; its copies are
//! elsewhere before.

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
use crate::plan::why::Refusal;

pub(super) const WORD: &str = "remove";

/// What leaves for good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remove {
    pub domain: Domain,
}

impl Remove {
    fn why(&self) -> String {
        format!("{} is removed", self.domain)
    }
}

impl Wish for Remove {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        vec![format!("--remove {}", spelled(&self.domain, quote))]
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let nodes = Domains::of(real).nodes_in(&self.domain)?;
        demands.part_with(nodes, &self.why());
        Ok(())
    }

    fn drafts(&self, scene: &Decided) -> Vec<Draft> {
        leaving::farewells(scene, &leaving::nodes(scene.end, &self.domain), &self.why())
    }

    fn blocked(&self, scene: &Decided) -> Vec<Refusal> {
        leaving::blocked(scene, &leaving::nodes(scene.end, &self.domain), &self.why())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Remove)
    }

    fn left(&self, at: &Cluster) -> i64 {
        leaving::members(at, &leaving::nodes(at, &self.domain)) as i64
    }

    fn says(&self, reached: &Reached) -> String {
        reached.of_domain(&self.domain, "sent away")
    }

    fn domain(&self) -> Option<&Domain> {
        Some(&self.domain)
    }
}
