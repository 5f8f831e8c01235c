//! What the file of every rule needs.

pub(super) use super::Rule;
pub(super) use super::Said;
pub(super) use super::no_command;
pub(super) use super::nothing_at_end;
pub(super) use crate::action::Mode;
pub(super) use crate::diagnostic::Severity;
pub(super) use crate::lint::Code;
pub(super) use crate::lint::order::Order;
pub(super) use crate::lint::scene::History;
pub(super) use crate::lint::scene::Tried;
pub(super) use crate::lint::scene::Whole;
