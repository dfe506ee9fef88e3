//! Level and spread of a metric that drifts.

/// The first values, from whose median the level starts.
pub(super) const FIRST: usize = 15;

/// As long as no threshold is known, a value moves the level as if it were at most so many spreads
/// away.
const FARTHEST_UNJUDGED: f64 = 100.0;

/// Values judged are at most so many spreads from the level.
const FARTHEST: f64 = 1e12;

/// No step is larger, so that none leads out of the range of floats.
const MOST: f64 = f64::MAX / 4.0;

/// Follows level and mean absolute deviation with a half-life, unimpressed by single values.
///
/// A value beyond the threshold counts as one at it. A lasting shift still gets through: every such
/// value widens the deviation, so that it grows exponentially until the shift is within reach.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Centre {
    /// Values seen.
    pub(super) count: u64,
    pub(super) level: f64,
    pub(super) spread: f64,
    /// The first values, as far as they have been seen.
    pub(super) first: [f64; FIRST],
}

impl Centre {
    pub(super) fn new() -> Self {
        Self { count: 0, level: 0.0, spread: 0.0, first: [0.0; FIRST] }
    }

    pub(super) fn has_started(&self) -> bool {
        self.count >= FIRST as u64
    }

    /// Whether it can have come about: files are checked by it.
    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        let spread = self.spread >= 0.0 && self.spread.is_finite();
        spread && self.level.is_finite() && self.first.iter().all(|value| value.is_finite())
    }

    /// How many spreads a value lies above the level.
    #[inline]
    pub(super) fn standardise(&self, value: f64) -> f64 {
        // Halves: the difference of two finite values may not be finite.
        let away = (0.5 * value - 0.5 * self.level) / (0.5 * self.unit());
        if away.is_nan() { 0.0 } else { away.clamp(-FARTHEST, FARTHEST) }
    }

    /// The value that lies so many spreads above the level; keeps ±∞.
    pub(super) fn restore(&self, away: f64) -> f64 {
        if away.is_infinite() {
            return away;
        }
        (self.level + away * self.unit()).clamp(f64::MIN, f64::MAX)
    }

    /// The spread, or the rounding error of the level if that is larger: a flat line has no other.
    #[inline]
    fn unit(&self) -> f64 {
        self.spread.max(self.level.abs() * (4.0 * f64::EPSILON))
    }

    #[inline]
    pub(super) fn learn(&mut self, value: f64, gain: f64, lowest: f64, highest: f64) {
        if self.has_started() {
            let gain = gain.max(1.0 / (self.count + 1) as f64);
            // A flat line's first step must be able to begin a spread.
            let flat = self.spread <= 0.0;
            let limit = |threshold: f64| match threshold {
                _ if flat => MOST,
                threshold if threshold.is_finite() => (threshold.max(1.0) * self.spread).min(MOST),
                _ => (FARTHEST_UNJUDGED * self.spread).min(MOST),
            };
            let away = (value - self.level).clamp(-limit(-lowest), limit(highest));
            self.level += gain * away;
            self.spread += gain * (away.abs() - self.spread);
            self.count += 1;
        } else {
            self.first[self.count as usize] = value;
            self.count += 1;
            if self.has_started() {
                self.start();
            }
        }
    }

    fn start(&mut self) {
        let mut values = self.first;
        values.sort_unstable_by(f64::total_cmp);
        self.level = values[FIRST / 2];
        // The mean deviation of the middle two thirds: one of the first may be anything.
        for value in &mut values {
            *value = (*value / 2.0 - self.level / 2.0).abs();
        }
        values.sort_unstable_by(f64::total_cmp);
        let kept = FIRST * 2 / 3;
        let mean: f64 = values[..kept].iter().map(|value| value / kept as f64).sum();
        self.spread = (mean * 2.0).min(f64::MAX / 8.0);
    }
}
