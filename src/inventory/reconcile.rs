//! Decides what is true, as the servers themselves do.
//!
//! A node's own view is the authority for its role, its master and its claims; slots go to the
//! higher config epoch; a node without a view is what most views say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::inventory::Conflict;
use crate::inventory::Inventory;
use crate::inventory::gather::Fact;
use crate::inventory::gather::Gathered;
use crate::inventory::gather::Token;
use crate::inventory::gather::View;
use crate::inventory::maps;
use crate::inventory::origins::Origins;
use crate::inventory::origins::ViewLines;
use crate::inventory::replication;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::OpenSlot;
use crate::model::Role;
use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::parse::Flags;
use crate::policy::Policy;

/// What the views together say of one id.
#[derive(Default)]
struct Seen {
    /// Its own view, from the running process.
    own: Option<usize>,
    /// Its own view, from its disk only.
    own_on_disk: Option<usize>,
    /// Facts about it in views of others, with how many views say so.
    facts: BTreeMap<u32, u32>,
    /// Views of others that list it.
    listed: u32,
}

/// An id on its way to becoming a node.
struct Draft {
    token: Token,
    membership: Membership,
    address: Option<Address>,
}

/// Decides; see the module text.
pub(super) fn reconcile(mut gathered: Gathered, policy: Policy) -> Inventory {
    let mut diagnostics = std::mem::take(&mut gathered.diagnostics);
    settle_owners(&mut gathered, &mut diagnostics);
    let used = used_views(&gathered, &mut diagnostics);
    let (members, unmet) = split_clusters(&gathered, &used, &mut diagnostics);
    let seen = tally(&gathered, &used, &members, &unmet);
    let drafts = drafts(&gathered, &seen, &members, &unmet);
    let index: BTreeMap<Token, NodeId> = drafts
        .iter()
        .enumerate()
        .map(|(i, d)| (d.token, NodeId(i as u32)))
        .collect();
    let mut inventory = Inventory {
        policy,
        diagnostics,
        ..Inventory::default()
    };
    inventory.cluster.views = used.iter().filter(|&&v| !gathered.views[v].on_disk).count();
    inventory.cluster.nodes = nodes(&gathered, &seen, &drafts, &index);
    note_handshakes(&gathered, &used, &mut inventory.diagnostics);
    link_observers(&gathered, &used, &index, &mut inventory.cluster);
    let claims = claims(&gathered, &seen, &index);
    inventory.conflicts = settle_slots(&claims, &mut inventory.cluster);
    replication::apply(&gathered, &mut inventory);
    judge_liveness(&gathered, &seen, &index, &mut inventory.cluster);
    inventory.origins = origins(&gathered, &used, &index, &inventory.cluster);
    maps::apply(&gathered, &mut inventory);
    inventory.views_behind = views_behind(&gathered, &used, &index, &inventory.cluster);
    name_files(&mut gathered, &index, &inventory.cluster);
    inventory.files = gathered.files;
    inventory
}

/// The id of the process that wrote the view: its `myself` line, else the listed id whose
/// address the header or the path names.
pub(super) fn owner(gathered: &Gathered, view: &View) -> Option<Token> {
    view.myself
        .map(|line| gathered.fact(&view.lines[line]).token)
}

// A dump pasted without its `myself` flag still has an owner if the path names a listed address.
fn settle_owners(gathered: &mut Gathered, diagnostics: &mut Vec<Diagnostic>) {
    for index in 0..gathered.views.len() {
        let view = &gathered.views[index];
        let named = view.named.clone();
        let at = |line: &&crate::inventory::gather::Line| gathered.fact(line).address() == named;
        match (view.myself, &named) {
            (None, Some(_)) => {
                let found = view.lines.iter().position(|l| at(&l));
                gathered.views[index].myself = found;
            }
            (Some(line), Some(name)) => {
                let fact = gathered.fact(&view.lines[line]);
                if let Some(address) = fact.address()
                    && address != *name
                {
                    diagnostics.push(
                        Diagnostic::note(
                            "capture/owner-contradiction",
                            format!(
                                "the path or header says `{name}`, the `myself` line says `{address}`; the line is believed"
                            ),
                        )
                        .at(crate::source::Place { path: view.path.clone(), line: view.lines[line].line, column: 1 }),
                    );
                }
            }
            (Some(_), None) => {}
            (None, None) => diagnostics.push(
                Diagnostic::note(
                    "capture/unknown-owner",
                    "no `myself` line and no address in the path: nobody can say whose view this is",
                )
                .at(crate::source::Place { path: view.path.clone(), line: 1, column: 1 }),
            ),
        }
    }
}

