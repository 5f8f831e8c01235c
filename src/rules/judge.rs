//! What the policy makes of findings: the level of their rule, what tolerates them, what an
//! operator has judged already.
//!
//! A finding that is allowed stays in the list: it is said where somebody asks for everything.

use std::collections::BTreeSet;
use std::fmt;

use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::model::Cluster;
use crate::model::Domain;
use crate::model::Domains;
use crate::model::NodeId;
use crate::model::PartitionId;
use crate::model::TabletId;
use crate::model::Tablets;
use crate::policy::Down;
use crate::policy::Ignore;
use crate::policy::IgnoredSubject;
use crate::policy::Policy;
use crate::policy::RuleCode;
use crate::policy::RuleLevel;
use crate::policy::Standing;
use crate::policy::Tolerance;
use crate::policy::Until;
use crate::rules::Code;
use crate::rules::Finding;
use crate::rules::OfTablets;
use crate::rules::Subject;
use crate::rules::finding;
use crate::text::Place;
use crate::text::clock;

/// Why a finding is nobody's trouble.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Allowed {
    /// The policy allows its rule.
    Rule,
    /// Somebody judged it.
    Ignored {
        reason: String,
        until: Option<String>,
    },
    /// It follows from something that is down on purpose.
    Down {
        domain: Domain,
        until: Option<String>,
    },
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = match self {
            Self::Rule => return f.write_str("the policy allows the rule"),
            Self::Ignored { reason, until } => {
                write!(f, "ignored: {reason}")?;
                until
            }
            Self::Down { domain, until } => {
                write!(f, "{domain} is down on purpose")?;
                until
            }
        };
        match until {
            Some(until) => write!(f, ", until {until}"),
            None => Ok(()),
        }
    }
}

/// Gives every finding about `cluster`, which is the captured one or the end of a plan, the level
/// that the policy wants, and allows what it allows; worst first again.
pub fn judge(inventory: &Inventory, cluster: &Cluster, findings: &mut [Finding]) {
    judge_by(&Judge::new(inventory, cluster), findings);
}

/// The same of findings about tablets.
pub fn judge_tablets(inventory: &Inventory, state: &Tablets, findings: &mut [Finding]) {
    let processes = state.processes();
    let judge = Judge {
        tablets: Some(state),
        ..Judge::new(inventory, &processes)
    };
    judge_by(&judge, findings);
}

fn judge_by(judge: &Judge, findings: &mut [Finding]) {
    let policy = &judge.inventory.policy;
    for finding in findings.iter_mut() {
        let code = finding.rule.code;
        let given = policy.levels.get(&RuleCode(code.as_str())).copied();
        let level = given.or_else(|| tolerated(code, policy.tolerance?));
        match level {
            None => {}
            Some(RuleLevel::Allow) => finding.allowed = Some(Allowed::Rule),
            Some(RuleLevel::Note) => finding.severity = Severity::Note,
            Some(RuleLevel::Warning) => finding.severity = Severity::Warning,
            Some(RuleLevel::Error) => finding.severity = Severity::Error,
        }
        if finding.allowed.is_none() {
            finding.allowed = judge.allows(finding);
        }
    }
    finding::sort(findings);
}

/// Codes that a plan leaves alone unless it is asked for them: the policy allows their rule, or
/// every finding of theirs.
pub fn left_alone(policy: &Policy, found: &[Finding]) -> BTreeSet<Code> {
    let allowed = policy.levels.iter();
    let allowed = allowed.filter(|(_, level)| **level == RuleLevel::Allow);
    let mut codes: BTreeSet<Code> = allowed
        .filter_map(|(code, _)| code.0.parse().ok())
        .collect();
    let allowed = found.iter().filter(|f| f.allowed.is_some());
    let all = |code: &Code| {
        let mut of_code = found.iter().filter(|f| f.rule.code == *code);
        of_code.all(|f| f.allowed.is_some())
    };
    codes.extend(allowed.map(|f| f.rule.code).filter(all));
    codes
}

/// What is to be said of the policy beside this capture.
pub fn notes(inventory: &Inventory, found: &[Finding]) -> Vec<Diagnostic> {
    Judge::new(inventory, &inventory.cluster).notes(found)
}

