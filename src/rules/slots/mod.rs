//! Rules of family S: who owns and serves the slots.

pub(super) mod contested_slots;
pub(super) mod open_slot;
pub(super) mod uncovered_slots;
pub(super) mod uneven_slots;
