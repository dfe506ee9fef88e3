//! The monitor itself.

use super::MetricMonitorParams;
use super::counter::{CounterFinder, Verdict};
use super::level::Level;
use super::reading::{Reading, Reason};
use super::recurrence::Recurrence;
use super::rhythm::Rhythm;
use super::surprise::{NEWS, Surprise};
use super::tail::Tail;
use crate::error::{Error, Result};
use crate::threshold::seasonal::step::StepFinder;
use crate::threshold::{Band, Judgement, Side, Sides, check};

/// Values looked at before the first is judged: their median is where the metric is.
const OPENING: usize = 16;
/// A first value so many times as far off as half of them are is taken to be only that far off.
const WILD: f64 = 10.0;
/// A silence of so many steps is a gap.
const GAP: f64 = 20.0;
/// A run of one value this many times as long as the longest before is a flat line.
const FLAT: u32 = 3;
/// The shortest run that can be a flat line.
const FLAT_FROM: u32 = 30;
/// Distances are kept below it, so that none overflows.
const FARTHEST: f64 = f64::MAX / 1e6;
/// So much more variation than usual is worth a word.
const RESTLESS: f64 = 3.0;

/// Watches one metric: give it times and values, and nothing else.
///
/// It finds the step and the rhythm of the metric, follows its level, and holds each value
/// against two questions. Is it further from where the metric should be than the metric's own
/// residuals ever promise (a tail fitted to them, which incidents do not widen)? That is the
/// score, and what alarms rest on. And does it lie where the metric, its short mean, or its
/// departure from the daily rhythm never was? The less probable of both is the
/// [news](Reading::news).
///
/// A missing value (NaN) and a long silence are gaps, a new level that lasts is followed and
/// reported, a counter is watched by its rate, and a bad observation never ends the watch.
/// Judging is strictly causal, takes constant time and allocates nothing; a monitor takes less
/// than 2 KiB.
///
/// ```
/// use forewarn::threshold::{MetricMonitorParams, Reason};
///
/// # fn main() -> forewarn::Result<()> {
/// let mut monitor = MetricMonitorParams::default().build()?;
/// for minute in 0..2000 {
///     let value = 50.0 + f64::from(minute * 7919 % 101) / 10.0;
///     monitor.update(f64::from(minute) * 60.0, value)?;
/// }
/// let reading = monitor.update(120_000.0, 250.0)?;
/// assert_eq!(reading.reason, Reason::TooHigh);
/// assert!(reading.judgement.score > 3.0 && reading.news > 6.0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MetricMonitor {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::saved::checked"))]
    params: MetricMonitorParams,
    rates: [f64; 2],
    time: f64,
    value: f64,
    /// Where the metric was at first: everything is kept as a distance from it.
    origin: f64,
    /// A power of two that brings distances near 1, for single precision; 0 before one is known.
    unit: f64,
    step: StepFinder,
    counter: CounterFinder,
    count: u32,
    missing: u64,
    /// The value judged last: the metric's own, or a counter's rate.
    judged: f64,
    same: u32,
    longest_same: u32,
    recent: f64,
    level: Level,
    surprise: Surprise,
    tail: Tail,
    rhythm: Rhythm,
    recurrence: Recurrence,
    opening: [f64; OPENING],
}

impl MetricMonitor {
    /// A monitor that has seen nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn new(params: MetricMonitorParams) -> Result<Self> {
        params.check()?;
        Ok(Self {
            rates: params.rates(0.0),
            params,
            time: f64::MIN,
            value: 0.0,
            origin: 0.0,
            unit: 0.0,
            step: StepFinder::new(),
            counter: CounterFinder::new(),
            count: 0,
            missing: 0,
            judged: 0.0,
            same: 0,
            longest_same: 0,
            recent: 0.0,
            level: Level::new(),
            surprise: Surprise::new(),
            tail: Tail::new(),
            rhythm: Rhythm::new(0.0),
            recurrence: Recurrence::new(),
            opening: [0.0; OPENING],
        })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &MetricMonitorParams {
        &self.params
    }

