//! What every detector answers.

/// A side of the normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// Too low.
    Lower,
    /// Too high.
    Upper,
}

/// The values that raise no alarm: from `lower` to `upper`, both included.
///
/// A side that is not watched, or not yet known, is at −∞ or +∞.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Band {
    /// The lowest value that raises no alarm, in the metric's unit.
    pub lower: f64,
    /// The highest value that raises no alarm, in the metric's unit.
    pub upper: f64,
}

impl Band {
    /// The band that no value leaves.
    pub const ALL: Self = Self { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// The side on which a value leaves the band. NaN leaves no band.
    #[must_use]
    pub fn left_by(&self, value: f64) -> Option<Side> {
        if value > self.upper {
            Some(Side::Upper)
        } else if value < self.lower {
            Some(Side::Lower)
        } else {
            None
        }
    }
}

/// The answer to one observation, judged before it was learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Judgement {
    /// The band that the value was held against.
    pub band: Band,
    /// The side on which the value left the band; `None` raises no alarm.
    pub alarm: Option<Side>,
    /// How surprising the value was: `−log₁₀` of the probability of one at least as extreme. It
    /// compares across metrics: 3 is once in a thousand observations, whatever their unit.
    /// At least 0, finite; 0 while too little is known.
    pub score: f64,
}

impl Judgement {
    /// Nothing can be said yet.
    pub(crate) const UNKNOWN: Self = Self { band: Band::ALL, alarm: None, score: 0.0 };
}
