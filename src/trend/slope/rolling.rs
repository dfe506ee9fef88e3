//! The robust slope of a stream's last observations.

use super::ordered::Ordered;
use crate::error::{Error, Result};
use statrs::function::beta::beta_reg;

/// Settings of a [`RollingTrend`]. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RollingTrendParams {
    /// Observations that are looked at, from 12 to 4,096. Default: 288, a day of every five minutes.
    pub window: usize,
    /// The probability that the interval holds the slope, from 0.5 to 0.999. Default: 0.95.
    pub confidence: f64,
}

impl Default for RollingTrendParams {
    fn default() -> Self {
        Self { window: 288, confidence: 0.95 }
    }
}

impl RollingTrendParams {
    /// Sets [`window`](Self::window).
    #[must_use]
    pub fn window(self, window: usize) -> Self {
        Self { window, ..self }
    }

    /// Sets [`confidence`](Self::confidence).
    #[must_use]
    pub fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    /// A trend that has seen nothing: [`RollingTrend::new`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<RollingTrend> {
        RollingTrend::new(self)
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(12..=4096).contains(&self.window) {
            let (value, allowed) = (self.window as f64, "from 12 to 4,096 observations");
            return Err(Error::OutOfRange { name: "window", value, allowed });
        }
        if !(0.5..=0.999).contains(&self.confidence) {
            let (value, allowed) = (self.confidence, "from 0.5 to 0.999");
            return Err(Error::OutOfRange { name: "confidence", value, allowed });
        }
        Ok(())
    }
}

/// The robust slope over the last observations of a stream, up to date after each.
///
/// Each observation is paired with the one two thirds of the window before it, and the slope is the
/// median of the pairs' slopes: Theil's incomplete method. No observation is in two pairs, so that
/// the interval between two of the ordered slopes holds the true one with a probability that the
/// binomial law gives exactly, whatever the law of the noise, as long as it has no memory. A sixth of
/// the observations may be wild.
///
/// An update costs some tens of nanoseconds, in O(√window); reading the slope, a few. Nothing is
/// allocated after the start.
///
/// Theil, "A rank-invariant method of linear and polynomial regression analysis" (1950).
///
/// ```
/// use forewarn::trend::RollingTrendParams;
///
/// let mut trend = RollingTrendParams::default().window(60).build()?;
/// for minute in 0..200 {
///     let wild = if minute % 10 == 0 { 1e4 } else { 0.0 };
///     let noise = f64::from(minute * minute * 37 % 101) / 100.0;
///     trend.update(60.0 * f64::from(minute), 5.0 + 0.1 * f64::from(minute) + noise + wild)?;
/// }
/// let slope = 0.1 / 60.0;
/// let (lower, upper) = trend.interval().ok_or(forewarn::Error::Empty { what: "pairs" })?;
/// assert!(lower < slope && slope < upper);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RollingTrend {
    pub(super) params: RollingTrendParams,
    /// The last two thirds of the window in a ring: what is still to be paired.
    pub(super) waiting: Vec<(f64, f64)>,
    pub(super) oldest: usize,
    /// The pairs' slopes in a ring, in order of time; NaN where two have one time.
    pub(super) slopes: Vec<f64>,
    pub(super) first: usize,
    /// Those that are numbers, ascending.
    sorted: Ordered,
    /// For each number of slopes, how many are below the interval; none where it would be too wide.
    ranks: Vec<Option<u16>>,
    pub(super) missing: u64,
}

impl RollingTrend {
    /// A trend that has seen nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(params: RollingTrendParams) -> Result<Self> {
        params.check()?;
        let pairs = params.window / 3;
        Ok(Self {
            params,
            waiting: Vec::with_capacity(params.window - pairs),
            oldest: 0,
            slopes: Vec::with_capacity(pairs),
            first: 0,
            sorted: Ordered::new(pairs),
            ranks: ranks(pairs, params.confidence),
            missing: 0,
        })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &RollingTrendParams {
        &self.params
    }

