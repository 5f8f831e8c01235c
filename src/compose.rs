//! Inventory, findings and plans to reports.
//!
//! Decides nothing: it names nodes, looks places up and writes numbers down.

mod capture;
mod change;
mod loss;
mod step;

pub use capture::check;
pub use change::plan;
pub use change::plan_id;
pub use loss::Domain;
pub use loss::impact;
