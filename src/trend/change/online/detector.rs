//! A stream watched for changes of its level.

use super::bayes::Runs;
use super::cusum::{Cusum, height_for};
use super::focus::Focus;
use super::latest::{LATEST, Latest};
use super::part::PART;
use super::whitener::{BLOCK, Whitener};
use super::{ChangeDetectorParams, DetectionMethod};
use crate::error::{Error, Result};

/// A change that was noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DetectedChange {
    /// Likeliest index of the first value after the change, missing values counted, from 0.
    pub index: u64,
    /// Index of the value that gave it away.
    pub noticed: u64,
    /// Level before, in the unit of the stream.
    pub before: f64,
    /// Level after, in the unit of the stream, by the values up to now.
    pub after: f64,
    /// Standard deviation of values about their level, in the unit of the stream.
    pub spread: f64,
}

/// Notices changes of the level of a stream, at a stated rate of false alarms.
///
/// Scale, autocorrelation and level are learned from the stream itself; none of them is a setting.
/// Values are counted in robust spreads, first-order autocorrelation is taken out, and what is left
/// goes to one of three [methods](DetectionMethod).
///
/// | | |
/// |---|---|
/// | time | O(1) on average for [`DetectionMethod::Focus`] (less for [many values](Self::observe_many) at once) and [`DetectionMethod::Cusum`]; up to 64 run lengths for [`DetectionMethod::Bayesian`] |
/// | memory | at most 4 KiB once warmed up; nothing is allocated but at a change and, a few times, for run lengths |
/// | scale | multiplying the stream by a power of two changes nothing; any other factor, or adding a constant, nothing but through rounding |
/// | false alarms | about one in [`run_length`](ChangeDetectorParams::run_length) observations of normal noise or fewer, of first-order autocorrelated noise too up to a correlation of 0.9; a few times as many beyond that or with heavy tails |
///
/// # What may happen to a stream
/// - **Outliers.** A value counts at most three spreads: a single one is no change.
/// - **Gaps.** NaN is a missing value: it is counted and otherwise passed over.
/// - **A change is noticed.** The new level is learned from the values since, and watched in turn.
/// - **No noise.** A constant that becomes another constant has changed.
/// - **Wandering.** A random walk has no level: it alarms every time it has moved.
///
/// ```
/// use forewarn::trend::ChangeDetectorParams;
///
/// let mut detector = ChangeDetectorParams::default().start()?;
/// let mut found = Vec::new();
/// for i in 0..1_000_u32 {
///     let noise = f64::from(i * 617 % 997) / 997.0;
///     let level = if i < 600 { 20.0 } else { 20.5 };
///     found.extend(detector.observe(level + noise)?);
/// }
/// assert_eq!(found.len(), 1);
/// assert!(found[0].index.abs_diff(600) < 10 && found[0].noticed < 630);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "super::saved::Saved", try_from = "super::saved::Saved")
)]
pub struct ChangeDetector {
    pub(super) limits: Limits,
    pub(super) seen: u64,
    pub(super) missing: u64,
    pub(super) changes: u64,
    pub(super) latest: Latest,
    pub(super) state: Option<State>,
}

/// After the warm-up.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct State {
    pub(super) whitener: Whitener,
    pub(super) method: Method,
}

#[allow(clippy::large_enum_variant, reason = "the usual one is the largest, and there is one")]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Method {
    Focus(Focus),
    Cusum(Cusum),
    Bayesian(Runs),
}

impl Method {
    fn new(method: DetectionMethod) -> Self {
        match method {
            DetectionMethod::Focus => Self::Focus(Focus::new()),
            DetectionMethod::Cusum { .. } => Self::Cusum(Cusum::new()),
            DetectionMethod::Bayesian { .. } => Self::Bayesian(Runs::new()),
        }
    }

    /// Whether the evidence is beyond the threshold.
    #[inline]
    fn take(&mut self, value: f64, whitener: &Whitener, limits: &Limits) -> bool {
        match (self, limits.params.method) {
            (Self::Focus(focus), _) => focus.take(value, limits.squares(whitener)),
            (Self::Cusum(cusum), DetectionMethod::Cusum { shift }) => {
                let spread = whitener.spread();
                cusum.take(value, 0.5 * shift * spread) > limits.threshold * spread
            }
            (Self::Bayesian(runs), DetectionMethod::Bayesian { reach }) => {
                let hazard = 1.0 / limits.params.run_length;
                runs.take(value / whitener.spread(), reach, hazard) > limits.threshold
            }
            // A method's state is made from its settings.
            _ => false,
        }
    }

