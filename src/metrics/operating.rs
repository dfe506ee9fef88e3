//! Measures at the operating point: what is found for the false alarms that are bearable.

use super::{check_scores, lead_times};
use crate::error::{Error, Result};
use crate::groups::number;
use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;

/// A threshold with what it finds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OperatingPoint {
    /// Scores above it are alarms. Midway between the scores on either side.
    pub threshold: f64,
    /// Share of the `true` rows above it.
    pub recall: f64,
    /// Number of `false` rows above it.
    pub false_alarms: usize,
}

/// The greatest recall with at most so many false alarms, row by row.
///
/// For `r` false alarms a machine-month, `most` is `r` times the machine-months that the rows span.
/// Rows of one score are alarms together or not at all. Takes O(n log n) time. Where a machine that
/// alarms all day should count once, use [`History::at_false_alarm_rate`].
///
/// # Errors
/// As [`roc_auc`](super::roc_auc), and [`Error::OutOfRange`] for a number below 0 or not finite.
///
/// ```
/// use forewarn::metrics::recall_at_false_alarms;
///
/// let failed = [true, false, true, false, true, false];
/// let point = recall_at_false_alarms(&failed, &[0.9, 0.8, 0.7, 0.4, 0.3, 0.2], 1.0)?;
/// assert_eq!((point.recall, point.false_alarms), (2.0 / 3.0, 1));
/// assert!((point.threshold - 0.55).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn recall_at_false_alarms(
    labels: &[bool],
    scores: &[f64],
    most: f64,
) -> Result<OperatingPoint> {
    check_scores(labels, scores)?;
    if !(0.0..f64::INFINITY).contains(&most) {
        let allowed = "at least 0 and finite";
        return Err(Error::OutOfRange { name: "most", value: most, allowed });
    }
    let positive = labels.iter().filter(|&&label| label).count();
    if positive == 0 || positive == labels.len() {
        return Err(Error::SingleClass { class: positive > 0, count: labels.len() });
    }
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]));

    let (mut found, mut false_alarms, mut taken) = (0, 0, 0);
    for tie in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let hits = tie.iter().filter(|&&row| labels[row]).count();
        if (false_alarms + tie.len() - hits) as f64 > most {
            break;
        }
        found += hits;
        false_alarms += tie.len() - hits;
        taken += tie.len();
    }
    let threshold = match (taken, order.get(taken)) {
        (0, _) => scores[order[0]],
        (_, None) => scores[order[taken - 1]].next_down(),
        (_, Some(&below)) => {
            let (above, below) = (scores[order[taken - 1]], scores[below]);
            let middle = f64::midpoint(above, below);
            // Neighbouring floats have no middle, nor has infinity.
            if middle < above { middle } else { below }
        }
    };
    Ok(OperatingPoint { threshold, recall: found as f64 / positive as f64, false_alarms })
}

/// Labelled rows of several machines over time: what is needed to count events and machine-months
/// instead of rows.
///
/// The label says that a warning here is right: the machine fails within the horizon. Rows need not be
/// in any order. A run of `true` rows of one machine is one **event**, found if any of its rows is an
/// alarm. A period (say, 30 days) in which a machine has `false` rows is one **machine-period**, and
/// false if any of those is an alarm: an operator looks at a machine that keeps alarming once.
///
/// ```
/// use forewarn::metrics::History;
///
/// // Two machines, six days. The first fails on the fifth day, with two days' horizon.
/// let history = History {
///     labels: &[false, false, true, true, false, false, false, false, false, false],
///     units: &["a", "a", "a", "a", "b", "b", "b", "b", "b", "b"],
///     times: &[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
/// };
/// let scores = [0.1, 0.3, 0.6, 0.9, 0.2, 0.1, 0.7, 0.7, 0.1, 0.1];
///
/// // At 0.5 the failure is seen a day before its last row; machine b alarms falsely in one of the
/// // three machine-periods of three days.
/// let operation = history.at_threshold(&scores, 0.5, 3.0)?;
/// assert_eq!((operation.recall, operation.lead_times), (1.0, vec![Some(1.0)]));
/// assert_eq!(operation.false_alarm_rate, 2.0 / 3.0);
/// // Without false alarms, it is seen on its last row.
/// let quiet = history.at_false_alarm_rate(&scores, 0.0, 3.0)?;
/// assert_eq!((quiet.recall, quiet.lead_times), (1.0, vec![Some(0.0)]));
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug)]
pub struct History<'a, G> {
    /// Whether a warning is right, one entry a row.
    pub labels: &'a [bool],
    /// The machine of each row.
    pub units: &'a [G],
    /// The time of each row, in any unit.
    pub times: &'a [f64],
}

impl<G> Clone for History<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G> Copy for History<'_, G> {}

/// What a threshold brings in operation.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Operation {
    /// Scores above it are alarms.
    pub threshold: f64,
    /// Share of the events with an alarm.
    pub recall: f64,
    /// Share of the `true` rows with an alarm.
    pub row_recall: f64,
    /// False alarms a machine-period: the share of machine-periods with one.
    pub false_alarm_rate: f64,
    /// Machine-periods.
    pub machine_periods: usize,
    /// `false` rows with an alarm.
    pub false_alarm_rows: usize,
    /// For each event, by machine in order of first appearance and then by time: from its first alarm
    /// to its last row, in the unit of the times; `None` where it was missed.
    pub lead_times: Vec<Option<f64>>,
}

/// A history, counted.
struct Counted {
    /// Rows by machine, then by time.
    order: Vec<usize>,
    /// The events, as ranges of `order`.
    events: Vec<Range<usize>>,
    /// The machine-period of each `false` row.
    cell_of: Vec<Option<usize>>,
    cells: usize,
}

