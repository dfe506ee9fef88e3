//! Figures with the range in which they lie.

use crate::rng::Stream;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A figure, and between which two it lies with the confidence asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Estimate {
    /// The figure.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// Whether a value lies within, the ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// How intervals are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intervals {
    pub(super) confidence: f64,
    pub(super) resamples: usize,
    pub(super) seed: u64,
}

impl Intervals {
    /// Per 100 calls, from amounts and calls by stretch. Stretches are drawn as a whole.
    ///
    /// The quantiles of the bootstrap are too narrow where few stretches matter: their distance from
    /// the mean is widened as Student's quantile exceeds the normal one, at as many degrees of freedom
    /// as there are stretches that matter, less one.
    pub(super) fn per_100(&self, amounts: &[f64], calls: &[f64]) -> Estimate {
        let total: f64 = calls.iter().sum();
        let sum: f64 = amounts.iter().sum();
        if total == 0.0 {
            return Estimate { mean: 0.0, low: 0.0, high: 0.0 };
        }
        let mean = 100.0 * sum / total;
        let mut stream = Stream::new(self.seed, 0xB007);
        let mut drawn: Vec<f64> = (0..self.resamples)
            .map(|_| {
                let (mut amount, mut of) = (0.0, 0.0);
                for _ in 0..amounts.len() {
                    let at = stream.below(amounts.len());
                    amount += amounts[at];
                    of += calls[at];
                }
                100.0 * amount / of
            })
            .collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let tail = ((1.0 - self.confidence) / 2.0 * (drawn.len() - 1) as f64).floor() as usize;
        let wider = self.widening(amounts);
        let (low, high) = (drawn[tail], drawn[drawn.len() - 1 - tail]);
        Estimate {
            mean,
            low: mean + wider * (low - mean).min(0.0),
            high: mean + wider * (high - mean).max(0.0),
        }
    }

    fn widening(&self, amounts: &[f64]) -> f64 {
        let squares: f64 = amounts.iter().map(|amount| amount * amount).sum();
        let fourths: f64 = amounts.iter().map(|amount| amount.powi(4)).sum();
        if fourths == 0.0 {
            return 1.0;
        }
        let matter = (squares * squares / fourths).max(1.0);
        let upper = 0.5 + self.confidence / 2.0;
        let freedom = (matter - 1.0).max(1.0);
        match (StudentsT::new(0.0, 1.0, freedom), Normal::new(0.0, 1.0)) {
            (Ok(student), Ok(normal)) => {
                student.inverse_cdf(upper) / normal.inverse_cdf(upper).max(f64::MIN_POSITIVE)
            }
            _ => 1.0,
        }
    }
}

/// A median, and what 95 of 100 do not exceed. Seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Delay {
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// How many there were.
    pub count: usize,
}

impl Delay {
    /// `None` without any.
    pub(super) fn of(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.sort_unstable_by(f64::total_cmp);
        let count = seconds.len();
        let at = |share: f64| seconds[(share * (count - 1) as f64).round() as usize];
        (count > 0).then(|| Self { median: at(0.5), p95: at(0.95), count })
    }
}
