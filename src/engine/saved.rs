//! Saving an engine as one file.

use super::card::{Mode, ModelCard};
use super::evaluation::Evaluation;
use super::features::Features;
use super::model::Engine;
use super::params::EngineParams;
use super::predictor::{Foresight, Predictor};
use crate::envelope::Envelope;
use crate::error::{Result, invalid};

const ENVELOPE: Envelope = Envelope { magic: b"fw-engin", newest: 1 };

/// What a file holds of an engine.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    params: EngineParams,
    card: ModelCard,
    evaluation: Evaluation,
    features: Features,
    predictor: Predictor,
}

impl Engine {
    fn saved(&self) -> Saved {
        Saved {
            format: ENVELOPE.newest,
            params: self.params.clone(),
            card: self.card.clone(),
            evaluation: self.evaluation.clone(),
            features: self.features.clone(),
            predictor: self.predictor.clone(),
        }
    }

    fn loaded(saved: Saved) -> Result<Self> {
        ENVELOPE.check_format(saved.format)?;
        let Saved { params, card, evaluation, features, predictor, .. } = saved;
        params.check().map_err(invalid)?;
        let columns = features.n_features();
        if params.features != *features.params() || card.features != columns {
            return Err(invalid("a plan of features of other settings"));
        }
        let horizon = features.params().horizon;
        predictor.members.check(columns, horizon)?;
        predictor.profile.check(columns)?;
        let predicts = card.mode == Mode::Predict;
        if predicts != predictor.foresight.is_some() || card.horizon != horizon {
            return Err(invalid("a card of another engine"));
        }
        if let Some(Foresight { stack, threshold, time_left }) = &predictor.foresight {
            stack.check(predictor.members.present())?;
            if !(0.0..=1.0).contains(threshold) {
                return Err(invalid(format_args!("an alert threshold of {threshold}")));
            }
            time_left.as_ref().map_or(Ok(()), super::remaining::TimeLeft::check)?;
        }
        Ok(Self { params, card, evaluation, features, predictor })
    }

    /// The engine as one file, with everything that it needs to answer. Numbers are stored with all
    /// their bits; the last eight bytes are a checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`](crate::Error::InvalidModel) should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&self.saved())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave, by this or an older version of the crate. The
    /// engine equals the saved one, and answers with the same bits.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are truncated, altered or
    /// describe no possible engine; [`Error::NewerFormat`](crate::Error::NewerFormat).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::loaded(ENVELOPE.open(bytes)?)
    }
}

impl serde::Serialize for Engine {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.saved().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Engine {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::loaded(Saved::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
