//! Shares and rates: of so many trials, or in so much time, so many events.

use super::distributions::{binomial_at_least, normal_above, normal_quantile_above};
use super::sample::{Alternative, check_share};
use crate::error::{Error, Result};
use statrs::function::factorial::ln_binomial;

/// Counts are at most this large, so that `f64` holds them exactly.
const LARGEST: u64 = 1 << 53;

/// Trials up to which hypergeometric probabilities keep seven digits.
const EXACT_TRIALS: u64 = 100_000_000;

/// Events out of trials: failed requests of all, rows that are zero of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Share {
    /// How many of the trials.
    pub events: u64,
    /// How many trials, at least 1 and at most 2⁵³.
    pub trials: u64,
}

impl Share {
    /// So many out of so many.
    #[must_use]
    pub fn new(events: u64, trials: u64) -> Self {
        Self { events, trials }
    }

    /// Events by trials.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.events as f64 / self.trials as f64
    }

    pub(super) fn check(self, name: &'static str) -> Result<()> {
        if self.trials == 0 {
            return Err(Error::Empty { what: name });
        }
        if self.trials > LARGEST {
            let allowed = "of at most 2^53 trials";
            return Err(Error::OutOfRange { name, value: self.trials as f64, allowed });
        }
        if self.events > self.trials {
            let allowed = "at most as many events as trials";
            return Err(Error::OutOfRange { name, value: self.events as f64, allowed });
        }
        Ok(())
    }

    /// The interval of Wilson (1927).
    fn interval(self, z: f64) -> [f64; 2] {
        let (n, share) = (self.trials as f64, self.value());
        let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let reach =
            z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        [(centre - reach).max(0.0), (centre + reach).min(1.0)]
    }
}

/// Result of [`compare_shares`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ShareTest {
    /// The candidate's share less the baseline's.
    pub difference: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// The candidate's share by the baseline's; `None` where that is 0.
    pub ratio: Option<f64>,
    /// Probability of a difference at least as far out when nothing differs.
    pub p_value: f64,
    /// Whether it is from the exact distribution.
    pub exact: bool,
}

/// Whether events are a larger share of the candidate's trials than of the baseline's.
///
/// The p-value is that of the score test (the pooled normal test; its square is the chi-squared test
/// without correction). Where fewer than 5 events or non-events of either side are to be expected it
/// is Fisher's exact one instead, twice that of the smaller side for [`Alternative::TwoSided`]; beyond
/// 1e8 trials always the former. The interval of the difference is Newcombe's (1998, his method 10),
/// of two Wilson intervals. Trials must be independent: errors that come in bursts are not, and want
/// a share a minute and [`CanaryMetric::samples`](super::CanaryMetric::samples). O(√events) at most.
///
/// # Errors
/// [`Error::Empty`] for a side without trials, [`Error::OutOfRange`] for more events than trials, more
/// than 2⁵³ trials, or a confidence outside (0, 1).
///
/// ```
/// use forewarn::compare::{Alternative, Share, compare_shares};
///
/// let (baseline, candidate) = (Share::new(20, 10_000), Share::new(41, 10_000));
/// let test = compare_shares(baseline, candidate, Alternative::Greater, 0.95)?;
/// assert!(test.p_value < 0.01 && test.low > 0.0);
/// assert!(test.ratio.is_some_and(|ratio| (ratio - 2.05).abs() < 1e-12));
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn compare_shares(
    baseline: Share,
    candidate: Share,
    alternative: Alternative,
    confidence: f64,
) -> Result<ShareTest> {
    baseline.check("baseline")?;
    candidate.check("candidate")?;
    check_share("confidence", confidence)?;
    let (n, m) = (baseline.trials as f64, candidate.trials as f64);
    let events = (baseline.events + candidate.events) as f64;
    let share = events / (n + m);
    let difference = candidate.value() - baseline.value();
    let least = n.min(m) * share.min(1.0 - share);
    let exact = least < 5.0 && baseline.trials + candidate.trials <= EXACT_TRIALS;
    let p_value = if share == 0.0 || share == 1.0 {
        1.0
    } else if exact {
        let table = Table::new(baseline, candidate);
        alternative.p_value(table.at_least(candidate.events), table.at_most(candidate.events))
    } else {
        let z = difference / (share * (1.0 - share) * (1.0 / n + 1.0 / m)).sqrt();
        alternative.p_value(normal_above(z), normal_above(-z))
    };
    let z = normal_quantile_above((1.0 - confidence) / 2.0);
    let ([low_a, high_a], [low_b, high_b]) = (baseline.interval(z), candidate.interval(z));
    let (a, b) = (baseline.value(), candidate.value());
    Ok(ShareTest {
        difference,
        low: difference - (b - low_b).hypot(high_a - a),
        high: difference + (high_b - b).hypot(a - low_a),
        ratio: (baseline.events > 0).then(|| b / a),
        p_value,
        exact,
    })
}

