//! The value expected next: a level that follows the metric, but not a single wild value.

/// How fast the level follows: a fifth of the way with each value.
const FOLLOW: f64 = 0.2;
/// How slowly the size of the usual residual changes.
const SETTLE: f64 = 1.0 / 2000.0;
/// A residual larger than so many usual ones moves the level only as one of that size.
const CLIP: f64 = 4.0;
/// So many clipped residuals on one side in a row are a new level.
const SHIFT: i8 = 8;

/// The level, and how large its residuals usually are.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Level {
    pub(super) value: f64,
    /// The mean of the clipped magnitude of the residual.
    pub(super) usual: f64,
    count: u32,
    /// Clipped residuals in a row: above 0 when they were positive.
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, i8, -8, 8>")
    )]
    run: i8,
}

impl Level {
    pub(super) const fn new() -> Self {
        Self { value: 0.0, usual: 0.0, count: 0, run: 0 }
    }

    /// Follows a value. True when the metric has settled elsewhere and the level went there.
    pub(super) fn follow(&mut self, value: f64) -> bool {
        if self.count == 0 {
            self.value = value;
        }
        let residual = value - self.value;
        let size = residual.abs();
        let limit = if self.count > 50 { CLIP * self.usual } else { size };
        self.count = self.count.saturating_add(1);
        let weight = SETTLE.max(1.0 / f64::from(self.count));
        self.usual += weight * (size.min(limit) - self.usual);
        if size <= limit {
            self.value += FOLLOW * residual;
            self.run = 0;
            return false;
        }
        self.value += FOLLOW * limit.copysign(residual);
        let step = if residual > 0.0 { 1 } else { -1 };
        self.run = if self.run.signum() == -step { step } else { self.run + step };
        let shifted = self.run.abs() >= SHIFT;
        if shifted {
            self.value = value;
            // A metric that was flat has no usual residual: from here it has one.
            self.usual = self.usual.max(SETTLE * size);
            self.run = 0;
        }
        shifted
    }
}
