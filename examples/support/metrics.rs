//! From a table to metrics over time: a file's, or those of the simulated service.

use crate::clock::time_column;
use forewarn_datasets::{Kind, Table};
use std::error::Error;
use std::path::Path;

/// One number over time.
pub(crate) struct Metric {
    pub name: String,
    /// NaN where it is missing.
    pub values: Vec<f64>,
}

/// The metrics of a file, and what reports and pictures need beside them.
pub(crate) struct Recording {
    pub file: String,
    /// Unix seconds of each row.
    pub times: Vec<f64>,
    pub metrics: Vec<Metric>,
    pub label: Option<Vec<bool>>,
}

impl Recording {
    /// Reads a file; without one the simulated service, labelled by `usual` unless said otherwise.
    pub(crate) fn read(
        file: Option<&Path>,
        label: Option<&str>,
        exclude: &[String],
        usual: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let mut label = label.map(str::to_owned);
        let mut excluded = exclude.to_vec();
        let path = if let Some(file) = file {
            file.to_owned()
        } else {
            excluded.extend(["event", "anomaly", "change_point"].map(str::to_owned));
            label = label.or(Some(usual.to_owned()));
            forewarn_datasets::path("service.csv")
        };
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
                metrics.push(Metric { name: name.to_owned(), values });
            }
        }
        if metrics.is_empty() {
            return Err(format!("{}: no column of numbers to watch", table.file()).into());
        }
        let label = label.as_deref().map(|name| table.labels(name)).transpose()?;
        Ok(Self { file: table.file().to_owned(), times, metrics, label })
    }

    /// Seconds from one row to the next, mostly.
    pub(crate) fn step(&self) -> f64 {
        let mut steps: Vec<f64> = self.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied().unwrap_or(60.0).max(1e-3)
    }
    /// Days from the first row to the last.
    pub(crate) fn days(&self) -> f64 {
        let from = self.times.iter().copied().fold(f64::INFINITY, f64::min);
        let to = self.times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        ((to - from) / 86_400.0).max(1e-9)
    }
}