/// Views that count: of each owner the newest from the running process; files on disk only
/// where no running process answered at all.
fn used_views(gathered: &Gathered, diagnostics: &mut Vec<Diagnostic>) -> Vec<usize> {
    let any_live = gathered
        .views
        .iter()
        .any(|v| !v.on_disk && !v.lines.is_empty());
    let mut newest: BTreeMap<Token, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (index, view) in gathered.views.iter().enumerate() {
        if view.lines.is_empty() || (any_live && view.on_disk) {
            continue;
        }
        used.insert(index);
        let Some(owner) = owner(gathered, view) else {
            continue;
        };
        let Some(&earlier) = newest.get(&owner) else {
            newest.insert(owner, index);
            continue;
        };
        let (kept, dropped) = if view.clock > gathered.views[earlier].clock {
            (index, earlier)
        } else {
            (earlier, index)
        };
        newest.insert(owner, kept);
        used.remove(&dropped);
        if same_facts(gathered, kept, dropped) {
            continue;
        }
        diagnostics.push(
            Diagnostic::note(
                "capture/two-views",
                format!(
                    "`{}` holds a newer view of the same node; this one was not used",
                    gathered.views[kept].path
                ),
            )
            .at(crate::source::Place {
                path: gathered.views[dropped].path.clone(),
                line: 1,
                column: 1,
            }),
        );
    }
    used.into_iter().collect()
}

fn same_facts(gathered: &Gathered, a: usize, b: usize) -> bool {
    let facts = |v: usize| {
        gathered.views[v]
            .lines
            .iter()
            .map(|l| l.fact)
            .collect::<BTreeSet<_>>()
    };
    facts(a) == facts(b)
}

