//! What diagnostics mean for trusting the rest: which rule speaks of which codes.

use crate::diagnostic;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Loss;
use crate::diagnostic::Severity;
use crate::inventory::ConfFault;
use crate::inventory::Inventory;
use crate::rules::Code;
use crate::rules::Fact;

/// Places that a finding of family C names.
pub(super) const PLACES: usize = 10;

/// What it takes away, as far as the rest can be trusted less for it.
fn loss(diagnostic: &Diagnostic) -> Loss {
    let loss = diagnostic.code.loss();
    match loss {
        // A note loses nothing: `may be cut` is one.
        Loss::Line | Loss::Every | Loss::Rest | Loss::More
            if diagnostic.severity < Severity::Warning =>
        {
            Loss::Nothing
        }
        Loss::Nothing
        | Loss::Line
        | Loss::Every
        | Loss::Rest
        | Loss::More
        | Loss::File
        | Loss::Identity
        | Loss::Row
        | Loss::Unused
        | Loss::Host => loss,
    }
}

/// The code of the rule whose finding says all that diagnostics of this code do, with their
/// places: who prints both would say it twice.
pub fn told_by(code: diagnostic::Code) -> Option<Code> {
    match code.loss() {
        Loss::Host => Some(Code::UnmappedHost),
        // An archive may have thousands of files.
        Loss::Every => Some(Code::GarbledLines),
        Loss::File => Some(Code::UnknownFile),
        Loss::Unused => Some(Code::UnusedMapRows),
        Loss::Identity => Some(Code::UnloadableNodesConf),
        Loss::Nothing | Loss::Line | Loss::Rest | Loss::More | Loss::Row => None,
    }
}

/// The code of the rule whose finding says what a diagnostic of this code does, where both name
/// the same line: a server stumbles over what cannot be read.
pub fn told_in_place_by(code: diagnostic::Code) -> Option<Code> {
    let of_a_line = matches!(code.loss(), Loss::Line | Loss::Every | Loss::Rest);
    let is_read = matches!(code, diagnostic::Code::Parse(_));
    (of_a_line && is_read).then_some(Code::UnloadableNodesConf)
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
    wanted: &'a [Loss],
) -> impl Iterator<Item = (usize, &'a Diagnostic)> {
    inventory
        .diagnostics
        .iter()
        .enumerate()
        .filter(|(_, d)| wanted.contains(&loss(d)))
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
