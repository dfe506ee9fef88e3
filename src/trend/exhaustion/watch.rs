//! A resource under watch.

use super::engine::Engine;
use super::{ExhaustionForecast, ExhaustionParams, Outlook};
use crate::error::{Error, Result};
use crate::trend::cells::Cells;

/// Watches one resource and tells, at any time, when it will be exhausted.
///
/// Observations go into at most 512 cells of equal length, which grow with the past; a question is
/// answered from them. Growth, noise and rhythm are described by some hundred structural models, from
/// a straight line to a random walk, with or without a daily rhythm, an acceleration, noise with a
/// memory; each is believed as far as the past speaks for it. Drops of a sawtooth are taken out first,
/// and where its next peaks will be is learned from those there were. What is answered is the
/// distribution of the first time that the metric, noise and all, is at the capacity.
///
/// An update takes some ten nanoseconds and allocates nothing; a question less than half a
/// millisecond. A watch takes 24 KiB.
///
/// Structural models: Harvey, "Forecasting, structural time series models and the Kalman filter"
/// (1989). First passage with an unknown drift: Whitmore, "Normal-gamma mixtures of inverse Gaussian
/// distributions", Scandinavian Journal of Statistics 13 (1986).
///
/// ```
/// use forewarn::trend::{ExhaustionParams, Outlook};
///
/// // A log that grows by 1 % of the disk an hour, and is rotated at 60 %.
/// let mut watch = ExhaustionParams::new(100.0).build()?;
/// let hour = 3600.0;
/// for step in 0..600 {
///     watch.update(f64::from(step) * hour, 10.0 + f64::from(step % 50))?;
/// }
/// assert_eq!(watch.forecast(600.0 * hour)?.outlook, Outlook::Never);
/// // Then rotation fails.
/// for step in 600..680 {
///     watch.update(f64::from(step) * hour, 10.0 + f64::from(step - 600))?;
/// }
/// let forecast = watch.forecast(680.0 * hour)?;
/// assert_eq!(forecast.outlook, Outlook::Filling);
/// assert!((forecast.left / hour - 10.0).abs() < 2.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExhaustionWatch {
    pub(super) params: ExhaustionParams,
    pub(super) cells: Cells,
    pub(super) time: f64,
    pub(super) value: f64,
    pub(super) missing: u64,
    pub(super) alert: bool,
}

/// An answer with a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExhaustionDecision {
    /// Whether there is an alert now.
    pub alert: bool,
    /// Whether it began or ended with this question.
    pub changed: bool,
    /// What it rests on.
    pub forecast: ExhaustionForecast,
}

impl ExhaustionWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(params: ExhaustionParams) -> Result<Self> {
        params.check()?;
        let cells = Cells::new(params.history);
        Ok(Self { params, cells, time: f64::MIN, value: f64::NAN, missing: 0, alert: false })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &ExhaustionParams {
        &self.params
    }

    /// Missing values so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Whether there was an alert at the last [`decide`](Self::decide).
    #[must_use]
    pub fn alert(&self) -> bool {
        self.alert
    }

    /// Adds a value at a time in seconds, in constant time. NaN is a missing value. A time may
    /// repeat.
    ///
    /// # Errors
    /// The state stays as it was:
    /// - [`Error::OutOfRange`] for a value beyond ±1e300, or a time beyond ±1e14;
    /// - [`Error::TimeWentBack`] for a time before the last.
    pub fn update(&mut self, time: f64, value: f64) -> Result<()> {
        check_time(time)?;
        if value.abs() > 1e300 {
            let allowed = "from -1e300 to 1e300, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        if time < self.time {
            return Err(Error::TimeWentBack { time, last: self.time });
        }
        self.time = time;
        if value.is_nan() {
            self.missing += 1;
            return Ok(());
        }
        self.value = if self.params.falling { -value } else { value };
        self.cells.push(time, self.value);
        Ok(())
    }

    /// When the capacity is reached, asked at a time not before the last observation.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time beyond ±1e14, [`Error::TimeWentBack`] for one before the
    /// last observation.
    pub fn forecast(&self, now: f64) -> Result<ExhaustionForecast> {
        check_time(now)?;
        if now < self.time {
            return Err(Error::TimeWentBack { time: now, last: self.time });
        }
        let params = &self.params;
        let capacity = if params.falling { -params.capacity } else { params.capacity };
        let blank = ExhaustionForecast {
            outlook: Outlook::Unknown,
            time: now,
            left: f64::NAN,
            earliest: f64::NAN,
            latest: f64::NAN,
            interval: params.interval,
            probability: 0.0,
            horizon: params.horizon,
            rate: f64::NAN,
            room: capacity - self.value,
        };
        let engine = Engine::new(&self.cells, params.period, now);
        let rate = engine.as_ref().map_or(f64::NAN, Engine::rate);
        if self.value >= capacity {
            let (left, earliest, latest) = (0.0, 0.0, 0.0);
            let outlook = Outlook::Exhausted;
            return Ok(ExhaustionForecast {
                outlook,
                left,
                earliest,
                latest,
                probability: 1.0,
                rate,
                ..blank
            });
        }
        let Some(engine) = engine else { return Ok(blank) };
        let outside = 0.5 * (1.0 - params.interval);
        let passage = engine.passage(capacity, 1.0 - outside, params.horizon);
        let left = passage.quantile(0.5);
        Ok(ExhaustionForecast {
            outlook: if left.is_finite() { Outlook::Filling } else { Outlook::Never },
            left,
            earliest: passage.quantile(outside),
            latest: passage.quantile(1.0 - outside),
            probability: passage.within_if_it_lasts(params.horizon),
            rate,
            ..blank
        })
    }

    /// The same, and whether to alert: from [`raise`](ExhaustionParams::raise) on, and until the
    /// probability is below [`clear`](ExhaustionParams::clear).
    ///
    /// # Errors
    /// Those of [`forecast`](Self::forecast); the state stays as it was.
    pub fn decide(&mut self, now: f64) -> Result<ExhaustionDecision> {
        let forecast = self.forecast(now)?;
        let least = if self.alert { self.params.clear } else { self.params.raise };
        let alert = forecast.probability >= least;
        let changed = alert != std::mem::replace(&mut self.alert, alert);
        Ok(ExhaustionDecision { alert, changed, forecast })
    }
}

fn check_time(time: f64) -> Result<()> {
    if time.abs() <= 1e14 {
        return Ok(());
    }
    Err(Error::OutOfRange { name: "time", value: time, allowed: "from -1e14 to 1e14 seconds" })
}
