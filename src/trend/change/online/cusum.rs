//! CUSUM on a level that is learned.

/// Two sums of what is beyond the allowance.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Cusum {
    count: f64,
    total: f64,
    /// Upwards and downwards.
    sums: [Sum; 2],
}

/// How much is beyond, and of how many observations it is and what their sum is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Sum {
    height: f64,
    since: f64,
    total: f64,
}

const EMPTY: Sum = Sum { height: 0.0, since: 0.0, total: 0.0 };

impl Sum {
    /// Adds an observation so far beyond the allowance, and begins anew below nothing. Without a
    /// branch: nobody can foresee it.
    #[inline]
    fn add(&mut self, beyond: f64, value: f64) {
        let height = self.height + beyond;
        let kept = f64::from(u8::from(height > 0.0));
        self.height = height * kept;
        self.since = (self.since + 1.0) * kept;
        self.total = (self.total + value) * kept;
    }
}

impl Cusum {
    pub(super) fn new() -> Self {
        Self { count: 0.0, total: 0.0, sums: [EMPTY; 2] }
    }

    /// Takes an observation in and gives the greater height; the allowance is in its unit.
    #[inline]
    pub(super) fn take(&mut self, value: f64, allowance: f64) -> f64 {
        let away = value - self.total / self.count.max(1.0);
        self.sums[0].add(away - allowance, value);
        self.sums[1].add(-away - allowance, value);
        // What a sum has collected may be of a new level: it is learned once the sums are empty.
        self.count += 1.0;
        self.total += value;
        let [up, down] = &self.sums;
        if up.height > down.height { up.height } else { down.height }
    }

    /// Observations since the change, and the level before and after.
    pub(super) fn change(&self) -> (u64, f64, f64) {
        let [up, down] = self.sums;
        let sum = if up.height > down.height { up } else { down };
        let since = sum.since.max(1.0);
        let before = (self.total - sum.total) / (self.count - since).max(1.0);
        (sum.since as u64, before, sum.total / since)
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        let sound = |sum: &Sum| {
            (0.0..f64::MAX).contains(&sum.height)
                && (0.0..=self.count).contains(&sum.since)
                && sum.total.is_finite()
        };
        self.count >= 0.0
            && self.count.is_finite()
            && self.total.is_finite()
            && self.sums.iter().all(sound)
    }
}

/// The height at which two-sided CUSUM alarms once in `run_length` observations of independent
/// standard normal noise: Siegmund's approximation (Sequential Analysis, 1985), whose error is
/// below 1 % here.
pub(super) fn height_for(run_length: f64, allowance: f64) -> f64 {
    // The mean number of observations to an alarm on one side is twice that on either.
    let one_sided = |height: f64| {
        let b = 2.0 * allowance * (height + 1.166);
        (b.exp() - b - 1.0) / (2.0 * allowance * allowance)
    };
    let (mut low, mut high) = (0.0, 700.0 / (2.0 * allowance) - 1.166);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if one_sided(middle) < 2.0 * run_length {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::height_for;

    #[test]
    fn heights_are_those_of_the_markov_chain() {
        // Brook & Evans' chain of 400 states, allowance 0.5: 4 alarms once in 167.7, 5 in 465.4.
        assert!((height_for(167.7, 0.5) - 4.0).abs() < 0.02);
        assert!((height_for(465.4, 0.5) - 5.0).abs() < 0.02);
    }
}
