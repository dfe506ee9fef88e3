//! What some values of a metric come to.

/// Count, means, squares and products of deviations, extremes and crossings of a run of values.
///
/// Merged by Chan et al. (1983, "Algorithms for computing the sample variance"); nothing is ever subtracted again. Means are kept as their
/// distance from the run's first value, so that a level of 1e9 costs a noise of 1 no digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) count: f64,
    /// First value and time, and the distance of the means from them.
    first: f64,
    mean: f64,
    first_time: f64,
    mean_time: f64,
    /// Sums of squares and products of deviations from the means.
    squares: f64,
    products: f64,
    squares_of_time: f64,
    smallest: f64,
    largest: f64,
    pub(super) crossings: f64,
}

impl Moments {
    pub(super) const NONE: Self = Self {
        count: 0.0,
        first: 0.0,
        mean: 0.0,
        first_time: 0.0,
        mean_time: 0.0,
        squares: 0.0,
        products: 0.0,
        squares_of_time: 0.0,
        smallest: f64::INFINITY,
        largest: f64::NEG_INFINITY,
        crossings: 0.0,
    };

    /// A value, which may be missing.
    pub(super) fn one(time: f64, value: f64, crossed: bool) -> Self {
        if value.is_nan() {
            return Self::NONE;
        }
        Self {
            count: 1.0,
            first: value,
            first_time: time,
            smallest: value,
            largest: value,
            crossings: f64::from(u8::from(crossed)),
            ..Self::NONE
        }
    }

    /// Takes another run in.
    #[inline]
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0.0 {
            return;
        }
        if self.count == 0.0 {
            *self = *other;
            return;
        }
        let count = self.count + other.count;
        let share = other.count / count;
        let weight = self.count * share;
        let apart = (other.first - self.first) + (other.mean - self.mean);
        let later = (other.first_time - self.first_time) + (other.mean_time - self.mean_time);
        self.count = count;
        self.mean += apart * share;
        self.mean_time += later * share;
        self.squares += other.squares + apart * apart * weight;
        self.products += other.products + apart * later * weight;
        self.squares_of_time += other.squares_of_time + later * later * weight;
        self.smallest = self.smallest.min(other.smallest);
        self.largest = self.largest.max(other.largest);
        self.crossings += other.crossings;
    }

    pub(super) fn mean(&self) -> f64 {
        if self.count > 0.0 { self.first + self.mean } else { f64::NAN }
    }

    /// The mean less that of another run.
    pub(super) fn mean_less(&self, other: &Self) -> f64 {
        if self.count > 0.0 && other.count > 0.0 {
            (self.first - other.first) + (self.mean - other.mean)
        } else {
            f64::NAN
        }
    }

    pub(super) fn smallest(&self) -> f64 {
        if self.count > 0.0 { self.smallest } else { f64::NAN }
    }

    pub(super) fn largest(&self) -> f64 {
        if self.count > 0.0 { self.largest } else { f64::NAN }
    }

    pub(super) fn deviation(&self) -> f64 {
        if self.count > 1.0 { (self.squares / (self.count - 1.0)).sqrt() } else { f64::NAN }
    }

    /// Of the values against time, a unit of the clock.
    pub(super) fn slope(&self) -> f64 {
        let slope = self.products / self.squares_of_time;
        if self.count > 2.0 && slope.is_finite() { slope } else { f64::NAN }
    }
}
