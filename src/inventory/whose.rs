//! Whose answers each file holds.
//!
//! A node may be asked at another address than the one it has in the cluster: behind NAT, in a
//! container, by a host's name. Whoever said `myself`, or told its id, under a name is the node
//! of that name, and all answers under it are its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::inventory::gather::Answers;
use crate::inventory::gather::Gathered;
use crate::inventory::gather::Token;
use crate::inventory::gather::Told;
use crate::inventory::gather::folder;
use crate::inventory::gather::is_local;
use crate::inventory::names::Names;
use crate::inventory::names::bundle;
use crate::inventory::nodes::Draft;
use crate::inventory::owners::owner;
use crate::model::Address;

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
enum Target {
    Id(Token),
    Address(Address),
}

impl Whose {
    /// Learns from the ids that nodes told: what needs no listed address to be believed.
    pub fn told(gathered: &Gathered) -> Self {
        let mut whose = Self {
            names: Names::of(gathered),
            ..Self::default()
        };
        for told in &gathered.told {
            if let Some(id) = told.said.my_id {
                whose.learn(&told.spot, told.named.as_ref(), id, true);
            }
        }
        whose
    }

    /// Learns from the owners of the views.
    pub fn and_views(mut self, gathered: &Gathered) -> Self {
        for view in &gathered.views {
            if let Some(owner) = owner(gathered, view) {
                self.learn(&view.spot, view.named.as_ref(), owner, false);
            }
        }
        self.guess_siblings(gathered);
        self
    }

    fn learn(&mut self, spot: &str, named: Option<&Address>, id: Token, sure: bool) {
        if let Some(name) = named
            && !is_local(name)
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
    fn guess_siblings(&mut self, gathered: &Gathered) {
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

    fn target(&self, told: &Told) -> Option<Target> {
        if let Some(id) = told.said.my_id {
            return Some(Target::Id(id));
        }
        let spot = &told.spot;
        let far = told.named.as_ref().filter(|name| !is_local(name));
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

/// Files every answer under the address that its node has in the cluster.
pub(super) fn file_answers(
    gathered: &mut Gathered,
    whose: &Whose,
    drafts: &[Draft],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let told = std::mem::take(&mut gathered.told);
    let mut address_of: BTreeMap<Token, &Address> = BTreeMap::new();
    for draft in drafts {
        address_of.extend(draft.address.as_ref().map(|a| (draft.token, a)));
    }
    for (name, id) in &whose.aliases {
        let address = id.and_then(|id| address_of.get(&id).copied());
        if let Some(address) = address.filter(|address| *address != name) {
            let names = gathered.reached_at.entry(address.clone()).or_default();
            names.push(name.clone());
        }
    }
    let mut left: BTreeMap<String, Vec<&Told>> = BTreeMap::new();
    let members: BTreeSet<&Address> = address_of.values().copied().collect();
    for told in &told {
        // A cluster may live on one machine and call itself 127.0.0.1.
        let by_name = || {
            let name = told.named.as_ref().filter(|name| members.contains(name))?;
            Some(Target::Address(name.clone()))
        };
        match whose.target(told).or_else(by_name) {
            Some(Target::Address(address)) => file(gathered, &address, told),
            Some(Target::Id(id)) => {
                if let Some(&address) = address_of.get(&id) {
                    file(gathered, address, told);
                }
            }
            None => {
                let folder = folder(&told.spot).to_owned();
                left.entry(folder).or_default().push(told);
            }
        }
    }
    for (folder, left) in left {
        // A folder that holds one node's view and nothing of others names the rest of it.
        let with_info = left.iter().filter(|t| !t.said.info.is_empty()).count();
        let lone = whose.folders.get(&folder).copied().flatten();
        if let Some(&address) = lone.and_then(|id| address_of.get(&id))
            && with_info <= 1
        {
            left.iter().for_each(|told| file(gathered, address, told));
            continue;
        }
        let told_something = |t: &&&Told| {
            let Answers { info, config, .. } = &t.said;
            !info.is_empty() || !config.is_empty() || t.said.unreachable.is_some()
        };
        diagnostics.extend(
            left.iter()
                .find(told_something)
                .map(|t| unknown_node(&t.said)),
        );
    }
    for answers in gathered.answers.values_mut() {
        for (key, value) in std::mem::take(&mut answers.started_with) {
            answers.config.entry(key).or_insert(value);
        }
    }
    note_bus_ports(gathered, whose, diagnostics);
}

fn file(gathered: &mut Gathered, address: &Address, told: &Told) {
    let answers = gathered.answers.entry(address.clone()).or_default();
    answers.take(&told.said);
}

fn unknown_node(of: &Answers) -> Diagnostic {
    let diagnostic = Diagnostic::note(
        "capture/answer-of-unknown-node",
        "an answer without an address in its path or header: nobody can say whose it is; it was not used",
    )
    .help("save each node's answers in a folder of its own, such as `10.0.0.1_7000`");
    match of.info_place.as_ref().or(of.unreachable.as_ref()) {
        Some(place) => diagnostic.at(place.clone()),
        None => diagnostic,
    }
}

/// Who asked the cluster bus got no answer, and that says nothing of the node.
fn note_bus_ports(gathered: &mut Gathered, whose: &Whose, diagnostics: &mut Vec<Diagnostic>) {
    let asked: Vec<(Address, Address)> = gathered
        .answers
        .keys()
        .filter_map(|a| Some((a.clone(), whose.names.of_bus(a)?.clone())))
        .collect();
    for (bus, client) in asked {
        let place = gathered.answers.remove(&bus).and_then(|answers| {
            let place = answers.unreachable.or(answers.info_place);
            place.or(answers.cluster_info_place)
        });
        let note = Diagnostic::note(
            "capture/bus-port",
            format!(
                "{bus} is the cluster bus of {client}, which answers no client; it was not used"
            ),
        )
        .help(format!("ask {client} instead"));
        diagnostics.push(match place {
            Some(place) => note.at(place),
            None => note,
        });
    }
}
