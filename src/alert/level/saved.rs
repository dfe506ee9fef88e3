//! The saved form of a service level, checked when it is read.

use super::window::Window;
use super::{ServiceLevel, ServiceLevelParams};
use crate::alert::params::LATEST;
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fwlevel\0", newest: 1 };

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    params: ServiceLevelParams,
    seen: Option<[f64; 2]>,
    windows: Vec<[Window; 2]>,
    period: Window,
}

impl From<ServiceLevel> for Saved {
    fn from(level: ServiceLevel) -> Self {
        let ServiceLevel { params, seen, windows, period } = level;
        Self { params, seen, windows, period }
    }
}

impl TryFrom<Saved> for ServiceLevel {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { params, seen, mut windows, mut period } = saved;
        params.check()?;
        if let Some([first, last]) = seen
            && !(-LATEST <= first && first <= last && last <= LATEST)
        {
            return Err(invalid(format_args!("it counted from {first} to {last}")));
        }
        let fresh = Self::new(params);
        let lengths = |level: &[[Window; 2]]| -> Vec<f64> {
            level.iter().flatten().map(|window| window.length).collect()
        };
        if lengths(&windows) != lengths(&fresh.windows) || period.length != fresh.period.length {
            return Err(invalid("windows that are not the rules'"));
        }
        for window in windows.iter_mut().flatten().chain([&mut period]) {
            if !window.restore() {
                return Err(invalid("a window that cannot be"));
            }
        }
        Ok(Self { params: fresh.params, seen, windows, period })
    }
}

impl ServiceLevel {
    /// The compact binary form: some 200 bytes a window, up to 1 KiB.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved::from(self.clone()))
    }

    /// Reads the compact binary form; the service level goes on as the saved one would have.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe nothing that counting
    /// could have made, [`Error::OutOfRange`] for settings, [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::try_from(ENVELOPE.open::<Saved>(bytes)?)
    }
}
