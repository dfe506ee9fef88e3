//! Saving and loading of whole models: the trees, and what else a model answers with.

use super::classifier::FailureClassifier;
use super::ensemble::{Ensemble, Link};
use super::multiclass::Classifier;
use super::regressor::Regressor;
use super::report::TrainingReport;
use super::survival::{FailureTime, Law};
use super::tree::Tree;
use crate::calibrate::{Calibrator, LARGEST_SCORE, Scale};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use serde::{Deserialize, Serialize};

/// What a file holds of any of the models.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    ensemble: Ensemble,
    calibrator: Option<Calibrator>,
    report: TrainingReport,
}

/// What a file holds of a model of lifetimes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedLifetimes {
    format: u32,
    ensemble: Ensemble,
    law: Law,
    report: TrainingReport,
}

/// Implements saving for a model that is made of, and makes, a [`Saved`] or the like.
macro_rules! saved {
    ($model:ident, $saved:ident, $magic:literal) => {
        impl $model {
            const ENVELOPE: Envelope = Envelope { magic: $magic, newest: 1 };

            /// The compact binary form: some 70 bytes a leaf. Numbers are stored with all their
            /// bits; the last eight bytes are a checksum.
            ///
            /// # Errors
            /// None in practice: [`Error::InvalidModel`] should the encoder fail.
            pub fn to_bytes(&self) -> Result<Vec<u8>> {
                Self::ENVELOPE.seal(&self.saved())
            }

            /// Reads the compact binary form of this or an older version of the crate. The model
            /// equals the saved one, and predicts with the same bits.
            ///
            /// # Errors
            /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible
            /// model; [`Error::NewerFormat`].
            pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
                Self::loaded(Self::ENVELOPE.open(bytes)?)
            }

            fn checked(saved: &$saved) -> Result<()> {
                Self::ENVELOPE.check_format(saved.format)
            }
        }

        impl Serialize for $model {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.saved().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $model {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::loaded($saved::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

saved!(FailureClassifier, Saved, b"fw-fails");
saved!(Classifier, Saved, b"fw-class");
saved!(Regressor, Saved, b"fw-regre");
saved!(FailureTime, SavedLifetimes, b"fw-lives");

/// What of a file does not go with the model that it is read as.
fn mismatch(ensemble: &Ensemble) -> Error {
    let (outputs, link) = (ensemble.n_outputs(), ensemble.link());
    invalid(format_args!("trees with {outputs} outputs and link {link:?} are another model's"))
}

/// Whether a calibrator takes every raw score of trees with one output: no row may be refused.
fn takes_all(calibrator: &Calibrator, ensemble: &Ensemble) -> bool {
    let size = |tree: &Tree| tree.leaves.iter().map(|leaf| leaf.value.abs()).fold(0.0, f64::max);
    let largest = ensemble.start[0].abs() + ensemble.trees.iter().map(size).sum::<f64>();
    calibrator.scale() == Scale::LogOdds && largest <= LARGEST_SCORE
}

impl FailureClassifier {
    fn saved(&self) -> Saved {
        Saved {
            format: 1,
            ensemble: self.ensemble.clone(),
            calibrator: self.calibrator.clone(),
            report: self.report.clone(),
        }
    }

    fn loaded(saved: Saved) -> Result<Self> {
        Self::checked(&saved)?;
        let Saved { ensemble, calibrator, report, .. } = saved;
        if !matches!((ensemble.n_outputs(), ensemble.link()), (1, Link::Logistic { .. })) {
            return Err(mismatch(&ensemble));
        }
        if calibrator.as_ref().is_some_and(|calibrator| !takes_all(calibrator, &ensemble)) {
            return Err(invalid("its calibrator does not take all scores that its trees can give"));
        }
        Ok(Self { ensemble, calibrator, report })
    }
}

impl Classifier {
    fn saved(&self) -> Saved {
        let (ensemble, report) = (self.ensemble.clone(), self.report.clone());
        Saved { format: 1, ensemble, calibrator: None, report }
    }

    fn loaded(saved: Saved) -> Result<Self> {
        Self::checked(&saved)?;
        let Saved { ensemble, calibrator, report, .. } = saved;
        match (ensemble.n_outputs(), ensemble.link(), calibrator) {
            (2.., Link::Softmax, None) => Ok(Self { ensemble, report }),
            _ => Err(mismatch(&ensemble)),
        }
    }
}

impl Regressor {
    fn saved(&self) -> Saved {
        let (ensemble, report) = (self.ensemble.clone(), self.report.clone());
        Saved { format: 1, ensemble, calibrator: None, report }
    }

    fn loaded(saved: Saved) -> Result<Self> {
        Self::checked(&saved)?;
        let Saved { ensemble, calibrator, report, .. } = saved;
        match (ensemble.n_outputs(), ensemble.link(), calibrator) {
            (1, Link::Identity | Link::Exponential, None) => Ok(Self { ensemble, report }),
            _ => Err(mismatch(&ensemble)),
        }
    }
}

impl FailureTime {
    fn saved(&self) -> SavedLifetimes {
        let (ensemble, law) = (self.ensemble.clone(), self.law.clone());
        SavedLifetimes { format: 1, ensemble, law, report: self.report.clone() }
    }

    fn loaded(saved: SavedLifetimes) -> Result<Self> {
        Self::checked(&saved)?;
        Self::new(saved.ensemble, saved.law, saved.report)
    }
}
