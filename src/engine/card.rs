//! What a model was trained on.

use super::features::{Clock, FeatureRows, Features};
use super::params::EngineParams;
use super::telemetry::Telemetry;
use std::fmt;

/// What an engine can do, which its training data decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Mode {
    /// Foretells failures, and detects what is not normal.
    Predict,
    /// Only detects what is not normal: too few failures were seen to learn what announces one.
    DetectOnly,
}

/// What an engine was trained on. `Display` tells it in words.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ModelCard {
    /// The version of this crate that trained it.
    pub version: String,
    /// What it can do.
    pub mode: Mode,
    /// Entities with readings.
    pub entities: usize,
    /// Rows of readings.
    pub rows: usize,
    /// The metrics.
    pub metrics: Vec<String>,
    /// Features of a row.
    pub features: usize,
    /// The time of the first row.
    pub from: f64,
    /// The time of the last row.
    pub until: f64,
    /// Failures that rows came before.
    pub failures: usize,
    /// How far ahead failures are foreseen.
    pub horizon: f64,
    /// What times count.
    pub clock: Clock,
    /// Everything random followed from it.
    pub seed: u64,
}

impl ModelCard {
    /// Of rows before so many failures.
    pub(super) fn of(
        params: &EngineParams,
        features: &Features,
        rows: &FeatureRows,
        failures: usize,
        mode: Mode,
    ) -> Self {
        let mut entities = rows.entity.clone();
        entities.dedup();
        let span = |f: fn(f64, f64) -> f64, start: f64| rows.time.iter().copied().fold(start, f);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode,
            entities: entities.len(),
            rows: rows.time.len(),
            metrics: features.metrics().to_vec(),
            features: features.n_features(),
            from: span(f64::min, f64::INFINITY),
            until: span(f64::max, f64::NEG_INFINITY),
            failures,
            horizon: params.features.horizon,
            clock: params.features.clock.clone(),
            seed: params.seed,
        }
    }
}

impl fmt::Display for ModelCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entities, rows, features, failures, clock, .. } = self;
        let horizon = clock.words(self.horizon);
        write!(
            f,
            "trained on {rows} rows of {entities} entities over {}, with {failures} failures; \
             {features} features of {} metrics; ",
            clock.about(self.until - self.from),
            self.metrics.len()
        )?;
        match self.mode {
            Mode::Predict => write!(f, "foretells failures within {horizon}"),
            Mode::DetectOnly => write!(f, "only detects what is not normal"),
        }
    }
}

/// What is odd about the data.
pub(super) fn warnings(telemetry: &Telemetry, rows: &FeatureRows) -> Vec<String> {
    let report = telemetry.report();
    let mut warnings = Vec::new();
    let few = |names: &[String]| match names {
        all if all.len() <= 3 => all.join(", "),
        [first, second, ..] => format!("{first}, {second} and {} more", names.len() - 2),
        _ => String::new(),
    };
    for (names, what) in [
        (&report.single_rows, "with one row only"),
        (&report.failures_without_rows, "failed without any row, from which nothing is learned"),
        (&report.empty_metrics, "never had a value"),
    ] {
        if !names.is_empty() {
            warnings.push(format!("{what}: {}", few(names)));
        }
    }
    let mut vanished: Vec<String> =
        report.vanished.iter().map(|gone| format!("{} of {}", gone.metric, gone.entity)).collect();
    vanished.dedup();
    if !vanished.is_empty() {
        warnings.push(format!("had no value in the last rows: {}", few(&vanished)));
    }
    if report.contradicted_values > 0 {
        let count = report.contradicted_values;
        warnings.push(format!("{count} values contradict an earlier one and were left out"));
    }
    if rows.cut > 0 {
        warnings.push(format!("{} rows had more in a window than it can hold", rows.cut));
    }
    warnings
}
