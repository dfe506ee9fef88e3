//! Saving a rolling trend and going on from there.

use super::{RollingTrend, RollingTrendParams};
use crate::envelope::Envelope;
use crate::error::{Result, invalid};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ENVELOPE: Envelope = Envelope { magic: b"fw-trend", newest: 1 };

/// What a file holds: both rings in order of time.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    params: RollingTrendParams,
    waiting: Vec<(f64, f64)>,
    slopes: Vec<Option<f64>>,
    missing: u64,
}

impl Saved {
    fn of(trend: &RollingTrend) -> Self {
        let (newer, older) = trend.waiting.split_at(trend.oldest);
        let (last, first) = trend.slopes.split_at(trend.first);
        let slopes = [first, last].concat();
        Self {
            params: trend.params,
            waiting: [older, newer].concat(),
            slopes: slopes.into_iter().map(|slope| Some(slope).filter(|s| !s.is_nan())).collect(),
            missing: trend.missing,
        }
    }

    fn restore(self) -> Result<RollingTrend> {
        let mut trend = RollingTrend::new(self.params).map_err(invalid)?;
        let pairs = self.params.window / 3;
        let wait = self.params.window - pairs;
        let finite = |(time, value): &(f64, f64)| time.is_finite() && value.is_finite();
        if self.waiting.len() > wait
            || self.slopes.len() > pairs
            || !self.slopes.is_empty() && self.waiting.len() < wait
            || !self.waiting.iter().all(finite)
            || self.waiting.windows(2).any(|pair| pair[1].0 < pair[0].0)
            || !self.slopes.iter().flatten().all(|slope| slope.is_finite())
        {
            return Err(invalid("its observations do not fit its window"));
        }
        trend.waiting.extend(self.waiting);
        trend.slopes.extend(self.slopes.into_iter().map(|slope| slope.unwrap_or(f64::NAN)));
        trend.missing = self.missing;
        trend.sort();
        Ok(trend)
    }
}

impl Serialize for RollingTrend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RollingTrend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Saved::deserialize(deserializer)?.restore().map_err(serde::de::Error::custom)
    }
}

impl RollingTrend {
    /// The compact binary form: 24 bytes an observation of the window at most. Numbers are stored
    /// with all their bits; the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`](crate::Error::InvalidModel) should the encoder
    /// fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::of(self))
    }

    /// Reads the compact binary form. The trend goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are truncated, altered or
    /// describe no possible trend; [`Error::NewerFormat`](crate::Error::NewerFormat).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open::<Saved>(bytes)?.restore()
    }
}
