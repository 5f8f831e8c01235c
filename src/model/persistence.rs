//! What a process finds on its disk when it is started again.

use std::fmt;

use crate::model::cluster::Cluster;
use crate::model::node::NodeId;

/// How a process keeps its keys on disk, by its settings.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Persistence {
    /// `appendonly no` and `save ""`: it starts without a key, or with what its last full sync left
    /// on the disk.
    Nothing,
    /// Snapshots (`save`).
    Snapshots,
    /// The append-only file.
    Log,
    /// Nothing in the capture tells.
    #[default]
    Unknown,
}

/// Whose settings tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToldBy {
    Itself,
    /// All of its peers of which they are known, and they agree.
    Peers,
}

/// With what a process comes back when it is restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comeback {
    Empty(ToldBy),
    /// With what it has saved: what was written since is lost.
    Saved(Persistence, ToldBy),
    Unknown,
}

impl Comeback {
    /// Its replicas may copy an emptiness.
    pub fn may_be_empty(self) -> bool {
        match self {
            Self::Empty(_) | Self::Unknown => true,
            Self::Saved(..) => false,
        }
    }
}

impl fmt::Display for Comeback {
    /// What follows `it comes back`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = |told_by: &ToldBy| match told_by {
            ToldBy::Itself => "its settings are",
            ToldBy::Peers => "its peers run with",
        };
        match self {
            Self::Empty(told_by) => write!(
                f,
                "empty ({} `appendonly no` and no `save`)",
                whose(told_by)
            ),
            Self::Saved(Persistence::Log, _) => f.write_str("with its append-only file"),
            Self::Saved(..) => f.write_str("with its last snapshot"),
            Self::Unknown => f.write_str(
                "with what it has on disk, if anything (no settings were captured that tell)",
            ),
        }
    }
}

impl Cluster {
    /// By its own settings, else by those of its peers.
    pub fn comeback(&self, id: NodeId) -> Comeback {
        let (kept, told_by) = match self.node(id).persistence {
            Persistence::Unknown => (self.usual_persistence(), ToldBy::Peers),
            own => (own, ToldBy::Itself),
        };
        match kept {
            Persistence::Nothing => Comeback::Empty(told_by),
            Persistence::Snapshots | Persistence::Log => Comeback::Saved(kept, told_by),
            Persistence::Unknown => Comeback::Unknown,
        }
    }

    /// What all nodes whose settings are known have in common.
    fn usual_persistence(&self) -> Persistence {
        let nodes = self.iter().map(|(_, n)| n.persistence);
        let mut known = nodes.filter(|p| *p != Persistence::Unknown);
        let Some(first) = known.next() else {
            return Persistence::Unknown;
        };
        match known.all(|p| p == first) {
            true => first,
            false => Persistence::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::healthy;
    use crate::model::testing::id;

    #[test]
    fn its_own_settings_tell_else_those_of_peers_that_agree() {
        let mut cluster = healthy();
        let [m1, m2, m3] = ["m1", "m2", "m3"].map(|name| id(&cluster, name));
        assert_eq!(cluster.comeback(m1), Comeback::Unknown);
        cluster.node_mut(m2).persistence = Persistence::Nothing;
        assert_eq!(cluster.comeback(m1), Comeback::Empty(ToldBy::Peers));
        assert_eq!(cluster.comeback(m2), Comeback::Empty(ToldBy::Itself));
        cluster.node_mut(m3).persistence = Persistence::Log;
        assert_eq!(cluster.comeback(m1), Comeback::Unknown);
        let log = Comeback::Saved(Persistence::Log, ToldBy::Itself);
        assert_eq!(cluster.comeback(m3), log);
        assert!(!log.may_be_empty() && cluster.comeback(m1).may_be_empty());
    }
}
