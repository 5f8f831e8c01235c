//! Whose answers each file holds.
//!
//! A node may be asked at another address than the one it has in the cluster: behind NAT, in a
//! container, by a host's name. Whoever said `myself`, or told its id, under a name is the node
//! of that name, and all answers under it are its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::inventory::gathered::Gathered;
use crate::inventory::names::Names;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::inventory::answers::Told;
use crate::model::Address;
use crate::parse::bundle;

/// A name to the one node that it was seen to belong to; `None` where it belongs to several.
type Known<K> = BTreeMap<K, Option<Token>>;

/// Which node is behind each name of the capture.
#[derive(Debug, Default)]
pub(super) struct Whose {
    names: Names,
    /// Addresses that the nodes have in the cluster under other names.
    aliases: Known<Address>,
    /// One file and a name in it.
    files: Known<(String, Option<Address>)>,
    /// Files of one folder that differ in what was asked only.
    bundles: Known<(String, String)>,
    folders: Known<String>,
}

/// The node that an answer is of: by id, or by the address that it has in the cluster.
pub(super) enum Target {
    Id(Token),
    Address(Address),
}

impl Whose {
    /// Learns from the ids that nodes told: what needs no listed address to be believed.
    pub fn told(gathered: &Gathered) -> Self {
        Self::but(gathered, &BTreeSet::new())
    }

    /// Learns from the owners of the views, too; all of that without the nodes of other clusters,
    /// which may have the same names.
    pub fn of(gathered: &Gathered, foreign: &BTreeSet<Token>) -> Self {
        let mut whose = Self::but(gathered, foreign);
        for view in &gathered.views {
            if let Some(owner) = owner(gathered, view).filter(|o| !foreign.contains(o)) {
                whose.learn(&view.spot, view.named.as_ref(), owner, false);
            }
        }
        whose.guess_siblings(gathered, foreign);
        whose
    }

    fn but(gathered: &Gathered, foreign: &BTreeSet<Token>) -> Self {
        let mut whose = Self {
            names: Names::of(gathered, foreign),
            ..Self::default()
        };
        for told in &gathered.told {
            if let Some(id) = told.said.my_id.filter(|id| !foreign.contains(id)) {
                whose.learn(&told.spot, told.named.as_ref(), id, true);
            }
        }
        whose
    }

    fn learn(&mut self, spot: &str, named: Option<&Address>, id: Token, sure: bool) {
        if let Some(name) = named
            && !name.is_local()
            // What is pasted under another node's address is in the wrong place.
            && (sure || !self.names.is_listed(name))
        {
            note(&mut self.aliases, name.clone(), id);
        }
        note(&mut self.files, (spot.to_owned(), named.cloned()), id);
        let (folder, rest) = bundle(spot);
        note(&mut self.bundles, (folder.to_owned(), rest), id);
        note(&mut self.folders, folder.to_owned(), id);
    }

    /// A node that gave no view is behind its host's other name as its neighbours are: if
    /// 10.0.0.1:7000 is 203.0.113.5:30000 and 203.0.113.5:30001 is listed, that is 10.0.0.1:7001.
    fn guess_siblings(&mut self, gathered: &Gathered, foreign: &BTreeSet<Token>) {
        type Shift = (String, i32);
        let mut shifts: BTreeMap<String, Option<Shift>> = BTreeMap::new();
        let mut taken: Vec<Address> = Vec::new();
        for view in &gathered.views {
            let announced = view
                .myself
                .and_then(|l| gathered.fact(&view.lines[l]).address());
            let (Some(name), Some(announced)) = (&view.named, announced) else {
                continue;
            };
            if self.aliases.contains_key(name) {
                let shift = i32::from(announced.port()) - i32::from(name.port());
                let shift = Some((announced.ip().to_owned(), shift));
                let known = shifts
                    .entry(name.ip().to_owned())
                    .or_insert_with(|| shift.clone());
                if *known != shift {
                    *known = None;
                }
                taken.push(announced);
            }
        }
        taken.sort();
        let ids: BTreeMap<Address, Token> = gathered
            .facts
            .iter()
            .filter(|f| !foreign.contains(&f.token))
            .filter_map(|f| Some((f.address()?, f.token)))
            .collect();
        for told in &gathered.told {
            let Some(name) = told.named.as_ref().filter(|n| !self.names.is_listed(n)) else {
                continue;
            };
            let Some(Some((ip, shift))) = shifts.get(name.ip()) else {
                continue;
            };
            let port = u16::try_from(i32::from(name.port()) + shift);
            let there = port.ok().and_then(|port| Address::new(ip, port).ok());
            if let Some(there) = there
                && taken.binary_search(&there).is_err()
                && let Some(&id) = ids.get(&there)
            {
                self.aliases.entry(name.clone()).or_insert(Some(id));
            }
        }
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The id that the node itself told in this file, under this name or beside it.
    pub fn id_told(&self, spot: &str, named: Option<&Address>) -> Option<Token> {
        let here = self
            .files
            .get(&(spot.to_owned(), named.cloned()))
            .copied()
            .flatten();
        let alias = || *self.aliases.get(named?)?;
        let beside = || {
            let (folder, rest) = bundle(spot);
            *self.bundles.get(&(folder.to_owned(), rest))?
        };
        here.or_else(alias).or_else(beside)
    }

    /// Addresses at which nodes were reached that have another one in the cluster.
    pub fn aliases(&self) -> impl Iterator<Item = (&Address, Token)> {
        let known = self.aliases.iter();
        known.filter_map(|(name, id)| Some((name, (*id)?)))
    }

    /// The only node of which this folder holds a view.
    pub fn only_owner(&self, folder: &str) -> Option<Token> {
        self.folders.get(folder).copied().flatten()
    }

    /// The id that the node told, else the node that goes by its name, else the owner of the views
    /// beside it.
    pub fn target(&self, told: &Told) -> Option<Target> {
        if let Some(id) = told.said.my_id {
            return Some(Target::Id(id));
        }
        let spot = &told.spot;
        let far = told.named.as_ref().filter(|name| !name.is_local());
        if let Some(name) = far {
            if let Some(Some(id)) = self.aliases.get(name) {
                return Some(Target::Id(*id));
            }
            let listed = self.names.find(spot, Some(name));
            return Some(Target::Address(listed.unwrap_or_else(|| name.clone())));
        }
        let same_file = self.files.get(&(spot.to_string(), told.named.clone()));
        if let Some(Some(id)) = same_file {
            return Some(Target::Id(*id));
        }
        if let Some(listed) = self.names.find(spot, told.named.as_ref()) {
            return Some(Target::Address(listed));
        }
        // Another node was asked by name in the same file.
        let first = (spot.to_string(), None);
        let here = self.files.range(first..).map(|(key, _)| key);
        let mut here = here.take_while(|(file, _)| **file == **spot);
        if told.named.is_some() && here.any(|(_, name)| name.is_some() && *name != told.named) {
            return None;
        }
        let (folder, rest) = bundle(spot);
        let beside = self.bundles.get(&(folder.to_owned(), rest)).copied();
        beside.flatten().map(Target::Id)
    }
}

fn note<K: Ord>(known: &mut Known<K>, name: K, id: Token) {
    let kept = known.entry(name).or_insert(Some(id));
    if *kept != Some(id) {
        *kept = None;
    }
}

/// The id of the process that wrote the view: its `myself` line, else what `settle_owners`
/// found in its place.
pub(super) fn owner(gathered: &Gathered, view: &View) -> Option<Token> {
    view.myself
        .map(|line| gathered.fact(&view.lines[line]).token)
}
