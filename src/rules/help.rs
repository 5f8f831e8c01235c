//! What to do about a finding, in clauses: what is said as it is, what a plan must keep, and what
//! is to be started again.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::NodeId;
use crate::policy::Flag;
use crate::rules::Code;
use crate::text::words::count;

/// A change of the request: what an operator types behind `topoplan plan`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ask {
    Flag(Flag),
    Only(BTreeSet<Code>),
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Only(codes) => write!(f, "--only {}", Code::join(codes, ",")),
        }
    }
}

/// What to do about a finding: clauses, the first one first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Help {
    pub clauses: Vec<Clause>,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Clause {
    Say(String),
    /// Processes to be started again.
    Restart {
        nodes: Vec<NodeId>,
        text: String,
    },
    Plan(Promise),
}

/// What a plan does about a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise {
    /// Under which condition: `if no reshard is running`.
    pub provided: Option<&'static str>,
    /// Beyond a default plan.
    pub with: Option<Ask>,
    pub does: Does,
}

/// What is promised of the plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Does {
    /// The finding is gone in its end; `gives it a replica`.
    Cure(String),
    /// So many replicas take over from dead masters.
    Promote(usize),
}

impl Help {
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.clauses.push(Clause::Say(text.into()));
        self
    }

    pub fn restart(
        mut self,
        nodes: impl IntoIterator<Item = NodeId>,
        text: impl Into<String>,
    ) -> Self {
        self.clauses.push(Clause::Restart {
            nodes: nodes.into_iter().collect(),
            text: text.into(),
        });
        self
    }

    /// A default plan does it.
    pub fn plan(self, does: impl Into<String>) -> Self {
        self.promise(None, None, does)
    }

    /// A plan with that switch does it.
    pub fn plan_with(self, flag: Flag, does: impl Into<String>) -> Self {
        self.promise(None, Some(Ask::Flag(flag)), does)
    }

    pub fn promise(
        self,
        provided: Option<&'static str>,
        with: Option<Ask>,
        does: impl Into<String>,
    ) -> Self {
        self.promised(Promise {
            provided,
            with,
            does: Does::Cure(does.into()),
        })
    }

    /// A default plan promotes so many replicas.
    pub fn promotes(self, replicas: usize) -> Self {
        self.promised(Promise {
            provided: None,
            with: None,
            does: Does::Promote(replicas),
        })
    }

    fn promised(mut self, promise: Promise) -> Self {
        self.clauses.push(Clause::Plan(promise));
        self
    }

    /// Every node that it says to start again.
    #[cfg(test)]
    fn restarts(&self) -> impl Iterator<Item = NodeId> {
        self.clauses
            .iter()
            .flat_map(|clause| match clause {
                Clause::Restart { nodes, .. } => &nodes[..],
                Clause::Say(_) | Clause::Plan(_) => &[],
            })
            .copied()
    }

    /// Every promise of what a plan does.
    pub fn promises(&self) -> impl Iterator<Item = &Promise> {
        self.clauses.iter().filter_map(|clause| match clause {
            Clause::Plan(promise) => Some(promise),
            Clause::Say(_) | Clause::Restart { .. } => None,
        })
    }
}

impl<T: Into<String>> From<T> for Help {
    fn from(text: T) -> Self {
        Self::default().say(text)
    }
}

impl fmt::Display for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cure(text) => f.write_str(text),
            Self::Promote(replicas) => write!(f, "promotes {}", count(*replicas, "replica")),
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(condition) = self.provided {
            write!(f, "{condition}, ")?;
        }
        match &self.with {
            Some(ask) => write!(f, "`topoplan plan {ask}` {}", self.does),
            None => write!(f, "`topoplan plan` {}", self.does),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(text) | Self::Restart { text, .. } => f.write_str(text),
            Self::Plan(promise) => write!(f, "{promise}"),
        }
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.clauses.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{clause}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_follow_each_other() {
        let help = Help::default().restart([NodeId(1)], "restart it").promise(
            Some("if it will never come back"),
            Some(Ask::Flag(Flag::ForgetDead)),
            "forgets it",
        );
        assert_eq!(
            help.to_string(),
            "restart it; if it will never come back, `topoplan plan --forget-dead` forgets it"
        );
        assert_eq!(help.restarts().collect::<Vec<_>>(), [NodeId(1)]);
        assert_eq!(help.promises().count(), 1);
    }
}
