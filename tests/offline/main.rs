//! Everything that needs neither a server nor an allocator of its own: commands run in process, on samples and on made-up
//! input. One binary, so that a change is linked once.

#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod archives;
mod bad_input;
mod captures;
mod certificates;
mod collect;
mod command_line;
mod diff;
mod documents;
mod emit;
mod faults;
mod formats;
mod impact;
mod instances;
mod lint;
mod list;
mod pair;
mod parse;
mod plan_file;
mod policy;
mod properties;
mod readme;
mod redact;
mod restart;
mod scale;
mod show;
mod slots;
mod tablets;
mod terminal;
mod verify;
