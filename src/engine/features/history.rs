//! The rows that windows still need, and sums over runs of them.
//!
//! The rows of a life are numbered. Every 8 rows from a multiple of 8 on have their [`Moments`] kept, and
//! every 64, so that those of any stretch are a merger of at most 14 rows, 14 runs of 8 and the runs
//! of 64 between. A stretch never depends on what has left the window, so that there is nothing to
//! drift, and streams and batches agree to the bit.

use super::moments::Moments;
use std::collections::VecDeque;
use std::mem::replace;
use std::ops::Range;

/// Rows in a run, and in a run of runs.
const RUN: usize = 8;
const LONG: usize = RUN * RUN;

/// The latest rows of an entity.
#[derive(Debug, Clone)]
pub(super) struct History {
    metrics: usize,
    most: usize,
    /// The number of the first row kept.
    first: usize,
    times: VecDeque<f64>,
    /// Slots × metrics; row `i` is in slot `i mod slots`, a power of two of at least 16.
    values: Vec<f64>,
    crossed: Vec<bool>,
    runs: Vec<Moments>,
    long_runs: Vec<Moments>,
    /// Time of the last row that was left out for want of room.
    cut: f64,
}

impl History {
    pub(super) fn new(metrics: usize, most: usize) -> Self {
        let mut history = Self {
            metrics,
            most,
            first: 0,
            times: VecDeque::new(),
            values: Vec::new(),
            crossed: Vec::new(),
            runs: Vec::new(),
            long_runs: Vec::new(),
            cut: f64::NEG_INFINITY,
        };
        history.resize(2 * RUN);
        history
    }

    /// The same from saved rows, whose first has the number `first`.
    #[cfg(feature = "serde")]
    pub(super) fn starting(metrics: usize, most: usize, first: usize, cut: f64) -> Self {
        Self { first, cut, ..Self::new(metrics, most) }
    }

    pub(super) fn bytes(&self) -> usize {
        8 * (self.times.capacity() + self.values.capacity())
            + self.crossed.capacity()
            + size_of::<Moments>() * (self.runs.capacity() + self.long_runs.capacity())
    }

    /// The number that the next row will have.
    pub(super) fn end(&self) -> usize {
        self.first + self.times.len()
    }

    /// The number of the first row.
    #[cfg(feature = "serde")]
    pub(super) fn start(&self) -> usize {
        self.first
    }

    pub(super) fn time(&self, row: usize) -> f64 {
        self.times[row - self.first]
    }

    /// The time of the last row.
    pub(super) fn last_time(&self) -> Option<f64> {
        self.times.back().copied()
    }

    /// The time of the last row that was left out for want of room.
    pub(super) fn cut(&self) -> f64 {
        self.cut
    }

    fn slots(&self) -> usize {
        self.crossed.len() / self.metrics.max(1)
    }

    /// Where in the slots a value is.
    fn place(&self, row: usize, metric: usize) -> usize {
        (row & (self.slots() - 1)) * self.metrics + metric
    }

    pub(super) fn value(&self, row: usize, metric: usize) -> f64 {
        self.values[self.place(row, metric)]
    }

    #[cfg(feature = "serde")]
    pub(super) fn crossed(&self, row: usize, metric: usize) -> bool {
        self.crossed[self.place(row, metric)]
    }

    /// Forgets all rows. Numbers start again, so that a life has the same bits whatever was before.
    pub(super) fn clear(&mut self) {
        self.first = 0;
        self.times.clear();
        self.cut = f64::NEG_INFINITY;
    }

    /// Adds a row without values, and leaves out those not after `since`.
    pub(super) fn push(&mut self, time: f64, since: f64) {
        while self.times.front().is_some_and(|&oldest| oldest <= since) {
            self.times.pop_front();
            self.first += 1;
        }
        if self.times.len() == self.most {
            self.cut = self.times.pop_front().unwrap_or(self.cut);
            self.first += 1;
        }
        if self.metrics > 0 {
            if self.times.len() == self.slots() {
                self.resize(2 * self.slots());
            }
            self.sum_up();
            let from = self.place(self.end(), 0);
            self.values[from..from + self.metrics].fill(f64::NAN);
            self.crossed[from..from + self.metrics].fill(false);
        }
        self.times.push_back(time);
    }

