//! `FOCuS`: the likelihood ratio of every change that could have been.

/// A moment and the sum of all before it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Moment {
    count: f64,
    sum: f64,
}

/// Moments kept a direction; a random walk has as many corners as the logarithm of its length.
pub(super) const CORNERS: usize = 32;

/// Moments that wait to become corners.
const WAITING: usize = QUARTERS * QUARTER - 1;
const QUARTERS: usize = 4;
const QUARTER: usize = 32;

/// Observations by which statistics are bounded at once.
const PART: f64 = 8.0;

/// While the greatest statistic is below this share of the threshold, one of so many moments that wait
/// is looked at, but for the newest: where a change may have been matters little yet. What a statistic
/// can be more than at these moments is made up for.
const CALM: f64 = 0.5;
const COARSE: usize = 8;
const NEWEST: usize = 16;
const MORE: f64 = 1.25;

/// How far away the moments are that a corner must lie beyond the line between.
const FAR: [usize; 3] = [1, 2, 4];

/// How often those that are left are compared with their neighbours at once.
const ROUNDS: usize = 3;

/// Sums over time, and their corners.
///
/// The ratio for a change to a higher mean is greatest at a corner of the greatest convex function
/// below the sums, and for one to a lower mean at a corner of the least concave function above them:
/// other moments need not be kept.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Focus {
    below: Vec<Moment>,
    above: Vec<Moment>,
    /// Observations before the moments that wait.
    start: f64,
    /// Sums at the latest moments, the first of which is among the corners.
    waiting: [[f64; QUARTER]; QUARTERS],
    waiting_count: usize,
    /// No change before the latest part explains more.
    bound: f64,
    /// Of all before the latest part.
    mean: f64,
    part: Part,
}

/// The latest observations: how many, and their distances from the mean of all before them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Part {
    count: f64,
    sum: f64,
    squares: f64,
}

/// The change that explains most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Observations since.
    pub since: u64,
    pub before: f64,
    pub after: f64,
    /// Sum of squares that it explains.
    pub squares: f64,
}

