//! MEET: a running blank process becomes a member.

use crate::action::prelude::*;
use crate::model::Membership;
use crate::model::Node;

/// `via`, a member, is told to meet `node`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meet {
    pub via: NodeId,
    pub node: NodeId,
}

pub(super) static SPEC: Spec = Spec {
    word: "meet",
    shape: Shape {
        node: Need::Must,
        target: Need::Must,
        target_address: Need::Must,
        bus_port: Need::May,
        tell: Need::No,
        slots: Need::No,
        modes: &[],
        usual_mode: None,
        until: &[Until::Known],
        guarded: Guarded::Blank,
    },
    commands,
    risk: no_risk,
    says,
};

fn commands(step: &Spelled) -> Option<Vec<Command>> {
    let (host, port) = Spelled::split(step.target_address?)?;
    let (host, port) = (Value(host.to_owned()), Value(port.to_owned()));
    let mut meet = Command::new(step.address?, [Key("CLUSTER"), Key("MEET"), host, port]);
    meet.words
        .extend(step.bus_port.map(|p| Value(p.to_string())));
    Some(vec![meet])
}

fn says(step: &Spelled) -> Says {
    Says {
        who: step.target_name(),
        becomes: format!("becomes a member, met by {}", step.node_name()),
    }
}

impl Act for Meet {
    fn operands(&self, at: &Counted) -> Operands {
        Operands {
            node: Some(self.via),
            target: Some(self.node),
            bus_port: unusual_bus_port(at.node(self.node)),
            ..Operands::default()
        }
    }

    fn subject(&self) -> NodeId {
        self.node
    }

    fn precondition(&self, at: &Counted) -> Result<(), Unfit> {
        let (via, target) = (at.node(self.via), at.node(self.node));
        // Of a new cluster the first node is no member yet.
        let is_first = via.is_live() && via.membership == Membership::Unmet;
        if !via.is_live_member() && !is_first {
            return Err(Unfit(format!("{via} is no live member")));
        }
        // MEET merges clusters unconditionally: only a lonely, slotless node is safe.
        if target.membership != Membership::Unmet || !target.slots.is_empty() {
            let why = format!("{target} is not a blank node that was never met");
            return Err(Unfit(why));
        }
        Ok(())
    }

    fn begin(&self, at: &mut Counted) {
        at.edit(&[self.via, self.node], |cluster| {
            cluster.node_mut(self.via).membership = Membership::Member;
            let known = cluster.iter().filter(|(_, n)| n.is_live_member());
            let known = known.map(|(id, _)| id).collect();
            let met = cluster.node_mut(self.node);
            met.membership = Membership::Member;
            met.seen.known_by = known;
            // A node that joins learns of everybody but ghosts: gossip skips `noaddr`.
            for index in 0..cluster.nodes.len() as u32 {
                let id = NodeId(index);
                let other = cluster.node_mut(id);
                // Nor of a dead node that nobody lists any more.
                let told = other.is_live() || !other.seen.known_by.is_empty();
                if id != self.node && other.membership == Membership::Member && told {
                    other.seen.known_by.insert(self.node);
                }
            }
        });
    }

    fn guard(&self, at: &Counted) -> Guard {
        Guard {
            slots: Some(String::new()),
            // A node that is flushed right after may hold keys until then.
            empty: (at.node(self.node).keys.unwrap_or(0) == 0).then_some(true),
            keys: at.node(self.node).keys.filter(|&k| k > 0),
            ..Guard::as_it_is(at, self.node)
        }
    }

    fn wait(&self, at: &Counted, _: &Draft, _: &Ahead) -> Wait {
        Wait {
            until: Until::Known,
            at: Audience::of([self.via, self.node]),
            limit_ms: 30_000 + at.settings.node_timeout_ms,
        }
    }

    fn undo(&self, _: &Counted) -> Option<Command> {
        None
    }

    fn seconds(&self, _: &Step, _: &Settings) -> u64 {
        2
    }

    fn rank(&self) -> (Rank, u8) {
        (Rank::Copies, 0)
    }

    fn gives(&self, _: &Counted) -> Vec<Milestone> {
        vec![Milestone::Known(self.node)]
    }

    /// Who knows somebody takes no first epoch any more.
    fn needs(&self) -> Vec<Milestone> {
        vec![Milestone::Epoch(self.via), Milestone::Epoch(self.node)]
    }

    fn room(&self) -> Room {
        Room::default()
    }
}

/// The bus port, where MEET has to be told of it.
fn unusual_bus_port(node: &Node) -> Option<u16> {
    let port = node.address.as_ref()?.port();
    node.bus_port
        .filter(|&bus| u32::from(bus) != u32::from(port) + 10000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing;

    #[test]
    fn is_told_of_a_bus_port_only_where_it_would_guess_wrong() {
        let cluster = testing::healthy();
        let mut node = cluster.node(testing::id(&cluster, "m1")).clone();
        node.bus_port = None;
        assert_eq!(unusual_bus_port(&node), None);
        node.bus_port = Some(17001);
        assert_eq!(unusual_bus_port(&node), None);
        node.bus_port = Some(27001);
        assert_eq!(unusual_bus_port(&node), Some(27001));
    }
}
