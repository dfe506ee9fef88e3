//! Thresholds whose long-run rate of alarms is the one asked for whatever the data does.

mod experts;
mod params;
#[cfg(feature = "serde")]
mod saved;
mod window;

pub use params::{ConformalThresholdParams, Freeze, Steps};

use super::{Band, Judgement, Side, check};
use crate::error::Result;
use experts::Experts;
use window::Window;

/// A threshold on scores that corrects itself by its own alarms.
///
/// Too many of them raise it, too few lower it, so that their share in the long run is the rate asked
/// for under any drift, by a theorem that assumes nothing of the data: each of the [`Steps`] states
/// its bound. The other side of this: an incident that lasts becomes normal, unless learning is
/// [frozen](Freeze) meanwhile; and where nothing can be told apart it will alarm for nothing at
/// just the rate asked for.
///
/// Higher scores are worse; to watch both sides of a metric, give it the size of the deviation. A
/// score costs O(log window) to find its place and a move of up to `8 · window` bytes to keep it
/// there. NaN is a missing score: counted and passed over.
///
/// ```
/// use forewarn::threshold::ConformalThresholdParams;
///
/// let mut threshold = ConformalThresholdParams::default().rate(0.05).start()?;
/// let mut alarms = 0;
/// for i in 0..20_000_u32 {
///     // The noise triples halfway.
///     let size = if i < 10_000 { 1.0 } else { 3.0 };
///     let score = f64::from(i.wrapping_mul(2_654_435_769) >> 16) * size;
///     alarms += u32::from(threshold.observe(score)?.alarm.is_some());
/// }
/// assert!((f64::from(alarms) / 19_900.0 - 0.05).abs() < 0.005);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "saved::Saved", try_from = "saved::Saved"))]
pub struct ConformalThreshold {
    params: ConformalThresholdParams,
    window: Window,
    control: Control,
    missing: u64,
    judged: u64,
    alarms: u64,
    /// Alarms without a pause.
    run: u32,
}

/// What is corrected.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Control {
    Level(f64),
    Experts(Experts),
    Pid(Pid),
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Pid {
    /// Follows the alarms.
    threshold: f64,
    /// What steps are a share of: the window's range, as it was when it last was twice or half as
    /// large as before.
    unit: f64,
    /// Sum of alarms less rate.
    sum: f64,
    /// Scores learned since the warm-up.
    count: u64,
}

impl Pid {
    /// The threshold with what the sum of errors adds.
    fn current(&self, gain: f64, saturation: f64) -> f64 {
        if gain <= 0.0 {
            return self.threshold;
        }
        let after = (self.count + 1) as f64;
        let angle = self.sum * after.ln() / (after * saturation);
        // The tangent is infinite at a right angle: here it stops just before.
        let limited = angle.clamp(-STEEPEST, STEEPEST).tan();
        (self.threshold + gain * (self.unit * limited)).clamp(f64::MIN, f64::MAX)
    }

    fn learn(&mut self, error: f64, step: f64) {
        self.threshold = (self.threshold + step * self.unit * error).clamp(f64::MIN, f64::MAX);
        self.sum += error;
        self.count += 1;
    }

    fn measure(&mut self, range: f64) {
        if range > 2.0 * self.unit || (range < 0.5 * self.unit && range > 0.0) {
            self.unit = range;
        }
    }
}

/// The tangent of this is a million.
const STEEPEST: f64 = std::f64::consts::FRAC_PI_2 - 1e-6;

impl ConformalThreshold {
    fn new(params: ConformalThresholdParams) -> Self {
        let control = match params.steps {
            Steps::Fixed { .. } => Control::Level(params.rate),
            Steps::Aggregated => Control::Experts(Experts::new(params.rate)),
            Steps::Pid { .. } => {
                Control::Pid(Pid { threshold: 0.0, unit: 0.0, sum: 0.0, count: 0 })
            }
        };
        let window = Window::new(params.window);
        Self { params, window, control, missing: 0, judged: 0, alarms: 0, run: 0 }
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn params(&self) -> &ConformalThresholdParams {
        &self.params
    }

    /// Missing scores.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Scores judged.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// Alarms raised.
    #[must_use]
    pub fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Alarms by scores judged; NaN before the first of them. It should be near the rate.
    #[must_use]
    pub fn attained_rate(&self) -> f64 {
        self.alarms as f64 / self.judged as f64
    }

    /// Whether an incident keeps it from learning.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        let within =
            |freeze: Freeze| self.run >= freeze.after && self.run - freeze.after < freeze.at_most;
        self.params.freeze.is_some_and(within)
    }

