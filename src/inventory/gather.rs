//! Takes parsed files in and keeps what they say, compactly.
//!
//! A thousand views of a thousand nodes are a million lines, nearly all alike: a line is kept
//! as the number of a distinct fact.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::inventory::File;
use crate::inventory::conf::ConfRead;
use crate::model::Address;
use crate::model::Direction;
use crate::model::NodeName;
use crate::parallel;
use crate::parse::Authority;
use crate::parse::DiskRow;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::HomeRow;
use crate::parse::HostRow;
use crate::parse::MountRow;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::parse::Pair;
use crate::parse::Parsed;
use crate::parse::ProcessRow;
use crate::parse::Properties;
use crate::parse::Section;
use crate::parse::address_in_path;
use crate::source::Place;
use crate::source::Source;

/// Index of an id in [`Gathered::names`], in order of appearance.
pub(super) type Token = u32;

/// What one line says, without its clocks. Equal lines of many views share one.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub token: Token,
    pub ip: Arc<str>,
    pub port: u16,
    pub bus_port: Option<u16>,
    pub zone: Option<Arc<str>>,
    pub flags: Flags,
    pub master: Option<Token>,
    pub config_epoch: u64,
    pub connected: bool,
    pub slots: Vec<(u16, u16)>,
    pub open: Vec<(u16, Direction, Token)>,
}

impl Fact {
    pub fn address(&self) -> Option<Address> {
        Address::new(&self.ip, self.port).ok()
    }
}

/// One line of a view: which fact, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub fact: u32,
    pub line: u32,
    pub column: u32,
}

/// One dump.
#[derive(Debug)]
pub(super) struct View {
    pub path: Arc<str>,
    /// Index in [`Gathered::files`].
    pub file: usize,
    /// Its `myself` line, as an index into `lines`.
    pub myself: Option<usize>,
    pub lines: Vec<Line>,
    pub authority: Authority,
    /// The dump was cut off.
    pub incomplete: bool,
    /// Nothing shows that lines are missing, so who is not listed is not known there.
    pub whole: bool,
    /// The address that a header, a folder or a file name gives.
    pub named: Option<Address>,
    /// The newest pong of the dump: its clock, unix ms.
    pub clock: u64,
}

/// Answers of one node other than its view.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub info: BTreeMap<String, String>,
    pub config: BTreeMap<String, String>,
    pub info_place: Option<Place>,
    pub answered: bool,
    pub unreachable: Option<Place>,
    /// Key and value of `CLUSTER INFO`.
    pub cluster_info: BTreeMap<String, String>,
    pub cluster_info_place: Option<Place>,
    /// Other node and whether this node opened the link, of `CLUSTER LINKS`.
    pub links: Vec<(Token, bool)>,
    pub links_place: Option<Place>,
    /// The id that the node gives itself.
    pub my_id: Option<Token>,
    /// Unix ms by the node's own clock.
    pub clock: Option<u64>,
    pub files: Vec<usize>,
}

/// What one file says of one host.
#[derive(Clone, Debug)]
pub(super) struct HostFacts<Row> {
    pub path: Arc<str>,
    /// The host that a header names; else the path tells.
    pub host: Option<String>,
    pub rows: Vec<Row>,
}

/// Everything the files said.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub tokens: BTreeMap<NodeName, Token>,
    pub names: Vec<NodeName>,
    pub facts: Vec<Fact>,
    pub views: Vec<View>,
    /// The first hostname that any line gives for an id.
    pub hostnames: BTreeMap<Token, Arc<str>>,
    /// Files on disk with a fault.
    pub confs: Vec<ConfRead>,
    /// By address; answers without one are filed under their folder.
    pub answers: BTreeMap<Address, Answers>,
    pub nameless: BTreeMap<String, Answers>,
    pub hosts: Vec<(Arc<str>, HostRow)>,
    pub disks: Vec<(Arc<str>, DiskRow)>,
    pub homes: Vec<(Arc<str>, HomeRow)>,
    pub properties: Vec<Properties>,
    pub mounts: Vec<HostFacts<MountRow>>,
    pub processes: Vec<HostFacts<ProcessRow>>,
    pub files: Vec<File>,
    pub diagnostics: Vec<Diagnostic>,
    by_token: Vec<Vec<u32>>,
}

