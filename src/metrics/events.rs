//! Measures of alarms over time: an event that lasts many rows is one event, and a warning is
//! worth the time that it leaves.

use crate::error::{Error, Result};
use std::ops::Range;

/// Share of the events that were noticed: windows with at least one alarm inside.
///
/// `alarms` has one entry a row, in order of time; a window is the rows of one event, or the
/// rows before it in which an alarm would have been a useful warning. Windows may overlap; an
/// alarm counts in each that it lies in. Alarms outside every window are not judged here.
///
/// Takes `O(n)` time and memory for `n` rows, and `O(1)` a window.
///
/// # Errors
/// [`Error::Empty`] without windows, [`Error::OutOfRange`] with the end of a window that holds
/// no row or reaches beyond the alarms.
///
/// ```
/// use forewarn::metrics::event_recall;
///
/// let alarms = [false, true, true, false, false, false, true];
/// assert_eq!(event_recall(&[0..3, 3..5], &alarms)?, 0.5);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn event_recall(windows: &[Range<usize>], alarms: &[bool]) -> Result<f64> {
    if windows.is_empty() {
        return Err(Error::Empty { what: "windows" });
    }
    let next_alarm = next_alarms(alarms);
    let mut noticed = 0_usize;
    for window in windows {
        if window.is_empty() || window.end > alarms.len() {
            return Err(Error::OutOfRange {
                name: "window.end",
                value: window.end as f64,
                allowed: "above window.start and at most the number of alarms",
            });
        }
        noticed += usize::from(next_alarm[window.start] < window.end);
    }
    Ok(noticed as f64 / windows.len() as f64)
}

/// How many rows before each failure its first warning came; `None` where none came.
///
/// `alarms` has one entry a row, in order of time, and a failure is the row at which it happened,
/// ascending; a failure right after the last row is `alarms.len()`. A warning of the failure at
/// row `f` is an alarm in the `horizon` rows before it, after the previous failure: an earlier
/// alarm is too vague to be one, and an alarm at a failure came too late for that one and does
/// not announce the next. The lead time is `f` less the row of the first warning, so from 1 to
/// `horizon` rows; multiply by the time between rows.
///
/// Takes `O(n)` time and memory for `n` rows, and `O(1)` a failure.
///
/// # Errors
/// [`Error::Empty`] without failures, [`Error::OutOfRange`] for a horizon of 0 or a failure that
/// is not above the one before it or is beyond the number of alarms.
///
/// ```
/// use forewarn::metrics::lead_times;
///
/// let alarms = [false, false, true, true, false, false, false, false, false];
/// let leads = lead_times(&[5, 9], 4, &alarms)?;
/// assert_eq!(leads, [Some(3), None]);
///
/// let warned = leads.iter().flatten().count();
/// assert_eq!(warned, 1);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn lead_times(
    failures: &[usize],
    horizon: usize,
    alarms: &[bool],
) -> Result<Vec<Option<usize>>> {
    if failures.is_empty() {
        return Err(Error::Empty { what: "failures" });
    }
    if horizon == 0 {
        return Err(Error::OutOfRange { name: "horizon", value: 0.0, allowed: "at least 1 row" });
    }
    let next_alarm = next_alarms(alarms);
    // The first row that is after the previous failure.
    let mut earliest = 0;
    failures
        .iter()
        .map(|&failure| {
            if failure < earliest || failure > alarms.len() {
                return Err(Error::OutOfRange {
                    name: "failure",
                    value: failure as f64,
                    allowed: "above the failure before it and at most the number of alarms",
                });
            }
            let first = next_alarm[failure.saturating_sub(horizon).max(earliest)];
            earliest = failure + 1;
            Ok((first < failure).then(|| failure - first))
        })
        .collect()
}

/// For each row, and for the end, the first row from there on that has an alarm; `usize::MAX`
/// where none follows.
fn next_alarms(alarms: &[bool]) -> Vec<usize> {
    let mut next = vec![usize::MAX; alarms.len() + 1];
    for row in (0..alarms.len()).rev() {
        next[row] = if alarms[row] { row } else { next[row + 1] };
    }
    next
}
