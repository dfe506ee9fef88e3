//! How a metric is forecast.

use super::grid::Grid;
use super::judge::Judged;
use super::{Forecast, ForecastPoint};
use crate::error::{Error, Result};

const DAY: f64 = 86_400.0;
/// Steps ahead at most.
const FARTHEST: usize = 100_000;

/// Settings of a forecast. Every field has a setter of the same name.
///
/// # How it is made
/// Observations are put on an even grid. Three ways to see a rhythm (none, the period, the long
/// period; each coarse or fine) go with levels that forget at four speeds and return to the long-run
/// level at three, and with lines of two lengths, damped or not: some eighty forecasters, of which
/// each costs a few operations a step. All of them are asked at up to 300 times of the past what comes
/// then, without a look at it. For each horizon they are averaged, the better the more, and the
/// errors that the average made are the interval: it takes no law of the noise for granted.
///
/// Single wild values and changes of level are borne: what is learned from a value ends at four usual
/// errors, until several follow each other.
///
/// Intervals are those of the past: what has never happened is not in them, and of what wanders and has
/// been seen for fewer than 100 steps, those 24 steps ahead hold seven or eight of ten.
///
/// O(n) in the length of the past and O(n) in memory: 10,000 observations take some ten milliseconds.
/// The same input gives the same bits.
///
/// Averages of forecasts: Bates & Granger, "The combination of forecasts", Operational Research
/// Quarterly 20 (1969). Intervals from errors of the past: Angelopoulos & Bates, "Conformal
/// prediction: a gentle introduction" (2023); lines that forget: Brown, "Smoothing, forecasting and
/// prediction of discrete time series" (1963).
///
/// ```
/// use forewarn::trend::ForecastParams;
///
/// // Three weeks of hours: a daily rhythm on a rising level.
/// let hours: Vec<f64> = (0..504).map(|hour| f64::from(hour) * 3600.0).collect();
/// let load = |hour: &f64| 50.0 + hour / 36_000.0 + 20.0 * (hour / 86_400.0 * 6.283_185).sin();
/// let loads: Vec<f64> = hours.iter().map(load).collect();
/// let forecast = ForecastParams::default().forecast(&hours, &loads, 48)?;
/// let ahead = &forecast.points[29];
/// assert!((ahead.value - load(&ahead.time)).abs() < 1.5);
/// assert!(ahead.lower <= ahead.value && ahead.value <= ahead.upper);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ForecastParams {
    /// Seconds between the times that are forecast, and of the grid, above 0 and at most 1e10; `None`
    /// for the median interval of the observations. Default: `None`.
    pub step: Option<f64>,
    /// Seconds of the rhythm that the metric may have, above 0 and at most 1e10; `None` if it has none.
    /// It needs two periods of the past, and a rhythm that is not in the data does little harm. Default:
    /// a day.
    pub period: Option<f64>,
    /// The same of a longer rhythm. Default: a week.
    pub long_period: Option<f64>,
    /// How likely each value is to be within its interval, from 0.5 to 0.99. Default: 0.9.
    pub interval: f64,
}

impl Default for ForecastParams {
    fn default() -> Self {
        Self { step: None, period: Some(DAY), long_period: Some(7.0 * DAY), interval: 0.9 }
    }
}

impl ForecastParams {
    /// Sets [`step`](Self::step).
    #[must_use]
    pub fn step(self, step: Option<f64>) -> Self {
        Self { step, ..self }
    }

    /// Sets [`period`](Self::period).
    #[must_use]
    pub fn period(self, period: Option<f64>) -> Self {
        Self { period, ..self }
    }

    /// Sets [`long_period`](Self::long_period).
    #[must_use]
    pub fn long_period(self, long_period: Option<f64>) -> Self {
        Self { long_period, ..self }
    }

    /// Sets [`interval`](Self::interval).
    #[must_use]
    pub fn interval(self, interval: f64) -> Self {
        Self { interval, ..self }
    }

    /// Forecasts the next `steps` values of a series, with intervals.
    ///
    /// Times are seconds, ascending; they may repeat and be uneven. NaN is a missing value, and gaps
    /// need not be filled. Intervals are those of single values; farther ahead than half of the past
    /// they are widened by the square root of the horizon.
    ///
    /// # Errors
    /// - [`Error::Length`] for times and values of different lengths;
    /// - [`Error::OutOfRange`] for a setting outside its range, steps not from 1 to 100,000, a time
    ///   beyond ±1e14, a value beyond ±1e300, fewer than 16 cells of the grid with values, or more
    ///   than 1,000,000 cells in all;
    /// - [`Error::TimeWentBack`] for a time before the one before it.
    pub fn forecast(self, times: &[f64], values: &[f64], steps: usize) -> Result<Forecast> {
        self.check()?;
        if !(1..=FARTHEST).contains(&steps) {
            let (value, allowed) = (steps as f64, "from 1 to 100,000");
            return Err(Error::OutOfRange { name: "steps", value, allowed });
        }
        let grid = Grid::new(times, values, self.step)?;
        let periods = [self.period, self.long_period].map(|period| period.map(|it| it / grid.step));
        let judged = Judged::new(&grid.cells, periods, steps, self.interval);
        let point = |(index, [lower, value, upper]): (usize, [f64; 3])| ForecastPoint {
            time: grid.last + (index + 1) as f64 * grid.step,
            value: grid.restore(value),
            lower: grid.restore(lower),
            upper: grid.restore(upper),
        };
        Ok(Forecast {
            step: grid.step,
            interval: self.interval,
            points: judged.ahead(steps).into_iter().enumerate().map(point).collect(),
        })
    }

    fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        let all = [("step", self.step), ("period", self.period), ("long_period", self.long_period)];
        for (name, seconds) in all {
            match seconds {
                Some(seconds) if !(seconds > 0.0 && seconds <= 1e10) => {
                    return out(name, seconds, "above 0 and at most 1e10 seconds, or none");
                }
                _ => {}
            }
        }
        if !(0.5..=0.99).contains(&self.interval) {
            return out("interval", self.interval, "from 0.5 to 0.99");
        }
        Ok(())
    }
}