impl<G: Eq + Hash> History<'_, G> {
    /// What a threshold brings, with machine-periods of length `period`, counted from the earliest
    /// time. Takes O(n log n) time.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows, [`Error::Length`] unless there is one machine, time and score a
    /// label, [`Error::NotANumber`] for a score, time or threshold that is NaN, [`Error::OutOfRange`]
    /// for an infinite time or a period that is not above 0 and finite, [`Error::SingleClass`] when all
    /// labels are alike.
    pub fn at_threshold(&self, scores: &[f64], threshold: f64, period: f64) -> Result<Operation> {
        if threshold.is_nan() {
            return Err(Error::NotANumber { what: "threshold", index: 0 });
        }
        let counted = self.count(scores, period)?;
        let alarms: Vec<bool> = counted.order.iter().map(|&row| scores[row] > threshold).collect();
        let lead = |event: &Range<usize>| {
            let rows = lead_times(&[event.len()], event.len(), &alarms[event.clone()])?;
            let time = |at: usize| self.times[counted.order[at]];
            Ok(rows[0].map(|rows| time(event.end - 1) - time(event.end - rows)))
        };
        let lead_times = counted.events.iter().map(lead).collect::<Result<Vec<Option<f64>>>>()?;
        let alarmed = |class: bool| {
            (0..scores.len())
                .filter(move |&row| self.labels[row] == class && scores[row] > threshold)
        };
        let cells: HashSet<usize> = alarmed(false).filter_map(|row| counted.cell_of[row]).collect();
        let positive = self.labels.iter().filter(|&&label| label).count();
        let found = lead_times.iter().flatten().count();
        Ok(Operation {
            threshold,
            recall: found as f64 / lead_times.len() as f64,
            row_recall: alarmed(true).count() as f64 / positive as f64,
            false_alarm_rate: cells.len() as f64 / counted.cells as f64,
            machine_periods: counted.cells,
            false_alarm_rows: alarmed(false).count(),
            lead_times,
        })
    }

    /// The greatest recall of events with at most `rate` false alarms a machine-period, from 0 to 1.
    /// Takes O(n log n) time.
    ///
    /// # Errors
    /// As [`at_threshold`](Self::at_threshold), and [`Error::OutOfRange`] for the rate.
    pub fn at_false_alarm_rate(&self, scores: &[f64], rate: f64, period: f64) -> Result<Operation> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(Error::OutOfRange { name: "rate", value: rate, allowed: "from 0 to 1" });
        }
        let counted = self.count(scores, period)?;
        // An event or machine-period alarms if its highest score does: one row each is left.
        let mut highest = vec![f64::NEG_INFINITY; counted.events.len() + counted.cells];
        let event_of = counted.events.iter().enumerate().flat_map(|(event, rows)| {
            counted.order[rows.clone()].iter().map(move |&row| (row, event))
        });
        let cell_of = counted.cell_of.iter().enumerate();
        let cell_of =
            cell_of.filter_map(|(row, cell)| Some((row, counted.events.len() + (*cell)?)));
        for (row, at) in event_of.chain(cell_of) {
            highest[at] = highest[at].max(scores[row]);
        }
        let labels: Vec<bool> = (0..highest.len()).map(|at| at < counted.events.len()).collect();
        // A rate of 0.07 of 100 machine-periods is 7.000000000000001 of them.
        let most = rate * counted.cells as f64 * (1.0 + 1e-12);
        let point = recall_at_false_alarms(&labels, &highest, most)?;
        self.at_threshold(scores, point.threshold, period)
    }

    fn count(&self, scores: &[f64], period: f64) -> Result<Counted> {
        check_scores(self.labels, scores)?;
        let rows = self.labels.len();
        for (what, found) in [("units", self.units.len()), ("times", self.times.len())] {
            if found != rows {
                return Err(Error::Length { what, expected: rows, found });
            }
        }
        if let Some(index) = self.times.iter().position(|time| time.is_nan()) {
            return Err(Error::NotANumber { what: "time", index });
        }
        if let Some(&value) = self.times.iter().find(|time| time.is_infinite()) {
            return Err(Error::OutOfRange { name: "time", value, allowed: "finite" });
        }
        if !(period > 0.0 && period < f64::INFINITY) {
            let allowed = "above 0 and finite";
            return Err(Error::OutOfRange { name: "period", value: period, allowed });
        }
        if self.labels.iter().all(|&label| label == self.labels[0]) {
            return Err(Error::SingleClass { class: self.labels[0], count: rows });
        }
        let (unit_of, _) = number(self.units);
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&a, &b| {
            unit_of[a].cmp(&unit_of[b]).then(self.times[a].total_cmp(&self.times[b]))
        });
        let mut events = Vec::new();
        let mut start = 0;
        for run in
            order.chunk_by(|&a, &b| unit_of[a] == unit_of[b] && self.labels[a] == self.labels[b])
        {
            if self.labels[run[0]] {
                events.push(start..start + run.len());
            }
            start += run.len();
        }
        let earliest = self.times.iter().copied().fold(f64::INFINITY, f64::min);
        let quiet: Vec<usize> = (0..rows).filter(|&row| !self.labels[row]).collect();
        let names: Vec<(usize, u64)> = quiet
            .iter()
            .map(|&row| {
                let place = ((self.times[row] - earliest) / period).floor();
                (unit_of[row], place.to_bits())
            })
            .collect();
        let (cells, count) = number(&names);
        let mut cell_of = vec![None; rows];
        quiet.iter().zip(cells).for_each(|(&row, cell)| cell_of[row] = Some(cell));
        Ok(Counted { order, events, cell_of, cells: count })
    }
}