/// Ids of the cluster, and running blank processes that nobody lists. Anything else that hangs
/// together on its own is another cluster: said, and left out.
fn split_clusters(
    gathered: &Gathered,
    used: &[usize],
    diagnostics: &mut Vec<Diagnostic>,
) -> (BTreeSet<Token>, BTreeSet<Token>) {
    let mut parent: Vec<usize> = (0..gathered.names.len()).collect();
    for &view in used {
        let view = &gathered.views[view];
        let Some(first) = view.lines.first() else {
            continue;
        };
        let anchor = owner(gathered, view).unwrap_or(gathered.fact(first).token) as usize;
        for line in &view.lines {
            let fact = gathered.fact(line);
            // A ghost or a handshake may be left over from another cluster: it joins nobody.
            if !fact.flags.has(Flags::NOADDR) && !fact.flags.has(Flags::HANDSHAKE) {
                let (a, b) = (
                    root(&mut parent, anchor),
                    root(&mut parent, fact.token as usize),
                );
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &view in used {
        let lines = &gathered.views[view].lines;
        let anchor = owner(gathered, &gathered.views[view])
            .or(lines.first().map(|l| gathered.fact(l).token));
        if let Some(anchor) = anchor {
            groups
                .entry(root(&mut parent, anchor as usize))
                .or_default()
                .push(view);
        }
    }
    let claims_slots = |views: &[usize]| {
        views.iter().any(|&v| {
            gathered.views[v]
                .lines
                .iter()
                .any(|l| !gathered.fact(l).slots.is_empty())
        })
    };
    // The cluster is where slots are, then where most views are; the first file decides a tie.
    let main = groups
        .iter()
        .max_by_key(|(_, views)| {
            (
                claims_slots(views),
                views.len(),
                std::cmp::Reverse(views.first().copied()),
            )
        })
        .map(|(&group, _)| group);
    let (mut members, mut unmet) = (BTreeSet::new(), BTreeSet::new());
    for (group, views) in &groups {
        let ids = listed(gathered, views);
        if Some(*group) == main {
            members = ids;
            continue;
        }
        let view = &gathered.views[views[0]];
        let lonely =
            views.len() == 1 && view.lines.len() == 1 && view.myself == Some(0) && !view.on_disk;
        if lonely && !claims_slots(views) {
            unmet.extend(ids);
            continue;
        }
        let what = if lonely {
            "a node that lists only itself, but claims slots: not a blank node, and not of this cluster".to_owned()
        } else {
            format!(
                "{} nodes that share no member with the rest: another cluster",
                ids.len()
            )
        };
        diagnostics.push(
            Diagnostic::warning("capture/second-cluster", format!("{what}; it was left out"))
                .at(crate::source::Place {
                    path: view.path.clone(),
                    line: view.lines[0].line,
                    column: 1,
                })
                .help("capture each cluster into a directory of its own"),
        );
    }
    (members, unmet)
}

fn listed(gathered: &Gathered, views: &[usize]) -> BTreeSet<Token> {
    let mut facts = BTreeSet::new();
    for &view in views {
        facts.extend(gathered.views[view].lines.iter().map(|l| l.fact));
    }
    facts
        .into_iter()
        .map(|f| &gathered.facts[f as usize])
        .filter(|f| !f.flags.has(Flags::HANDSHAKE))
        .map(|f| f.token)
        .collect()
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

fn tally(
    gathered: &Gathered,
    used: &[usize],
    members: &BTreeSet<Token>,
    unmet: &BTreeSet<Token>,
) -> BTreeMap<Token, Seen> {
    let mut seen: BTreeMap<Token, Seen> = members
        .iter()
        .chain(unmet)
        .map(|&t| (t, Seen::default()))
        .collect();
    let mut counts = vec![0_u32; gathered.facts.len()];
    for &index in used {
        let view = &gathered.views[index];
        let owner = owner(gathered, view);
        if let Some(entry) = owner.and_then(|o| seen.get_mut(&o)) {
            if view.on_disk {
                entry.own_on_disk = Some(index);
            } else {
                entry.own = Some(index);
            }
        }
        for line in &view.lines {
            if Some(gathered.fact(line).token) != owner {
                counts[line.fact as usize] += 1;
            }
        }
    }
    for (fact, count) in (0_u32..).zip(counts).filter(|(_, c)| *c > 0) {
        let of = &gathered.facts[fact as usize];
        if let Some(entry) = seen.get_mut(&of.token)
            && !of.flags.has(Flags::HANDSHAKE)
        {
            entry.facts.insert(fact, count);
            entry.listed += count;
        }
    }
    seen
}

impl Seen {
    fn count(&self, gathered: &Gathered, test: impl Fn(&Fact) -> bool) -> u32 {
        self.facts
            .iter()
            .filter(|(f, _)| test(&gathered.facts[**f as usize]))
            .map(|(_, n)| n)
            .sum()
    }

    /// What most views say, by the higher epoch on a tie.
    fn most<K: Ord>(&self, gathered: &Gathered, key: impl Fn(&Fact) -> Option<K>) -> Option<K> {
        let mut votes: BTreeMap<K, (u32, u64)> = BTreeMap::new();
        for (&fact, &count) in &self.facts {
            let fact = &gathered.facts[fact as usize];
            let Some(key) = key(fact) else { continue };
            let vote = votes.entry(key).or_default();
            *vote = (vote.0 + count, vote.1.max(fact.config_epoch));
        }
        let best = *votes.values().max()?;
        votes.into_iter().find(|(_, v)| *v == best).map(|(k, _)| k)
    }

    fn own_fact<'a>(&self, gathered: &'a Gathered) -> Option<&'a Fact> {
        let view = &gathered.views[self.own.or(self.own_on_disk)?];
        view.myself.map(|line| gathered.fact(&view.lines[line]))
    }
}

/// Sorted as the cluster keeps its nodes: by address, then name, ghosts last.
fn drafts(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    members: &BTreeSet<Token>,
    unmet: &BTreeSet<Token>,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for &token in members.iter().chain(unmet) {
        let of = &seen[&token];
        let own = of.own.or(of.own_on_disk).map(|v| &gathered.views[v]);
        let own_address = of.own_fact(gathered).and_then(Fact::address);
        let address = own_address
            .or_else(|| own.and_then(|v| v.named.clone()))
            .or_else(|| {
                of.most(gathered, |f| {
                    f.address().filter(|_| !f.flags.has(Flags::NOADDR))
                })
            });
        let noaddr = of.count(gathered, |f| f.flags.has(Flags::NOADDR));
        let taken = |a: &Address| {
            seen.iter().any(|(&t, s)| {
                t != token
                    && s.own.is_some()
                    && s.own_fact(gathered).and_then(Fact::address).as_ref() == Some(a)
            })
        };
        // Gossip does not carry `noaddr`, so a minority may still list the old address.
        let ghost = of.own.is_none()
            && noaddr > 0
            && (address.is_none() || 2 * noaddr > of.listed || address.as_ref().is_some_and(taken));
        let membership = match (
            unmet.contains(&token),
            ghost || (address.is_none() && of.own.is_none()),
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
    drafts.sort_by(|a, b| {
        let key = |d: &Draft| (d.address.is_none(), d.address.clone());
        key(a)
            .cmp(&key(b))
            .then_with(|| gathered.names[a.token as usize].cmp(&gathered.names[b.token as usize]))
    });
    drafts
}

fn nodes(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    drafts: &[Draft],
    index: &BTreeMap<Token, NodeId>,
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
            node.has_view = of.own.is_some();
            if draft.membership == Membership::Ghost {
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
            node.no_failover = own.is_some_and(|f| f.flags.has(Flags::NOFAILOVER))
                || of.count(gathered, |f| f.flags.has(Flags::NOFAILOVER)) > 0;
            if let Some(fact) = own {
                node.open_slots = fact
                    .open
                    .iter()
                    .map(|&(slot, direction, peer)| OpenSlot {
                        slot,
                        direction,
                        peer: gathered.names[peer as usize].clone(),
                        keys: None,
                    })
                    .collect();
            }
            node
        })
        .collect()
}

fn role_of(fact: &Fact, index: &BTreeMap<Token, NodeId>) -> Role {
    RoleKey::of(fact, index).role()
}

/// A role that can be counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RoleKey {
    Master,
    Replica(Option<NodeId>),
}

impl RoleKey {
    fn of(fact: &Fact, index: &BTreeMap<Token, NodeId>) -> Self {
        if fact.flags.has(Flags::REPLICA) {
            Self::Replica(fact.master.and_then(|m| index.get(&m).copied()))
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

fn note_handshakes(gathered: &Gathered, used: &[usize], diagnostics: &mut Vec<Diagnostic>) {
    let mut first = None;
    let mut count = 0;
    for &view in used {
        let view = &gathered.views[view];
        for line in view
            .lines
            .iter()
            .filter(|l| gathered.fact(l).flags.has(Flags::HANDSHAKE))
        {
            count += 1;
            first.get_or_insert(crate::source::Place {
                path: view.path.clone(),
                line: line.line,
                column: line.column,
            });
        }
    }
    if let Some(place) = first {
        let message = format!(
            "{count} handshake {} left out: their ids are random and change with every attempt",
            if count == 1 {
                "entry was"
            } else {
                "entries were"
            }
        );
        diagnostics.push(Diagnostic::note("capture/handshake", message).at(place));
    }
}

fn link_observers(
    gathered: &Gathered,
    used: &[usize],
    index: &BTreeMap<Token, NodeId>,
    cluster: &mut Cluster,
) {
    for &view in used {
        let view = &gathered.views[view];
        let Some(&observer) = owner(gathered, view).as_ref().and_then(|o| index.get(o)) else {
            continue;
        };
        for line in &view.lines {
            let fact = gathered.fact(line);
            let Some(&node) = index.get(&fact.token) else {
                continue;
            };
            if node == observer || fact.flags.has(Flags::HANDSHAKE) {
                continue;
            }
            let node = cluster.node_mut(node);
            node.known_by.insert(observer);
            if fact.flags.has(Flags::REPLICA) && fact.master.is_none() {
                node.masterless_in.insert(observer);
            }
        }
    }
}

/// A claim of slots: who, since which epoch, and whether the node says so itself.
struct Claim<'a> {
    owner: NodeId,
    epoch: u64,
    own: bool,
    ranges: &'a [(u16, u16)],
}

/// What a running node does not claim in its own view it does not own, whatever others say.
fn claims<'a>(
    gathered: &'a Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &BTreeMap<Token, NodeId>,
) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    for (token, of) in seen {
        let owner = index[token];
        if of.own.is_some() {
            if let Some(fact) = of
                .own_fact(gathered)
                .filter(|f| !f.flags.has(Flags::REPLICA))
            {
                claims.push(Claim {
                    owner,
                    epoch: fact.config_epoch,
                    own: true,
                    ranges: &fact.slots,
                });
            }
            continue;
        }
        let facts = of.facts.keys().map(|&f| &gathered.facts[f as usize]);
        for fact in facts
            .chain(of.own_fact(gathered))
            .filter(|f| !f.flags.has(Flags::REPLICA))
        {
            claims.push(Claim {
                owner,
                epoch: fact.config_epoch,
                own: false,
                ranges: &fact.slots,
            });
        }
    }
    claims.retain(|c| !c.ranges.is_empty());
    claims.sort_by_key(|c| c.owner);
    claims
}

/// Every slot goes to the highest epoch that claims it (`clusterUpdateSlotsConfigWith`).
fn settle_slots(claims: &[Claim], cluster: &mut Cluster) -> Vec<Conflict> {
    let mut best: Vec<Option<(u64, NodeId)>> = vec![None; usize::from(SLOT_COUNT)];
    let mut rivals: BTreeMap<(Vec<NodeId>, bool), SlotSet> = BTreeMap::new();
    let mut own_claims: Vec<Vec<NodeId>> = vec![Vec::new(); usize::from(SLOT_COUNT)];
    let mut ties: Vec<Vec<NodeId>> = vec![Vec::new(); usize::from(SLOT_COUNT)];
    for claim in claims {
        let slots = claim
            .ranges
            .iter()
            .flat_map(|&(a, b)| a..=b.min(SLOT_COUNT - 1));
        for slot in slots.map(usize::from) {
            if claim.own && !own_claims[slot].contains(&claim.owner) {
                own_claims[slot].push(claim.owner);
            }
            match best[slot] {
                Some((epoch, owner)) if claim.epoch == epoch && owner != claim.owner => {
                    ties[slot].push(claim.owner);
                }
                Some((epoch, _)) if claim.epoch <= epoch => {}
                _ => {
                    best[slot] = Some((claim.epoch, claim.owner));
                    ties[slot].clear();
                }
            }
        }
    }
    for slot in 0..SLOT_COUNT {
        let at = usize::from(slot);
        let Some((_, owner)) = best[at] else { continue };
        cluster.node_mut(owner).slots.insert(slot);
        if own_claims[at].len() > 1 {
            for &claimant in &own_claims[at] {
                cluster.node_mut(claimant).contested.insert(slot);
            }
            rivals
                .entry((own_claims[at].clone(), true))
                .or_default()
                .insert(slot);
        } else if !ties[at].is_empty() {
            let mut all = ties[at].clone();
            all.push(owner);
            all.sort_unstable();
            all.dedup();
            rivals.entry((all, false)).or_default().insert(slot);
        }
    }
    rivals
        .into_iter()
        .map(|((claimants, own_claims), slots)| Conflict {
            slots,
            claimants,
            own_claims,
        })
        .collect()
}

/// The word *live* of the design, node by node.
fn judge_liveness(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    index: &BTreeMap<Token, NodeId>,
    cluster: &mut Cluster,
) {
    for (token, of) in seen {
        let node = cluster.node_mut(index[token]);
        let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
        let answered = answers.is_some_and(|a| a.answered);
        let silent = answers.is_some_and(|a| a.unreachable.is_some());
        let failed = of.count(gathered, |f| f.flags.has(Flags::FAILED));
        let doubted = of.count(gathered, |f| {
            f.flags.has(Flags::SUSPECTED) || f.flags.has(Flags::FAILED) || !f.connected
        });
        node.live = match node.membership {
            Membership::Ghost | Membership::Forgotten => false,
            Membership::Unmet => true,
            Membership::Member if of.own.is_some() => true,
            Membership::Member if silent => false,
            Membership::Member if answered => true,
            Membership::Member => {
                2 * failed <= of.listed && (of.listed == 0 || doubted < of.listed)
            }
        };
    }
}

fn origins(
    gathered: &Gathered,
    used: &[usize],
    index: &BTreeMap<Token, NodeId>,
    cluster: &Cluster,
) -> Origins {
    let mut origins = Origins::default();
    for &view in used {
        let view = &gathered.views[view];
        let owner = owner(gathered, view).and_then(|o| index.get(&o).copied());
        if let Some(owner) = owner {
            origins.own.insert(owner, origins.views.len());
        }
        let lines = view
            .lines
            .iter()
            .filter_map(|l| Some((*index.get(&gathered.fact(l).token)?, l.line, l.column)))
            .collect();
        origins.views.push(ViewLines {
            path: view.path.clone(),
            owner,
            lines,
        });
    }
    for (id, node) in cluster.iter() {
        let Some(answers) = node.address.as_ref().and_then(|a| gathered.answers.get(a)) else {
            continue;
        };
        if let Some(place) = &answers.unreachable {
            origins.unreachable.insert(id, place.clone());
        }
        if let Some(place) = &answers.info_place {
            origins.replication.insert(id, place.clone());
        }
    }
    origins
}

/// Counts views that name another role, owner or member than the reconciled cluster. A node
/// that joined later never learns a `noaddr` id: that is no disagreement.
fn views_behind(
    gathered: &Gathered,
    used: &[usize],
    index: &BTreeMap<Token, NodeId>,
    cluster: &Cluster,
) -> usize {
    let agrees: Vec<bool> = gathered
        .facts
        .iter()
        .map(|fact| {
            let Some(&id) = index.get(&fact.token) else {
                return true;
            };
            let node = cluster.node(id);
            let slots = SlotSet::from_ranges(fact.slots.iter().copied());
            node.is_ghost()
                || (role_of(fact, index) == node.role && (node.is_replica() || slots == node.slots))
        })
        .collect();
    let expected = cluster
        .iter()
        .filter(|(_, n)| n.membership == Membership::Member)
        .count();
    used.iter()
        .filter(|&&v| {
            let view = &gathered.views[v];
            let owner_unmet = owner(gathered, view)
                .and_then(|o| index.get(&o))
                .is_some_and(|&id| cluster.node(id).membership == Membership::Unmet);
            let known = view
                .lines
                .iter()
                .filter_map(|l| index.get(&gathered.fact(l).token))
                .filter(|&&id| cluster.node(id).membership == Membership::Member)
                .count();
            let ours = owner(gathered, view).is_none_or(|o| index.contains_key(&o));
            ours && !owner_unmet
                && (known != expected || view.lines.iter().any(|l| !agrees[l.fact as usize]))
        })
        .count()
}

fn name_files(gathered: &mut Gathered, index: &BTreeMap<Token, NodeId>, cluster: &Cluster) {
    for view in 0..gathered.views.len() {
        let owner = owner(gathered, &gathered.views[view]);
        let file = gathered.views[view].file;
        if let Some(token) = owner
            && gathered.files[file].view_of.is_none()
        {
            gathered.files[file].view_of = Some(gathered.names[token as usize].clone());
        }
    }
    let by_address: BTreeMap<&Address, NodeId> = cluster
        .iter()
        .filter_map(|(id, n)| Some((n.address.as_ref()?, id)))
        .collect();
    let _ = index;
    for (address, answers) in &gathered.answers {
        let Some(&id) = by_address.get(address) else {
            continue;
        };
        for &file in &answers.files {
            gathered.files[file]
                .view_of
                .get_or_insert_with(|| cluster.node(id).name.clone());
        }
    }
}
