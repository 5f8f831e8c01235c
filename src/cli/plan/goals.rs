//! What `plan` is to reach besides, as options.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::cli::Failure;
use crate::cli::impact::domain;
use crate::cli::plan::restart::RestartArgs;
use crate::inventory::Inventory;
use crate::model::Address;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::Version;
use crate::plan::Goal;
use crate::plan::GoalKind;
use crate::plan::Request;
use crate::plan::goal::Drain;
use crate::plan::goal::Maintain;
use crate::plan::goal::MastersNever;
use crate::plan::goal::MastersRather;
use crate::plan::goal::Pin;
use crate::plan::goal::PinnedRole;
use crate::plan::goal::Remove;
use crate::plan::goal::Replace;
use crate::plan::goal::Restart;
use crate::policy::HomeRole;
use crate::policy::Masters;
use crate::policy::Policy;

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Goals")]
pub(super) struct GoalArgs {
    /// Nothing there leads, nothing new comes there, its copies count for nothing: host:H,
    /// disk:H:/dir, zone:Z or node:ADDR
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    drain: Vec<Domain>,
    /// Then stop what runs in the drained domains
    #[arg(long, requires = "drain")]
    stop: bool,
    /// Nothing there leads, and nothing is copied; with `-o plan.json` the way back to the roles of
    /// today is written, too, to plan.return.json
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    maintain: Vec<Domain>,
    /// It holds nothing any more and is forgotten, its copies are elsewhere before
    #[arg(long, value_name = "DOMAIN", value_parser = domain)]
    remove: Vec<Domain>,
    /// The idle nodes of the second take the places of the first, which leaves
    #[arg(long, value_name = "DOMAIN=DOMAIN", value_parser = replace)]
    replace: Vec<Replace>,
    /// That node leads its shard, or follows that master: ADDR=master or ADDR=replica:ADDR
    #[arg(long, value_name = "ADDR=ROLE", value_parser = pin)]
    pin: Vec<Pin>,
    /// Whether masters may be there: DOMAIN=never, DOMAIN=last (only where no other place can hold
    /// them) or DOMAIN=prefer
    #[arg(long, value_name = "DOMAIN=WISH", value_parser = masters)]
    masters_in: Vec<(Domain, Masters)>,
    #[command(flatten)]
    restart: RestartArgs,
}

/// The drains and pins of the policy, and where it wants masters, are goals, too, unless the request has another goal that goes with no
/// of these. What is not there is said elsewhere.
pub(super) fn of_policy(request: &mut Request, inventory: &Inventory) -> Option<String> {
    let policy = &inventory.policy;
    let drains = &policy.drains;
    let zones = zones_of(policy);
    if drains.is_empty() && policy.pins.is_empty() && zones.is_empty() {
        return None;
    }
    if request.restart().is_some() {
        let said =
            "the drains, pins and zones of the policy do not count: --restart goes with no other goal";
        return Some(said.to_owned());
    }
    let domains = Domains::of(&inventory.cluster);
    let known = drains.iter().map(|drain| &drain.domain);
    let known = known.filter(|domain| domains.nodes_in(domain).is_ok());
    for domain in known.cloned().collect::<BTreeSet<Domain>>() {
        if !request
            .goals
            .iter()
            .any(|goal| goal.domain() == Some(&domain))
        {
            request.goals.push(
                Drain {
                    domain,
                    stop: false,
                }
                .into(),
            );
        }
    }
    // The command line says last what it says of a domain.
    let mut wishes: Vec<(Domain, Masters)> = zones
        .into_iter()
        .filter(|(domain, _)| domains.nodes_in(domain).is_ok())
        .collect();
    wishes.extend(wishes_in(&request.goals));
    request.goals.retain(|goal| !is_of_masters(goal));
    request.goals.extend(of_masters(&wishes));
    let is_there = |address: &Address| inventory.cluster.at(address).next().is_some();
    for pin in policy.pins.iter().filter(|pin| is_there(&pin.address)) {
        let role = match (pin.role, &pin.master) {
            (HomeRole::Master, _) => PinnedRole::Master,
            (HomeRole::Replica, Some(master)) if is_there(master) => {
                PinnedRole::ReplicaOf(master.clone())
            }
            (HomeRole::Replica, Some(_) | None) => continue,
        };
        let address = pin.address.clone();
        let goal = Goal::from(Pin { address, role });
        if !request.goals.contains(&goal) {
            request.goals.push(goal);
        }
    }
    None
}

