//! `FOCuS`: the likelihood ratio of every change that could have been.

use super::corners::{Corners, Moment};
use super::part::{COUNTS, PART, PER_COUNT, Part, distances, explained, greater};

/// Moments that wait to become corners.
const WAITING: usize = QUARTERS * QUARTER - 1;
const QUARTERS: usize = 4;
const QUARTER: usize = 32;

/// While the greatest statistic is below this share of the threshold, one of so many moments that wait
/// is looked at, but for the newest: where a change may have been matters little yet. What a statistic
/// can be more than at these moments is made up for.
const CALM: f64 = 0.65;
const COARSE: usize = 8;
const NEWEST: usize = 16;
const MORE: f64 = 1.25;

/// Of so many moments the best becomes a corner while it is calm, and while it is not; but for the
/// latest, which go on waiting.
const FEW: usize = 32;
const FEWER: usize = 8;
const KEPT: usize = 31;

/// Moments are made corners of once so many wait.
const SETTLED: usize = 80;

/// A threshold is for changes as well known as this many observations on one side tell. Others exceed
/// it by more before they are believed, by the square of the binary logarithm of the ratio: sooner a
/// change is large, and found soon anyway; later it is too small to matter. So the false alarms that
/// are allowed are spent where they shorten delays most.
const USUAL: f64 = 128.0;
const RISE: f64 = 0.029;
const MOST_RISE: f64 = 0.3;

/// Sums over time, and their corners.
///
/// The ratio for a change to a higher mean is greatest at a corner of the greatest convex function
/// below the sums, and for one to a lower mean at a corner of the least concave function above them:
/// other moments need not be kept.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Focus {
    below: Corners,
    above: Corners,
    /// Observations before the moments that wait.
    start: f64,
    /// Sums at the latest moments.
    waiting: [[f64; QUARTER]; QUARTERS],
    waiting_count: usize,
    /// No change before the latest part explains more.
    bound: f64,
    /// As of the last look: all that was there, its mean, and what no change in it explains more than.
    looked: Moment,
    looked_mean: f64,
    looked_bound: f64,
    /// No change since the last look and before the latest part explains more.
    recent_bound: f64,
    /// Of all before the latest part.
    mean: f64,
    part: Part,
}

/// The change that explains most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Observations since.
    pub since: u64,
    pub before: f64,
    pub after: f64,
}

/// What the threshold is multiplied by for a change as well known as that many observations tell. The
/// logarithm is read off the bits, in straight pieces from one power of two to the next.
#[inline]
fn rise(observations: f64) -> f64 {
    let steps = observations.to_bits() as i64 - USUAL.to_bits() as i64;
    let distance = steps as f64 / (1_u64 << 52) as f64;
    let rise = RISE * distance * distance;
    1.0 + if rise > MOST_RISE { MOST_RISE } else { rise }
}

/// The same, or less if it will be less later: a change is ever better known.
#[inline]
fn least_rise(observations: f64) -> f64 {
    if observations > USUAL { rise(observations) } else { 1.0 }
}

impl Focus {
    pub(super) fn new() -> Self {
        Self {
            below: Corners::new(),
            above: Corners::new(),
            start: 0.0,
            waiting: [[0.0; QUARTER]; QUARTERS],
            waiting_count: 0,
            bound: 0.0,
            looked: Moment::FIRST,
            looked_mean: 0.0,
            looked_bound: 0.0,
            recent_bound: 0.0,
            mean: 0.0,
            part: Part::default(),
        }
    }

    /// Takes an observation in; whether a change explains more than a threshold.
    ///
    /// A change within the latest part explains no more than all its squares. One before it contrasts
    /// what was before the part, where it explains at most the bound, and the part as a whole, whose
    /// mean explains `sum² / count`; a contrast of two things explains no more than both together.
    /// While that is below the threshold no statistic need be looked at.
    #[inline]
    pub(super) fn take(&mut self, value: f64, threshold: f64) -> bool {
        let (place, mean) = (self.part.count % PART, self.mean);
        self.part.count += 1;
        self.part.sum += value;
        let sum = self.part.sum;
        self.part.sums[place] = sum;
        self.waiting_count += 1;
        self.waiting.as_flattened_mut()[self.waiting_count] = self.part.before + sum;
        let away = value - mean;
        self.part.squares += away * away;
        let sum = sum - mean * COUNTS[place];
        if sum * sum * PER_COUNT[place] > threshold - self.bound
            || self.part.squares > within(threshold)
        {
            return self.look(threshold);
        }
        if self.part.count == PART {
            let (_, inner) = explained(&distances(&self.part.sums, mean));
            self.end_part(sum, inner, threshold);
        }
        false
    }

