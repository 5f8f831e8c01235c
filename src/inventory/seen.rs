//! What the views together say of each id.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gathered::Gathered;
use crate::inventory::whose::owner;
use crate::inventory::record::Fact;
use crate::inventory::record::Token;
use crate::model::Address;
use crate::parse::Authority;
use crate::parse::Flags;

/// What the views together say of one id.
#[derive(Default)]
pub(super) struct Seen {
    /// Its own view, from the running process.
    pub own: Option<usize>,
    /// Its own view, from its disk only.
    pub own_on_disk: Option<usize>,
    /// Facts about it in views of others, with how many views say so.
    pub facts: BTreeMap<u32, u32>,
    /// Views of others that list it.
    pub listed: u32,
}

pub(super) fn tally(
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
            match view.authority {
                Authority::View => entry.own = Some(index),
                Authority::Disk => entry.own_on_disk = Some(index),
                // What a node answers of all is no word of its own.
                Authority::Shards | Authority::Check | Authority::Slots => {}
            }
        }
        for line in &view.lines {
            let own = Some(gathered.fact(line).token) == owner;
            if !own || view.authority > Authority::Disk {
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
    pub fn count(&self, gathered: &Gathered, test: impl Fn(&Fact) -> bool) -> u32 {
        self.facts
            .iter()
            .filter(|(f, _)| test(&gathered.facts[**f as usize]))
            .map(|(_, n)| n)
            .sum()
    }

    /// Whether its own view or that of another lists it at that address.
    pub fn is_listed_at(&self, gathered: &Gathered, address: &Address) -> bool {
        let own = self.own_fact(gathered).and_then(Fact::address);
        let there = |fact: &Fact| fact.address().as_ref() == Some(address);
        own.as_ref() == Some(address) || self.count(gathered, there) > 0
    }

    /// What most views say, by the higher epoch on a tie.
    pub fn most<K: Ord>(&self, gathered: &Gathered, key: impl Fn(&Fact) -> Option<K>) -> Option<K> {
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

    /// The fact that passes `test` and that most views tell, by the higher epoch on a tie.
    pub fn most_fact<'a>(
        &self,
        gathered: &'a Gathered,
        test: impl Fn(&Fact) -> bool,
    ) -> Option<&'a Fact> {
        let facts = self.facts.iter();
        let told = facts.map(|(&f, &count)| (count, &gathered.facts[f as usize]));
        told.filter(|(_, fact)| test(fact))
            .max_by_key(|(count, fact)| (*count, fact.config_epoch))
            .map(|(_, fact)| fact)
    }

    /// What others say who name it the owner of slots.
    pub fn claims<'a>(&self, gathered: &'a Gathered) -> impl Iterator<Item = &'a Fact> {
        let facts = self.facts.keys().map(|&f| &gathered.facts[f as usize]);
        facts.filter(|f| !f.flags.has(Flags::REPLICA) && !f.slots.is_empty())
    }

    /// The same, by config epochs above the one that its own view shows for it.
    pub fn overtaking<'a>(&self, gathered: &'a Gathered) -> impl Iterator<Item = &'a Fact> {
        let own = self.own_fact(gathered).map(|own| own.config_epoch);
        let later = move |fact: &&Fact| own.is_some_and(|own| fact.config_epoch > own);
        self.claims(gathered).filter(later)
    }

    /// Reports name it, and none could ask it.
    pub fn is_unlisted(&self, gathered: &Gathered) -> bool {
        let unlisted = self.count(gathered, |fact| fact.flags.has(Flags::UNLISTED));
        unlisted > 0 && unlisted == self.listed
    }

    pub fn own_fact<'a>(&self, gathered: &'a Gathered) -> Option<&'a Fact> {
        let view = &gathered.views[self.own.or(self.own_on_disk)?];
        let own = view.myself.map(|line| gathered.fact(&view.lines[line]))?;
        // Of such a line any other tells more.
        (self.listed == 0 || !own.contradicts_itself()).then_some(own)
    }
}
