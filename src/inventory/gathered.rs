//! Everything the files said, as [`super::gather`] takes it in and all later stages read it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inventory::File;
use crate::inventory::answers::Answers;
use crate::inventory::answers::Told;
use crate::inventory::record::Conf;
use crate::inventory::record::ConfRead;
use crate::inventory::record::Fact;
use crate::inventory::record::HostFacts;
use crate::inventory::record::Line;
use crate::inventory::record::Said;
use crate::inventory::record::StartedWith;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::model::Address;
use crate::model::NodeName;
use crate::parse::Authority;
use crate::parse::DiskRow;
use crate::parse::Distribution;
use crate::parse::HomeRow;
use crate::parse::HostRow;
use crate::parse::MachineRow;
use crate::parse::MountRow;
use crate::parse::ProcessRow;
use crate::parse::Properties;
use crate::text::Place;

/// Everything the files said.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub tokens: BTreeMap<NodeName, Token>,
    pub names: Vec<NodeName>,
    pub facts: Vec<Fact>,
    pub views: Vec<View>,
    /// Of these, other lists of nodes that are not used, as there are views.
    pub lesser_views: Vec<View>,
    /// One for each file and name in it, in the order of the capture.
    pub told: Vec<Told>,
    /// Files on disk with a fault.
    pub nodes_confs: Vec<ConfRead>,
    /// The same by the address that the node has in the cluster, once it is known whose it is.
    pub answers: BTreeMap<Address, Answers>,
    /// Where the capture reached nodes that announce another address, by the announced one.
    pub reached_at: BTreeMap<Address, Vec<Address>>,
    pub hosts: Vec<(Arc<str>, HostRow)>,
    pub disks: Vec<(Arc<str>, DiskRow)>,
    pub homes: Vec<(Arc<str>, HomeRow)>,
    /// Files that a flag named: what they map stands against any other.
    pub named: BTreeSet<Arc<str>>,
    pub properties: Vec<(Arc<str>, Properties)>,
    pub distributions: Vec<(Arc<str>, Distribution)>,
    /// What servers on a host are started with, where only the host's files tell which it is.
    pub confs: Vec<HostFacts<Conf>>,
    pub mounts: Vec<HostFacts<MountRow>>,
    pub processes: Vec<HostFacts<ProcessRow>>,
    pub machines: Vec<HostFacts<MachineRow>>,
    /// Every configuration file, as far as a start hangs on it.
    pub starts: Vec<HostFacts<StartedWith>>,
    pub host_ips: Vec<HostFacts<String>>,
    /// The last that was counted.
    pub rowcount: Option<u64>,
    /// What the name server of the other family said, in the order of the capture.
    pub fedb: Vec<Said>,
    pub files: Vec<File>,
    pub diagnostics: Vec<Diagnostic>,
    /// The text of one line for each id that some line shows without an address: the first of
    /// the most telling kind of answer.
    pub ghost_lines: BTreeMap<Token, (Authority, Arc<str>)>,
    /// Facts of each id.
    pub by_token: Vec<Vec<u32>>,
    /// The same by id and what they say, as a hash.
    pub(super) alike: BTreeMap<(Token, u64), Vec<u32>>,
    pub(super) listed: Listed,
    told_by: BTreeMap<(Arc<str>, Option<Address>), usize>,
}

impl Gathered {
    pub fn answers_of(
        &mut self,
        of: Option<&Address>,
        spot: &str,
        file: usize,
        place: &Place,
    ) -> &mut Answers {
        let told = self.told_of(of, spot, file, place);
        told.count += 1;
        &mut told.said
    }

    pub fn told_of(
        &mut self,
        of: Option<&Address>,
        spot: &str,
        file: usize,
        place: &Place,
    ) -> &mut Told {
        let next = self.told.len();
        let key = (Arc::from(spot), of.cloned());
        let index = *self.told_by.entry(key).or_insert(next);
        if index == next {
            self.told.push(Told {
                file,
                spot: spot.into(),
                named: of.cloned(),
                place: place.clone(),
                count: 0,
                settings_line: None,
                said: Answers {
                    files: vec![file],
                    ..Answers::default()
                },
            });
        }
        &mut self.told[index]
    }

    pub fn token(&mut self, text: &str) -> Token {
        if let Some(&token) = self.tokens.get(text) {
            return token;
        }
        let token = self.names.len() as Token;
        let name = NodeName::new(text);
        self.tokens.insert(name.clone(), token);
        self.names.push(name);
        self.by_token.push(Vec::new());
        token
    }

    /// Where the capture reached the node that has this address in the cluster, if elsewhere.
    pub fn reached(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.reached_at.get(address).into_iter().flatten()
    }

    pub fn fact(&self, line: &Line) -> &Fact {
        &self.facts[line.fact as usize]
    }
}

/// What views list, kept from one to the next so that each costs no more than its lines.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Of each id: the number of the last view that lists it, from 1.
    last: Vec<u32>,
    views: u32,
}

impl Listed {
    /// A server lists every master that it names; `CLUSTER REPLICAS` and a dump through `grep`
    /// do not.
    pub fn names_only_listed(&mut self, gathered: &Gathered, lines: &[Line]) -> bool {
        self.views += 1;
        self.last.resize(gathered.names.len(), 0);
        for line in lines {
            self.last[gathered.fact(line).token as usize] = self.views;
        }
        let mut masters = lines.iter().filter_map(|l| gathered.fact(l).master);
        masters.all(|m| self.last[m as usize] == self.views)
    }
}
