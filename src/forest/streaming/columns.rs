//! In which unit a column is measured: its running mean absolute deviation.

/// What one column counts in the lengths of boxes.
///
/// Mean and mean absolute deviation forget at the rate of the trees' samples, but are plain means
/// at first. Neither the mean's start nor outliers matter much: the scale says only how much more
/// often one column is cut than another.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Column {
    mean: f64,
    deviation: f64,
    /// Values seen.
    count: u64,
}

/// Longest side that is told apart, in deviations: a constant column that moves is nearly always
/// what is cut, but sums of sides stay finite.
const LONGEST: f64 = 1e9;

impl Column {
    pub(super) const NEW: Self = Self { mean: 0.0, deviation: 0.0, count: 0 };

    /// Learns from a value; NaN teaches nothing. `slowest` is the smallest weight of a new value.
    pub(super) fn learn(&mut self, value: f64, slowest: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1;
        if self.count == 1 {
            self.mean = value;
            return;
        }
        let weight = (1.0 / self.count as f64).max(slowest);
        // Halves: the difference of two huge values may overflow.
        let step = value * 0.5 - self.mean * 0.5;
        self.mean += 2.0 * weight * step;
        self.deviation += weight * (step.abs() - self.deviation);
    }

    /// What a side of this column is multiplied by: infinite for a column that never moved.
    pub(super) fn per_unit(&self) -> f64 {
        1.0 / self.deviation
    }

    /// Whether a saved column can be.
    #[cfg(feature = "serde")]
    pub(super) fn is_valid(&self) -> bool {
        self.mean.is_finite() && self.deviation.is_finite() && self.deviation >= 0.0
    }
}

/// A side that the rows of a box have in a column, and by how much a value sticks out of it.
///
/// NaN sticks out of nothing, and nothing out of a side that is not known.
#[inline(always)]
pub(super) fn side(value: f64, low: f64, high: f64, per_unit: f64) -> (f64, f64) {
    let (below, above) = (low - value, value - high);
    // Comparisons, not `max`: they become one instruction, and NaN loses either way in `clip`.
    let outside = if below > above { below } else { above };
    (clip(high - low, per_unit), clip(outside, per_unit))
}

/// A length in units, 0 for negative ones and NaN. Infinite products, of an overflow or of a column
/// that never moved, are as long as can be; and so is the NaN of 0 · ∞, of an underflow.
#[inline(always)]
fn clip(length: f64, per_unit: f64) -> f64 {
    let units = length * per_unit;
    let units = if units < LONGEST { units } else { LONGEST };
    if length > 0.0 { units } else { 0.0 }
}

/// By how much a row sticks out of a box, and the sides of the box around both, added up.
///
/// The sums are kept in lanes, whose order does not depend on the machine: adding to one sum would
/// wait for the last addition at every column.
pub(super) fn sides(row: &[f64], low: &[f64], high: &[f64], per_unit: &[f64]) -> (f64, f64) {
    const LANES: usize = 4;
    let width = row.len();
    let (low, high, per_unit) = (&low[..width], &high[..width], &per_unit[..width]);
    let (mut outside, mut total) = ([0.0; LANES], [0.0; LANES]);
    let whole = width - width % LANES;
    for first in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            let at = first + lane;
            let (inside, beyond) = side(row[at], low[at], high[at], per_unit[at]);
            outside[lane] += beyond;
            total[lane] += inside + beyond;
        }
    }
    for at in whole..width {
        let (inside, beyond) = side(row[at], low[at], high[at], per_unit[at]);
        outside[at - whole] += beyond;
        total[at - whole] += inside + beyond;
    }
    (outside.iter().sum(), total.iter().sum())
}