    /// By how much the threshold of [`Steps::Pid`] rises at an alarm, in the score's unit, or the level
    /// of [`Steps::Fixed`] falls; `None` for [`Steps::Aggregated`].
    #[must_use]
    pub fn step(&self) -> Option<f64> {
        match (self.params.steps, &self.control) {
            (Steps::Fixed { step }, _) => Some(step),
            (Steps::Pid { step, .. }, Control::Pid(pid)) => Some(step * pid.unit),
            _ => None,
        }
    }

    fn is_warm(&self) -> bool {
        self.window.len() >= self.params.warm_up
    }

    /// The largest score that raises no alarm now: ∞ during the warm-up, and when there have been so
    /// many alarms that none may follow; −∞ if there must be one.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        if !self.is_warm() {
            return f64::INFINITY;
        }
        match (&self.control, self.params.steps) {
            (Control::Pid(pid), Steps::Pid { gain, saturation, .. }) => {
                pid.current(gain, saturation)
            }
            (Control::Experts(experts), _) => self.window.exceeded_with(experts.level()),
            (Control::Level(level), _) => self.window.exceeded_with(*level),
            (Control::Pid(pid), _) => pid.threshold,
        }
    }

    /// Judges a score and learns nothing from it.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn judge(&self, score: f64) -> Result<Judgement> {
        check(score)?;
        let band = Band { lower: f64::NEG_INFINITY, upper: self.threshold() };
        if score.is_nan() || !self.is_warm() {
            return Ok(Judgement { band, ..Judgement::UNKNOWN });
        }
        let as_high = self.window.len() - self.window.below(score);
        let probability = (as_high + 1) as f64 / (self.window.len() + 1) as f64;
        let alarm = (score > band.upper).then_some(Side::Upper);
        Ok(Judgement { band, alarm, score: -probability.log10() + 0.0 })
    }

    /// Judges a score, then learns from it, unless it is part of an incident that is
    /// [frozen](Freeze).
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) for ±∞; the state is as it was.
    pub fn observe(&mut self, score: f64) -> Result<Judgement> {
        let judgement = self.judge(score)?;
        if score.is_nan() {
            self.missing += 1;
            return Ok(judgement);
        }
        let alarm = judgement.alarm.is_some();
        if self.is_warm() {
            self.judged += 1;
            self.alarms += u64::from(alarm);
            self.run = if alarm { self.run.saturating_add(1) } else { 0 };
            if self.is_frozen() {
                return Ok(judgement);
            }
            self.correct(score, alarm);
        }
        self.window.push(score);
        self.measure();
        Ok(judgement)
    }

    fn correct(&mut self, score: f64, alarm: bool) {
        let rate = self.params.rate;
        let error = f64::from(u8::from(alarm)) - rate;
        match (&mut self.control, self.params.steps) {
            (Control::Level(level), Steps::Fixed { step }) => *level -= step * error,
            (Control::Experts(experts), _) => {
                let below = self.window.below(score) as f64;
                experts.learn(rate, 1.0 - below / (self.window.len() + 1) as f64);
            }
            (Control::Pid(pid), Steps::Pid { step, .. }) => pid.learn(error, step),
            _ => {}
        }
    }

    /// Follows the range of the window; at the end of the warm-up the threshold begins.
    fn measure(&mut self) {
        let Control::Pid(pid) = &mut self.control else { return };
        pid.measure(self.window.range());
        if self.window.len() == self.params.warm_up && pid.count == 0 {
            // No score of a short window may be rare enough: then the largest.
            let rarest = 1.0 / (self.window.len() + 1) as f64;
            pid.threshold = self.window.exceeded_with(self.params.rate.max(1.001 * rarest));
        }
    }
}
