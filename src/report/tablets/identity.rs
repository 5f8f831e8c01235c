//! A plan file of tablets read back, and the hash that it is known by.

use crate::report::NoPlanFile;
use crate::report::PLAN_VERSION;
use crate::report::plan::content_id;
use crate::report::plan::hash_of;
use crate::report::tablets::plan::TabletPlan;
use crate::report::tablets::plan::TabletPlanFile;

/// SHA-256 of the content without the id itself.
pub(super) fn tablet_plan_id(plan: &mut TabletPlan) -> String {
    let id = std::mem::take(&mut plan.plan_id);
    let hash = hash_of(plan);
    plan.plan_id = id;
    hash
}

/// Reads a plan file of tablets.
pub fn read_tablet_plan(text: &str) -> Result<TabletPlanFile, NoPlanFile> {
    let mut plan: TabletPlan = serde_json::from_str(text)?;
    if plan.schema_version != PLAN_VERSION {
        return Err(NoPlanFile::Version {
            found: plan.schema_version,
        });
    }
    let mut content_id = content_id(text);
    if content_id != plan.plan_id {
        // With its fields in another order it is no other plan.
        content_id = tablet_plan_id(&mut plan);
    }
    Ok(TabletPlanFile { plan, content_id })
}
