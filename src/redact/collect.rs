//! Every name in a capture, before any of them is renamed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::Address;
use crate::parse::Facts;
use crate::parse::FedbFacts;
use crate::parse::NodesDump;
use crate::parse::Parsed;
use crate::parse::Section;
use crate::parse::with_plain_ip;
use crate::redact::column;
use crate::redact::context::Scanner;
use crate::redact::path::Shape;
use crate::redact::token;
use crate::redact::token::Token;
use crate::redact::token::What;
use crate::redact::token::is_structure;
use crate::redact::words;

/// The names of a capture, each once.
#[derive(Default, Debug)]
pub(super) struct Found {
    pub ids: BTreeSet<String>,
    pub ips: BTreeSet<String>,
    /// Addresses that may end in a port.
    pub maybe: BTreeSet<String>,
    pub hosts: BTreeSet<String>,
    /// What folders and files are called, beside hosts.
    pub labels: BTreeSet<String>,
    /// Those of them that were a part of a longer name: they are renamed wherever they stand.
    pub parts: BTreeSet<String>,
    pub zones: BTreeSet<String>,
    pub users: BTreeSet<String>,
    pub secrets: BTreeSet<String>,
    /// Components of paths, without ports and extensions.
    pub stems: BTreeSet<String>,
}

impl Found {
    /// All names in a text; `scanner` is at its start.
    pub fn text(&mut self, text: &str, mut scanner: Scanner) {
        let mut tokens = Vec::new();
        for line in text.lines() {
            tokens.clear();
            scanner.line(line, &mut tokens);
            for token in &tokens {
                self.token(line, token);
            }
        }
    }

    /// The name that a captured file has.
    pub fn path(&mut self, path: &str) {
        let mut above = "";
        for component in path.split('/') {
            if names_a_host(above, component) {
                self.place(component);
            }
            above = component;
            self.inline(component);
            if let Some(plain) = with_plain_ip(component) {
                self.inline(&plain);
            }
            for name in words::names_in_label(component) {
                let hex = name.len() >= token::SHORT_ID && is_hex(name);
                if !hex && words::is_distinct(name) {
                    let parts = self.plain_parts(name);
                    self.labels.extend(parts);
                }
            }
        }
    }

    /// What the dialects know to be a name.
    pub fn facts(&mut self, parsed: &Parsed) {
        for section in &parsed.sections {
            self.section(section);
        }
    }

    fn section(&mut self, section: &Section) {
        if let Some(address) = &section.of {
            self.place(address.ip());
        }
        if let Some(host) = section.host {
            self.place(host);
        }
        match &section.facts {
            Facts::Nodes(dump) => self.dump(dump),
            Facts::HostMap(rows) => {
                for row in rows {
                    self.place(&row.host);
                    self.place(&row.ip);
                    self.zones.extend(row.zone.clone());
                }
            }
            Facts::DiskMap(rows) => {
                for row in rows {
                    row.host.iter().chain(&row.ip).for_each(|h| self.place(h));
                }
            }
            Facts::HomeMap(rows) => {
                for row in rows {
                    self.place(row.address.ip());
                    if let Some(master) = &row.master {
                        self.place(master.ip());
                    }
                }
            }
            Facts::Properties(properties) => {
                let masters = properties.master_hosts.iter();
                let hosts = masters.chain(&properties.replica_hosts);
                let legal = |h: &&String| words::is_host_name(h) || h.contains(':');
                hosts.filter(legal).for_each(|h| self.place(h));
            }
            Facts::Distribution(distribution) => {
                for row in &distribution.rows {
                    self.place(&row.host);
                    row.ip.iter().for_each(|ip| self.place(ip));
                }
            }
            Facts::HostIps(ips) => ips.iter().for_each(|ip| self.place(ip)),
            Facts::Fedb(facts) => self.fedb(facts),
            Facts::Nothing
            | Facts::ClusterInfo(_)
            | Facts::Info(_)
            | Facts::Config(_)
            | Facts::Unreachable(_)
            | Facts::Pong
            | Facts::Links(_)
            | Facts::SlotStats(_)
            | Facts::MyId(_)
            | Facts::Clock(_)
            | Facts::Rows(_)
            | Facts::Mounts(_)
            | Facts::Machine(_)
            | Facts::Processes(_) => {}
        }
    }

