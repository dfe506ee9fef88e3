//! Which rows are learned from, and which are set aside.

use super::features::FeatureRows;
use super::params::{EngineParams, HoldOutBy};
use crate::error::Result;
use crate::validate::{group_holdout, group_k_fold};

/// Rows to learn from, until when what became of them is known, and rows that are set aside.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold {
    pub(super) train: Vec<usize>,
    pub(super) until: f64,
    pub(super) test: Vec<usize>,
}

/// The folds of the rows before those that are kept back, and the fold of those.
#[derive(Debug, Clone)]
pub(super) struct Folds {
    pub(super) inner: Vec<Fold>,
    pub(super) last: Fold,
}

impl Folds {
    /// As the settings say.
    pub(super) fn new(params: &EngineParams, rows: &FeatureRows) -> Result<Self> {
        match params.hold_out_by {
            HoldOutBy::Time => Ok(Self::by_time(params, rows, None)),
            HoldOutBy::Entities => Self::by_entities(params, rows),
            HoldOutBy::Both => {
                let parts = Parts::new(params, rows)?;
                Ok(Self::by_time(params, rows, Some(&parts)))
            }
        }
    }

    /// Folds that grow: each learns from all that is known at a moment, and sets aside what comes until
    /// the next. The first has half of the rows before failures behind it, since members that saw few
    /// are not like those that will answer; between any two moments come about as many of the others.
    fn by_time(params: &EngineParams, rows: &FeatureRows, parts: Option<&Parts>) -> Self {
        let all: Vec<usize> = (0..rows.time.len()).collect();
        let labelled = all.iter().filter(|&&row| rows.fails[row].is_some());
        let times = labelled.map(|&row| rows.time[row]);
        let (first, end) =
            times.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), t| (a.min(t), b.max(t)));
        let at = first + (1.0 - params.hold_out) * (end - first);
        let mut failing: Vec<f64> = all
            .iter()
            .filter(|&&row| rows.fails[row] == Some(true) && rows.time[row] < at)
            .map(|&row| rows.time[row])
            .collect();
        failing.sort_by(f64::total_cmp);
        let folds = params.folds;
        let mut moments: Vec<f64> = (1..=folds)
            .filter_map(|fold| {
                failing.get((folds + fold - 1) * failing.len() / (2 * folds)).copied()
            })
            .collect();
        moments.push(at);
        moments.dedup();
        let belongs = |row: usize, part: Option<usize>, inside: bool| match (parts, part) {
            (Some(parts), Some(part)) => (parts.of_row(rows, row) == part) == inside,
            _ => true,
        };
        let fold = |from: f64, to: f64, part: Option<usize>| {
            let before = |&&row: &&usize| rows.time[row] < from && belongs(row, part, false);
            let within = |&&row: &&usize| {
                rows.time[row] >= from && rows.time[row] < to && belongs(row, part, true)
            };
            let held = |&row: &usize| {
                // What is kept back is not looked at before.
                parts.is_none_or(|parts| parts.of_row(rows, row) > 0)
            };
            let train = all.iter().filter(before);
            let test = all.iter().filter(within);
            Fold {
                train: match part {
                    Some(0) | None => train.copied().collect(),
                    Some(_) => train.copied().filter(|row| held(row)).collect(),
                },
                until: from,
                test: test.copied().collect(),
            }
        };
        let inner = moments.windows(2).enumerate().map(|(index, pair)| {
            fold(pair[0], pair[1], parts.map(|parts| 1 + index % (parts.count - 1).max(1)))
        });
        Self { inner: inner.collect(), last: fold(at, f64::INFINITY, parts.map(|_| 0)) }
    }

    /// Folds that each set aside the rows of some entities, and learn from all others.
    fn by_entities(params: &EngineParams, rows: &FeatureRows) -> Result<Self> {
        let parts = Parts::new(params, rows)?;
        let fold = |part: usize| {
            let own = |row: &usize| parts.of_row(rows, *row) == part;
            let other = |row: &usize| {
                let there = parts.of_row(rows, *row);
                there != part && (part == 0 || there != 0)
            };
            let all = 0..rows.time.len();
            Fold {
                train: all.clone().filter(other).collect(),
                until: f64::INFINITY,
                test: all.filter(own).collect(),
            }
        };
        Ok(Self { inner: (1..parts.count).map(fold).collect(), last: fold(0) })
    }
}

/// A part of each entity: 0 for those kept back.
struct Parts {
    of: Vec<usize>,
    count: usize,
}

impl Parts {
    fn new(params: &EngineParams, rows: &FeatureRows) -> Result<Self> {
        let (labelled, fails) = rows.labelled();
        let entities: Vec<usize> = labelled.iter().map(|&row| rows.entity[row]).collect();
        let split = group_holdout(&fails, &entities, params.hold_out, params.seed)?;
        // Entities of which nothing is labelled are learned from.
        let mut of = vec![1; rows.entities.len()];
        split.test.iter().for_each(|&index| of[entities[index]] = 0);
        let rest: Vec<usize> = split.train;
        let rest_fails: Vec<bool> = rest.iter().map(|&index| fails[index]).collect();
        let rest_entities: Vec<usize> = rest.iter().map(|&index| entities[index]).collect();
        let mut distinct = rest_entities.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let folds = params.folds.min(distinct.len());
        if folds < 2 {
            return Ok(Self { of, count: 2 });
        }
        let splits = group_k_fold(&rest_fails, &rest_entities, folds, params.seed)?;
        for (part, split) in splits.into_iter().enumerate() {
            split.test.iter().for_each(|&index| of[rest_entities[index]] = part + 1);
        }
        Ok(Self { of, count: folds + 1 })
    }

    fn of_row(&self, rows: &FeatureRows, row: usize) -> usize {
        self.of[rows.entity[row]]
    }
}
