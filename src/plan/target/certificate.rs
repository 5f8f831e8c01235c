//! What proves a decision: prices, and the sum that they bound every decision by.
//!
//! Every spare of a kind has a price, and so has leading at a place and having a master in a
//! zone; each is a tuple of whole numbers of `1 / scale`. For *any* prices,
//!
//! ```text
//! value ≥ Σ classes  size × cheapest outcome, prices paid
//!       − Σ kinds    price × supply
//!       + Σ places   cheapest load, where a master pays in the place's price and the zone's out
//!       + Σ zones    cheapest load, where a master pays in the zone's price
//! ```
//!
//! compared as tuples: the outcomes and loads of any decision are among those that are looked
//! at, and it uses no more of a kind than there is. So if the right side agrees with a value in
//! all levels up to one, that level is the least possible given the levels before it. Nothing of
//! the search is needed to see that, and nothing is trusted: [`Certificate::bound`] adds it up
//! anew, and no sum can wrap.
//!
//! Where a bound is no whole number, the level is *frozen*: a unit of it counts as `weight`, a
//! cost of later levels, and `weight × value` is taken off again. That bounds the later levels of
//! all decisions that are no worse than `value` there.

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::Load;
use crate::plan::target::instance::Supply;
use crate::plan::target::oracle::Oracle;
use crate::plan::target::wide::Overflow;
use crate::plan::target::wide::Wide;

/// Prices; see the module text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    pub scale: i64,
    pub frozen: Vec<Frozen>,
    /// By kind; never below zero for spares.
    pub kinds: Vec<Cost>,
    /// By place.
    pub places: Vec<Cost>,
    /// By zone.
    pub zones: Vec<Cost>,
}

/// A level that is no longer minimised but kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frozen {
    pub level: Level,
    pub value: i64,
    /// What one unit of the level counts instead; only levels behind it, and not below zero.
    pub weight: Cost,
}

/// Why a certificate proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    #[error("it was made for another problem: {0} do not match in number")]
    Mismatch(&'static str),
    #[error("its scale is not above zero")]
    Scale,
    #[error("the price of a spare is below zero")]
    Negative(KindId),
    #[error("the weight of a frozen level is below zero, or weighs on a level before it")]
    Weight(Level),
    #[error("its prices pay for copies without end")]
    Unbounded,
    #[error("a shard that is led anew has nobody to lead it")]
    Leaderless,
    #[error("its sums leave 128 bits")]
    Overflow,
}

impl From<Overflow> for Flaw {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

impl Certificate {
    /// The prices that know nothing.
    pub fn blank(instance: &Instance) -> Self {
        Self {
            scale: 1,
            frozen: Vec::new(),
            kinds: vec![Cost::ZERO; instance.kinds.len()],
            places: vec![Cost::ZERO; instance.places.len()],
            zones: vec![Cost::ZERO; instance.zones.len()],
        }
    }

    /// What no decision is below, times [`Certificate::scale`].
    pub fn bound(&self, instance: &Instance) -> Result<Wide, Flaw> {
        self.check(instance)?;
        let oracle = Oracle::new(instance, self)?;
        let mut bound = Wide::ZERO;
        for class in &instance.classes {
            let (cheapest, _) = oracle.cheapest(class)?;
            bound = bound.plus(&cheapest.times(i128::from(class.size))?)?;
        }
        bound = bound.plus(&self.without_classes(instance)?)?;
        Ok(bound)
    }

    /// The parts of the bound that no shard has a say in.
    pub fn without_classes(&self, instance: &Instance) -> Result<Wide, Flaw> {
        let mut bound = Wide::ZERO;
        for (kind, price) in instance.kinds.iter().zip(&self.kinds) {
            // As many as leave arrive: whatever that costs, it is paid and earned as often.
            if let Supply::Spares(count) = kind.supply {
                bound = bound.minus(&Wide::of(price).times(i128::from(count))?)?;
            }
        }
        let most = instance.shards();
        for (place, price) in instance.places.iter().zip(&self.places) {
            let out = place.zone.map_or(Cost::ZERO, |z| self.zones[z]);
            let slope = Wide::of(&out).minus(&Wide::of(price))?;
            bound = bound.plus(&self.cheapest_load(&place.load, most, &slope)?)?;
        }
        for (load, price) in instance.zones.iter().zip(&self.zones) {
            let slope = Wide::ZERO.minus(&Wide::of(price))?;
            bound = bound.plus(&self.cheapest_load(load, most, &slope)?)?;
        }
        for frozen in &self.frozen {
            let spent = Wide::of(&frozen.weight).times(i128::from(frozen.value))?;
            bound = bound.minus(&spent)?;
        }
        Ok(bound)
    }

    /// A load is convex between its limits, so one of them is the cheapest.
    fn cheapest_load(&self, load: &Load, most: i64, slope: &Wide) -> Result<Wide, Flaw> {
        let limits = load.steps.iter().map(|(limit, _)| (*limit).clamp(0, most));
        let mut best: Option<Wide> = None;
        for masters in limits.chain([0, most]) {
            let paid = slope.times(i128::from(masters))?;
            let cost = self.weigh(&load.cost(masters))?.plus(&paid)?;
            best = Some(best.map_or(cost, |b| b.min(cost)));
        }
        Ok(best.unwrap_or(Wide::ZERO))
    }

    /// A cost in whole numbers of `1 / scale`, frozen levels by their weight.
    pub fn weigh(&self, cost: &Cost) -> Result<Wide, Flaw> {
        let mut sum = Wide::ZERO;
        // Most costs have few levels.
        for (level, &amount) in cost.0.iter().enumerate().filter(|(_, a)| **a != 0) {
            let amount = i128::from(amount);
            match self.frozen.iter().find(|f| f.level as usize == level) {
                Some(frozen) => sum = sum.plus(&Wide::of(&frozen.weight).times(amount)?)?,
                None => {
                    let scaled = amount.checked_mul(i128::from(self.scale));
                    let new = scaled.and_then(|s| sum.0[level].checked_add(s));
                    sum.0[level] = new.ok_or(Flaw::Overflow)?;
                }
            }
        }
        Ok(sum)
    }

    fn check(&self, instance: &Instance) -> Result<(), Flaw> {
        let counts = [
            ("kinds", self.kinds.len(), instance.kinds.len()),
            ("places", self.places.len(), instance.places.len()),
            ("zones", self.zones.len(), instance.zones.len()),
        ];
        if let Some((what, ..)) = counts.iter().find(|(_, a, b)| a != b) {
            return Err(Flaw::Mismatch(what));
        }
        if self.scale <= 0 {
            return Err(Flaw::Scale);
        }
        let priced = instance.kinds.iter().zip(&self.kinds).enumerate();
        for (id, (kind, price)) in priced {
            if kind.supply != Supply::Released && *price < Cost::ZERO {
                return Err(Flaw::Negative(id));
            }
        }
        for frozen in &self.frozen {
            let early = frozen.weight.0[..=frozen.level as usize].iter();
            let only_later = early.copied().all(|w| w == 0);
            if frozen.weight < Cost::ZERO || !only_later {
                return Err(Flaw::Weight(frozen.level));
            }
        }
        Ok(())
    }
}