    /// Observations since the change, and the level before and after.
    fn change(&self, spread: f64) -> (u64, f64, f64) {
        match self {
            Self::Focus(focus) => {
                // It has just looked: nothing waits.
                let best = focus.best();
                (best.since, best.before, best.after)
            }
            Self::Cusum(cusum) => cusum.change(),
            Self::Bayesian(runs) => {
                let (since, before, after) = runs.change();
                (since, before * spread, after * spread)
            }
        }
    }
}

/// Settings, and what the method alarms at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limits {
    pub(super) params: ChangeDetectorParams,
    threshold: f64,
    /// The logarithm of how rare an alarm is to be.
    evidence: f64,
}

/// The log-likelihood ratio that `FOCuS` exceeds once in so many observations, or more. The ratio of a
/// change at one time exceeds `h` with a probability of the order of `e⁻ʰ`; that many other times
/// take part in the greatest is made up for by their overlap and by what is asked for beyond it. The
/// constant was found by simulation: see `tests/quality/change.rs`.
fn ratio_for(run_length: f64) -> f64 {
    run_length.ln() - 1.2
}

impl Limits {
    /// The sum of squares that a change must explain.
    #[inline]
    fn squares(&self, whitener: &Whitener) -> f64 {
        2.0 * self.threshold * whitener.square()
    }
}

impl State {
    /// Takes a value in; whether it gives a change away.
    #[inline]
    fn take(&mut self, value: f64, limits: &Limits) -> bool {
        let new = self.whitener.take(value);
        let found = self.method.take(new, &self.whitener, limits);
        if self.whitener.room() == 0 { self.end_block(limits) || found } else { found }
    }

    /// Takes a part in if no value of it can give a change away; whether it did.
    #[inline]
    fn take_part(&mut self, values: &[f64; PART], limits: &Limits) -> bool {
        let Method::Focus(focus) = &mut self.method else { return false };
        if self.whitener.room() < PART || !focus.begins() {
            return false;
        }
        let (inside, out) = self.whitener.preview(values);
        let taken = focus.take_part(&out, limits.squares(&self.whitener));
        if taken {
            self.whitener.accept(&inside);
        }
        taken
    }

    /// Parts and blocks begin together.
    fn begin_block(&mut self, limits: &Limits) {
        if let Method::Focus(focus) = &mut self.method {
            focus.end_block(limits.squares(&self.whitener));
        }
    }

    /// Learns from a full block; whether the level was lost in it.
    fn end_block(&mut self, limits: &Limits) -> bool {
        self.begin_block(limits);
        self.whitener.end_block(limits.evidence);
        self.whitener.is_lost()
    }
}

impl ChangeDetector {
    pub(super) fn new(params: ChangeDetectorParams) -> Self {
        let threshold = match params.method {
            DetectionMethod::Focus => ratio_for(params.run_length),
            DetectionMethod::Cusum { shift } => height_for(params.run_length, shift / 2.0),
            DetectionMethod::Bayesian { .. } => 0.5,
        };
        let evidence = params.run_length.ln();
        let limits = Limits { params, threshold, evidence };
        Self { limits, seen: 0, missing: 0, changes: 0, latest: Latest::new(), state: None }
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn params(&self) -> &ChangeDetectorParams {
        &self.limits.params
    }

    /// Observations, missing ones included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.seen
    }

    /// Missing observations.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Changes noticed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The correlation of neighbours that is taken out, on the safe side; NaN during the warm-up.
    #[must_use]
    pub fn autocorrelation(&self) -> f64 {
        self.state.as_ref().map_or(f64::NAN, |state| state.whitener.correlation())
    }

    /// Takes the next value in; the change that it gives away, if it does.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for ±∞; the state is as it was.
    #[inline]
    pub fn observe(&mut self, value: f64) -> Result<Option<DetectedChange>> {
        if value.is_nan() || value.abs() == f64::INFINITY {
            return self.missed(value);
        }
        let index = self.seen;
        self.seen += 1;
        let Some(state) = &mut self.state else {
            if self.latest.collect(index, value) == self.limits.params.warm_up {
                self.warm_up();
            }
            return Ok(None);
        };
        self.latest.push(index, value);
        if state.take(value, &self.limits) {
            return Ok(Some(self.change(index)));
        }
        Ok(None)
    }

