//! Rules of family Q: whether anybody can vote, now and after a loss.

pub(super) mod host_holds_majority;
pub(super) mod majority_lost;
pub(super) mod zone_holds_majority;
