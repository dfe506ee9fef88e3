//! The distribution of the time until a capacity is reached.

use super::engine::Engine;
use super::resets::Peaks;

/// Times at which the distribution is worked out at first.
const TIMES: usize = 160;
/// The first of them, in steps.
const FIRST: f64 = 0.25;
/// How far the last is, in lengths of the past.
const FARTHEST: f64 = 30.0;
/// How near to the truth a quantile is.
const EXACT: f64 = 1e-3;
/// What is not known about the peaks, in deviations: medians of nine equal shares of the normal.
const NODES: [f64; 9] =
    [-1.593_2, -0.967_4, -0.589_5, -0.282_2, 0.0, 0.282_2, 0.589_5, 0.967_4, 1.593_2];

/// What is known by one time ahead.
#[derive(Debug, Clone)]
struct Point {
    steps: f64,
    /// The probability that the capacity was reached.
    share: f64,
    /// The probability that no peak so far reached it, for each node.
    none: [f64; NODES.len()],
    /// The probability that each path reached it.
    paths: Vec<f64>,
}

/// When a capacity is reached.
#[derive(Debug, Clone)]
pub(super) struct Passage<'a> {
    engine: &'a Engine,
    level: f64,
    /// The probability that the rise under way is not reset before.
    goes_on: f64,
    points: Vec<Point>,
}

impl<'a> Passage<'a> {
    /// Nothing is asked of it but quantiles up to `most`, and shares within `horizon` seconds.
    pub(super) fn new(engine: &'a Engine, level: f64, most: f64, horizon: f64) -> Self {
        let goes_on = match &engine.peaks {
            Some(peaks) => peaks.goes_on(level, engine.value, engine.place),
            None => 1.0,
        };
        let none = [1.0; NODES.len()];
        let now = Point { steps: 0.0, share: 0.0, none, paths: vec![0.0; engine.paths.len()] };
        let mut passage = Self { engine, level, goes_on, points: Vec::with_capacity(TIMES + 1) };
        passage.points.push(now);
        let last = (FARTHEST * engine.place).max(10.0);
        let ratio = (last / FIRST).powf(1.0 / (TIMES - 1) as f64);
        let mut steps = FIRST;
        for k in 0..TIMES {
            let point = passage.after(&passage.points[k], steps);
            let is_enough = point.share >= most && steps * engine.width >= horizon;
            passage.points.push(point);
            if is_enough {
                break;
            }
            steps *= ratio;
        }
        passage
    }

    /// What is known at a time later than that of a point.
    fn after(&self, before: &Point, steps: f64) -> Point {
        let engine = self.engine;
        let level = self.level + engine.removed;
        let mut point = Point { steps, ..before.clone() };
        let mut growth = 0.0;
        for ((path, share), highest) in engine.paths.iter().zip(&mut point.paths) {
            if *highest >= 1.0 {
                growth += share;
                continue;
            }
            let mut reached = path.reached(level, steps + engine.waited, &engine.wild);
            let crest = path.crest_before(steps + engine.waited);
            if let Some(crest) = crest.filter(|&crest| crest > before.steps + engine.waited) {
                reached = reached.max(path.reached(level, crest, &engine.wild));
            }
            *highest = highest.max(reached);
            growth += share * *highest;
        }
        point.share = growth;
        if let Some(peaks) = &engine.peaks {
            let none = self.no_peak(peaks, (before.steps, steps), &mut point.none);
            point.share = 1.0 - (1.0 - self.goes_on * growth) * none;
        }
        point.share = point.share.max(before.share);
        point
    }

    /// The probability that no peak after the rise under way reaches the level.
    fn no_peak(&self, peaks: &Peaks, (from, to): (f64, f64), none: &mut [f64; 9]) -> f64 {
        let place = self.engine.place;
        let next = (peaks.last + peaks.period).max(place) + peaks.period - place;
        // The first one counts in full when its time comes.
        let first = if from < next && to >= next { 1.0 } else { 0.0 };
        let count = first + ((to - next.max(from)) / peaks.period).max(0.0);
        if count > 0.0 {
            for (none, node) in none.iter_mut().zip(NODES) {
                *none *= (1.0 - peaks.reaches(self.level, place + to, node)).powf(count);
            }
        }
        none.iter().sum::<f64>() / NODES.len() as f64
    }

    /// The probability that the time comes within so many seconds.
    pub(super) fn within(&self, seconds: f64) -> f64 {
        let steps = seconds / self.engine.width;
        let k = self.points.partition_point(|point| point.steps < steps).max(1);
        let share = self.after(&self.points[k - 1], steps).share;
        self.points.get(k).map_or(share, |point| share.min(point.share))
    }

    /// The same if growth may end at any time, the more likely the younger it is.
    pub(super) fn within_if_it_lasts(&self, seconds: f64) -> f64 {
        let (steps, age) = (seconds / self.engine.width, self.engine.age);
        let mut sum = 0.0;
        for pair in self.points.windows(2) {
            let (from, to) = (pair[0].steps, pair[1].steps.min(steps));
            if from >= steps {
                break;
            }
            let after = if to < pair[1].steps { self.within(seconds) } else { pair[1].share };
            sum += (after - pair[0].share) * age / (age + f64::midpoint(from, to));
        }
        sum
    }

    /// The time by which the probability is reached; infinite where it never is.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let k = self.points.partition_point(|point| point.share < share);
        if k == self.points.len() {
            return f64::INFINITY;
        }
        if k == 0 {
            return 0.0;
        }
        let before = &self.points[k - 1];
        let (mut low, mut high) = (before.steps, self.points[k].steps);
        while high - low > EXACT * high.max(FIRST) {
            let middle = f64::midpoint(low, high);
            if self.after(before, middle).share < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        // It is noticed at the next observation.
        (high + share * self.engine.interval) * self.engine.width
    }
}
