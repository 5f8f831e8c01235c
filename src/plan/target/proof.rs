//! What certificates prove of a decision's value, level by level.

use crate::plan::level::Cost;
use crate::plan::level::Level;
use crate::plan::level::PRICED;
use crate::plan::target::certificate::Certificate;
use crate::plan::target::certificate::Flaw;
use crate::plan::target::certificate::Frozen;
use crate::plan::target::instance::Instance;
use crate::plan::target::wide::Wide;

/// Where prices come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Potentials of a flow.
    Flow,
    /// Duals of the column program.
    Columns,
}

/// A certificate with its bound, recomputed.
#[derive(Clone, Debug)]
pub struct Checked {
    pub certificate: Certificate,
    /// In whole numbers of `1 / scale`.
    pub bound: Wide,
    pub by: By,
}

impl Checked {
    pub fn new(instance: &Instance, certificate: Certificate, by: By) -> Result<Self, Flaw> {
        let bound = certificate.bound(instance)?;
        Ok(Self {
            certificate,
            bound,
            by,
        })
    }

    /// The bound of one level, rounded up.
    fn at(&self, level: Level) -> i64 {
        let (bound, scale) = (
            self.bound.0[level as usize],
            i128::from(self.certificate.scale),
        );
        let whole = bound.div_euclid(scale) + i128::from(bound.rem_euclid(scale) > 0);
        i64::try_from(whole).unwrap_or(i64::MIN)
    }

    /// It says of the level what no decision is below that is as good as `value` before it.
    fn applies(&self, value: &Cost, level: Level) -> bool {
        let frozen = &self.certificate.frozen;
        let kept = |f: &Frozen| f.level < level && f.value >= f.level.of(value);
        frozen.iter().all(kept)
            && PRICED.iter().take_while(|&&l| l < level).all(|&l| {
                let exact = i128::from(l.of(value)) * i128::from(self.certificate.scale);
                frozen.iter().any(|f| f.level == l) || self.bound.0[l as usize] == exact
            })
    }
}

/// For every level of [`PRICED`] the best bound that holds for decisions as good as `value` on
/// the levels before it, and which certificate gives it. It ends behind the first level whose
/// bound is below the value: nothing is known of what follows.
pub fn bounds(value: &Cost, certificates: &[Checked]) -> Vec<(Level, Option<(i64, usize)>)> {
    let mut known = Vec::new();
    for level in PRICED {
        let best = (0..certificates.len())
            .filter(|&c| certificates[c].applies(value, level))
            .map(|c| (certificates[c].at(level), c))
            .max_by_key(|&(bound, c)| (bound, std::cmp::Reverse(c)));
        known.push((level, best));
        if best.is_none_or(|(bound, _)| bound < level.of(value)) {
            break;
        }
    }
    known
}

/// The first level that is not proven.
pub fn open_level(value: &Cost, certificates: &[Checked]) -> Option<Level> {
    let known = bounds(value, certificates);
    let (level, best) = known.last()?;
    best.is_none_or(|(bound, _)| bound < level.of(value))
        .then_some(*level)
}

/// What certificates prove of a decision that costs `value`, added up anew: the bound of every
/// level, up to the first that is not proven. No solver has a part in it.
pub fn recheck(
    instance: &Instance,
    value: &Cost,
    certificates: Vec<Certificate>,
) -> Result<Vec<(Level, i64)>, Flaw> {
    let checked = certificates
        .into_iter()
        .map(|c| Checked::new(instance, c, By::Flow));
    let checked: Vec<Checked> = checked.collect::<Result<_, _>>()?;
    let known = bounds(value, &checked).into_iter();
    Ok(known
        .filter_map(|(level, best)| Some((level, best?.0)))
        .collect())
}
