//! A span of time.

use std::fmt;

/// Milliseconds. Shown by the two largest units: `3 d 4 h`, `2 h 5 min`, `1 min 30 s`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Millis(pub u64);

impl Millis {
    /// Up to full seconds: for limits, which must not be shown too low.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        Self(self.0.div_ceil(1000).saturating_mul(1000))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        let seconds = self.0 / 1000;
        let Some(largest) = UNITS.iter().position(|&(size, _)| seconds >= size) else {
            return f.write_str("less than 1 s");
        };
        let (size, unit) = UNITS[largest];
        write!(f, "{} {unit}", seconds / size)?;
        match UNITS.get(largest + 1) {
            Some(&(smaller, unit)) if seconds % size >= smaller => {
                write!(f, " {} {unit}", seconds % size / smaller)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_shown_by_two_units_at_most() {
        for (ms, expected) in [
            (0, "less than 1 s"),
            (999, "less than 1 s"),
            (61_000, "1 min 1 s"),
            (7_500_000, "2 h 5 min"),
            (86_400_000, "1 d"),
            (86_461_000, "1 d"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(Millis(ms).to_string(), expected);
        }
    }

    #[test]
    fn limits_are_rounded_up() {
        let shown = [900, 38_000, 120_600, 180_000].map(|ms| Millis(ms).rounded_up().to_string());
        assert_eq!(shown, ["1 s", "38 s", "2 min 1 s", "3 min"]);
        assert_eq!(Millis(u64::MAX).rounded_up().0, u64::MAX);
    }
}