/// The same of a capture of tablets.
pub fn notes_of_tablets(
    inventory: &Inventory,
    state: &Tablets,
    found: &[Finding],
) -> Vec<Diagnostic> {
    let processes = state.processes();
    let judge = Judge {
        tablets: Some(state),
        ..Judge::new(inventory, &processes)
    };
    judge.notes(found)
}

/// What a policy asks of plans that they do not do.
pub fn unfollowed(policy: &Policy) -> Vec<Diagnostic> {
    let wishes = policy.wishes().map(|(what, at)| {
        let message =
            format!("`{what}` of the policy is not followed: the plan is made without it");
        Diagnostic::new(diagnostic::Policy::NotFollowed, message).at(at.clone())
    });
    wishes.collect()
}

/// Rules of placement and quorum by the size of what may be lost, and what they are where its loss
/// must be borne.
const OF_HOSTS: &[(Code, RuleLevel)] = &[
    (Code::ReplicaSharesHost, RuleLevel::Error),
    (Code::ReplicaSharesDisk, RuleLevel::Warning),
    (Code::ReplicasShareHost, RuleLevel::Warning),
    (Code::SkewedMasters, RuleLevel::Warning),
    (Code::HostHoldsMajority, RuleLevel::Error),
];
const OF_ZONES: &[(Code, RuleLevel)] = &[
    (Code::ReplicaSharesZone, RuleLevel::Error),
    (Code::SkewedZones, RuleLevel::Warning),
    (Code::ReplicasShareZone, RuleLevel::Warning),
    (Code::ZoneHoldsMajority, RuleLevel::Error),
];

fn tolerated(code: Code, tolerance: Tolerance) -> Option<RuleLevel> {
    let within = |rules: &[(Code, RuleLevel)], least: Tolerance| {
        let (_, level) = rules.iter().find(|(of, _)| *of == code)?;
        Some(if tolerance >= least {
            *level
        } else {
            RuleLevel::Note
        })
    };
    within(OF_HOSTS, Tolerance::Host).or_else(|| within(OF_ZONES, Tolerance::Rack))
}

/// An end against the moment of the capture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Yes,
    Past,
    /// Nothing tells when the capture was taken.
    Unknown,
}

struct Judge<'a> {
    inventory: &'a Inventory,
    cluster: &'a Cluster,
    domains: Option<Domains<'a>>,
    now: Option<u64>,
    /// Of which the cluster is the copies.
    tablets: Option<&'a Tablets>,
}

impl<'a> Judge<'a> {
    fn new(inventory: &'a Inventory, cluster: &'a Cluster) -> Self {
        let policy = &inventory.policy;
        let asks = !policy.ignores.is_empty()
            || !policy.down.is_empty()
            || !policy.drains.is_empty()
            || policy.standing != Standing::default()
            || !policy.pins.is_empty();
        let clocks = inventory.views.iter().filter_map(|view| view.clock);
        Self {
            inventory,
            cluster,
            domains: asks.then(|| Domains::of(cluster)),
            now: policy.now_ms.or_else(|| clocks.max()),
            tablets: None,
        }
    }

    fn allows(&self, finding: &Finding) -> Option<Allowed> {
        let policy = &self.inventory.policy;
        let mut ignores = policy.ignores.iter();
        let ignored = ignores.find(|ignore| {
            self.held(ignore.until.as_ref()) == Held::Yes && self.is_meant(ignore, finding)
        });
        if let Some(ignore) = ignored {
            return Some(Allowed::Ignored {
                reason: ignore.reason.clone(),
                until: ignore.until.as_ref().map(|until| until.text.clone()),
            });
        }
        let mut down = policy.down.iter();
        let down = down.find(|down| {
            self.held(down.until.as_ref()) == Held::Yes && self.follows(down, finding)
        })?;
        Some(Allowed::Down {
            domain: down.domain.clone(),
            until: down.until.as_ref().map(|until| until.text.clone()),
        })
    }

    fn held(&self, until: Option<&Until>) -> Held {
        match (until, self.now) {
            (None, _) => Held::Yes,
            (Some(_), None) => Held::Unknown,
            (Some(until), Some(now)) if now < until.ms => Held::Yes,
            (Some(_), Some(_)) => Held::Past,
        }
    }

    fn is_meant(&self, ignore: &Ignore, finding: &Finding) -> bool {
        let same = ignore.code.0.parse() == Ok(finding.rule.code);
        let about = |subject: &IgnoredSubject| match subject {
            IgnoredSubject::In(domain) => self.is_in(domain, &finding.subject),
            IgnoredSubject::Named(name) => self.is_called(name, &finding.subject),
        };
        same && ignore.subject.as_ref().is_none_or(about)
    }

