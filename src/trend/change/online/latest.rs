//! The latest values of a stream.

/// Latest values, from which a new level is learned after a change.
pub(super) const LATEST: usize = 64;

/// Until warmed up all values, then the latest; each with its index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Latest {
    early: Vec<(u64, f64)>,
    /// The value number `n` is at place `n` modulo the length.
    ring: Box<[(u64, f64); LATEST]>,
    /// Of values that were put into the ring.
    pub(super) numbers: u64,
}

impl Latest {
    pub(super) fn new() -> Self {
        Self { early: Vec::new(), ring: Box::new([(0, 0.0); LATEST]), numbers: 0 }
    }

    /// Takes a value of the warm-up in; how many there are.
    pub(super) fn collect(&mut self, index: u64, value: f64) -> usize {
        self.early.push((index, value));
        self.early.len()
    }

    /// Ends the warm-up.
    pub(super) fn warm_up(&mut self) -> Vec<f64> {
        let early = std::mem::take(&mut self.early);
        for &(index, value) in &early {
            self.push(index, value);
        }
        early.into_iter().map(|it| it.1).collect()
    }

    #[inline]
    pub(super) fn push(&mut self, index: u64, value: f64) {
        self.ring[self.numbers as usize % LATEST] = (index, value);
        self.numbers += 1;
    }

    /// The same for values without a gap between them.
    #[inline]
    pub(super) fn push_many<const N: usize>(&mut self, index: u64, values: &[f64; N]) {
        let place = self.numbers as usize % LATEST;
        if let Some(room) = self.ring[place..].first_chunk_mut::<N>() {
            for (number, (room, &value)) in room.iter_mut().zip(values).enumerate() {
                *room = (index + number as u64, value);
            }
            self.numbers += N as u64;
        } else {
            for (number, &value) in values.iter().enumerate() {
                self.push(index + number as u64, value);
            }
        }
    }

    /// Until warmed up all, then the last, at most so many, in order.
    pub(super) fn last(&self, most: usize) -> Vec<(u64, f64)> {
        if !self.early.is_empty() {
            return self.early.clone();
        }
        let most = (most.min(LATEST) as u64).min(self.numbers);
        let numbers = self.numbers - most..self.numbers;
        numbers.map(|number| self.ring[number as usize % LATEST]).collect()
    }
}
