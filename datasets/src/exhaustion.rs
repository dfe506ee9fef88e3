//! Resources that fill up, or only look like it: for forecasts of when a metric reaches its limit.
//!
//! Values are percent of the capacity, 100. Every series draws its own parameters; `u(a, b)` is
//! uniform and `N` standard normal, `t` the time in days. A series that fills does so at a day
//! `T = u(2, 18)` if nothing happens in between, which may be after its end:
//! ```text
//! linear         x = a + (100 − a) t/T,  a = u(15, 75); noise of deviation u(0.1, 0.6)
//! noisy          the same with noise of deviation u(0.5, 3) and a memory of up to three hours, and
//!                one in a hundred rows far off
//! safe sawtooth  rises to u(50, 90) within u(1, 30) hours, then drops by u(20, 100) % of the rise,
//!                at once or within half an hour; peaks, periods and slopes vary from one to the next
//! daily          a line as above, plus u(2, 9) sin(2π (t − u)) and a second harmonic
//! leak           level until u(1, 9) days, then a line that would reach 100 within u(0.5, 7) days
//! bulk copy      a level of u(15, 55), and copies of u(5, 25) within u(0.5, 6) hours, one every
//!                u(1, 6) days; half of them are deleted later, and none starts that would not fit
//! collected      a sawtooth of u(3, 15) within u(0.4, 6) hours on a floor that is a line
//! random walk    steps of u(1, 8) a square root of a day, drift u(−2, 3) a day
//! accelerating   a + (100 − a) (t/T)^p, p = u(1.5, 3.5), or the same with an exponential
//! flat noise     a level of u(30, 80) with noise of deviation u(0.3, 3), memory up to 6 hours
//! ```
//! The truth is the first row at 100 or more. Rows go on after the end of the observation, so that
//! it is known for some days more.

use crate::error::{Result, check_count, check_range};
use crate::exact::{exponential, logarithm, sine};
use crate::random::{Stream, Wander};

/// 2024-01-01T00:00:00Z, a Monday.
const START: f64 = 1_704_067_200.0;
const DAY: f64 = 86_400.0;

/// Settings; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::exhaustion::{ExhaustionSeriesParams, Growth};
///
/// let series = ExhaustionSeriesParams { count: 20, ..Default::default() }.simulate()?;
/// assert_eq!(series[11].growth, Growth::Noisy);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExhaustionSeriesParams {
    /// Series, 1 to 100,000; they take the ten kinds in turn. Default 300.
    pub count: usize,
    /// Days that are observed, 1 to 365. Default 14.
    pub days: f64,
    /// Days after them for which the truth is known, 0 to 365. Default 7.
    pub beyond: f64,
    /// Minutes between rows, 1 to 60; 0 draws 2, 5 or 10 for each series. Default 0.
    pub step_minutes: usize,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for ExhaustionSeriesParams {
    fn default() -> Self {
        Self { count: 300, days: 14.0, beyond: 7.0, step_minutes: 0, seed: 1 }
    }
}

/// How a series moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Growth {
    /// A line with little noise.
    Linear,
    /// A line with much noise that has a memory.
    Noisy,
    /// Rises and resets well below the capacity.
    SafeSawtooth,
    /// A line plus a daily rhythm.
    Daily,
    /// Level, then all at once a line.
    Leak,
    /// Jumps that end by themselves.
    BulkCopy,
    /// A sawtooth on a floor that rises.
    Collected,
    /// Goes up and down by chance.
    RandomWalk,
    /// Faster and faster.
    Accelerating,
    /// Noise around a level.
    FlatNoise,
}

impl Growth {
    /// All of them, in the order in which series take them.
    pub const ALL: [Self; 10] = [
        Self::Linear,
        Self::Noisy,
        Self::SafeSawtooth,
        Self::Daily,
        Self::Leak,
        Self::BulkCopy,
        Self::Collected,
        Self::RandomWalk,
        Self::Accelerating,
        Self::FlatNoise,
    ];

    /// A name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Noisy => "noisy",
            Self::SafeSawtooth => "safe sawtooth",
            Self::Daily => "daily plus trend",
            Self::Leak => "leak",
            Self::BulkCopy => "bulk copy",
            Self::Collected => "collected with trend",
            Self::RandomWalk => "random walk",
            Self::Accelerating => "accelerating",
            Self::FlatNoise => "flat noise",
        }
    }
}

/// One series and its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct ExhaustionSeries {
    /// How it moves.
    pub growth: Growth,
    /// Unix seconds, up to the end of the observation or to the exhaustion, if that comes first.
    pub times: Vec<f64>,
    /// Percent of the capacity, one a time.
    pub values: Vec<f64>,
    /// When it first reached 100, within the observation or the days beyond.
    pub exhausted: Option<f64>,
}

impl ExhaustionSeries {
    /// The seconds that were truly left at a time: `None` if it did not run out within what is
    /// known.
    #[must_use]
    pub fn left(&self, time: f64) -> Option<f64> {
        self.exhausted.map(|at| at - time)
    }
}

