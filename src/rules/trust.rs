//! What diagnostics mean for trusting the rest: which rule speaks of which codes.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Severity;
use crate::inventory::ConfFault;
use crate::inventory::Inventory;
use crate::rules::Code;
use crate::rules::Fact;

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

/// Codes of lines and fields of a view.
const LINES: [&str; 11] = [
    "parse/address",
    "parse/checksum",
    "parse/commented-out",
    "parse/epoch",
    "parse/fields",
    "parse/flags",
    "parse/joined",
    "parse/link-state",
    "parse/node-id",
    "parse/slot",
    "parse/time",
];

const CUT_OFF: &str = "parse/truncated";

/// The table of codes.
pub(super) fn doubt(diagnostic: &Diagnostic) -> Option<Doubt> {
    let doubt = match diagnostic.code {
        code if LINES.contains(&code) => Doubt::Garbled,
        "capture/replica-with-slots" => Doubt::Garbled,
        CUT_OFF | "capture/short-view" => Doubt::CutOff,
        "parse/more" => Doubt::More,
        "capture/unknown-file" | "capture/binary-file" => return Some(Doubt::UnknownFile),
        "map/contradiction" => return Some(Doubt::Contradiction),
        _ => return None,
    };
    // A note loses nothing: `may be cut` is one.
    (diagnostic.severity >= Severity::Warning).then_some(doubt)
}

/// The code of the rule whose finding says all that diagnostics of this code do, with their
/// places: who prints both would say it twice.
pub fn told_by(code: &str) -> Option<Code> {
    match code {
        "map/node-without-host" => Some(Code::UnmappedHost),
        // An archive may have thousands of files.
        "parse/checksum" => Some(Code::GarbledLines),
        "capture/unknown-file" | "capture/binary-file" => Some(Code::UnknownFile),
        "map/unused-host" | "map/unused-disk" | "map/unused-home" => Some(Code::UnusedMapRows),
        "capture/empty-nodes-conf" => Some(Code::UnloadableNodesConf),
        _ => None,
    }
}

/// The code of the rule whose finding says what a diagnostic of this code does, where both name
/// the same line: a server stumbles over what cannot be read.
pub fn told_in_place_by(code: &str) -> Option<Code> {
    let of_a_line = LINES.contains(&code) || code == CUT_OFF;
    of_a_line.then_some(Code::UnloadableNodesConf)
}

/// Faults of files on disk have a rule of their own.
fn is_fault_on_disk(inventory: &Inventory, diagnostic: &Diagnostic) -> bool {
    let Some(place) = &diagnostic.place else {
        return false;
    };
    let mut files = inventory.conf_faults.iter();
    let same_line = |fault: &ConfFault| fault.place.line == place.line;
    told_in_place_by(diagnostic.code).is_some()
        && files.any(|file| file.path == place.path && file.faults.iter().any(same_line))
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
        .filter(|(_, d)| !is_fault_on_disk(inventory, d))
}

/// The first places of them.
pub(super) fn places<'a>(
    diagnostics: impl Iterator<Item = (usize, &'a Diagnostic)>,
) -> impl Iterator<Item = Fact> {
    diagnostics
        .take(PLACES)
        .map(|(index, _)| Fact::Diagnostic(index))
}
