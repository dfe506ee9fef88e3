//! Recording over time, with and without their daily rhythm.

use crate::metrics::{self, Recording};
use crate::options::Options;
use std::collections::BTreeMap;
use std::error::Error;

const DAY: f64 = 86_400.0;

/// One number over time.
pub(crate) struct Metric {
    pub name: String,
    /// NaN where it is missing.
    pub values: Vec<f64>,
    /// The same by what is usual at this time of the day and the week, if there are three days or more.
    pub calm: Vec<f64>,
}

/// The metrics, and what the report and the picture need beside them.
pub(crate) struct Input {
    pub file: String,
    /// Unix seconds of each row.
    pub times: Vec<f64>,
    pub metrics: Vec<Metric>,
    pub label: Option<Vec<bool>>,
    /// Seconds from one row to the next, mostly.
    pub step: f64,
}

impl Input {
    pub(crate) fn read(options: &Options) -> Result<Self, Box<dyn Error>> {
        let (file, label) = (options.file.as_deref(), options.label.as_deref());
        let read = Recording::read(file, label, &options.exclude, "change_point")?;
        let (step, days) = (read.step(), read.days());
        let Recording { file, times, metrics, label } = read;
        let metrics = metrics
            .into_iter()
            .map(|metrics::Metric { name, values }| {
                let calm = without_rhythm(&times, &values, days);
                Metric { name, values, calm }
            })
            .collect();
        Ok(Self { file, times, metrics, label, step })
    }

    /// Rows of six hours: what lasts less is an incident, not a change.
    pub(crate) fn lasting(&self) -> usize {
        ((0.25 * DAY / self.step) as usize).clamp(5, 10_000)
    }
}

/// Values in shares of the median of their hour of the day, at weekends apart where there are two
/// weeks; or less that median where it may be 0.
fn without_rhythm(times: &[f64], values: &[f64], days: f64) -> Vec<f64> {
    if days < 3.0 {
        return values.to_vec();
    }
    // 1970 began on a Thursday.
    let is_weekend = |time: f64| days >= 14.0 && (time / DAY + 3.0).rem_euclid(7.0) >= 5.0;
    let hour =
        |time: f64| (time.rem_euclid(DAY) / 3_600.0) as u32 + if is_weekend(time) { 24 } else { 0 };
    let mut hours: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (&time, &value) in times.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
        hours.entry(hour(time)).or_default().push(value);
    }
    let usual: BTreeMap<u32, f64> = hours
        .into_iter()
        .map(|(hour, mut values)| {
            values.sort_by(f64::total_cmp);
            (hour, values[values.len() / 2])
        })
        .collect();
    let positive = usual.values().all(|&level| level > 0.0);
    let by_usual = |(&time, &value): (&f64, &f64)| match usual.get(&hour(time)) {
        Some(level) if positive => value / level,
        Some(level) => value - level,
        None => f64::NAN,
    };
    times.iter().zip(values).map(by_usual).collect()
}
