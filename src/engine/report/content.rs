//! What a report shows, before it is a page.

use crate::engine::features::Clock;
use crate::engine::{Assessment, Evaluation, Mode, ModelCard};

/// Everything that a page is made of.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) title: &'a str,
    /// What an entity is called: "machine".
    pub(super) noun: &'a str,
    /// How many are told of in full.
    pub(super) at_risk: usize,
    /// How many the table lists, at most.
    pub(super) listed: usize,
    pub(super) card: &'a ModelCard,
    pub(super) evaluation: &'a Evaluation,
    /// From this probability on the engine that answers gives an alert.
    pub(super) threshold: f64,
    /// The latest time that anything is known of.
    pub(super) now: f64,
    /// One an entity, the most at risk first.
    pub(super) assessments: Vec<Assessment>,
    pub(super) past: Past,
    pub(super) focus: Option<Focus>,
}

/// The risk of the fleet over time.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The last moment of each column, rising, at equal steps.
    pub(super) times: Vec<f64>,
    pub(super) step: f64,
    /// Those most at risk, in the order of the assessments.
    pub(super) rows: Vec<PastRow>,
    /// How many of the whole fleet have an alert at each time.
    pub(super) alerts: Vec<usize>,
    /// The failures of the whole fleet.
    pub(super) failures: Vec<f64>,
}

/// One entity over time.
#[derive(Debug)]
pub(super) struct PastRow {
    pub(super) entity: String,
    /// NaN where nothing is known.
    pub(super) risk: Vec<f64>,
    pub(super) failures: Vec<f64>,
}

/// One entity from near.
#[derive(Debug)]
pub(super) struct Focus {
    /// Its place among the assessments.
    pub(super) number: usize,
    pub(super) from: f64,
    pub(super) panels: Vec<Panel>,
    /// Its risk over time.
    pub(super) risk: Vec<(f64, f64)>,
    /// When it was abnormal.
    pub(super) abnormal: Vec<f64>,
    pub(super) failures: Vec<f64>,
}

/// A metric over time.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) metric: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Where nearly all values lie while all is well.
    pub(super) band: Option<(f64, f64)>,
    /// Points far outside the band.
    pub(super) odd: Vec<(f64, f64)>,
}

impl Content<'_> {
    pub(super) fn clock(&self) -> &Clock {
        &self.card.clock
    }

    /// Whether failures are foretold, or only what is abnormal is told.
    pub(super) fn foretells(&self) -> bool {
        self.card.mode == Mode::Predict
    }

    /// From which risk on there is an alert.
    pub(super) fn alert_from(&self) -> f64 {
        if self.foretells() { self.threshold } else { ABNORMAL }
    }
}

/// The anomaly score from which on an entity is abnormal, by default.
pub(super) const ABNORMAL: f64 = 0.99;

/// The probability of a failure where it is foretold, else how unusual the entity is.
pub(super) fn risk(assessment: &Assessment) -> f64 {
    assessment.failure_probability.unwrap_or(assessment.anomaly_score)
}
