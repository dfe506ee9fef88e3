//! The median over all observations of the median of the slopes to all others, without all pairs.
//!
//! How many of an observation's slopes are below a slope `a` follows from the order of what a line of
//! slope `a` leaves over: those of later observations that come before it, and of earlier ones that
//! come after it. Counting that for all at once takes O(n log n), and tells for each whether its
//! median is below. The medians of a sample say where to look; what is decided needs no median.
//!
//! After Matoušek, Mount & Netanyahu, "Efficient randomized algorithms for the repeated median line
//! estimator", Algorithmica 20 (1998), which narrows the slopes instead of the observations.

use crate::rng::Stream;
use crate::trend::middle::median_of;

/// Observations whose medians are worked out to see where the middle of all lies.
const SAMPLE: usize = 64;
/// So many are few enough for each to be worked out.
const FEW: usize = 4 * SAMPLE;

/// The repeated median slope; `None` where no two observations have different times.
pub(super) fn repeated(mut points: Vec<(f64, f64)>) -> Option<f64> {
    points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    if points.first()?.0 == points.last()?.0 {
        return None;
    }
    Search::new(&points).run()
}

struct Search<'a> {
    points: &'a [(f64, f64)],
    /// How many others have another time, for each.
    others: Vec<u32>,
    /// Those whose medians may be the middle ones, and how many are below.
    open: Vec<u32>,
    below: usize,
    slopes: Vec<f64>,
}

impl<'a> Search<'a> {
    fn new(points: &'a [(f64, f64)]) -> Self {
        let count = points.len();
        let ties = points.chunk_by(|a, b| a.0 == b.0);
        let others = ties.flat_map(|tie| tie.iter().map(|_| (count - tie.len()) as u32)).collect();
        let open = (0..count as u32).collect();
        Self { points, others, open, below: 0, slopes: Vec::with_capacity(count) }
    }

    fn run(mut self) -> Option<f64> {
        let mut stream = Stream::new(self.points.len() as u64, 1);
        let mut stalls = 0;
        while self.open.len() > FEW && stalls < 3 {
            let before = self.open.len();
            let sample = [(); SAMPLE].map(|()| self.open[stream.below(before)]);
            let mut found: Vec<f64> =
                sample.into_iter().filter_map(|point| self.median(point)).collect();
            found.sort_unstable_by(f64::total_cmp);
            let [first, last] = self.wanted();
            // Two deviations of where the middle of all is in a sample.
            let margin = (SAMPLE as f64).sqrt();
            let place = |rank: usize| rank as f64 / before as f64 * SAMPLE as f64;
            let (low, high) = (place(first) - margin, place(last) + margin);
            let low = if low < 0.0 { None } else { found.get(low as usize).copied() };
            let high = found.get(high as usize + 1).copied();
            let low = low.filter(|&low| self.drop_below(low));
            let high = high.filter(|&high| self.drop_above(high));
            if self.open.len() < before {
                continue;
            }
            stalls += 1;
            // Many have the same median: it may be the one.
            if let Some(low) = low.filter(|&low| self.is_at_most(low)) {
                return Some(low);
            }
            if let Some(high) = high.filter(|&high| self.is_at_least(high)) {
                return Some(high);
            }
        }
        let [first, last] = self.wanted();
        let open = std::mem::take(&mut self.open);
        let mut medians: Vec<f64> =
            open.into_iter().filter_map(|point| self.median(point)).collect();
        medians.sort_unstable_by(f64::total_cmp);
        Some(f64::midpoint(*medians.get(first)?, *medians.get(last)?))
    }

    /// The ranks of the middle ones among those that are open: one, or two neighbours.
    fn wanted(&self) -> [usize; 2] {
        let count = self.points.len();
        [(count - 1) / 2, count / 2].map(|rank| rank - self.below)
    }

    /// The median of one observation's slopes.
    fn median(&mut self, point: u32) -> Option<f64> {
        let (time, value) = self.points[point as usize];
        self.slopes.clear();
        let others = self.points.iter().filter(|(other, _)| *other != time);
        self.slopes.extend(others.map(|(t, v)| (v - value) / (t - time)));
        median_of(&mut self.slopes)
    }

    /// Lets go those whose medians are below a slope, if the middle ones are not.
    ///
    /// Of an even number of slopes the middle two may lie on both sides, and then this does not
    /// say where the median is: such observations stay, and count as below when it comes to whether
    /// the middle ones are not. Else one of them could be the middle after others above it had gone.
    fn drop_below(&mut self, slope: f64) -> bool {
        let Some(less) = self.counts(slope, true) else { return false };
        let is_below = |&point: &u32| less[point as usize] > self.others[point as usize] / 2;
        let may_be = |&&point: &&u32| less[point as usize] > (self.others[point as usize] - 1) / 2;
        if self.open.iter().filter(may_be).count() > self.wanted()[0] {
            return false;
        }
        let before = self.open.len();
        let mut open = std::mem::take(&mut self.open);
        open.retain(|point| !is_below(point));
        self.below += before - open.len();
        self.open = open;
        true
    }

