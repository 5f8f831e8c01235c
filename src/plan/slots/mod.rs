//! Slots that are asked to change their owner: who gives how many to whom, and the steps of it.
//!
//! Runs between `serve` and `problem`: what it decides is applied to the cluster, and copies and
//! roles are decided on what comes out, so that a new master gets its replicas in the same plan.
//! [`goal`] is what may be asked for, [`reshape`] the way from there to steps; `counts`, `pairs` and
//! `pick` know numbers and slots only.

mod counts;
mod create;
mod give_up;
mod goal;
mod heap;
mod leave;
mod loads;
mod move_some;
mod pairs;
#[cfg(test)]
mod peers;
mod pick;
mod reshape;
mod room;
mod share;
mod trouble;
mod weigh;

pub use create::Create;
pub use goal::Balance;
pub use goal::Basis;
pub use goal::MoveSlots;
pub use goal::NodeList;
pub use goal::SlotGoals;
pub use goal::SomeSlots;
pub use reshape::Tally;
pub use reshape::reshape;
pub use trouble::Ending;
pub use trouble::SlotTrouble;