    /// The usual time between two observations, in seconds; `None` before the second.
    #[must_use]
    pub fn step(&self) -> Option<f64> {
        Some(self.step.step()).filter(|&step| step > 0.0)
    }

    /// Missing values so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Judges a value at a time (seconds, of any epoch whose days start at multiples of 86,400),
    /// then learns from it. Constant time.
    ///
    /// NaN is a missing value. A time may repeat.
    ///
    /// # Errors
    /// The state stays as it was:
    /// - [`Error::OutOfRange`] for ±∞, or a time that is not finite;
    /// - [`Error::TimeWentBack`] for a time before the last.
    pub fn update(&mut self, time: f64, value: f64) -> Result<Reading> {
        if !time.is_finite() || time == f64::MIN {
            return Err(Error::OutOfRange { name: "time", value: time, allowed: "finite" });
        }
        check(value)?;
        if time < self.time {
            return Err(Error::TimeWentBack { time, last: self.time });
        }
        let started = self.time != f64::MIN;
        let interval = if started { time - self.time } else { 0.0 };
        if value.is_nan() {
            self.missing += 1;
            return Ok(self.silent(Reason::Missing));
        }
        if !started {
            self.rhythm = Rhythm::new(time);
        } else if self.step.learn(interval) {
            self.rates = self.params.rates(self.step.step());
        }
        let before = std::mem::replace(&mut self.value, value);
        self.time = time;
        let verdict = if started { self.counter.learn(before, value) } else { Verdict::Same };
        match verdict {
            Verdict::Changed => {
                self.begin_again(time);
                return Ok(self.silent(Reason::WarmingUp));
            }
            Verdict::Reset => return Ok(self.silent(Reason::CounterReset)),
            Verdict::Same => {}
        }
        let gap = interval > GAP * self.step.step();
        if self.counter.is_counter {
            if gap || interval <= 0.0 {
                return Ok(self.silent(Reason::Gap));
            }
            let steps = interval / self.step.step();
            let mut reading = self.judge(time, (value - before) / steps, false);
            let band = &mut reading.judgement.band;
            band.lower = before + band.lower * steps;
            band.upper = before + band.upper * steps;
            return Ok(reading);
        }
        Ok(self.judge(time, value, gap))
    }

    /// Forgets what was learned: the metric is watched in another way from now on.
    fn begin_again(&mut self, time: f64) {
        (self.count, self.unit, self.same, self.longest_same) = (0, 0.0, 0, 0);
        self.level = Level::new();
        self.surprise = Surprise::new();
        self.tail = Tail::new();
        self.rhythm = Rhythm::new(time);
        self.recurrence = Recurrence::new();
    }

    /// An answer without a judgement.
    fn silent(&self, reason: Reason) -> Reading {
        Reading { judgement: Judgement::UNKNOWN, news: 0.0, reason, season: self.rhythm.season }
    }

