//! The band around a daily and weekly rhythm.

use super::SeasonalBandParams;
use super::clock::Clock;
use super::profile::Profile;
use super::step::StepFinder;
use crate::error::{Error, Result};
use crate::threshold::monitor::tail::Tail;
use crate::threshold::{Band, Judgement, check};

const DAY: f64 = 86_400.0;
const WEEK: f64 = 7.0 * DAY;
/// Quarters of an hour in a day, hours in a week.
const DAY_SLOTS: usize = 96;
const WEEK_SLOTS: usize = 168;
/// A residual counts as no larger than so many usual ones when the rhythm learns it.
const CLIP: f64 = 4.0;
/// The level follows what the rhythm leaves over with this share of a day.
const LEVEL: f64 = 0.5;
/// Clipped residuals on one side for so much of a day are a new level.
const MOVED: f64 = 0.125;
/// Days after which the rhythm is known well enough to tell the time by it.
const CLOCK: f64 = 21.0;
/// Days after which the rhythm gets no better known.
const LEARNED: f64 = 30.0;
/// Days after which the spread is known.
const SETTLED: f64 = 2.0;
/// Distances, in their unit, are kept below it.
const FARTHEST: f64 = 1e30;
/// The smallest spread of a time of day, as a share of the usual one over all.
const LEAST_SPREAD: f64 = 0.2;

/// The band of values that are normal at this time of the day and the week, learned online.
///
/// A metric is taken to be a slow level, plus what it usually is at this quarter of an hour of the
/// day, plus what this hour of the week adds to that; the spread is learned by time of day, and the
/// tail of what remains decides how wide the band is for the rate that was asked for. Wild values
/// are clipped before they are learned, a new level is followed after three hours, missing values and
/// irregular times need no care, and a clock that is set an hour forward or back is noticed within
/// about two days, from the third week on.
///
/// Times are seconds since a midnight; the band of any coming time can be drawn with
/// [`band_at`](Self::band_at). Each step takes constant time and allocates nothing; a band takes
/// about 3 KiB.
///
/// ```
/// use forewarn::threshold::{SeasonalBandParams, Side};
///
/// # fn main() -> forewarn::Result<()> {
/// let mut band = SeasonalBandParams::default().build()?;
/// let load = |quarter: u32| {
///     let day = f64::from(quarter) / 96.0 * std::f64::consts::TAU;
///     100.0 + 50.0 * day.sin() + f64::from(quarter * 7919 % 13)
/// };
/// for quarter in 0..14 * 96 {
///     band.update(f64::from(quarter) * 900.0, load(quarter))?;
/// }
/// // At midnight the load is near 100: what is normal at six in the evening is too low now.
/// let midnight = 14.0 * 86_400.0;
/// assert!(band.band_at(midnight).lower > 80.0);
/// assert_eq!(band.update(midnight, 60.0)?.alarm, Some(Side::Lower));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SeasonalBand {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::saved::checked"))]
    params: SeasonalBandParams,
    time: f64,
    start: f64,
    origin: f64,
    level: f64,
    usual: f64,
    /// A power of two that brings distances near 1, for single precision; 0 before one is known.
    unit: f64,
    count: u64,
    /// Residuals, which begin with the second day.
    residuals: u64,
    /// Days of clipped residuals without a break: below 0 when they were negative.
    run: f64,
    /// The age in days at which the residuals so far are faded next.
    fade_at: f64,
    missing: u64,
    step: StepFinder,
    clock: Clock,
    tail: Tail,
    day: Profile<DAY_SLOTS>,
    week: Profile<WEEK_SLOTS>,
    spread: Profile<DAY_SLOTS>,
}

impl SeasonalBand {
    /// A band that has seen nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(params: SeasonalBandParams) -> Result<Self> {
        params.check()?;
        Ok(Self {
            params,
            time: f64::MIN,
            start: 0.0,
            origin: 0.0,
            level: 0.0,
            usual: 0.0,
            unit: 0.0,
            count: 0,
            residuals: 0,
            run: 0.0,
            fade_at: 7.0,
            missing: 0,
            step: StepFinder::new(),
            clock: Clock::new(),
            tail: Tail::new(),
            day: Profile::new(),
            week: Profile::new(),
            spread: Profile::new(),
        })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &SeasonalBandParams {
        &self.params
    }

    /// Missing values so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Seconds by which the metric's clock was found to have been set since the start: 3,600 when
    /// everything happens an hour earlier.
    #[must_use]
    pub fn clock_offset(&self) -> f64 {
        self.clock.offset
    }

    /// What is expected at a time; `None` before the first day is over.
    #[must_use]
    pub fn expected_at(&self, time: f64) -> Option<f64> {
        let distance = self.level + self.rhythm(time + self.clock.offset)?;
        Some(self.origin + distance / self.scale())
    }

    /// The band at a time, past or to come, by what is known now: [`Band::ALL`] while too little
    /// is.
    #[must_use]
    pub fn band_at(&self, time: f64) -> Band {
        let Some(expected) = self.expected_at(time).filter(|_| self.is_ready()) else {
            return Band::ALL;
        };
        let spread = self.spread_at(time) / self.scale();
        let [below, above] = self.tail.limits();
        Band { lower: expected - below * spread, upper: expected + above * spread }
    }

