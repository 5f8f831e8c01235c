//! Shards with their copies, and hosts with their nodes.

use std::collections::BTreeMap;

use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::show::name;
use crate::render::show::shown;
use crate::render::style::Ink;
use crate::report::ShowReport;
use crate::report::ShownNode;
use crate::report::ShownRole;
use crate::report::ShownShard;
use crate::report::ShownSync;
use crate::rules::Code;
use crate::text::safe::width;
use crate::text::words::count;

/// The worst shard first; shards like the last one shown are counted.
pub(super) fn shards(page: &mut Page, report: &ShowReport) {
    let nodes = report.shards.iter().flat_map(|shard| &shard.copies);
    let columns = Columns::of(nodes.chain(&report.others));
    let (visible, hidden) = report.shards.split_at(shown(page, report.shards.len()));
    for shard in visible {
        let ink = match shard.worst {
            Some(severity) => Ink::of(severity),
            None => Ink::Good,
        };
        let slots = shard.name.split(',').count();
        let slots = match slots {
            1..=4 => shard.name.clone(),
            n => {
                let first: Vec<&str> = shard.name.split(',').take(3).collect();
                format!("{} and {} more ranges", first.join(","), n - 3)
            }
        };
        let size = match shard.size {
            0 => String::new(),
            size => format!("{} · ", count(size as usize, "slot")),
        };
        let copies = match shard.usable {
            0 => "no copy that lives".to_owned(),
            n => format!("{} of {} copies live and usable", n, shard.copies.len()),
        };
        let mut line = Line::new().put(Ink::Head, &slots);
        line = line.put(Ink::Dim, &format!("  {size}{copies}"));
        if !shard.codes.is_empty() {
            line = line.put(ink, &format!("  {}", Code::join(&shard.codes, " ")));
        }
        page.line(line);
        for copy in &shard.copies {
            node(page, copy, &columns, "");
        }
    }
    hidden_shards(page, hidden);
    if !report.others.is_empty() {
        page.line(Line::new().put(Ink::Head, "no shard"));
        let (visible, hidden) = report.others.split_at(shown(page, report.others.len()));
        for other in visible {
            node(page, other, &columns, "");
        }
        more(page, hidden.len(), "node");
    }
}

