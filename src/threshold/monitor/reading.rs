//! What a monitor answers.

use crate::threshold::Judgement;

/// Why a [`MetricMonitor`](super::MetricMonitor) answers as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// As it should be.
    Normal,
    /// Too little is known yet to raise an alarm.
    WarmingUp,
    /// The value is missing: NaN was given.
    Missing,
    /// The first value after a long silence: the metric is picked up where it now is.
    Gap,
    /// An alarm: above the band.
    TooHigh,
    /// An alarm: below the band.
    TooLow,
    /// News, though inside the band: far from all that the metric has ever been.
    Novel,
    /// The metric has moved for good; the band has moved with it.
    LevelShift,
    /// The same value for far longer than ever before.
    FlatLine,
    /// A counter that started again.
    CounterReset,
    /// The metric varies at least three times as much as it used to.
    Restless,
}

/// The rhythm that a metric was found to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Season {
    /// None, or none yet: a day's rhythm takes three days to be found, a week's three weeks.
    None,
    /// The same every day.
    Daily,
    /// The same every week.
    Weekly,
}

/// The answer of a [`MetricMonitor`](super::MetricMonitor) to one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reading {
    /// Band, alarm and score: how rarely the metric is so far from where it was expected.
    pub judgement: Judgement,
    /// How new the value is: the larger of the score and of the decades by which the value lies
    /// apart from all that the metric has ever been. [`NEWS`](super::NEWS) or more deserves a look
    /// whatever the metric. After such news it is a tenth of itself for 150 observations, so that
    /// an incident is told once.
    pub news: f64,
    /// What led to the answer.
    pub reason: Reason,
    /// The rhythm found so far.
    pub season: Season,
}
