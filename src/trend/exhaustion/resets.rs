//! Sawteeth: growth that is thrown back again and again.

use crate::trend::middle::median;
use crate::trend::structural::path::upper;

/// A drop below so many usual differences is one.
const STEEP: f64 = 4.0;
/// All its steps together are at least so many.
const DEEP: f64 = 8.0;
/// The share of metrics whose resets stop without notice.
const BROKEN: f64 = 0.02;

/// A drop: where the metric was before, and by how much it fell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reset {
    /// Steps since the first cell.
    pub(super) place: f64,
    pub(super) peak: f64,
    pub(super) drop: f64,
}

/// Finds the drops and adds them back to all that follows: what is left is growth alone.
pub(super) fn unroll(places: &[f64], values: &mut [f64], highest: &[f64]) -> Vec<Reset> {
    let steps: Vec<f64> = (1..values.len())
        .map(|k| (values[k] - values[k - 1]) / (places[k] - places[k - 1]).sqrt())
        .collect();
    let mut sorted = steps.clone();
    let middle = median(&mut sorted);
    let mut sizes: Vec<f64> = steps.iter().map(|step| (step - middle).abs()).collect();
    let usual = 1.4826 * median(&mut sizes);
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let least = (DEEP * usual).max(0.02 * (high - low));
    let original = values.to_vec();
    let mut resets = Vec::new();
    let (mut added, mut index) = (0.0, 0);
    while index < steps.len() {
        let from = index;
        while index < steps.len() && steps[index] < middle - STEEP * usual {
            index += 1;
        }
        if index == from {
            index += 1;
            values[index] += added;
            continue;
        }
        let drop = original[from] - original[index];
        if drop >= least && drop > 0.0 {
            let peak = highest[from.saturating_sub(1)..=from]
                .iter()
                .copied()
                .fold(original[from], f64::max);
            resets.push(Reset { place: places[from], peak, drop });
            values[from + 1..=index].fill(original[from] + added);
            added += drop;
        } else {
            values[from + 1..=index].iter_mut().for_each(|value| *value += added);
        }
    }
    resets
}

/// Where the next peaks will be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peaks {
    centre: f64,
    level: f64,
    slope: f64,
    spread: f64,
    /// Variances of level and slope.
    unknown: [f64; 2],
    /// Steps between two.
    pub(super) period: f64,
    pub(super) last: f64,
}

impl Peaks {
    /// From at least one reset.
    pub(super) fn new(resets: &[Reset], now: f64) -> Self {
        let count = resets.len() as f64;
        let usual_drop = resets.iter().map(|reset| reset.drop).sum::<f64>() / count;
        let last = resets[resets.len() - 1].place;
        let period = if resets.len() > 1 {
            let mut between: Vec<f64> =
                resets.windows(2).map(|pair| pair[1].place - pair[0].place).collect();
            median(&mut between)
        } else {
            now
        };
        let centre = resets.iter().map(|reset| reset.place).sum::<f64>() / count;
        let level = resets.iter().map(|reset| reset.peak).sum::<f64>() / count;
        let (mut along, mut across, mut squares) = (0.0, 0.0, 0.0);
        for reset in resets {
            let (x, y) = (reset.place - centre, reset.peak - level);
            along += x * x;
            across += x * y;
            squares += y * y;
        }
        let least = (0.01 * usual_drop).powi(2);
        let prior = (0.2 * usual_drop).powi(2);
        let flat = (squares + prior + count * least) / count;
        let mut peaks = Self {
            centre,
            level,
            slope: 0.0,
            spread: flat.sqrt(),
            unknown: [flat / count, 0.0],
            period: period.max(1.0),
            last,
        };
        if resets.len() >= 4 && along > 0.0 {
            let slope = across / along;
            let rest = (squares - slope * across).max(0.0);
            let sloped = (rest + prior + count * least) / (count - 1.0);
            // The slope must be worth its freedom.
            if count * (flat * count / (sloped * (count - 1.0))).ln() > 2.0 * count.ln() {
                peaks.slope = slope;
                peaks.spread = sloped.sqrt();
                peaks.unknown = [sloped / count, sloped / along];
            }
        }
        peaks
    }

    /// The probability that a peak at a place reaches a level, for a quantile of what is unknown.
    pub(super) fn reaches(&self, level: f64, place: f64, quantile: f64) -> f64 {
        let away = place - self.centre;
        let doubt = (self.unknown[0] + self.unknown[1] * away * away).sqrt();
        let mean = self.level + self.slope * away + quantile * doubt;
        upper((level - mean) / self.spread)
    }

    /// The probability that the rise under way, already at `now`, goes on to a level.
    pub(super) fn goes_on(&self, level: f64, now: f64, place: f64) -> f64 {
        let away = place - self.centre;
        let doubt = self.unknown[0] + self.unknown[1] * away * away;
        let mean = self.level + self.slope * away;
        let total = (self.spread * self.spread + doubt).sqrt();
        let tail = |level: f64| BROKEN + (1.0 - BROKEN) * upper((level - mean) / total);
        tail(level) / tail(now)
    }
}
