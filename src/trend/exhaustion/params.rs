//! What is watched for its exhaustion, and how.

use super::{ExhaustionForecast, ExhaustionWatch};
use crate::error::{Error, Result};

const DAY: f64 = 86_400.0;

/// Settings of a forecast of exhaustion. Every field has a setter of the same name; only the
/// capacity must be given.
///
/// ```
/// use forewarn::trend::ExhaustionParams;
///
/// // A disk of 500 GB that takes 2 GB an hour, 300 of them used.
/// let hours: Vec<f64> = (0..48).map(|hour| f64::from(hour) * 3600.0).collect();
/// let used: Vec<f64> = (0..48).map(|hour| 206.0 + 2.0 * f64::from(hour)).collect();
/// let forecast = ExhaustionParams::new(500.0).forecast(&hours, &used)?;
/// assert!((forecast.left / 3600.0 - 100.0).abs() < 2.0);
/// assert!(forecast.to_string().starts_with("full in 4.2 days, 90 % interval"));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct ExhaustionParams {
    /// The value at which the resource is exhausted, in the metric's unit: from −1e300 to 1e300.
    pub capacity: f64,
    /// Whether the metric falls to it, as free space does, rather than rises. Default: false.
    pub falling: bool,
    /// Seconds ahead that alerts look, above 0 and at most 1e10. Default: a day.
    pub horizon: f64,
    /// The probability of exhaustion within the horizon from which there is an alert, above 0 and
    /// below 1. Default: 0.65.
    pub raise: f64,
    /// The probability below which an alert ends, above 0 and at most `raise`. Default: 0.5.
    pub clear: f64,
    /// How likely the time left is to be within its interval, from 0.5 to 0.99. Default: 0.9.
    pub interval: f64,
    /// Seconds of the past that are looked at, from 60 to 1e10. Default: a week.
    pub history: f64,
    /// Seconds of the rhythm that the metric may have, from 1 to 1e10; `None` if it has none. A
    /// rhythm that is not in the data does no harm. Default: a day.
    pub period: Option<f64>,
}

impl ExhaustionParams {
    /// A metric that is exhausted when it rises to `capacity`, with the defaults of everything
    /// else.
    #[must_use]
    pub fn new(capacity: f64) -> Self {
        Self {
            capacity,
            falling: false,
            horizon: DAY,
            raise: 0.65,
            clear: 0.5,
            interval: 0.9,
            history: 7.0 * DAY,
            period: Some(DAY),
        }
    }

    /// Sets [`capacity`](Self::capacity).
    #[must_use]
    pub fn capacity(self, capacity: f64) -> Self {
        Self { capacity, ..self }
    }

    /// Sets [`falling`](Self::falling).
    #[must_use]
    pub fn falling(self, falling: bool) -> Self {
        Self { falling, ..self }
    }

    /// Sets [`horizon`](Self::horizon).
    #[must_use]
    pub fn horizon(self, horizon: f64) -> Self {
        Self { horizon, ..self }
    }

    /// Sets [`raise`](Self::raise).
    #[must_use]
    pub fn raise(self, raise: f64) -> Self {
        Self { raise, ..self }
    }

    /// Sets [`clear`](Self::clear).
    #[must_use]
    pub fn clear(self, clear: f64) -> Self {
        Self { clear, ..self }
    }

    /// Sets [`interval`](Self::interval).
    #[must_use]
    pub fn interval(self, interval: f64) -> Self {
        Self { interval, ..self }
    }

    /// Sets [`history`](Self::history).
    #[must_use]
    pub fn history(self, history: f64) -> Self {
        Self { history, ..self }
    }

    /// Sets [`period`](Self::period).
    #[must_use]
    pub fn period(self, period: Option<f64>) -> Self {
        Self { period, ..self }
    }

    /// A watch that is fed one observation after the other: [`ExhaustionWatch::new`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<ExhaustionWatch> {
        ExhaustionWatch::new(self)
    }

    /// The forecast of one series at its last time, as a watch that was fed with it gives it.
    ///
    /// Times are seconds, ascending; they may repeat and be uneven. NaN is a missing value.
    /// 500 observations take less than half a millisecond, longer series hardly more.
    ///
    /// # Errors
    /// [`Error::Empty`] without observations, [`Error::Length`] for times and values of different
    /// lengths, and those of [`build`](Self::build) and [`ExhaustionWatch::update`].
    pub fn forecast(self, times: &[f64], values: &[f64]) -> Result<ExhaustionForecast> {
        let mut watch = self.build()?;
        if times.len() != values.len() {
            let (expected, found) = (times.len(), values.len());
            return Err(Error::Length { what: "values", expected, found });
        }
        let last = *times.last().ok_or(Error::Empty { what: "observations" })?;
        for (&time, &value) in times.iter().zip(values) {
            watch.update(time, value)?;
        }
        watch.forecast(last)
    }

    pub(super) fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(-1e300..=1e300).contains(&self.capacity) {
            return out("capacity", self.capacity, "from -1e300 to 1e300");
        }
        if !(self.horizon > 0.0 && self.horizon <= 1e10) {
            return out("horizon", self.horizon, "above 0 and at most 1e10 seconds");
        }
        if !(self.raise > 0.0 && self.raise < 1.0) {
            return out("raise", self.raise, "above 0 and below 1");
        }
        if !(self.clear > 0.0 && self.clear <= self.raise) {
            return out("clear", self.clear, "above 0 and at most `raise`");
        }
        if !(0.5..=0.99).contains(&self.interval) {
            return out("interval", self.interval, "from 0.5 to 0.99");
        }
        if !(60.0..=1e10).contains(&self.history) {
            return out("history", self.history, "from 60 to 1e10 seconds");
        }
        match self.period {
            Some(period) if !(1.0..=1e10).contains(&period) => {
                out("period", period, "from 1 to 1e10 seconds, or none")
            }
            _ => Ok(()),
        }
    }
}
