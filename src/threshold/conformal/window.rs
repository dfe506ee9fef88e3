//! The last scores, in order of time and of size.

/// As many of the last scores as fit.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// A ring: the oldest is at `start` once it is full.
    ring: Vec<f64>,
    start: usize,
    sorted: Vec<f64>,
    capacity: usize,
}

/// Where the ring begins is of no account.
impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.capacity == other.capacity && self.iter().eq(other.iter())
    }
}

impl Window {
    pub(super) fn new(capacity: usize) -> Self {
        let empty = || Vec::with_capacity(capacity);
        Self { ring: empty(), start: 0, sorted: empty(), capacity }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    /// In order of time.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.ring[self.start..].iter().chain(&self.ring[..self.start]).copied()
    }

    /// Adds a score; the oldest goes if there is no room.
    pub(super) fn push(&mut self, score: f64) {
        // A zero has one sign here, or a score could not be found again.
        let score = score + 0.0;
        if self.ring.len() < self.capacity {
            self.ring.push(score);
            let place = self.below(score);
            return self.sorted.insert(place, score);
        }
        let old = std::mem::replace(&mut self.ring[self.start], score);
        self.start = (self.start + 1) % self.capacity;
        let (from, to) = (self.below(old), self.below(score));
        // What lies between the two places moves by one.
        if to > from {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = score;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = score;
        }
    }

    /// How many are below a score.
    pub(super) fn below(&self, score: f64) -> usize {
        self.sorted.partition_point(|&kept| kept < score)
    }

    /// The conformal quantile: the score that a new one of an exchangeable stream exceeds with a
    /// probability of at most `level`. ±∞ where no score does.
    pub(super) fn exceeded_with(&self, level: f64) -> f64 {
        let rank = ((self.sorted.len() + 1) as f64 * (1.0 - level)).ceil();
        if rank < 1.0 {
            f64::NEG_INFINITY
        } else {
            self.sorted.get(rank as usize - 1).copied().unwrap_or(f64::INFINITY)
        }
    }

    /// From the least to the largest; 0 when empty.
    pub(super) fn range(&self) -> f64 {
        match (self.sorted.first(), self.sorted.last()) {
            (Some(least), Some(largest)) => (largest - least).min(f64::MAX),
            _ => 0.0,
        }
    }
}
