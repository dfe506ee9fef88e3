//! A threshold at a quantile.

use super::{QuantileSketch, QuantileThresholdParams, check};
use crate::error::Result;
use crate::threshold::{Band, Judgement, Sides};

/// A threshold at the quantile of everything seen that the rate asks for.
///
/// Unlike an [`ExtremeThreshold`](crate::threshold::ExtremeThreshold) it knows the whole law, so the
/// thresholds of many sources can be [merged](Self::merge) as if one had seen everything. It cannot
/// tell more than it has seen: a rate takes `1 / rate` observations. And it knows values only within
/// the [relative error](QuantileSketch::relative_error) `a`: its thresholds lie where a bucket ends,
/// from 0 to `2a` beyond the quantile, so that the attained rate is at most the one asked for and
/// less where the tail is short. A percent of a metric that lies around 1,000 is 10: subtract what
/// is constant.
///
/// A value costs O(1), its score O(buckets).
///
/// ```
/// use forewarn::threshold::QuantileThresholdParams;
///
/// let mut threshold = QuantileThresholdParams::default().rate(0.01).warm_up(1_000).start()?;
/// for i in 0..5_000_u32 {
///     threshold.observe(f64::from(i * 7_919 % 1_009))?;
/// }
/// assert!((threshold.band().upper / 999.0 - 1.0).abs() < 0.021);
/// assert!(threshold.observe(1_100.0)?.alarm.is_some());
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "super::saved::SavedThreshold", try_from = "super::saved::SavedThreshold")
)]
pub struct QuantileThreshold {
    pub(super) params: QuantileThresholdParams,
    pub(super) sketch: QuantileSketch,
    pub(super) missing: u64,
    /// Values in the sketch.
    pub(super) count: u64,
    pub(super) band: Band,
    /// The count at which the band is to be brought up to date.
    pub(super) next: u64,
}

impl QuantileThreshold {
    pub(super) fn of(params: QuantileThresholdParams, sketch: QuantileSketch) -> Self {
        let count = sketch.count();
        let mut threshold = Self { params, sketch, missing: 0, count, band: Band::ALL, next: 0 };
        threshold.refresh();
        threshold
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn params(&self) -> &QuantileThresholdParams {
        &self.params
    }

    /// Everything seen.
    #[must_use]
    pub fn sketch(&self) -> &QuantileSketch {
        &self.sketch
    }

    /// Observations that were not missing.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Missing observations.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The values that raise no alarm now. A side is at ±∞ during the warm-up, and as long as fewer than
    /// `1 / rate` values have been seen. It is brought up to date whenever the count has grown by 1/64.
    #[must_use]
    pub fn band(&self) -> Band {
        self.band
    }

    /// Brings the band up to date.
    fn refresh(&mut self) {
        self.next = self.count + self.count / 64 + 1;
        self.band = Band::ALL;
        let sides = self.params.sides;
        let rate = self.params.rate * if sides == Sides::Both { 0.5 } else { 1.0 };
        if self.count < self.params.warm_up {
            self.next = self.next.min(self.params.warm_up);
            return;
        }
        let beyond = (rate * (self.count + 1) as f64) as u64;
        if beyond == 0 {
            return;
        }
        if sides != Sides::Lower {
            self.band.upper = self.sketch.ends_at(self.count - beyond).1;
        }
        if sides != Sides::Upper {
            self.band.lower = self.sketch.ends_at(beyond - 1).0;
        }
    }

    /// Judges a value and learns nothing from it.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn judge(&self, value: f64) -> Result<Judgement> {
        check(value)?;
        let band = self.band;
        if value.is_nan() || self.count < self.params.warm_up {
            return Ok(Judgement { band, ..Judgement::UNKNOWN });
        }
        let (above, same) = self.sketch.above(value);
        let below = self.count - above - same;
        // The value's own place is the middle of its bucket's.
        let share =
            |beyond: u64| (beyond as f64 + 0.5 * (same + 1) as f64) / (self.count + 1) as f64;
        let probability = match self.params.sides {
            Sides::Upper => share(above),
            Sides::Lower => share(below),
            Sides::Both => (2.0 * share(above.min(below))).min(1.0),
        };
        Ok(Judgement { band, alarm: band.left_by(value), score: -probability.log10() + 0.0 })
    }

    /// Judges a value, then learns from it.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) for ±∞; the state is as it was.
    pub fn observe(&mut self, value: f64) -> Result<Judgement> {
        check(value)?;
        if value.is_nan() {
            self.missing += 1;
            return Ok(Judgement { band: self.band, ..Judgement::UNKNOWN });
        }
        if self.count >= self.next {
            self.refresh();
        }
        let judgement = self.judge(value)?;
        self.sketch.insert(value)?;
        self.count += 1;
        Ok(judgement)
    }

    /// Takes in what another threshold has seen: from now on it is as if this one had seen it too.
    ///
    /// # Errors
    /// [`Incompatible`](crate::Error::Incompatible) unless both were made with the same accuracy and buckets.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.sketch.merge(&other.sketch)?;
        self.missing += other.missing;
        self.count += other.count;
        self.refresh();
        Ok(())
    }
}