    /// Takes values in, in order: the changes that they give away. Bit by bit they and the state are
    /// those of [`observe`](Self::observe) one by one, in less time: with
    /// [`DetectionMethod::Focus`] parts of eight values that cannot give a change away are taken at
    /// once.
    ///
    /// ```
    /// use forewarn::trend::ChangeDetectorParams;
    ///
    /// let stream: Vec<f64> = (0..900)
    ///     .map(|i| f64::from(i * 617 % 997) + if i < 700 { 0.0 } else { 2_000.0 })
    ///     .collect();
    /// let found = ChangeDetectorParams::default().start()?.observe_many(&stream)?;
    /// assert_eq!((found.len(), found[0].index), (1, 700));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for ±∞; the state is as it was before all of them.
    pub fn observe_many(&mut self, values: &[f64]) -> Result<Vec<DetectedChange>> {
        // All are looked at, whatever is found: a vector at a time.
        if values.iter().fold(false, |found, value| found | value.is_infinite())
            && let Some(&value) = values.iter().find(|value| value.is_infinite())
        {
            return Err(infinite(value));
        }
        let (mut found, mut rest) = (Vec::new(), values);
        while let Some((&value, others)) = rest.split_first() {
            if let Some((part, later)) = rest.split_first_chunk()
                && self.observe_part(part, &mut found)
            {
                rest = later;
                continue;
            }
            if let Some(change) = self.observe(value)? {
                found.push(change);
            }
            rest = others;
        }
        Ok(found)
    }

    /// Takes a part in at once, where that is all the same; whether it did.
    #[inline]
    fn observe_part(&mut self, values: &[f64; PART], found: &mut Vec<DetectedChange>) -> bool {
        let Some(state) = &mut self.state else { return false };
        let missing = values.iter().fold(false, |missing, value| missing | value.is_nan());
        if missing || !state.take_part(values, &self.limits) {
            return false;
        }
        self.latest.push_many(self.seen, values);
        self.seen += PART as u64;
        if state.whitener.room() == 0 && state.end_block(&self.limits) {
            let change = self.change(self.seen - 1);
            found.push(change);
        }
        true
    }

    #[cold]
    fn missed(&mut self, value: f64) -> Result<Option<DetectedChange>> {
        if value.is_infinite() {
            return Err(infinite(value));
        }
        self.seen += 1;
        self.missing += 1;
        Ok(None)
    }

    #[cold]
    fn warm_up(&mut self) {
        let values = self.latest.warm_up();
        let mut whitener = Whitener::new(&values, self.limits.evidence);
        let mut method = Method::new(self.limits.params.method);
        for value in values {
            let new = whitener.retake(value);
            // Nothing alarms that was not judged by a noise known before.
            method.take(new, &whitener, &self.limits);
        }
        let mut state = State { whitener, method };
        state.begin_block(&self.limits);
        self.state = Some(state);
    }

    /// Says what changed, and starts again at the new level.
    #[cold]
    fn change(&mut self, noticed: u64) -> DetectedChange {
        self.changes += 1;
        let Some(state) = &mut self.state else { unreachable!("changes come after the warm-up") };
        let (since, before, after) = state.method.change(state.whitener.spread());
        // A level that is lost was lost within the last block, whatever the method makes of it.
        let since =
            if state.whitener.is_lost() { since.clamp(1, BLOCK as u64) } else { since.max(1) };
        let latest = self.latest.last(since.min(LATEST as u64) as usize);
        let values: Vec<f64> = latest.iter().map(|it| it.1).collect();
        let kept = values.len() as u64;
        // The index counts missing values too, which the method does not see.
        let index = latest[0].0.saturating_sub(since - kept);
        let before = state.whitener.restore(before);
        let spread = state.whitener.noise();
        let after = if kept == since {
            values.iter().map(|value| value / kept as f64).sum()
        } else {
            state.whitener.restore(after)
        };
        state.whitener.restart(&values, self.limits.evidence);
        state.method = Method::new(self.limits.params.method);
        for &value in &values {
            let new = state.whitener.retake(value);
            state.method.take(new, &state.whitener, &self.limits);
        }
        state.begin_block(&self.limits);
        DetectedChange { index, noticed, before, after, spread }
    }
}

#[cold]
fn infinite(value: f64) -> Error {
    Error::OutOfRange { name: "value", value, allowed: "finite, or NaN where it is missing" }
}
