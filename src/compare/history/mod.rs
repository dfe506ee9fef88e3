//! A benchmark, run after run.

mod params;
#[cfg(feature = "serde")]
mod saved;
mod scan;

pub use params::PerformanceHistoryParams;

use super::sample::median;
use super::{Direction, shift};
use crate::error::{Error, Result};
use scan::{LEAST_SHARE, runs_needed, scan, spread};

/// Deviations from the usual from which on a run is called unusual.
const UNUSUAL: f64 = 3.5;

/// Most runs under the same conditions of which the middle is taken.
const MOST_TOGETHER: usize = 101;

/// Runs before anything is called unusual.
const LEAST: usize = 7;

/// Measured values are from its inverse to this.
const LARGEST: f64 = 1e100;

/// A benchmark whose every run is judged by those since its last change.
///
/// A change is reported when four things hold of the last 3 to 10 runs against all before them, up to
/// the last change: by a rank test it is no chance; it is none either without the run that speaks most
/// for it; the estimate of its size, of Hodges and Lehmann, is 60 % of the effect that matters or more;
/// and its interval reaches the effect. So one slow day or an outlier is not a change, and
/// neither is a shift of two per cent that is beyond doubt. After a change the runs before it
/// are put aside; they are taken up again if a further change leads back to their level.
///
/// Values are compared by their ratios and must be above 0. A run costs O(r log r) for the r runs that
/// are remembered; a history of the default size takes about 50 µs a run.
///
/// ```
/// use forewarn::compare::{PerformanceHistoryParams, RunOutcome};
///
/// let mut history = PerformanceHistoryParams::default().start()?;
/// // Noise of 3 %; an outlier; 12 % slower from run 40 on.
/// let time = |run: u32| {
///     let noise = 1.0 + 0.03 * (f64::from(run) * 2.4).sin();
///     let outlier = if run == 25 { 1.8 } else { 1.0 };
///     noise * outlier * if run < 40 { 250.0 } else { 280.0 }
/// };
/// for run in 0..60 {
///     let judged = history.observe(time(run))?;
///     if let RunOutcome::Regression(change) = judged.outcome {
///         assert_eq!(change.since, 40);
///         assert!((change.effect - 0.12).abs() < 0.03);
///         assert!(run < 45);
///     }
/// }
/// assert_eq!(history.changes().len(), 1);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Saved", into = "saved::Saved"))]
pub struct PerformanceHistory {
    params: PerformanceHistoryParams,
    /// Runs seen.
    seen: u64,
    /// Since the last change, oldest first.
    groups: Vec<Group>,
    /// Those before the last change, in case that it is undone.
    earlier: Vec<Group>,
    changes: Vec<PerformanceChange>,
}

/// Runs under the same conditions.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Group {
    /// The number of its first run, from 0.
    run: u64,
    /// When that was, if it was said.
    time: Option<f64>,
    /// Logarithms of the values, of the last runs if there are many.
    values: Vec<f64>,
}

impl Group {
    fn middle(&self) -> f64 {
        if let [only] = self.values[..] {
            return only;
        }
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        median(&sorted)
    }
}

/// A change that was reported.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PerformanceChange {
    /// The first run after it, from 0.
    pub since: u64,
    /// The run at which it was reported.
    pub reported: u64,
    /// Relative change of the values: 0.1 for 10 % more, whatever is worse.
    pub effect: f64,
    /// Lower end of its 90 % interval.
    pub low: f64,
    /// Upper end of its 90 % interval.
    pub high: f64,
    /// p-value of the rank test, of these runs alone.
    pub p_value: f64,
}

/// What a run was.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum RunOutcome {
    /// There are too few runs to say what is usual.
    Learning,
    /// As others.
    Usual,
    /// Far from others. Alone it is no change.
    Unusual,
    /// With this run it is clear that the benchmark has become worse.
    Regression(PerformanceChange),
    /// With this run it is clear that the benchmark has become better.
    Improvement(PerformanceChange),
}

/// A run, judged.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RunJudgement {
    /// Its number, from 0.
    pub run: u64,
    /// What it was.
    pub outcome: RunOutcome,
    /// The middle of the runs since the last change.
    pub typical: f64,
    /// The run's value by that, less 1.
    pub relative: f64,
    /// How many runs (under different conditions) a change of the effect that matters takes to be
    /// found at the present noise; `None` while there are too few runs to tell.
    pub runs_needed: Option<u64>,
}

impl PerformanceHistory {
    pub(super) fn new(params: PerformanceHistoryParams) -> Self {
        Self { params, seen: 0, groups: Vec::new(), earlier: Vec::new(), changes: Vec::new() }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &PerformanceHistoryParams {
        &self.params
    }

    /// Runs seen.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.seen
    }

    /// The last 100 changes that were reported, oldest first.
    #[must_use]
    pub fn changes(&self) -> &[PerformanceChange] {
        &self.changes
    }

