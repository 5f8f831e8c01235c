//! Two live nodes at one address, of which one must be elsewhere or gone.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gather::Gathered;
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

/// One address has one process, and a process one id.
pub(super) struct Double {
    pub address: Address,
    kept: Token,
    lost: Token,
    unmet: bool,
    /// The one that lost spoke for itself, or nothing says that it is gone.
    doubtful: bool,
    place: Option<Place>,
}

/// Leaves every address to one live node: to the member where the other is un-met, as only a
/// file's name may have put it there; else to the one seen there last, and the other is a ghost.
pub(super) fn settle(
    gathered: &Gathered,
    used: &[usize],
    seen: &BTreeMap<Token, Seen>,
    drafts: &mut [Draft],
) -> Vec<Double> {
    let mut at: BTreeMap<Address, Vec<usize>> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        // Every host has a local address.
        let address = draft.address.as_ref().filter(|a| !a.is_local());
        if let Some(address) = address.filter(|_| lives(gathered, draft, &seen[&draft.token])) {
            at.entry(address.clone()).or_default().push(index);
        }
    }
    at.retain(|_, of| of.len() > 1);
    if at.is_empty() {
        return Vec::new();
    }
    let shown = last_shown(gathered, used, &at, drafts);
    let mut doubles = Vec::new();
    for (address, mut of) in at {
        of.sort_by_key(|&index| {
            let draft: &Draft = &drafts[index];
            let member = draft.membership == Membership::Member;
            let last = shown.get(&draft.token).copied();
            let own = seen[&draft.token].own.is_some();
            Reverse((member, last, own, Reverse(draft.token)))
        });
        let kept = drafts[of[0]].token;
        for &index in &of[1..] {
            let draft = &mut drafts[index];
            let sighted = &seen[&draft.token];
            let gone = sighted.count(gathered, |f| f.flags.has(Flags::NOADDR)) > 0;
            let unmet = draft.membership == Membership::Unmet;
            draft.address = None;
            if !unmet {
                draft.membership = Membership::Ghost;
            }
            let own = sighted.own.and_then(|v| place_of(gathered, v, draft.token));
            doubles.push(Double {
                address: address.clone(),
                kept,
                lost: draft.token,
                unmet,
                doubtful: !unmet && (sighted.own.is_some() || !gone),
                place: own,
            });
        }
    }
    doubles
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

/// The newest clock of the views that show each of them at the address.
fn last_shown(
    gathered: &Gathered,
    used: &[usize],
    at: &BTreeMap<Address, Vec<usize>>,
    drafts: &[Draft],
) -> BTreeMap<Token, u64> {
    let mut places: BTreeMap<Token, &Address> = BTreeMap::new();
    for (address, of) in at {
        places.extend(of.iter().map(|&index| (drafts[index].token, address)));
    }
    let mut shown: BTreeMap<Token, u64> = BTreeMap::new();
    for &view in used {
        let view = &gathered.views[view];
        for line in &view.lines {
            let fact = gathered.fact(line);
            let here = |address: &&&Address| fact.address().as_ref() == Some(**address);
            if !fact.flags.has(Flags::NOADDR) && places.get(&fact.token).as_ref().is_some_and(here)
            {
                let last = shown.entry(fact.token).or_default();
                *last = view.clock.max(*last);
            }
        }
    }
    shown
}

impl Double {
    /// Why the views show no moment of the cluster, where nobody can say who is gone.
    pub fn torn(&self, gathered: &Gathered) -> Option<String> {
        let name = |token: Token| gathered.names[token as usize].short();
        self.doubtful.then(|| {
            format!(
                "two ids are live at {}, {} and {}: a node was restarted with a new one between the views",
                self.address,
                name(self.lost),
                name(self.kept)
            )
        })
    }

    pub fn diagnostic(&self, gathered: &Gathered) -> Diagnostic {
        let name = |token: Token| gathered.names[token as usize].short();
        let (lost, kept, address) = (name(self.lost), name(self.kept), &self.address);
        let (message, help) = if self.unmet {
            (
                format!(
                    "id {lost}, which knows only itself, has the address {address} of id {kept}, which the cluster lists and which lives: nobody can say where {lost} is, and no step is planned for it"
                ),
                "name its file after its own address; if it was started in place of the other, capture all nodes again",
            )
        } else {
            (
                format!(
                    "two ids are live at {address}: {kept}, which was seen there last, and {lost}, which is taken for gone: the node was restarted with a new id between the views"
                ),
                "capture all nodes again in one go",
            )
        };
        let odd = Diagnostic::new(Capture::TwoAtOneAddress, message).help(help);
        match &self.place {
            Some(place) => odd.at(place.clone()),
            None => odd,
        }
    }
}
