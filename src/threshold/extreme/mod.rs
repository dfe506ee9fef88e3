//! Peaks over threshold: the rate that was asked for, from a few hundred bytes.

mod centre;
mod params;
#[cfg(feature = "serde")]
mod saved;
mod tail;

pub use params::{Atoms, ExtremeThresholdParams, Sides};

use super::{Band, Judgement, Side, check};
use crate::error::Result;
use centre::Centre;
use std::f64::consts::LOG10_2;
use tail::{Tail, TailSettings};

/// A threshold that a stream exceeds at the rate that was asked for, learned from the stream itself.
///
/// It keeps the largest values seen and knows two things about the next one. By exchangeability, a
/// value of a stream in which nothing changes is among the `k` largest of `n` with probability `k/n`,
/// whatever its law: once the rate has made eight alarms likely, the threshold lies between two of the
/// values kept, and the attained rate is the one asked for by theorem. Before, a
/// [generalised Pareto law](super::GeneralizedPareto), fitted to the largest values with the very
/// largest censored, says how far beyond them the threshold must be. Values that raised an alarm are
/// learned like all others: leaving them out, as SPOT does (Siffer et al., "Anomaly detection in
/// streams with extreme value theory", KDD 2017), thins the tail and makes three to seven times as
/// many alarms as asked for.
///
/// | | |
/// |---|---|
/// | time | O(1) for a value that is not among the largest, which nearly all are; else O(excesses) |
/// | memory | `8 · excesses` bytes a watched side, and some 300; nothing is allocated after the start |
/// | scale | multiplying the stream by a power of two changes no alarm and no score; any other factor, or adding a constant, none but through the rounding of the values themselves |
///
/// # What may happen to a stream
/// - **Counts.** Where a value is common, no threshold has the rate asked for: of a Poisson count of
///   mean 2, 8 and more is 1.1 in a thousand, 9 and more 0.24. Such a value alarms at a share of its
///   occurrences, evenly spread: see [`Atoms`].
/// - **Few distinct values.** The commonest value, and what is within the body of the stream, never
///   alarms. A value that was never seen does once `1 / rate` observations are remembered, or before if
///   a law can be fitted to at least five larger values.
/// - **Incidents.** A lasting change is learned: after `rate · weight` alarms its values are normal, the
///   weight being that of the observations remembered. To judge without learning, call
///   [`judge`](Self::judge).
/// - **Gaps.** NaN is a missing value: it is counted and otherwise passed over.
/// - **Dependence.** Values that come in clusters alarm in clusters; the rate still holds on average.
///
/// ```
/// use forewarn::threshold::{ExtremeThresholdParams, Side};
///
/// let mut threshold = ExtremeThresholdParams::default().rate(1e-4).warm_up(1_000).start()?;
/// for i in 0..5_000_u32 {
///     threshold.observe(f64::from(i * 7_919 % 997))?;
/// }
/// let judgement = threshold.observe(3_000.0)?;
/// assert_eq!(judgement.alarm, Some(Side::Upper));
/// assert!(judgement.band.upper < 3_000.0 && judgement.score > 4.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "saved::Saved", try_from = "saved::Saved"))]
pub struct ExtremeThreshold {
    params: ExtremeThresholdParams,
    settings: TailSettings,
    /// Of a new value in level and spread.
    gain: f64,
    /// Observations before the tails are learned: until then the level is uncertain itself.
    settling: u64,
    count: u64,
    missing: u64,
    judged: u64,
    alarms: u64,
    centre: Option<Centre>,
    upper: Tail,
    /// Of the negated values.
    lower: Tail,
    upper_body: Body,
    lower_body: Body,
}

/// The middle of the values, roughly, for the scores of those that are not in the tail.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Body {
    /// Half of the values are above it; of no meaning until the floor is known.
    median: f64,
    known: bool,
    /// Score of a value at the floor, and by unit of distance from the median.
    score: f64,
    slope: f64,
}

impl Body {
    const UNKNOWN: Self = Self { median: 0.0, known: false, score: 0.0, slope: 0.0 };