    /// Endpoints, which may be names, and tables.
    fn fedb(&mut self, facts: &FedbFacts) {
        let mut endpoint = |text: &str| match text.parse::<Address>() {
            Ok(address) => self.place(address.ip()),
            Err(_) => self.place(text),
        };
        match facts {
            FedbFacts::Tables(_, _, rows) => {
                rows.iter()
                    .filter_map(|r| r.endpoint.as_deref())
                    .for_each(&mut endpoint);
                rows.iter().for_each(|row| self.host(&row.table));
            }
            FedbFacts::Tablets(rows) => {
                for row in rows {
                    endpoint(&row.endpoint);
                    row.real_endpoint
                        .as_deref()
                        .into_iter()
                        .for_each(&mut endpoint);
                }
            }
            FedbFacts::NameServers(rows) => rows.iter().for_each(|row| endpoint(&row.endpoint)),
            FedbFacts::Ops(rows) => {
                rows.iter()
                    .filter_map(|r| r.table.as_deref())
                    .for_each(|table| self.host(table));
            }
            FedbFacts::Topic(rows) => rows.iter().for_each(|row| self.host(&row.table)),
            FedbFacts::AutoFailover(_) | FedbFacts::Status(_) | FedbFacts::Reply { .. } => {}
        }
    }

    fn dump(&mut self, dump: &NodesDump) {
        for line in &dump.lines {
            let peers = line.open.iter().map(|open| open.peer);
            let master = line.master.as_deref();
            for id in peers.chain(master).chain([&*line.id]) {
                // Where a server gives no ids, the address stands for one.
                if id.parse::<Address>().is_ok() {
                    continue;
                }
                let own = id.len() >= token::OWN_ID && is_hex(id);
                if !own && words::is_distinct(id) && !self.ids.contains(id) {
                    self.ids.insert(id.to_owned());
                }
            }
            self.place(line.ip);
            if let Some(name) = line.hostname {
                self.place(name);
            }
            if let Some(zone) = line.zone.filter(|z| !self.zones.contains(*z)) {
                self.zones.insert(zone.to_owned());
            }
        }
    }