    /// It is no trouble of its own while that domain is down.
    fn follows(&self, down: &Down, finding: &Finding) -> bool {
        let code = finding.rule.code;
        if let Some(state) = self.tablets {
            if matches!(code, Code::SkewedMasters | Code::SkewedZones) {
                let within = state.within(&down.domain);
                return within.iter().any(|&tablet| !state.runs(tablet));
            }
            // What counts as alive there is a trouble still: nobody takes its place.
            return matches!(code, Code::TabletOffline | Code::ReplicaNotAlive)
                && self.is_in(&down.domain, &finding.subject);
        }
        if matches!(code, Code::SkewedMasters | Code::SkewedZones) {
            let dead = |id: &NodeId| !self.cluster.node(*id).is_live();
            return self.nodes(&down.domain).iter().any(dead);
        }
        matches!(code, Code::DeadNode | Code::MissingView)
            && self.is_in(&down.domain, &finding.subject)
    }

    fn is_empty(&self, domain: &Domain) -> bool {
        match self.tablets {
            Some(state) => state.within(domain).is_empty(),
            None => self.nodes(domain).is_empty(),
        }
    }

    /// None for a domain that is not there.
    fn nodes(&self, domain: &Domain) -> Vec<NodeId> {
        let domains = self.domains.as_ref();
        let nodes = domains.and_then(|domains| domains.nodes_in(domain).ok());
        nodes.unwrap_or_default()
    }

    fn is_in(&self, domain: &Domain, subject: &Subject) -> bool {
        match subject {
            Subject::Node(id) | Subject::Slots(_, Some(id)) => self.nodes(domain).contains(id),
            Subject::Host(host) => match domain {
                Domain::Host(name) => {
                    let domains = self.domains.as_ref();
                    domains.and_then(|domains| domains.host(name)) == Some(*host)
                }
                Domain::Zone(name) => {
                    let zone = self.cluster.host(*host).zone;
                    zone.is_some_and(|zone| *self.cluster.zones[zone.0 as usize].name == **name)
                }
                Domain::Rack(..) => {
                    let on = |id: &NodeId| self.cluster.node(*id).host == Some(*host);
                    self.nodes(domain).iter().any(on)
                }
                Domain::Disk(..) | Domain::Node(_) => false,
            },
            Subject::Zone(zone) => match domain {
                Domain::Zone(name) => *self.cluster.zones[zone.0 as usize].name == **name,
                Domain::Host(_) | Domain::Disk(..) | Domain::Rack(..) | Domain::Node(_) => false,
            },
            Subject::Tablets(OfTablets::Tablet(tablet) | OfTablets::Copy(_, tablet)) => {
                let within = self.tablets.map(|state| state.within(domain));
                within.is_some_and(|within| within.contains(tablet))
            }
            Subject::Slots(_, None) | Subject::Capture | Subject::Tablets(_) => false,
        }
    }

    fn is_called(&self, name: &str, subject: &Subject) -> bool {
        let node = |id: NodeId| {
            let node = self.cluster.node(id);
            let mut addresses = node.address.iter().chain(&node.last_address);
            node.name.as_str() == name || addresses.any(|address| address.to_string() == name)
        };
        match subject {
            Subject::Node(id) => node(*id),
            Subject::Slots(slots, id) => slots.to_string() == name || id.is_some_and(node),
            Subject::Host(host) => *self.cluster.host(*host).name == *name,
            Subject::Zone(zone) => *self.cluster.zones[zone.0 as usize].name == *name,
            Subject::Capture => name == "capture",
            Subject::Tablets(of) => self
                .tablets
                .is_some_and(|state| is_called(state, name, *of)),
        }
    }

