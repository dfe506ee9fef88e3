//! Sums over the last so many seconds, in a fixed number of slots.

/// Slots a window is cut into.
pub(super) const SLOTS: usize = 60;

/// Counts are kept in this share of an event, so that sums are exact whatever comes and goes.
pub(super) const PARTS: f64 = 1_024.0;

/// Counts of good and bad events over the last `length` seconds.
///
/// The window moves on by a slot, a sixtieth of its length, so that it reaches back between 59/60
/// of its length and all of it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Window {
    pub(super) length: f64,
    /// Number of the newest slot since time 0; slot `n` is at `n mod SLOTS`.
    pub(super) newest: i64,
    /// Good and bad, in [`PARTS`] of an event.
    pub(super) slots: Vec<[u64; 2]>,
    #[cfg_attr(feature = "serde", serde(skip))]
    sums: [u128; 2],
}

impl Window {
    pub(super) fn new(length: f64) -> Self {
        Self { length, newest: i64::MIN / 2, slots: vec![[0; 2]; SLOTS], sums: [0; 2] }
    }

    fn slot(&self, time: f64) -> i64 {
        (time / self.length * SLOTS as f64).floor() as i64
    }

    fn index(slot: i64) -> usize {
        slot.rem_euclid(SLOTS as i64) as usize
    }

    /// Forgets what is too old at `time`, which must not go back.
    pub(super) fn advance(&mut self, time: f64) {
        let slot = self.slot(time);
        if slot - self.newest >= SLOTS as i64 {
            self.slots.fill([0; 2]);
            self.sums = [0; 2];
        } else {
            for passed in self.newest + 1..=slot {
                let gone = std::mem::take(&mut self.slots[Self::index(passed)]);
                (0..2).for_each(|kind| self.sums[kind] -= u128::from(gone[kind]));
            }
        }
        self.newest = self.newest.max(slot);
    }

    /// Adds counts to the newest slot.
    pub(super) fn add(&mut self, counts: [u64; 2]) {
        let slot = &mut self.slots[Self::index(self.newest)];
        for kind in 0..2 {
            let room = u64::MAX - slot[kind];
            let added = counts[kind].min(room);
            slot[kind] += added;
            self.sums[kind] += u128::from(added);
        }
    }

    /// Good and bad events at `time`, which must not be before the newest slot. Changes nothing.
    pub(super) fn totals(&self, time: f64) -> [f64; 2] {
        let mut sums = self.sums;
        let slot = self.slot(time);
        if slot - self.newest >= SLOTS as i64 {
            sums = [0; 2];
        } else {
            for passed in self.newest + 1..=slot {
                let gone = self.slots[Self::index(passed)];
                (0..2).for_each(|kind| sums[kind] -= u128::from(gone[kind]));
            }
        }
        sums.map(|sum| sum as f64 / PARTS)
    }

    /// Whether it can have been made by counting; sums are made again.
    #[cfg(feature = "serde")]
    pub(super) fn restore(&mut self) -> bool {
        if self.slots.len() != SLOTS || self.newest.unsigned_abs() > 1 << 62 {
            return false;
        }
        let sum = |kind: usize| self.slots.iter().map(|slot| u128::from(slot[kind])).sum();
        self.sums = [sum(0), sum(1)];
        true
    }
}
