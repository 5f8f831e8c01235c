//! Whether anything may be planned on a capture at all, and why not.
//!
//! An obstacle is of the capture as a whole; what is left of a single shard or node is a
//! [`Refusal`](crate::plan::Refusal).

use std::fmt;

use crate::diagnostic;
use crate::inventory::Conflict;
use crate::inventory::Inventory;
use crate::inventory::Sight;
use crate::model::Cluster;
use crate::model::DomainKind;
use crate::model::Node;
use crate::model::NodeId;
use crate::model::Service;
use crate::plan::Goal;
use crate::plan::Request;
use crate::plan::slots::SlotTrouble;
use crate::plan::why::Said;
use crate::rules::Code;
use crate::rules::Finding;
use crate::text::words::count;

/// Why nothing may be planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The server takes its topology from elsewhere; why its commands are no use.
    ControlPlane(&'static str),
    /// A service replaces and promotes nodes by itself.
    Service(Service),
    /// No view, but an answer that leaves out much.
    Secondhand,
    /// No view could be read whole.
    Garbled,
    /// What the capture does not show may be there.
    Incomplete,
    /// So many groups that do not know each other own different slots.
    Islands(usize),
    /// Live nodes that are listed at one address; how many more such addresses.
    SharedAddress { first: Vec<NodeId>, more: usize },
    /// Views from before and after a failover: the first such place in words, and how many more.
    Torn { first: String, more: usize },
    /// So many members are dead by files on disk alone.
    OnDisk { dead: usize },
    /// Views of two moments that contradict each other.
    Moments,
    /// The same ids at two sets of addresses.
    Twice,
    /// Two live nodes claim the same slots; how many more such conflicts.
    Contested { first: Conflict, more: usize },
    /// A step, by its word, would need a node whose address nothing tells.
    Unaddressed(&'static str),
    /// The same for a node whose id nothing tells.
    Nameless(&'static str),
    /// Slots cannot be moved as asked.
    Slots(SlotTrouble),
    /// Processes would be stopped by disks that nobody told.
    GuessedDisks,
    /// No script could carry the plan out; which of its values is in the way, in words.
    Unscriptable(String),
}

impl Obstacle {
    /// `--force` plans all the same. No reason makes a server understand a command that it does
    /// not have, tells an address, or makes an id one that a server answers to.
    pub fn may_be_forced(&self) -> bool {
        match self {
            Self::ControlPlane(_)
            | Self::Unaddressed(_)
            | Self::Nameless(_)
            | Self::Slots(_)
            | Self::Unscriptable(_) => false,
            Self::Service(_)
            | Self::Islands(_)
            | Self::SharedAddress { .. }
            | Self::Secondhand
            | Self::Garbled
            | Self::Incomplete
            | Self::Torn { .. }
            | Self::OnDisk { .. }
            | Self::Moments
            | Self::Twice
            | Self::Contested { .. }
            | Self::GuessedDisks => true,
        }
    }
}

/// The most fundamental obstacle that the request does not force; `found` is of the capture.
pub fn admit(inventory: &Inventory, found: &[Finding], request: &Request) -> Result<(), Obstacle> {
    let forced = |obstacle: &Obstacle| request.force.is_some() && obstacle.may_be_forced();
    let guessed = stops_by_guess(inventory, request).then_some(Obstacle::GuessedDisks);
    let all = obstacles(inventory, found).into_iter().chain(guessed);
    let in_the_way = all.into_iter().find(|o| !forced(o));
    in_the_way.map_or(Ok(()), Err)
}

/// Every obstacle, the most fundamental first.
pub fn obstacles(inventory: &Inventory, found: &[Finding]) -> Vec<Obstacle> {
    let is = |yes: bool, obstacle: Obstacle| yes.then_some(obstacle);
    let dead = dead_on_disk_only(inventory);
    let apart = || {
        let mut found = found.iter();
        found.any(|f| f.rule.code == Code::ViewsApartInTime) && views_contradict(inventory)
    };
    let control_plane = inventory.cluster.server.other_control_plane();
    let known = [
        control_plane.map(Obstacle::ControlPlane),
        inventory.cluster.service.map(Obstacle::Service),
        is(inventory.secondhand.is_some(), Obstacle::Secondhand),
        is(inventory.incomplete && inventory.garbled, Obstacle::Garbled),
        is(inventory.incomplete, Obstacle::Incomplete),
        islands(&inventory.cluster),
        shared_address(&inventory.cluster),
        torn(&inventory.torn),
        is(dead > 0, Obstacle::OnDisk { dead }),
        is(apart(), Obstacle::Moments),
        is(is_here_twice(inventory), Obstacle::Twice),
        contested(&inventory.conflicts),
    ];
    known.into_iter().flatten().collect()
}

/// What runs on a disk is to be stopped, and the disks are guesses.
fn stops_by_guess(inventory: &Inventory, request: &Request) -> bool {
    let stops = |goal: &Goal| match goal {
        Goal::Drain(drain) => drain.stop && drain.domain.kind() == DomainKind::Disk,
        Goal::Restart(_)
        | Goal::Maintain(_)
        | Goal::Remove(_)
        | Goal::Replace(_)
        | Goal::Pin(_)
        | Goal::MastersNever(_)
        | Goal::MastersRather(_) => false,
    };
    let guessed = diagnostic::Code::from(diagnostic::Map::GuessedDisk);
    request.goals.iter().any(stops) && inventory.diagnostics.iter().any(|d| d.code == guessed)
}

fn islands(cluster: &Cluster) -> Option<Obstacle> {
    let islands = cluster.islands().len();
    (islands > 1).then_some(Obstacle::Islands(islands))
}

fn shared_address(cluster: &Cluster) -> Option<Obstacle> {
    let shared = cluster.shared_addresses();
    let (first, more) = shared.split_first()?;
    Some(Obstacle::SharedAddress {
        first: first.clone(),
        more: more.len(),
    })
}

fn torn(whys: &[String]) -> Option<Obstacle> {
    let (first, more) = whys.split_first()?;
    Some(Obstacle::Torn {
        first: first.clone(),
        more: more.len(),
    })
}

fn contested(conflicts: &[Conflict]) -> Option<Obstacle> {
    let (first, more) = conflicts.split_first()?;
    Some(Obstacle::Contested {
        first: first.clone(),
        more: more.len(),
    })
}

/// Whether nodes of the same ids run at two sets of addresses.
fn is_here_twice(inventory: &Inventory) -> bool {
    let mut diagnostics = inventory.diagnostics.iter();
    diagnostics.any(|d| d.code == diagnostic::Capture::SameIdsElsewhere)
}

/// Whether views differ about roles, owners or members, or about who is reached.
fn views_contradict(inventory: &Inventory) -> bool {
    let sights = &inventory.sights;
    let differ = |(id, _): (NodeId, &Node)| {
        let of = || {
            sights
                .observers()
                .iter()
                .filter_map(move |&o| sights.of(o, id))
        };
        let doubted = |s| matches!(s, Sight::Suspected | Sight::Failed | Sight::Disconnected);
        of().any(doubted) && of().any(|s| s == Sight::Connected)
    };
    inventory.views_behind > 0 || inventory.cluster.iter().any(differ)
}

/// Members that are dead by files on disk, while nobody says that they did not answer.
fn dead_on_disk_only(inventory: &Inventory) -> usize {
    if !inventory.views_on_disk {
        return 0;
    }
    let told = |id: &NodeId| inventory.origins.unreachable(*id).is_some();
    let dead = inventory.cluster.dead_members().into_iter();
    dead.filter(|id| !told(id)).count()
}

impl fmt::Display for Said<'_, Obstacle> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Obstacle::ControlPlane(why) => write!(f, "{why}; no command is written for it"),
            Obstacle::Service(service) => write!(
                f,
                "by their names these are nodes of {service}, a managed service: it replaces and promotes nodes by itself, and refuses or undoes what a plan would do; use {}; for a look-alike of your own, plan with --force REASON",
                service.instead()
            ),
            Obstacle::Islands(islands) => write!(
                f,
                "the nodes form {islands} groups that do not know each other and own different slots ({}): nothing is planned across them; see to the bus ports between them, let them meet, and capture again",
                Code::Islands
            ),
            Obstacle::SharedAddress { first, more } => {
                let names: Vec<&str> = first.iter().map(|&id| self.1.node(id).name.short()).collect();
                let address = first.first().and_then(|&id| self.1.node(id).address.as_ref());
                let address = address.map_or_else(String::new, ToString::to_string);
                let more = match more {
                    0 => String::new(),
                    n => format!(" (and {n} more such addresses)"),
                };
                write!(
                    f,
                    "ids {} are listed at one address, {address}{more}: one of the entries is wrong, and a step may be meant for the other one; ask {address} for CLUSTER MYID, and capture again",
                    names.join(" and ")
                )
            }
            Obstacle::Secondhand => f.write_str(
                "no view is in the capture, and what lists the nodes instead leaves out nodes, \
                 links, config epochs and open slots; capture `cluster nodes` of every node",
            ),
            Obstacle::Garbled => f.write_str(
                "no view in the capture could be read whole: lines or slots are cut off or \
                 garbled, and what they say is missing; capture again, or repair the lines",
            ),
            Obstacle::Incomplete => f.write_str(
                "views are cut off or lack lines that no other view has: what the capture does not \
                 show may well be there; capture again",
            ),
            Obstacle::Torn { first, more } => {
                f.write_str(first)?;
                if *more > 0 {
                    write!(f, " (and {more} more)")?;
                }
                f.write_str(
                    ": together the views show no moment of the cluster; capture all nodes again in one go",
                )
            }
            Obstacle::OnDisk { dead } => {
                let are = if *dead == 1 { "is" } else { "are" };
                let members = count(*dead, "member");
                write!(
                    f,
                    "the views are nodes.conf files, by which {members} {are} dead: they are written when the configuration changes and do not say who lives now; capture `cluster nodes` of every node that runs"
                )
            }
            Obstacle::Moments => f.write_str(
                "the views are more than a minute apart and do not agree on who lives or who \
                 leads: together they show no moment of the cluster; capture all nodes again in one go",
            ),
            Obstacle::Twice => f.write_str(
                "the capture holds the same node ids at two sets of addresses: a step may be \
                 meant for the other one; plan on the files of one of them alone",
            ),
            Obstacle::Contested { first, more } => {
                let claimants = first.claimants.iter();
                let names: Vec<String> = claimants.map(|&id| self.node(id).to_string()).collect();
                let how = if first.own_claims {
                    "each in its own view"
                } else {
                    "with equal epochs"
                };
                let more = match more {
                    0 => String::new(),
                    1 => " (and 1 more such conflict)".to_owned(),
                    n => format!(" (and {n} more such conflicts)"),
                };
                write!(
                    f,
                    "the views disagree about owners: {} claim slots {} {how}{more}; let the nodes settle it and capture again, or plan all the same with --force REASON",
                    names.join(" and "),
                    first.slots
                )
            }
            Obstacle::Nameless(step) => write!(
                f,
                "a {step} would be needed with a node whose id nothing in the capture tells; capture `cluster nodes` of every node"
            ),
            Obstacle::Unaddressed(step) => write!(
                f,
                "a {step} would be needed with a node whose address nothing in the capture tells: name its file after its address"
            ),
            Obstacle::Slots(why) => Said(why, self.1).fmt(f),
            Obstacle::GuessedDisks => f.write_str(
                "no file tells the disks of some nodes, so they were guessed from ports, and who \
                 is stopped would be, too: capture `config get dir` of every node, or name the \
                 disks with --disks",
            ),
            Obstacle::Unscriptable(why) => write!(
                f,
                "no script could carry the plan out ({why}): see what the capture says of that node, and capture it again"
            ),
        }
    }
}
