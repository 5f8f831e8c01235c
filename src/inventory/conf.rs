//! Files on the nodes' disks with which a server would not start as the node that it was.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::inventory::gathered::Gathered;
use crate::inventory::whose::owner;
use crate::inventory::paths::folder;
use crate::inventory::record::Line;
use crate::inventory::record::Token;
use crate::inventory::record::View;
use crate::inventory::whose::Whose;
use crate::model::Address;
use crate::model::Cluster;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Server;
use crate::parse::Authority;
use crate::parse::LoadFault;
use crate::parse::Loader;
use crate::text::Place;

pub use crate::parse::Fault;
pub use crate::parse::Outcome;

/// A `nodes.conf` that a server would not take as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfFile {
    pub path: Arc<str>,
    /// Whose file it is; `None` where nothing says so.
    pub owner: Option<NodeId>,
    /// The capture holds an answer of the process that owns it.
    pub runs: bool,
    /// At least one, in the order of the file.
    pub faults: Vec<ConfFault>,
}

/// One fault of a `nodes.conf`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfFault {
    pub place: Place,
    pub fault: Fault,
    /// What the captured server makes of it; never [`Outcome::Loads`].
    pub outcome: Outcome,
    /// Goes on from the line, or from the file (see [`Fault::is_of_line`]): `is empty`.
    pub what: String,
}

impl ConfFile {
    /// What becomes of a server that starts with it.
    pub fn outcome(&self) -> Outcome {
        let outcomes = self.faults.iter().map(|f| f.outcome);
        outcomes.max().unwrap_or(Outcome::Loads)
    }
}

/// The files that the captured server would not take as they are.
pub(super) fn judge(gathered: &Gathered, whose: &Whose, cluster: &Cluster) -> Vec<ConfFile> {
    let loader = loader(&cluster.server);
    let by_name: BTreeMap<&str, NodeId> = cluster
        .iter()
        .map(|(id, node)| (node.name.as_str(), id))
        .collect();
    let by_address: BTreeMap<&Address, NodeId> = cluster
        .iter()
        .filter_map(|(id, node)| Some((node.address.as_ref()?, id)))
        .flat_map(|(address, id)| {
            let reached = gathered.reached(address);
            std::iter::once(address)
                .chain(reached)
                .map(move |a| (a, id))
        })
        .collect();
    let views = Views::of(gathered);
    let named = |name: &str| by_name.get(name).copied();
    let lies_with = |path: &str, name: Option<&Address>| {
        let called = || by_address.get(&whose.names().find(path, name)?).copied();
        let beside = || named(gathered.names[views.beside(path)? as usize].as_str());
        let at = name.and_then(|name| by_address.get(name).copied());
        at.or_else(called).or_else(beside)
    };
    let file = |path: &Arc<str>, owner: Option<NodeId>, faults| ConfFile {
        path: path.clone(),
        owner,
        runs: owner.is_some_and(|id| runs(gathered, &views, cluster, id)),
        faults,
    };
    let mut files = Vec::new();
    for conf in &gathered.nodes_confs {
        let place = |f: &LoadFault| Place {
            path: conf.path.clone(),
            line: f.line,
            column: f.column,
        };
        let faults: Vec<ConfFault> = conf
            .faults
            .iter()
            .map(|f| ConfFault {
                place: place(f),
                fault: f.fault,
                outcome: f.fault.outcome(loader),
                what: f.what.clone(),
            })
            .filter(|f| f.outcome != Outcome::Loads)
            .collect();
        if !faults.is_empty() {
            let writer = conf.written_by.as_deref().and_then(named);
            let lies = || lies_with(&conf.path, conf.named.as_ref());
            // Of two `myself` lines one is the edit, and who starts with the file is whose place it is.
            let owner = match two_myself(&faults) {
                true => lies().or(writer),
                false => writer.or_else(lies),
            };
            files.push(file(&conf.path, owner, faults));
        }
    }
    for view in gathered
        .views
        .iter()
        .filter(|v| v.authority == Authority::Disk)
    {
        let writer = owner(gathered, view).and_then(|t| named(gathered.names[t as usize].as_str()));
        let place = lies_with(&view.path, view.named.as_ref());
        let (Some(writer), Some(place), Some(line)) = (writer, place, view.myself) else {
            continue;
        };
        let judged = |f: &ConfFile| f.path == view.path && two_myself(&f.faults);
        // The file of a ghost, or of a stranger, may be what brings it back.
        if writer != place
            && !files.iter().any(judged)
            && cluster.node(writer).is_live_member()
            && cluster.node(place).is_listed()
        {
            let fault = copied(view, &view.lines[line], cluster.node(writer), loader);
            files.push(file(&view.path, Some(place), vec![fault]));
        }
    }
    files
}

/// No server starts with it, under whichever id.
fn two_myself(faults: &[ConfFault]) -> bool {
    faults.iter().any(|f| f.fault == Fault::TwoMyself)
}

/// A file that lies with one node and was written by another, whose id is in use.
fn copied(view: &View, myself: &Line, writer: &Node, loader: Loader) -> ConfFault {
    let fault = Fault::OfAnother;
    ConfFault {
        place: Place {
            path: view.path.clone(),
            line: myself.line,
            column: myself.column,
        },
        fault,
        outcome: fault.outcome(loader),
        what: format!("says `myself` of {writer}, which lives"),
    }
}

fn loader(server: &Server) -> Loader {
    match (&*server.name, server.version) {
        ("valkey", Some(version)) => Loader::Valkey(version),
        ("redis" | "keydb", Some(version)) => Loader::Redis(version),
        _ => Loader::Unknown,
    }
}

fn runs(gathered: &Gathered, views: &Views, cluster: &Cluster, id: NodeId) -> bool {
    let node = cluster.node(id);
    let token = gathered.tokens.get(&node.name);
    let answers = node.address.as_ref().and_then(|a| gathered.answers.get(a));
    token.is_some_and(|t| views.alive.contains(t)) || answers.is_some_and(|a| a.answered)
}

/// Who gave a view, and where it lies.
struct Views<'a> {
    /// Of running processes.
    alive: BTreeSet<Token>,
    /// The owner of the views in a folder, if it is one.
    folders: BTreeMap<&'a str, Option<Token>>,
}

impl<'a> Views<'a> {
    fn of(gathered: &'a Gathered) -> Self {
        let mut views = Self {
            alive: BTreeSet::new(),
            folders: BTreeMap::new(),
        };
        let on_disk = |v: &View| v.authority == Authority::Disk;
        if gathered.nodes_confs.is_empty() && !gathered.views.iter().any(on_disk) {
            return views;
        }
        for view in &gathered.views {
            let owner = owner(gathered, view);
            if view.authority == Authority::View {
                views.alive.extend(owner);
            }
            let known = views.folders.entry(folder(&view.path)).or_insert(owner);
            if *known != owner {
                *known = None;
            }
        }
        views
    }

    /// The node whose other files lie in the folder of that one.
    fn beside(&self, path: &str) -> Option<Token> {
        *self.folders.get(folder(path))?
    }
}
