//! The slope of a given rank among those of all pairs, without making all pairs.
//!
//! Sorted by what a line of slope `a` leaves over, two observations change places between `a` and
//! `b` exactly where their own slope lies between the two. So the pairs in an interval are the
//! inversions of one order in the other, which merging counts, samples or lists in O(n log n).

use crate::rng::Stream;
use crate::trend::middle::median_of;

/// So many pairs for each observation are few enough to be listed.
const FEW: u64 = 16;
/// Up to so many observations all pairs are listed at once.
const SMALL: usize = 300;

/// The slopes of all pairs of different times.
#[derive(Debug, Clone)]
pub(super) struct Slopes {
    /// Ascending in time, then in value.
    points: Vec<(f64, f64)>,
    /// All slopes, ascending, of a small series.
    all: Vec<f64>,
    /// Pairs of one time.
    ties: u64,
}

/// A pair, by the places of both.
type Pair = (u32, u32);

impl Slopes {
    pub(super) fn new(mut points: Vec<(f64, f64)>) -> Self {
        points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let same = |a: &(f64, f64), b: &(f64, f64)| a.0 == b.0;
        let ties = points.chunk_by(same).map(|tie| pairs(tie.len())).sum();
        let mut slopes = Self { points, all: Vec::new(), ties };
        if slopes.points.len() <= SMALL {
            for (k, a) in slopes.points.iter().enumerate() {
                let later = slopes.points[k + 1..].iter().filter(|b| b.0 > a.0);
                slopes.all.extend(later.map(|b| slope(a, b)));
            }
            slopes.all.sort_unstable_by(f64::total_cmp);
        }
        slopes
    }

    pub(super) fn count(&self) -> u64 {
        pairs(self.points.len()) - self.ties
    }

    pub(super) fn middle_time(&self) -> f64 {
        let mut times: Vec<f64> = self.points.iter().map(|point| point.0).collect();
        median_of(&mut times).unwrap_or(f64::NAN)
    }

    pub(super) fn middle_value(&self) -> f64 {
        let mut values: Vec<f64> = self.points.iter().map(|point| point.1).collect();
        median_of(&mut values).unwrap_or(f64::NAN)
    }

    /// The variance of Kendall's count of rising pairs less falling ones.
    pub(super) fn variance(&self) -> f64 {
        let term = |count: usize| {
            let count = count as f64;
            count * (count - 1.0) * (2.0 * count + 5.0)
        };
        let times = self.points.chunk_by(|a, b| a.0 == b.0).map(|tie| term(tie.len()));
        let mut values: Vec<f64> = self.points.iter().map(|point| point.1).collect();
        values.sort_unstable_by(f64::total_cmp);
        let values = values.chunk_by(|a, b| a == b).map(|tie| term(tie.len()));
        (term(self.points.len()) - times.sum::<f64>() - values.sum::<f64>()) / 18.0
    }

    /// The slope of a rank from 0.
    pub(super) fn ranked(&self, rank: u64) -> f64 {
        if !self.all.is_empty() {
            return self.all[(rank as usize).min(self.all.len() - 1)];
        }
        // The rank asked for lies among the pairs between both slopes, after so many below them.
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let (mut below, mut within) = (0, self.count());
        let mut stream = Stream::new(within, rank);
        while within > FEW * self.points.len() as u64 {
            let wanted = self.points.len();
            let mut found = self.sample((low, high), within, wanted, &mut stream);
            if found.is_empty() {
                break;
            }
            found.sort_unstable_by(f64::total_cmp);
            let expected = (rank - below) as f64 / within as f64 * found.len() as f64;
            let margin = 2.0 * (found.len() as f64).sqrt();
            let at = |place: f64| found[(place.max(0.0) as usize).min(found.len() - 1)];
            let before = (low, high);
            for (place, side) in [(expected - margin, false), (expected + margin, true)] {
                let cut = at(place);
                // Slopes equal to the cut are on its lower side.
                let up_to = self.up_to(cut);
                if !side && up_to <= rank && cut > low {
                    within -= up_to - below;
                    (low, below) = (cut, up_to);
                } else if side && up_to > rank && cut < high {
                    within = up_to - below;
                    high = cut;
                }
            }
            if before == (low, high) {
                break;
            }
        }
        let mut last = self.list((low, high));
        if last.is_empty() {
            return high;
        }
        let place = ((rank - below) as usize).min(last.len() - 1);
        *last.select_nth_unstable_by(place, f64::total_cmp).1
    }

