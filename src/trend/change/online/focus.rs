//! `FOCuS`: the likelihood ratio of every change that could have been.

/// A moment and the sum of all before it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Moment {
    count: f64,
    sum: f64,
}

/// Moments kept a direction; a random walk has as many corners as the logarithm of its length.
pub(super) const CORNERS: usize = 64;

/// Moments that wait to become corners.
const BLOCK: usize = 16;

/// Sums over time, and their corners.
///
/// The ratio for a change to a higher mean is greatest at a corner of the greatest convex function
/// below the sums, and for one to a lower mean at a corner of the least concave function above them:
/// other moments need not be kept.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Focus {
    now: Moment,
    below: Vec<Moment>,
    above: Vec<Moment>,
    /// Sums at the latest moments, the first of which is among the corners.
    waiting: [f64; BLOCK + 1],
    waiting_count: usize,
    /// By how much the greatest statistic is at least below the threshold.
    slack: f64,
    /// When that was last looked at.
    mean: f64,
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
        let now = Moment { count: 0.0, sum: 0.0 };
        let corners = || {
            let mut corners = Vec::with_capacity(CORNERS);
            corners.push(now);
            corners
        };
        Self {
            now,
            below: corners(),
            above: corners(),
            waiting: [0.0; BLOCK + 1],
            waiting_count: 0,
            slack: 0.0,
            mean: 0.0,
        }
    }

    /// Takes an observation in; whether a change explains more than a threshold.
    ///
    /// Observations raise no statistic by more than their squared distances from what was the mean
    /// when the statistics were looked at last: while these do not add up to the slack that there was
    /// then, none need be looked at.
    #[inline]
    pub(super) fn take(&mut self, value: f64, threshold: f64, look: bool) -> bool {
        self.now = Moment { count: self.now.count + 1.0, sum: self.now.sum + value };
        self.waiting_count += 1;
        self.waiting[self.waiting_count] = self.now.sum;
        let away = value - self.mean;
        self.slack -= away * away;
        (look || self.slack <= 0.0 || self.waiting_count == BLOCK) && self.look(threshold)
    }

    #[inline(never)]
    fn look(&mut self, threshold: f64) -> bool {
        self.settle();
        let squares = self.best().squares;
        self.slack = threshold - squares;
        self.mean = self.now.sum / self.now.count;
        squares > threshold
    }

    /// Makes corners of the moments that wait.
    fn settle(&mut self) {
        let last = self.waiting_count;
        let waiting = &self.waiting[..=last];
        let start = self.now.count - last as f64;
        // Twice the distance below the line between two moments as far before as after. A corner is on
        // the same side of all such lines: most moments are not.
        let (mut below, mut above) = ([true; BLOCK + 1], [true; BLOCK + 1]);
        for far in [1, 2, 4] {
            let triples =
                waiting.iter().zip(&waiting[far.min(last)..]).zip(&waiting[(2 * far).min(last)..]);
            if 2 * far > last {
                break;
            }
            for ((((before, at), after), below), above) in
                triples.zip(&mut below[far..]).zip(&mut above[far..])
            {
                let bend = before + after - 2.0 * at;
                *below &= bend > 0.0;
                *above &= bend < 0.0;
            }
        }
        for (place, &sum) in waiting.iter().enumerate().skip(1) {
            let moment = Moment { count: start + place as f64, sum };
            if below[place] {
                push(&mut self.below, moment, 1.0);
            }
            if above[place] {
                push(&mut self.above, moment, -1.0);
            }
        }
        self.waiting[0] = self.now.sum;
        self.waiting_count = 0;
    }

    /// The greatest statistic and its change, over all moments that were looked at.
    pub(super) fn best(&self) -> Best {
        let now = self.now;
        let mut found = (0.0, now);
        for corners in [&self.below, &self.above] {
            for corner in corners {
                let since = now.count - corner.count;
                let away = now.sum * corner.count - corner.sum * now.count;
                let product = corner.count * since * now.count;
                if product > 0.0 {
                    let squares = away * away / product;
                    if squares > found.0 {
                        found = (squares, *corner);
                    }
                }
            }
        }
        let (squares, at) = found;
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
                && corners.iter().all(|it| it.count <= self.now.count && it.sum.is_finite())
        };
        self.now.sum.is_finite()
            && self.now.count >= 0.0
            && self.now.count.is_finite()
            && self.waiting_count < BLOCK
            && self.waiting.iter().all(|sum| sum.is_finite())
            && self.slack.is_finite()
            && self.mean.is_finite()
            && sound(&self.below)
            && sound(&self.above)
    }
}

/// Adds a moment and takes out those that are no corners any more.
#[inline]
fn push(corners: &mut Vec<Moment>, new: Moment, sign: f64) {
    while let [.., first, last] = corners[..] {
        let area = (last.sum - first.sum) * (new.count - last.count)
            - (new.sum - last.sum) * (last.count - first.count);
        if sign * area < 0.0 {
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
