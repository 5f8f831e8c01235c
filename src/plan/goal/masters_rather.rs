//! `--masters-in DOMAIN=last`, `--masters-in DOMAIN=prefer`: masters are there only where no other place
//! can hold them, or there before anywhere else. A wish: what it costs is weighed with the rest of
//! the decision, behind copies and before everything else.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::measure::Level;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::plan::goal::BadGoal;
use crate::plan::goal::Demands;
use crate::plan::goal::Reached;
use crate::plan::goal::Wish;
use crate::plan::goal::leaving;
use crate::plan::goal::spelled;
use crate::text::words::count;

pub(super) const WORD: &str = "masters-rather";

/// Where masters had rather be, and where not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MastersRather {
    /// One of these is as good as another.
    pub prefer: BTreeSet<Domain>,
    pub last: BTreeSet<Domain>,
}

impl MastersRather {
    /// Every node that had rather not lead: in how many ways, and the words for the first.
    fn weights(&self, at: &Cluster) -> BTreeMap<NodeId, (i64, String)> {
        let mut weights: BTreeMap<NodeId, (i64, String)> = BTreeMap::new();
        let mut weigh = |id: NodeId, why: &str| {
            let weight = weights.entry(id).or_insert_with(|| (0, why.to_owned()));
            weight.0 += 1;
        };
        let inside = |domains: &BTreeSet<Domain>| -> BTreeSet<NodeId> {
            let nodes = domains.iter().flat_map(|d| leaving::nodes(at, d));
            nodes.collect()
        };
        for domain in &self.last {
            let why = format!("{domain} holds masters last");
            let nodes = leaving::nodes(at, domain);
            nodes.into_iter().for_each(|id| weigh(id, &why));
        }
        if !self.prefer.is_empty() {
            let preferred = inside(&self.prefer);
            let names: Vec<String> = self.prefer.iter().map(Domain::to_string).collect();
            let why = format!("masters are preferred in {}", names.join(" and "));
            let outside = at.iter().filter(|(id, _)| !preferred.contains(id));
            outside.for_each(|(id, _)| weigh(id, &why));
        }
        weights
    }
}

impl Wish for MastersRather {
    fn options(&self, quote: &dyn Fn(&str) -> String) -> Vec<String> {
        let last = self.last.iter().map(|domain| format!("{domain}=last"));
        let prefer = self.prefer.iter().map(|domain| format!("{domain}=prefer"));
        let asked = last.chain(prefer);
        asked
            .map(|asked| format!("--masters-in {}", spelled(&asked, quote)))
            .collect()
    }

    fn ask(&self, real: &Cluster, demands: &mut Demands) -> Result<(), BadGoal> {
        let domains = Domains::of(real);
        for domain in self.last.iter().chain(&self.prefer) {
            domains.nodes_in(domain)?;
        }
        demands.weighed.extend(self.weights(real));
        Ok(())
    }

    fn level(&self) -> Option<Level> {
        Some(Level::Masters)
    }

    fn left(&self, at: &Cluster) -> i64 {
        let leads = |id: NodeId| at.node(id).is_live_member() && !at.node(id).slots.is_empty();
        let weights = self.weights(at).into_iter();
        weights
            .filter(|(id, _)| leads(*id))
            .map(|(_, (weight, _))| weight)
            .sum()
    }

    fn says(&self, reached: &Reached) -> String {
        let domain = |domain: &Domain, wish: &str| {
            let masters = |at: &Cluster| leaving::masters(at, &leaving::nodes(at, domain));
            let (before, after) = (masters(reached.start), masters(reached.end));
            format!("{domain} {wish}: {} -> {after}", count(before, "master"))
        };
        let last = self.last.iter().map(|d| domain(d, "last"));
        let prefer = self.prefer.iter().map(|d| domain(d, "preferred"));
        let all: Vec<String> = last.chain(prefer).collect();
        all.join("; ")
    }
}
