//! Numbers in order, some hundreds or thousands of them, that come and go one at a time.

/// Numbers in a run at most.
const RUN: usize = 32;
/// Neighbouring runs with so few numbers together become one.
const FEW: usize = RUN / 2;
/// Runs are looked for so many at once.
const STRIDE: usize = 8;

/// Finite numbers in ascending order, in runs short enough to be searched and moved at once.
///
/// A number's run is found by counting the last numbers of runs that are below it, and its place by
/// writing the whole run anew: neither has a branch that a processor could guess wrongly. Two
/// neighbouring runs hold more than [`FEW`] numbers together, so that there are never more than
/// `4 n / RUN + 1` runs.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    /// The runs' last numbers, then `∞` up to a multiple of [`STRIDE`].
    last: Vec<f64>,
    /// How many each run holds, and where it lies in the room.
    runs: Vec<Run>,
    /// Each run, then `∞`.
    room: Vec<[f64; RUN]>,
    /// Places in the room that no run takes.
    free: Vec<u16>,
    count: usize,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    count: u16,
    place: u16,
}

impl Ordered {
    /// Room for `most` numbers: nothing is allocated later.
    pub(super) fn new(most: usize) -> Self {
        let runs = 4 * most / RUN + 3;
        Self {
            last: vec![f64::INFINITY; runs.next_multiple_of(STRIDE) + STRIDE],
            runs: Vec::with_capacity(runs),
            room: vec![[f64::INFINITY; RUN]; runs],
            free: (0..runs as u16).rev().collect(),
            count: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The number of a rank from 0, which must be below [`len`](Self::len).
    pub(super) fn at(&self, rank: usize) -> f64 {
        let mut left = rank;
        for run in &self.runs {
            if left < usize::from(run.count) {
                return self.room[usize::from(run.place)][left];
            }
            left -= usize::from(run.count);
        }
        f64::NAN
    }

    pub(super) fn insert(&mut self, value: f64) {
        if self.runs.is_empty() {
            self.open(0);
        }
        let mut index = self.run_of(value).min(self.runs.len() - 1);
        if usize::from(self.runs[index].count) == RUN {
            self.split(index);
            index += usize::from(self.last[index] < value);
        }
        let run = &mut self.runs[index];
        let room = &mut self.room[usize::from(run.place)];
        let old = *room;
        let mut before = f64::NEG_INFINITY;
        for (new, old) in room.iter_mut().zip(old) {
            let lower = if value < old { value } else { old };
            *new = if before > lower { before } else { lower };
            before = old;
        }
        self.last[index] = room[usize::from(run.count)];
        run.count += 1;
        self.count += 1;
    }

    /// Takes out one number equal to a value that is there.
    pub(super) fn remove(&mut self, value: f64) {
        let index = self.run_of(value);
        let Some(run) = self.runs.get_mut(index) else { return };
        let room = &mut self.room[usize::from(run.place)];
        let mut after = [f64::INFINITY; RUN];
        after[..RUN - 1].copy_from_slice(&room[1..]);
        for (new, after) in room.iter_mut().zip(after) {
            *new = if *new < value { *new } else { after };
        }
        run.count -= 1;
        self.count -= 1;
        let count = usize::from(run.count);
        if count == 0 {
            self.close(index);
            return;
        }
        self.last[index] = room[count - 1];
        if count > FEW {
            return;
        }
        let counts = |index: usize| self.runs.get(index).map_or(RUN, |run| usize::from(run.count));
        if count + counts(index + 1) <= FEW {
            self.join(index);
        } else if index > 0 && counts(index - 1) + count <= FEW {
            self.join(index - 1);
        }
    }

    /// The first run whose last number is not below a value.
    #[inline]
    fn run_of(&self, value: f64) -> usize {
        let (all, _) = self.last.as_chunks::<STRIDE>();
        let mut below = 0;
        for some in &all[..=self.runs.len() / STRIDE] {
            below += some.iter().map(|&last| u64::from(last < value)).sum::<u64>();
        }
        below as usize
    }

    /// A run without numbers yet.
    fn open(&mut self, index: usize) {
        let Some(place) = self.free.pop() else { unreachable!("there are runs for all numbers") };
        self.last.copy_within(index..self.runs.len(), index + 1);
        self.runs.insert(index, Run { count: 0, place });
    }

    fn close(&mut self, index: usize) {
        let run = self.runs.remove(index);
        self.last.copy_within(index + 1..=self.runs.len(), index);
        self.last[self.runs.len()] = f64::INFINITY;
        self.room[usize::from(run.place)] = [f64::INFINITY; RUN];
        self.free.push(run.place);
    }

    /// Moves the upper half of a full run into one of its own.
    fn split(&mut self, index: usize) {
        self.open(index + 1);
        let from = &mut self.room[usize::from(self.runs[index].place)];
        let mut upper = [f64::INFINITY; RUN];
        upper[..RUN / 2].copy_from_slice(&from[RUN / 2..]);
        from[RUN / 2..].fill(f64::INFINITY);
        self.last[index + 1] = upper[RUN / 2 - 1];
        self.last[index] = from[RUN / 2 - 1];
        self.room[usize::from(self.runs[index + 1].place)] = upper;
        self.runs[index].count = (RUN / 2) as u16;
        self.runs[index + 1].count = (RUN / 2) as u16;
    }

    /// Adds a run to the one before it.
    fn join(&mut self, index: usize) {
        let (run, next) = (self.runs[index], self.runs[index + 1]);
        let (count, more) = (usize::from(run.count), usize::from(next.count));
        let from = self.room[usize::from(next.place)];
        self.room[usize::from(run.place)][count..count + more].copy_from_slice(&from[..more]);
        self.runs[index].count += next.count;
        self.last[index] = self.last[index + 1];
        self.close(index + 1);
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && (0..self.count).all(|rank| self.at(rank) == other.at(rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn ranks_are_those_of_a_sorted_list() {
        let mut stream = Stream::new(4, 0);
        for (most, distinct) in [(4, 3), (100, 1000), (700, 40), (1365, 1_000_000)] {
            let (mut ordered, mut sorted) = (Ordered::new(most), Vec::<f64>::new());
            for step in 0..20 * most {
                // Whole stretches rise, fall and vanish, so that runs split and join.
                let drift = if step / most % 2 == 0 { step as f64 } else { -(step as f64) };
                let shrinks = step / (3 * most) % 3 == 2 && stream.unit() < 0.7;
                if sorted.len() == most || shrinks && !sorted.is_empty() {
                    let gone = sorted.remove(stream.below(sorted.len()));
                    ordered.remove(gone);
                } else {
                    let value = drift + stream.below(distinct) as f64;
                    let place = sorted.partition_point(|other| *other < value);
                    sorted.insert(place, value);
                    ordered.insert(value);
                }
                assert_eq!(ordered.len(), sorted.len());
                if step % 7 == 0 && !sorted.is_empty() {
                    let rank = stream.below(sorted.len());
                    assert_eq!(ordered.at(rank).to_bits(), sorted[rank].to_bits());
                }
                assert!(ordered.last[ordered.runs.len()..].iter().all(|last| last.is_infinite()));
                assert!(
                    ordered.runs.windows(2).all(|two| two[0].count + two[1].count > FEW as u16)
                );
            }
            let all: Vec<f64> = (0..sorted.len()).map(|rank| ordered.at(rank)).collect();
            assert_eq!(all, sorted);
        }
    }
}
