//! What diagnostics mean for trusting the rest: which rule speaks of which codes.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::inventory::Inventory;
use crate::model::Unread;
use crate::rules::Fact;
use crate::rules::Rule;

/// Places that a finding of family C names.
pub(super) const PLACES: usize = 10;

/// What an odd place takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// A line or a field of a view could not be read.
    Garbled,
    /// A file stops in the middle.
    CutOff,
    /// More of the kind in one file, not listed one by one.
    More,
    /// A file that no dialect claims.
    UnknownFile,
    /// A map contradicts another row, or what the nodes say.
    Contradiction,
}

/// The table of codes.
pub(super) fn doubt(diagnostic: &Diagnostic) -> Option<Doubt> {
    let doubt = match diagnostic.code {
        "parse/fields"
        | "parse/node-id"
        | "parse/address"
        | "parse/flags"
        | "parse/epoch"
        | "parse/link-state"
        | "parse/slot"
        | "parse/time"
        | "capture/replica-with-slots" => Doubt::Garbled,
        "parse/truncated" | "capture/short-view" => Doubt::CutOff,
        "parse/more" => Doubt::More,
        "capture/unknown-file" | "capture/binary-file" => return Some(Doubt::UnknownFile),
        "map/contradiction" => return Some(Doubt::Contradiction),
        _ => return None,
    };
    // A note loses nothing: `may be cut` is one.
    (diagnostic.severity >= Severity::Warning).then_some(doubt)
}

/// Whether a rule can tell: what counts nodes or slots that are not there cannot where they may
/// stand in what was not read.
pub(super) fn can_tell(rule: &Rule, unread: Unread) -> bool {
    match rule.code {
        "R001" | "R002" => !unread.nodes,
        "P005" | "P006" | "Q001" | "Q002" | "R009" => !unread.slots,
        _ => true,
    }
}

/// The code of the rule whose finding says all that diagnostics of this code do, with their
/// places: who prints both would say it twice.
pub fn told_by(code: &str) -> Option<&'static str> {
    match code {
        "map/node-without-host" => Some("C006"),
        "capture/unknown-file" | "capture/binary-file" => Some("C009"),
        "map/unused-host" | "map/unused-disk" | "map/unused-home" => Some("C010"),
        "capture/empty-nodes-conf" => Some("K002"),
        _ => None,
    }
}

/// The diagnostics of that kind, with their indexes.
pub(super) fn of<'a>(
    inventory: &'a Inventory,
    wanted: &'a [Doubt],
) -> impl Iterator<Item = (usize, &'a Diagnostic)> {
    inventory
        .diagnostics
        .iter()
        .enumerate()
        .filter(|(_, d)| doubt(d).is_some_and(|d| wanted.contains(&d)))
}

/// The first places of them.
pub(super) fn places<'a>(
    diagnostics: impl Iterator<Item = (usize, &'a Diagnostic)>,
) -> impl Iterator<Item = Fact> {
    diagnostics
        .take(PLACES)
        .map(|(index, _)| Fact::Diagnostic(index))
}
