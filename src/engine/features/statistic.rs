//! What is told of a metric.

use super::Clock;

/// What a window of a metric is reduced to. Windows hold what was seen after `now − length`, up to and
/// with now. NaN where there are too few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum WindowStatistic {
    /// Mean of the values.
    Mean,
    /// Smallest value.
    Smallest,
    /// Largest value.
    Largest,
    /// Standard deviation (of a sample, divisor `n − 1`); of 2 values or more.
    Deviation,
    /// Least-squares slope against time, an hour or one unit of another clock; of 3 values or more.
    Slope,
    /// Mean of the window less that of the window of the same length before it.
    Change,
    /// How often the metric crossed its own level: values on the other side of the mean of all
    /// values of this life before it than the one before.
    Crossings,
    /// Share of the rows without a value; NaN without rows.
    Missing,
}

/// What is told of a metric without a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MetricStatistic {
    /// The last value.
    Last,
    /// Time since the last value: a sensor that has fallen silent.
    Silence,
    /// Exponentially weighted means, one a half-life.
    Smooth,
    /// The first of those less the mean of this life, in standard deviations of this life; 0 where
    /// nothing ever changed, NaN of less than 2 values.
    FromLevel,
    /// The first of those less the mean of the first values of this life: wear since it was new.
    FromStart,
}

impl WindowStatistic {
    /// The name of a feature, after that of the metric.
    pub(super) fn words(self, length: f64, clock: &Clock) -> String {
        let window = clock.words(length);
        match self {
            Self::Mean => format!("mean of {window}"),
            Self::Smallest => format!("smallest of {window}"),
            Self::Largest => format!("largest of {window}"),
            Self::Deviation => format!("standard deviation of {window}"),
            Self::Slope => format!("slope of {window}, per {}", clock.per()),
            Self::Change => format!("mean of {window} less that of {window} before"),
            Self::Crossings => format!("crossings of its level in {window}"),
            Self::Missing => format!("share missing in {window}"),
        }
    }
}
