//! The members of the ensemble.

use super::features::FeatureRows;
use super::params::EngineParams;
use super::remaining::remaining;
use super::sample::{Sampled, sample};
use crate::Lifetime;
use crate::boost::{FailureClassifier, FailureTime, Regressor};
use crate::error::Result;
use crate::forest::IsolationForest;
use crate::traits::{Batch, Score, Train};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// The most members that an ensemble has.
pub(super) const MEMBERS: usize = 4;

/// Their names, in the order of their scores.
pub(super) const NAMES: [&str; MEMBERS] = ["classifier", "survival", "time left", "anomaly"];

/// Places in the scores.
pub(super) const CLASSIFIER: usize = 0;
pub(super) const SURVIVAL: usize = 1;
pub(super) const TIME_LEFT: usize = 2;
pub(super) const ANOMALY: usize = 3;

/// What the members say of a row, each in a unit of its own; higher is worse. 0 for a member that there
/// is not.
pub(super) type Scores = [f64; MEMBERS];

/// The share of healthy rows that are called abnormal unless the detector's settings say another.
const ABNORMAL: f64 = 0.01;

/// Trained models, all on the same rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Members {
    pub(super) horizon: f64,
    pub(super) detector: IsolationForest,
    pub(super) classifier: Option<FailureClassifier>,
    pub(super) survival: Option<FailureTime>,
    /// The mean of whose answers is the time left.
    pub(super) remaining: Vec<Regressor>,
}

/// Rows to learn from, and until when what became of them is known.
pub(super) struct Lesson<'a> {
    pub(super) params: &'a EngineParams,
    pub(super) rows: &'a FeatureRows,
    pub(super) categorical: &'a [usize],
    pub(super) train: &'a [usize],
    pub(super) until: f64,
}

impl Lesson<'_> {
    /// Whether a failure follows a row within the horizon, if that is known by then.
    pub(super) fn fails(&self, row: usize) -> Option<bool> {
        let known = self.rows.time[row] + self.params.features.horizon <= self.until;
        self.rows.fails[row].filter(|_| known)
    }

    /// What is known by then of how long an entity lives after a row.
    fn life(&self, row: usize) -> Option<Lifetime> {
        let left = self.until - self.rows.time[row];
        match self.rows.life[row]? {
            Lifetime::Failed(time) if time <= left => Some(Lifetime::Failed(time)),
            Lifetime::Failed(time) | Lifetime::Alive(time) => {
                let time = time.min(left);
                (time > 0.0).then_some(Lifetime::Alive(time))
            }
            _ => None,
        }
    }

    /// The detector, from the rows that no failure followed; from all if one followed each.
    pub(super) fn detector(&self) -> Result<IsolationForest> {
        let healthy: Vec<usize> = self
            .train
            .iter()
            .copied()
            .filter(|&row| self.rows.fails[row] != Some(true) || self.fails(row).is_none())
            .collect();
        let rows = if healthy.is_empty() { self.train } else { &healthy };
        let Sampled { rows, .. } = sample(rows, |_| false, self.params.most_rows, self.params.seed);
        let x = self.rows.x.select(Axis(0), &rows);
        let params = self.params.detector.clone();
        let share = params.contamination.unwrap_or(ABNORMAL);
        params
            .contamination(Some(share))
            .categorical(self.categorical.to_vec())
            .seed(self.params.seed)
            .train(Batch::new(x.view()))
    }

    pub(super) fn classifier(&self) -> Result<FailureClassifier> {
        let labelled: Vec<usize> =
            self.train.iter().copied().filter(|&row| self.fails(row).is_some()).collect();
        let sampled = self.sampled(&labelled);
        let labels: Vec<bool> =
            sampled.rows.iter().map(|&row| self.fails(row) == Some(true)).collect();
        let x = self.rows.x.select(Axis(0), &sampled.rows);
        let mut batch = Batch::new(x.view()).with_target(&labels[..]);
        if let Some(weight) = &sampled.weight {
            batch = batch.with_weight(ArrayView1::from(weight));
        }
        let params = self.params.classifier.clone();
        params.categorical(self.categorical.to_vec()).seed(self.params.seed).train(batch)
    }

    /// The survival curves; `None` if they are not wanted, or nothing failed.
    pub(super) fn survival(&self) -> Result<Option<FailureTime>> {
        let Some(lifetimes) = &self.params.lifetimes else { return Ok(None) };
        let lived: Vec<usize> =
            self.train.iter().copied().filter(|&row| self.life(row).is_some()).collect();
        let sampled = self.sampled(&lived);
        let lives: Vec<Lifetime> = sampled.rows.iter().filter_map(|&row| self.life(row)).collect();
        if !lives.iter().any(Lifetime::has_failed) {
            return Ok(None);
        }
        let x = self.rows.x.select(Axis(0), &sampled.rows);
        let mut batch = Batch::new(x.view()).with_target(&lives[..]);
        if let Some(weight) = &sampled.weight {
            batch = batch.with_weight(ArrayView1::from(weight));
        }
        let params = lifetimes.survival.clone();
        params.categorical(self.categorical.to_vec()).seed(self.params.seed).train(batch).map(Some)
    }

    /// The models of the time left; none if they are not wanted, or nothing is known.
    pub(super) fn remaining(&self) -> Result<Vec<Regressor>> {
        let Some(lifetimes) = &self.params.lifetimes else { return Ok(Vec::new()) };
        let lived: Vec<usize> =
            self.train.iter().copied().filter(|&row| self.life(row).is_some()).collect();
        let sampled = self.sampled(&lived);
        let lives: Vec<Lifetime> = sampled.rows.iter().filter_map(|&row| self.life(row)).collect();
        let known = remaining(&lives, self.params.cap())?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<usize> = known.iter().map(|known| sampled.rows[known.index]).collect();
        let left: Vec<f64> = known.iter().map(|known| known.left).collect();
        let of = |index: usize| sampled.weight.as_ref().map_or(1.0, |weight| weight[index]);
        let weight: Array1<f64> =
            known.iter().map(|known| known.weight * of(known.index)).collect();
        let x = self.rows.x.select(Axis(0), &rows);
        let batch = Batch::new(x.view()).with_target(&left[..]).with_weight(weight.view());
        let params = lifetimes.remaining.clone().categorical(self.categorical.to_vec());
        let train = |index: usize| {
            let seed = self.params.seed.wrapping_add(index as u64);
            params.clone().seed(seed).train(batch)
        };
        (0..lifetimes.seeds).map(train).collect()
    }

    fn sampled(&self, rows: &[usize]) -> Sampled {
        let failing = |row: usize| self.rows.fails[row] == Some(true);
        sample(rows, failing, self.params.most_rows, self.params.seed)
    }
}