impl Gathered {
    /// Parses a batch on all cores and takes it in, in order.
    pub fn take_batch(&mut self, batch: &[Source]) {
        let parsed = parallel::map(batch, crate::parse::parse);
        for (source, parsed) in batch.iter().zip(parsed) {
            self.take(source, parsed);
        }
    }

    fn take(&mut self, source: &Source, parsed: Parsed) {
        let file = self.files.len();
        self.files.push(File {
            path: source.path.to_string(),
            dialect: parsed.sections.first().map(|s| s.dialect),
            view_of: None,
            sha256: source.sha256.clone(),
        });
        self.diagnostics.extend(parsed.diagnostics);
        let named = address_in_path(&source.path);
        for section in parsed.sections {
            self.take_section(source, file, named.as_ref(), section);
        }
    }

    fn take_section(
        &mut self,
        source: &Source,
        file: usize,
        named: Option<&Address>,
        section: Section,
    ) {
        let of = section.of.as_ref().or(named);
        let place = source.place(section.line, 1);
        match section.facts {
            Facts::Nodes(dump) => self.take_view(source, file, of, dump),
            Facts::Info(pairs) => {
                let answers = self.answers_of(of, &source.path, file);
                answers.answered = true;
                answers
                    .info_place
                    .get_or_insert(replication_place(source, &pairs).unwrap_or(place));
                answers
                    .info
                    .extend(pairs.iter().map(|p| (p.key.to_owned(), p.value.to_owned())));
            }
            Facts::Config(pairs) => {
                let answers = self.answers_of(of, &source.path, file);
                answers
                    .config
                    .extend(pairs.iter().map(|p| (p.key.to_owned(), p.value.to_owned())));
            }
            Facts::ClusterInfo(pairs) => {
                let answers = self.answers_of(of, &source.path, file);
                answers.answered = true;
                answers.cluster_info_place.get_or_insert(place);
                answers
                    .cluster_info
                    .extend(pairs.iter().map(|p| (p.key.to_owned(), p.value.to_owned())));
            }
            Facts::Pong => self.answers_of(of, &source.path, file).answered = true,
            Facts::Links(rows) => {
                let links: Vec<_> = rows
                    .iter()
                    .map(|row| (self.token(row.node), row.outbound))
                    .collect();
                let answers = self.answers_of(of, &source.path, file);
                answers.answered = true;
                answers.links = links;
                answers.links_place = Some(place);
            }
            Facts::MyId(id) => {
                let token = self.token(id);
                let answers = self.answers_of(of, &source.path, file);
                answers.answered = true;
                answers.my_id = Some(token);
            }
            Facts::Clock(clock) => {
                let answers = self.answers_of(of, &source.path, file);
                answers.answered = true;
                answers.clock = Some(clock);
            }
            Facts::Unreachable(_) => {
                self.answers_of(of, &source.path, file)
                    .unreachable
                    .get_or_insert(place);
            }
            Facts::HostMap(rows) => self
                .hosts
                .extend(rows.into_iter().map(|r| (source.path.clone(), r))),
            Facts::DiskMap(rows) => self
                .disks
                .extend(rows.into_iter().map(|r| (source.path.clone(), r))),
            Facts::HomeMap(rows) => self
                .homes
                .extend(rows.into_iter().map(|r| (source.path.clone(), r))),
            Facts::Properties(properties) => self.properties.push(properties),
            Facts::Mounts(rows) => self.mounts.push(HostFacts {
                path: source.path.clone(),
                host: section.host.map(str::to_owned),
                rows,
            }),
            Facts::Processes(rows) => self.processes.push(HostFacts {
                path: source.path.clone(),
                host: section.host.map(str::to_owned),
                rows,
            }),
        }
    }

    fn answers_of(&mut self, of: Option<&Address>, path: &str, file: usize) -> &mut Answers {
        let answers = match of {
            Some(address) => self.answers.entry(address.clone()).or_default(),
            None => self.nameless.entry(folder(path).to_owned()).or_default(),
        };
        answers.files.push(file);
        answers
    }

