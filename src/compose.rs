//! Inventory, findings and plans to reports.
//!
//! Decides nothing: it names nodes, looks places up and writes numbers down.

mod capture;
mod change;
mod list;
mod loss;
mod step;
#[cfg(test)]
mod tests;

pub use capture::check;
pub use capture::diagnostics;
pub use capture::failure;
pub use capture::told;
pub use change::plan;
pub use change::plan_id;
pub use change::refused;
pub use list::List;
pub use list::Missing;
pub use list::list;
pub use loss::Case;
pub use loss::impact;
