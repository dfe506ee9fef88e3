//! Saving and loading.

use super::window::Window;
use super::{ConformalThreshold, ConformalThresholdParams, Control, Pid};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fw-confo", newest: 1 };

/// What a file holds.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: u32,
    params: ConformalThresholdParams,
    /// In order of time.
    window: Vec<f64>,
    control: Control,
    missing: u64,
    judged: u64,
    alarms: u64,
    run: u32,
}

impl Control {
    /// Whether corrections can have led to it.
    fn is_possible(&self) -> bool {
        match self {
            Self::Level(level) => (-2.0..=3.0).contains(level),
            Self::Experts(experts) => {
                let weights = experts.weights.iter().all(|weight| (0.0..=1.0).contains(weight));
                let sum: f64 = experts.weights.iter().sum();
                weights
                    && (sum - 1.0).abs() < 1e-6
                    && experts.levels.iter().all(|level| (-2.0..=3.0).contains(level))
            }
            Self::Pid(Pid { threshold, unit, sum, count }) => {
                threshold.is_finite()
                    && (0.0..=f64::MAX).contains(unit)
                    && sum.abs() <= *count as f64 + 1.0
            }
        }
    }
}

impl From<ConformalThreshold> for Saved {
    fn from(threshold: ConformalThreshold) -> Self {
        Self {
            format: ENVELOPE.newest,
            params: threshold.params,
            window: threshold.window.iter().collect(),
            control: threshold.control,
            missing: threshold.missing,
            judged: threshold.judged,
            alarms: threshold.alarms,
            run: threshold.run,
        }
    }
}

impl TryFrom<Saved> for ConformalThreshold {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        saved.params.check().map_err(invalid)?;
        let mut threshold = Self::new(saved.params);
        let same =
            std::mem::discriminant(&threshold.control) == std::mem::discriminant(&saved.control);
        if !same || !saved.control.is_possible() {
            return Err(invalid(format_args!("impossible control {:?}", saved.control)));
        }
        if saved.window.len() > saved.params.window || !saved.window.iter().all(|s| s.is_finite()) {
            return Err(invalid(format_args!("a window of {} scores", saved.window.len())));
        }
        if saved.alarms > saved.judged || u64::from(saved.run) > saved.alarms {
            return Err(invalid("more alarms than scores were judged"));
        }
        let mut window = Window::new(saved.params.window);
        saved.window.iter().for_each(|&score| window.push(score));
        (threshold.window, threshold.control) = (window, saved.control);
        (threshold.missing, threshold.judged) = (saved.missing, saved.judged);
        (threshold.alarms, threshold.run) = (saved.alarms, saved.run);
        Ok(threshold)
    }
}

impl ConformalThreshold {
    /// The compact binary form: eight bytes a score of the window. Numbers are stored with all their
    /// bits; the last eight bytes are a checksum.
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
