//! Judging entities: from telemetry, or from their states.

use super::action::Situation;
use super::assessment::{Assessment, Reason, TrendNote};
use super::features::{EntityState, states};
use super::model::Engine;
use super::predictor::Finding;
use super::reasons::reasons;
use super::telemetry::Telemetry;
use super::trends::trends;
use crate::error::Result;
use crate::parallel;
use ndarray::{Array2, ArrayView2};

/// The risk of entities over time, from [`Engine::assess_history`].
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct RiskHistory {
    /// In the order of the telemetry; those of which nothing is known are left out.
    pub entities: Vec<EntityRisk>,
}

/// The risk of one entity over time.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct EntityRisk {
    /// Its name.
    pub entity: String,
    /// Rising.
    pub times: Vec<f64>,
    /// The probability of a failure within the horizon, one a time; empty where the engine can only
    /// detect.
    pub failure_probability: Vec<f64>,
    /// The share of the healthy training rows that were less unusual, one a time.
    pub anomaly_score: Vec<f64>,
    /// When it failed, in order.
    pub failures: Vec<f64>,
}

/// Why, if it was asked for.
#[derive(Debug, Default)]
pub(super) struct Why {
    pub(super) reasons: Vec<Reason>,
    pub(super) trends: Vec<TrendNote>,
}

impl Engine {
    /// Every entity of which anything is known by `now`, in the order of the telemetry, as it was known
    /// then; each at the time of the last thing known of it if `now` is `None`. What comes later
    /// plays no part.
    ///
    /// Metrics, events and attributes are matched by name. What the engine does not know is passed
    /// over, and what it misses is missing, which lowers the confidence and is named as a reason:
    /// [`Features::unmatched`](super::features::Features::unmatched) lists both.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::Error::Incompatible) where the engine has metrics and the
    /// telemetry none of them, or an attribute is of another kind;
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a time not within ±1e12.
    pub fn assess(&self, telemetry: &Telemetry, now: Option<f64>) -> Result<Vec<Assessment>> {
        if let Some(now) = now {
            super::telemetry::check_time(now)?;
        }
        let states = states(&self.features, telemetry, now)?;
        let names = telemetry.entities();
        let width = self.features.n_features();
        let mut x = Array2::zeros((states.len(), width));
        let mut times = Vec::with_capacity(states.len());
        for ((_, state), mut row) in states.iter().zip(x.rows_mut()) {
            let time = now.or(state.last_time()).unwrap_or_default();
            times.push(time);
            if let Some(row) = row.as_slice_mut() {
                state.write_row(time, row)?;
            }
        }
        let findings = self.findings(x.view(), 0.0)?;
        let all: Vec<&Finding> = findings.iter().collect();
        let most = self.params.most_reasons;
        let reasons = reasons(&self.predictor, &self.features, x.view(), &all, most)?;
        let trends = parallel::map(states.len(), |index| trends(&states[index].1));
        let why = reasons.into_iter().zip(trends).map(|(reasons, trends)| Why { reasons, trends });
        states
            .iter()
            .zip(times)
            .zip(findings.iter().zip(why))
            .map(|(((entity, _), time), (finding, why))| {
                self.assessment(&names[*entity], time, finding, why)
            })
            .collect()
    }

    /// The risk of every entity over time: at evenly spaced times, `step` apart, or at each of its
    /// readings if `step` is `None`. Each value knows of nothing that came after it, but the models
    /// may have been trained on the same history: of that, the [`evaluation`](Self::evaluation) tells
    /// how good they are on what they have not seen.
    ///
    /// # Errors
    /// As [`assess`](Self::assess); [`Error::Empty`](crate::Error::Empty) without rows;
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a step not above 0 or too small.
    pub fn assess_history(&self, telemetry: &Telemetry, step: Option<f64>) -> Result<RiskHistory> {
        let rows = match step {
            Some(step) => self.features.rows_every(telemetry, step)?,
            None => self.features.rows(telemetry)?,
        };
        let findings = self.findings(rows.x.view(), 0.0)?;
        let mut history = RiskHistory::default();
        let mut last = None;
        for ((&entity, &time), finding) in rows.entity.iter().zip(&rows.time).zip(&findings) {
            if last != Some(entity) {
                last = Some(entity);
                let name = rows.entities[entity].clone();
                let failures = telemetry.failures(&name).into_iter().map(|(time, _)| time);
                let failures = failures.collect();
                history.entities.push(EntityRisk {
                    entity: name,
                    failures,
                    ..EntityRisk::default()
                });
            }
            if let Some(risk) = history.entities.last_mut() {
                risk.times.push(time);
                risk.failure_probability.extend(finding.probability);
                risk.anomaly_score.push(finding.anomaly);
            }
        }
        Ok(history)
    }

