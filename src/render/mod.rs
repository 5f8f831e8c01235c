//! Reports to bytes, one file per command or format.
//!
//! Pure functions from a report to a `String`; whoever prints decides on colour. Whatever comes
//! from a capture goes through [`safe`] on its way into a [`page::Line`], so a hostile dump can
//! neither paint the terminal nor forge a line. Start reading at `page.rs`, the layout that all
//! commands share, then at `check.rs`.

mod allowed;
mod brief;
mod causes;
mod check;
mod csv;
mod diagnostics;
mod diff;
mod explain;
mod explained;
mod findings;
mod form;
mod github;
mod impact;
pub mod json;
mod junit;
mod lint;
mod list;
mod markdown;
mod nagios;
mod ndjson;
mod objective;
mod page;
mod pager;
mod pair;
mod plan;
mod prometheus;
mod reshard;
mod sarif;
mod show;
mod state;
mod steps;
mod style;
mod table;
mod tablets;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verify;

pub use brief::Brief;
pub use brief::check as check_brief;
pub use brief::diff as diff_brief;
pub use brief::diff_tablets as diff_tablets_brief;
pub use brief::impact as impact_brief;
pub use brief::plan as plan_brief;
pub use brief::plan_tablets as plan_tablets_brief;
pub use check::check;
pub use diagnostics::diagnostics;
pub use diagnostics::untold;
pub use diff::diff;
pub use explain::explain;
pub use explained::explained;
pub use form::Form;
pub use impact::impact;
pub use lint::lint;
pub use list::Column;
pub use list::list;
pub use nagios::Service;
pub use nagios::unknown as nagios_unknown;
pub use pair::pair;
pub use plan::Typed;
pub use plan::plan;
pub use show::Picture;
pub use show::show;
pub use style::Look;
pub use style::WIDTH;
pub use tablets::check_tablets;
pub use tablets::diff_tablets;
pub use tablets::impact_tablets;
pub use tablets::plan_tablets;
pub use verify::verify;
