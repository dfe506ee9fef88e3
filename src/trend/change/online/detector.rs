//! A stream watched for changes of its level.

use super::bayes::Runs;
use super::cusum::{Cusum, height_for};
use super::focus::Focus;
use super::whitener::Whitener;
use super::{ChangeDetectorParams, DetectionMethod};
use crate::error::{Error, Result};

/// The noise is looked at so often.
const BLOCK: u64 = super::whitener::REFRESH as u64;

/// Latest values, from which a new level is learned after a change.
pub(super) const LATEST: usize = 64;

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
/// | time | O(1) on average for [`DetectionMethod::Focus`] and [`DetectionMethod::Cusum`]; up to 64 run lengths for [`DetectionMethod::Bayesian`] |
/// | memory | at most 4 KiB once warmed up; nothing is allocated but at a change and, a few times, for run lengths |
/// | scale | multiplying the stream by a power of two changes nothing; any other factor, or adding a constant, nothing but through rounding |
/// | false alarms | one in [`run_length`](ChangeDetectorParams::run_length) observations, of first-order autocorrelated noise too |
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

/// Until warmed up all values, then the latest; each with its index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Latest {
    /// The value number `n` is at place `n` modulo the length.
    ring: Vec<(u64, f64)>,
    /// Of values so far.
    pub(super) numbers: u64,
}

impl Latest {
    pub(super) fn new(length: usize) -> Self {
        Self { ring: vec![(0, 0.0); length], numbers: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, index: u64, value: f64) {
        let place = self.place(self.numbers);
        self.ring[place] = (index, value);
        self.numbers += 1;
    }

    /// The last ones, at most so many, in order.
    pub(super) fn last(&self, most: usize) -> Vec<(u64, f64)> {
        let most = (most.min(self.ring.len()) as u64).min(self.numbers);
        (self.numbers - most..self.numbers).map(|number| self.ring[self.place(number)]).collect()
    }

    /// Once warmed up without a division.
    #[inline]
    fn place(&self, number: u64) -> usize {
        let length = self.ring.len();
        if length == LATEST { number as usize % LATEST } else { (number % length as u64) as usize }
    }

    /// The same with only the last values.
    pub(super) fn cut(&self) -> Self {
        let mut cut = Self::new(LATEST);
        let last = self.last(LATEST);
        cut.numbers = self.numbers - last.len() as u64;
        for (index, value) in last {
            cut.push(index, value);
        }
        cut
    }
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
            (Self::Focus(focus), _) => {
                let threshold = 2.0 * limits.threshold * whitener.variance();
                focus.take(value, threshold)
            }
            (Self::Cusum(cusum), DetectionMethod::Cusum { shift }) => {
                cusum.take(value, whitener.spread(), shift / 2.0) > limits.threshold
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
}

/// The log-likelihood ratio that `FOCuS` exceeds once in so many observations, or more. The ratio of a
/// change at one time exceeds `h` with a probability of the order of `e⁻ʰ`; that many other times
/// take part in the greatest is made up for by their overlap. See `tests/quality/change.rs`.
fn ratio_for(run_length: f64) -> f64 {
    run_length.ln()
}

impl ChangeDetector {
    pub(super) fn new(params: ChangeDetectorParams) -> Self {
        let threshold = match params.method {
            DetectionMethod::Focus => ratio_for(params.run_length),
            DetectionMethod::Cusum { shift } => height_for(params.run_length, shift / 2.0),
            DetectionMethod::Bayesian { .. } => 0.5,
        };
        let latest = Latest::new(params.warm_up);
        let limits = Limits { params, threshold };
        Self { limits, seen: 0, missing: 0, changes: 0, latest, state: None }
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
        if !value.is_finite() {
            return self.missed(value);
        }
        let index = self.seen;
        self.seen += 1;
        let Some(state) = &mut self.state else {
            self.latest.push(index, value);
            if self.latest.numbers == self.limits.params.warm_up as u64 {
                self.warm_up();
            }
            return Ok(None);
        };
        self.latest.push(index, value);
        let (new, refreshed) = state.whitener.take(value);
        let found = state.method.take(new, &state.whitener, &self.limits);
        if found || (refreshed && state.whitener.is_lost()) {
            return Ok(Some(self.change(index)));
        }
        Ok(None)
    }

    #[cold]
    fn missed(&mut self, value: f64) -> Result<Option<DetectedChange>> {
        if value.is_infinite() {
            let allowed = "finite, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        self.seen += 1;
        self.missing += 1;
        Ok(None)
    }

    #[cold]
    fn warm_up(&mut self) {
        let values: Vec<f64> = self.latest.last(usize::MAX).iter().map(|it| it.1).collect();
        let mut whitener = Whitener::new(&values);
        let mut method = Method::new(self.limits.params.method);
        for value in values {
            let new = whitener.retake(value);
            // Nothing alarms that was not judged by a noise known before.
            method.take(new, &whitener, &self.limits);
        }
        self.state = Some(State { whitener, method });
        self.latest = self.latest.cut();
    }

    /// Says what changed, and starts again at the new level.
    #[cold]
    fn change(&mut self, noticed: u64) -> DetectedChange {
        self.changes += 1;
        let Some(state) = &mut self.state else { unreachable!("changes come after the warm-up") };
        let (since, before, after) = state.method.change(state.whitener.spread());
        // A level that is lost was lost within the last block, whatever the method makes of it.
        let since = if state.whitener.is_lost() { since.clamp(1, BLOCK) } else { since.max(1) };
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
        state.whitener.restart(&values);
        state.method = Method::new(self.limits.params.method);
        for &value in &values {
            let new = state.whitener.retake(value);
            state.method.take(new, &state.whitener, &self.limits);
        }
        DetectedChange { index, noticed, before, after, spread }
    }
}