/// As many of one kind as there are: healthy ones are all alike.
fn hidden_shards(page: &mut Page, hidden: &[ShownShard]) {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for shard in hidden {
        let codes = match shard.codes.is_empty() {
            true => "nothing found".to_owned(),
            false => Code::join(&shard.codes, " "),
        };
        let kind = format!("with {} usable copies, {codes}", shard.usable);
        *kinds.entry(kind).or_default() += 1;
    }
    for (kind, times) in kinds {
        let text = format!("and {} {kind}; -v shows all", count(times, "shard"));
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
}

fn more(page: &mut Page, hidden: usize, noun: &str) {
    if hidden > 0 {
        let text = format!("and {}, all shown by -v", count(hidden, noun));
        page.wrapped(Line::new(), 2, Ink::Dim, &text);
    }
}

/// Hosts in the order of the capture, with the nodes on each; of many those with trouble first.
pub(super) fn hosts(page: &mut Page, report: &ShowReport) {
    let mut on: BTreeMap<Option<&str>, Vec<(&ShownNode, &str)>> = BTreeMap::new();
    for shard in &report.shards {
        for copy in &shard.copies {
            on.entry(copy.host.as_deref())
                .or_default()
                .push((copy, &shard.name));
        }
    }
    for other in &report.others {
        on.entry(other.host.as_deref())
            .or_default()
            .push((other, ""));
    }
    let nodes = report.shards.iter().flat_map(|shard| &shard.copies);
    let columns = Columns::of(nodes.chain(&report.others));
    let hosts = report.hosts.iter();
    let mut entries: Vec<(String, Option<&str>)> = hosts
        .map(|host| {
            let zone = host.zone.as_ref();
            let zone = zone.map_or(String::new(), |zone| format!(" · zone {zone}"));
            let dead = if host.live { "" } else { " · nobody lives" };
            (format!("{zone}{dead}"), Some(host.host.as_str()))
        })
        .collect();
    if on.contains_key(&None) {
        entries.push((" · no host known".to_owned(), None));
    }
    let troubled = |host: &Option<&str>| {
        let nodes = on.get(host).into_iter().flatten();
        nodes
            .filter(|(node, _)| !node.live || !node.codes.is_empty())
            .count()
    };
    let most = fitting(
        page,
        entries
            .iter()
            .map(|(_, host)| on.get(host).map_or(0, Vec::len)),
    );
    if entries.len() > most {
        entries.sort_by_key(|(_, host)| std::cmp::Reverse(troubled(host)));
    }
    let (visible, hidden) = entries.split_at(most);
    for (about, host) in visible {
        let mut nodes = on.get(host).cloned().unwrap_or_default();
        nodes.sort_by(|(a, _), (b, _)| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
        let of = |role| {
            nodes
                .iter()
                .filter(|(node, _)| node.role == role && node.live)
                .count()
        };
        let loads = format!(
            " · {}, {}",
            count(of(ShownRole::Master), "master"),
            count(of(ShownRole::Replica), "replica")
        );
        let line = Line::new().put(Ink::Head, host.unwrap_or("-"));
        page.line(line.put(Ink::Dim, &format!("{about}{loads}")));
        for (of, slots) in nodes {
            node(page, of, &columns, slots);
        }
    }
    more(page, hidden.len(), "host");
}

/// So many hosts that their nodes fill a few screens at most.
fn fitting(page: &Page, nodes: impl Iterator<Item = usize>) -> usize {
    const NODES: usize = 150;
    let counts: Vec<usize> = nodes.collect();
    let most = shown(page, counts.len());
    let mut sum = 0;
    let fits = counts.iter().take(most).take_while(|nodes| {
        sum += **nodes;
        page.look.verbose > 0 || sum <= NODES
    });
    fits.count().max(1).min(counts.len())
}

/// Where the columns of nodes stand.
struct Columns {
    role: usize,
    place: usize,
    state: usize,
}

impl Columns {
    fn of<'a>(nodes: impl Iterator<Item = &'a ShownNode> + Clone) -> Self {
        const WIDEST: usize = 40;
        let most = |f: fn(&ShownNode) -> String| {
            let widths = nodes.clone().map(|node| width(&f(node)));
            widths.max().unwrap_or(0).min(WIDEST)
        };
        let role = 4 + most(name) + 2;
        let place = role + "replica".len() + 2;
        Self {
            role,
            place,
            state: place + most(place_of) + 2,
        }
    }
}

fn place_of(node: &ShownNode) -> String {
    let parts = [&node.host, &node.zone, &node.disk];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(" ")
}

fn node(page: &mut Page, node: &ShownNode, columns: &Columns, slots: &str) {
    let ghost = node.role == ShownRole::Ghost;
    let (mark, ink) = match node.live || ghost {
        true if node.codes.is_empty() => ("", Ink::Plain),
        true => ("-", Ink::Warning),
        false => ("!", Ink::Error),
    };
    let role = match node.role {
        ShownRole::Master => "master",
        ShownRole::Replica => "replica",
        ShownRole::Spare => "spare",
        ShownRole::Ghost => "ghost",
    };
    let mut state: Vec<String> = Vec::new();
    if !slots.is_empty() {
        let of = if node.role == ShownRole::Replica {
            "of "
        } else {
            ""
        };
        let ranges = slots.split(',').count();
        let first = slots.split(',').next().unwrap_or_default();
        state.push(match ranges {
            1 => format!("{of}{slots}"),
            n => format!("{of}{first} and {} more ranges", n - 1),
        });
    }
    if !node.live && !ghost {
        state.push("dead".to_owned());
    } else if node.role == ShownRole::Replica || node.sync == ShownSync::NotAlive {
        state.push(sync(node.sync).to_owned());
    }
    if let Some(master) = &node.follows {
        state.push(format!("follows {master}"));
    }
    if !node.codes.is_empty() {
        state.push(Code::join(&node.codes, " "));
    }
    let line = Line::new()
        .at(2)
        .put(ink, mark)
        .at(4)
        .put(ink, &name(node))
        .at(columns.role)
        .put(Ink::Plain, role)
        .at(columns.place)
        .put(Ink::Dim, &place_of(node));
    let text = state.join(" · ");
    page.wrapped(line, columns.state, Ink::Plain, &text);
}

fn sync(sync: ShownSync) -> &'static str {
    match sync {
        ShownSync::InSync => "in sync",
        ShownSync::LinkDown => "link down",
        ShownSync::Syncing => "first sync runs",
        ShownSync::Never => "never synced",
        ShownSync::Disputed => "its master is disputed",
        ShownSync::Unknown => "sync not captured",
        ShownSync::Alive => "alive",
        ShownSync::NotAlive => "not alive",
    }
}
