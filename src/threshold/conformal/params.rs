//! Settings of a conformal threshold.

use super::ConformalThreshold;
use crate::error::{Error, Result};

/// How a conformal threshold corrects itself.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Steps {
    /// Adaptive conformal inference: after every observation the level moves by `step · (rate −
    /// alarm)`; the threshold is the quantile of the window at that level (Gibbs & Candès, "Adaptive
    /// conformal inference under distribution shift", 2021).
    ///
    /// Over any `n` judged observations, whatever they are, the share of alarms is within
    /// `(max(rate, 1 − rate) + step) / (step · n)` of the rate.
    Fixed {
        /// From 1e-6 to 1. 0.005 is a good start: larger ones follow faster and are less steady.
        step: f64,
    },
    /// Eight steps from 0.001 to 0.128 side by side, weighted by how well each has done lately (Gibbs &
    /// Candès, "Conformal inference for online prediction with arbitrary distribution shifts", JMLR
    /// 25, 2024), with the weighted mean of their levels.
    ///
    /// Its sum of pinball losses is at most that of the best of the eight, and a term that grows
    /// slower than the losses; the rate itself has no bound but that of its members.
    Aggregated,
    /// Conformal PID control: after every observation the threshold itself moves by `step · (alarm −
    /// rate)`, in units of the range of the window, and the sum of all errors so far adds `gain ·
    /// tan(sum · ln(n + 1) / ((n + 1) · saturation))` (Angelopoulos, Candès & Tibshirani, "Conformal
    /// PID control for time series prediction", 2023).
    ///
    /// Without a gain, for scores within a range of `b` and as long as the unit stays, the share of
    /// alarms is within `(b + step) / (step · n)` of the rate, both in the score's unit. It is never
    /// infinite.
    Pid {
        /// From 1e-6 to 1, in units of the window's range.
        step: f64,
        /// At least 0 and at most 100, in units of the window's range; 0 leaves the sum out.
        gain: f64,
        /// From 1e-6 to 1e6: the smaller, the less error the sum puts up with.
        saturation: f64,
    },
}

/// When a conformal threshold stops to learn, lest it take an incident for normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Freeze {
    /// After so many alarms in a row nothing is learned until the next observation without alarm; at
    /// least 1. With [`Steps::Fixed`], `after · step` should be less than the rate: else the alarms
    /// before the freeze are enough to forbid all others.
    pub after: u32,
    /// Yet at most so many observations: what lasts longer is the new normal. At least 1.
    pub at_most: u32,
}

/// Settings of a [`ConformalThreshold`]. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ConformalThresholdParams {
    /// Alarms an observation in the long run: from 1e-5 to 0.5. Default 0.01.
    pub rate: f64,
    /// Scores remembered, sixteen bytes each; from 20 to 65,536. Default 500.
    pub window: usize,
    /// Scores before the first is judged, from 10 to [`window`](Self::window). Default 100.
    pub warm_up: usize,
    /// How it corrects itself. Default steps of 0.005.
    pub steps: Steps,
    /// When it stops to learn. `None`, the default: never. The bounds on the rate hold over what is
    /// learned from.
    pub freeze: Option<Freeze>,
}

impl Default for ConformalThresholdParams {
    fn default() -> Self {
        let steps = Steps::Fixed { step: 0.005 };
        Self { rate: 0.01, window: 500, warm_up: 100, steps, freeze: None }
    }
}

impl ConformalThresholdParams {
    /// Sets the alarms an observation.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// Sets how many scores are remembered.
    #[must_use]
    pub fn window(self, window: usize) -> Self {
        Self { window, ..self }
    }

    /// Sets how many scores come before the first that is judged.
    #[must_use]
    pub fn warm_up(self, warm_up: usize) -> Self {
        Self { warm_up, ..self }
    }

    /// Sets how it corrects itself.
    #[must_use]
    pub fn steps(self, steps: Steps) -> Self {
        Self { steps, ..self }
    }

    /// Sets when it stops to learn.
    #[must_use]
    pub fn freeze(self, freeze: impl Into<Option<Freeze>>) -> Self {
        Self { freeze: freeze.into(), ..self }
    }

    /// A threshold that has seen nothing yet. All that it will ever allocate is allocated here.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside the range that is stated at its field.
    pub fn start(&self) -> Result<ConformalThreshold> {
        self.check()?;
        Ok(ConformalThreshold::new(*self))
    }

    pub(super) fn check(&self) -> Result<()> {
        let in_range = |name, value: f64, low: f64, high: f64, allowed| {
            let ok = (low..=high).contains(&value);
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        in_range("rate", self.rate, 1e-5, 0.5, "from 1e-5 to 0.5")?;
        in_range("window", self.window as f64, 20.0, 65_536.0, "from 20 to 65536")?;
        let window = self.window as f64;
        in_range("warm_up", self.warm_up as f64, 10.0, window, "from 10 to the window")?;
        match self.steps {
            Steps::Fixed { step } => in_range("step", step, 1e-6, 1.0, "from 1e-6 to 1")?,
            Steps::Pid { step, gain, saturation } => {
                in_range("step", step, 1e-6, 1.0, "from 1e-6 to 1")?;
                in_range("gain", gain, 0.0, 100.0, "from 0 to 100")?;
                in_range("saturation", saturation, 1e-6, 1e6, "from 1e-6 to 1e6")?;
            }
            Steps::Aggregated => {}
        }
        let Some(Freeze { after, at_most }) = self.freeze else { return Ok(()) };
        in_range("freeze.after", f64::from(after), 1.0, f64::INFINITY, "at least 1")?;
        in_range("freeze.at_most", f64::from(at_most), 1.0, f64::INFINITY, "at least 1")
    }
}
