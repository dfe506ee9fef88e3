//! What is trained on and what is tested, so that no machine's future teaches its past.

use crate::input::{Input, Time};
use crate::ticks::{moment, thousands};
use forewarn::validate::{
    Split, TimeFolds, group_holdout, group_k_fold, holdout, k_fold, time_split,
};
use std::collections::HashSet;
use std::error::Error;

/// Share of the rows that are tested.
const TEST: f64 = 0.25;

/// Parts into which the rows to train on are cut.
const FOLDS: usize = 5;

/// Who sees what.
pub(crate) struct Plan {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
    /// Splits of `train`, by position in it: the scores of their test rows are what calibration and
    /// the choice of a threshold learn from.
    pub folds: Vec<Split>,
    /// In words, for both.
    pub how: [String; 2],
}

impl Plan {
    pub(crate) fn new(input: &Input, seed: u64) -> Result<Self, Box<dyn Error>> {
        let labels = &input.labels;
        let (Split { train, test, .. }, tested) = match (&input.time, &input.group) {
            (Some(time), _) => {
                let mut sorted = time.at.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                let at = sorted[((1.0 - TEST) * sorted.len() as f64) as usize];
                (time_split(&time.at, at, time.gap)?, format!("rows from {} on", say(time, at)))
            }
            (None, Some((column, groups))) => {
                let split = group_holdout(labels, groups, TEST, seed)?;
                (split, format!("every row of a quarter of {column}, drawn at random"))
            }
            (None, None) => {
                (holdout(labels, TEST, seed)?, "a quarter of the rows, drawn at random".into())
            }
        };
        both_classes(labels, &train, "train on")?;
        both_classes(labels, &test, "test on")?;

        let (_, known) = input.take(&train);
        let (folds, cut) = match (input.groups(&train), &input.time) {
            (Some(groups), _) => {
                let distinct = groups.iter().collect::<HashSet<_>>().len();
                let folds = group_k_fold(&known, &groups, FOLDS.min(distinct), seed)?;
                let (column, _) = input.group.as_ref().ok_or("there are groups")?;
                (folds, format!("whole groups of {column}"))
            }
            (None, Some(time)) => {
                let at: Vec<f64> = train.iter().map(|&row| time.at[row]).collect();
                let folds = TimeFolds::new(FOLDS - 1).embargo(time.gap).split(&at)?;
                (folds, "stretches of time, each after what it is scored by".into())
            }
            (None, None) => (k_fold(&known, FOLDS, seed)?, "rows drawn at random".into()),
        };
        // Where few machines fail, the rest may hold no failure to learn from.
        let folds: Vec<Split> =
            folds.filter(|fold| both_classes(&known, &fold.train, "learn from").is_ok()).collect();
        if folds.is_empty() {
            return Err("the failures are too few to be cross-validated".into());
        }
        let cut = format!("{} parts, {cut}", folds.len());
        Ok(Self { train, test, folds, how: [cut, tested] })
    }
}

/// A moment in words.
fn say(time: &Time, at: f64) -> String {
    if time.dates {
        moment(at).format("%F %T").to_string()
    } else {
        format!("{} {at}", time.column)
    }
}

fn both_classes(labels: &[bool], rows: &[usize], what: &str) -> Result<(), String> {
    let failures = rows.iter().filter(|&&row| labels[row]).count();
    let (kind, found) = if failures == 0 { ("a failure", "none") } else { ("normal", "all fail") };
    if failures > 0 && failures < rows.len() {
        return Ok(());
    }
    let rows = thousands(rows.len());
    Err(format!("of the {rows} rows to {what}, one at least must be {kind}: {found}"))
}
