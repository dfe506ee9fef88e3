//! Saving a band and going on from there.

use super::{SeasonalBand, SeasonalBandParams};
use crate::envelope::Envelope;
use crate::error::Result;
use serde::{Deserialize, Deserializer, de::Error};

const ENVELOPE: Envelope = Envelope { magic: b"fwseason", newest: 1 };

impl SeasonalBand {
    /// The compact binary form: at most 4 KiB. Numbers are stored with all their bits; the last
    /// eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`](crate::Error::InvalidModel) should the encoder
    /// fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(self)
    }

    /// Reads the compact binary form. The band goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are truncated, altered or
    /// describe no possible band; [`Error::NewerFormat`](crate::Error::NewerFormat).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        ENVELOPE.open(bytes)
    }
}

/// Reads settings that a band can have.
pub(super) fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SeasonalBandParams, D::Error> {
    let params = SeasonalBandParams::deserialize(deserializer)?;
    params.check().map_err(D::Error::custom)?;
    Ok(params)
}
