//! Rules of family Q: whether the rest can vote after a loss.

pub(super) mod host_holds_majority;
pub(super) mod majority_lost;
pub(super) mod zone_holds_majority;