    /// Lets go those whose medians are above a slope, if the middle ones are not.
    fn drop_above(&mut self, slope: f64) -> bool {
        let Some(up_to) = self.counts(slope, false) else { return false };
        let is_above =
            |&point: &u32| up_to[point as usize] <= (self.others[point as usize] - 1) / 2;
        let is_not = |&&point: &&u32| up_to[point as usize] > self.others[point as usize] / 2;
        if self.open.iter().filter(is_not).count() <= self.wanted()[1] {
            return false;
        }
        let mut open = std::mem::take(&mut self.open);
        open.retain(|point| !is_above(point));
        self.open = open;
        true
    }

    /// Whether the middle ones are at most as high as a slope.
    fn is_at_most(&self, slope: f64) -> bool {
        let Some(up_to) = self.counts(slope, false) else { return false };
        let is_so = |&&point: &&u32| up_to[point as usize] > self.others[point as usize] / 2;
        self.open.iter().filter(is_so).count() > self.wanted()[1]
    }

    /// Whether the middle ones are at least as high as a slope.
    fn is_at_least(&self, slope: f64) -> bool {
        let Some(less) = self.counts(slope, true) else { return false };
        let is_so = |&&point: &&u32| less[point as usize] <= (self.others[point as usize] - 1) / 2;
        self.open.iter().filter(is_so).count() >= self.open.len() - self.wanted()[0]
    }

    /// What rounding may do to the difference of what two observations leave over.
    ///
    /// The slope looked at is one of the slopes itself, so that some pair ties exactly. Were rounding
    /// to break the tie, an observation of the very median looked for could be let go as one below it,
    /// while others below stay whose middle two slopes lie on both sides: a wrong one is then the
    /// middle. Without a slope nothing is rounded but in order.
    fn tolerance(&self, slope: f64) -> f64 {
        if slope == 0.0 {
            return 0.0;
        }
        let (time, value) = self.points[self.points.len() / 2];
        let most =
            |sum: f64, p: &(f64, f64)| sum.max((p.1 - value).abs() + (slope * (p.0 - time)).abs());
        4.0 * f64::EPSILON * self.points.iter().fold(0.0, most)
    }

    /// For each observation, how many of its slopes are certainly less than a slope, or not certainly
    /// above it; `None` where what is left over is too large for a number.
    fn counts(&self, slope: f64, is_strict: bool) -> Option<Vec<u32>> {
        let count = self.points.len();
        let (time, value) = self.points[count / 2];
        let rest: Vec<f64> =
            self.points.iter().map(|p| (p.1 - value) - slope * (p.0 - time)).collect();
        let tolerance = self.tolerance(slope);
        if !tolerance.is_finite() {
            return None;
        }
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_unstable_by(|&a, &b| rest[a as usize].total_cmp(&rest[b as usize]));
        // The place of each in that order, how many leave less over, and how many not more.
        let mut places = vec![0_u32; count];
        let (mut less, mut up_to) = (vec![0_u32; count], vec![0_u32; count]);
        let (mut from, mut to) = (0, 0);
        let rest_at = |place: usize| rest[order[place] as usize];
        for (place, &point) in order.iter().enumerate() {
            let own = rest_at(place);
            while rest_at(from) < own - tolerance {
                from += 1;
            }
            while to < count && rest_at(to) <= own + tolerance {
                to += 1;
            }
            let point = point as usize;
            (places[point], less[point], up_to[point]) = (place as u32, from as u32, to as u32);
        }
        let mut earlier = Counter::new(count);
        let mut counts = vec![0_u32; count];
        let mut start = 0;
        for tie in self.points.chunk_by(|a, b| a.0 == b.0) {
            let points = start..start + tie.len();
            for point in points.clone() {
                // Of one time, what is left over is in the order of values.
                let same = &rest[points.clone()];
                let (within, before, all) = if is_strict {
                    let within = same.partition_point(|&other| other < rest[point] - tolerance);
                    (within, earlier.up_to(less[point]), less[point])
                } else {
                    let within = same.partition_point(|&other| other <= rest[point] + tolerance);
                    (within, earlier.up_to(up_to[point]), up_to[point])
                };
                let later = all - before - within as u32;
                let most = if is_strict { up_to[point] } else { less[point] };
                counts[point] = later + start as u32 - earlier.up_to(most);
            }
            for point in points {
                earlier.add(places[point]);
            }
            start += tie.len();
        }
        Some(counts)
    }
}

/// Counts ranks: Fenwick, "A new data structure for cumulative frequency tables" (1994).
struct Counter {
    sums: Vec<u32>,
}

impl Counter {
    fn new(count: usize) -> Self {
        Self { sums: vec![0; count + 1] }
    }

    fn add(&mut self, rank: u32) {
        let mut place = rank as usize + 1;
        while place < self.sums.len() {
            self.sums[place] += 1;
            place += place & place.wrapping_neg();
        }
    }

    /// How many ranks below a rank were added.
    fn up_to(&self, rank: u32) -> u32 {
        let (mut place, mut sum) = (rank as usize, 0);
        while place > 0 {
            sum += self.sums[place];
            place &= place - 1;
        }
        sum
    }
}
