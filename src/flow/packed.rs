//! Tuple costs packed into three wide integers, for speed.
//!
//! A planning network uses some of the components, each with small numbers: side by side in
//! three words they add and compare as the tuples do, as long as no sum outgrows its place. That
//! is hoped here and not proven: whoever uses it checks the flow with the tuples afterwards.
//! A word that does outgrow its bits wraps, and the check finds it.

use std::ops::Add;
use std::ops::Sub;

use crate::flow::Cost;
use crate::flow::search::Price;

const WORDS: usize = 3;

/// Bits of a word that are given to components; the rest is room for the first of them, so that
/// no sum can leave the word.
const USED: u32 = 112;

/// A sum of so many of the largest costs has room: 32,768, and one bit for the sign.
const ROOM: u32 = 16;

/// A cost in the order of its [`Packing`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packed([i128; WORDS]);

impl Price for Packed {
    const ZERO: Self = Self([0; WORDS]);
}

impl Add for Packed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let [a, b, c] = self.0;
        let [x, y, z] = other.0;
        Self([a.wrapping_add(x), b.wrapping_add(y), c.wrapping_add(z)])
    }
}

impl Sub for Packed {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let [a, b, c] = self.0;
        let [x, y, z] = other.0;
        Self([a.wrapping_sub(x), b.wrapping_sub(y), c.wrapping_sub(z)])
    }
}

/// Where each component lies.
pub(super) struct Packing(Vec<Field>);

/// Fields of one word follow each other from high to low.
struct Field {
    component: usize,
    word: usize,
    shift: u32,
    bits: u32,
}

impl Packing {
    /// `None` if the components of the costs do not fit.
    pub fn of<const N: usize>(costs: &[Cost<N>]) -> Option<Self> {
        let mut largest = [0_u64; N];
        for cost in costs {
            for (largest, component) in largest.iter_mut().zip(cost.0) {
                *largest = (*largest).max(component.unsigned_abs());
            }
        }
        let mut fields: Vec<Field> = Vec::new();
        let (mut word, mut used) = (0, 0);
        for (component, largest) in largest.into_iter().enumerate().filter(|(_, m)| *m > 0) {
            let bits = u64::BITS - largest.leading_zeros() + ROOM;
            if used + bits > USED {
                (word, used) = (word + 1, 0);
            }
            used += bits;
            if word == WORDS {
                return None;
            }
            fields
                .iter_mut()
                .filter(|f| f.word == word)
                .for_each(|f| f.shift += bits);
            fields.push(Field {
                component,
                word,
                shift: 0,
                bits,
            });
        }
        Some(Self(fields))
    }

    pub fn pack<const N: usize>(&self, cost: &Cost<N>) -> Packed {
        let mut packed = Packed::ZERO;
        for field in &self.0 {
            packed.0[field.word] += i128::from(cost.0[field.component]) << field.shift;
        }
        packed
    }

    /// What was packed, if every sum on the way had room.
    pub fn unpack<const N: usize>(&self, packed: Packed) -> Cost<N> {
        let mut rest = packed.0;
        let mut cost = Cost::ZERO;
        // From low to high: a negative component borrows from the one above it.
        for field in self.0.iter().rev() {
            let rest = &mut rest[field.word];
            let spare = i128::BITS - field.bits;
            let value = (*rest << spare) >> spare;
            *rest = rest.wrapping_sub(value) >> field.bits;
            cost.0[field.component] = value as i64;
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDTH: usize = 32;

    type Cost = super::Cost<WIDTH>;

    #[test]
    fn what_does_not_fit_is_not_packed() {
        assert!(Packing::of(&[super::Cost([1; WIDTH])]).is_none());
        assert!(Packing::of(&[Cost::of(0, i64::MAX)]).is_some());
        assert!(Packing::of::<WIDTH>(&[]).is_some());
    }

    fn costs() -> impl Strategy<Value = Vec<Cost>> {
        let cost = prop::collection::vec((0..10_usize, -1000..1000_i64), 0..6);
        let cost = cost.prop_map(|parts| {
            parts
                .into_iter()
                .fold(Cost::ZERO, |cost, (at, n)| cost.plus(2 * at, n))
        });
        prop::collection::vec(cost, 1..20)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn sums_compare_as_the_tuples_do(costs in costs()) {
            let packing = Packing::of(&costs).expect("ten small components fit");
            let (mut sum, mut packed) = (Cost::ZERO, Packed::ZERO);
            for &cost in &costs {
                let (sum_before, packed_before) = (sum, packed);
                sum = sum + cost;
                packed = packed + packing.pack(&cost);
                prop_assert_eq!(packing.unpack::<WIDTH>(packed), sum);
                prop_assert_eq!(packed.cmp(&packed_before), sum.cmp(&sum_before));
                prop_assert_eq!(packed.cmp(&Packed::ZERO), sum.cmp(&Cost::ZERO));
            }
        }
    }
}
