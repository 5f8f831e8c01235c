//! What was seen of the cluster as a whole, and what a plan would come to.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// Whether the cluster serves, and what it can bear.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct State {
    pub serves: Serves,
    /// Live members that answer `cluster_state:ok`, and all that gave a `CLUSTER INFO`.
    pub ok: usize,
    pub asked: usize,
    /// Slots that more than one live node claims.
    pub slots_contested: u32,
    /// Slots without a live owner. Of a list that is not whole: as far as it was read.
    pub slots_down: u32,
    /// Masters that own slots, dead or alive; how many live; how many an election needs.
    pub voters: usize,
    pub voters_live: usize,
    pub voters_needed: usize,
    /// Null for a server whose masters hold no votes, and where not every voter may be known.
    pub majority: Option<bool>,
    /// So many hosts, whichever they are, may be lost at once with everything still served; null
    /// where that is not known, or something is down already.
    pub host_losses: Option<usize>,
    /// How many it would be if the hosts had the memory that their servers may need; null where that
    /// is the same.
    #[serde(default)]
    pub host_losses_by_copies: Option<usize>,
    /// When the first and the last view were taken, in unix ms by the clocks of their nodes.
    pub taken_ms: Option<u64>,
    pub taken_until_ms: Option<u64>,
    /// Every node and slot that the capture should show was read.
    pub whole: bool,
}

/// Whether clients are served, by what the capture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Serves {
    /// Every node that was asked says so, and nothing speaks against it.
    Yes,
    /// Some slots or some nodes do not.
    Partly,
    No,
    /// Nothing speaks against it, but no node was asked, or the list is not whole.
    #[default]
    Unknown,
}

/// What a default plan of the capture comes to; of a capture without findings nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outlook {
    pub steps: usize,
    /// Why none is made.
    pub refused: Option<String>,
}

/// The server that wrote the dumps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    pub name: String,
    pub version: Option<String>,
}

/// How many nodes' own views were read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Views {
    pub read: usize,
    /// Views that name another owner, role or member than the reconciled cluster.
    pub behind: usize,
    /// Of those read: of nodes that nobody met, which know only themselves.
    #[serde(default)]
    pub unmet: usize,
    /// True: no process that runs gave one; they are the `nodes.conf` files of the nodes.
    pub on_disk: bool,
    /// The command whose answer lists the nodes where there is no view at all.
    pub instead: Option<String>,
}
