//! Ids to nodes: who is a member, a ghost or un-met, at which address and in what role.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gathered::Gathered;
use crate::inventory::record::Fact;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Address;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::OpenSlot;
use crate::model::Role;
use crate::parse::Flags;

/// An id on its way to becoming a node.
pub(super) struct Draft {
    pub token: Token,
    pub membership: Membership,
    pub address: Option<Address>,
}

/// As the views have them, in no order yet.
pub(super) fn drafts(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    members: &BTreeSet<Token>,
    unmet: &BTreeSet<Token>,
) -> Vec<Draft> {
    let taken: BTreeSet<Address> = seen
        .values()
        .filter(|s| s.own.is_some())
        .filter_map(|s| s.own_fact(gathered)?.address())
        .collect();
    let mut drafts: Vec<Draft> = Vec::new();
    for &token in members.iter().chain(unmet) {
        let of = &seen[&token];
        let own = of.own.or(of.own_on_disk).map(|v| &gathered.views[v]);
        let own_address = of.own_fact(gathered).and_then(Fact::address);
        let named = own.and_then(|v| v.named.clone());
        // Who announces a loopback address was reached elsewhere.
        let better = named.clone().filter(|named| {
            named.is_place() && own_address.as_ref().is_some_and(Address::is_local)
        });
        let address = better.or(own_address).or(named).or_else(|| {
            of.most(gathered, |f| {
                f.address().filter(|_| !f.flags.has(Flags::NOADDR))
            })
        });
        let noaddr = of.count(gathered, |f| f.flags.has(Flags::NOADDR));
        // A ghost has no view of its own, so the process at its address is another one.
        let taken = |a: &Address| taken.contains(a);
        // Gossip does not carry `noaddr`, so a minority may still list the old address.
        let ghost = of.own.is_none()
            && noaddr > 0
            && (address.is_none() || 2 * noaddr > of.listed || address.as_ref().is_some_and(taken));
        let membership = match (
            unmet.contains(&token),
            ghost || (address.is_none() && of.own.is_none() && !of.is_unlisted(gathered)),
        ) {
            (true, _) => Membership::Unmet,
            (_, true) => Membership::Ghost,
            _ => Membership::Member,
        };
        let address = if membership == Membership::Ghost {
            None
        } else {
            address
        };
        drafts.push(Draft {
            token,
            membership,
            address,
        });
    }
    drafts
}

/// Sorts as the cluster keeps its nodes: by address, then name, ghosts last.
pub(super) fn sort(gathered: &Gathered, drafts: &mut [Draft]) {
    drafts.sort_by(|a, b| {
        let key = |d: &Draft| (d.address.is_none(), d.address.clone());
        key(a)
            .cmp(&key(b))
            .then_with(|| gathered.names[a.token as usize].cmp(&gathered.names[b.token as usize]))
    });
}

/// Which node an id became.
pub(super) struct Index(Vec<Option<NodeId>>);

impl Index {
    pub fn of(drafts: &[Draft]) -> Self {
        let tokens = drafts.iter().map(|d| d.token as usize + 1).max();
        let mut index = vec![None; tokens.unwrap_or(0)];
        for (node, draft) in (0..).map(NodeId).zip(drafts) {
            index[draft.token as usize] = Some(node);
        }
        Self(index)
    }

    /// `None` for a handshake, or an id of another cluster.
    pub fn get(&self, token: Token) -> Option<NodeId> {
        self.0.get(token as usize).copied().flatten()
    }

    /// The nodes with what the views say of them, in the order of appearance.
    pub fn of_each<'s>(
        &self,
        seen: &'s BTreeMap<Token, Seen>,
    ) -> impl Iterator<Item = (NodeId, &'s Seen)> {
        seen.iter()
            .filter_map(|(&token, of)| Some((self.get(token)?, of)))
    }
}

pub(super) fn nodes(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    drafts: &[Draft],
    index: &Index,
    secondhand: bool,
) -> Vec<Node> {
    let mut last_seen: BTreeMap<Token, Address> = BTreeMap::new();
    for fact in gathered
        .facts
        .iter()
        .filter(|f| !f.flags.has(Flags::NOADDR))
    {
        if let Some(address) = fact.address() {
            last_seen.insert(fact.token, address);
        }
    }
    drafts
        .iter()
        .map(|draft| {
            let of = &seen[&draft.token];
            let mut node = Node::blank(
                gathered.names[draft.token as usize].clone(),
                draft.address.clone(),
            );
            node.membership = draft.membership;
            node.seen.is_listed_there = draft
                .address
                .as_ref()
                .is_some_and(|a| of.is_listed_at(gathered, a));
            node.seen.unlisted = of.is_unlisted(gathered);
            node.seen.has_view = of.own.is_some_and(|v| gathered.views[v].whole);
            if draft.address.is_none() {
                node.last_address = last_seen.get(&draft.token).cloned();
            }
            let own = of.own_fact(gathered);
            let role = own.map(|f| role_of(f, index)).or_else(|| {
                of.most(gathered, |f| Some(RoleKey::of(f, index)))
                    .map(RoleKey::role)
            });
            node.role = role.unwrap_or(Role::Master);
            node.config_epoch = match own {
                Some(fact) => fact.config_epoch,
                None => of
                    .facts
                    .keys()
                    .map(|&f| gathered.facts[f as usize].config_epoch)
                    .max()
                    .unwrap_or(0),
            };
            node.bus_port = own
                .and_then(|f| f.bus_port)
                .or_else(|| of.most(gathered, |f| f.bus_port));
            node.no_failover = own.is_some_and(|f| f.flags.has(Flags::NOFAILOVER))
                || of.count(gathered, |f| f.flags.has(Flags::NOFAILOVER)) > 0;
            // A report asks each node for its own line.
            let shows_open = |fact: &Fact| !fact.open.is_empty();
            let own = own.or_else(|| of.most_fact(gathered, shows_open).filter(|_| secondhand));
            if let Some(fact) = own {
                node.open_slots = fact
                    .open
                    .iter()
                    .map(|&(slot, direction, peer)| OpenSlot {
                        slot,
                        direction,
                        peer: Some(gathered.names[peer as usize].clone()),
                        keys: None,
                    })
                    .collect();
            }
            node
        })
        .collect()
}

pub(super) fn role_of(fact: &Fact, index: &Index) -> Role {
    RoleKey::of(fact, index).role()
}

/// A role that can be counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RoleKey {
    Master,
    Replica(Option<NodeId>),
}

impl RoleKey {
    fn of(fact: &Fact, index: &Index) -> Self {
        if fact.flags.has(Flags::REPLICA) {
            Self::Replica(fact.master.and_then(|m| index.get(m)))
        } else {
            Self::Master
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Master => Role::Master,
            Self::Replica(of) => Role::Replica(of),
        }
    }
}
