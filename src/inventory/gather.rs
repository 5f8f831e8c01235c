//! Takes parsed files in and keeps what they say, compactly.
//!
//! A thousand views of a thousand nodes are a million lines, nearly all alike: a line is kept
//! as the number of a distinct fact.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::File;
use crate::inventory::dumps::Before;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::Conf;
use crate::inventory::record::HostFacts;
use crate::inventory::record::Said;
use crate::inventory::record::StartedWith;
use crate::inventory::values;
use crate::inventory::vitals;
use crate::model::Address;
use crate::parallel;
use crate::parse::Doubt;
use crate::parse::Facts;
use crate::parse::Pair;
use crate::parse::Parsed;
use crate::parse::PartsLog;
use crate::parse::Section;
use crate::parse::address_in_path;
use crate::parse::is_refusal;
use crate::parse::port_in_name;
use crate::text::Place;
use crate::text::Source;

impl Gathered {
    /// Parses a batch on all cores and takes it in, in order.
    pub fn take_batch(&mut self, batch: &[Source]) {
        let parts = parallel::map(batch, crate::parse::unwrap);
        // A file that wraps answers is read as those; any other as itself.
        let sources: Vec<(&Source, &Source)> = batch
            .iter()
            .zip(&parts)
            .flat_map(|(file, parts)| {
                let whole = parts.is_empty().then_some(file);
                let all = whole.into_iter().chain(parts);
                all.map(move |source| (file, source))
            })
            .collect();
        let parsed = parallel::map(&sources, |&(file, source)| {
            let parsed = crate::parse::parse_part(file, source);
            let before = parsed.sections.iter().map(|s| self.before(&s.facts));
            let before: Vec<Before> = before.collect();
            (parsed, before)
        });
        let mut of_parts = PartsLog::default();
        for ((_, source), (mut parsed, before)) in sources.into_iter().zip(parsed) {
            if source.inside.is_some() {
                parsed.diagnostics = of_parts.take(&source.path, parsed.diagnostics);
            }
            self.take(source, parsed, before);
        }
        self.diagnostics.extend(of_parts.finish());
    }

    pub fn take(&mut self, source: &Source, parsed: Parsed, before: Vec<Before>) {
        let known = self.files.len();
        let file = self.file_of(source, &parsed);
        // Once for a file, however many answers are wrapped in it.
        for note in source.notes.iter().filter(|_| file == known) {
            let note = Diagnostic::new(Capture::Encoding, note).at(source.place(1, 1));
            self.diagnostics.push(note);
        }
        self.diagnostics.extend(parsed.diagnostics);
        let inside = source.inside.as_ref().and_then(|inside| inside.of.clone());
        let named = inside.or_else(|| address_in_path(&source.path));
        for (section, before) in parsed.sections.into_iter().zip(before) {
            self.take_section(source, file, named.as_ref(), section, &before);
        }
    }

    /// One entry for each file, however many answers are wrapped in it.
    fn file_of(&mut self, source: &Source, parsed: &Parsed) -> usize {
        let dialect = parsed.sections.first().map(|s| s.dialect);
        if source.inside.is_some()
            && let Some(last) = self.files.last_mut()
            && last.path == *source.path
        {
            last.dialect = last.dialect.or(dialect);
            return self.files.len() - 1;
        }
        self.files.push(File {
            path: source.path.to_string(),
            dialect,
            view_of: None,
            sha256: source.sha256.clone(),
        });
        self.files.len() - 1
    }