impl ExhaustionSeriesParams {
    /// Runs the series. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Vec<ExhaustionSeries>> {
        check_count("count", self.count, 1, 100_000)?;
        check_range("days", self.days, 1.0, 365.0)?;
        check_range("beyond", self.beyond, 0.0, 365.0)?;
        check_count("step_minutes", self.step_minutes, 0, 60)?;
        Ok((0..self.count).map(|index| self.series(index)).collect())
    }

    fn series(&self, index: usize) -> ExhaustionSeries {
        let growth = Growth::ALL[index % Growth::ALL.len()];
        let mut stream = Stream::new(self.seed, index as u64);
        let minutes = match self.step_minutes {
            0 => [2, 5, 10][stream.below(3)],
            minutes => minutes,
        };
        let step = 60.0 * minutes as f64 / DAY;
        let rows = ((self.days + self.beyond) / step) as usize;
        let all = values(growth, rows, step, &mut stream);
        let full = all.iter().position(|&value| value >= 100.0);
        let observed = full.unwrap_or(rows).min((self.days / step) as usize);
        let time = |row: usize| START + 60.0 * (row * minutes) as f64;
        ExhaustionSeries {
            growth,
            times: (0..observed).map(time).collect(),
            values: all[..observed].to_vec(),
            exhausted: full.map(time),
        }
    }
}

/// Noise with a memory of some hours.
fn noise(deviation: f64, hours: f64, step: f64, stream: &mut Stream) -> Wander {
    let memory = if hours > 0.0 { exponential((-step * 24.0 / hours).max(-600.0)) } else { 0.0 };
    Wander::new(memory, deviation, stream)
}

fn values(growth: Growth, rows: usize, step: f64, stream: &mut Stream) -> Vec<f64> {
    let floor = stream.between(15.0, 75.0);
    let full = stream.between(2.0, 18.0);
    let line = |day: f64| floor + (100.0 - floor) * day / full;
    match growth {
        Growth::Linear => {
            let deviation = stream.between(0.1, 0.6);
            (0..rows).map(|row| line(row as f64 * step) + deviation * stream.normal()).collect()
        }
        Growth::Noisy => {
            let (deviation, hours) = (stream.between(0.5, 3.0), stream.between(0.0, 3.0));
            let mut wander = noise(deviation, hours, step, stream);
            let mut value = |row: usize| {
                let wild =
                    if stream.chance(0.01) { 2.0 * deviation * stream.normal() } else { 0.0 };
                line(row as f64 * step) + wander.next(stream) + wild
            };
            (0..rows).map(&mut value).collect()
        }
        Growth::SafeSawtooth => {
            let peak = stream.between(50.0, 90.0);
            let hours = stream.between(1.0, 30.0);
            let rise = peak * stream.between(0.15, 0.7);
            teeth(rows, step, (peak - rise, rise, hours), |_| 0.0, stream)
        }
        Growth::Collected => {
            let (rise, hours) = (stream.between(3.0, 15.0), stream.between(0.4, 6.0));
            let floor = floor.min(95.0 - rise);
            let line = |day: f64| (100.0 - rise - floor) * day / full;
            teeth(rows, step, (floor, rise, hours), line, stream)
        }
        Growth::Daily => {
            let (size, phase) = (stream.between(2.0, 9.0), stream.unit());
            let (second, other) = (size * stream.between(0.0, 0.5), stream.unit());
            let mut wander =
                noise(stream.between(0.2, 1.5), stream.between(0.0, 2.0), step, stream);
            let floor = floor.min(95.0 - 2.0 * size);
            let mut value = |row: usize| {
                let day = row as f64 * step;
                let season = size * sine(day - phase) + second * sine(2.0 * (day - other));
                floor + (100.0 - floor) * day / full + season + wander.next(stream)
            };
            (0..rows).map(&mut value).collect()
        }
        Growth::Leak => {
            let (start, days) = (stream.between(1.0, 9.0), stream.between(0.5, 7.0));
            let mut wander =
                noise(stream.between(0.2, 1.5), stream.between(0.0, 2.0), step, stream);
            let mut value = |row: usize| {
                let leaking = (row as f64 * step - start).max(0.0);
                floor + (100.0 - floor) * leaking / days + wander.next(stream)
            };
            (0..rows).map(&mut value).collect()
        }
        Growth::BulkCopy => copies(rows, step, stream),
        Growth::RandomWalk => {
            let (deviation, drift) = (stream.between(1.0, 8.0), stream.between(-2.0, 3.0));
            let mut value = floor;
            let mut next = |_| {
                value += drift * step + deviation * step.sqrt() * stream.normal();
                value = value.max(2.0);
                value
            };
            (0..rows).map(&mut next).collect()
        }
        Growth::Accelerating => {
            let power = stream.between(1.5, 3.5);
            let is_exponential = stream.chance(0.4);
            let mut wander =
                noise(stream.between(0.1, 1.0), stream.between(0.0, 1.0), step, stream);
            let mut value = |row: usize| {
                let share = (row as f64 * step / full).max(1e-9);
                let risen = if is_exponential {
                    (exponential((power * share).min(50.0)) - 1.0) / (exponential(power) - 1.0)
                } else {
                    exponential(power * logarithm(share))
                };
                floor + (100.0 - floor) * risen + wander.next(stream)
            };
            (0..rows).map(&mut value).collect()
        }
        Growth::FlatNoise => {
            let (level, deviation) = (stream.between(30.0, 80.0), stream.between(0.3, 3.0));
            let mut wander = noise(deviation, stream.between(0.0, 6.0), step, stream);
            (0..rows).map(|_| (level + wander.next(stream)).min(99.0)).collect()
        }
    }
}

