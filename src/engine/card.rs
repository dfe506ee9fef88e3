//! What a model was trained on.

use super::features::Clock;
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
