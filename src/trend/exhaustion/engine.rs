//! From a past to what a metric does next.

use super::passage::Passage;
use super::resets::{Peaks, Reset, unroll};
use crate::trend::cells::{Cell, Cells};
use crate::trend::middle::median;
use crate::trend::structural::filter::Seen;
use crate::trend::structural::mixture::{mixture, models};
use crate::trend::structural::path::{Path, harmonics};
use crate::trend::structural::wild::Wild;

/// Cells that are needed before anything is said.
const FEWEST: usize = 8;
/// The smallest noise that is believed, as a share of the range of values.
const LEAST: f64 = 1e-3;
/// Cells whose times are off an even grid by more than this share of a step are taken as they are.
const UNEVEN: f64 = 0.02;
/// A single value off by so many usual differences, and back, is wild.
const WILD: f64 = 8.0;
/// Growth at least so fast, compared with now, is the same growth.
const SAME: f64 = 0.5;

/// A metric that is ready to be asked. Its values are counted from its first, in units of its
/// range; its times in steps of a cell, from the last.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    origin: f64,
    range: f64,
    /// Seconds of a step.
    pub(super) width: f64,
    /// Steps from the last cell to now.
    pub(super) waited: f64,
    pub(super) value: f64,
    /// Each with the share that it is believed.
    pub(super) paths: Vec<(Path, f64)>,
    pub(super) wild: Wild,
    pub(super) peaks: Option<Peaks>,
    /// What resets have taken away.
    pub(super) removed: f64,
    /// Steps from the first cell to the last.
    pub(super) place: f64,
    /// Steps for which growth has been going on.
    pub(super) age: f64,
    /// Steps between two observations.
    pub(super) interval: f64,
}

impl Engine {
    /// `None` while too little is known.
    pub(super) fn new(cells: &Cells, period: Option<f64>, now: f64) -> Option<Self> {
        let all = &cells.list[..];
        let (first, last) = (all.first()?, all.last()?);
        if all.len() < FEWEST {
            return None;
        }
        let low = all.iter().map(|cell| cell.mean).fold(f64::INFINITY, f64::min);
        let high = all.iter().map(|cell| cell.mean).fold(f64::NEG_INFINITY, f64::max);
        let (origin, range) = (first.mean, high - low);
        let count: f64 = all.iter().map(|cell| f64::from(cell.count)).sum();
        let mut engine = Self {
            origin,
            range,
            width: cells.width,
            waited: ((now - cells.start - last.time) / cells.width).max(0.0),
            value: (last.mean - origin) / range,
            paths: Vec::new(),
            wild: Wild::new(vec![0.0]),
            peaks: None,
            removed: 0.0,
            place: f64::from(last.place - first.place),
            age: 0.0,
            interval: (last.time - first.time) / cells.width / (count - 1.0),
        };
        if range > 0.0 {
            engine.learn(cells, period);
        }
        Some(engine)
    }

    fn learn(&mut self, cells: &Cells, period: Option<f64>) {
        let all = &cells.list[..];
        let scaled = |value: f64| (value - self.origin) / self.range;
        let first = all[0].place;
        let places: Vec<f64> = all.iter().map(|cell| f64::from(cell.place - first)).collect();
        let mut values: Vec<f64> = all.iter().map(|cell| scaled(cell.mean)).collect();
        let highest: Vec<f64> = all.iter().map(|cell| scaled(cell.highest)).collect();
        let resets = unroll(&places, &mut values, &highest);
        self.removed = values[values.len() - 1] - self.value;
        calm(&mut values);
        self.wild = Wild::new(lifted(&places, &values, &highest, &resets));
        self.peaks = (!resets.is_empty()).then(|| Peaks::new(&resets, self.place));
        let (phase, pace) = match period {
            Some(period) => (cells.phase(&all[all.len() - 1], period), cells.width / period),
            None => (0.0, 0.0),
        };
        let seen = observations(cells, &values, period);
        self.paths = mixture(&models(period.is_some()), &seen, LEAST)
            .into_iter()
            .map(|(posterior, share)| (Path::new(&posterior, phase, pace, &self.wild), share))
            .collect();
        self.age = age(&places, &values, self.slope());
    }

    fn slope(&self) -> f64 {
        self.paths.iter().map(|(path, share)| path.slope() * share).sum()
    }

    /// Growth in the metric's unit a second.
    pub(super) fn rate(&self) -> f64 {
        self.slope() * self.range / self.width
    }

    /// The distribution of the time until `capacity` is reached, as far as it is needed for quantiles
    /// up to `most` and shares within `horizon` seconds.
    pub(super) fn passage(&self, capacity: f64, most: f64, horizon: f64) -> Passage<'_> {
        Passage::new(self, (capacity - self.origin) / self.range, most, horizon)
    }
}

/// What the filters see.
fn observations(cells: &Cells, values: &[f64], period: Option<f64>) -> Vec<Seen> {
    let mut before: Option<Cell> = None;
    let see = |(cell, &value): (&Cell, &f64)| {
        let steps = before.map_or(0.0, |before| {
            let steps = f64::from(cell.place - before.place);
            let exact = (cell.time - before.time) / cells.width;
            if (steps - exact).abs() > UNEVEN { exact } else { steps }
        });
        before = Some(*cell);
        let season = period.map_or([0.0; 4], |period| harmonics(cells.phase(cell, period)));
        Seen { steps, value, season }
    };
    cells.list.iter().zip(values).map(see).collect()
}

/// How far the highest value of each cell was above what is taken for its mean.
fn lifted(places: &[f64], values: &[f64], highest: &[f64], resets: &[Reset]) -> Vec<f64> {
    let mut resets = resets.iter().peekable();
    let mut removed = 0.0;
    let mut lift = |k: usize| {
        while let Some(reset) = resets.next_if(|reset| reset.place < places[k]) {
            removed += reset.drop;
        }
        (highest[k] + removed - values[k]).max(0.0)
    };
    (0..values.len()).map(&mut lift).collect()
}

/// How long growth has been the same; twice the past if it always was.
fn age(places: &[f64], values: &[f64], slope: f64) -> f64 {
    let last = places.len() - 1;
    let now = median(&mut values[last - 5.min(last)..].to_vec());
    let since = |k: usize| places[last] - places[k];
    let first = (0..last).find(|&k| now - values[k] >= SAME * slope * since(k)).unwrap_or(last);
    if slope <= 0.0 || first == 0 { 2.0 * since(0) } else { since(first) }
}

/// Takes single wild values for what their neighbours are.
fn calm(values: &mut [f64]) {
    let mut steps: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let usual = 1.4826 * median(&mut steps);
    for k in 1..values.len() - 1 {
        let (before, after) = (values[k] - values[k - 1], values[k] - values[k + 1]);
        let off = before.abs().min(after.abs());
        if before * after > 0.0 && off > WILD * usual && (before - after).abs() < 0.3 * off {
            values[k] = f64::midpoint(values[k - 1], values[k + 1]);
        }
    }
}
