//! Files every answer under the address that its node has in the cluster, and says which could
//! not be given to any.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::gathered::Gathered;
use crate::inventory::nodes::Draft;
use crate::inventory::paths::folder;
use crate::inventory::record::Token;
use crate::inventory::answers::Told;
use crate::inventory::whose::Target;
use crate::inventory::whose::Whose;
use crate::model::Address;

/// See the module text.
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
    for (name, id) in whose.aliases() {
        let address = address_of.get(&id).copied();
        if let Some(address) = address.filter(|address| *address != name) {
            let names = gathered.reached_at.entry(address.clone()).or_default();
            names.push(name.clone());
        }
    }
    let members: BTreeSet<&Address> = address_of.values().copied().collect();
    let mut left = Left::default();
    let mut nameless: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    for told in &told {
        // A cluster may live on one machine and call itself 127.0.0.1.
        let by_name = || {
            let name = told.named.as_ref().filter(|name| members.contains(name))?;
            Some(Target::Address(name.clone()))
        };
        match whose.target(told).or_else(by_name) {
            Some(Target::Address(address)) => {
                if !members.contains(&address) {
                    left.elsewhere
                        .entry(address.clone())
                        .or_default()
                        .push(told);
                }
                file(gathered, &address, told);
            }
            Some(Target::Id(id)) => match address_of.get(&id) {
                Some(&address) => file(gathered, address, told),
                None => left.by_id.entry(id).or_default().push(told),
            },
            None => nameless.entry(folder(&told.spot)).or_default().push(told),
        }
    }
    for (folder, of_folder) in nameless {
        // A folder that holds one node's view and nothing of others names the rest of it.
        let with_info = of_folder.iter().filter(|t| !t.said.info.is_empty()).count();
        let lone = whose.only_owner(folder).filter(|_| with_info <= 1);
        match lone.and_then(|id| address_of.get(&id)) {
            Some(&address) => {
                for told in of_folder {
                    // What was asked at this host is of the port that was asked.
                    match told
                        .named
                        .as_ref()
                        .is_some_and(|n| n.port() != address.port())
                    {
                        true => left.nameless.push(told),
                        false => file(gathered, address, told),
                    }
                }
            }
            None => left.nameless.extend(of_folder),
        }
    }
    for answers in gathered.answers.values_mut() {
        for (key, value) in std::mem::take(&mut answers.started_with) {
            answers.config.entry(key).or_insert(value);
        }
    }
    note_bus_ports(gathered, whose, diagnostics);
    left.say(gathered, diagnostics);
}

fn file(gathered: &mut Gathered, address: &Address, told: &Told) {
    let answers = gathered.answers.entry(address.clone()).or_default();
    answers.take(&told.said);
}

/// Answers that are of no node of the cluster.
#[derive(Default)]
struct Left<'a> {
    /// Nothing names a node.
    nameless: Vec<&'a Told>,
    /// Of addresses that no node has.
    elsewhere: BTreeMap<Address, Vec<&'a Told>>,
    /// Of ids for which nothing gives an address.
    by_id: BTreeMap<Token, Vec<&'a Told>>,
}

impl Left<'_> {
    fn say(mut self, gathered: &Gathered, diagnostics: &mut Vec<Diagnostic>) {
        let help = "save each node's answers in a folder of its own, such as `10.0.0.1_7000`";
        let (local, nameless): (Vec<&Told>, Vec<&Told>) = self
            .nameless
            .iter()
            .partition(|told| told.named.as_ref().is_some_and(Address::is_local));
        let named = |count| match count {
            1 => "nothing in its path or above it names a node".to_owned(),
            _ => "nothing in their path or above them names a node".to_owned(),
        };
        diagnostics.extend(unknown(&nameless, named).map(|d| d.help(help)));
        let name = local.iter().find_map(|told| told.named.as_ref());
        if let Some(name) = name {
            let named = |_| format!("every host has its own {name}, and no node is known by it");
            diagnostics.extend(unknown(&local, named).map(|d| d.help(help)));
        }
        // A ghost was there once; a bus was said.
        let once: BTreeSet<Address> = gathered.facts.iter().filter_map(|f| f.address()).collect();
        self.elsewhere
            .retain(|address, _| !once.contains(address) && gathered.answers.contains_key(address));
        if let Some(first) = self.elsewhere.keys().next() {
            let what = format!("no node of the cluster has the address {first}");
            let what = and_more(what, self.elsewhere.len());
            let all: Vec<&Told> = self.elsewhere.values().flatten().copied().collect();
            diagnostics.extend(unknown(&all, |_| what.clone()));
        }
        if let Some(&first) = self.by_id.keys().next() {
            let name = gathered.names[first as usize].as_str().escape_debug();
            let what = format!("nothing gives an address of the node `{name}`");
            let what = and_more(what, self.by_id.len());
            let all: Vec<&Told> = self.by_id.values().flatten().copied().collect();
            diagnostics.extend(unknown(&all, |_| what.clone()));
        }
    }
}

fn and_more(what: String, count: usize) -> String {
    match count {
        1 => what,
        n => format!("{what}, nor of {} more", n - 1),
    }
}

/// Nothing where the files hold lists of nodes only.
fn unknown(left: &[&Told], why: impl Fn(usize) -> String) -> Option<Diagnostic> {
    let count: usize = left.iter().map(|t| t.count).sum();
    let first = left.iter().find(|t| t.count > 0)?;
    let what = match count {
        1 => "an answer was not used".to_owned(),
        n => format!("{n} answers were not used"),
    };
    let what = format!("{what}: {}", why(count));
    let note = Diagnostic::new(Capture::AnswerOfUnknownNode, what);
    Some(note.at(first.place.clone()))
}

/// Who asked the cluster bus got no answer, and that says nothing of the node.
fn note_bus_ports(gathered: &mut Gathered, whose: &Whose, diagnostics: &mut Vec<Diagnostic>) {
    let asked: Vec<(Address, Address)> = gathered
        .answers
        .keys()
        .filter_map(|a| Some((a.clone(), whose.names().of_bus(a)?.clone())))
        .collect();
    for (bus, client) in asked {
        let place = gathered.answers.remove(&bus).and_then(|answers| {
            let place = answers.unreachable.or(answers.info_place);
            place.or(answers.cluster_info_place)
        });
        let note = Diagnostic::new(
            Capture::BusPort,
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
