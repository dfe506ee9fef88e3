//! One way to see the rhythm of a metric, and what follows for its level.

use super::profile::Profile;

/// What the levels forget of themselves a step.
const SPEEDS: [f64; 4] = [0.9, 0.3, 0.06, 0.012];
/// Half of a deviation from the long-run level is left after these shares of a period; the first
/// stands for all of it, for ever.
const RETURNS: [f64; 3] = [f64::INFINITY, 1.0, 0.15];
/// The lines' lengths, in periods.
const LENGTHS: [f64; 2] = [1.0, 4.0];
/// Forecasters of a track.
pub(super) const FORECASTERS: usize = SPEEDS.len() * RETURNS.len() + 2 * LENGTHS.len() + 1;
/// Steps that count as a period where there is none.
const NO_PERIOD: f64 = 100.0;
/// What is learned from a value ends at so many usual errors.
const FARTHEST: f64 = 4.0;

/// A line of least squares that forgets; times are steps from now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    keep: f64,
    /// Sums of weights, times, values, squared times, and products.
    sums: [f64; 5],
}

impl Line {
    pub(super) fn new(length: f64) -> Self {
        Self { keep: 1.0 - 1.0 / length.max(4.0), sums: [0.0; 5] }
    }

    pub(super) fn step(&mut self) {
        let [w, x, y, xx, xy] = self.sums;
        self.sums = [w, x - w, y, xx - 2.0 * x + w, xy - y].map(|sum| sum * self.keep);
    }

    pub(super) fn learn(&mut self, value: f64) {
        self.sums[0] += 1.0;
        self.sums[2] += value;
    }

    /// Level now and slope.
    pub(super) fn fit(&self) -> (f64, f64) {
        let [w, x, y, xx, xy] = self.sums;
        let spread = w * xx - x * x;
        if w <= 0.0 {
            return (0.0, 0.0);
        }
        if spread <= 1e-9 * w * xx {
            return (y / w, 0.0);
        }
        let slope = (w * xy - x * y) / spread;
        ((y - slope * x) / w, slope)
    }
}

/// What was learned up to a time.
#[derive(Debug, Clone)]
pub(super) struct Track {
    profile: Option<Profile>,
    /// Steps that count as a period.
    period: f64,
    levels: [f64; SPEEDS.len()],
    lines: [Line; LENGTHS.len()],
    /// The long-run level, and from how much it was learned.
    middle: f64,
    count: f64,
    /// The usual error.
    usual: f64,
    /// Errors in a row that were cut off.
    cut: i32,
}

impl Track {
    /// Learns from the first cells; `usual` is the usual difference of neighbours.
    pub(super) fn new(profile: Option<Profile>, first: &[f64], usual: f64) -> Self {
        let there = || first.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let count = there().count().max(1) as f64;
        let middle = there().map(|(_, value)| value).sum::<f64>() / count;
        let period = profile.as_ref().map_or(NO_PERIOD, Profile::period);
        let mut track = Self {
            profile,
            period,
            levels: [middle; SPEEDS.len()],
            lines: LENGTHS.map(|length| Line::new(length * period)),
            middle,
            count,
            usual,
            cut: 0,
        };
        if let Some(profile) = &mut track.profile {
            for (place, value) in there() {
                let time = place as f64;
                profile.learn(time, value - middle - profile.at(time), 0.0);
            }
        }
        for (place, value) in first.iter().enumerate() {
            let season = track.season(place as f64);
            for line in &mut track.lines {
                line.step();
                if !value.is_nan() {
                    line.learn(value - season);
                }
            }
        }
        track
    }

    fn season(&self, time: f64) -> f64 {
        self.profile.as_ref().map_or(0.0, |profile| profile.at(time))
    }

    /// Takes the value at a time in steps; NaN is none.
    pub(super) fn take(&mut self, time: f64, value: f64) {
        self.lines.iter_mut().for_each(Line::step);
        if value.is_nan() {
            return;
        }
        let season = self.season(time);
        let expected = self.levels[1];
        let error = value - season - expected;
        let most = FARTHEST * self.usual * f64::from(1 << self.cut.min(20));
        let cut = error.clamp(-most, most);
        self.cut = if cut == error { 0 } else { self.cut + 1 };
        self.usual += 0.02 * (cut.abs().min(2.0 * FARTHEST * self.usual) - self.usual);
        let there = expected + cut;
        for (level, speed) in self.levels.iter_mut().zip(SPEEDS) {
            *level += speed * (there - *level);
        }
        self.lines.iter_mut().for_each(|line| line.learn(there));
        self.count += 1.0;
        self.middle += (there - self.middle) * (1.0 / self.count).max(1.0 / (3.0 * self.period));
        let base = self.lines[1].fit().0;
        if let Some(profile) = &mut self.profile {
            profile.learn(time, there - base, error - cut);
        }
    }

    /// What each forecaster says, so many steps after a time.
    pub(super) fn ahead(&self, time: f64, steps: f64, said: &mut [f64]) {
        let season = self.season(time + steps);
        let mut said = said.iter_mut();
        let mut say = |value: f64| {
            if let Some(place) = said.next() {
                *place = season + value;
            }
        };
        for share in RETURNS {
            let kept = (-std::f64::consts::LN_2 * steps / (share * self.period)).exp();
            for level in self.levels {
                say(self.middle + kept * (level - self.middle));
            }
        }
        say(self.middle);
        for line in &self.lines {
            let (level, slope) = line.fit();
            let length = 1.5 * self.period;
            say(level + slope * steps);
            say(level + slope * length * (1.0 - (-steps / length).exp()));
        }
    }
}