    /// Judges a run that counts by itself.
    ///
    /// # Errors
    /// [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for a value outside 1e-100 to 1e100.
    /// Nothing was changed then.
    pub fn observe(&mut self, value: f64) -> Result<RunJudgement> {
        self.judge(None, value)
    }

    /// Judges a run at a time in seconds since any start. Runs less than
    /// [`same_conditions`](PerformanceHistoryParams::same_conditions) after the first of a group are
    /// of that group; of a group the middle counts.
    ///
    /// # Errors
    /// As [`observe`](Self::observe), [`Error::OutOfRange`] for a time that is not finite, and
    /// [`Error::TimeWentBack`].
    pub fn observe_at(&mut self, time: f64, value: f64) -> Result<RunJudgement> {
        if !time.is_finite() {
            return Err(Error::OutOfRange { name: "time", value: time, allowed: "finite" });
        }
        match self.groups.last().and_then(|group| group.time) {
            Some(last) if time < last => Err(Error::TimeWentBack { time, last }),
            _ => self.judge(Some(time), value),
        }
    }

    /// After a change: if it takes the benchmark back to where it was before the one before, the runs
    /// of then are usual again. What is remembered as earlier now.
    fn returned(&self, groups: &mut Vec<Group>, before: Vec<Group>) -> Result<Vec<Group>> {
        let middles = |groups: &[Group]| -> Vec<f64> { groups.iter().map(Group::middle).collect() };
        if self.earlier.is_empty() {
            return Ok(before);
        }
        let away = shift(&middles(&self.earlier), &middles(groups), 0.9)?.estimate.abs();
        if away >= LEAST_SHARE * self.params.effect.ln_1p() {
            return Ok(before);
        }
        let since = std::mem::replace(groups, self.earlier.clone());
        groups.extend(since);
        let over = groups.len().saturating_sub(self.params.remembered);
        groups.drain(..over);
        Ok(before)
    }

    fn judge(&mut self, time: Option<f64>, value: f64) -> Result<RunJudgement> {
        if value.is_nan() {
            return Err(Error::NotANumber { what: "run", index: self.seen as usize });
        }
        if !(LARGEST.recip()..=LARGEST).contains(&value) {
            return Err(Error::OutOfRange {
                name: "value",
                value,
                allowed: "from 1e-100 to 1e100",
            });
        }
        let run = self.seen;
        let mut groups = self.groups.clone();
        push(&mut groups, &self.params, run, time, value.ln());
        let middles: Vec<f64> = groups.iter().map(Group::middle).collect();
        let (before, _) = middles.split_at(middles.len() - 1);
        let usual = centre(if before.is_empty() { &middles } else { before });
        let distance = value.ln() - usual;
        let found = scan(&self.params, &middles)?;
        let outcome = if let Some(found) = found {
            let since = groups.split_off(groups.len() - found.runs);
            let before = std::mem::replace(&mut groups, since);
            let change = PerformanceChange {
                since: groups[0].run,
                reported: run,
                effect: found.shift.estimate.exp_m1(),
                low: found.shift.low.exp_m1(),
                high: found.shift.high.exp_m1(),
                p_value: found.p_value,
            };
            self.earlier = self.returned(&mut groups, before)?;
            self.changes.push(change);
            if self.changes.len() > 100 {
                self.changes.remove(0);
            }
            match (self.params.direction, found.shift.estimate > 0.0) {
                (Direction::HigherIsWorse, false) | (Direction::LowerIsWorse, true) => {
                    RunOutcome::Improvement(change)
                }
                _ => RunOutcome::Regression(change),
            }
        } else if before.len() < LEAST {
            RunOutcome::Learning
        } else if distance.abs() > UNUSUAL * spread(before).max(1e-9) {
            RunOutcome::Unusual
        } else {
            RunOutcome::Usual
        };
        self.groups = groups;
        self.seen += 1;
        let middles: Vec<f64> = self.groups.iter().map(Group::middle).collect();
        let typical = centre(&middles).exp();
        Ok(RunJudgement {
            run,
            outcome,
            typical,
            relative: value / typical - 1.0,
            runs_needed: runs_needed(&self.params, &middles),
        })
    }
}

/// Adds a run to the last group or a new one, and forgets what is too long ago.
fn push(
    groups: &mut Vec<Group>,
    params: &PerformanceHistoryParams,
    run: u64,
    time: Option<f64>,
    value: f64,
) {
    let together = |group: &&mut Group| match (group.time, time) {
        (Some(first), Some(time)) => time - first < params.same_conditions,
        _ => false,
    };
    if let Some(group) = groups.last_mut().filter(together) {
        if group.values.len() == MOST_TOGETHER {
            group.values.remove(0);
        }
        group.values.push(value);
        return;
    }
    if groups.len() == params.remembered {
        groups.remove(0);
    }
    groups.push(Group { run, time, values: vec![value] });
}

/// The middle of runs, of which there is one at least.
fn centre(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    median(&sorted)
}