    /// One entity from its streaming state, with all reasons: the same as from a telemetry of all that
    /// the state has seen.
    ///
    /// # Errors
    /// [`Error::TimeWentBack`](crate::Error::TimeWentBack) for a time before the last thing known,
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for one not within ±1e12,
    /// [`Error::Incompatible`](crate::Error::Incompatible) for a state of another plan.
    pub fn assess_state(&self, name: &str, state: &EntityState, now: f64) -> Result<Assessment> {
        self.assess_shifted(name, state, now, 0.0)
    }

    pub(super) fn assess_shifted(
        &self,
        name: &str,
        state: &EntityState,
        now: f64,
        shift: f64,
    ) -> Result<Assessment> {
        self.check_plan(state)?;
        let row = state.row(now)?;
        let finding = self.find(&row, shift)?;
        let why = self.why(state, &row, &finding)?;
        self.assessment(name, now, &finding, why)
    }

    /// Whether a state follows the engine's plan.
    pub(super) fn check_plan(&self, state: &EntityState) -> Result<()> {
        if state.features().is_same(&self.features) {
            return Ok(());
        }
        let reason = "the state is of another plan of features than the engine's".to_owned();
        Err(crate::Error::Incompatible { reason })
    }

    /// What is said of one row, in numbers.
    pub(super) fn find(&self, row: &[f64], shift: f64) -> Result<Finding> {
        let scores = self.predictor.members.score_one(row)?;
        self.predictor.find(row, &scores, shift)
    }

    /// What is said of rows: the same bits.
    pub(super) fn findings(&self, x: ArrayView2<'_, f64>, shift: f64) -> Result<Vec<Finding>> {
        let scores = self.predictor.members.score(x)?;
        let find = |row: usize| {
            let values = x.row(row);
            match values.as_slice() {
                Some(values) => self.predictor.find(values, &scores[row], shift),
                None => self.predictor.find(&values.to_vec(), &scores[row], shift),
            }
        };
        parallel::map(x.nrows(), find).into_iter().collect()
    }

    pub(super) fn why(&self, state: &EntityState, row: &[f64], finding: &Finding) -> Result<Why> {
        let x = ndarray::ArrayView1::from(row);
        let x = x.insert_axis(ndarray::Axis(0));
        let most = self.params.most_reasons;
        let mut reasons = reasons(&self.predictor, &self.features, x, &[finding], most)?;
        Ok(Why { reasons: reasons.pop().unwrap_or_default(), trends: trends(state) })
    }

    /// What is said of an entity, and what that is worth doing.
    pub(super) fn assessment(
        &self,
        entity: &str,
        time: f64,
        finding: &Finding,
        why: Why,
    ) -> Result<Assessment> {
        let action = self.params.policy.propose(time, &finding.situation())?;
        Ok(Assessment {
            entity: entity.to_owned(),
            time,
            horizon: self.card.horizon,
            clock: self.card.clock.clone(),
            failure_probability: finding.probability,
            alert: finding.alert,
            time_to_failure: finding.time_to_failure,
            confidence: finding.confidence,
            reliability: finding.reliability,
            anomaly_score: finding.anomaly,
            abnormal: finding.abnormal,
            novelty: finding.novelty,
            trends: why.trends,
            reasons: why.reasons,
            action,
        })
    }
}

impl Assessment {
    /// What decides about actions.
    #[must_use]
    pub fn situation(&self) -> Situation {
        Situation::new(self.failure_probability.unwrap_or(0.0))
            .confidence(self.reliability)
            .abnormal(self.abnormal)
            .time_left(self.time_to_failure.map_or(0.0, |left| left.earliest))
    }
}

impl Finding {
    /// What decides about actions.
    pub(super) fn situation(&self) -> Situation {
        let earliest = self.time_to_failure.map_or(0.0, |left| left.earliest);
        Situation::new(self.probability.unwrap_or(0.0))
            .confidence(self.reliability)
            .abnormal(self.abnormal)
            .time_left(earliest)
    }
}
