//! The latest values of a stream.

/// Latest values, from which a new level is learned after a change.
pub(super) const LATEST: usize = 64;

/// Until warmed up all values, then the latest; each with its index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Latest {
    early: Vec<(u64, f64)>,
    /// Number `n` is at place `n` modulo the length.
    ring: Box<Ring>,
    /// Of values that were put into the ring.
    pub(super) numbers: u64,
}

/// Apart, as vectors they are stored at once.
#[derive(Debug, Clone, PartialEq)]
struct Ring {
    indices: [u64; LATEST],
    values: [f64; LATEST],
}

impl Latest {
    pub(super) fn new() -> Self {
        let ring = Box::new(Ring { indices: [0; LATEST], values: [0.0; LATEST] });
        Self { early: Vec::new(), ring, numbers: 0 }
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
        let place = self.numbers as usize % LATEST;
        (self.ring.indices[place], self.ring.values[place]) = (index, value);
        self.numbers += 1;
    }

    /// The same for values without a gap between them.
    #[inline]
    pub(super) fn push_many<const N: usize>(&mut self, index: u64, values: &[f64; N]) {
        let place = self.numbers as usize % LATEST;
        let indices: [u64; N] = std::array::from_fn(|number| index + number as u64);
        let Ring { indices: all_indices, values: all_values } = &mut *self.ring;
        if let Some(index_room) = all_indices[place..].first_chunk_mut()
            && let Some(value_room) = all_values[place..].first_chunk_mut()
        {
            (*index_room, *value_room) = (indices, *values);
            self.numbers += N as u64;
        } else {
            indices.into_iter().zip(values).for_each(|(index, &value)| self.push(index, value));
        }
    }

    /// Until warmed up all, then the last, at most so many, in order.
    pub(super) fn last(&self, most: usize) -> Vec<(u64, f64)> {
        if !self.early.is_empty() {
            return self.early.clone();
        }
        let most = (most.min(LATEST) as u64).min(self.numbers);
        let numbers = self.numbers - most..self.numbers;
        let places = numbers.map(|number| number as usize % LATEST);
        places.map(|place| (self.ring.indices[place], self.ring.values[place])).collect()
    }
}
