//! Calls that have not ended: how many, and which of them are late.

/// Slots of time that are told apart.
const SLOTS: usize = 64;

/// Slots in the time after which a call is late, to begin with: it may grow fourfold.
const FINE: f64 = 16.0;

/// A little less than 1: what is below a bound times it is below the bound however it was rounded.
const SURELY: f64 = 1.0 - 1e-14;

/// Counts calls in flight by the slot of time in which they began. A call is late from `limit`
/// seconds after its slot on, once and for all; that is told once.
///
/// Slots are numbered on through all restarts. Which slot a time is in takes a division: it is made
/// only where the slot may be another one than last time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    /// Seconds a slot.
    width: f64,
    /// When slot `first` began.
    start: f64,
    first: u64,
    /// Calls in flight that are not late.
    in_time: u32,
    /// The first slot whose calls are not late.
    edge: u64,
    /// A time before which this is so, in seconds since `start`.
    edge_until: f64,
    /// The slot of the call that began last, and times in it, in seconds since `start`.
    latest: u64,
    latest_from: f64,
    latest_until: f64,
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
        Self::from(0, now, limit)
    }

    fn from(first: u64, start: f64, limit: f64) -> Self {
        let width = (limit / FINE).max(1e-6);
        Self {
            width,
            start,
            first,
            in_time: 0,
            edge: first,
            edge_until: width * SURELY,
            latest: first,
            latest_from: 0.0,
            latest_until: width * SURELY,
            counts: [0; SLOTS],
        }
    }

    /// Forgets the calls in flight.
    pub(super) fn restart(&mut self, now: f64, limit: f64) {
        let past = self.slots(now - self.start);
        *self = Self::from(self.first + past + 1, now, limit);
    }

    /// Calls in flight that are not late: of the others there may never be an answer.
    pub(super) fn in_time(&self) -> u32 {
        self.in_time
    }

    /// Slots that have ended so many seconds after `start`.
    fn slots(&self, seconds: f64) -> u64 {
        (seconds.max(0.0) / self.width) as u64
    }

    /// How many calls have become late since it was asked last.
    #[inline]
    pub(super) fn late(&mut self, now: f64, limit: f64) -> u32 {
        if limit > self.width * (SLOTS - 4) as f64 {
            // The slots no longer reach that far back: what is in flight is forgotten.
            self.restart(now, limit);
            return 0;
        }
        let seconds = now - limit - self.start;
        if seconds < self.edge_until { 0 } else { self.move_edge(seconds) }
    }

    fn move_edge(&mut self, seconds: f64) -> u32 {
        let past = self.slots(seconds);
        let edge = self.first + past;
        // Nothing began in slots that have not come yet: at most all of them hold something.
        let steps = edge.saturating_sub(self.edge).min(SLOTS as u64);
        let mut late = 0;
        for step in 0..steps {
            late += std::mem::take(&mut self.counts[((self.edge + step) % SLOTS as u64) as usize]);
        }
        if edge > self.edge {
            self.edge = edge;
            self.edge_until = (past as f64 + 1.0) * self.width * SURELY;
        }
        self.in_time = self.in_time.saturating_sub(late);
        late
    }

    /// A call begins; its slot. [`late`](Self::late) must have been asked at the same time.
    #[inline]
    pub(super) fn begin(&mut self, now: f64) -> u64 {
        let seconds = now - self.start;
        if seconds < self.latest_from || seconds >= self.latest_until {
            self.find_latest(seconds);
        }
        let slot = self.latest.max(self.edge);
        self.counts[(slot % SLOTS as u64) as usize] += 1;
        self.in_time = self.in_time.saturating_add(1);
        slot
    }

    fn find_latest(&mut self, seconds: f64) {
        let past = self.slots(seconds);
        self.latest = self.first + past;
        self.latest_from = past as f64 * self.width / SURELY;
        self.latest_until = (past as f64 + 1.0) * self.width * SURELY;
    }

    /// A call ends that began in this slot.
    #[inline]
    pub(super) fn end(&mut self, slot: u64) -> Thought {
        if slot < self.first {
            return Thought::InTime;
        }
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
        let mut plain: Vec<(f64, u64, bool)> = Vec::new();
        let (mut now, mut seen) = (0.0, 0);
        for _ in 0..20_000 {
            now += if stream.unit() < 0.01 { 3.0 } else { 0.02 * stream.unit() };
            let mut expected = 0;
            for (began, _, late) in &mut plain {
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
                plain.push((now, waiting.begin(now), false));
            } else if !plain.is_empty() {
                let (_, slot, late) = plain.swap_remove(stream.below(plain.len()));
                let thought = if late { Thought::Late } else { Thought::InTime };
                assert_eq!(waiting.end(slot), thought);
            }
            let in_time = plain.iter().filter(|call| !call.2).count();
            assert_eq!(waiting.in_time() as usize, in_time);
        }
        assert!(seen > 1_000);
    }

    #[test]
    fn a_limit_that_outgrows_the_slots_forgets() {
        let mut waiting = Waiting::new(0.0, 0.1);
        let slot = waiting.begin(0.05);
        assert_eq!(waiting.late(0.1, 1.0), 0);
        assert_eq!((waiting.in_time(), waiting.end(slot)), (0, Thought::InTime));
        // Those that begin now are of another slot.
        assert!(waiting.begin(0.1) > slot);
    }
}
