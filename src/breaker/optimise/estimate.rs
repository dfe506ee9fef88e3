//! Figures with the range in which they lie.

use crate::rng::Stream;
use statrs::distribution::{ContinuousCDF, Gamma, Normal, StudentsT};

/// A figure, and between which two it lies with the confidence asked for.
///
/// Ends are nowhere cut off at 0. That of a cost stays above it by itself, since the range of events that
/// all cost something does; a saving may have been a loss, and its lower end says so.
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

/// An event that was not seen costs a call at least.
const LEAST_EVENT: f64 = 1.0;

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
    ///
    /// Where few stretches matter the quantiles of a bootstrap know nothing of signs: three outages that
    /// all cost something, but very different amounts, would give a range that includes 0. So the ends are
    /// drawn in to those of amounts that come as a Poisson process, [`poisson`], where these are
    /// nearer. `groups` says which stretches belong to one event: it counts up with each.
    pub(super) fn per_100(&self, amounts: &[f64], calls: &[f64], groups: &[usize]) -> Estimate {
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
        let [below, above] = self.poisson(amounts, groups).map(|end| 100.0 * end / total);
        Estimate {
            mean,
            low: (mean + wider * (low - mean).min(0.0)).max(below).min(mean),
            high: (mean + wider * (high - mean).max(0.0)).min(above).max(mean),
        }
    }

    /// The range of a sum of events that come as a Poisson process, each with the amount seen: for
    /// gains and for losses by the gamma interval of Fay and Feuer ("Confidence intervals for directly
    /// standardized rates", Statistics in Medicine 16, 1997), for their difference by the squares of the
    /// distances (Zou and Donner, "Construction of confidence limits about effect measures", ibid. 27,
    /// 2008).
    pub(super) fn poisson(&self, amounts: &[f64], groups: &[usize]) -> [f64; 2] {
        let mut events: Vec<f64> = vec![0.0; groups.last().map_or(0, |last| last + 1)];
        amounts.iter().zip(groups).for_each(|(amount, group)| events[*group] += amount);
        let gains = self.gamma(events.iter().map(|amount| amount.max(0.0)));
        let losses = self.gamma(events.iter().map(|amount| (-amount).max(0.0)));
        let sum = gains.mean - losses.mean;
        let below = (gains.mean - gains.low).hypot(losses.high - losses.mean);
        let above = (gains.high - gains.mean).hypot(losses.mean - losses.low);
        [sum - below, sum + above]
    }

    /// The gamma interval of a sum of amounts, none below 0.
    pub(super) fn gamma(&self, amounts: impl Iterator<Item = f64>) -> Estimate {
        let (mut mean, mut squares, mut most) = (0.0, 0.0, LEAST_EVENT);
        for amount in amounts {
            mean += amount;
            squares += amount * amount;
            most = f64::max(most, amount);
        }
        // A gamma variable of this mean and variance.
        let quantile = |mean: f64, variance: f64, share: f64| {
            let gamma = Gamma::new(mean * mean / variance, mean / variance);
            gamma.map_or(mean, |gamma| gamma.inverse_cdf(share))
        };
        let tail = (1.0 - self.confidence) / 2.0;
        let low = if mean > 0.0 { quantile(mean, squares, tail) } else { 0.0 };
        Estimate { mean, low, high: quantile(mean + most, squares + most * most, 1.0 - tail) }
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