    /// The number of slopes that are not above a slope.
    fn up_to(&self, high: f64) -> u64 {
        let mut count = 0;
        self.inversions((f64::NEG_INFINITY, high), |left, _| count += left.len() as u64);
        count
    }

    /// A sample of slopes, drawn with replacement.
    fn sample(
        &self,
        range: (f64, f64),
        within: u64,
        wanted: usize,
        stream: &mut Stream,
    ) -> Vec<f64> {
        let mut targets: Vec<u64> =
            (0..wanted).map(|_| (stream.unit() * within as f64) as u64).collect();
        targets.sort_unstable();
        let (mut passed, mut next) = (0, 0);
        let mut found = Vec::with_capacity(wanted);
        self.inversions(range, |left, right| {
            while next < targets.len() && targets[next] < passed + left.len() as u64 {
                let place = left[(targets[next] - passed) as usize];
                found.push(self.slope_of((place, right)));
                next += 1;
            }
            passed += left.len() as u64;
        });
        found
    }

    /// All slopes in a range.
    fn list(&self, range: (f64, f64)) -> Vec<f64> {
        let mut found = Vec::new();
        self.inversions(range, |left, right| {
            found.extend(left.iter().map(|&place| self.slope_of((place, right))));
        });
        found
    }

    fn slope_of(&self, (a, b): Pair) -> f64 {
        let (a, b) = (&self.points[a.min(b) as usize], &self.points[a.max(b) as usize]);
        slope(a, b)
    }

    /// The order of observations by what a slope leaves over. Those that tie are in such an order
    /// that slopes equal to it are not above it, and pairs of one time never change places.
    fn order(&self, slope: f64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.points.len() as u32).collect();
        if slope == f64::NEG_INFINITY {
            return order;
        }
        let (time, value) = self.points[self.points.len() / 2];
        let rest: Vec<f64> = match slope {
            f64::INFINITY => self.points.iter().map(|point| -point.0).collect(),
            _ => self.points.iter().map(|p| (p.1 - value) - slope * (p.0 - time)).collect(),
        };
        order.sort_unstable_by(|&a, &b| {
            let (left, right) = (a as usize, b as usize);
            let later = || {
                let times = self.points[right].0.total_cmp(&self.points[left].0);
                times.then(left.cmp(&right))
            };
            rest[left].total_cmp(&rest[right]).then_with(later)
        });
        order
    }

    /// Calls with the places on the left that each place on the right passes between two slopes.
    fn inversions(&self, (low, high): (f64, f64), mut visit: impl FnMut(&[u32], u32)) {
        let mut rank = vec![0_u32; self.points.len()];
        for (place, &point) in self.order(high).iter().enumerate() {
            rank[point as usize] = place as u32;
        }
        let mut from = self.order(low);
        let mut to = from.clone();
        let mut width = 1;
        while width < from.len() {
            for start in (0..from.len()).step_by(2 * width) {
                let middle = (start + width).min(from.len());
                let end = (start + 2 * width).min(from.len());
                let (mut left, mut right) = (start, middle);
                for slot in &mut to[start..end] {
                    let first = right == end
                        || left < middle && rank[from[left] as usize] < rank[from[right] as usize];
                    if !first {
                        visit(&from[left..middle], from[right]);
                    }
                    let taken = if first { &mut left } else { &mut right };
                    *slot = from[*taken];
                    *taken += 1;
                }
            }
            std::mem::swap(&mut from, &mut to);
            width *= 2;
        }
    }
}

fn pairs(count: usize) -> u64 {
    let count = count as u64;
    count * count.saturating_sub(1) / 2
}

fn slope(a: &(f64, f64), b: &(f64, f64)) -> f64 {
    (b.1 - a.1) / (b.0 - a.0)
}
