//! What a forecast says.

use std::fmt;

/// The values to come, one a step.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Forecast {
    /// Seconds between two points.
    pub step: f64,
    /// How likely each value is to be within its interval.
    pub interval: f64,
    /// From one step after the last observation on.
    pub points: Vec<ForecastPoint>,
}

/// What is expected at one time, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ForecastPoint {
    /// The time, in seconds as the observations' times.
    pub time: f64,
    /// The value: about as likely to be exceeded as not.
    pub value: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl fmt::Display for Forecast {
    /// The last point in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.points.last() else { return f.write_str("no steps ahead") };
        let (steps, percent) = (self.points.len(), 100.0 * self.interval);
        let ForecastPoint { value, lower, upper, .. } = last;
        write!(f, "in {steps} steps {value:.4}, {percent:.0} % interval {lower:.4} to {upper:.4}")
    }
}
