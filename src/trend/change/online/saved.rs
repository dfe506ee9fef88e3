//! Saving and loading.

use super::detector::{Method, State};
use super::latest::LATEST;
use super::{ChangeDetector, ChangeDetectorParams, DetectionMethod};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fwchange", newest: 1 };

/// What a file holds.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: u32,
    params: ChangeDetectorParams,
    seen: u64,
    missing: u64,
    changes: u64,
    latest: Vec<(u64, f64)>,
    state: Option<State>,
}

impl From<ChangeDetector> for Saved {
    fn from(detector: ChangeDetector) -> Self {
        Self {
            format: ENVELOPE.newest,
            params: detector.limits.params,
            seen: detector.seen,
            missing: detector.missing,
            changes: detector.changes,
            latest: detector.latest.last(usize::MAX),
            state: detector.state,
        }
    }
}

impl TryFrom<Saved> for ChangeDetector {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        saved.params.check().map_err(invalid)?;
        let most = match &saved.state {
            None => saved.params.warm_up - 1,
            Some(_) => LATEST,
        };
        let values =
            saved.latest.iter().all(|(index, value)| *index < saved.seen && value.is_finite());
        let rising = saved.latest.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if saved.latest.len() > most || !values || !rising {
            return Err(invalid(format_args!("impossible latest values: {}", saved.latest.len())));
        }
        let numbers = saved.latest.len() as u64;
        // All that were there are kept, but for those that have no room.
        let kept = |there: u64| there == numbers || (there > numbers && numbers == LATEST as u64);
        if !saved.seen.checked_sub(saved.missing).is_some_and(kept) {
            return Err(invalid(format_args!("{} of {} missing", saved.missing, saved.seen)));
        }
        if saved.state.as_ref().is_some_and(|state| !state.is_possible(saved.params.method)) {
            return Err(invalid("impossible state"));
        }
        if saved.state.is_some() && saved.latest.is_empty() {
            return Err(invalid("no latest values"));
        }
        let mut detector = Self::new(saved.params);
        (detector.seen, detector.missing) = (saved.seen, saved.missing);
        detector.changes = saved.changes;
        if saved.state.is_some() {
            detector.latest.numbers = saved.seen - saved.missing - numbers;
            saved.latest.into_iter().for_each(|(index, value)| detector.latest.push(index, value));
        } else {
            for (index, value) in saved.latest {
                detector.latest.collect(index, value);
            }
        }
        detector.state = saved.state;
        Ok(detector)
    }
}

impl State {
    fn is_possible(&self, method: DetectionMethod) -> bool {
        self.whitener.is_possible()
            && match (&self.method, method) {
                (Method::Focus(focus), DetectionMethod::Focus) => focus.is_possible(),
                (Method::Cusum(cusum), DetectionMethod::Cusum { .. }) => cusum.is_possible(),
                (Method::Bayesian(runs), DetectionMethod::Bayesian { .. }) => runs.is_possible(),
                _ => false,
            }
    }
}

impl ChangeDetector {
    /// The compact binary form: at most 4 KiB after the warm-up. Numbers are stored with all their
    /// bits; the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::from(self.clone()))
    }

    /// Reads the compact binary form of this or an older version of the crate. It goes on with the
    /// same bits as the detector that was saved.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible state;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<Saved>(bytes)?)
    }
}
