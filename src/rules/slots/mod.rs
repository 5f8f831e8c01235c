//! Rules of family S: who owns and serves the slots.

pub(super) mod contested_slots;
pub(super) mod equal_epochs;
pub(super) mod open_slot;
pub(super) mod scattered_slots;
pub(super) mod uncovered_slots;
pub(super) mod uneven_slots;
pub(super) mod unfinished_reshard;
