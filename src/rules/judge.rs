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
    let policy = &inventory.policy;
    let judge = Judge::new(inventory, cluster);
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
        if matches!(code, Code::SkewedMasters | Code::SkewedZones) {
            let dead = |id: &NodeId| !self.cluster.node(*id).is_live();
            return self.nodes(&down.domain).iter().any(dead);
        }
        matches!(code, Code::DeadNode | Code::MissingView)
            && self.is_in(&down.domain, &finding.subject)
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
            Subject::Tablets(_) => false,
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
                Held::Yes if self.nodes(&down.domain).is_empty() => {
                    let message = format!("no node is in {}, which is to be down", down.domain);
                    say(unused, message, &down.at);
                }
                Held::Yes => {}
                Held::Past => say(expired, past("down", down.until.as_ref()), &down.at),
                Held::Unknown => undated.get_or_insert((&down.at, 0)).1 += 1,
            }
        }
        for drain in &policy.drains {
            if self.nodes(&drain.domain).is_empty() {
                let message = format!("no node is in {}, which is to be drained", drain.domain);
                say(unused, message, &drain.at);
            }
        }
        let standing = &policy.standing;
        let maintained = standing.maintained.iter();
        let maintained = maintained.map(|p| (&p.domain, &p.at, "maintained"));
        let removed = standing.removed.iter().map(|p| (&p.domain, &p.at, "removed"));
        let old = standing.replaced.iter().map(|r| (&r.old, &r.at, "replaced"));
        let new = standing.replaced.iter().map(|r| (&r.new, &r.at, "put in place of another"));
        for (domain, at, what) in maintained.chain(removed).chain(old).chain(new) {
            if self.nodes(domain).is_empty() {
                let message = format!("no node is in {domain}, which is to be {what}");
                say(unused, message, at);
            }
        }
        for pin in &policy.pins {
            if self.cluster.at(&pin.address).next().is_none() {
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

fn past(what: &str, until: Option<&Until>) -> String {
    let end = until.map_or(String::new(), |until| clock::utc(until.ms));
    format!("this `{what}` ended at {end}: it counts no more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::rules;
    use crate::rules::Context;

    /// `P001 error` or `P001 allowed`, of a policy and a cluster in one line.
    fn judged(text: &str, dsl: &str, now_ms: Option<u64>) -> Vec<String> {
        let inventory = Inventory {
            cluster: cluster(dsl),
            policy: Policy {
                now_ms,
                ..Policy::parse(text).unwrap()
            },
            ..Inventory::default()
        };
        let wanted = inventory.policy.wanted(&inventory.cluster);
        let cx = Context::new(&inventory.cluster, &inventory.policy, &wanted);
        let mut found = rules::check(&cx);
        judge(&inventory, &inventory.cluster, &mut found);
        let mut said: Vec<String> = found
            .iter()
            .map(|f| match &f.allowed {
                Some(_) => format!("{:?} allowed", f.rule),
                None => format!("{:?} {}", f.rule, f.severity),
            })
            .collect();
        let notes = notes(&inventory, &found);
        said.extend(notes.iter().map(|note| note.code.to_string()));
        said
    }

    const PAIRS: &str = "m1@h1/a < r1@h2/a; m2@h2/a < r2@h3/b; m3@h3/b < r3@h1/a";

    #[test]
    fn a_level_of_a_rule_goes_before_the_tolerance() {
        assert_eq!(judged("", PAIRS, None)[0], "P003 warning");
        assert_eq!(judged("tolerance = \"zone\"", PAIRS, None)[0], "P003 error");
        let note = judged("tolerance = \"host\"", PAIRS, None);
        assert!(note.contains(&"P003 note".to_owned()), "{note:?}");
        let both = "tolerance = \"zone\"\n[rules]\nreplica-shares-zone = \"allow\"\n";
        assert!(judged(both, PAIRS, None).contains(&"P003 allowed".to_owned()));
    }

    #[test]
    fn an_ignored_finding_is_allowed_until_its_end() {
        let two = "m1@h1 <; m2@h2 < r2@h3 s2@h3; m3@h3 < r3@h1";
        let entry = "[[ignore]]\ncode = \"P004\"\nreason = \"moves soon\"\nuntil = 2026-11-30\n";
        let day = |text| Some(clock::moment(text).unwrap());
        let of = |now| {
            let said = judged(entry, two, now);
            let wanted = |s: &&String| s.starts_with("P004") || s.starts_with("policy");
            said.iter().filter(wanted).cloned().collect::<Vec<_>>()
        };
        assert_eq!(of(day("2026-11-30 23:59")), ["P004 allowed"]);
        assert_eq!(of(day("2026-12-01")), ["P004 warning", "policy/expired"]);
        assert_eq!(of(None), ["P004 warning", "policy/no-date"]);
        let unused = "[[ignore]]\ncode = \"P004\"\nsubject = \"host:h9\"\nreason = \"x\"\n";
        assert!(judged(unused, two, None).contains(&"policy/unused".to_owned()));
        let on_host = unused.replace("h9", "h3");
        assert!(judged(&on_host, two, None).contains(&"P004 allowed".to_owned()));
    }

    #[test]
    fn what_is_down_on_purpose_is_no_dead_node() {
        let dead = "m1@h1 < r1!@h2; m2@h3 < r2@h1; m3@h1 < r3@h3";
        let m003 = |text: &str| {
            let said = judged(text, dead, None);
            said.iter()
                .filter(|s| s.starts_with("M003"))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(m003(""), ["M003 warning"]);
        assert_eq!(m003("[[down]]\ndomain = \"host:h2\"\n"), ["M003 allowed"]);
        assert_eq!(m003("[[down]]\ndomain = \"host:h3\"\n"), ["M003 warning"]);
    }

    #[test]
    fn a_plan_leaves_alone_what_is_allowed_everywhere() {
        let inventory = Inventory {
            cluster: cluster(PAIRS),
            policy: Policy::parse("[rules]\nP005 = \"allow\"\n").unwrap(),
            ..Inventory::default()
        };
        let codes = left_alone(&inventory.policy, &[]);
        assert_eq!(codes, [Code::SkewedMasters].into());
    }
}
