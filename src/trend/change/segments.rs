//! A series cut into segments.

use super::cost::{Cost, Level, LevelAndSpread, Trend};
use super::noise::{clip, estimate};
use super::search::search;
use super::{ChangePointParams, Penalty, Shape};
use crate::error::{Error, Result};
use statrs::function::erf::erfc_inv;

/// A stretch of a series in which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Segment {
    /// Index of its first value.
    pub start: usize,
    /// Index just past its last value.
    pub end: usize,
    /// Values that are not missing.
    pub count: usize,
    /// Mean of the values as they were given.
    pub mean: f64,
    /// Standard deviation about the mean, with `count` as divisor.
    pub spread: f64,
    /// Slope of the line through the values (outliers drawn in), by observation; 0 for shapes other
    /// than [`Shape::Trend`].
    pub slope: f64,
}

/// A change between two segments.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangePoint {
    /// Index of the first value after it.
    pub index: usize,
    /// Mean before, back to the change before.
    pub before: f64,
    /// Mean after, up to the next change.
    pub after: f64,
    /// What the change explains, by what it must explain to be reported. The optimum may hold
    /// changes a little below 1: they pay together with their neighbours.
    pub strength: f64,
}

/// What the noise was taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Noise {
    /// Standard deviation of a value about its segment, in the unit of the series (of normal scores
    /// for [`Shape::Ranks`]); about one straight line if the series wanders.
    pub spread: f64,
    /// Correlation of neighbours, from 0 to 0.97; 0 if the series wanders.
    pub autocorrelation: f64,
    /// The series has no noise about a level, but moves on at every scale, or is too short to tell.
    /// Then its changes are a summary: each explains a substantial part of all movement.
    pub wandering: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Segmentation {
    /// The segments, in order; at least one. Together they are the whole series.
    pub segments: Vec<Segment>,
    /// The changes between them.
    pub changes: Vec<ChangePoint>,
    /// What was taken to change; never [`Shape::Automatic`].
    pub shape: Shape,
    /// The noise.
    pub noise: Noise,
    /// What a change had to explain, as [`Penalty::Fixed`] has it.
    pub penalty: f64,
}

impl Segmentation {
    /// Index of the first value after each change, in order.
    #[must_use]
    pub fn change_points(&self) -> Vec<usize> {
        self.changes.iter().map(|change| change.index).collect()
    }
}

pub(super) fn find(params: &ChangePointParams, series: &[f64]) -> Result<Segmentation> {
    let mut places = Vec::with_capacity(series.len());
    let mut given = Vec::with_capacity(series.len());
    for (place, &value) in series.iter().enumerate() {
        if value.is_infinite() {
            let allowed = "finite, or NaN where it is missing";
            return Err(Error::OutOfRange { name: "value", value, allowed });
        }
        if !value.is_nan() {
            places.push(place);
            given.push(value);
        }
    }
    if given.is_empty() {
        return Err(Error::Empty { what: "series" });
    }
    let scaling = Scaling::of(&given);
    let mut values: Vec<f64> = given.iter().map(|&value| scaling.apply(value)).collect();
    if let Some(most) = params.clip {
        clip(&mut values, params.min_length, most);
    }
    if params.shape == Shape::Ranks {
        values = normal_scores(&values);
    }
    let unit = if params.shape == Shape::Ranks { 1.0 } else { scaling.unit };
    let found = Solved::new(params, &values, unit);
    Ok(found.describe(series.len(), &places, &given, &values, unit))
}

/// To numbers of a size that sums of squares can bear.
struct Scaling {
    centre: f64,
    unit: f64,
}

impl Scaling {
    /// The unit is a power of two: dividing by it rounds nothing.
    fn of(values: &[f64]) -> Self {
        let (low, high) = extent(values);
        let half = high / 2.0 - low / 2.0;
        let exponent = if half > 0.0 { half.log2().floor() } else { 0.0 };
        Self { centre: low / 2.0 + high / 2.0, unit: exponent.clamp(-1_000.0, 1_022.0).exp2() }
    }

    fn apply(&self, value: f64) -> f64 {
        value / self.unit - self.centre / self.unit
    }
}

fn extent(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// The quantiles of a normal law at the ranks; tied values get the mean of their ranks.
fn normal_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; values.len()];
    let mut rank = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = rank as f64 + tied.len() as f64 / 2.0;
        let score = -std::f64::consts::SQRT_2 * erfc_inv(2.0 * middle / values.len() as f64);
        for &place in tied {
            scores[place] = score;
        }
        rank += tied.len();
    }
    scores
}

/// The best segmentation of the shape asked for, in scaled units.
struct Solved {
    shape: Shape,
    noise: Noise,
    penalty: f64,
    changes: Vec<usize>,
    strengths: Vec<f64>,
}

