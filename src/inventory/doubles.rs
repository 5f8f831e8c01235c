//! Two ids at one address, of which one must be elsewhere or gone: one address has one process, and
//! a process one id.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::liveness::opinion;
use crate::inventory::moments::place_of;
use crate::inventory::nodes::Draft;
use crate::inventory::record::Token;
use crate::inventory::seen::Seen;
use crate::model::Address;
use crate::model::Asked;
use crate::model::Evidence;
use crate::model::Membership;
use crate::parse::Flags;
use crate::text::Place;

/// A second id at an address.
pub(super) struct Double {
    address: Address,
    /// The one that is there for sure, or most likely.
    kept: Token,
    lost: Token,
    kind: Kind,
    place: Option<Place>,
}

/// What the two have to do with each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// It knows only itself, and only a file's name may have put it there.
    Unmet,
    /// Some view shows that the lost one has no address any more, and others show it there.
    Replaced {
        /// It spoke for itself all the same.
        spoke: bool,
    },
    /// Both are listed as live.
    Shared { in_one_view: bool },
    /// The lost one is dead, and was what the process called itself before it came back blank.
    Former,
    /// The lost one is dead, and who answers there is an older member: it may be anywhere.
    Elsewhere,
}

/// Leaves every address to one node, but where two are listed as live and nothing tells which of
/// them is there: to the member where the other is un-met, to the one that lives, to the one that
/// was seen there last.
pub(super) fn settle(
    gathered: &Gathered,
    used: &[usize],
    seen: &BTreeMap<Token, Seen>,
    drafts: &mut [Draft],
) -> Vec<Double> {
    let real = drafts
        .iter()
        .filter_map(|draft| draft.address.as_ref())
        .any(|a| a.is_place() && !a.is_of_nobody());
    if real {
        leave_no_places(gathered, seen, drafts);
    }
    let at = shared(gathered, seen, drafts, real);
    if at.is_empty() {
        return Vec::new();
    }
    let shown = Shown::of(gathered, used, &at, drafts);
    let mut doubles = Vec::new();
    for (address, mut of) in at {
        let alive = |draft: &Draft| lives(gathered, draft, &seen[&draft.token]);
        of.sort_by_key(|&index| {
            let draft: &Draft = &drafts[index];
            let member = draft.membership == Membership::Member;
            let last = shown.last.get(&draft.token).copied();
            let own = seen[&draft.token].own.is_some();
            Reverse((alive(draft), member, last, own, Reverse(draft.token)))
        });
        let kept = drafts[of[0]].token;
        if !alive(&drafts[of[0]]) {
            // Nobody answers there: whichever has its files on that disk comes back.
            continue;
        }
        for &index in &of[1..] {
            let draft = &drafts[index];
            let token = draft.token;
            let sighted = &seen[&token];
            let gone = sighted.count(gathered, |f| f.flags.has(Flags::NOADDR)) > 0;
            let kind = match (draft.membership, alive(draft)) {
                (Membership::Unmet, _) => Kind::Unmet,
                (_, true) if gone => Kind::Replaced {
                    spoke: sighted.own.is_some(),
                },
                (_, true) => Kind::Shared {
                    in_one_view: shown.together.contains(&token),
                },
                (_, false) => of_dead(gathered, &seen[&kept], sighted),
            };
            let own = sighted.own.and_then(|v| place_of(gathered, v, token));
            leave(&mut drafts[index], kind);
            doubles.push(Double {
                address: address.clone(),
                kept,
                lost: token,
                kind,
                place: own,
            });
        }
    }
    doubles
}

/// A dead node that is listed at an address of every host, or at none that exists, beside others
/// that have real ones, is nobody knows where.
fn leave_no_places(gathered: &Gathered, seen: &BTreeMap<Token, Seen>, drafts: &mut [Draft]) {
    for draft in drafts {
        let nowhere = draft.address.as_ref().is_some_and(|a| !a.is_place());
        if nowhere && !lives(gathered, draft, &seen[&draft.token]) {
            draft.address = None;
        }
    }
}

/// Addresses at which more than one node is listed.
fn shared(
    gathered: &Gathered,
    seen: &BTreeMap<Token, Seen>,
    drafts: &[Draft],
    real: bool,
) -> BTreeMap<Address, Vec<usize>> {
    let mut at: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let Some(address) = &draft.address else {
            continue;
        };
        // Every host has a local address: it counts where the whole cluster is on one, and lists it.
        let listed = || seen[&draft.token].is_listed_at(gathered, address);
        if !address.is_local() || (!real && listed()) {
            at.entry(address.clone()).or_default().push(index);
        }
    }
    at.retain(|_, of| of.len() > 1);
    at
}

fn leave(draft: &mut Draft, kind: Kind) {
    match kind {
        Kind::Shared { .. } => {}
        Kind::Unmet => draft.address = None,
        Kind::Replaced { .. } | Kind::Former => {
            draft.address = None;
            draft.membership = Membership::Ghost;
        }
        Kind::Elsewhere => draft.address = None,
    }
}

