//! Saving a watch and going on from there.

use super::{ExhaustionParams, ExhaustionWatch};
use crate::envelope::Envelope;
use crate::error::{Result, invalid};
use crate::trend::cells::Cells;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ENVELOPE: Envelope = Envelope { magic: b"fwexhaus", newest: 1 };

/// What a file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    params: ExhaustionParams,
    cells: Cells,
    /// Time and value of the last observation, gaps included in the time.
    last: Option<(f64, Option<f64>)>,
    missing: u64,
    alert: bool,
}

impl Saved {
    fn of(watch: &ExhaustionWatch) -> Self {
        let value = Some(watch.value).filter(|value| !value.is_nan());
        Self {
            params: watch.params,
            cells: watch.cells.clone(),
            last: (watch.time != f64::MIN).then_some((watch.time, value)),
            missing: watch.missing,
            alert: watch.alert,
        }
    }

    fn restore(self) -> Result<ExhaustionWatch> {
        self.params.check().map_err(invalid)?;
        let mut watch = ExhaustionWatch::new(self.params)?;
        let possible = match self.last {
            None => self.cells.list.is_empty() && self.missing == 0,
            Some((time, value)) => {
                (watch.time, watch.value) = (time, value.unwrap_or(f64::NAN));
                time.abs() <= 1e14
                    && value.is_none() == self.cells.list.is_empty()
                    && value.is_none_or(|value| value.abs() <= 1e300)
            }
        };
        if !possible || !self.cells.is_possible(self.params.history, watch.time) {
            return Err(invalid("its cells do not fit its settings"));
        }
        watch.cells.restore(self.cells);
        (watch.missing, watch.alert) = (self.missing, self.alert);
        Ok(watch)
    }
}

impl Serialize for ExhaustionWatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExhaustionWatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Saved::deserialize(deserializer)?.restore().map_err(serde::de::Error::custom)
    }
}

impl ExhaustionWatch {
    /// The compact binary form: at most 20 KiB. Numbers are stored with all their bits; the last
    /// eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`](crate::Error::InvalidModel) should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::of(self))
    }

    /// Reads the compact binary form. The watch goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are truncated, altered or describe no possible watch;
    /// [`Error::NewerFormat`](crate::Error::NewerFormat).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open::<Saved>(bytes)?.restore()
    }
}