/// A sawtooth of `(floor, rise, hours)` on a line.
fn teeth(
    rows: usize,
    step: f64,
    (floor, rise, hours): (f64, f64, f64),
    line: impl Fn(f64) -> f64,
    stream: &mut Stream,
) -> Vec<f64> {
    let jitter = stream.between(0.0, 0.15);
    let left = if stream.chance(0.5) { 0.0 } else { stream.between(0.0, 0.5) };
    let falling = if stream.chance(0.6) { 0.0 } else { stream.between(0.0, 0.5) / 24.0 };
    let deviation = stream.between(0.05, 0.05 * rise.min(20.0));
    let (mut from, mut start) = (0.0, 0.0);
    let next = |stream: &mut Stream| {
        let length = hours / 24.0 * (1.0 + jitter * stream.normal().clamp(-3.0, 3.0)).max(0.3);
        (rise * (1.0 + 0.3 * jitter * stream.normal().clamp(-3.0, 3.0)), length)
    };
    let (mut top, mut length) = next(stream);
    let mut value = |row: usize| {
        let day = row as f64 * step;
        if day >= start + length + falling {
            start += length + falling;
            from = top * left;
            (top, length) = next(stream);
        }
        let risen = (day - start) / length;
        let tooth = if risen <= 1.0 {
            from + (top - from) * risen
        } else {
            top * (1.0 - (1.0 - left) * (day - start - length) / falling.max(step))
        };
        floor + line(day) + tooth + deviation * stream.normal()
    };
    (0..rows).map(&mut value).collect()
}

/// A level with copies that come, and half of them go.
fn copies(rows: usize, step: f64, stream: &mut Stream) -> Vec<f64> {
    let mut level = stream.between(15.0, 55.0);
    let every = stream.between(1.0, 6.0);
    let deviation = stream.between(0.05, 0.5);
    let mut slope = 0.0;
    let mut until = 0.0;
    let mut kept: Option<(f64, f64)> = None;
    let mut value = |row: usize| {
        let day = row as f64 * step;
        if day >= until {
            slope = 0.0;
            if stream.chance(step / every) {
                let (size, hours) = (stream.between(5.0, 25.0), stream.between(0.5, 6.0));
                if level + size < 93.0 {
                    (slope, until) = (size * 24.0 / hours, day + hours / 24.0);
                    if kept.is_none() && stream.chance(0.5) {
                        kept = Some((until + stream.between(0.1, 3.0), size));
                    }
                }
            }
        }
        if let Some((_, size)) = kept.filter(|&(when, _)| slope == 0.0 && day >= when) {
            level -= size;
            kept = None;
        }
        level += slope * step;
        level + deviation * stream.normal()
    };
    (0..rows).map(&mut value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_is_the_first_row_at_the_capacity() {
        let params = ExhaustionSeriesParams { count: 200, ..Default::default() };
        let all = params.simulate().expect("settings");
        for series in &all {
            assert!(series.values.iter().all(|&value| value < 100.0 && value > -30.0));
            if let Some(at) = series.exhausted {
                let last = series.times.last().expect("rows");
                assert!(at > *last, "{:?}", series.growth);
            }
        }
        let filled = |growth| {
            let of_it = all.iter().filter(|series| series.growth == growth);
            of_it.filter(|series| series.exhausted.is_some()).count()
        };
        for safe in [Growth::SafeSawtooth, Growth::BulkCopy, Growth::FlatNoise] {
            assert_eq!(filled(safe), 0, "{safe:?}");
        }
        // Lines reach it at a day uniform from 2 to 18, and 21 days are known.
        for filling in [Growth::Linear, Growth::Noisy, Growth::Daily, Growth::Accelerating] {
            assert!(filled(filling) >= 19, "{filling:?}: {}", filled(filling));
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for params in [
            ExhaustionSeriesParams { count: 0, ..Default::default() },
            ExhaustionSeriesParams { days: f64::NAN, ..Default::default() },
            ExhaustionSeriesParams { step_minutes: 61, ..Default::default() },
        ] {
            assert!(params.simulate().is_err(), "{params:?}");
        }
    }
}
