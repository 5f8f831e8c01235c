//! Sums of costs that a proof is made of: 128 bits a level, and no sum that wraps.

use crate::plan::level::Cost;
use crate::plan::level::Level;

/// A tuple over all levels, compared from the left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Wide(pub [i128; Level::COUNT]);

/// A sum left its 128 bits: nothing is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overflow;

impl Wide {
    pub const ZERO: Self = Self([0; Level::COUNT]);

    pub fn of(cost: &Cost) -> Self {
        Self(cost.0.map(i128::from))
    }

    pub fn plus(mut self, other: &Self) -> Result<Self, Overflow> {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = a.checked_add(*b).ok_or(Overflow)?;
        }
        Ok(self)
    }

    pub fn minus(mut self, other: &Self) -> Result<Self, Overflow> {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = a.checked_sub(*b).ok_or(Overflow)?;
        }
        Ok(self)
    }

    pub fn times(mut self, count: i128) -> Result<Self, Overflow> {
        for a in &mut self.0 {
            *a = a.checked_mul(count).ok_or(Overflow)?;
        }
        Ok(self)
    }
}
