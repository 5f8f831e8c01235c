//! Inventory, findings and plans to reports.

use crate::inventory::Inventory;
use crate::plan::Request;
use crate::report::CheckReport;
use crate::report::ImpactReport;
use crate::report::PlanReport;

/// A failure domain to lose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Domain {
    Host(String),
    /// Host name and directory or disk name.
    Disk(String, String),
    Zone(String),
    /// `ip:port`.
    Node(String),
}

/// The answer of `check`.
pub fn check(_inventory: &Inventory) -> CheckReport {
    todo!()
}

/// The answer of `plan`.
pub fn plan(_inventory: &Inventory, _request: &Request) -> PlanReport {
    todo!()
}

/// The answer of `impact`; each case loses all its domains at once. `Err` names a domain that
/// the capture does not have.
pub fn impact(_inventory: &Inventory, _cases: &[Vec<Domain>]) -> Result<ImpactReport, String> {
    todo!()
}
