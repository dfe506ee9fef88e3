//! What is known of one entity.

use std::borrow::Cow;

/// Everything of one entity, in the order in which it was given.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Record {
    times: Vec<f64>,
    /// Rows × metrics.
    values: Vec<f64>,
    /// Whether times rise, none of them twice.
    ordered: bool,
    latest: f64,
    /// Times and kinds.
    pub(in crate::engine) events: Vec<(f64, u32)>,
    /// Times and parts.
    pub(in crate::engine) maintenance: Vec<(f64, u32)>,
    /// Times and kinds.
    pub(in crate::engine) failures: Vec<(f64, Option<u32>)>,
    /// By the number of the attribute; as long as the last one that is known.
    pub(in crate::engine) attributes: Vec<f64>,
    /// Until when it was watched, at least.
    pub(in crate::engine) until: f64,
    pub(super) tally: Tally,
}

/// What was found while rows were put in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) late: usize,
    pub(super) repeated: usize,
    pub(super) contradicted: usize,
}

/// The rows of an entity in order of time, one a time.
#[derive(Debug)]
pub(in crate::engine) struct Rows<'a> {
    pub(in crate::engine) times: Cow<'a, [f64]>,
    /// Rows × metrics.
    pub(in crate::engine) values: Cow<'a, [f64]>,
    pub(super) tally: Tally,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            times: Vec::new(),
            values: Vec::new(),
            ordered: true,
            latest: f64::NEG_INFINITY,
            events: Vec::new(),
            maintenance: Vec::new(),
            failures: Vec::new(),
            attributes: Vec::new(),
            until: f64::NEG_INFINITY,
            tally: Tally::default(),
        }
    }

    /// Takes checked values in. A row that comes late is put in its place when rows are read.
    pub(super) fn push(&mut self, time: f64, values: &[f64]) {
        self.until = self.until.max(time);
        if time > self.latest {
            self.latest = time;
        } else if time == self.latest && self.ordered {
            let last = self.values.len() - values.len();
            self.tally.fill(&mut self.values[last..], values);
            return;
        } else {
            self.tally.late += usize::from(time < self.latest);
            self.ordered = false;
        }
        self.times.push(time);
        self.values.extend_from_slice(values);
    }

    /// The rows in order. O(1) if they came so, O(n log n) if not.
    pub(in crate::engine) fn rows(&self, metrics: usize) -> Rows<'_> {
        if self.ordered {
            let (times, values) = (Cow::from(&self.times), Cow::from(&self.values));
            return Rows { times, values, tally: self.tally };
        }
        let mut order: Vec<usize> = (0..self.times.len()).collect();
        // Stable: of rows at one time, the first given stays first.
        order.sort_by(|&a, &b| self.times[a].total_cmp(&self.times[b]));
        let mut times: Vec<f64> = Vec::with_capacity(order.len());
        let mut values: Vec<f64> = Vec::with_capacity(self.values.len());
        let mut tally = self.tally;
        for row in order {
            let given = &self.values[row * metrics..(row + 1) * metrics];
            if times.last() == Some(&self.times[row]) {
                let last = values.len() - metrics;
                tally.fill(&mut values[last..], given);
            } else {
                times.push(self.times[row]);
                values.extend_from_slice(given);
            }
        }
        Rows { times: times.into(), values: values.into(), tally }
    }
}

impl Tally {
    /// A second row at one time: it fills gaps of the first, whose values stay.
    fn fill(&mut self, first: &mut [f64], second: &[f64]) {
        self.repeated += 1;
        for (value, &other) in first.iter_mut().zip(second) {
            if value.is_nan() {
                *value = other;
            } else if !other.is_nan() && *value != other {
                self.contradicted += 1;
            }
        }
    }
}
