//! Saving and loading.

use super::centre::Centre;
use super::tail::{Fit, Tail};
use super::{Body, ExtremeThreshold, ExtremeThresholdParams};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fw-extrm", newest: 1 };

/// What a file holds. Infinities are `None`: not every format has them.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: u32,
    params: ExtremeThresholdParams,
    count: u64,
    missing: u64,
    judged: u64,
    alarms: u64,
    centre: Option<Centre>,
    upper: Option<SavedTail>,
    lower: Option<SavedTail>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTail {
    values: Vec<f64>,
    weight: u64,
    floor: Option<f64>,
    at_floor: u64,
    floor_is_rare: bool,
    threshold: Option<f64>,
    fit: Option<Fit>,
    since_fit: u32,
    turn: u32,
    median: Option<f64>,
    score: f64,
    slope: f64,
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl SavedTail {
    fn of(tail: Tail, body: Body) -> Option<Self> {
        let watched = tail.floor < f64::INFINITY;
        watched.then(|| Self {
            values: tail.values,
            weight: tail.weight,
            floor: finite(tail.floor),
            at_floor: tail.at_floor,
            floor_is_rare: tail.floor_is_rare,
            threshold: finite(tail.threshold),
            fit: tail.fit,
            since_fit: tail.since_fit,
            turn: tail.turn,
            median: body.known.then_some(body.median),
            score: body.score,
            slope: body.slope,
        })
    }

    fn restore(self, to: &mut Tail, body: &mut Body) -> Result<()> {
        let capacity = to.values.capacity();
        let kept = self.values.len();
        if kept > capacity || self.at_floor.saturating_add(kept as u64) > self.weight {
            return Err(invalid(format_args!(
                "{kept} largest values and {} at their floor of {}, {capacity} at most",
                self.at_floor, self.weight
            )));
        }
        let floor = self.floor.unwrap_or(f64::NEG_INFINITY);
        let finite = |value: &f64| value.is_finite();
        let descending = self.values.is_sorted_by(|a, b| a >= b) && self.values.iter().all(finite);
        if !descending || self.values.last().is_some_and(|last| *last < floor) {
            return Err(invalid("largest values that do not descend to their floor"));
        }
        let paired = self.floor.is_some() == self.median.is_some();
        if !paired || (self.floor.is_some() && kept == 0) || self.weight > 1 << 60 {
            return Err(invalid("a floor without values, or one that nothing is known below"));
        }
        if ![self.score, self.slope].iter().all(|value| *value >= 0.0 && value.is_finite()) {
            return Err(invalid(format_args!("score {} and slope {}", self.score, self.slope)));
        }
        if let Some(fit) = &self.fit
            && !(fit.level.is_finite() && fit.count >= 1.0 && fit.count <= capacity as f64)
        {
            return Err(invalid(format_args!("a law of {} excesses", fit.count)));
        }
        if self.fit.is_some() && self.threshold.is_none() {
            return Err(invalid("a law without a threshold"));
        }
        to.values.extend(self.values);
        (to.weight, to.floor, to.at_floor) = (self.weight, floor, self.at_floor);
        (to.fit, to.floor_is_rare) = (self.fit, self.floor_is_rare);
        to.threshold = self.threshold.unwrap_or(f64::INFINITY);
        (to.since_fit, to.turn) = (self.since_fit, self.turn);
        let known = self.median.is_some();
        let median = self.median.unwrap_or(0.0);
        *body = Body { median, known, score: self.score, slope: self.slope };
        Ok(())
    }
}

impl From<ExtremeThreshold> for Saved {
    fn from(threshold: ExtremeThreshold) -> Self {
        Self {
            format: ENVELOPE.newest,
            params: threshold.params,
            count: threshold.count,
            missing: threshold.missing,
            judged: threshold.judged,
            alarms: threshold.alarms,
            centre: threshold.centre,
            upper: SavedTail::of(threshold.upper, threshold.upper_body),
            lower: SavedTail::of(threshold.lower, threshold.lower_body),
        }
    }
}

impl TryFrom<Saved> for ExtremeThreshold {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        saved.params.check().map_err(invalid)?;
        let mut threshold = Self::new(saved.params);
        if saved.judged > saved.count || saved.alarms > saved.judged {
            let reason = "more alarms than judgements, or more of those than observations";
            return Err(invalid(reason));
        }
        if saved.centre.is_some() != threshold.centre.is_some()
            || saved.centre.as_ref().is_some_and(|centre| !centre.is_possible())
        {
            return Err(invalid("a level that the settings do not have, or an impossible one"));
        }
        threshold.centre = saved.centre;
        let sides = [
            (saved.upper, &mut threshold.upper, &mut threshold.upper_body),
            (saved.lower, &mut threshold.lower, &mut threshold.lower_body),
        ];
        for (from, to, body) in sides {
            match from {
                Some(from) if to.floor < f64::INFINITY => from.restore(to, body)?,
                None if to.floor == f64::INFINITY => {}
                _ => return Err(invalid("other sides than the settings watch")),
            }
        }
        (threshold.count, threshold.missing) = (saved.count, saved.missing);
        (threshold.judged, threshold.alarms) = (saved.judged, saved.alarms);
        Ok(threshold)
    }
}

impl ExtremeThreshold {
    /// The compact binary form: nine bytes an excess. Numbers are stored with all their bits; the
    /// last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::from(self.clone()))
    }

    /// Reads the compact binary form of this or an older version of the crate. It goes on with the
    /// same bits as the threshold that was saved.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible state;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<Saved>(bytes)?)
    }
}
