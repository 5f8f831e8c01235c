//! What every rule needs, in one `use`.

pub(super) use crate::diagnostic::Loss;
pub(super) use crate::diagnostic::Severity;
pub(super) use crate::measure;
pub(super) use crate::measure::Level;
pub(super) use crate::model::Cluster;
pub(super) use crate::model::Node;
pub(super) use crate::model::NodeId;
pub(super) use crate::model::Shard;
pub(super) use crate::model::SlotSet;
pub(super) use crate::policy::Flag;
pub(super) use crate::rules::Ask;
pub(super) use crate::rules::Check;
pub(super) use crate::rules::Code;
pub(super) use crate::rules::Context;
pub(super) use crate::rules::Cure;
pub(super) use crate::rules::Fact;
pub(super) use crate::rules::Finding;
pub(super) use crate::rules::Help;
pub(super) use crate::rules::Need;
pub(super) use crate::rules::Remedy;
pub(super) use crate::rules::Rule;
pub(super) use crate::rules::Subject;
pub(super) use crate::rules::words;
