//! Cluster and policy to target to ordered steps.

/// Phases of a plan, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    Serve,
    Protect,
    Spread,
    Tidy,
}

/// What the operator asked `plan` to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// Cure only findings of these codes; empty for all that are cured by default.
    pub only: Vec<String>,
    /// Do not cure findings of these codes.
    pub skip: Vec<String>,
    /// Stop after this phase.
    pub through: Option<Phase>,
    /// Plan in spite of views that disagree; the reason is printed.
    pub force: Option<String>,
    /// Forget dead members, too: they will not come back.
    pub forget_dead: bool,
    /// Healthy replicas may be re-pointed for zones and disks.
    pub allow_moves: bool,
    /// Close slots that are open on one side only.
    pub settle_slots: bool,
    /// Flush slotless nodes that still hold keys.
    pub flush_stale: bool,
    /// Leave surplus spares alone.
    pub keep_spares: bool,
    /// Promote a replica that never finished a sync, if it is the only copy.
    pub accept_data_loss: bool,
}
