//! What is odd about telemetry.

use super::Telemetry;
use std::fmt;

/// A metric that an entity gave and then gave no more.
#[derive(Debug, Clone, PartialEq)]
pub struct Vanished {
    /// The entity's name.
    pub entity: String,
    /// The metric's name.
    pub metric: String,
    /// When it had its last value.
    pub last: f64,
}

/// What was found in a [`Telemetry`]: what was put right, by the rules given there, and what a reader
/// should know of. `Display` tells it in words.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TelemetryReport {
    /// Entities of which anything is known.
    pub entities: usize,
    /// Rows of readings, after those at one time were made one.
    pub rows: usize,
    /// Failures.
    pub failures: usize,
    /// Rows given after a later one of their entity: they were put in their place.
    pub late_rows: usize,
    /// Rows at a time at which their entity had one already: they filled gaps of the first.
    pub repeated_rows: usize,
    /// Values in those rows that were left out, since the first row had another.
    pub contradicted_values: usize,
    /// Entities with just one row.
    pub single_rows: Vec<String>,
    /// Entities with a failure but no row.
    pub failures_without_rows: Vec<String>,
    /// Failures that are followed by rows of a new life.
    pub lives_after_failure: usize,
    /// Metrics without any value.
    pub empty_metrics: Vec<String>,
    /// Metrics without a value in the last 20 rows of an entity that had some before.
    pub vanished: Vec<Vanished>,
}

/// Rows without a value after which a metric has vanished.
const VANISHED: usize = 20;

impl TelemetryReport {
    pub(super) fn of(telemetry: &Telemetry) -> Self {
        let mut report = Self { entities: telemetry.records.len(), ..Self::default() };
        let metrics = telemetry.metrics.list();
        let mut seen = vec![false; metrics.len()];
        for (name, record) in telemetry.entities.list().iter().zip(&telemetry.records) {
            let rows = record.rows(metrics.len());
            report.rows += rows.times.len();
            report.failures += record.failures.len();
            report.late_rows += rows.tally.late;
            report.repeated_rows += rows.tally.repeated;
            report.contradicted_values += rows.tally.contradicted;
            if rows.times.len() == 1 {
                report.single_rows.push(name.clone());
            }
            if rows.times.is_empty() && !record.failures.is_empty() {
                report.failures_without_rows.push(name.clone());
            }
            let mut failures: Vec<f64> = record.failures.iter().map(|failure| failure.0).collect();
            failures.sort_unstable_by(f64::total_cmp);
            for (index, &from) in failures.iter().enumerate() {
                let to = failures.get(index + 1).copied().unwrap_or(f64::INFINITY);
                let first = rows.times.partition_point(|&time| time < from);
                let followed = rows.times.get(first).is_some_and(|&time| time < to);
                report.lives_after_failure += usize::from(followed);
            }
            for (metric, seen) in seen.iter_mut().enumerate() {
                let value = |&row: &usize| !rows.values[row * metrics.len() + metric].is_nan();
                let Some(last) = (0..rows.times.len()).rev().find(value) else { continue };
                *seen = true;
                if rows.times.len() - 1 - last >= VANISHED {
                    report.vanished.push(Vanished {
                        entity: name.clone(),
                        metric: metrics[metric].clone(),
                        last: rows.times[last],
                    });
                }
            }
        }
        let empty = metrics.iter().zip(seen).filter(|(_, seen)| !seen);
        report.empty_metrics = empty.map(|(name, _)| name.clone()).collect();
        report
    }
}

impl fmt::Display for TelemetryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entities, rows, failures, .. } = self;
        write!(f, "{entities} entities, {rows} rows, {failures} failures")?;
        for (count, what) in [
            (self.late_rows, "rows came late and were put in their place"),
            (self.repeated_rows, "rows repeat a time and only filled gaps"),
            (self.contradicted_values, "values contradict an earlier one and were left out"),
            (self.lives_after_failure, "lives began after a failure"),
        ] {
            if count > 0 {
                write!(f, "\n{count} {what}")?;
            }
        }
        for (names, what) in [
            (&self.single_rows, "with one row only"),
            (&self.failures_without_rows, "failed without any row"),
            (&self.empty_metrics, "never had a value"),
        ] {
            if !names.is_empty() {
                write!(f, "\n{what}: {}", names.join(", "))?;
            }
        }
        for Vanished { entity, metric, last } in &self.vanished {
            write!(f, "\n{metric} of {entity} has had no value since {last}")?;
        }
        Ok(())
    }
}
