//! One metric through its monitor.

use crate::metrics::{Metric, Recording};
use crate::ticks::moment;
use forewarn::threshold::{AlarmRate, MetricMonitorParams, Reason};
use std::ops::RangeInclusive;

const WEEK: f64 = 7.0 * 86_400.0;

/// What a monitor had to say, row by row.
pub(crate) struct Watched {
    /// At least the [`threshold`] where the monitor raised an alarm, and only there.
    pub scores: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    reasons: Vec<Reason>,
    values: Vec<f64>,
}

/// The score of what is as rare as the false alarms that are allowed.
pub(crate) fn threshold(input: &Recording, false_alarms: f64) -> f64 {
    (WEEK / input.step() / false_alarms).log10().max(1.0)
}

/// Gives a metric to its monitor, one value after the other.
pub(crate) fn watch(
    input: &Recording,
    metric: &Metric,
    false_alarms: f64,
) -> Result<Watched, forewarn::Error> {
    let mut monitor =
        MetricMonitorParams::default().rate(AlarmRate::PerWeek(false_alarms)).build()?;
    let usual = threshold(input, false_alarms);
    let rows = input.times.len();
    let mut watched = Watched {
        scores: Vec::with_capacity(rows),
        lower: Vec::with_capacity(rows),
        upper: Vec::with_capacity(rows),
        reasons: Vec::with_capacity(rows),
        values: metric.values.clone(),
    };
    for (&time, &value) in input.times.iter().zip(&metric.values) {
        let reading = monitor.update(time, value)?;
        let judgement = reading.judgement;
        let score = match judgement.alarm {
            Some(_) => judgement.score.max(usual),
            None => judgement.score.min(0.99 * usual),
        };
        watched.scores.push(score);
        watched.lower.push(judgement.band.lower);
        watched.upper.push(judgement.band.upper);
        watched.reasons.push(reading.reason);
    }
    Ok(watched)
}

impl Watched {
    /// The rows that are abnormal.
    pub(crate) fn abnormal(&self, usual: f64) -> Vec<usize> {
        (0..self.scores.len()).filter(|&row| self.scores[row] >= usual).collect()
    }

    /// The most abnormal value of a time, in words; `None` if all were normal.
    pub(crate) fn worst(
        &self,
        input: &Recording,
        times: RangeInclusive<f64>,
        usual: f64,
    ) -> Option<String> {
        let row = (0..self.scores.len())
            .filter(|&row| times.contains(&input.times[row]) && self.scores[row] >= usual)
            .max_by(|&a, &b| self.scores[a].total_cmp(&self.scores[b]))?;
        let what = match self.reasons[row] {
            Reason::TooHigh => "too high",
            Reason::TooLow => "too low",
            Reason::LevelShift => "on a new level",
            Reason::Restless => "restless",
            _ => "abnormal",
        };
        let (value, at) = (self.values[row], moment(input.times[row]));
        let (low, high) = (self.lower[row], self.upper[row]);
        let [value, low, high] = [value, low, high].map(short);
        Some(format!("{value} at {}, {what}: normal is {low} to {high}", at.format("%R")))
    }
}

/// Three or four digits, or all before the point.
fn short(value: f64) -> String {
    let digits = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0);
    format!("{value:.*}", digits as usize)
}
