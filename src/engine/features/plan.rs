//! The plan: what each column of a row is.

use super::columns::{Subject, columns};
use super::{EntityState, FeatureParams, FeatureRows, Unmatched, WindowStatistic, batch};
use crate::engine::telemetry::names::Names;
use crate::engine::telemetry::{Telemetry, Values};
use crate::error::{Error, Result};
use std::sync::Arc;

/// Which features a row has: settings, and the metrics, kinds of events, parts and attributes that they
/// are for. Cheap to clone.
///
/// The same plan makes the rows that a model learns from ([`rows`](Self::rows)) and those that it judges
/// in service ([`state`](Self::state)).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::saved::Saved", into = "super::saved::Saved")
)]
pub struct Features {
    pub(super) plan: Arc<Plan>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) params: FeatureParams,
    pub(super) metrics: Names,
    pub(super) event_kinds: Names,
    pub(super) parts: Names,
    pub(super) attributes: Names,
    pub(super) attribute_values: Vec<Values>,
    pub(super) columns: Names,
    subjects: Vec<Subject>,
    /// All lengths at which a window begins, rising.
    pub(super) edges: Vec<f64>,
    /// For each window, the edges at which it and the window before it begin.
    pub(super) windows: Vec<(usize, Option<usize>)>,
}

impl Plan {
    pub(super) fn new(
        params: FeatureParams,
        metrics: Names,
        event_kinds: Names,
        parts: Names,
        attributes: Names,
        attribute_values: Vec<Values>,
    ) -> Result<Self> {
        params.check()?;
        let (columns, subjects) = columns(&params, &metrics, &event_kinds, &parts, &attributes)?;
        let mut edges = params.windows.clone();
        let change = params.statistics.contains(&WindowStatistic::Change);
        if change {
            edges.extend(params.windows.iter().map(|length| 2.0 * length));
            edges.sort_by(f64::total_cmp);
            edges.dedup();
        }
        let edge = |length: f64| edges.partition_point(|&edge| edge < length);
        let window = |&length: &f64| (edge(length), change.then(|| edge(2.0 * length)));
        let windows = params.windows.iter().map(window).collect();
        Ok(Self {
            params,
            metrics,
            event_kinds,
            parts,
            attributes,
            attribute_values,
            columns,
            subjects,
            edges,
            windows,
        })
    }
}

impl Features {
    pub(super) fn new(params: FeatureParams, telemetry: &Telemetry) -> Result<Self> {
        let plan = Plan::new(
            params,
            telemetry.metrics.clone(),
            telemetry.event_kinds.clone(),
            telemetry.parts.clone(),
            telemetry.attributes.clone(),
            telemetry.attribute_values.clone(),
        )?;
        Ok(Self { plan: Arc::new(plan) })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &FeatureParams {
        &self.plan.params
    }

    /// The names of the features, in the order of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        self.plan.columns.list()
    }

    /// How many features a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.plan.columns.len()
    }

    /// The column of a feature.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.plan.columns.find(name)
    }

    /// What each column is about.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.plan.subjects
    }

    /// The metrics, in the order in which [`EntityState::observe`] takes them.
    #[must_use]
    pub fn metrics(&self) -> &[String] {
        self.plan.metrics.list()
    }

    /// The kinds of events.
    #[must_use]
    pub fn event_kinds(&self) -> &[String] {
        self.plan.event_kinds.list()
    }

    /// The parts that are maintained.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        self.plan.parts.list()
    }

    /// The attributes.
    #[must_use]
    pub fn attributes(&self) -> &[String] {
        self.plan.attributes.list()
    }

    /// The columns that hold codes of categories, rising.
    #[must_use]
    pub fn categorical(&self) -> Vec<usize> {
        let first = self.n_features() - self.plan.attributes.len();
        let values = self.plan.attribute_values.iter().enumerate();
        let coded = values.filter(|(_, values)| matches!(values, Values::Categories(_)));
        coded.map(|(number, _)| first + number).collect()
    }

    /// The categories of a column, in the order of their codes; none if it holds numbers.
    #[must_use]
    pub fn categories(&self, column: usize) -> &[String] {
        match self.plan.subjects.get(column) {
            Some(&Subject::Attribute(number)) => match &self.plan.attribute_values[number] {
                Values::Categories(codes) => codes.list(),
                Values::Numbers => &[],
            },
            _ => &[],
        }
    }

    /// What only one of this plan and a telemetry knows: metrics, kinds of events, parts and attributes
    /// that are all missing, or passed over.
    ///
    /// # Errors
    /// As [`rows`](Self::rows), but for telemetry without rows.
    pub fn unmatched(&self, telemetry: &Telemetry) -> Result<Unmatched> {
        batch::unmatched(self, telemetry)
    }

    /// Whether both make the same rows. Free for clones.
    pub(in crate::engine) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan) || self == other
    }

    /// An entity of which nothing is known yet.
    #[must_use]
    pub fn state(&self) -> EntityState {
        EntityState::new(self)
    }

    /// One row for each time at which an entity has readings, entity by entity and in order of time,
    /// with its label. The same bits on any number of threads, and the same as
    /// [`EntityState`] gives.
    ///
    /// Metrics, events, parts and attributes are matched by name, see [`FeatureRows::unmatched`]; those
    /// not in the telemetry are missing.
    ///
    /// O(rows · metrics · windows · log rows); 8 bytes a feature and row.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows; [`Error::Incompatible`] where the plan has metrics and the
    /// telemetry none of them.
    pub fn rows(&self, telemetry: &Telemetry) -> Result<FeatureRows> {
        batch::rows(self, telemetry, None)
    }

    /// As [`rows`](Self::rows), but at evenly spaced times, `step` apart, from the first that is known of
    /// an entity to the last: for fleets of which only events are known, and to thin out dense
    /// telemetry.
    ///
    /// # Errors
    /// As [`rows`](Self::rows); [`Error::OutOfRange`] for a step not above 0 or so small that an entity
    /// had more than 10,000,000 rows.
    pub fn rows_every(&self, telemetry: &Telemetry, step: f64) -> Result<FeatureRows> {
        if !(step > 0.0 && step.is_finite()) {
            let allowed = "above 0 and finite";
            return Err(Error::OutOfRange { name: "step", value: step, allowed });
        }
        batch::rows(self, telemetry, Some(step))
    }
}