    /// A straight line through the scores of the median and of the floor: right for an exponential
    /// law.
    #[inline]
    fn score(&self, value: f64) -> f64 {
        // 0 times ∞ is NaN, which `max` turns into 0.
        (LOG10_2 + self.slope * (value - self.median)).max(0.0).min(self.score)
    }

    #[inline]
    fn learn(&mut self, value: f64, floor: f64) {
        if self.known {
            let step = (floor - self.median) * MEDIAN_STEP;
            let step = if value > self.median { step } else { -step };
            self.median = (self.median + step).clamp(f64::MIN, f64::MAX);
        }
    }

    /// After the floor has moved.
    fn refresh(&mut self, tail: &Tail) {
        if tail.floor.is_infinite() {
            *self = Self::UNKNOWN;
            return;
        }
        if !self.known {
            self.known = true;
            self.median = tail.values[tail.values.len() / 2].min(tail.floor);
        }
        let score = -tail.share().log10();
        let slope = (score - LOG10_2) / (tail.floor - self.median);
        let sound = slope.is_finite() && slope >= 0.0;
        (self.score, self.slope) = if sound { (score, slope) } else { (0.0, 0.0) };
    }
}

/// Share of the distance from median to floor by which a value moves the median.
const MEDIAN_STEP: f64 = 1.0 / 256.0;

impl ExtremeThreshold {
    fn new(params: ExtremeThresholdParams) -> Self {
        let side = |watched: bool| {
            if watched { Tail::new(params.excesses) } else { Tail::unwatched() }
        };
        Self {
            settings: settings(&params),
            gain: params.half_life.map_or(0.0, |half_life| 1.0 - 0.5_f64.powf(1.0 / half_life)),
            settling: params
                .half_life
                .map_or(0, |half_life| (params.warm_up / 2).min((2.0 * half_life) as u64)),
            count: 0,
            missing: 0,
            judged: 0,
            alarms: 0,
            centre: params.half_life.map(|_| Centre::new()),
            upper: side(params.sides != Sides::Lower),
            lower: side(params.sides != Sides::Upper),
            upper_body: Body::UNKNOWN,
            lower_body: Body::UNKNOWN,
            params,
        }
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn params(&self) -> &ExtremeThresholdParams {
        &self.params
    }

    /// Observations that were not missing.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Missing observations.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Alarms raised.
    #[must_use]
    pub fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Alarms by observations that were judged; NaN before the first of them. It should be near the rate.
    #[must_use]
    pub fn attained_rate(&self) -> f64 {
        self.alarms as f64 / self.judged as f64
    }

    /// The values that raise no alarm now. Sides are at ±∞ during the warm-up.
    #[must_use]
    pub fn band(&self) -> Band {
        if self.count < self.params.warm_up {
            return Band::ALL;
        }
        self.band_between(self.lower.threshold, self.upper.threshold)
    }

    fn band_between(&self, lower: f64, upper: f64) -> Band {
        let restore = |away| self.centre.as_ref().map_or(away, |centre| centre.restore(away));
        Band { lower: restore(-lower), upper: restore(upper) }
    }

    /// Judges a value and learns nothing from it.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn judge(&self, value: f64) -> Result<Judgement> {
        check(value)?;
        if value.is_nan() || self.count < self.params.warm_up || self.is_starting() {
            return Ok(Judgement { band: self.band(), ..Judgement::UNKNOWN });
        }
        let away = self.standardise(value);
        let upper = self.upper.is_reached_by(away).then(|| self.upper.judge(away, &self.settings));
        let lower =
            self.lower.is_reached_by(-away).then(|| self.lower.judge(-away, &self.settings));
        Ok(self.conclude(value, away, upper, lower))
    }