impl Solved {
    fn new(params: &ChangePointParams, values: &[f64], unit: f64) -> Self {
        let count = values.len();
        let (level, trend) = (Level::new(values), Trend::new(values));
        let about = if params.shape == Shape::Ranks || params.shape == Shape::Level {
            level.cost(0, count)
        } else {
            trend.cost(0, count)
        };
        let about_line = about / count as f64;
        let estimate = estimate(values);
        let noise = Noise {
            spread: estimate.map_or(about_line, |it| it.variance).sqrt(),
            autocorrelation: estimate.map_or(0.0, |it| it.correlation),
            wandering: estimate.is_none(),
        };
        let variance = estimate.map_or(about_line, |it| it.long_run_variance());
        let min_length = params.min_length;
        let none =
            Self { shape: params.shape, noise, penalty: 0.0, changes: vec![], strengths: vec![] };
        // Rounding alone: nothing is to be explained.
        let flat = about_line <= 1e-24;
        let logarithm = (count as f64).ln();
        let penalty = |parameters: f64, variance: f64| match params.penalty {
            Penalty::Automatic(factor) => factor * parameters * logarithm * variance,
            Penalty::Fixed(value) if params.shape == Shape::LevelAndSpread => value,
            Penalty::Fixed(value) => value / unit / unit,
        };
        let solve = |shape: Shape, penalty: f64| match shape {
            _ if flat || count < 2 * min_length => (Vec::new(), Vec::new(), 0.0),
            Shape::Trend => solve(&trend, count, penalty, min_length),
            Shape::LevelAndSpread => {
                let cost = LevelAndSpread::new(values, 1e-6 * about_line);
                solve(&cost, count, penalty, min_length)
            }
            _ => solve(&level, count, penalty, min_length),
        };
        let shape = if params.shape == Shape::Automatic { Shape::Level } else { params.shape };
        let price = match shape {
            Shape::Trend => penalty(3.0, variance),
            Shape::LevelAndSpread => {
                let r = noise.autocorrelation;
                penalty(3.0, (1.0 + r) / (1.0 - r))
            }
            _ => penalty(2.0, variance),
        };
        let (changes, strengths, sum) = solve(shape, price);
        let found = Self { shape, penalty: price, changes, strengths, ..none };
        if params.shape != Shape::Automatic || flat || count < 2 * min_length {
            return found;
        }
        let (bend, slope) = (penalty(3.0, variance), penalty(1.0, variance));
        let (changes, strengths, sum_of_lines) = solve(Shape::Trend, bend);
        if sum_of_lines + slope < sum {
            return Self { shape: Shape::Trend, penalty: bend, changes, strengths, ..found };
        }
        found
    }

    fn describe(
        self,
        length: usize,
        places: &[usize],
        given: &[f64],
        values: &[f64],
        unit: f64,
    ) -> Segmentation {
        let trend = Trend::new(values);
        let starts = std::iter::once(0).chain(self.changes.iter().copied());
        let ends = self.changes.iter().copied().chain([given.len()]);
        let mut segments: Vec<Segment> = starts
            .zip(ends)
            .map(|(from, to)| {
                let (mean, spread) = moments(&given[from..to]);
                let slope =
                    if self.shape == Shape::Trend { trend.slope(from, to) * unit } else { 0.0 };
                let end = places.get(to).copied().unwrap_or(length);
                Segment { start: places[from], end, count: to - from, mean, spread, slope }
            })
            .collect();
        segments[0].start = 0;
        let changes = segments
            .windows(2)
            .zip(&self.strengths)
            .map(|(pair, &strength)| ChangePoint {
                index: pair[1].start,
                before: pair[0].mean,
                after: pair[1].mean,
                strength,
            })
            .collect();
        let squared = if self.shape == Shape::LevelAndSpread { 1.0 } else { unit * unit };
        let noise = Noise { spread: self.noise.spread * unit, ..self.noise };
        Segmentation {
            segments,
            changes,
            shape: self.shape,
            noise,
            penalty: self.penalty * squared,
        }
    }
}

/// Change points, the strength of each, and the sum of costs and penalties.
fn solve(
    cost: &impl Cost,
    count: usize,
    penalty: f64,
    min_length: usize,
) -> (Vec<usize>, Vec<f64>, f64) {
    let (changes, sum) = search(cost, count, penalty, min_length);
    let bound = |index: usize| match index {
        0 => 0,
        _ => changes.get(index - 1).copied().unwrap_or(count),
    };
    let strengths = (0..changes.len())
        .map(|index| {
            let (from, place, to) = (bound(index), changes[index], bound(index + 2));
            (cost.cost(from, to) - cost.cost(from, place) - cost.cost(place, to)) / penalty
        })
        .collect();
    (changes, strengths, sum)
}

/// Mean and standard deviation, whatever the size of the values.
fn moments(values: &[f64]) -> (f64, f64) {
    let scaling = Scaling::of(values);
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| scaling.apply(value)).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|&value| (scaling.apply(value) - mean).powi(2)).sum();
    (scaling.centre + mean * scaling.unit, (squares / count).sqrt() * scaling.unit)
}