impl Focus {
    pub(super) fn new() -> Self {
        let corners = || {
            let mut corners = Vec::with_capacity(CORNERS);
            corners.push(Moment { count: 0.0, sum: 0.0 });
            corners
        };
        Self {
            below: corners(),
            above: corners(),
            start: 0.0,
            waiting: [[0.0; QUARTER]; QUARTERS],
            waiting_count: 0,
            bound: 0.0,
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
        let waiting = self.waiting.as_flattened_mut();
        waiting[self.waiting_count + 1] = waiting[self.waiting_count] + value;
        self.waiting_count += 1;
        let away = value - self.mean;
        let Part { count, sum, squares } = &mut self.part;
        *count += 1.0;
        *sum += away;
        *squares += away * away;
        if *sum * *sum > (threshold - self.bound) * *count || *squares > threshold {
            return self.look(threshold);
        }
        if *count == PART {
            self.end_part(threshold);
        }
        false
    }

    fn now(&self) -> Moment {
        let sum = self.waiting.as_flattened()[self.waiting_count];
        Moment { count: self.start + self.waiting_count as f64, sum }
    }

    /// Takes the latest part into the bound.
    #[inline]
    fn end_part(&mut self, threshold: f64) {
        let Part { count, sum, squares } = std::mem::take(&mut self.part);
        self.bound = (self.bound + sum * sum / count).max(squares);
        let now = self.now();
        self.mean = now.sum / now.count;
        if self.waiting_count + PART as usize > WAITING {
            self.look(threshold);
        }
    }

    #[inline(never)]
    fn look(&mut self, threshold: f64) -> bool {
        let coarse = self.greatest(COARSE).0 * MORE;
        let is_calm = coarse <= CALM * threshold;
        self.bound = if is_calm { coarse } else { self.greatest(1).0 };
        let now = self.now();
        self.mean = now.sum / now.count;
        self.part = Part::default();
        if !is_calm {
            self.settle();
        } else if self.waiting_count > WAITING / 2 {
            self.settle_calm();
        }
        self.bound > threshold
    }

    /// Makes corners of the moments that wait.
    #[inline(never)]
    fn settle(&mut self) {
        let (now, last) = (self.now(), self.waiting_count);
        let waiting = &self.waiting.as_flattened()[..=last];
        // The least and greatest of twice the distances below the lines between two moments as far
        // before as after. A corner is on the same side of all such lines: most moments are not.
        let (mut least, mut most) = ([f64::MAX; WAITING + 1], [f64::MIN; WAITING + 1]);
        for far in FAR.into_iter().take_while(|far| 2 * far <= last) {
            let triples = waiting.iter().zip(&waiting[far..]).zip(&waiting[2 * far..]);
            let bounds = least[far..].iter_mut().zip(&mut most[far..]);
            for (((before, at), after), (least, most)) in triples.zip(bounds) {
                let bend = before + after - 2.0 * at;
                *least = if bend < *least { bend } else { *least };
                *most = if bend > *most { bend } else { *most };
            }
        }
        let mut kept = [Moment { count: 0.0, sum: 0.0 }; WAITING + 1];
        for (corners, bends, sign) in
            [(&mut self.below, &least, 1.0), (&mut self.above, &most, -1.0)]
        {
            let mut count = 0;
            for (place, (&sum, &bend)) in waiting.iter().zip(bends).enumerate() {
                kept[count] = Moment { count: self.start + place as f64, sum };
                count += usize::from(place == 0 || sign * bend > 0.0);
            }
            settle(corners, &mut kept[..count], sign);
        }
        self.begin(now);
    }

    /// The same of the one in a few that is farthest from the mean, and of the last.
    #[inline(never)]
    fn settle_calm(&mut self) {
        let now = self.now();
        let waiting = &self.waiting.as_flattened()[..self.waiting_count];
        for (corners, sign) in [(&mut self.below, 1.0), (&mut self.above, -1.0)] {
            let mut kept = [Moment { count: self.start, sum: waiting[0] }; WAITING / COARSE + 3];
            let mut count = 1;
            for (group, few) in waiting[1..].chunks(COARSE).enumerate() {
                let (mut least, mut chosen) = (f64::INFINITY, 0);
                for (place, sum) in few.iter().enumerate() {
                    let away = sign * (sum - self.mean * place as f64);
                    (least, chosen) = if away < least { (away, place) } else { (least, chosen) };
                }
                let place = 1 + group * COARSE + chosen;
                kept[count] = Moment { count: self.start + place as f64, sum: few[chosen] };
                count += 1;
            }
            kept[count] = now;
            settle(corners, &mut kept[..=count], sign);
        }
        self.begin(now);
    }

    /// Nothing waits any more.
    fn begin(&mut self, now: Moment) {
        self.start = now.count;
        self.waiting[0][0] = now.sum;
        self.waiting_count = 0;
    }

    /// The greatest statistic and its moment, over the corners, the newest moments, and each so many of
    /// the others that wait.
    fn greatest(&self, each: usize) -> (f64, Moment) {
        let now = self.now();
        let mut found = (0.0, now);
        let mut look = |at: Moment| {
            let since = now.count - at.count;
            let away = now.sum * at.count - at.sum * now.count;
            let product = at.count * since * now.count;
            if away * away > found.0 * product {
                found = (away * away / product, at);
            }
        };
        self.below.iter().chain(&self.above).for_each(|&corner| look(corner));
        let waiting = &self.waiting.as_flattened()[..=self.waiting_count];
        let newest = self.waiting_count.saturating_sub(NEWEST);
        for place in (0..newest).step_by(each).chain(newest..self.waiting_count) {
            look(Moment { count: self.start + place as f64, sum: waiting[place] });
        }
        found
    }

    /// The change that explains most.
    pub(super) fn best(&self) -> Best {
        let (now, (squares, at)) = (self.now(), self.greatest(1));
        let mean = |sum: f64, count: f64| if count > 0.0 { sum / count } else { 0.0 };
        Best {
            since: (now.count - at.count) as u64,
            before: mean(at.sum, at.count),
            after: mean(now.sum - at.sum, now.count - at.count),
            squares,
        }
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        let sound = |corners: &[Moment]| {
            !corners.is_empty()
                && corners.len() <= CORNERS
                && corners[0] == Moment { count: 0.0, sum: 0.0 }
                && corners.windows(2).all(|pair| pair[0].count < pair[1].count)
                && corners.iter().all(|it| it.count <= self.start && it.sum.is_finite())
        };
        (0.0..f64::MAX).contains(&self.start)
            && self.waiting_count < WAITING
            && self.waiting.as_flattened().iter().all(|sum| sum.is_finite())
            && [self.bound, self.mean, self.part.sum].iter().all(|it| it.is_finite())
            && (0.0..PART).contains(&self.part.count)
            && self.part.squares >= 0.0
            && sound(&self.below)
            && sound(&self.above)
    }
}

/// Adds moments, but for the first, which is a corner.
fn settle(corners: &mut Vec<Moment>, moments: &mut [Moment], sign: f64) {
    let mut count = moments.len();
    for _ in 0..ROUNDS {
        count = convex(&mut moments[..count], sign);
    }
    moments[1..count].iter().for_each(|&moment| push(corners, moment, sign));
}

/// Keeps the first, the last, and what is beyond the line between its neighbours; how many.
///
/// Without a branch that depends on the sums: nobody can foresee it.
fn convex(moments: &mut [Moment], sign: f64) -> usize {
    let [first, .., _] = *moments else { return moments.len() };
    let (mut before, mut count) = (first, 1);
    for place in 1..moments.len() - 1 {
        let (at, after) = (moments[place], moments[place + 1]);
        moments[count] = at;
        count += usize::from(sign * bend(before, at, after) < 0.0);
        before = at;
    }
    moments[count] = moments[moments.len() - 1];
    count + 1
}

/// Twice the area of the triangle of three moments, negative if the second is below the line.
#[inline]
fn bend(before: Moment, at: Moment, after: Moment) -> f64 {
    (at.sum - before.sum) * (after.count - at.count)
        - (after.sum - at.sum) * (at.count - before.count)
}

/// Adds a moment and takes out those that are no corners any more.
#[inline]
fn push(corners: &mut Vec<Moment>, new: Moment, sign: f64) {
    while let [.., first, last] = corners[..] {
        if sign * bend(first, last, new) < 0.0 {
            break;
        }
        corners.pop();
    }
    if corners.len() == CORNERS {
        // Only a sum that bends one way for long has so many; every other one will do.
        let mut number = 0;
        corners.retain(|_| {
            number += 1;
            number % 2 == 1
        });
    }
    corners.push(new);
}

#[cfg(test)]
mod tests {
    use super::Focus;
    use crate::rng::Stream;

    /// Of each prefix of the values, what the change that explains most explains.
    fn greatest(values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0];
        for value in values {
            sums.push(sums[sums.len() - 1] + value);
        }
        let explained = |at: usize, count: usize| {
            let (before, after) = (at as f64, (count - at) as f64);
            let away = sums[at] / before - (sums[count] - sums[at]) / after;
            away * away * before * after / (before + after)
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
        // Moments that are passed over are nearly never the best.
        assert!(late <= 3 && missed == 0, "{late} observations late in all, {missed} missed");
    }
}