    /// Judges a value, then learns from it.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) for ±∞; the state is as it was.
    pub fn observe(&mut self, value: f64) -> Result<Judgement> {
        check(value)?;
        if value.is_nan() {
            self.missing += 1;
            return Ok(Judgement { band: self.band(), ..Judgement::UNKNOWN });
        }
        if self.is_starting() {
            self.learn_centre(value);
            self.count += 1;
            return Ok(Judgement::UNKNOWN);
        }
        let away = self.standardise(value);
        let (mut upper, mut lower) = (None, None);
        if self.count >= self.settling {
            upper = see(&mut self.upper, &mut self.upper_body, away, &self.settings);
            lower = see(&mut self.lower, &mut self.lower_body, -away, &self.settings);
        }
        let judgement = if self.count < self.params.warm_up {
            Judgement::UNKNOWN
        } else {
            let judgement = self.conclude(value, away, upper, lower);
            self.judged += 1;
            self.alarms += u64::from(judgement.alarm.is_some());
            judgement
        };
        self.learn_centre(value);
        self.count += 1;
        Ok(judgement)
    }

    fn is_starting(&self) -> bool {
        self.centre.as_ref().is_some_and(|centre| !centre.has_started())
    }

    #[inline]
    fn standardise(&self, value: f64) -> f64 {
        self.centre.as_ref().map_or(value, |centre| centre.standardise(value))
    }

    #[inline]
    fn learn_centre(&mut self, value: f64) {
        if let Some(centre) = &mut self.centre {
            centre.learn(value, self.gain, -self.lower.threshold, self.upper.threshold);
        }
    }

    /// One answer from those of both sides; a value in a side's body has none.
    #[inline]
    fn conclude(
        &self,
        value: f64,
        away: f64,
        upper: Option<tail::Verdict>,
        lower: Option<tail::Verdict>,
    ) -> Judgement {
        let score_of = |verdict: &Option<tail::Verdict>, body: &Body, away: f64| match verdict {
            Some(verdict) => -verdict.probability.log10(),
            None => body.score(away),
        };
        let threshold = |verdict: &Option<tail::Verdict>, tail: &Tail| match verdict {
            Some(verdict) => verdict.threshold,
            None => tail.threshold,
        };
        let mut score = score_of(&upper, &self.upper_body, away);
        if self.params.sides != Sides::Upper {
            score = score.max(score_of(&lower, &self.lower_body, -away));
        }
        if self.params.sides == Sides::Both {
            // Either side might have been that extreme.
            score = (score - LOG10_2).max(0.0);
        }
        let alarm = match (upper, lower) {
            (Some(verdict), _) if verdict.alarm => Some(Side::Upper),
            (_, Some(verdict)) if verdict.alarm => Some(Side::Lower),
            _ => None,
        };
        let (lower, upper) = (threshold(&lower, &self.lower), threshold(&upper, &self.upper));
        let mut band = self.band_between(lower, upper);
        // Going from spreads to units rounds: the band must still be left exactly by what alarms.
        if band.left_by(value) != alarm {
            match alarm {
                Some(Side::Upper) => band.upper = value.next_down(),
                Some(Side::Lower) => band.lower = value.next_up(),
                None => (band.lower, band.upper) = (band.lower.min(value), band.upper.max(value)),
            }
        }
        Judgement { band, alarm, score }
    }
}

/// Judges and learns on one side; there is a verdict on values in the tail.
#[inline]
fn see(
    tail: &mut Tail,
    body: &mut Body,
    value: f64,
    settings: &TailSettings,
) -> Option<tail::Verdict> {
    if tail.floor == f64::INFINITY {
        return None;
    }
    let verdict = if tail.is_reached_by(value) {
        tail.refresh(settings);
        // The refresh may have forgotten everything, never raised the floor.
        let verdict = tail.judge(value, settings);
        tail.keep(value, &verdict, settings);
        body.refresh(tail);
        Some(verdict)
    } else {
        tail.pass(value);
        None
    };
    body.learn(value, tail.floor);
    tail.count(settings);
    verdict
}

fn settings(params: &ExtremeThresholdParams) -> TailSettings {
    let rate = if params.sides == Sides::Both { params.rate / 2.0 } else { params.rate };
    let most = (0.75 * params.excesses as f64 / rate) as u64;
    TailSettings {
        rate,
        share: 1.0 - params.level,
        capacity: params.excesses,
        memory: params.memory.map_or(most, |memory| memory.min(most)),
        rationed: params.atoms == Atoms::Rationed,
    }
}
