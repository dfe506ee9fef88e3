//! What members said of rows that they had not seen.

use super::features::FeatureRows;
use super::members::{Members, Scores, TIME_LEFT};
use super::params::EngineParams;
use super::remaining::{Known, TimeLeft, remaining};
use crate::Lifetime;
use crate::error::Result;
use crate::metrics::average_precision;
use std::collections::HashSet;

/// Rows that were scored by members that had not learned from them.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) scores: Vec<Scores>,
    pub(super) fails: Vec<bool>,
    pub(super) entity: Vec<usize>,
    /// The part that was set aside when they were scored.
    pub(super) fold: Vec<usize>,
    /// What each counts.
    pub(super) weight: Vec<f64>,
    /// Failures among them.
    pub(super) failures: usize,
}

impl Judged {
    /// Takes in what members said of the rows set aside in a part.
    pub(super) fn add(
        &mut self,
        rows: &FeatureRows,
        test: &[usize],
        scores: &[Scores],
        (fold, weight): (usize, f64),
    ) {
        let mut failing = Vec::new();
        for (&row, &scores) in test.iter().zip(scores) {
            let Some(fails) = rows.fails[row] else { continue };
            self.scores.push(scores);
            self.fails.push(fails);
            self.entity.push(rows.entity[row]);
            self.fold.push(fold);
            self.weight.push(weight);
            if fails {
                failing.push(row);
            }
        }
        self.failures += failures_of(rows, &failing);
    }

    /// Whether there are rows of both kinds.
    pub(super) fn known(&self) -> bool {
        self.fails.contains(&true) && self.fails.contains(&false)
    }

    pub(super) fn folds(&self) -> usize {
        self.fold.iter().max().map_or(0, |last| last + 1)
    }

    /// Whether there are rows of both kinds among some.
    pub(super) fn both(&self, rows: &[usize]) -> bool {
        let of = |class| rows.iter().any(|&row| self.fails[row] == class);
        of(true) && of(false)
    }

    /// By how much one failure may change an average precision.
    pub(super) fn one_failure(&self) -> f64 {
        1.0 / self.failures.max(1) as f64
    }

    /// Rows before a failure, for each failure.
    pub(super) fn per_failure(&self) -> f64 {
        let failing = self.fails.iter().filter(|&&fails| fails).count() as f64;
        (failing / self.failures.max(1) as f64).max(1.0)
    }

    /// The average precision of a score of some rows.
    pub(super) fn precision(&self, rows: &[usize], score: impl Fn(usize) -> f64) -> Result<f64> {
        let labels: Vec<bool> = rows.iter().map(|&row| self.fails[row]).collect();
        average_precision(&labels, &rows.iter().map(|&row| score(row)).collect::<Vec<f64>>())
    }
}

/// Answers of the models of time left, of rows that they had not seen, and what was known.
#[derive(Default)]
pub(super) struct Answers {
    medians: Vec<f64>,
    known: Vec<Known>,
    /// Entities with the ends of their lives; none for lives that did not end.
    lives: HashSet<(usize, Option<i64>)>,
}

impl Answers {
    pub(super) fn add(
        &mut self,
        (cap, weight): (f64, f64),
        rows: &FeatureRows,
        test: &[usize],
        members: &Members,
        scores: &[Scores],
    ) -> Result<()> {
        if !members.present()[TIME_LEFT] {
            return Ok(());
        }
        let lived: Vec<usize> =
            (0..test.len()).filter(|&index| rows.life[test[index]].is_some()).collect();
        let lives: Vec<_> = lived.iter().filter_map(|&index| rows.life[test[index]]).collect();
        for known in remaining(&lives, cap)? {
            let index = lived[known.index];
            if let Some(answer) = members.time_left(&scores[index]) {
                self.medians.push(answer);
                self.known.push(Known { weight: known.weight * weight, ..known });
                let row = test[index];
                let end = match rows.life[row] {
                    Some(Lifetime::Failed(left)) => Some((rows.time[row] + left).round() as i64),
                    _ => None,
                };
                self.lives.insert((rows.entity[row], end));
            }
        }
        Ok(())
    }

    /// The quantiles of the time left, if enough is known.
    pub(super) fn time_left(&self, params: &EngineParams) -> Option<TimeLeft> {
        let coverage = params.lifetimes.as_ref()?.coverage;
        TimeLeft::new(&self.medians, &self.known, self.lives.len(), params.cap(), coverage)
    }
}

/// How many failures follow these rows within the horizon.
pub(super) fn failures_of(rows: &FeatureRows, of: &[usize]) -> usize {
    let mut last: Option<(usize, f64)> = None;
    let mut failures = HashSet::new();
    for &row in of {
        if rows.fails[row] != Some(true) {
            continue;
        }
        let Some(Lifetime::Failed(left)) = rows.life[row] else { continue };
        // The same failure to a millionth of what is left, which rounding may take.
        let at = (rows.entity[row], rows.time[row] + left);
        if last.is_some_and(|last| last.0 == at.0 && (last.1 - at.1).abs() <= 1e-6 * left) {
            continue;
        }
        last = Some(at);
        failures.insert((at.0, at.1.round() as i64));
    }
    failures.len()
}
