//! What the ranks of a pair are taken in: values of earlier pairs.

/// Values that are kept; more would place a rank by less than a thousandth better.
pub(super) const MOST: usize = 2_000;

/// Earlier values, ascending.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Reference {
    pub(super) values: Vec<f64>,
}

impl Reference {
    /// By how much of all values the candidate is above the baseline, from −1 to 1; then the pair is
    /// one of the earlier ones.
    ///
    /// The pair itself counts, so that the first one has ranks. Nothing here tells which of the two
    /// is the candidate, but for the sign: when nothing differs that is a fair coin.
    pub(super) fn difference(&mut self, baseline: f64, candidate: f64) -> f64 {
        let twice = |value: f64| {
            let below = self.values.partition_point(|&other| other < value);
            below + self.values.partition_point(|&other| other <= value)
        };
        let own = f64::from(i8::from(candidate > baseline) - i8::from(candidate < baseline));
        let between = twice(candidate) as f64 - twice(baseline) as f64;
        // Mid-ranks among the earlier values and the two, of which each is above or below the other.
        let difference = (0.5 * between + own) / (self.values.len() + 2) as f64;
        if self.values.len() < MOST {
            for value in [baseline, candidate] {
                let at = self.values.partition_point(|&other| other < value);
                self.values.insert(at, value);
            }
        }
        difference
    }
}