impl GoalArgs {
    /// One wish for each domain.
    fn masters(&self) -> Result<Vec<(Domain, Masters)>, Failure> {
        let wishes: Vec<(Domain, Masters)> = sorted(&self.masters_in).collect();
        match wishes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(wishes),
            Some(pair) => Err(Failure::Usage(
                format!("`--masters-in` says two things of {}", pair[0].0),
                String::new(),
            )),
        }
    }

    /// In the order in which they are printed.
    pub(super) fn goals(&self, to: Option<Version>) -> Result<Vec<Goal>, Failure> {
        let stop = self.stop;
        let mut goals: Vec<Goal> = Vec::new();
        goals.extend(sorted(&self.drain).map(|domain| Drain { domain, stop }.into()));
        goals.extend(sorted(&self.maintain).map(|domain| Maintain { domain }.into()));
        goals.extend(sorted(&self.remove).map(|domain| Remove { domain }.into()));
        goals.extend(self.replace.iter().cloned().map(Goal::from));
        goals.extend(sorted(&self.pin).map(Goal::from));
        goals.extend(of_masters(&self.masters()?));
        if let Some(ask) = self.restart.ask(to) {
            if !goals.is_empty() {
                return Err(Failure::Usage(
                    "--restart goes with no other goal".to_owned(),
                    "plan one after the other, each on a capture of its own".to_owned(),
                ));
            }
            goals.push(Restart { ask }.into());
        }
        if let (Some(to), false) = (to, goals.iter().any(is_restart)) {
            return Err(Failure::Usage(
                format!("`--to {to}` is a version, and nothing is restarted"),
                "say --restart, or an address with --move".to_owned(),
            ));
        }
        Ok(goals)
    }
}

fn sorted<T: Clone + Ord>(list: &[T]) -> impl Iterator<Item = T> {
    let mut list = list.to_vec();
    list.sort();
    list.dedup();
    list.into_iter()
}

/// `host:H=host:N`; a name may hold an equals sign, so the second kind of domain tells where it begins.
fn replace(text: &str) -> Result<Replace, String> {
    let places = text.match_indices('=').map(|(at, _)| at);
    let pairs = places.filter_map(|at| {
        let (old, new) = (text.get(..at)?, text.get(at + 1..)?);
        let (old, new) = (old.parse().ok()?, new.parse().ok()?);
        Some(Replace { old, new })
    });
    let mut pairs = pairs;
    pairs
        .next()
        .ok_or_else(|| "what is replaced by what: host:H=host:N".to_owned())
}

/// The zones of which the policy says something.
fn zones_of(policy: &Policy) -> Vec<(Domain, Masters)> {
    let zones = policy.zones.iter();
    let zones = zones.filter(|zone| zone.masters != Masters::Any);
    zones
        .map(|zone| (Domain::Zone(zone.name.clone()), zone.masters))
        .collect()
}

/// Wishes as goals; of two for one domain the later one.
fn of_masters(wishes: &[(Domain, Masters)]) -> Vec<Goal> {
    let wishes: BTreeMap<&Domain, Masters> = wishes.iter().map(|(d, wish)| (d, *wish)).collect();
    let (mut goals, mut rather) = (Vec::new(), MastersRather::default());
    for (domain, wish) in wishes {
        let domain = domain.clone();
        match wish {
            Masters::Any => {}
            Masters::Never => goals.push(MastersNever { domain }.into()),
            Masters::Last => {
                rather.last.insert(domain);
            }
            Masters::Prefer => {
                rather.prefer.insert(domain);
            }
        }
    }
    if rather != MastersRather::default() {
        goals.push(rather.into());
    }
    goals
}

fn is_of_masters(goal: &Goal) -> bool {
    matches!(
        goal.kind(),
        GoalKind::MastersNever | GoalKind::MastersRather
    )
}

/// What goals wish of masters, domain by domain.
fn wishes_in(goals: &[Goal]) -> Vec<(Domain, Masters)> {
    let mut wishes = Vec::new();
    for goal in goals {
        match goal {
            Goal::MastersNever(never) => wishes.push((never.domain.clone(), Masters::Never)),
            Goal::MastersRather(rather) => {
                let last = rather.last.iter().map(|d| (d.clone(), Masters::Last));
                let prefer = rather.prefer.iter().map(|d| (d.clone(), Masters::Prefer));
                wishes.extend(last.chain(prefer));
            }
            Goal::Drain(_)
            | Goal::Restart(_)
            | Goal::Maintain(_)
            | Goal::Remove(_)
            | Goal::Replace(_)
            | Goal::Pin(_) => {}
        }
    }
    wishes
}

/// `DOMAIN=never`, `DOMAIN=last` or `DOMAIN=prefer`.
fn masters(text: &str) -> Result<(Domain, Masters), String> {
    let shape = || "a wish is DOMAIN=never, DOMAIN=last or DOMAIN=prefer".to_owned();
    let (domain, wish) = text.rsplit_once('=').ok_or_else(shape)?;
    let domain = domain.parse::<Domain>().map_err(|e| e.to_string())?;
    let wish = match wish {
        "never" => Masters::Never,
        "last" => Masters::Last,
        "prefer" => Masters::Prefer,
        _ => return Err(shape()),
    };
    Ok((domain, wish))
}

/// `ADDR=master` or `ADDR=replica:ADDR`.
fn pin(text: &str) -> Result<Pin, String> {
    let shape = || "a pin is ADDR=master or ADDR=replica:ADDR".to_owned();
    let (address, role) = text.split_once('=').ok_or_else(shape)?;
    let parse = |text: &str| {
        let address = text.parse::<Address>();
        address.map_err(|e| format!("`{text}` is not an address: {e}"))
    };
    let role = match role.split_once(':') {
        None if role == "master" => PinnedRole::Master,
        Some(("replica", master)) => PinnedRole::ReplicaOf(parse(master)?),
        None | Some(_) => return Err(shape()),
    };
    Ok(Pin {
        address: parse(address)?,
        role,
    })
}

fn is_restart(goal: &Goal) -> bool {
    goal.kind() == GoalKind::Restart
}