    /// Whether the next observation begins a part.
    #[inline]
    pub(super) fn begins(&self) -> bool {
        self.part.count == 0
    }

    /// Takes a whole part in as one by one would, if that needs no look. It must begin one.
    #[inline]
    pub(super) fn take_part(&mut self, values: &[f64; PART], threshold: f64) -> bool {
        let waiting = self.waiting.as_flattened_mut();
        let Some(room) = waiting[self.waiting_count + 1..].first_chunk_mut::<PART>() else {
            return false;
        };
        let (mut sum, mut sums, mut squares) = (0.0, [0.0; PART], 0.0);
        for (place, &value) in values.iter().enumerate() {
            sum += value;
            sums[place] = sum;
            let away = value - self.mean;
            squares += away * away;
        }
        let distances = distances(&sums, self.mean);
        let (most, inner) = explained(&distances);
        if most > threshold - self.bound || squares > within(threshold) {
            return false;
        }
        *room = sums.map(|sum| self.part.before + sum);
        self.waiting_count += PART;
        (self.part.count, self.part.sums) = (PART, sums);
        self.end_part(distances[PART - 1], inner, threshold);
        true
    }

    /// Ends the part, if there is one: the next one begins a block.
    #[inline]
    pub(super) fn end_block(&mut self, threshold: f64) {
        if let Some(place) = self.part.count.checked_sub(1) {
            let sum = self.part.sum - self.mean * COUNTS[place];
            self.end_part(sum, self.part.squares, threshold);
        }
    }

    fn now(&self) -> Moment {
        let sum = self.waiting.as_flattened()[self.waiting_count];
        Moment { count: self.start + self.waiting_count as f64, sum }
    }

    /// Takes the latest part into the bounds, with its sum about the mean and what no change within it
    /// explains more than: changes before the last look by all since that look, later ones part by
    /// part.
    #[inline]
    fn end_part(&mut self, sum: f64, inner: f64, threshold: f64) {
        let explained = sum * sum * PER_COUNT[(self.part.count - 1) % PART];
        self.recent_bound = greater(self.recent_bound + explained, inner);
        let now = self.now();
        let since = now.count - self.looked.count;
        let away = now.sum - self.looked.sum - self.looked_mean * since;
        // One division for two.
        let inverse = 1.0 / (since * now.count);
        let explained = away * away * (inverse * now.count);
        self.bound = greater(self.looked_bound + explained, self.recent_bound);
        self.mean = now.sum * (inverse * since);
        self.part.begin(now.sum);
        if self.waiting_count + PART > WAITING {
            self.look(threshold);
        }
    }

    #[inline(never)]
    fn look(&mut self, threshold: f64) -> bool {
        let old = self.greatest_old(threshold);
        let coarse = self.greatest_waiting(COARSE) * MORE;
        let is_calm = coarse <= CALM * threshold;
        self.bound = greater(if is_calm { coarse } else { self.greatest_waiting(1) }, old);
        self.looked = self.now();
        self.mean = self.looked.sum / self.looked.count;
        (self.looked_mean, self.looked_bound) = (self.mean, self.bound);
        self.recent_bound = 0.0;
        self.part.begin(self.looked.sum);
        let found = self.bound > threshold && self.most().0 > threshold;
        // What was found is asked for next.
        if self.waiting_count + PART > WAITING || (!found && self.waiting_count >= SETTLED) {
            self.settle(if is_calm { FEW } else { FEWER }, threshold);
        }
        found
    }

    /// Makes corners of moments that wait.
    ///
    /// A change of size `d` moves the lowest corner as a slope of `d / 2` does; one that is to be
    /// noticed after the usual time has `d² · USUAL = threshold`.
    #[inline(never)]
    fn settle(&mut self, few: usize, threshold: f64) {
        let count = self.waiting_count.saturating_sub(KEPT).next_multiple_of(FEW);
        let count = count.min(self.waiting_count);
        let waiting = self.waiting.as_flattened_mut();
        let tilt = 0.5 * (threshold / USUAL).sqrt();
        let sums = &waiting[..count];
        self.below.settle::<true>(self.start, sums, few, self.mean + tilt);
        self.above.settle::<false>(self.start, sums, few, self.mean - tilt);
        waiting.copy_within(count..=self.waiting_count, 0);
        self.start += count as f64;
        self.waiting_count -= count;
    }

    /// The most that a change at a corner explains, less what it must explain beyond the threshold
    /// however long that takes.
    fn greatest_old(&self, threshold: f64) -> f64 {
        let now = self.now();
        let (mut most, per_count) = (0.0, 1.0 / now.count);
        for corners in [&self.below, &self.above] {
            for at in corners.moments() {
                let known = at.count * (now.count - at.count) * per_count;
                let beyond = threshold * (least_rise(known) - 1.0);
                most = greater(at.explains(now) - beyond, most);
            }
        }
        most
    }

