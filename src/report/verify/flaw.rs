//! What does not fit in a plan file: where, what it says, and what it should say.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// A field of the plan file that says what is not so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Flaw {
    /// Where: `objective.over-host.value`, `step 3: slots`.
    pub field: String,
    /// What the file says there.
    pub says: String,
    /// What was recomputed; null where only the value itself is impossible.
    pub recomputed: Option<String>,
    /// Why the value cannot be; null where another was recomputed.
    pub reason: Option<String>,
}

/// Flaws found so far. A file that is wrong everywhere is told of in a few words, too.
#[derive(Default)]
pub(in crate::report) struct Flaws(Vec<Flaw>);

/// More are not listed.
const MOST: usize = 100;

impl Flaws {
    /// The file says one thing, and another was recomputed.
    pub fn differs(&mut self, field: &str, says: &dyn ToString, recomputed: &dyn ToString) {
        self.push(Flaw {
            field: field.to_owned(),
            says: says.to_string(),
            recomputed: Some(recomputed.to_string()),
            reason: None,
        });
    }

    /// As [`Self::differs`], where both are the same if all is well.
    pub fn same<T: PartialEq + ToString>(&mut self, field: &str, says: T, recomputed: T) {
        if says != recomputed {
            self.differs(field, &says, &recomputed);
        }
    }

    /// What the file says cannot be.
    pub fn cannot(&mut self, field: &str, says: &dyn ToString, reason: &str) {
        self.push(Flaw {
            field: field.to_owned(),
            says: says.to_string(),
            recomputed: None,
            reason: Some(reason.to_owned()),
        });
    }

    fn push(&mut self, flaw: Flaw) {
        if self.0.len() < MOST {
            self.0.push(flaw);
        }
    }

    pub fn list(self) -> Vec<Flaw> {
        self.0
    }
}