    /// Missing values so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The slope, in the value's unit a unit of time; `None` before the first pair.
    #[must_use]
    pub fn slope(&self) -> Option<f64> {
        let count = self.sorted.len();
        if count == 0 {
            return None;
        }
        let upper = self.sorted.at(count / 2);
        let is_odd = count % 2 == 1;
        Some(if is_odd { upper } else { f64::midpoint(self.sorted.at(count / 2 - 1), upper) })
    }

    /// The slope's confidence interval; `None` before there are pairs enough for it.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let count = self.sorted.len();
        let rank = usize::from((*self.ranks.get(count)?)?);
        Some((self.sorted.at(rank), self.sorted.at(count - 1 - rank)))
    }

    /// Adds a value at a time. NaN is a missing value. A time may repeat.
    ///
    /// # Errors
    /// The state stays as it was:
    /// - [`Error::OutOfRange`] for a value or time that is infinite, or a time that is NaN;
    /// - [`Error::TimeWentBack`] for a time before the last one of a value.
    pub fn update(&mut self, time: f64, value: f64) -> Result<()> {
        if !time.is_finite() {
            return Err(Error::OutOfRange { name: "time", value: time, allowed: "finite" });
        }
        if value.is_infinite() {
            let allowed = "finite, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        let wait = self.params.window - self.params.window / 3;
        let full = self.waiting.len() == wait;
        let end = if full && self.oldest > 0 { self.oldest } else { self.waiting.len() };
        let newest = end.wrapping_sub(1);
        if let Some(&(last, _)) = self.waiting.get(newest).filter(|(last, _)| time < *last) {
            return Err(Error::TimeWentBack { time, last });
        }
        if value.is_nan() {
            self.missing += 1;
            return Ok(());
        }
        if !full {
            self.waiting.push((time, value));
            return Ok(());
        }
        let (before, was) = std::mem::replace(&mut self.waiting[self.oldest], (time, value));
        self.oldest = if self.oldest + 1 == wait { 0 } else { self.oldest + 1 };
        // Halves, so that nothing overflows.
        let slope = (0.5 * value - 0.5 * was) / (0.5 * time - 0.5 * before);
        self.replace(if time > before { slope.clamp(f64::MIN, f64::MAX) } else { f64::NAN });
        Ok(())
    }

    /// Adds a slope in the place of the oldest.
    fn replace(&mut self, slope: f64) {
        let pairs = self.params.window / 3;
        if self.slopes.len() < pairs {
            self.slopes.push(slope);
        } else {
            let old = std::mem::replace(&mut self.slopes[self.first], slope);
            self.first = if self.first + 1 == pairs { 0 } else { self.first + 1 };
            if !old.is_nan() {
                self.sorted.remove(old);
            }
        }
        if !slope.is_nan() {
            self.sorted.insert(slope);
        }
    }

    /// What follows from the slopes.
    #[cfg(feature = "serde")]
    pub(super) fn sort(&mut self) {
        let slopes = self.slopes.iter().filter(|slope| !slope.is_nan());
        slopes.for_each(|&slope| self.sorted.insert(slope));
    }
}

/// For each number of slopes the most that can be left out at either end: so many fair coins show
/// that few heads, or fewer, with at most half of what the confidence leaves.
fn ranks(most: usize, confidence: f64) -> Vec<Option<u16>> {
    let outside = 0.5 * (1.0 - confidence);
    let mut rank: Option<u16> = None;
    (0..=most)
        .map(|count| {
            let next = rank.map_or(0, |rank| rank + 1);
            // P(B ≤ k) = I(1/2; n − k, k + 1) is the probability that k + 1 are left out wrongly.
            let heads = f64::from(next);
            if count as f64 > heads && beta_reg(count as f64 - heads, heads + 1.0, 0.5) <= outside {
                rank = Some(next);
            }
            rank
        })
        .collect()
}