    fn notes(&self, found: &[Finding]) -> Vec<Diagnostic> {
        let policy = &self.inventory.policy;
        let mut notes = Vec::new();
        let mut undated: Option<(&Place, usize)> = None;
        let mut say = |code: diagnostic::Code, message: String, at: &Place| {
            notes.push(Diagnostic::new(code, message).at(at.clone()));
        };
        let expired = diagnostic::Policy::Expired.code();
        let unused = diagnostic::Policy::Unused.code();
        for ignore in &policy.ignores {
            let code = ignore.code.0;
            match self.held(ignore.until.as_ref()) {
                Held::Yes if !found.iter().any(|f| self.is_meant(ignore, f)) => {
                    let message = format!("there is no finding that this `ignore` of {code} means");
                    say(unused, message, &ignore.at);
                }
                Held::Yes => {}
                Held::Past => say(expired, past("ignore", ignore.until.as_ref()), &ignore.at),
                Held::Unknown => undated.get_or_insert((&ignore.at, 0)).1 += 1,
            }
        }
        for down in &policy.down {
            match self.held(down.until.as_ref()) {
                Held::Yes if self.is_empty(&down.domain) => {
                    let message = format!("no node is in {}, which is to be down", down.domain);
                    say(unused, message, &down.at);
                }
                Held::Yes => {}
                Held::Past => say(expired, past("down", down.until.as_ref()), &down.at),
                Held::Unknown => undated.get_or_insert((&down.at, 0)).1 += 1,
            }
        }
        for drain in &policy.drains {
            if self.is_empty(&drain.domain) {
                let message = format!("no node is in {}, which is to be drained", drain.domain);
                say(unused, message, &drain.at);
            }
        }
        let standing = &policy.standing;
        let maintained = standing.maintained.iter();
        let maintained = maintained.map(|p| (&p.domain, &p.at, "maintained"));
        let removed = standing
            .removed
            .iter()
            .map(|p| (&p.domain, &p.at, "removed"));
        let old = standing
            .replaced
            .iter()
            .map(|r| (&r.old, &r.at, "replaced"));
        let new = standing
            .replaced
            .iter()
            .map(|r| (&r.new, &r.at, "put in place of another"));
        for (domain, at, what) in maintained.chain(removed).chain(old).chain(new) {
            if self.nodes(domain).is_empty() {
                let message = format!("no node is in {domain}, which is to be {what}");
                say(unused, message, at);
            }
        }
        for pin in &policy.pins {
            if self.tablets.is_none() && self.cluster.at(&pin.address).next().is_none() {
                let message = format!("no node has the address {}, which is pinned", pin.address);
                say(unused, message, &pin.at);
            }
        }
        for zone in &policy.zones {
            if !self
                .cluster
                .zones
                .iter()
                .any(|known| *known.name == *zone.name)
            {
                let message = format!("no host is in zone `{}`", zone.name.escape_debug());
                say(unused, message, &zone.at);
            }
        }
        if let Some((at, entries)) = undated {
            let message = format!(
                "no file tells when the capture was taken: entries with an end count as past \
                 ({entries} of them)"
            );
            say(diagnostic::Policy::NoDate.code(), message, at);
        }
        notes.extend(self.unknown_zones());
        notes
    }

    fn unknown_zones(&self) -> Option<Diagnostic> {
        let tolerance = self.inventory.policy.tolerance?;
        if tolerance < Tolerance::Rack {
            return None;
        }
        let hosts = self.cluster.live_hosts();
        let unknown = |host: &&crate::model::HostId| self.cluster.host(**host).zone.is_none();
        let unknown: Vec<_> = hosts.iter().filter(unknown).collect();
        let first = self.cluster.host(**unknown.first()?);
        let message = format!(
            "the policy wants the loss of a {tolerance} to be borne, and of {} of {} hosts nobody \
             knows theirs: `{}` is the first",
            unknown.len(),
            hosts.len(),
            first.name.escape_debug()
        );
        Some(Diagnostic::new(diagnostic::Policy::UnknownZones, message))
    }
}

/// `orders 0`, `orders:0`, an endpoint, the number of an operation.
fn is_called(state: &Tablets, name: &str, of: OfTablets) -> bool {
    let partition = |id: PartitionId| {
        let own = state.name(id);
        own == name || own.replace(' ', ":") == name
    };
    let tablet = |id: TabletId| state.find(name) == Some(id);
    match of {
        OfTablets::Tablet(id) => tablet(id),
        OfTablets::Partition(id) => partition(id),
        OfTablets::Copy(id, on) => partition(id) || tablet(on),
        OfTablets::Op(id, about) => id.to_string() == name || about.is_some_and(partition),
    }
}

fn past(what: &str, until: Option<&Until>) -> String {
    let end = until.map_or(String::new(), |until| clock::utc(until.ms));
    format!("this `{what}` ended at {end}: it counts no more")
}

#[cfg(test)]
mod tests;
