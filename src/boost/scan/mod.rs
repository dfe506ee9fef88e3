//! The best split of a node on one column of quantities.

mod free;
mod simd;

use super::cell::{Cell, Scales};
use super::histogram::{BINS, Column};
use crate::columnar::level::level;

/// Sums over rows, still as whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) gradient: i64,
    pub(crate) hessian: i64,
}

impl Sums {
    pub(crate) fn add<C: Cell>(&mut self, cell: C) {
        self.gradient += cell.gradient();
        self.hessian += cell.hessian();
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, hessian: self.hessian - other.hessian }
    }
}

/// Penalties and limits, as far as they concern the search for a split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
    pub(crate) min_gain: f64,
    pub(crate) min_hessian: f64,
    pub(crate) min_rows: f64,
}

/// What a leaf's value must be within, for predictions to move one way only with some columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Bounds {
    pub(crate) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

/// The node whose split is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) sums: Sums,
    pub(crate) scales: Scales,
    pub(crate) limits: Limits,
    pub(crate) bounds: Bounds,
    /// Smallest sum of second derivatives on a side. Of the two limits that it stands for, that on
    /// rows is an estimate: rows are taken to have the node's mean second derivative, which is exact
    /// where all have the same.
    least: f64,
    /// The gain that leaving the node whole has, and the least that a split must add.
    pub(crate) hurdle: f64,
}

impl Place {
    pub(crate) fn new(
        sums: Sums,
        rows: usize,
        scales: Scales,
        limits: Limits,
        bounds: Bounds,
    ) -> Self {
        let mut place = Self { sums, scales, limits, bounds, least: 0.0, hurdle: 0.0 };
        let (gradient, hessian) = place.floats(sums);
        let by_rows = limits.min_rows * (hessian / rows as f64);
        // Above 0, so that no side is empty and no division by 0.
        place.least = by_rows.max(limits.min_hessian).max(f64::MIN_POSITIVE);
        place.hurdle = place.gain(gradient, hessian) + limits.min_gain;
        place
    }

    pub(crate) fn floats(&self, sums: Sums) -> (f64, f64) {
        // Powers of two: exact.
        let gradient = sums.gradient as f64 / self.scales.gradient;
        (gradient, sums.hessian as f64 / self.scales.hessian)
    }

    /// Twice what a leaf with these sums takes off the loss (Chen & Guestrin 2016, equation 6).
    fn gain(&self, gradient: f64, hessian: f64) -> f64 {
        if self.bounds == Bounds::NONE {
            soft(gradient, self.limits.l1).powi(2) / (hessian + self.limits.l2)
        } else {
            gain_at(self.value(gradient, hessian), gradient, hessian, &self.limits)
        }
    }

    /// A leaf's best value within the bounds.
    pub(crate) fn value(&self, gradient: f64, hessian: f64) -> f64 {
        let free = -soft(gradient, self.limits.l1) / (hessian + self.limits.l2);
        free.clamp(self.bounds.low, self.bounds.high)
    }

    /// The gain of a split whose left side has these sums; `direction` 1 asks for a right value not
    /// below the left one, −1 for the opposite, 0 for nothing. −∞ where it is not allowed.
    pub(crate) fn split_gain(&self, gradient: f64, hessian: f64, direction: i8) -> f64 {
        let (all_g, all_h) = self.floats(self.sums);
        let (right_g, right_h) = (all_g - gradient, all_h - hessian);
        if hessian < self.least || right_h < self.least {
            return f64::NEG_INFINITY;
        }
        let (left, right) = (self.value(gradient, hessian), self.value(right_g, right_h));
        if f64::from(direction) * (right - left) < 0.0 {
            return f64::NEG_INFINITY;
        }
        gain_at(left, gradient, hessian, &self.limits)
            + gain_at(right, right_g, right_h, &self.limits)
    }
}

/// Twice what a leaf of any value takes off the loss.
fn gain_at(value: f64, gradient: f64, hessian: f64, limits: &Limits) -> f64 {
    let quadratic = 2.0 * gradient * value + (hessian + limits.l2) * value * value;
    -(quadratic + 2.0 * limits.l1 * value.abs())
}

/// A gradient less the L1 penalty, not beyond 0.
#[inline(always)]
pub(crate) fn soft(gradient: f64, l1: f64) -> f64 {
    (gradient.abs() - l1).max(0.0).copysign(gradient)
}

/// The best cut of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Beyond the hurdle; above 0.
    pub(crate) gain: f64,
    /// Bins up to this one go left.
    pub(crate) bin: u8,
    pub(crate) missing_left: bool,
    pub(crate) left: Sums,
}

/// Finds the best cut of a column with `bins` bins beside the missing one.
///
/// O(bins). The sums of the first bins are added up one after the other; from there on every cut is
/// judged by itself, a vector of cuts at a time.
#[inline(always)]
pub(crate) fn best_cut<C: Cell>(
    column: &Column<C>,
    bins: usize,
    place: &Place,
    direction: i8,
) -> Option<Cut> {
    let mut sums = [C::default(); BINS];
    let mut sum = C::default();
    for (to, cell) in sums[..bins].iter_mut().zip(column) {
        sum = sum.plus(*cell);
        *to = sum;
    }
    let missing = column[bins];
    let mut best = judge(&sums[..bins - 1], C::default(), place, direction);
    let mut missing_left = false;
    if missing != C::default() {
        // All values left, the missing ones right; then every cut with the missing ones left.
        let all = judge(&sums[bins - 1..bins], C::default(), place, direction);
        let shifted = judge(&sums[..bins - 1], missing, place, direction);
        if all.0 > best.0 {
            best = (all.0, bins - 1);
        }
        if shifted.0 > best.0 {
            (best, missing_left) = (shifted, true);
        }
    }
    let (gain, bin) = best;
    let gain = gain - place.hurdle;
    if gain.is_nan() || gain <= 0.0 {
        return None;
    }
    let mut left = Sums::default();
    left.add(sums[bin]);
    if missing_left {
        left.add(missing);
    }
    if missing == C::default() {
        // Nothing to learn from here: the side of most rows is the safer guess.
        missing_left = 2 * left.hessian >= place.sums.hessian;
    }
    Some(Cut { gain, bin: bin as u8, missing_left, left })
}

/// The best of some cuts, given by the sums on their left, and its index, the first of equals; −∞ if
/// none is allowed.
#[inline(always)]
fn judge<C: Cell>(left: &[C], missing: C, place: &Place, direction: i8) -> (f64, usize) {
    if direction == 0 && place.bounds == Bounds::NONE {
        return simd::best(level(), left, missing, place);
    }
    let mut best = (f64::NEG_INFINITY, 0);
    for (index, cell) in left.iter().enumerate() {
        let cell = cell.plus(missing);
        let sums = Sums { gradient: cell.gradient(), hessian: cell.hessian() };
        let (gradient, hessian) = place.floats(sums);
        let gain = place.split_gain(gradient, hessian, direction);
        if gain > best.0 {
            best = (gain, index);
        }
    }
    best
}
