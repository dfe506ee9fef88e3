//! The answer: is this machine about to fail, when, how sure is that, why, and what to do.

use super::action::Action;
use super::features::Clock;
use crate::error::{Error, Result};
use std::fmt;

/// What an [`Engine`](super::Engine) says of one entity at one time. `Display` says it in a few lines.
///
/// Times are those of the telemetry; lengths of time count in the unit of its clock.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Assessment {
    /// Whom it is about.
    pub entity: String,
    /// When: nothing later is known.
    pub time: f64,
    /// The horizon that the probability is about.
    pub horizon: f64,
    /// What times count.
    pub clock: Clock,
    /// The probability of a failure within the horizon, calibrated; `None` where the engine
    /// [can only detect](super::Mode::DetectOnly).
    pub failure_probability: Option<f64>,
    /// Whether the probability reaches the alert threshold: the statement is then "will fail within the
    /// horizon", and otherwise "will not".
    pub alert: bool,
    /// How long until the failure; `None` where too few failures were seen to learn it.
    pub time_to_failure: Option<TimeToFailure>,
    /// The probability that the statement holds, from 0 to 1: from the calibrated probability, less
    /// where the parts of the ensemble disagree or the entity is unlike any seen in training.
    pub confidence: f64,
    /// How far the probability itself can be relied on, from 0 to 1: 1 where all parts agree on an
    /// entity like those seen in training. What the action policy goes by.
    pub reliability: f64,
    /// How unusual the entity is: the share of the healthy training rows that were less so, from 0 to 1.
    pub anomaly_score: f64,
    /// Whether it is more unusual than all but one in a hundred healthy rows, or the share that the
    /// detector's contamination says.
    pub abnormal: bool,
    /// How far it is from anything seen in training, healthy or failing: 0 for within all bounds, 1 for
    /// beyond comparison.
    pub novelty: f64,
    /// Metrics that clearly rise or fall.
    pub trends: Vec<TrendNote>,
    /// Why, what weighs most first.
    pub reasons: Vec<Reason>,
    /// What that is worth doing.
    pub action: Action,
}

/// How long until a failure, from now on, in the unit of the clock.
///
/// Lives are told apart up to a limit, [`LifetimeParams::cap`](super::LifetimeParams::cap): beyond it
/// values are infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TimeToFailure {
    /// As likely before as after it; infinite if beyond the limit.
    #[cfg_attr(feature = "serde", serde(with = "super::number::endless"))]
    pub median: f64,
    /// The mean of the time left, with what is beyond the limit counted as the limit; finite.
    pub expected: f64,
    /// The lower end of the interval.
    pub earliest: f64,
    /// The upper end of the interval; infinite if beyond the limit.
    #[cfg_attr(feature = "serde", serde(with = "super::number::endless"))]
    pub latest: f64,
    /// The probability with which the interval holds the failure, 0.9 unless set otherwise.
    pub confidence: f64,
}

impl TimeToFailure {
    /// One that is known from elsewhere. The median and the end of the interval may be infinite.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless `0 ≤ earliest ≤ median ≤ latest`, the first of which is finite, as is
    /// `expected`, from 0 on; and for a confidence outside of (0, 1).
    pub fn new(
        median: f64,
        expected: f64,
        earliest: f64,
        latest: f64,
        confidence: f64,
    ) -> Result<Self> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !(earliest >= 0.0 && earliest.is_finite()) {
            return refuse("earliest", earliest, "finite and at least 0");
        }
        if !(expected >= 0.0 && expected.is_finite()) {
            return refuse("expected", expected, "finite and at least 0");
        }
        if !(earliest..=f64::INFINITY).contains(&median) {
            return refuse("median", median, "at least the earliest");
        }
        if !(median..=f64::INFINITY).contains(&latest) {
            return refuse("latest", latest, "at least the median");
        }
        if !(confidence > 0.0 && confidence < 1.0) {
            return refuse("confidence", confidence, "above 0 and below 1");
        }
        Ok(Self { median, expected, earliest, latest, confidence })
    }
}

/// A metric that clearly rises or falls.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TrendNote {
    /// The metric.
    pub metric: String,
    /// Change an hour, or one unit of another clock: the median of the slopes between any two
    /// readings.
    pub slope: f64,
    /// The lower end of the slope's 99 % interval.
    pub lower: f64,
    /// Its upper end; of the same sign as the lower one.
    pub upper: f64,
    /// How long the readings span.
    pub span: f64,
    /// In words: "temperature rises by 0.84 an hour (0.7 to 0.97), for 23 h".
    pub text: String,
}

/// One reason.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Reason {
    /// The feature, of all of its metric the one that says most; "novelty" where the reason is that
    /// the entity is unlike any seen.
    pub feature: String,
    /// Its value; NaN if missing.
    #[cfg_attr(feature = "serde", serde(with = "super::number::unknown"))]
    pub value: f64,
    /// The median of the healthy training rows; NaN if not known.
    #[cfg_attr(feature = "serde", serde(with = "super::number::unknown"))]
    pub usual: f64,
    /// What all features of the metric together add to the log-odds of a failure, as a share of what
    /// all metrics add and take away: from −1 to 1, negative where it speaks against a failure. For an
    /// abnormal entity that is not likely to fail, the share of its anomaly score instead.
    pub weight: f64,
    /// In words: "temperature: mean of 24 h is 81.2, usually 64".
    pub text: String,
}

impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entity, clock, .. } = self;
        match self.failure_probability {
            Some(probability) => write!(
                f,
                "{entity}: {} to fail within {}, confidence {:.2}",
                percent(probability),
                clock.words(self.horizon),
                self.confidence
            )?,
            None if self.abnormal => write!(f, "{entity}: unlike what is normal")?,
            None => write!(f, "{entity}: as usual")?,
        }
        if let Some(left) = &self.time_to_failure {
            write!(f, "\n  time left: {}", left.words(clock))?;
        }
        for reason in &self.reasons {
            write!(f, "\n  {}", reason.text)?;
        }
        for trend in &self.trends {
            write!(f, "\n  {}", trend.text)?;
        }
        match self.action {
            Action::None => write!(f, "\n  nothing to do"),
            Action::Watch => write!(f, "\n  watch it"),
            Action::Investigate => write!(f, "\n  have a person look"),
            Action::ActNow => write!(f, "\n  act now"),
            Action::ActBefore { time } => {
                write!(f, "\n  act within {}", clock.about(time - self.time))
            }
        }
    }
}

impl TimeToFailure {
    /// In words: "about 31 h (12 h to 54 h with 90 %)".
    fn words(&self, clock: &Clock) -> String {
        let more = |time: f64| {
            if time.is_finite() { clock.about(time) } else { "longer than can be told".to_owned() }
        };
        let (from, to) = (clock.about(self.earliest), more(self.latest));
        let share = percent(self.confidence);
        if self.median.is_finite() {
            format!("about {} ({from} to {to} with {share})", more(self.median))
        } else {
            format!("{} (at least {from} with {share})", more(self.median))
        }
    }
}

/// A share in per cent, with a digit more near the ends.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        10.0..=90.0 => format!("{percent:.0} %"),
        _ => format!("{percent:.1} %"),
    }
}