    /// A name or an IP, where one of them must stand.
    fn place(&mut self, text: &str) {
        if self.ips.contains(text) || self.hosts.contains(text) || text.is_empty() {
            return;
        }
        match text.parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => {}
            Ok(_) => {
                self.ips.insert(text.to_owned());
            }
            Err(_) => match text.parse::<Address>() {
                Ok(address) if address.ip().parse::<IpAddr>().is_ok() => self.inline(text),
                _ => self.host(text),
            },
        }
    }

    fn host(&mut self, name: &str) {
        // The last is the name of a column beside `endpoint`.
        const STATES: [&str; 4] = ["localhost", "?", "-", "real_endpoint"];
        if STATES.contains(&name) || name.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        if self.hosts.contains(name) {
            return;
        }
        let parts = self.plain_parts(name);
        if words::is_qualified_name(name) {
            // Prompts show the first label alone.
            let first = name.split('.').next().unwrap_or(name);
            if words::is_distinct(first) && first.bytes().any(|b| !b.is_ascii_alphabetic()) {
                self.hosts.insert(first.to_owned());
            }
        }
        self.hosts.extend(parts);
    }

    /// A cell that is one name. Words of it stand elsewhere, too: in the names of files.
    fn cell(&mut self, text: &str) {
        let name = column::said(text);
        if name == "localhost" {
            return;
        }
        if words::is_host_name(&name) {
            self.host(&name);
        } else {
            for word in words::names_in_label(&name).filter(|word| words::is_distinct(word)) {
                let parts = self.plain_parts(word);
                self.parts.extend(parts.iter().cloned());
                self.labels.extend(parts);
            }
        }
        self.hosts.insert(name.into_owned());
    }

    /// The name itself; of `acme-10.0.0.1` only `acme`, as the address goes with the others.
    fn plain_parts(&mut self, name: &str) -> Vec<String> {
        let mut inner = Vec::new();
        token::find(name, 0..name.len(), &mut inner);
        inner.retain(is_structure);
        if inner.is_empty() {
            return vec![name.to_owned()];
        }
        self.inline(name);
        let mut parts = Vec::new();
        let mut at = 0;
        let end = name.len()..name.len();
        for range in inner.into_iter().map(|t| t.range).chain([end]) {
            let rest = name.get(at..range.start).unwrap_or("");
            let names = words::names_in_label(rest).filter(|p| words::is_distinct(p));
            parts.extend(names.map(str::to_owned));
            at = range.end;
        }
        parts
    }

    /// Ids and addresses, told by their shape.
    fn inline(&mut self, text: &str) {
        let mut tokens = Vec::new();
        token::find(text, 0..text.len(), &mut tokens);
        for token in tokens.iter().filter(|t| t.what != What::Host) {
            self.token(text, token);
        }
    }

    fn token(&mut self, line: &str, token: &Token) {
        let text = &line[token.range.clone()];
        let set = match token.what {
            What::Hex if is_own_id(text) => &mut self.ids,
            What::Ip => &mut self.ips,
            What::IpAndMaybePort => &mut self.maybe,
            What::Host => return self.host(text),
            What::HostCell => return self.cell(text),
            What::ZoneCell => {
                self.zones.insert(column::said(text).into_owned());
                return;
            }
            What::Zone => &mut self.zones,
            What::User => &mut self.users,
            What::Secret => &mut self.secrets,
            What::Component => {
                let shape = Shape::of(text);
                for piece in &shape.pieces {
                    self.token(text, piece);
                }
                return self.stems.extend(shape.stem);
            }
            What::Hex | What::Zeros | What::Kept | What::Hidden => return,
        };
        // Nearly every name was seen before.
        if !set.contains(text) {
            set.insert(text.to_owned());
        }
    }

    /// Takes over what another file names.
    pub fn merge(&mut self, other: Self) {
        let Self {
            ids,
            ips,
            maybe,
            hosts,
            labels,
            parts,
            zones,
            users,
            secrets,
            stems,
        } = other;
        self.parts.extend(parts);
        self.labels.extend(labels);
        self.ids.extend(ids);
        self.ips.extend(ips);
        self.maybe.extend(maybe);
        self.hosts.extend(hosts);
        self.zones.extend(zones);
        self.users.extend(users);
        self.secrets.extend(secrets);
        self.stems.extend(stems);
    }

    /// Decides what only the whole capture tells.
    pub fn settle(&mut self) {
        for text in std::mem::take(&mut self.maybe) {
            let front = text.rsplit_once(':').map_or("", |(front, _)| front);
            if !self.ips.contains(front) {
                self.ips.insert(text);
            }
        }
        // The beginning of an id is renamed to the beginning of its new one.
        let mut next: Option<String> = None;
        for id in std::mem::take(&mut self.ids).into_iter().rev() {
            if next.as_ref().is_none_or(|next| !next.starts_with(&id)) {
                self.ids.insert(id.clone());
            }
            next = Some(id);
        }
        let hosts = &self.hosts;
        self.labels.retain(|label| !hosts.contains(label));
        self.ids.retain(|id| !hosts.contains(id));
        self.users.retain(|user| !hosts.contains(user));
        self.secrets.retain(|secret| !hosts.contains(secret));
    }
}

/// True for the folder of one host's facts: `hosts/vm`.
pub(super) fn names_a_host(above: &str, component: &str) -> bool {
    let (_, extension) = words::split_extension(component);
    // Whatever it is called: here it can be nothing else.
    above == "hosts" && extension.is_empty() && component.contains(char::is_alphabetic)
}

/// Hex digits that are an id by their length, and not just a number.
fn is_own_id(text: &str) -> bool {
    const USUAL: [usize; 2] = [40, 64];
    let number = text.bytes().all(|b| b.is_ascii_digit());
    let nothing = text.bytes().all(|b| b == b'0');
    text.len() >= token::OWN_ID && !nothing && (!number || USUAL.contains(&text.len()))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}
