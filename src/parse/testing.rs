//! What tests of dialects share.

use crate::parse::Facts;
use crate::parse::MachineFact;
use crate::parse::read;
use crate::text::Source;

/// What a text tells of a host.
pub fn machine(text: &str) -> Vec<MachineFact> {
    machine_in("f", text)
}

/// The same of a file of that name.
pub fn machine_in(path: &str, text: &str) -> Vec<MachineFact> {
    let source = Source::new(path, text.to_owned(), String::new());
    let parsed = read(&source);
    assert_eq!(parsed.diagnostics, [], "{text}");
    let mut found = Vec::new();
    for section in parsed.sections {
        match section.facts {
            Facts::Machine(rows) => found.extend(rows.into_iter().map(|row| row.what)),
            other => panic!("{other:?}"),
        }
    }
    found
}
