//! The order in which processes, hosts or zones go down one after the other: fewest failovers,
//! then fewest waves, each with what no order can be below.
//!
//! Pure combinatorics: places and jobs are numbers. `domains` orders whole hosts or zones, whose
//! order decides how many failovers it takes; `processes` deals single processes out to waves.

pub mod domains;
pub mod joint;
pub mod processes;
pub mod seek;

/// A number, and what none can be below.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounded {
    pub value: i64,
    pub bound: i64,
}

impl Bounded {
    /// A number of which the bound is known to be itself.
    pub fn exact(value: i64) -> Self {
        Self {
            value,
            bound: value,
        }
    }

    pub fn is_proven(self) -> bool {
        self.value == self.bound
    }
}
