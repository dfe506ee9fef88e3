//! How change points are looked for.

use super::{Segmentation, segments};
use crate::error::{Error, Result};

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Shape {
    /// Levels or straight lines, whichever has the lower Bayesian information criterion.
    Automatic,
    /// A level that jumps.
    Level,
    /// A straight line that bends or jumps.
    Trend,
    /// Level, spread, or both; for Gaussian noise.
    LevelAndSpread,
    /// A level that jumps, by ranks: no outlier and no monotone transformation matters, one-sided
    /// laws such as those of latencies do not either.
    Ranks,
}

/// What a change must explain to be reported.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Penalty {
    /// So many times the Bayesian information criterion's, from 0.1 to 100: `p·ln n` times the
    /// variance of the noise for a change of `p` parameters, its place included (level 2, trend and
    /// level with spread 3). 1 is the criterion itself; more finds fewer changes.
    Automatic(f64),
    /// This sum of squares, in squared units of the series (in units of `−2 ln` of the likelihood for
    /// [`Shape::LevelAndSpread`], of squared normal scores for [`Shape::Ranks`]). Above 0.
    Fixed(f64),
}

/// Settings of the search for change points in a series that is whole.
///
/// ```
/// use forewarn::trend::ChangePointParams;
///
/// let noise = |i: u32| f64::from(i * 7_919 % 101) / 101.0;
/// let latency: Vec<f64> = (0..300).map(|i| noise(i) + if i < 180 { 20.0 } else { 21.0 }).collect();
/// let found = ChangePointParams::default().find(&latency)?;
/// assert_eq!(found.change_points(), [180]);
/// assert!((found.changes[0].after - found.changes[0].before - 1.0).abs() < 0.1);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct ChangePointParams {
    /// What may change. Default: [`Shape::Automatic`].
    pub shape: Shape,
    /// What a change must explain. Default: [`Penalty::Automatic`] of 1.
    pub penalty: Penalty,
    /// Observations that a segment must have, from 2 to 10,000 (1 will do for [`Shape::Level`] and
    /// [`Shape::Ranks`]). Default: 5. What lasts less is an outlier, not a change.
    pub min_length: usize,
    /// Values so many spreads beyond the median of their neighbourhood, as wide as the shortest
    /// segment, are drawn in to there before anything else: spikes are no changes. (In a series that
    /// is constant but for the spikes there is no spread, and they are.) From 2 to 1,000; `None` takes
    /// all values as they are. Default: 4.
    pub clip: Option<f64>,
}

impl Default for ChangePointParams {
    fn default() -> Self {
        Self {
            shape: Shape::Automatic,
            penalty: Penalty::Automatic(1.0),
            min_length: 5,
            clip: Some(4.0),
        }
    }
}

impl ChangePointParams {
    /// Sets [`shape`](Self::shape).
    #[must_use]
    pub fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Sets [`penalty`](Self::penalty).
    #[must_use]
    pub fn penalty(self, penalty: Penalty) -> Self {
        Self { penalty, ..self }
    }

    /// Sets [`min_length`](Self::min_length).
    #[must_use]
    pub fn min_length(self, min_length: usize) -> Self {
        Self { min_length, ..self }
    }

    /// Sets [`clip`](Self::clip).
    #[must_use]
    pub fn clip(self, clip: impl Into<Option<f64>>) -> Self {
        Self { clip: clip.into(), ..self }
    }

    /// Cuts a series, in order of time, into segments.
    ///
    /// Missing values (NaN) are left out: they belong to the segment around them. A series shorter
    /// than two segments has no change, and neither has a constant one.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range and for ±∞; [`Error::Empty`] without a
    /// single number.
    pub fn find(&self, series: &[f64]) -> Result<Segmentation> {
        self.check()?;
        segments::find(self, series)
    }

    fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        match self.penalty {
            Penalty::Automatic(factor) if !(0.1..=100.0).contains(&factor) => {
                return out("penalty", factor, "from 0.1 to 100 times the criterion's");
            }
            Penalty::Fixed(value) if !(value > 0.0 && value.is_finite()) => {
                return out("penalty", value, "above 0 and finite");
            }
            _ => {}
        }
        let (least, allowed) = match self.shape {
            Shape::Level | Shape::Ranks => (1, "from 1 to 10,000 observations"),
            _ => (2, "from 2 to 10,000 observations"),
        };
        if !(least..=10_000).contains(&self.min_length) {
            return out("min_length", self.min_length as f64, allowed);
        }
        match self.clip {
            Some(clip) if !(2.0..=1000.0).contains(&clip) => {
                out("clip", clip, "from 2 to 1,000 spreads")
            }
            _ => Ok(()),
        }
    }
}
