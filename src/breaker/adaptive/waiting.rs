//! Calls that have not ended: how many, and which of them are late.

/// Slots of time that are told apart.
const SLOTS: usize = 64;

/// Slots in the time after which a call is late, to begin with: it may grow fourfold.
const FINE: f64 = 16.0;

/// Counts calls in flight by the slot of time in which they began. A call is late from `limit`
/// seconds after its slot on, once and for all; that is told once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    /// Seconds a slot.
    width: f64,
    /// When slot 0 began.
    start: f64,
    /// Calls in flight that are not late.
    in_time: u32,
    /// The first slot whose calls are not late.
    edge: u64,
    /// Calls in flight that began in slot `n`, at `n % SLOTS`; slots before `edge` are empty.
    counts: [u32; SLOTS],
}

/// What was thought of a call that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thought {
    /// Nothing: it had time left.
    InTime,
    /// That it is late.
    Late,
}

impl Waiting {
    /// None in flight.
    pub(super) fn new(now: f64, limit: f64) -> Self {
        let width = (limit / FINE).max(1e-6);
        Self { width, start: now, in_time: 0, edge: 0, counts: [0; SLOTS] }
    }

    /// Calls in flight that are not late: of the others there may never be an answer.
    pub(super) fn in_time(&self) -> u32 {
        self.in_time
    }

    fn slot(&self, time: f64) -> u64 {
        ((time - self.start).max(0.0) / self.width) as u64
    }

    /// How many calls have become late since it was asked last.
    pub(super) fn late(&mut self, now: f64, limit: f64) -> u32 {
        if limit > self.width * (SLOTS - 4) as f64 {
            // The slots no longer reach that far back: what is in flight is forgotten.
            *self = Self::new(now, limit);
            return 0;
        }
        let edge = self.slot(now - limit);
        // Nothing began in slots that have not come yet: at most all of them hold something.
        let steps = edge.saturating_sub(self.edge).min(SLOTS as u64);
        let mut late = 0;
        for step in 0..steps {
            late += std::mem::take(&mut self.counts[((self.edge + step) % SLOTS as u64) as usize]);
        }
        self.edge = self.edge.max(edge);
        self.in_time = self.in_time.saturating_sub(late);
        late
    }

    /// A call begins. [`late`](Self::late) must have been asked at the same time.
    pub(super) fn begin(&mut self, now: f64) {
        let slot = self.slot(now).max(self.edge);
        self.counts[(slot % SLOTS as u64) as usize] += 1;
        self.in_time = self.in_time.saturating_add(1);
    }

    /// A call that began then ends.
    pub(super) fn end(&mut self, began: f64) -> Thought {
        if began < self.start {
            return Thought::InTime;
        }
        let slot = self.slot(began);
        if slot < self.edge {
            return Thought::Late;
        }
        let count = &mut self.counts[(slot % SLOTS as u64) as usize];
        *count = count.saturating_sub(1);
        self.in_time = self.in_time.saturating_sub(1);
        Thought::InTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Against a list of calls, each late once its slot is `limit` in the past.
    #[test]
    fn late_calls_are_those_of_a_plain_list() {
        let mut stream = Stream::new(3, 0);
        let limit = 0.4;
        let mut waiting = Waiting::new(0.0, limit);
        let mut plain: Vec<(f64, bool)> = Vec::new();
        let (mut now, mut seen) = (0.0, 0);
        for _ in 0..20_000 {
            now += if stream.unit() < 0.01 { 3.0 } else { 0.02 * stream.unit() };
            let mut expected = 0;
            for (began, late) in &mut plain {
                let slot = (*began / waiting.width).floor();
                if !*late && slot < ((now - limit).max(0.0) / waiting.width).floor() {
                    *late = true;
                    expected += 1;
                }
            }
            let late = waiting.late(now, limit);
            assert_eq!(late, expected);
            seen += late;
            if stream.unit() < 0.5 {
                waiting.begin(now);
                plain.push((now, false));
            } else if !plain.is_empty() {
                let (began, late) = plain.swap_remove(stream.below(plain.len()));
                let thought = if late { Thought::Late } else { Thought::InTime };
                assert_eq!(waiting.end(began), thought);
            }
            let in_time = plain.iter().filter(|call| !call.1).count();
            assert_eq!(waiting.in_time() as usize, in_time);
        }
        assert!(seen > 1_000);
    }

    #[test]
    fn a_limit_that_outgrows_the_slots_forgets() {
        let mut waiting = Waiting::new(0.0, 0.1);
        waiting.begin(0.05);
        assert_eq!(waiting.late(0.1, 1.0), 0);
        assert_eq!((waiting.in_time(), waiting.end(0.05)), (0, Thought::InTime));
    }
}
