//! From the text of a policy file to what is wanted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::model::Address;
use crate::model::Domain;
use crate::policy::Budgets;
use crate::policy::Codes;
use crate::policy::Home;
use crate::policy::HomeRole;
use crate::policy::HostEntry;
use crate::policy::HostPlace;
use crate::policy::Masters;
use crate::policy::Policy;
use crate::policy::Replicas;
use crate::policy::RuleCode;
use crate::policy::RuleLevel;
use crate::policy::Thresholds;
use crate::policy::Tolerance;
use crate::policy::ZoneEntry;
use crate::policy::entries::Down;
use crate::policy::entries::Ignore;
use crate::policy::entries::IgnoredSubject;
use crate::policy::entries::Pin;
use crate::policy::goals;
use crate::policy::keys::FILE;
use crate::policy::keys::FORKS;
use crate::policy::keys::Key;
use crate::policy::keys::Kind;
use crate::policy::keys::SOMAXCONN;
use crate::policy::keys::find;
use crate::policy::reader::Fields;
use crate::policy::reader::Given;
use crate::policy::reader::Number;
use crate::policy::reader::Reader;
use crate::text::Source;
use crate::text::quote::quote;

const ROLES: &[(&str, HomeRole)] = &[
    ("master", HomeRole::Master),
    ("replica", HomeRole::Replica),
    ("primary", HomeRole::Master),
    ("slave", HomeRole::Replica),
];

/// All that the file says, or all that is wrong with it, in the order of the file.
pub(super) fn read(source: &Source, codes: &Codes) -> Result<Policy, Vec<Diagnostic>> {
    let mut reader = Reader::new(source, codes);
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        reader.wrong(&span, error.message().replace('\n', "; "), None);
    }
    let mut policy = Policy::default();
    // What could not be read as TOML leaves holes that would only be said again as missing keys.
    if errors.is_empty() {
        let top = reader.fields(document.get_ref(), 0..0, FILE, "a policy");
        policy = Policy {
            replicas: replicas(&mut reader, &top),
            tolerance: reader.word(&top, "tolerance", Tolerance::WORDS),
            levels: levels(&mut reader, &top),
            hosts: hosts(&mut reader, &top),
            zones: zones(&mut reader, &top),
            home: home(&mut reader, &top),
            pins: pins(&mut reader, &top),
            drains: goals::places(&mut reader, &top, "drain"),
            standing: goals::read(&mut reader, &top),
            down: down(&mut reader, &top),
            ignores: ignores(&mut reader, &top),
            budgets: budgets(&mut reader, &top),
            now_ms: None,
            thresholds: thresholds(&mut reader, &top),
        };
    }
    let mut mistakes = reader.mistakes;
    if mistakes.is_empty() {
        return Ok(policy);
    }
    let at = |d: &Diagnostic| d.place.as_ref().map(|p| (p.line, p.column));
    mistakes.sort_by_key(at);
    Err(mistakes)
}

/// The keys of a table of the file.
pub(super) fn keys(name: &str) -> &'static [Key] {
    let kind = find(FILE, name).map(|key| &key.kind);
    if let Some(Kind::Section(keys) | Kind::Entries(keys)) = kind {
        keys
    } else {
        &[]
    }
}

pub(super) fn entries<'a>(reader: &mut Reader<'a>, top: &Fields<'a>, name: &'static str) -> Vec<Fields<'a>> {
    reader.entries(top, name, keys(name))
}

fn replicas<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Replicas {
    match reader.number(top, "replicas", (0, 100), Some("auto")) {
        Some(Number::Of(count)) => Replicas::Exactly(count),
        Some(Number::Word) | None => Replicas::Auto,
    }
}

fn levels<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> BTreeMap<RuleCode, RuleLevel> {
    let mut levels = BTreeMap::new();
    for (name, level) in reader.open_section(top, "rules") {
        let code = reader.code(&name);
        let level = reader.one_of(&name.value, &level, RuleLevel::WORDS);
        let (Some(code), Some(level)) = (code, level) else {
            continue;
        };
        if levels.insert(code, level).is_some() {
            let message = format!("{} is given two levels, by code and by name", code.0);
            reader.wrong(&name.span, message, Some("delete one".to_owned()));
        }
    }
    levels
}

