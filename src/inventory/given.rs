//! Which answers were given with the views: only these show who lives and who is dead.
//!
//! A runbook keeps maps, settings and old answers beside the files of the night.

use crate::diagnostic::Capture;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::inventory::owners::first_line;
use crate::inventory::whose::owner;
use crate::inventory::paths::folder;
use crate::inventory::record::Token;
use crate::model::Millis;
use crate::model::Opinion;
use crate::parse::Flags;
use crate::parse::HostRow;
use crate::policy::HostEntry;
use crate::policy::HostPlace;
use crate::policy::Policy;

/// Answers that are further from the views than this were not given with them.
pub(super) const APART_MS: u64 = 60_000;

/// Of the files taken so far only hosts, disks, homes and settings count.
pub(super) fn keep_maps_only(gathered: &mut Gathered) {
    gathered.views.clear();
    gathered.processes.clear();
    for told in &mut gathered.told {
        told.said = Answers {
            config: std::mem::take(&mut told.said.config),
            started_with: std::mem::take(&mut told.said.started_with),
            files: std::mem::take(&mut told.said.files),
            ..Answers::default()
        };
        told.settings_line = None;
    }
}

/// The hosts of the policy are rows of a host map that stands before all others.
pub(super) fn take_hosts(gathered: &mut Gathered, policy: &Policy) {
    let row = |host: &HostEntry, place: &HostPlace| {
        let (ip, port) = match place {
            HostPlace::Ip(ip) => (ip.to_string(), None),
            HostPlace::Address(address) => (address.ip().to_owned(), Some(address.port())),
        };
        HostRow {
            line: host.at.line,
            host: host.name.clone(),
            ip,
            port,
            zone: host.zone.clone(),
            rack: host.rack.clone(),
            memory_bytes: host.memory_bytes,
            of_more: false,
        }
    };
    let hosts = policy.hosts.iter();
    let rows = hosts.flat_map(|host| {
        let rows = host.places.iter().map(move |place| row(host, place));
        rows.map(|row| (host.at.path.clone(), row))
    });
    gathered.hosts.splice(0..0, rows);
}

/// Leaves to every answer only what it proves: settings nothing, unless they stand below a view in
/// the same log; a note of a failed attempt among settings nothing; an answer of another time
/// nothing at all.
pub(super) fn settle(gathered: &mut Gathered, used: &[usize]) {
    let mut first_view: BTreeMap<usize, u32> = BTreeMap::new();
    let mut newest = 0;
    for view in used.iter().map(|&v| &gathered.views[v]) {
        let line = view.lines.first().map_or(0, |l| l.line);
        let first = first_view.entry(view.file).or_insert(line);
        *first = line.min(*first);
        newest = newest.max(view.clock);
    }
    let settings_only = files_of_settings(gathered);
    for told in &mut gathered.told {
        let below_a_view = |line: u32| first_view.get(&told.file).is_some_and(|&v| v < line);
        if told.settings_line.is_some_and(below_a_view) {
            told.said.answered = true;
        }
        if settings_only.contains(&told.file) {
            told.said.unreachable = None;
            told.said.refused = false;
        }
        let age = told
            .said
            .told_clock()
            .and_then(|clock| newest.checked_sub(clock));
        if let Some(age) = age.filter(|&age| told.said.answered && age > APART_MS) {
            told.said.answered = false;
            told.said.older = Some((told.place.clone(), Millis(age)));
        }
    }
}

/// Leaves out the view of a node that was taken before the others, if most of those flag the node
/// `fail`: it died since, and what it said then shows no state of now.
pub(super) fn drop_views_of_the_dead(
    gathered: &mut Gathered,
    used: &mut Vec<usize>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let newest = used.iter().map(|&v| gathered.views[v].clock).max();
    let Some(newest) = newest.filter(|&newest| newest > 0) else {
        return;
    };
    let age = |v: usize| newest - gathered.views[v].clock;
    let is_old = |v: usize| gathered.views[v].clock > 0 && age(v) > APART_MS;
    // Few are, and views are many.
    let failed = gathered.facts.iter().filter(|f| f.flags.has(Flags::FAILED));
    let failed: BTreeSet<Token> = failed.map(|fact| fact.token).collect();
    let died = |v: usize| {
        let owner = owner(gathered, &gathered.views[v]).filter(|id| failed.contains(id))?;
        (is_old(v) && opinion_of_later(gathered, used, v, owner).outvotes()).then_some(v)
    };
    let dropped: Vec<usize> = used.iter().filter_map(|&v| died(v)).collect();
    for &v in &dropped {
        let (view, age) = (&gathered.views[v], Millis(age(v)));
        let place = first_line(gathered, v);
        let message = format!(
            "this view was taken {age} before the others, and most of those flag its node `fail`: it is dead since, and the view was not used"
        );
        diagnostics.push(
            Diagnostic::new(Capture::ViewOfTheDead, message)
                .at(place.clone())
                .help("keep captures of different times in folders of their own"),
        );
        let (beside, named) = (folder(&view.spot).to_owned(), view.named.clone());
        for told in &mut gathered.told {
            let with_it = folder(&told.spot) == beside && told.named == named;
            if with_it && told.said.answered {
                told.said.answered = false;
                told.said.older = Some((told.place.clone(), age));
            }
        }
    }
    used.retain(|v| !dropped.contains(v));
}

/// What the views say of a node that were taken later than this one.
fn opinion_of_later(gathered: &Gathered, used: &[usize], view: usize, node: Token) -> Opinion {
    let after = gathered.views[view].clock.saturating_add(APART_MS);
    let mut opinion = Opinion::default();
    for later in used.iter().map(|&v| &gathered.views[v]) {
        if later.clock <= after {
            continue;
        }
        let mut facts = later.lines.iter().map(|line| gathered.fact(line));
        if let Some(fact) = facts.find(|fact| fact.token == node) {
            opinion.listed += 1;
            opinion.failed += u32::from(fact.flags.has(Flags::FAILED));
        }
    }
    opinion
}

/// Files in which nodes told settings and nothing else.
fn files_of_settings(gathered: &Gathered) -> BTreeSet<usize> {
    let mut settings = BTreeSet::new();
    let mut more: BTreeSet<usize> = gathered.views.iter().map(|view| view.file).collect();
    for told in &gathered.told {
        if told.settings_line.is_some() {
            settings.insert(told.file);
        }
        if told.said.answered {
            more.insert(told.file);
        }
    }
    settings.retain(|file| !more.contains(file));
    settings
}
