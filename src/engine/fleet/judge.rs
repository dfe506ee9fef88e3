//! Judging a fleet, and what is done about it.

use super::live::Fleet;
use crate::engine::action::{Action, ActionRecord, Hand};
use crate::engine::assess::Why;
use crate::engine::assessment::Assessment;
use crate::engine::features::EntityState;
use crate::engine::model::Engine;
use crate::engine::predictor::Finding;
use crate::engine::reasons::reasons;
use crate::engine::trends::trends;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array2, ArrayView2};

/// Entities that one task judges.
const TASK: usize = 256;

/// What is known of one entity, judged.
struct Judged {
    row: Vec<f64>,
    finding: Finding,
    /// The engine's own probability, before verdicts.
    own: Option<f64>,
}

impl Fleet {
    /// One entity now, with reasons and trends.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for an entity that was never heard of; [`Error::TimeWentBack`] for a time
    /// before the last thing known of it; [`Error::OutOfRange`] for one not within ±1e12.
    pub fn assess(&mut self, entity: &str, now: f64) -> Result<Assessment> {
        let Some(&number) = self.numbers.get(entity) else {
            let reason = format!("entity {entity:?} was never heard of");
            return Err(Error::Incompatible { reason });
        };
        let state = &self.states[number];
        let row = state.row(now)?;
        let judged = self.judge(row)?;
        let why = self.engine.why(state, &judged.row, &judged.finding)?;
        let assessment = self.engine.assessment(entity, now, &judged.finding, why)?;
        self.remember(number, now, &judged);
        Ok(assessment)
    }

    /// Every entity now, in the order of [`entities`](Self::entities), on all cores. Reasons and trends are
    /// told of those with an alert, an anomaly or an action other than none; [`assess`](Self::assess)
    /// tells them of any. For entities of which something later than `now` is known, that time is
    /// taken.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time not within ±1e12.
    pub fn assess_all(&mut self, now: f64) -> Result<Vec<Assessment>> {
        crate::engine::telemetry::check_time(now)?;
        let count = self.states.len();
        let tasks = parallel::map(count.div_ceil(TASK), |task| {
            self.task(task * TASK..count.min((task + 1) * TASK), now)
        });
        let mut assessments = Vec::with_capacity(count);
        for (task, judged) in tasks.into_iter().enumerate() {
            for (index, (assessment, judged)) in judged?.into_iter().enumerate() {
                self.remember(task * TASK + index, assessment.time, &judged);
                assessments.push(assessment);
            }
        }
        Ok(assessments)
    }

    /// Judges some of the entities.
    fn task(&self, numbers: std::ops::Range<usize>, now: f64) -> Result<Vec<(Assessment, Judged)>> {
        let width = self.engine.features.n_features();
        let states = &self.states[numbers.clone()];
        let at = |state: &EntityState| state.last_time().map_or(now, |last| last.max(now));
        let mut x = vec![0.0; states.len() * width];
        for (state, row) in states.iter().zip(x.chunks_exact_mut(width)) {
            state.write_row(at(state), row)?;
        }
        let rows = ArrayView2::from_shape((states.len(), width), &x)
            .map_err(|error| Error::Incompatible { reason: error.to_string() })?;
        let scores = self.engine.predictor.members.score(rows)?;
        let mut found = Vec::with_capacity(states.len());
        for (row, scores) in x.chunks_exact(width).zip(&scores) {
            found.push(self.found(row, scores)?);
        }
        let policy = &self.engine.params.policy;
        let mut told = Vec::new();
        for (index, (finding, _)) in found.iter().enumerate() {
            let action = policy.propose(now, &finding.situation())?;
            if finding.alert || finding.abnormal || action != Action::None {
                told.push(index);
            }
        }
        let mut why: Vec<Why> = (0..states.len()).map(|_| Why::default()).collect();
        if !told.is_empty() {
            let mut own = Array2::zeros((told.len(), width));
            for (&index, mut row) in told.iter().zip(own.rows_mut()) {
                row.assign(&rows.row(index));
            }
            let findings: Vec<&Finding> = told.iter().map(|&index| &found[index].0).collect();
            let Engine { predictor, features, params, .. } = &*self.engine;
            let reasons = reasons(predictor, features, own.view(), &findings, params.most_reasons)?;
            for (&index, reasons) in told.iter().zip(reasons) {
                why[index] = Why { reasons, trends: trends(&states[index]) };
            }
        }
        let mut judged = Vec::with_capacity(states.len());
        for ((index, (finding, own)), why) in found.into_iter().enumerate().zip(why) {
            let (name, time) = (&self.names[numbers.start + index], at(&states[index]));
            let assessment = self.engine.assessment(name, time, &finding, why)?;
            let row = x[index * width..(index + 1) * width].to_vec();
            judged.push((assessment, Judged { row, finding, own }));
        }
        Ok(judged)
    }

    /// What is said of a row, and the engine's own probability.
    fn found(&self, row: &[f64], scores: &[f64; 4]) -> Result<(Finding, Option<f64>)> {
        let shift = self.verdicts.shift();
        let predictor = &self.engine.predictor;
        let finding = predictor.find(row, scores, shift)?;
        let own = match &predictor.foresight {
            Some(foresight) if shift != 0.0 => Some(foresight.stack.probability(scores)?),
            _ => finding.probability,
        };
        Ok((finding, own))
    }

    fn judge(&self, row: Vec<f64>) -> Result<Judged> {
        let scores = self.engine.predictor.members.score_one(&row)?;
        let (finding, own) = self.found(&row, &scores)?;
        Ok(Judged { row, finding, own })
    }

    fn remember(&mut self, number: usize, time: f64, judged: &Judged) {
        if let Some(own) = judged.own {
            self.recent[number].add(time, own, self.engine.card.horizon);
        }
        self.live.add(&self.engine.predictor.profile, &judged.row);
    }

    /// Judges all, and has done what is worth doing as far as the gate allows, those most at risk
    /// first. There is a record of every entity for which something was worth doing.
    ///
    /// # Errors
    /// As [`assess_all`](Self::assess_all); [`Error::TimeWentBack`] for a time before the last
    /// decision's, before anything is done.
    pub fn act(&mut self, now: f64, hand: &mut dyn Hand) -> Result<Vec<ActionRecord>> {
        if let Some(last) = self.gate.last_time().filter(|&last| now < last) {
            return Err(Error::TimeWentBack { time: now, last });
        }
        let assessments = self.assess_all(now)?;
        let mut due: Vec<&Assessment> =
            assessments.iter().filter(|assessment| assessment.action != Action::None).collect();
        let risk = |assessment: &Assessment| assessment.failure_probability.unwrap_or(0.0);
        due.sort_by(|a, b| risk(b).total_cmp(&risk(a)));
        due.iter()
            .map(|assessment| {
                self.gate.decide(&assessment.entity, now, &assessment.situation(), hand)
            })
            .collect()
    }
}
