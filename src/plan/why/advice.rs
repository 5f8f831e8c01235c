//! What only a human can do, and what it would cure.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::Comeback;
use crate::model::HostId;
use crate::model::NodeId;
use crate::plan::why::Said;
use crate::rules::Code;

/// What only a human can do, and what it would cure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Advice {
    Restart(Restart),
}

/// Dead processes whose restart would cure something that a plan leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    /// Never empty.
    pub nodes: Vec<NodeId>,
    /// All processes of this host are meant.
    pub host: Option<HostId>,
    /// They only did not answer: each may live.
    pub silent: bool,
    /// Usable copies that would copy what these come back with, and must take over before.
    pub first: Vec<NodeId>,
    /// With what they come back, where that matters: one of them owns slots.
    pub comeback: Option<Comeback>,
    /// Orphans that one of them may follow: whose slots it had nobody knows.
    pub perhaps: Vec<NodeId>,
    /// Codes, and how often; slots count one by one.
    pub cures: Vec<(Code, i64)>,
    /// The `nodes.conf` of one of them would make another node of it.
    pub mend: bool,
}

impl Restart {
    /// Says that the `nodes.conf` of these nodes must be mended before.
    pub fn mending(mut self, spoiled: &BTreeSet<NodeId>) -> Self {
        self.mend = self.nodes.iter().any(|node| spoiled.contains(node));
        self
    }
}

impl fmt::Display for Said<'_, Advice> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Advice::Restart(restart) => write!(f, "{}", Said(restart, self.1)),
        }
    }
}

impl fmt::Display for Said<'_, Restart> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Restart {
            nodes,
            host,
            silent,
            first,
            comeback,
            perhaps,
            cures,
            mend,
        } = self.0;
        let mut who = match (host, &nodes[..]) {
            (Some(host), _) => format!("the processes on {}", self.1.host(*host).name),
            (None, ids) => {
                let names: Vec<String> = ids.iter().map(|&id| self.node(id).to_string()).collect();
                names.join(", ")
            }
        };
        if nodes.len() > 1 {
            who += &format!(" ({})", nodes.len());
        }
        let names = |ids: &[NodeId]| super::nodes(self.1, ids);
        let back = |f: &mut fmt::Formatter<'_>| match comeback {
            Some(comeback) if nodes.len() == 1 => write!(f, "it comes back {comeback}"),
            Some(comeback) => write!(f, "each comes back {comeback}"),
            None => Ok(()),
        };
        if !first.is_empty() {
            write!(
                f,
                "let {} take over before anybody restarts {who}: ",
                names(first)
            )?;
            back(f)?;
            f.write_str(", and replicas copy what their master has")?;
            return match mend {
                true => f.write_str(MEND),
                false => Ok(()),
            };
        }
        if *silent {
            // A restart of a node that lives would be an outage more.
            write!(f, "ask {who} again, and restart what is dead")?;
        } else {
            write!(f, "restart {who}")?;
        }
        if !perhaps.is_empty() {
            return write!(
                f,
                ": it comes back as a replica of whoever took its slots: cures {} of {}, if it was its master",
                Code::OrphanMaster,
                names(perhaps)
            );
        }
        let cures: Vec<String> = cures
            .iter()
            .map(|&(code, times)| cured(code, times))
            .collect();
        write!(f, ": cures {}", cures.join(", "))?;
        if comeback.is_some() {
            f.write_str("; ")?;
            back(f)?;
        }
        if *mend {
            f.write_str(MEND)?;
        }
        Ok(())
    }
}

/// Behind advice to restart a node whose `nodes.conf` would make another of it.
pub const MEND: &str = "; mend its nodes.conf before it starts, see K002";

fn cured(code: Code, times: i64) -> String {
    if code == Code::UncoveredSlots {
        format!("{times} uncovered slots ({code})")
    } else if times == 1 {
        code.to_string()
    } else {
        format!("{times} × {code}")
    }
}