fn thresholds<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Thresholds {
    let mut limits = Thresholds::default();
    let Some(section) = reader.section(top, "limits", keys("limits")) else {
        return limits;
    };
    for (name, limit) in [
        ("views_apart", &mut limits.views_apart_ms),
        ("stale_heir", &mut limits.stale_heir_ms),
        ("lag", &mut limits.lag_ms),
        ("backlog", &mut limits.backlog_ms),
    ] {
        if let Some(ms) = reader.span(&section, name) {
            *limit = ms;
        }
    }
    for (name, limit) in [
        ("disk_error", &mut limits.disk_error_percent),
        ("disk_warning", &mut limits.disk_warning_percent),
        ("memory", &mut limits.memory_warning_percent),
        ("host_memory", &mut limits.host_memory_percent),
    ] {
        if let Some(percent) = reader.percent(&section, name) {
            *limit = percent;
        }
    }
    if let Some(Number::Of(forks)) = reader.number(&section, "forks", FORKS, None) {
        limits.forks = forks;
    }
    if let Some(Number::Of(length)) = reader.number(&section, "somaxconn", SOMAXCONN, None) {
        limits.somaxconn = length.into();
    }
    limits
}

fn budgets<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Budgets {
    let Some(section) = reader.section(top, "budgets", keys("budgets")) else {
        return Budgets::default();
    };
    let at = Some(reader.place(section.span.start));
    let mut number = |name| match reader.number(&section, name, (1, 1000), None) {
        Some(Number::Of(count)) => Some(count),
        Some(Number::Word) | None => None,
    };
    Budgets {
        syncs: number("syncs"),
        syncs_per_host: number("syncs_per_host"),
        syncs_per_disk: number("syncs_per_disk"),
        syncs_per_zone: number("syncs_per_zone"),
        at,
    }
}

fn hosts<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<HostEntry> {
    let mut hosts = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in entries(reader, top, "host") {
        let name = reader.text(&entry, "name");
        let mut places = Vec::new();
        for given in reader.texts(&entry, "ip") {
            let Some(place) = host_place(reader, &given) else {
                continue;
            };
            let key = match &place {
                HostPlace::Ip(ip) => ip.to_string(),
                HostPlace::Address(address) => address.to_string(),
            };
            if !seen.insert(key) {
                let message = format!("{} is on two hosts", quote(&given.value));
                reader.wrong(&given.span, message, None);
            }
            places.push(place);
        }
        let zone = reader.text(&entry, "zone").map(|z| z.value);
        let rack = reader.text(&entry, "rack").map(|r| r.value);
        let memory_bytes = reader.bytes(&entry, "memory");
        if let Some(name) = name {
            hosts.push(HostEntry {
                name: name.value,
                places,
                zone,
                rack,
                memory_bytes,
                at: reader.place(entry.span.start),
            });
        }
    }
    hosts
}

fn host_place(reader: &mut Reader, given: &Given<String>) -> Option<HostPlace> {
    if let Ok(ip) = given.value.parse::<IpAddr>() {
        return Some(HostPlace::Ip(ip));
    }
    if let Ok(address) = given.value.parse::<Address>() {
        return Some(HostPlace::Address(address));
    }
    let message = format!("{} is neither an IP nor `ip:port`", quote(&given.value));
    let network = given.value.parse::<IpNet>().is_ok();
    let help = network.then(|| "a network is a `[[zone]]`, not a host".to_owned());
    reader.wrong(&given.span, message, help);
    None
}

fn zones<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<ZoneEntry> {
    let mut zones: Vec<ZoneEntry> = Vec::new();
    let mut networks: BTreeMap<IpNet, String> = BTreeMap::new();
    for entry in entries(reader, top, "zone") {
        let name = reader.text(&entry, "name");
        let mut own = Vec::new();
        for given in reader.texts(&entry, "cidr") {
            let Some(network) = network(reader, &given) else {
                continue;
            };
            let zone = name.as_ref().map_or(String::new(), |n| n.value.clone());
            if let Some(other) = networks.insert(network, zone) {
                let message = format!("{network} is in zone {} already", quote(&other));
                reader.wrong(&given.span, message, None);
            }
            own.push(network);
        }
        let masters = reader.word(&entry, "masters", Masters::WORDS);
        let Some(name) = name else {
            continue;
        };
        if zones.iter().any(|zone| zone.name == name.value) {
            let message = format!("zone {} has two entries", quote(&name.value));
            let help = "`cidr` takes a list".to_owned();
            reader.wrong(&name.span, message, Some(help));
            continue;
        }
        zones.push(ZoneEntry {
            name: name.value,
            networks: own,
            masters: masters.unwrap_or_default(),
            at: reader.place(entry.span.start),
        });
    }
    zones
}