    /// The most that a change explains, over the newest moments and each so many of the others that
    /// wait.
    fn greatest_waiting(&self, each: usize) -> f64 {
        let (now, mut most) = (self.now(), 0.0);
        let waiting = &self.waiting.as_flattened()[..self.waiting_count];
        let newest = self.waiting_count.saturating_sub(NEWEST);
        let mut count = self.start;
        for &sum in waiting[..newest].iter().step_by(each) {
            most = greater(Moment { count, sum }.explains(now), most);
            count += each as f64;
        }
        count = self.start + newest as f64;
        for &sum in &waiting[newest..] {
            most = greater(Moment { count, sum }.explains(now), most);
            count += 1.0;
        }
        most
    }

    /// The most that a change explains, by the rise of its threshold, and the moment of that change.
    fn most(&self) -> (f64, Moment) {
        let now = self.now();
        let waiting = self.waiting.as_flattened()[..self.waiting_count].iter().enumerate();
        let waiting = waiting.map(|(place, &sum)| Moment { count: self.start + place as f64, sum });
        let corners = self.below.moments().iter().chain(self.above.moments()).copied();
        let mut found = (0.0, now);
        for at in corners.chain(waiting) {
            // Few moments come so far, and for the others no division is needed.
            if at.explains_more(now, found.0) {
                let explained = at.explains(now) / rise(at.known(now));
                if explained > found.0 {
                    found = (explained, at);
                }
            }
        }
        found
    }

    /// The change that explains most.
    pub(super) fn best(&self) -> Best {
        let (now, (_, at)) = (self.now(), self.most());
        let mean = |sum: f64, count: f64| if count > 0.0 { sum / count } else { 0.0 };
        Best {
            since: (now.count - at.count) as u64,
            before: mean(at.sum, at.count),
            after: mean(now.sum - at.sum, now.count - at.count),
        }
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        (0.0..f64::MAX).contains(&self.start)
            && self.part.is_possible()
            && (self.part.count..=WAITING - PART + self.part.count).contains(&self.waiting_count)
            && self.waiting.as_flattened().iter().all(|sum| sum.is_finite())
            && [self.bound, self.looked_bound, self.recent_bound].iter().all(|it| *it >= 0.0)
            && [self.mean, self.looked_mean, self.looked.sum].iter().all(|it| it.is_finite())
            && (0.0..=self.now().count - self.part.count as f64).contains(&self.looked.count)
            && [&self.below, &self.above].iter().all(|it| it.is_possible(self.start))
    }
}

/// The threshold for changes within a part: they are all too recent for the usual one.
#[inline]
fn within(threshold: f64) -> f64 {
    (1.0 + MOST_RISE) * threshold
}

#[cfg(test)]
mod tests {
    use super::{Focus, rise};
    use crate::rng::Stream;

    /// Of each prefix of the values, what the change that explains most explains, by its rise.
    fn greatest(values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0];
        for value in values {
            sums.push(sums[sums.len() - 1] + value);
        }
        let explained = |at: usize, count: usize| {
            let (before, after) = (at as f64, (count - at) as f64);
            let away = sums[at] / before - (sums[count] - sums[at]) / after;
            let known = before * after / (before + after);
            away * away * known / rise(known)
        };
        let of = |count: usize| (1..count).map(|at| explained(at, count)).fold(0.0, f64::max);
        (1..=values.len()).map(of).collect()
    }

    #[test]
    fn alarms_come_when_the_likelihood_ratio_exceeds_the_threshold() {
        let (mut late, mut missed) = (0, 0);
        for seed in 0..160 {
            let mut stream = Stream::new(seed, 0);
            let shift = [0.0, 0.5, 1.0, 3.0][seed as usize % 4];
            let step = |place: u32| if place < 250 { 0.0 } else { shift };
            let values: Vec<f64> = (0..500).map(|place| step(place) + stream.normal()).collect();
            let threshold = [12.0, 22.0][seed as usize / 4 % 2];
            let mut focus = Focus::new();
            let found = values.iter().position(|&value| focus.take(value, threshold));
            let truth = greatest(&values).into_iter().position(|it| it > threshold);
            match (truth, found) {
                (Some(truth), Some(found)) => {
                    assert!(found >= truth, "{seed}: {found} before {truth}");
                    late += found - truth;
                }
                (None, None) => {}
                (truth, found) => missed += usize::from(truth != found),
            }
        }
        // Moments that are passed over explain nearly as much as the best.
        assert!(late <= 80 && missed == 0, "{late} observations late in all, {missed} missed");
    }
}