    /// Judges and learns the value that is watched: the metric's own or a counter's rate.
    fn judge(&mut self, time: f64, value: f64, gap: bool) -> Reading {
        let count = self.count as usize;
        self.count = self.count.saturating_add(1);
        if count < OPENING {
            self.opening[count] = value;
            if count + 1 == OPENING {
                self.open(time);
            }
            return self.silent(Reason::WarmingUp);
        }
        // Far from 0 on both sides the distance could overflow.
        let distance = (value - self.origin).clamp(-FARTHEST, FARTHEST);
        if gap {
            self.level.value = distance;
        }
        let expected = self.level.value;
        let residual = distance - expected;
        let ready = self.count > self.params.warm_up;
        let [below, above] = self.tail.limits();
        let band = Band {
            lower: self.origin + (expected - below),
            upper: self.origin + (expected + above),
        };
        let side = if residual > 0.0 { Side::Upper } else { Side::Lower };
        let watched = match self.params.sides {
            Sides::Both => true,
            Sides::Lower => side == Side::Lower,
            Sides::Upper => side == Side::Upper,
        };
        let novelty = self.novelty(time, distance);
        let novelty = if watched { novelty } else { 0.0 };
        let score = if watched && ready && !gap { self.tail_score(residual) } else { 0.0 };
        let news = self.surprise.tell(novelty.max(score));
        let alarm = band.left_by(value).filter(|_| ready && !gap && watched);
        let shifted = self.level.follow(distance);
        let recurs = self.tail.keeps_company(residual) && self.recurrence.learn(time);
        self.tail.learn(residual, recurs, self.rates);
        let flat = self.is_flat(value);
        let restless = self.is_restless(residual.abs());
        let reason = match alarm {
            _ if gap => Reason::Gap,
            _ if !ready => Reason::WarmingUp,
            _ if shifted => Reason::LevelShift,
            Some(Side::Upper) => Reason::TooHigh,
            Some(Side::Lower) => Reason::TooLow,
            None if novelty >= NEWS && news >= NEWS => Reason::Novel,
            None if flat => Reason::FlatLine,
            None if restless => Reason::Restless,
            None => Reason::Normal,
        };
        // A new level is reported as such, not as one more alarm.
        let alarm = alarm.filter(|_| !shifted);
        let band = if ready { band } else { Band::ALL };
        Reading {
            judgement: Judgement { band, alarm, score },
            news,
            reason,
            season: self.rhythm.season,
        }
    }

    /// The first values, learned once it is known where the metric is.
    fn open(&mut self, time: f64) {
        let values = self.opening;
        self.opening.sort_by(f64::total_cmp);
        self.origin = self.opening[OPENING / 2];
        let mut sizes = values.map(|value| (value - self.origin).abs().min(FARTHEST));
        sizes.sort_by(f64::total_cmp);
        // A wild value among the first must not set the scale for all that follow.
        let wild = WILD * sizes[OPENING / 2];
        for (index, value) in values.into_iter().enumerate() {
            let earlier = (OPENING - 1 - index) as f64 * self.step.step();
            let distance = (value - self.origin).clamp(-FARTHEST, FARTHEST);
            self.novelty(time - earlier, distance);
            let distance = distance.clamp(-wild, wild);
            if index > 0 {
                self.tail.learn(distance - self.level.value, false, self.rates);
            }
            self.level.follow(distance);
        }
        self.judged = values[OPENING - 1];
    }

    /// The decades of a value that lies where the metric never was.
    fn novelty(&mut self, time: f64, distance: f64) -> f64 {
        if self.unit == 0.0 && distance != 0.0 {
            let exponent = (distance.abs().log2().floor()).clamp(-1000.0, 1000.0);
            self.unit = (-exponent).exp2();
        }
        self.surprise.novelty(time, distance, self.unit, &mut self.rhythm)
    }

    /// The decades of a residual: n observations speak of what happens once in n, and the fitted
    /// tail is believed for two decades more.
    fn tail_score(&self, residual: f64) -> f64 {
        let sides = if self.params.sides == Sides::Both { 2.0 } else { 1.0 };
        let least = 0.01 / f64::from(self.count);
        (sides * self.tail.probability(residual)).clamp(least, 1.0).log10().abs()
    }

    /// Counts how long the metric has had one value.
    fn is_flat(&mut self, value: f64) -> bool {
        if value == self.judged {
            self.same = self.same.saturating_add(1);
        } else {
            self.longest_same = self.longest_same.max(self.same);
            self.same = 0;
        }
        self.judged = value;
        self.same >= FLAT_FROM.max(self.longest_same.saturating_mul(FLAT))
    }

    /// Whether the last twenty or so residuals are far larger than the usual ones.
    fn is_restless(&mut self, size: f64) -> bool {
        let usual = self.level.usual;
        self.recent += (size.min(10.0 * usual) - self.recent) / 20.0;
        self.recent > RESTLESS * usual
    }
}
