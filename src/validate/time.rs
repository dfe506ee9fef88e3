//! Splits by time: what is tested comes after what is learned, with a gap in between.

use super::folds::group_folds;
use super::splits::{Span, Split, Splits};
use crate::error::{Error, Result};
use std::hash::Hash;

/// How far back training rows go.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Window {
    /// To the beginning: each fold learns from more rows than the one before.
    Expanding,
    /// No further than this before the latest moment that may be learned from; above 0, in the unit
    /// of the times.
    Rolling(f64),
}

/// Trains on what was known at a moment, tests on what came from then on.
///
/// Test rows have `time ≥ at`; training rows `time + embargo ≤ at`, and `time < at`. A label that
/// says "fails within the next day" is known only a day later: give that horizon as the embargo, or
/// the labels of the last training rows would tell of failures in the test. Rows in the gap are in
/// neither. Rows need not be in order of time. Takes O(n) time.
///
/// # Errors
/// [`Error::NotANumber`] or [`Error::OutOfRange`] for a time or embargo that is not finite, or a
/// negative embargo; [`Error::Empty`] where no row is left to train or to test on.
///
/// ```
/// use forewarn::validate::time_split;
///
/// let hours = [5.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let split = time_split(&hours, 5.0, 2.0)?;
/// assert_eq!(split.train, [1, 2, 3]);
/// assert_eq!(split.test, [0, 5, 6]);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn time_split(times: &[f64], at: f64, embargo: f64) -> Result<Split> {
    check_times(times)?;
    check_embargo(embargo)?;
    if !at.is_finite() {
        return Err(Error::OutOfRange { name: "at", value: at, allowed: "finite" });
    }
    let before = |row: &usize| times[*row] < at && times[*row] + embargo <= at;
    let train: Vec<usize> = (0..times.len()).filter(before).collect();
    let test: Vec<usize> = (0..times.len()).filter(|&row| times[row] >= at).collect();
    match (train.is_empty(), test.is_empty()) {
        (true, _) => Err(Error::Empty { what: "rows to train on" }),
        (_, true) => Err(Error::Empty { what: "rows to test on" }),
        _ => Ok(Split { train, test }),
    }
}

/// Several splits by time, each later than the one before: how a model that is trained anew now and
/// then would have done.
///
/// The times are cut into `folds + 1` stretches with about as many rows each. Every stretch but the
/// first is tested on, with what came before it, less the embargo, to train on.
///
/// ```
/// use forewarn::validate::{TimeFolds, Window};
///
/// let days: Vec<f64> = (0..100).map(f64::from).collect();
/// let splits = TimeFolds::new(4).embargo(7.0).window(Window::Rolling(30.0)).split(&days)?;
/// let last = splits.last().expect("four of them");
/// assert_eq!(last.test, (80..100).collect::<Vec<_>>());
/// assert_eq!(last.train, (43..=73).collect::<Vec<_>>());
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct TimeFolds {
    /// Stretches to test on, at least 1.
    pub folds: usize,
    /// The gap between the last training row and the first test row, at least 0, in the unit of the
    /// times: the horizon of the labels. Default 0.
    pub embargo: f64,
    /// How far back training rows go. Default to the beginning.
    pub window: Window,
}

impl TimeFolds {
    /// With so many stretches to test on, no embargo, and training rows from the beginning.
    #[must_use]
    pub fn new(folds: usize) -> Self {
        Self { folds, embargo: 0.0, window: Window::Expanding }
    }

    /// Sets the gap before each test.
    #[must_use]
    pub fn embargo(self, embargo: f64) -> Self {
        Self { embargo, ..self }
    }

    /// Sets how far back training rows go.
    #[must_use]
    pub fn window(self, window: Window) -> Self {
        Self { window, ..self }
    }

    /// One split a stretch, in order of time. Takes O(n log n) time.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for no folds, an embargo below 0, a window not above 0, a time that is not
    /// finite, or fewer distinct times than stretches; [`Error::NotANumber`] for a time that is NaN;
    /// [`Error::Empty`] without rows, or where the embargo leaves a stretch none to train on.
    pub fn split(&self, times: &[f64]) -> Result<Splits> {
        let spans = self.spans(times)?;
        let splits = Splits::by_time(times.to_vec(), &spans, Vec::new(), None);
        if splits.len() < self.folds {
            return Err(Error::Empty { what: "rows to train on before the first stretch" });
        }
        Ok(splits)
    }