    fn take_view(
        &mut self,
        source: &Source,
        file: usize,
        named: Option<&Address>,
        mut dump: NodesDump,
    ) {
        if !dump.load_faults.is_empty() {
            self.confs.push(ConfRead {
                path: source.path.clone(),
                written_by: dump.written_by.take(),
                named: named.cloned(),
                faults: std::mem::take(&mut dump.load_faults),
            });
            if dump.lines.is_empty() {
                return;
            }
        }
        let mut lines = Vec::with_capacity(dump.lines.len());
        let mut myself = None;
        let mut clock = 0;
        for line in &dump.lines {
            clock = clock.max(line.pong_received);
            let is_myself = line.flags.has(Flags::MYSELF);
            if is_myself && myself.is_none() {
                myself = Some(lines.len());
            } else if is_myself {
                self.diagnostics.push(
                    Diagnostic::warning(
                        "capture/two-myself",
                        "a second `myself` line: two dumps in one; the first is taken for the owner",
                    )
                    .at(source.place(line.line, line.column)),
                );
            }
            let fact = self.fact_of(line);
            if let Some(hostname) = line.hostname {
                let token = self.facts[fact as usize].token;
                let known = self.hostnames.entry(token);
                known.or_insert_with(|| hostname.into());
            }
            lines.push(Line {
                fact,
                line: line.line,
                column: line.column,
            });
        }
        self.views.push(View {
            path: source.path.clone(),
            file,
            myself,
            whole: dump.unread == 0 && myself.is_some() && self.names_only_listed(&lines),
            lines,
            authority: dump.authority,
            incomplete: dump.incomplete,
            named: named.cloned(),
            clock,
        });
    }

    fn fact_of(&mut self, line: &NodeLine) -> u32 {
        let token = self.token(line.id);
        let known = |&&index: &&u32| {
            let fact = &self.facts[index as usize];
            // By name: looking the token up again costs more than all the rest.
            let master = fact.master.map(|m| self.names[m as usize].as_str());
            fact.flags == line.flags
                && fact.config_epoch == line.config_epoch
                && fact.connected == line.connected
                && master == line.master
                && fact.port == line.port
                && fact.bus_port == line.bus_port
                && &*fact.ip == line.ip
                && fact.slots == line.slots
                && fact.zone.as_deref() == line.zone
                && fact.open.len() == line.open.len()
                && fact.open.iter().zip(&line.open).all(|(a, b)| {
                    (a.0, a.1) == (b.slot, b.direction)
                        && self.names[a.2 as usize].as_str() == b.peer
                })
        };
        if let Some(&index) = self.by_token[token as usize].iter().find(known) {
            return index;
        }
        let master = line.master.map(|m| self.token(m));
        let open = line
            .open
            .iter()
            .map(|o| (o.slot, o.direction, self.token(o.peer)))
            .collect();
        let index = self.facts.len() as u32;
        self.facts.push(Fact {
            token,
            ip: line.ip.into(),
            port: line.port,
            bus_port: line.bus_port,
            zone: line.zone.map(Into::into),
            flags: line.flags,
            master,
            config_epoch: line.config_epoch,
            connected: line.connected,
            slots: line.slots.clone(),
            open,
        });
        self.by_token[token as usize].push(index);
        index
    }

    fn token(&mut self, text: &str) -> Token {
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

    /// A server lists every master that it names; `CLUSTER REPLICAS` and a dump through `grep`
    /// do not.
    fn names_only_listed(&self, lines: &[Line]) -> bool {
        let mut listed = vec![false; self.names.len()];
        for line in lines {
            listed[self.fact(line).token as usize] = true;
        }
        let mut masters = lines.iter().filter_map(|l| self.fact(l).master);
        masters.all(|m| listed[m as usize])
    }

    pub fn fact(&self, line: &Line) -> &Fact {
        &self.facts[line.fact as usize]
    }
}

fn replication_place(source: &Source, pairs: &[Pair]) -> Option<Place> {
    pairs
        .iter()
        .find(|p| p.key == "role")
        .map(|p| source.place(p.line, 1))
}

/// The folder part of a path; empty for a bare file name.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