    /// Gives the last row a value.
    pub(super) fn set(&mut self, metric: usize, value: f64, crossed: bool) {
        let place = self.place(self.end() - 1, metric);
        self.values[place] = value;
        self.crossed[place] = crossed;
    }

    /// Sums up the runs that end with the last row, which can no longer change.
    fn sum_up(&mut self) {
        let end = self.end();
        if !end.is_multiple_of(RUN) || end < self.first + RUN {
            return;
        }
        let slot = |row: usize, of: usize, slots: usize| (row / of) & (slots / of - 1);
        for metric in 0..self.metrics {
            let mut run = Moments::NONE;
            (end - RUN..end).for_each(|row| run.merge(&self.one(row, metric)));
            let to = slot(end - RUN, RUN, self.slots()) * self.metrics + metric;
            self.runs[to] = run;
            if end.is_multiple_of(LONG) && end >= self.first + LONG {
                let mut long = Moments::NONE;
                for row in (end - LONG..end).step_by(RUN) {
                    let from = slot(row, RUN, self.slots()) * self.metrics + metric;
                    long.merge(&self.runs[from]);
                }
                let to = slot(end - LONG, LONG, self.slots()) * self.metrics + metric;
                self.long_runs[to] = long;
            }
        }
    }

    fn one(&self, row: usize, metric: usize) -> Moments {
        let place = self.place(row, metric);
        Moments::one(self.time(row), self.values[place], self.crossed[place])
    }

    /// Moves everything to other slots.
    fn resize(&mut self, slots: usize) {
        let (metrics, old_slots) = (self.metrics, self.slots());
        let values = replace(&mut self.values, vec![f64::NAN; slots * metrics]);
        let crossed = replace(&mut self.crossed, vec![false; slots * metrics]);
        let runs = replace(&mut self.runs, vec![Moments::NONE; slots / RUN * metrics]);
        let long_runs = replace(&mut self.long_runs, vec![Moments::NONE; slots / LONG * metrics]);
        if metrics == 0 {
            return;
        }
        let block = |number: usize, slots: usize| {
            let at = (number & (slots - 1)) * metrics;
            at..at + metrics
        };
        let end = self.end();
        for row in self.first..end {
            let (to, from) = (block(row, slots), block(row, old_slots));
            self.values[to.clone()].copy_from_slice(&values[from.clone()]);
            self.crossed[to].copy_from_slice(&crossed[from]);
        }
        for run in self.first.div_ceil(RUN)..end / RUN {
            let (to, from) = (block(run, slots / RUN), block(run, old_slots / RUN));
            self.runs[to].copy_from_slice(&runs[from]);
        }
        for run in self.first.div_ceil(LONG)..end / LONG {
            let (to, from) = (block(run, slots / LONG), block(run, old_slots / LONG));
            self.long_runs[to].copy_from_slice(&long_runs[from]);
        }
    }

    /// The number of the first row after a time.
    pub(super) fn after(&self, time: f64) -> usize {
        self.first + self.times.partition_point(|&row| row <= time)
    }

    /// What the values of a metric in some rows come to. O(log n) and a merger each 64 rows.
    pub(super) fn moments(&self, rows: Range<usize>, metric: usize) -> Moments {
        let mut moments = Moments::NONE;
        let slots = self.slots();
        // A run is summed up once a row follows it.
        let summed = rows.end.min(self.end().saturating_sub(1));
        let mut row = rows.start;
        while row < rows.end {
            if row.is_multiple_of(LONG) && row + LONG <= summed {
                let at = ((row / LONG) & (slots / LONG - 1)) * self.metrics + metric;
                moments.merge(&self.long_runs[at]);
                row += LONG;
            } else if row.is_multiple_of(RUN) && row + RUN <= summed {
                let at = ((row / RUN) & (slots / RUN - 1)) * self.metrics + metric;
                moments.merge(&self.runs[at]);
                row += RUN;
            } else {
                moments.merge(&self.one(row, metric));
                row += 1;
            }
        }
        moments
    }
}