    /// By time and by group together: in each stretch, each of `group_folds` parts of the groups is
    /// tested on, with what came before it *of the other groups* to train on.
    ///
    /// Parts are those of [`group_k_fold`](super::group_k_fold). A combination that has no rows to
    /// train or to test on (machines that came later) is left out.
    ///
    /// # Errors
    /// As [`split`](Self::split) and [`group_k_fold`](super::group_k_fold); [`Error::Empty`] where no
    /// combination is left.
    ///
    /// ```
    /// use forewarn::validate::TimeFolds;
    ///
    /// let day: Vec<f64> = (0..120).map(|i| f64::from(i / 6)).collect();
    /// let machine: Vec<usize> = (0..120).map(|i| i % 6).collect();
    /// let failing = vec![false; 120];
    /// let splits = TimeFolds::new(3).embargo(1.0).split_groups(&day, &failing, &machine, 2, 0)?;
    /// assert_eq!(splits.len(), 6);
    /// for split in splits {
    ///     for (&late, &early) in split.test.iter().zip(&split.train) {
    ///         assert!(machine[late] != machine[early] && day[early] + 1.0 <= day[late]);
    ///     }
    /// }
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn split_groups<G: Eq + Hash>(
        &self,
        times: &[f64],
        labels: &[bool],
        groups: &[G],
        folds: usize,
        seed: u64,
    ) -> Result<Splits> {
        let spans = self.spans(times)?;
        if labels.len() != times.len() {
            let (expected, found) = (times.len(), labels.len());
            return Err(Error::Length { what: "labels", expected, found });
        }
        let fold = group_folds(labels, groups, folds, seed)?;
        let splits = Splits::by_time(times.to_vec(), &spans, fold, Some(folds));
        if splits.len() == 0 {
            return Err(Error::Empty { what: "rows to train on and to test on" });
        }
        Ok(splits)
    }

    fn spans(&self, times: &[f64]) -> Result<Vec<Span>> {
        check_embargo(self.embargo)?;
        check_times(times)?;
        if self.folds == 0 {
            return Err(Error::OutOfRange { name: "folds", value: 0.0, allowed: "at least 1" });
        }
        if let Window::Rolling(value) = self.window
            && (value.is_nan() || value <= 0.0)
        {
            return Err(Error::OutOfRange { name: "window", value, allowed: "above 0" });
        }
        let mut sorted = times.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let stretches = self.folds.saturating_add(1);
        if distinct.len() < stretches {
            return Err(Error::OutOfRange {
                name: "folds",
                value: self.folds as f64,
                allowed: "less than the number of distinct times",
            });
        }
        // Rows of one time stay together, and every stretch has at least one time of its own: a cut
        // lies after the one before and leaves as many times as there are cuts to come.
        let mut cuts: Vec<f64> = Vec::with_capacity(self.folds);
        let mut after = 0;
        for stretch in 1..stretches {
            let wanted = sorted[sorted.len() * stretch / stretches];
            let place = distinct.partition_point(|&time| time < wanted);
            after = place.clamp(after + 1, distinct.len() - (stretches - stretch));
            cuts.push(distinct[after]);
        }
        let ends = cuts.iter().skip(1).copied().chain([f64::INFINITY]);
        let spans = cuts.iter().zip(ends).map(|(&test_from, test_to)| {
            let train_from = match self.window {
                Window::Rolling(length) => test_from - self.embargo - length,
                Window::Expanding => f64::NEG_INFINITY,
            };
            Span { train_from, test_from, test_to, embargo: self.embargo }
        });
        Ok(spans.collect())
    }
}

fn check_times(times: &[f64]) -> Result<()> {
    if times.is_empty() {
        return Err(Error::Empty { what: "times" });
    }
    match times.iter().position(|time| !time.is_finite()) {
        None => Ok(()),
        Some(index) if times[index].is_nan() => Err(Error::NotANumber { what: "time", index }),
        Some(index) => {
            Err(Error::OutOfRange { name: "time", value: times[index], allowed: "finite" })
        }
    }
}

fn check_embargo(embargo: f64) -> Result<()> {
    if (0.0..f64::INFINITY).contains(&embargo) {
        return Ok(());
    }
    let allowed = "at least 0 and finite";
    Err(Error::OutOfRange { name: "embargo", value: embargo, allowed })
}
