//! The rows, column by column.

use super::call::{LoggedCall, LoggedOutcome};
use crate::breaker::State;
use crate::error::Result;
use std::collections::HashMap;

/// No breaker, or an unknown state.
const NO_STATE: u8 = 0;

const STATES: [State; 7] = [
    State::Closed,
    State::Open,
    State::HalfOpen,
    State::Ramping,
    State::ForcedOpen,
    State::ForcedClosed,
    State::Disabled,
];

/// The calls of one or more dependencies; see [`LoggedCall`] for a row.
///
/// 27 bytes a row, and each key once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallLog {
    keys: Vec<String>,
    numbers: HashMap<String, u32>,
    key: Vec<u32>,
    /// Nanoseconds.
    start: Vec<u64>,
    /// Nanoseconds.
    latency: Vec<u64>,
    outcome: Vec<LoggedOutcome>,
    attempt: Vec<u8>,
    admitted: Vec<f32>,
    /// [`NO_STATE`], or 1 + the place in [`STATES`].
    state: Vec<u8>,
}

/// One row as the optimizer reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// Nanoseconds.
    pub(crate) start: u64,
    /// Nanoseconds.
    pub(crate) latency: u64,
    pub(crate) outcome: LoggedOutcome,
    pub(crate) attempt: u8,
}

impl CallLog {
    /// A log without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A log of these rows.
    ///
    /// # Errors
    /// As [`push`](Self::push), for the first bad row.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = LoggedCall<'a>>) -> Result<Self> {
        let mut log = Self::new();
        rows.into_iter().try_for_each(|row| log.push(row))?;
        Ok(log)
    }

    /// Adds a row; the order makes no difference. Amortised O(1).
    ///
    /// # Errors
    /// [`Error::NotANumber`](crate::Error::NotANumber) for a start or, unless the call was rejected or
    /// cancelled, a latency that is NaN; [`Error::OutOfRange`](crate::Error::OutOfRange) for a start
    /// outside 0 to 1e10 s, a latency outside 0 to 1e6 s, a probability outside `[0, 1]`, attempt 0.
    /// The log is as it was.
    pub fn push(&mut self, call: LoggedCall<'_>) -> Result<()> {
        let (start, latency) = call.check(self.len())?;
        let key = if let Some(&number) = self.numbers.get(call.key) {
            number
        } else {
            let number = self.keys.len() as u32;
            self.keys.push(call.key.to_owned());
            self.numbers.insert(call.key.to_owned(), number);
            number
        };
        self.key.push(key);
        self.start.push(start);
        self.latency.push(latency);
        self.outcome.push(call.outcome);
        self.attempt.push(u8::try_from(call.attempt).unwrap_or(u8::MAX));
        self.admitted.push(call.admitted as f32);
        let place = |state| STATES.iter().position(|other| *other == state);
        self.state.push(call.state.and_then(place).map_or(NO_STATE, |place| place as u8 + 1));
        Ok(())
    }

    /// Makes room for more rows at once.
    pub fn reserve(&mut self, rows: usize) {
        self.key.reserve(rows);
        self.start.reserve(rows);
        self.latency.reserve(rows);
        self.outcome.reserve(rows);
        self.attempt.reserve(rows);
        self.admitted.reserve(rows);
        self.state.reserve(rows);
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.start.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start.is_empty()
    }

    /// The dependencies in the order in which they were first seen.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// A row in the order given, from 0. A latency that was NaN is NaN again.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<LoggedCall<'_>> {
        let outcome = *self.outcome.get(row)?;
        let unknown = matches!(outcome, LoggedOutcome::Rejected | LoggedOutcome::Cancelled)
            && self.latency[row] == 0;
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        Some(LoggedCall {
            key: &self.keys[self.key[row] as usize],
            start: seconds(self.start[row]),
            latency: if unknown { f64::NAN } else { seconds(self.latency[row]) },
            outcome,
            attempt: u32::from(self.attempt[row]),
            admitted: f64::from(self.admitted[row]),
            state: (self.state[row] != NO_STATE).then(|| STATES[self.state[row] as usize - 1]),
        })
    }

    /// All rows in the order given.
    pub fn iter(&self) -> impl Iterator<Item = LoggedCall<'_>> {
        (0..self.len()).filter_map(|row| self.get(row))
    }

    /// Rows that ended in this way. O(rows).
    #[must_use]
    pub fn count(&self, outcome: LoggedOutcome) -> usize {
        self.outcome.iter().filter(|other| **other == outcome).count()
    }

    /// Seconds from the first start to the last; 0 without rows. O(rows).
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let ends = self.start.iter().min().zip(self.start.iter().max());
        ends.map_or(0.0, |(first, last)| (last - first) as f64 / 1e9)
    }

    /// Rows that start before the row ahead of them. O(rows).
    #[must_use]
    pub fn out_of_order(&self) -> usize {
        self.start.windows(2).filter(|pair| pair[1] < pair[0]).count()
    }

    /// Rows that equal an earlier one in every column. O(rows · log rows).
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.len() - self.distinct().len()
    }

    /// Takes away rows that equal an earlier one in every column; returns how many.
    /// O(rows · log rows).
    pub fn dedup(&mut self) -> usize {
        let mut kept = self.distinct();
        kept.sort_unstable();
        let gone = self.len() - kept.len();
        if gone > 0 {
            fn pick<T: Copy>(column: &mut Vec<T>, kept: &[usize]) {
                *column = kept.iter().map(|&row| column[row]).collect();
            }
            pick(&mut self.key, &kept);
            pick(&mut self.start, &kept);
            pick(&mut self.latency, &kept);
            pick(&mut self.outcome, &kept);
            pick(&mut self.attempt, &kept);
            pick(&mut self.admitted, &kept);
            pick(&mut self.state, &kept);
        }
        gone
    }

    /// The first of each set of equal rows, in no order.
    fn distinct(&self) -> Vec<usize> {
        let columns = |row: usize| {
            let admitted = self.admitted[row].to_bits();
            let what = (self.outcome[row], self.attempt[row], admitted, self.state[row]);
            (self.start[row], self.key[row], self.latency[row], what)
        };
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_unstable_by_key(|&row| (columns(row), row));
        rows.dedup_by_key(|row| columns(*row));
        rows
    }

    /// The rows of each key in order of start. What the keys are called, and in which order the rows
    /// were given, makes no difference to it: keys are ordered by what they hold.
    pub(crate) fn by_key(&self) -> Vec<Vec<Row>> {
        let mut rows: Vec<Vec<Row>> = vec![Vec::new(); self.keys.len()];
        for at in 0..self.len() {
            rows[self.key[at] as usize].push(Row {
                start: self.start[at],
                latency: self.latency[at],
                outcome: self.outcome[at],
                attempt: self.attempt[at],
            });
        }
        for of_key in &mut rows {
            if !of_key.is_sorted() {
                of_key.sort_unstable();
            }
        }
        rows.sort_unstable();
        rows
    }
}

