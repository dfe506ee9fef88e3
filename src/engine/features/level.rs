//! What a metric has been like in all of a life.

use super::FeatureParams;

/// One metric of one life.
///
/// Values count from the life's first, so that a level of 1e9 costs a noise of 1 no digits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Level {
    pub(super) count: u64,
    pub(super) origin: f64,
    pub(super) mean: f64,
    pub(super) squares: f64,
    /// Mean of the first values, as far as there are some.
    pub(super) start: f64,
    pub(super) last: f64,
    pub(super) last_time: f64,
}

/// An exponentially weighted mean, from the life's first value, and the weight of all that is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Smooth {
    pub(super) mean: f64,
    pub(super) weight: f64,
}

impl Smooth {
    pub(super) const NONE: Self = Self { mean: 0.0, weight: 0.0 };
}

impl Level {
    pub(super) const NONE: Self = Self {
        count: 0,
        origin: 0.0,
        mean: 0.0,
        squares: 0.0,
        start: 0.0,
        last: 0.0,
        last_time: 0.0,
    };

    /// Takes a value in; whether it crossed the mean of those before.
    pub(super) fn push(
        &mut self,
        time: f64,
        value: f64,
        start_values: u32,
        smooth: &mut [Smooth],
        decay: &mut Decay,
    ) -> bool {
        if self.count == 0 {
            (self.origin, self.last_time) = (value, time);
            smooth.fill(Smooth::NONE);
        }
        let from_origin = value - self.origin;
        let (low, high) = (self.last.min(from_origin), self.last.max(from_origin));
        let crossed = self.count > 0 && low < self.mean && self.mean < high;
        let factors = decay.over(time - self.last_time);
        for (smooth, factor) in smooth.iter_mut().zip(factors) {
            smooth.weight = smooth.weight * factor + 1.0;
            smooth.mean += (from_origin - smooth.mean) / smooth.weight;
        }
        self.count += 1;
        let apart = from_origin - self.mean;
        self.mean += apart / self.count as f64;
        self.squares += apart * (from_origin - self.mean);
        if self.count <= u64::from(start_values) {
            self.start = self.mean;
        }
        (self.last, self.last_time) = (from_origin, time);
        crossed
    }

    pub(super) fn last(&self) -> f64 {
        if self.count > 0 { self.origin + self.last } else { f64::NAN }
    }

    pub(super) fn smooth(&self, smooth: Smooth) -> f64 {
        if self.count > 0 { self.origin + smooth.mean } else { f64::NAN }
    }

    /// A mean less that of the life, in standard deviations of the life.
    pub(super) fn less_level(&self, smooth: Smooth) -> f64 {
        if self.count < 2 {
            return f64::NAN;
        }
        let deviation = (self.squares / (self.count - 1) as f64).sqrt();
        if deviation > 0.0 { (smooth.mean - self.mean) / deviation } else { 0.0 }
    }

    pub(super) fn less_start(&self, smooth: Smooth) -> f64 {
        if self.count > 0 { smooth.mean - self.start } else { f64::NAN }
    }
}

/// What is left of a weight after some time, for each half-life. Times between rows are mostly alike,
/// and always so for the metrics of a row, so that the last ones are kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decay {
    half_lives: Vec<f64>,
    time: f64,
    factors: Vec<f64>,
}

impl Decay {
    pub(super) fn new(params: &FeatureParams) -> Self {
        let half_lives = params.half_lives.clone();
        Self { factors: vec![1.0; half_lives.len()], half_lives, time: 0.0 }
    }

    fn over(&mut self, time: f64) -> &[f64] {
        if time != self.time {
            for (factor, half_life) in self.factors.iter_mut().zip(&self.half_lives) {
                *factor = (-time / half_life).exp2();
            }
            self.time = time;
        }
        &self.factors
    }
}
