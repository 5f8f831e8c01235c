//! Slots that are asked to change their owner: who gives how many to whom, and the steps of it.
//!
//! Runs between `serve` and `problem`: what it decides is applied to the cluster, and copies and
//! roles are decided on what comes out, so that a new master gets its replicas in the same plan.
//! [`goal`] is what may be asked for, [`reshape`] the way from there to steps; `counts`, `pairs` and
//! `pick` know numbers and slots only.

mod counts;
mod give_up;
mod goal;
mod pairs;
mod pick;
mod reshape;
mod trouble;

pub use goal::Balance;
pub use goal::Basis;
pub use goal::MoveSlots;
pub use goal::SlotGoals;
pub use goal::Some as SomeSlots;
pub use reshape::Reshaped;
pub use reshape::Tally;
pub use reshape::reshape;
pub use trouble::Ending;
pub use trouble::SlotTrouble;
