//! Saving and going on. What is read is checked until it is a state that a tuner can be in.

use super::incident::{Incident, Watch};
use super::model::Thresholds;
use super::params::ThresholdTunerParams;
use super::tuner::ThresholdTuner;
use super::verdict::Judged;
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize};

const ENVELOPE: Envelope = Envelope { magic: b"fwtuner\0", newest: 1 };

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTuner {
    format: u32,
    params: ThresholdTunerParams,
    watches: Vec<Watch>,
    incidents: Vec<Incident>,
    judged: Vec<Judged>,
    thresholds: Thresholds,
    missing: u64,
}

impl ThresholdTuner {
    /// The whole state as bytes: settings, open and remembered incidents, verdicts, thresholds.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&SavedTuner::from(self))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; the tuner goes on as the saved one would.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or no possible state;
    /// [`Error::OutOfRange`] for settings out of range; [`Error::NewerFormat`].
    ///
    /// ```
    /// use forewarn::threshold::{ThresholdTuner, ThresholdTunerParams};
    ///
    /// let tuner = ThresholdTunerParams::default().start()?;
    /// assert_eq!(ThresholdTuner::from_bytes(&tuner.to_bytes()?)?, tuner);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<SavedTuner>(bytes)?)
    }
}

impl Serialize for ThresholdTuner {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedTuner::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ThresholdTuner {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(SavedTuner::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<&ThresholdTuner> for SavedTuner {
    fn from(tuner: &ThresholdTuner) -> Self {
        Self {
            format: ENVELOPE.newest,
            params: tuner.params.clone(),
            watches: tuner.watches.clone(),
            incidents: tuner.incidents.iter().copied().collect(),
            judged: tuner.judged.iter().copied().collect(),
            thresholds: tuner.thresholds.clone(),
            missing: tuner.missing,
        }
    }
}

impl TryFrom<SavedTuner> for ThresholdTuner {
    type Error = Error;

    fn try_from(saved: SavedTuner) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        saved.params.check()?;
        let SavedTuner { params, watches, incidents, judged, thresholds, .. } = saved;
        for (what, found, most) in [
            ("groups", watches.len(), params.max_groups),
            ("incidents", incidents.len(), params.max_incidents),
            ("verdicts", judged.len(), params.max_verdicts),
        ] {
            if found > most {
                return Err(invalid(format_args!("{found} {what}, {most} at most")));
            }
        }
        let known = incidents.iter().chain(judged.iter().map(|judged| &judged.incident));
        if !known.chain(watches.iter().filter_map(|watch| watch.open.as_ref())).all(possible) {
            return Err(invalid("an incident that cannot be"));
        }
        if !watches.iter().all(Watch::is_possible) {
            return Err(invalid("a group whose times cannot be"));
        }
        let ascending = thresholds.offsets.is_sorted_by(|a, b| a.0 < b.0);
        let numbers = thresholds.offsets.iter().map(|entry| entry.1).chain([thresholds.base]);
        if !ascending || !numbers.into_iter().all(|value| value.abs() <= 1e3) {
            return Err(invalid("thresholds that cannot be"));
        }
        let mut tuner = Self::new(params);
        tuner.places.extend(watches.iter().enumerate().map(|(place, it)| (it.group, place)));
        if tuner.places.len() != watches.len() {
            return Err(invalid("a group twice"));
        }
        tuner.watches.extend(watches);
        tuner.incidents.extend(incidents);
        tuner.judged.extend(judged);
        tuner.thresholds = thresholds;
        tuner.missing = saved.missing;
        Ok(tuner)
    }
}

fn possible(it: &Incident) -> bool {
    let times = it.start.is_finite() && it.end.is_finite() && it.start <= it.end;
    let raised = it.raised.is_none_or(|time| (it.start..=it.end).contains(&time));
    times && raised && (0.0..=1e6).contains(&it.peak) && (0.0..=2e6).contains(&it.height)
}
