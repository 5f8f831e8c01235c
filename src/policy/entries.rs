//! What a policy file may ask for, as types: levels, thresholds, places, and entries with an end.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::Address;
use crate::model::Domain;
use crate::policy::HomeRole;
use crate::text::Place;

/// The code of a rule: the text that the catalogue gave out for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleCode(pub &'static str);

/// How the findings of a rule are taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RuleLevel {
    /// Said where somebody asks for everything, counted nowhere, cured by no default plan.
    Allow,
    Note,
    Warning,
    Error,
}

impl RuleLevel {
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("error", Self::Error),
        ("warning", Self::Warning),
        ("note", Self::Note),
        ("allow", Self::Allow),
    ];
}

/// The largest domain whose loss the cluster must bear.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tolerance {
    None,
    Host,
    Rack,
    Zone,
}

impl Tolerance {
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("none", Self::None),
        ("host", Self::Host),
        ("rack", Self::Rack),
        ("zone", Self::Zone),
    ];
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Host => "host",
            Self::Rack => "rack",
            Self::Zone => "zone",
        })
    }
}

/// How much may go on at a time; `None`: as many as a plan likes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Budgets {
    /// Full syncs at a time in the whole cluster.
    pub syncs: Option<u32>,
    pub syncs_per_host: Option<u32>,
    pub syncs_per_disk: Option<u32>,
    pub syncs_per_zone: Option<u32>,
    pub at: Option<Place>,
}

/// A machine by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostEntry {
    pub name: String,
    pub places: Vec<HostPlace>,
    pub zone: Option<String>,
    /// In its zone.
    pub rack: Option<String>,
    pub memory_bytes: Option<u64>,
    pub at: Place,
}

/// What of a machine a node has: an IP, or one address of an IP that machines share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostPlace {
    Ip(IpAddr),
    Address(Address),
}

/// An availability zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneEntry {
    pub name: String,
    /// Where no host map and no node tells the zone, it is that of the narrowest of these.
    pub networks: Vec<IpNet>,
    pub masters: Masters,
    pub at: Place,
}

/// Whether masters may live in a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Masters {
    /// As anywhere.
    #[default]
    Any,
    Never,
    /// Only where no other zone has a copy.
    Last,
    Prefer,
}

impl Masters {
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("any", Self::Any),
        ("never", Self::Never),
        ("last", Self::Last),
        ("prefer", Self::Prefer),
    ];
}

/// A node that is to have a role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    pub address: Address,
    pub role: HomeRole,
    /// Of a replica, if it is said.
    pub master: Option<Address>,
    pub at: Place,
}

/// A place that is to be emptied of masters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drain {
    pub domain: Domain,
    /// What runs there is stopped, too.
    pub stop: bool,
    pub reason: Option<String>,
    pub at: Place,
}

/// A place that is down, and is known to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Down {
    pub domain: Domain,
    pub until: Option<Until>,
    pub reason: Option<String>,
    pub at: Place,
}

/// Findings that somebody has judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ignore {
    pub code: RuleCode,
    /// `None`: whatever it is about.
    pub subject: Option<IgnoredSubject>,
    pub reason: String,
    pub until: Option<Until>,
    pub at: Place,
}

/// What an ignored finding is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IgnoredSubject {
    /// Every node in it, and the domain itself.
    In(Domain),
    /// An address, an id, slots, or the name of a host or zone.
    Named(String),
}

/// The end of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Until {
    /// In unix ms.
    pub ms: u64,
    /// As it was written.
    pub text: String,
}
