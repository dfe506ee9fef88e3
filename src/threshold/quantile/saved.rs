//! Saving and loading.

use super::sketch::Store;
use super::{QuantileSketch, QuantileThreshold, QuantileThresholdParams};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use crate::threshold::Band;

const ENVELOPE: Envelope = Envelope { magic: b"fw-quant", newest: 1 };

/// What a file holds of a sketch: the counts of the buckets in use.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: u32,
    accuracy: f64,
    buckets: usize,
    collapses: u32,
    zeros: u64,
    first_positive: i32,
    positive: Vec<u64>,
    first_negative: i32,
    negative: Vec<u64>,
}

/// What a file holds of a threshold.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedThreshold {
    params: QuantileThresholdParams,
    missing: u64,
    sketch: QuantileSketch,
    /// No side: infinite.
    lower: Option<f64>,
    upper: Option<f64>,
    /// The count at which the band is to be brought up to date.
    next: u64,
}

impl From<QuantileSketch> for Saved {
    fn from(sketch: QuantileSketch) -> Self {
        let used = |store: &Store| store.counts[..store.span].to_vec();
        Self {
            format: ENVELOPE.newest,
            accuracy: sketch.accuracy,
            buckets: sketch.buckets,
            collapses: sketch.collapses,
            zeros: sketch.zeros,
            first_positive: sketch.positive.first,
            positive: used(&sketch.positive),
            first_negative: sketch.negative.first,
            negative: used(&sketch.negative),
        }
    }
}

/// No index of an `f64` at the finest accuracy is farther from 0.
const FARTHEST_INDEX: i32 = 7_500_000;

impl TryFrom<Saved> for QuantileSketch {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        let mut sketch = Self::new(saved.accuracy, saved.buckets).map_err(invalid)?;
        if saved.collapses > 24 {
            return Err(invalid(format_args!("{} collapses", saved.collapses)));
        }
        sketch.collapses = saved.collapses;
        sketch.zeros = saved.zeros;
        let mut total = Some(saved.zeros);
        for (store, first, counts) in [
            (&mut sketch.positive, saved.first_positive, &saved.positive),
            (&mut sketch.negative, saved.first_negative, &saved.negative),
        ] {
            let ends_used = counts.first() != Some(&0) && counts.last() != Some(&0);
            let reachable = (-FARTHEST_INDEX..=FARTHEST_INDEX).contains(&first);
            if counts.len() > saved.buckets || !ends_used || !reachable {
                let reason = format_args!("{} buckets from index {first}", counts.len());
                return Err(invalid(reason));
            }
            total = counts
                .iter()
                .try_fold(total, |sum, &count| Some(sum?.checked_add(count)))
                .flatten();
            (store.first, store.span) = (first, counts.len());
            store.counts[..counts.len()].copy_from_slice(counts);
        }
        // Counts go on growing: leave them room.
        if total.is_none_or(|total| total > 1 << 60) {
            return Err(invalid("more values than can be counted"));
        }
        Ok(sketch)
    }
}

impl From<QuantileThreshold> for SavedThreshold {
    fn from(threshold: QuantileThreshold) -> Self {
        let finite = |edge: f64| edge.is_finite().then_some(edge);
        Self {
            params: threshold.params,
            missing: threshold.missing,
            lower: finite(threshold.band.lower),
            upper: finite(threshold.band.upper),
            next: threshold.next,
            sketch: threshold.sketch,
        }
    }
}

impl TryFrom<SavedThreshold> for QuantileThreshold {
    type Error = Error;

    fn try_from(saved: SavedThreshold) -> Result<Self> {
        let expected = saved.params.checked_sketch().map_err(invalid)?;
        let of = |sketch: &QuantileSketch| (sketch.accuracy, sketch.buckets);
        if of(&expected) != of(&saved.sketch) {
            return Err(invalid("a sketch of other settings than the threshold's"));
        }
        let mut threshold = Self::of(saved.params, saved.sketch);
        let band = Band {
            lower: saved.lower.unwrap_or(f64::NEG_INFINITY),
            upper: saved.upper.unwrap_or(f64::INFINITY),
        };
        // `next` as it is after a refresh now is the latest that it can be.
        if band.lower.is_nan()
            || band.upper.is_nan()
            || band.lower > band.upper
            || saved.next > threshold.next
        {
            let Band { lower, upper } = band;
            return Err(invalid(format_args!(
                "a band from {lower} to {upper} until {}",
                saved.next
            )));
        }
        (threshold.band, threshold.next, threshold.missing) = (band, saved.next, saved.missing);
        Ok(threshold)
    }
}

impl QuantileThreshold {
    /// The compact binary form. Numbers are stored with all their bits; the last eight bytes are a
    /// checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&SavedThreshold::from(self.clone()))
    }

    /// Reads the compact binary form of this or an older version of the crate. It goes on with the
    /// same bits as the threshold that was saved.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible state;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<SavedThreshold>(bytes)?)
    }
}