#[cfg(feature = "serde")]
mod saved {
    //! Rows, so that what is read is checked as what is pushed.

    use super::{CallLog, LoggedCall, LoggedOutcome};
    use crate::breaker::State;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Key, start, latency (`None` where unknown), outcome, attempt, admitted, state.
    type Saved<'a> =
        (std::borrow::Cow<'a, str>, f64, Option<f64>, LoggedOutcome, u32, f64, Option<State>);

    impl Serialize for CallLog {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.iter().map(|call| -> Saved<'_> {
                let latency = (!call.latency.is_nan()).then_some(call.latency);
                let LoggedCall { key, start, outcome, attempt, admitted, state, .. } = call;
                (key.into(), start, latency, outcome, attempt, admitted, state)
            }))
        }
    }

    impl<'de> Deserialize<'de> for CallLog {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let rows = Vec::<Saved<'_>>::deserialize(deserializer)?;
            Self::from_rows(rows.iter().map(
                |(key, start, latency, outcome, attempt, admitted, state)| LoggedCall {
                    key,
                    start: *start,
                    latency: latency.unwrap_or(f64::NAN),
                    outcome: *outcome,
                    attempt: *attempt,
                    admitted: *admitted,
                    state: *state,
                },
            ))
            .map_err(D::Error::custom)
        }
    }
}
