//! Why nobody takes over, in words.

use std::fmt;

use crate::measure::MajorityLost;
use crate::model::NodeId;
use crate::plan::why::NoHeir;
use crate::plan::why::NotACopy;
use crate::plan::why::Said;
use crate::text::words::count;
use crate::text::words::list_up_to;
use crate::text::words::plural;

impl fmt::Display for Said<'_, NoHeir> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NoHeir::OwnerSuspected { owner } => write!(
                f,
                "{} is suspected, but no view flags it `fail`, and the capture does not say that it was asked: it may live, and who suspects it may be the one that is cut off",
                self.node(*owner)
            ),
            NoHeir::OwnerMayLive { owner, replica } => write!(
                f,
                "{} did not answer the capture, but no view doubts it and {} is linked to it: it may live",
                self.node(*owner),
                self.node(*replica)
            ),
            NoHeir::Unproven {
                owner,
                replica,
                lost,
                vouch: _,
            } => self.unproven(f, *owner, *replica, lost),
            NoHeir::CutOff { owner, replica } => write!(
                f,
                "{}, which could take over from {}, answers, but most views flag it `fail`: they would not let it",
                self.node(*replica),
                self.node(*owner)
            ),
            NoHeir::NotACopy { replica, why } => {
                let why: &dyn fmt::Display = match why {
                    NotACopy::FirstSync => &"is still in its first sync",
                    NotACopy::NeverSynced | NotACopy::Disputed | NotACopy::CopiedBlank => why,
                };
                write!(
                    f,
                    "the only live replica, {}, {why}: promoting it loses the data",
                    self.node(*replica)
                )
            }
            NoHeir::NoCopy { owner, replicas } => {
                let owner = self.node(*owner);
                if replicas.is_empty() {
                    return write!(
                        f,
                        "{owner} is gone and had no replica: no copy of these slots lives"
                    );
                }
                let names: Vec<String> = replicas
                    .iter()
                    .map(|&id| self.node(id).to_string())
                    .collect();
                write!(
                    f,
                    "{owner} and its {} {} are dead: no copy of these slots lives",
                    plural(names.len(), "replica"),
                    names.join(", ")
                )
            }
        }
    }
}

impl Said<'_, NoHeir> {
    fn unproven(
        &self,
        f: &mut fmt::Formatter<'_>,
        owner: NodeId,
        replica: NodeId,
        lost: &MajorityLost,
    ) -> fmt::Result {
        let (owner, replica) = (self.node(owner), self.node(replica));
        write!(
            f,
            "{} of {} live and {} are needed: only CLUSTER FAILOVER TAKEOVER at {replica} could replace {owner}, and nothing proves that {} dead",
            lost.live,
            count(lost.voters, "voting master"),
            lost.needed,
            if lost.doubtful.len() == 1 {
                "it is"
            } else {
                "enough of the others are"
            },
        )?;
        let side = lost.side.iter().map(|&h| self.1.host(h).name.to_string());
        let side: Vec<String> = side.collect();
        if !side.is_empty() {
            let side = list_up_to(super::SHOWN, &side);
            write!(
                f,
                ": only views from there say so, and {side} may be what is cut off"
            )?;
        }
        f.write_str("; if a master lives behind a partition, two masters would take writes for the same slots (split brain)")
    }
}