/// A process that lost its `nodes.conf` comes back blank, or follows somebody by now; what it was
/// before owns nothing, or nobody but itself could serve it. Pods change their addresses: who owns
/// slots was a member before, and the other one may come back elsewhere.
fn of_dead(gathered: &Gathered, kept: &Seen, lost: &Seen) -> Kind {
    let owns = |of: &Seen| {
        let own = of.own_fact(gathered).map(|f| !f.slots.is_empty());
        own.unwrap_or_else(|| of.claims(gathered).next().is_some())
    };
    let replica = |of: &Seen| {
        let own = of.own_fact(gathered).map(|f| f.flags.has(Flags::REPLICA));
        own.unwrap_or_else(|| of.count(gathered, |f| f.flags.has(Flags::REPLICA)) > 0)
    };
    let blank = !owns(kept) && !replica(kept);
    match (blank, owns(kept)) {
        (true, _) => Kind::Former,
        (false, false) if !owns(lost) && !replica(lost) => Kind::Former,
        (false, _) => Kind::Elsewhere,
    }
}

/// As the views have it: what else the capture tells is filed by address, which is in question.
fn lives(gathered: &Gathered, draft: &Draft, of: &Seen) -> bool {
    let evidence = Evidence {
        asked: match of.own {
            Some(_) => Asked::Answered,
            None => Asked::Never,
        },
        process: None,
        opinion: opinion(gathered, of),
    };
    match draft.membership {
        Membership::Unmet => true,
        Membership::Member => evidence.judge().is_live(),
        Membership::Ghost | Membership::Forgotten => false,
    }
}

/// Which views show whom at a shared address.
#[derive(Default)]
struct Shown {
    /// The newest clock of the views that show each.
    last: BTreeMap<Token, u64>,
    /// Those that one view shows there with another one.
    together: BTreeSet<Token>,
}

impl Shown {
    fn of(
        gathered: &Gathered,
        used: &[usize],
        at: &BTreeMap<Address, Vec<usize>>,
        drafts: &[Draft],
    ) -> Self {
        let mut places: BTreeMap<Token, &Address> = BTreeMap::new();
        for (address, of) in at {
            places.extend(of.iter().map(|&index| (drafts[index].token, address)));
        }
        let mut shown = Self::default();
        for &view in used {
            let view = &gathered.views[view];
            let mut here: BTreeMap<&Address, Token> = BTreeMap::new();
            for line in &view.lines {
                let fact = gathered.fact(line);
                let place = places.get(&fact.token).copied();
                let place = place.filter(|_| !fact.flags.has(Flags::NOADDR));
                let Some(place) = place.filter(|&p| fact.address().as_ref() == Some(p)) else {
                    continue;
                };
                let last = shown.last.entry(fact.token).or_default();
                *last = view.clock.max(*last);
                if let Some(other) = here.insert(place, fact.token) {
                    shown.together.extend([other, fact.token]);
                }
            }
        }
        shown
    }
}

impl Double {
    /// Why the views show no moment of the cluster, where nobody can say who is there.
    pub fn torn(&self, gathered: &Gathered) -> Option<String> {
        let name = |token: Token| gathered.names[token as usize].short();
        let (address, lost, kept) = (&self.address, name(self.lost), name(self.kept));
        match self.kind {
            Kind::Replaced { spoke: true } => Some(format!(
                "two ids are live at {address}, {lost} and {kept}: a node was restarted with a new one between the views"
            )),
            Kind::Shared { in_one_view: false } => Some(format!(
                "two ids are listed at {address}, {lost} and {kept}, each by other views: a node was restarted with a new id between them, or one of the entries is wrong"
            )),
            // M009 speaks of it.
            Kind::Shared { in_one_view: true }
            | Kind::Unmet
            | Kind::Replaced { spoke: false }
            | Kind::Former
            | Kind::Elsewhere => None,
        }
    }

    /// What no finding says.
    pub fn diagnostic(&self, gathered: &Gathered) -> Option<Diagnostic> {
        let name = |token: Token| gathered.names[token as usize].short();
        let (lost, kept, address) = (name(self.lost), name(self.kept), &self.address);
        let (message, help) = match self.kind {
            Kind::Unmet => (
                format!(
                    "id {lost}, which knows only itself, has the address {address} of id {kept}, which the cluster lists and which lives: nobody can say where {lost} is, and no step is planned for it"
                ),
                "name its file after its own address; if it was started in place of the other, capture all nodes again",
            ),
            Kind::Replaced { .. } => (
                format!(
                    "two ids are live at {address}: {kept}, which was seen there last, and {lost}, which is taken for gone: the node was restarted with a new id between the views"
                ),
                "capture all nodes again in one go",
            ),
            Kind::Shared { .. } | Kind::Former | Kind::Elsewhere => return None,
        };
        let odd = Diagnostic::new(Capture::TwoAtOneAddress, message).help(help);
        Some(match &self.place {
            Some(place) => odd.at(place.clone()),
            None => odd,
        })
    }
}
