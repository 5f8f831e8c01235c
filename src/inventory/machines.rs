//! On which machines nodes run that announce one IP, as nodes behind NAT and in containers do.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::answers::Answers;
use crate::inventory::gathered::Gathered;
use crate::model::Address;
use crate::model::Membership;
use crate::model::Node;
use crate::model::NodeId;
use crate::text::Place;

/// What the capture knows of them beside the announced IP.
#[derive(Debug, Default)]
pub(super) struct Machines {
    /// The IP of its own, where several machines announce one.
    own: BTreeMap<NodeId, String>,
    /// Nodes that announce an IP with others, and nothing says whether from the same machine.
    pub unknown: Vec<NodeId>,
    pub notes: Vec<Diagnostic>,
}

impl Machines {
    /// Of the given nodes: those that no host map places.
    pub fn of<'a>(gathered: &Gathered, nodes: impl Iterator<Item = (NodeId, &'a Node)>) -> Self {
        let mut by_ip: BTreeMap<&str, Vec<(NodeId, &Address)>> = BTreeMap::new();
        for (id, node) in nodes.filter(|(_, n)| n.membership != Membership::Ghost) {
            if let Some(address) = &node.address {
                by_ip.entry(address.ip()).or_default().push((id, address));
            }
        }
        let mut machines = Self::default();
        for (ip, nodes) in by_ip.iter().filter(|(_, nodes)| nodes.len() > 1) {
            machines.part(gathered, ip, nodes);
        }
        machines.unknown.sort_unstable();
        machines
    }

    /// The IP of the node's machine, if it is not the announced one.
    pub fn ip(&self, node: NodeId) -> Option<&str> {
        self.own.get(&node).map(String::as_str)
    }

    fn part(&mut self, gathered: &Gathered, ip: &str, nodes: &[(NodeId, &Address)]) {
        let own: Vec<Option<String>> = nodes.iter().map(|(_, a)| own_ip(gathered, a)).collect();
        let distinct: BTreeSet<&String> = own.iter().flatten().collect();
        let announces = |(_, address): &&(NodeId, &Address)| {
            let config = gathered.answers.get(*address).map(|a| &a.config);
            config.and_then(|c| c.get("cluster-announce-ip")) == Some(&ip.to_owned())
        };
        // Without NAT they are just many nodes on one machine.
        if distinct.is_empty() && nodes.iter().filter(announces).count() == 0 {
            return;
        }
        let lost = nodes.iter().zip(&own).filter(|(_, own)| own.is_none());
        self.unknown.extend(lost.map(|((id, _), _)| *id));
        if distinct.len() < 2 {
            return;
        }
        let message = format!(
            "{} nodes announce {}, but were reached at, or listen on, {} IPs: those are taken for their hosts",
            nodes.len(),
            ip.escape_debug(),
            distinct.len()
        );
        let note = Diagnostic::new(Capture::HostsBehindOneIp, message)
            .help("if they are containers of one machine, name it in a host map");
        let place = nodes.iter().find_map(|(_, a)| first_file(gathered, a));
        self.notes.push(match place {
            Some(place) => note.at(place),
            None => note,
        });
        let known = nodes.iter().zip(own);
        self.own
            .extend(known.filter_map(|((id, _), own)| Some((*id, own?))));
    }
}

/// A file that shows where the node is.
fn first_file(gathered: &Gathered, address: &Address) -> Option<Place> {
    let of_view = |name: &Address| {
        let mut views = gathered.views.iter();
        let view = views.find(|v| v.named.as_ref() == Some(name))?;
        Some(view.path.clone())
    };
    let of_answer = || {
        let &file = gathered.answers.get(address)?.files.first()?;
        Some(gathered.files.get(file)?.path.as_str().into())
    };
    let path = gathered.reached(address).find_map(of_view);
    Some(Place {
        path: path.or_else(of_answer)?,
        line: 1,
        column: 1,
    })
}

/// Where the capture reached the node, if not at the announced IP; else the only IP that it
/// listens on.
fn own_ip(gathered: &Gathered, address: &Address) -> Option<String> {
    let elsewhere = |a: &&Address| !a.is_local() && a.ip() != address.ip();
    let reached = gathered.reached(address).find(elsewhere);
    reached.map(|a| a.ip().to_owned()).or_else(|| {
        let bound = bound(gathered.answers.get(address)?);
        let only = bound.len() == 1;
        bound
            .into_iter()
            .find(|_| only)
            .filter(|ip| ip != address.ip())
    })
}

/// The IPs that the server listens on, but those that every host has.
fn bound(answers: &Answers) -> BTreeSet<String> {
    let config = answers.config.get("bind").into_iter();
    let config = config.flat_map(|value| value.split_whitespace());
    let listeners = answers
        .info
        .iter()
        .filter(|(k, _)| k.starts_with("listener"));
    let listeners = listeners.flat_map(|(_, value)| value.split(','));
    let ips = config.chain(listeners.filter_map(|field| field.strip_prefix("bind=")));
    ips.filter_map(|ip| ip.trim_matches(['-', '"']).parse::<IpAddr>().ok())
        .filter(|ip| !ip.is_unspecified() && !ip.is_loopback())
        .map(|ip| ip.to_string())
        .collect()
}
