//! From a table to metrics over time, with and without their daily rhythm.

use crate::clock::time_column;
use crate::options::Options;
use forewarn_datasets::{Kind, Table};
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
}

impl Input {
    pub(crate) fn read(options: &Options) -> Result<Self, Box<dyn Error>> {
        let (mut label, mut excluded) = (options.label.clone(), options.exclude.clone());
        let path = options.file.clone().unwrap_or_else(|| {
            excluded.extend(["event", "anomaly", "change_point"].map(str::to_owned));
            label = label.take().or(Some("change_point".to_owned()));
            forewarn_datasets::path("service.csv")
        });
        let table = Table::read(&path)?;
        let clock = time_column(&table)?.ok_or_else(|| {
            format!("{}: no column of times; its columns are {:?}", table.file(), table.names())
        })?;
        let times = table.timestamps(&clock).or_else(|_| table.numbers(&clock))?.to_vec();
        if let Some(row) = times.iter().position(|time| !time.is_finite()) {
            return Err(format!("{}: row {row} has no {clock}", table.file()).into());
        }
        excluded.extend([clock]);
        excluded.extend(label.clone());
        let mut metrics = Vec::new();
        for name in table.names() {
            if table.kind(name)? == Kind::Number && !excluded.iter().any(|column| column == name) {
                let values = table.numbers(name)?.to_vec();
                let calm = without_rhythm(&times, &values);
                metrics.push(Metric { name: name.to_owned(), values, calm });
            }
        }
        if metrics.is_empty() {
            return Err(format!("{}: no column of numbers to watch", table.file()).into());
        }
        let label = label.as_deref().map(|name| table.labels(name)).transpose()?;
        Ok(Self { file: table.file().to_owned(), times, metrics, label })
    }

    /// Rows of six hours: what lasts less is an incident, not a change.
    pub(crate) fn lasting(&self) -> usize {
        let mut steps: Vec<f64> = self.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        let step = steps.get(steps.len() / 2).copied().unwrap_or(DAY).max(1.0);
        ((0.25 * DAY / step) as usize).clamp(5, 10_000)
    }
}

/// Values in shares of the median of their hour of the day, at weekends apart where there are two
/// weeks; or less that median where it may be 0.
fn without_rhythm(times: &[f64], values: &[f64]) -> Vec<f64> {
    let days = times.iter().copied().fold(f64::MIN, f64::max)
        - times.iter().copied().fold(f64::MAX, f64::min);
    if days < 3.0 * DAY {
        return values.to_vec();
    }
    // 1970 began on a Thursday.
    let is_weekend = |time: f64| days >= 14.0 * DAY && (time / DAY + 3.0).rem_euclid(7.0) >= 5.0;
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