fn network(reader: &mut Reader, given: &Given<String>) -> Option<IpNet> {
    let parsed = given.value.parse::<IpNet>();
    let alone = || given.value.parse::<IpAddr>().map(IpNet::from);
    let Ok(network) = parsed.or_else(|_| alone()) else {
        let message = format!("{} is no network", quote(&given.value));
        let help = "write it as `10.1.0.0/16` or `fd00:1::/32`".to_owned();
        reader.wrong(&given.span, message, Some(help));
        return None;
    };
    if network.trunc() != network {
        let message = format!("{} has bits behind its prefix", quote(&given.value));
        let help = format!("did you mean `{}`?", network.trunc());
        reader.wrong(&given.span, message, Some(help));
        return None;
    }
    Some(network)
}

fn home<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> BTreeMap<Address, Home> {
    let mut home = BTreeMap::new();
    for entry in entries(reader, top, "home") {
        let (address, role, master) = role(reader, &entry);
        let (Some(address), Some(role)) = (address, role) else {
            continue;
        };
        if home
            .insert(address.value.clone(), Home { role, master })
            .is_some()
        {
            let message = format!("`{}` has two home entries", address.value);
            reader.wrong(&address.span, message, None);
        }
    }
    home
}

fn pins<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<Pin> {
    let mut pins: Vec<Pin> = Vec::new();
    for entry in entries(reader, top, "pin") {
        let (address, role, master) = role(reader, &entry);
        let (Some(address), Some(role)) = (address, role) else {
            continue;
        };
        if pins.iter().any(|pin| pin.address == address.value) {
            let message = format!("`{}` is pinned twice", address.value);
            reader.wrong(&address.span, message, None);
        }
        pins.push(Pin {
            address: address.value,
            role,
            master,
            at: reader.place(entry.span.start),
        });
    }
    pins
}

type Role = (Option<Given<Address>>, Option<HomeRole>, Option<Address>);

/// The `address`, `role` and `master` of an entry.
fn role<'a>(reader: &mut Reader<'a>, entry: &Fields<'a>) -> Role {
    let address = reader.parsed::<Address>(entry, "address");
    let role = reader.word(entry, "role", ROLES);
    let master = reader.parsed::<Address>(entry, "master");
    if let (Some(HomeRole::Master), Some(master)) = (role, &master) {
        let message = "a master has no master".to_owned();
        reader.wrong(&master.span, message, Some("delete `master`".to_owned()));
    }
    if let (Some(own), Some(master)) = (&address, &master)
        && own.value == master.value
    {
        let message = format!("`{}` is to be a replica of itself", own.value);
        reader.wrong(&master.span, message, None);
    }
    (address, role, master.map(|m| m.value))
}

fn down<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<Down> {
    let mut down = Vec::new();
    for entry in entries(reader, top, "down") {
        let domain = reader.parsed::<Domain>(&entry, "domain");
        let until = reader.until(&entry, "until");
        let reason = reader.text(&entry, "reason").map(|r| r.value);
        down.extend(domain.map(|domain| Down {
            domain: domain.value,
            until,
            reason,
            at: reader.place(entry.span.start),
        }));
    }
    down
}

fn ignores<'a>(reader: &mut Reader<'a>, top: &Fields<'a>) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    for entry in entries(reader, top, "ignore") {
        let code = reader.text(&entry, "code");
        let code = code.and_then(|code| reader.code(&code));
        let subject = reader.text(&entry, "subject").map(|s| s.value);
        let reason = reader.text(&entry, "reason");
        let until = reader.until(&entry, "until");
        let (Some(code), Some(reason)) = (code, reason) else {
            continue;
        };
        let subject = subject.map(|text| match text.parse::<Domain>() {
            Ok(domain) => IgnoredSubject::In(domain),
            Err(_) => IgnoredSubject::Named(text),
        });
        ignores.push(Ignore {
            code,
            subject,
            reason: reason.value,
            until,
            at: reader.place(entry.span.start),
        });
    }
    ignores
}