impl Members {
    pub(super) fn present(&self) -> [bool; MEMBERS] {
        [self.classifier.is_some(), self.survival.is_some(), !self.remaining.is_empty(), true]
    }

    /// Without survival curves where those weigh nothing: no answer needs them.
    pub(super) fn weighing(self, shares: &[f64; MEMBERS]) -> Self {
        Self { survival: self.survival.filter(|_| shares[SURVIVAL] > 0.0), ..self }
    }

    /// The logarithm of the cumulative hazard at the horizon of a row with a score of 0.
    fn hazard(survival: &FailureTime, horizon: f64) -> f64 {
        let score = [0.0];
        survival.law.hazard(ArrayView1::from(&score), horizon).max(1e-15).ln()
    }

    /// What the members say of each row.
    pub(super) fn score(&self, x: ArrayView2<'_, f64>) -> Result<Vec<Scores>> {
        let mut scores = vec![[0.0; MEMBERS]; x.nrows()];
        let mut put = |member: usize, values: &mut dyn Iterator<Item = f64>| {
            scores.iter_mut().zip(values).for_each(|(row, value)| row[member] = value);
        };
        if let Some(classifier) = &self.classifier {
            put(CLASSIFIER, &mut classifier.ensemble().raw(x)?.into_iter());
        }
        if let Some(survival) = &self.survival {
            let hazard = Self::hazard(survival, self.horizon);
            let raw = survival.ensemble().raw(x)?;
            put(SURVIVAL, &mut raw.into_iter().map(|score| hazard + score));
        }
        if !self.remaining.is_empty() {
            let mut sum = Array1::zeros(x.nrows());
            for model in &self.remaining {
                sum += &model.score(x)?;
            }
            put(TIME_LEFT, &mut sum.into_iter().map(|sum| self.of_time_left(sum)));
        }
        put(ANOMALY, &mut self.detector.score(x)?.into_iter());
        Ok(scores)
    }

    /// What the members say of one row: the same bits, and nothing allocated.
    pub(super) fn score_one(&self, row: &[f64]) -> Result<Scores> {
        let mut scores = [0.0; MEMBERS];
        if let Some(classifier) = &self.classifier {
            scores[CLASSIFIER] = classifier.ensemble().raw_value(row)?;
        }
        if let Some(survival) = &self.survival {
            let hazard = Self::hazard(survival, self.horizon);
            scores[SURVIVAL] = hazard + survival.ensemble().raw_value(row)?;
        }
        if !self.remaining.is_empty() {
            let mut sum = 0.0;
            for model in &self.remaining {
                sum += model.score_one(row)?;
            }
            scores[TIME_LEFT] = self.of_time_left(sum);
        }
        scores[ANOMALY] = self.detector.score_one(row)?;
        Ok(scores)
    }

    /// The score of the sum of times left that the models say.
    fn of_time_left(&self, sum: f64) -> f64 {
        -(sum / self.remaining.len() as f64) / self.horizon
    }

    /// The time left that a score stands for.
    pub(super) fn time_left(&self, scores: &Scores) -> Option<f64> {
        (!self.remaining.is_empty()).then(|| (-scores[TIME_LEFT] * self.horizon).max(0.0))
    }

    /// Whether members from a file go together.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self, columns: usize, horizon: f64) -> Result<()> {
        let widths = [self.detector.n_features()]
            .into_iter()
            .chain(self.classifier.as_ref().map(Score::n_features))
            .chain(self.survival.as_ref().map(Score::n_features))
            .chain(self.remaining.iter().map(Score::n_features));
        let mut widths = widths;
        let plain = self.survival.as_ref().is_none_or(|model| model.law.scores() == 1);
        if widths.all(|width| width == columns) && plain && self.horizon == horizon {
            return Ok(());
        }
        Err(crate::error::invalid("members that do not go together"))
    }
}
