//! Which rows a tree holds: a random sample, newer rows more likely.

/// The rows of a tree, the next one to go on top of a heap.
///
/// A row seen at time `t` gets the key `ln(−ln u) − λt` with `u` uniform; the tree holds the rows
/// with the smallest keys. This is weighted sampling without replacement with weights `e^(λt)`
/// (Efraimidis & Spirakis 2006, in logarithms: their `u^(1/w)` underflows after a few hundred
/// half-lives).
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Largest key first.
    heap: Vec<Held>,
    size: usize,
}

/// A row of the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    pub(super) key: f64,
    /// The leaf that holds it.
    pub(super) leaf: u32,
}

impl Sample {
    pub(super) fn new(size: usize) -> Self {
        Self { heap: Vec::new(), size }
    }

    /// The key of a row seen at time `t`; `uniform` in `[0, 1)`.
    pub(super) fn key(uniform: f64, decay: f64, time: f64) -> f64 {
        // The half step keeps the key finite.
        let uniform = uniform + 0.5 / (1_u64 << 53) as f64;
        (-uniform.ln()).ln() - decay * time
    }

    /// Whether a row with this key belongs to the sample.
    pub(super) fn wants(&self, key: f64) -> bool {
        self.heap.len() < self.size || self.heap[0].key > key
    }

    pub(super) fn is_full(&self) -> bool {
        self.heap.len() == self.size
    }

    #[cfg(any(test, feature = "serde"))]
    pub(super) fn rows(&self) -> &[Held] {
        &self.heap
    }

    /// A sample of these rows, if they are a heap that fits.
    #[cfg(feature = "serde")]
    pub(super) fn of(rows: Vec<Held>, size: usize) -> Option<Self> {
        let is_heap = (1..rows.len()).all(|at| rows[(at - 1) / 2].key >= rows[at].key);
        let finite = rows.iter().all(|held| held.key.is_finite());
        (is_heap && finite && rows.len() <= size).then_some(Self { heap: rows, size })
    }

    /// Adds a row. The sample must not be full.
    pub(super) fn push(&mut self, held: Held) {
        let mut at = self.heap.len();
        self.heap.push(held);
        while at > 0 && self.heap[(at - 1) / 2].key < held.key {
            self.heap.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    /// Takes out the row with the largest key. The sample must not be empty.
    pub(super) fn pop(&mut self) -> Held {
        let top = self.heap.swap_remove(0);
        let mut at = 0;
        loop {
            let first = 2 * at + 1;
            let Some(larger) = (first..self.heap.len().min(first + 2))
                .max_by(|&a, &b| self.heap[a].key.total_cmp(&self.heap[b].key))
            else {
                return top;
            };
            if self.heap[larger].key <= self.heap[at].key {
                return top;
            }
            self.heap.swap(at, larger);
            at = larger;
        }
    }
}
