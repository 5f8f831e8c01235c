//! Reports to bytes, one file per command or format.
//!
//! Pure functions from a report to a `String`; whoever prints decides on colour. Whatever comes
//! from a capture goes through [`safe`] on its way into a [`page::Line`], so a hostile dump can
//! neither paint the terminal nor forge a line. Start reading at `page.rs`, the layout that all
//! commands share, then at `check.rs`.

mod causes;
mod check;
mod diagnostics;
mod diff;
mod explain;
mod findings;
mod impact;
pub mod json;
mod list;
mod objective;
mod page;
mod plan;
mod reshard;
mod state;
mod steps;
mod style;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use check::check;
pub use diagnostics::diagnostics;
pub use diagnostics::untold;
pub use diff::diff;
pub use explain::explain;
pub use impact::impact;
pub use list::Column;
pub use list::list;
pub use plan::Typed;
pub use plan::plan;
pub use style::Look;
pub use style::WIDTH;
pub use verify::verify;
