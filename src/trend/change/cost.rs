//! What it costs to let one segment explain a stretch of values.

/// A cost that is never less for a whole than for its two parts together.
pub(super) trait Cost {
    /// Of the values from `from` to just before `to`, at least one of them.
    fn cost(&self, from: usize, to: usize) -> f64;
}

/// Sums of all values before each place.
#[derive(Debug)]
struct Sums {
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn new(values: &[f64]) -> Self {
        Self { values: sums(values.iter().copied()), squares: sums(values.iter().map(|v| v * v)) }
    }

    /// Sum, and sum of squares about the mean.
    #[inline(always)]
    fn between(&self, from: usize, to: usize) -> (f64, f64) {
        let sum = self.values[to] - self.values[from];
        let squares = self.squares[to] - self.squares[from];
        (sum, (squares - sum * sum / (to - from) as f64).max(0.0))
    }
}

fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let add = |sum: &mut f64, value| {
        *sum += value;
        Some(*sum)
    };
    std::iter::once(0.0).chain(values.scan(0.0, add)).collect()
}

/// Squares about the mean.
#[derive(Debug)]
pub(super) struct Level(Sums);

impl Level {
    pub(super) fn new(values: &[f64]) -> Self {
        Self(Sums::new(values))
    }
}

impl Cost for Level {
    #[inline(always)]
    fn cost(&self, from: usize, to: usize) -> f64 {
        self.0.between(from, to).1
    }
}

/// Squares about the straight line that fits best.
#[derive(Debug)]
pub(super) struct Trend {
    sums: Sums,
    /// Of values times their place, counted from the middle of the series.
    moments: Vec<f64>,
    middle: f64,
}

impl Trend {
    pub(super) fn new(values: &[f64]) -> Self {
        let middle = (values.len() / 2) as f64;
        let moment = |(place, value): (usize, &f64)| (place as f64 - middle) * value;
        Self {
            sums: Sums::new(values),
            moments: sums(values.iter().enumerate().map(moment)),
            middle,
        }
    }

    /// Of the line that fits best, by place; 0 for a single value.
    pub(super) fn slope(&self, from: usize, to: usize) -> f64 {
        let (sum, _) = self.sums.between(from, to);
        let (product, squares) = self.products(from, to, sum);
        if squares > 0.0 { product / squares } else { 0.0 }
    }

    /// Products of place and value, and squares of places, both about the mean place.
    #[inline(always)]
    fn products(&self, from: usize, to: usize, sum: f64) -> (f64, f64) {
        let length = (to - from) as f64;
        let mean = (from + to - 1) as f64 * 0.5 - self.middle;
        let product = self.moments[to] - self.moments[from] - mean * sum;
        (product, length * (length * length - 1.0) * (1.0 / 12.0))
    }
}

impl Cost for Trend {
    #[inline(always)]
    fn cost(&self, from: usize, to: usize) -> f64 {
        let (sum, about) = self.sums.between(from, to);
        let (product, squares) = self.products(from, to, sum);
        // A single value has no squares of places: 0 / tiny is 0.
        (about - product * product / squares.max(f64::MIN_POSITIVE)).max(0.0)
    }
}

/// `−2 ln` of a Gaussian's greatest likelihood, but for a constant by value.
#[derive(Debug)]
pub(super) struct LevelAndSpread {
    sums: Sums,
    /// The variance is at least this: else a run of equal values would be worth infinitely much.
    floor: f64,
}

impl LevelAndSpread {
    pub(super) fn new(values: &[f64], floor: f64) -> Self {
        Self { sums: Sums::new(values), floor }
    }
}

impl Cost for LevelAndSpread {
    #[inline(always)]
    fn cost(&self, from: usize, to: usize) -> f64 {
        let length = (to - from) as f64;
        let variance = self.sums.between(from, to).1 / length + self.floor;
        length * variance.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_those_of_the_definition() {
        let values = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0];
        // Of 2, 8, 5: mean 5, squares 9 + 9 + 0. The line is 3.5 + 1.5 i: residuals −1.5, 3, −1.5.
        assert!((Level::new(&values).cost(2, 5) - 18.0).abs() < 1e-12);
        let trend = Trend::new(&values);
        assert!((trend.cost(2, 5) - 13.5).abs() < 1e-12);
        assert!((trend.slope(2, 5) - 1.5).abs() < 1e-12);
        assert_eq!((trend.cost(3, 4), trend.slope(3, 4)), (0.0, 0.0));
        let both = LevelAndSpread::new(&values, 0.0);
        assert!((both.cost(2, 5) - 3.0 * 6.0_f64.ln()).abs() < 1e-12);
    }
}