/// How the events of both sides fall on the candidate's trials: the hypergeometric distribution.
struct Table {
    /// Trials of the candidate, of both sides, and events of both.
    drawn: u64,
    all: u64,
    events: u64,
}

impl Table {
    fn new(baseline: Share, candidate: Share) -> Self {
        Self {
            drawn: candidate.trials,
            all: baseline.trials + candidate.trials,
            events: baseline.events + candidate.events,
        }
    }

    fn probability(&self, k: u64) -> f64 {
        let ways = ln_binomial(self.events, k)
            + ln_binomial(self.all - self.events, self.drawn - k)
            - ln_binomial(self.all, self.drawn);
        ways.exp()
    }

    fn least(&self) -> u64 {
        (self.drawn + self.events).saturating_sub(self.all)
    }

    fn most(&self) -> u64 {
        self.drawn.min(self.events)
    }

    /// Sum of the probabilities upwards, of which each is the one before times a ratio that falls.
    fn at_least(&self, k: u64) -> f64 {
        let mode = (self.drawn + 1) as f64 * (self.events + 1) as f64 / (self.all + 2) as f64;
        if (k as f64) < mode && k > self.least() {
            return 1.0 - self.at_most(k - 1);
        }
        let (mut sum, mut term) = (0.0, self.probability(k));
        for k in k..=self.most() {
            sum += term;
            if term < 1e-18 * sum {
                break;
            }
            let (hits, misses) = (self.events - k, self.drawn - k);
            let rest = (self.all - self.events + k + 1) as f64 - self.drawn as f64;
            term *= hits as f64 * misses as f64 / ((k + 1) as f64 * rest);
        }
        sum.min(1.0)
    }

    fn at_most(&self, k: u64) -> f64 {
        let mode = (self.drawn + 1) as f64 * (self.events + 1) as f64 / (self.all + 2) as f64;
        if k as f64 >= mode {
            return if k >= self.most() { 1.0 } else { 1.0 - self.at_least(k + 1) };
        }
        let (mut sum, mut term) = (0.0, self.probability(k));
        for k in (self.least()..=k).rev() {
            sum += term;
            if term < 1e-18 * sum {
                break;
            }
            let rest = (self.all - self.events + k) as f64 - self.drawn as f64;
            term *= k as f64 * rest / ((self.events - k + 1) as f64 * (self.drawn - k + 1) as f64);
        }
        sum.min(1.0)
    }
}

/// Events in a time, a number of requests, or whatever they are counted by.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rate {
    /// How many, at most 2⁵³.
    pub events: u64,
    /// How much they were looked for in, above 0 and at most 1e150.
    pub exposure: f64,
}

impl Rate {
    /// So many in so much.
    #[must_use]
    pub fn new(events: u64, exposure: f64) -> Self {
        Self { events, exposure }
    }

    fn check(&self, name: &'static str) -> Result<()> {
        if !(self.exposure > 0.0 && self.exposure <= 1e150) {
            let allowed = "of an exposure above 0 and at most 1e150";
            return Err(Error::OutOfRange { name, value: self.exposure, allowed });
        }
        if self.events > LARGEST {
            let allowed = "at most 2^53 events";
            return Err(Error::OutOfRange { name, value: self.events as f64, allowed });
        }
        Ok(())
    }
}

/// Result of [`compare_rates`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RateTest {
    /// The candidate's rate by the baseline's; `None` where that is 0.
    pub ratio: Option<f64>,
    /// Probability of a difference at least as far out when nothing differs.
    pub p_value: f64,
}

/// Whether events of the candidate are more frequent than the baseline's: crashes a day, errors an
/// hour.
///
/// Given how many there are in all, those of the candidate are binomial (Przyborowski and Wilenski
/// 1940). Exact, thus cautious where there are few; twice the smaller side for
/// [`Alternative::TwoSided`]. Events must come independently of each other. Without any event the
/// p-value is 1. O(1).
///
/// # Errors
/// [`Error::OutOfRange`] for an exposure that is not above 0, or more than 2⁵³ events.
///
/// ```
/// use forewarn::compare::{Alternative, Rate, compare_rates};
///
/// // 3 crashes in 20 hours, 5 in 4 hours.
/// let test = compare_rates(Rate::new(3, 20.0), Rate::new(5, 4.0), Alternative::Greater)?;
/// assert!(test.p_value < 0.01);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn compare_rates(
    baseline: Rate,
    candidate: Rate,
    alternative: Alternative,
) -> Result<RateTest> {
    baseline.check("baseline")?;
    candidate.check("candidate")?;
    let all = baseline.events + candidate.events;
    let share = 1.0 / (1.0 + baseline.exposure / candidate.exposure);
    let greater = binomial_at_least(candidate.events, all, share);
    let less = binomial_at_least(baseline.events, all, 1.0 - share);
    let rate = |it: Rate| it.events as f64 / it.exposure;
    Ok(RateTest {
        ratio: (baseline.events > 0).then(|| rate(candidate) / rate(baseline)),
        p_value: alternative.p_value(greater, less),
    })
}