    /// The unit, where one is known.
    fn scale(&self) -> f64 {
        if self.unit > 0.0 { self.unit } else { 1.0 }
    }

    /// Judges a value at a time in seconds, then learns from it. NaN is a missing value; a time
    /// may repeat.
    ///
    /// # Errors
    /// The state stays as it was:
    /// - [`Error::OutOfRange`] for ±∞, or a time that is not finite;
    /// - [`Error::TimeWentBack`] for a time before the last.
    pub fn update(&mut self, time: f64, value: f64) -> Result<Judgement> {
        if !time.is_finite() || time == f64::MIN {
            return Err(Error::OutOfRange { name: "time", value: time, allowed: "finite" });
        }
        check(value)?;
        if time < self.time {
            return Err(Error::TimeWentBack { time, last: self.time });
        }
        let band = self.band_at(time);
        if value.is_nan() {
            self.missing += 1;
            return Ok(Judgement { band, alarm: None, score: 0.0 });
        }
        if self.count == 0 {
            (self.start, self.origin) = (time, value);
        } else {
            self.step.learn(time - self.time);
        }
        self.time = time;
        self.count = self.count.saturating_add(1);
        let distance = (value - self.origin).clamp(f64::MIN, f64::MAX);
        if self.unit == 0.0 && distance != 0.0 {
            self.unit = (-distance.abs().log2().floor().clamp(-1000.0, 1000.0)).exp2();
        }
        let score = self.learn(time, (distance * self.unit).clamp(-FARTHEST, FARTHEST));
        let ready = self.is_ready();
        let score = if ready { score } else { 0.0 };
        Ok(Judgement { band, alarm: band.left_by(value), score })
    }

    /// Days enough, and every part of them seen.
    fn is_ready(&self) -> bool {
        self.time - self.start >= f64::from(self.params.warm_up_days) * DAY
    }

    /// The day's level and what the week adds to it.
    fn rhythm(&self, time: f64) -> Option<f64> {
        let day = self.day.at(phase(time, DAY))?;
        Some(day + self.week.at(phase(time, WEEK)).unwrap_or(0.0))
    }

    /// The usual residual at this time of day.
    fn spread_at(&self, time: f64) -> f64 {
        let least = LEAST_SPREAD * self.usual;
        let spread = self.spread.at(phase(time + self.clock.offset, DAY)).unwrap_or(self.usual);
        spread.max(least).max(f64::MIN_POSITIVE)
    }

    /// Learns a distance from the origin and answers its score.
    fn learn(&mut self, time: f64, distance: f64) -> f64 {
        let share = (self.step.step() / DAY).clamp(1e-6, 0.5);
        let weight = self.params.weight as f32;
        let place = time + self.clock.offset;
        let Some(rhythm) = self.rhythm(place) else {
            self.day.learn(phase(place, DAY), distance, weight);
            return 0.0;
        };
        let residual = distance - self.level - rhythm;
        let age = time - self.start;
        let spread = self.spread_at(time);
        let standard = (residual / spread).clamp(-FARTHEST, FARTHEST);
        let probability = (2.0 * self.tail.probability(standard)).min(1.0);
        let least = 0.01 / self.count as f64;
        // The first day of residuals sets the scale; after it none counts for more than a few.
        let known = age > SETTLED * DAY;
        let limit = if known { CLIP * self.usual.max(spread) } else { FARTHEST };
        let learned = residual.clamp(-limit, limit);
        if known && self.usual > 0.0 {
            self.tail.learn(standard, false, [self.params.rate / 2.0; 2]);
        }
        // Those of the first weeks are of a rhythm that was not fully known.
        if age > self.fade_at * DAY && self.fade_at < LEARNED {
            self.fade_at *= 1.5;
            self.tail.fade();
        }
        self.residuals = self.residuals.saturating_add(1);
        let fade = share.max(1.0 / self.residuals as f64);
        self.usual += fade * (learned.abs() - self.usual);
        self.level += LEVEL * share * learned;
        if self.has_moved(learned != residual, residual, share) {
            self.level += residual;
            return probability.clamp(least, 1.0).log10().abs();
        }
        let day = self.day.at(phase(place, DAY)).unwrap_or(0.0);
        self.spread.learn(phase(place, DAY), learned.abs(), weight);
        self.day.learn(phase(place, DAY), day + learned, weight);
        if age > WEEK {
            self.week.learn(phase(place, WEEK), rhythm - day + learned, weight / 2.0);
        }
        if age > CLOCK * DAY {
            let mut clock = self.clock.clone();
            let expected = |seconds| self.rhythm(place + seconds);
            clock.learn(distance - self.level, share, expected);
            self.clock = clock;
        }
        probability.clamp(least, 1.0).log10().abs()
    }
}

impl SeasonalBand {
    /// Whether residuals have been clipped on one side for long enough to be a new level.
    fn has_moved(&mut self, clipped: bool, residual: f64, share: f64) -> bool {
        let goes_on = clipped && self.run * residual >= 0.0;
        self.run = if goes_on { self.run + share.copysign(residual) } else { 0.0 };
        let moved = self.run.abs() > MOVED;
        if moved {
            self.run = 0.0;
        }
        moved
    }
}

/// The place of a time in a cycle, from 0 to below 1.
fn phase(time: f64, cycle: f64) -> f64 {
    let cycles = time / cycle;
    cycles - cycles.floor()
}