    fn take_section(
        &mut self,
        source: &Source,
        file: usize,
        named: Option<&Address>,
        section: Section,
        before: &Before,
    ) {
        let named = named.filter(|_| section.doubt != Doubt::Everywhere);
        let of = nearest(section.of.as_ref(), named);
        let place = source.place(section.line, 1);
        let around = source.inside.as_ref().and_then(|i| i.host.clone());
        let host = section.host.map(str::to_owned).or(around);
        let spot: Arc<str> = match &host {
            Some(host) => format!("{}/{host}", source.path).into(),
            None => source.path.clone(),
        };
        // Who asked one node on a host asked on that host.
        let host = host.or_else(|| section.of.as_ref().map(|of| of.ip().to_owned()));
        // Views around it in its file or folder say nothing of it.
        let spot: Arc<str> = match (&section.facts, section.doubt) {
            (Facts::Nodes(_), _) | (_, Doubt::None) => spot,
            (_, Doubt::InFile) => format!("{spot}/?").into(),
            (_, Doubt::Everywhere) => "?/?".into(),
        };
        match section.facts {
            Facts::Nodes(dump) => self.take_view(source, file, &spot, of, dump, before),
            Facts::Info(pairs) => {
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                watch(source, &pairs, &mut answers.watched);
                answers
                    .info_place
                    .get_or_insert(replication_place(source, &pairs).unwrap_or(place));
                answers.info.extend(
                    pairs
                        .iter()
                        .map(|p| (values::info_key(p), p.value.to_string())),
                );
            }
            Facts::Config(pairs) if section.dialect == "redis-conf" => {
                self.take_conf(source, file, &spot, (of, host), &pairs);
            }
            Facts::Config(pairs) => {
                let line = place.line;
                let answers = self.answers_of(of, &spot, file, &place);
                watch(source, &pairs, &mut answers.watched);
                answers.config.extend(
                    pairs
                        .iter()
                        .map(|p| (p.key.to_owned(), p.value.to_string())),
                );
                let told = self.told_of(of, &spot, file, &place);
                told.settings_line = told.settings_line.max(Some(line));
            }
            Facts::ClusterInfo(pairs) => {
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                answers.cluster_info_place.get_or_insert(place);
                answers.see_epoch(&pairs);
                answers.cluster_info.extend(
                    pairs
                        .iter()
                        .map(|p| (p.key.to_owned(), p.value.to_string())),
                );
            }
            Facts::Pong => self.answers_of(of, &spot, file, &place).answered = true,
            Facts::Links(rows) => {
                let links: Vec<_> = rows
                    .iter()
                    .map(|row| (self.token(row.node), row.outbound))
                    .collect();
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                answers.links = links;
                answers.links_place = Some(place);
            }
            Facts::SlotStats(rows) => {
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                answers.slot_rows = rows;
            }
            Facts::MyId(id) => {
                let token = self.token(id);
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                answers.my_id = Some(token);
            }
            Facts::Clock(clock) => {
                let answers = self.answers_of(of, &spot, file, &place);
                answers.answered = true;
                answers.clock = Some(clock);
            }
            Facts::Unreachable(how) => {
                let answers = self.answers_of(of, &spot, file, &place);
                answers.refused |= is_refusal(how);
                answers.unreachable.get_or_insert(place);
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
            Facts::Properties(properties) => {
                self.properties.push((source.path.clone(), properties));
            }
            Facts::Distribution(table) => self.distributions.push((source.path.clone(), table)),
            Facts::Rows(rows) => self.rowcount = Some(rows),
            // No more than that its node runs, and nothing is lost where nobody says which.
            Facts::Nothing if section.dialect == "not-needed" => {
                self.told_of(of, &spot, file, &place).said.answered = true;
            }
            Facts::Nothing => {}
            Facts::Fedb(facts) => {
                let lines = facts.lines();
                self.fedb.push(Said {
                    path: source.path.clone(),
                    rows: lines.iter().map(|&line| source.place(line, 1)).collect(),
                    facts,
                    place,
                });
            }
            Facts::HostIps(rows) => self.host_ips.push(HostFacts {
                path: source.path.clone(),
                host,
                rows,
            }),
            Facts::Mounts(rows) => self.mounts.push(HostFacts {
                path: source.path.clone(),
                host,
                rows,
            }),
            Facts::Machine(rows) => self.machines.push(HostFacts {
                path: source.path.clone(),
                host,
                rows,
            }),
            Facts::Processes(rows) => self.processes.push(HostFacts {
                path: source.path.clone(),
                host,
                rows,
            }),
        }
    }

    /// What a server is started with counts where it does not say itself what it runs with.
    fn take_conf(
        &mut self,
        source: &Source,
        file: usize,
        spot: &str,
        (of, host): (Option<&Address>, Option<String>),
        pairs: &[Pair],
    ) {
        let line = pairs.first().map_or(1, |p| p.line);
        let place = source.place(line, 1);
        let config: BTreeMap<String, String> = pairs
            .iter()
            // From where it is started nobody knows.
            .filter(|p| p.key != "dir" || p.value.starts_with('/'))
            .map(|p| (p.key.to_owned(), p.value.to_string()))
            .collect();
        let port = config.get("port").and_then(|port| port.parse().ok());
        let in_name = || port_in_name(source.path.rsplit('/').next()?);
        let port = port.or_else(in_name).filter(|&p| p != 0);
        let by_ip = || {
            let mut parts = source.path.rsplit('/');
            let ip = parts.find(|part| part.parse::<std::net::IpAddr>().is_ok())?;
            Address::new(ip, port?).ok()
        };
        let address = of.cloned().or_else(by_ip);
        self.starts.push(HostFacts {
            path: source.path.clone(),
            host: host
                .clone()
                .or_else(|| Some(address.as_ref()?.ip().to_owned())),
            rows: vec![StartedWith::of(port, address.clone(), pairs)],
        });
        if let Some(address) = address {
            let answers = self.answers_of(Some(&address), spot, file, &place);
            watch(source, pairs, &mut answers.set_out);
            answers.started_with.extend(config);
            return;
        }
        match port {
            Some(port) => self.confs.push(HostFacts {
                path: source.path.clone(),
                host,
                rows: vec![Conf { port, config }],
            }),
            None => self.diagnostics.push(
                Diagnostic::new(
                    Capture::AnswerOfUnknownNode,
                    "neither this file nor its name says which port it is for; it was not used",
                )
                .at(place),
            ),
        }
    }
}

/// What the node is called: by the header, unless that names this host and the path names it
/// better.
fn nearest<'a>(header: Option<&'a Address>, path: Option<&'a Address>) -> Option<&'a Address> {
    match (header, path) {
        (Some(header), Some(path)) if header.is_local() && header.port() == path.port() => {
            Some(path)
        }
        _ => header.or(path),
    }
}

/// Keeps what rules of health read; the first answer counts.
fn watch(source: &Source, pairs: &[Pair], into: &mut BTreeMap<&'static str, (String, Place)>) {
    for (key, pair) in vitals::watched(pairs) {
        let place = || source.place(pair.line, 1);
        into.entry(key)
            .or_insert_with(|| (pair.value.to_string(), place()));
    }
}

fn replication_place(source: &Source, pairs: &[Pair]) -> Option<Place> {
    pairs
        .iter()
        .find(|p| p.key == "role")
        .map(|p| source.place(p.line, 1))
}
