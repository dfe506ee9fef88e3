//! Saving a live fleet, without its engine.

use super::drift::Live;
use super::live::Fleet;
use super::verdict::{Recent, Verdicts};
use crate::engine::action::ActionGate;
use crate::engine::features::EntityState;
use crate::engine::model::Engine;
use crate::engine::telemetry::check_time;
use crate::envelope::Envelope;
use crate::error::{Result, invalid};
use std::collections::HashMap;
use std::sync::Arc;

const ENVELOPE: Envelope = Envelope { magic: b"fw-fleet", newest: 1 };

/// What a file holds of a fleet.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    names: Vec<String>,
    states: Vec<EntityState>,
    recent: Vec<Recent>,
    gate: ActionGate,
    verdicts: Verdicts,
    live: Live,
}

impl Fleet {
    /// Everything that is known, without the engine: entities, verdicts, the gate with its records.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`](crate::Error::InvalidModel) should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        ENVELOPE.seal(&Saved {
            format: ENVELOPE.newest,
            names: self.names.clone(),
            states: self.states.clone(),
            recent: self.recent.clone(),
            gate: self.gate.clone(),
            verdicts: self.verdicts.clone(),
            live: self.live.clone(),
        })
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave. The fleet goes on as the saved one, if the engine is
    /// the same.
    ///
    /// # Errors
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for bytes that are truncated, altered or
    /// describe no possible fleet of this engine;
    /// [`Error::NewerFormat`](crate::Error::NewerFormat).
    pub fn from_bytes(engine: &Arc<Engine>, bytes: &[u8]) -> Result<Self> {
        let saved: Saved = ENVELOPE.open(bytes)?;
        ENVELOPE.check_format(saved.format)?;
        let Saved { names, states, recent, gate, verdicts, live, .. } = saved;
        if states.len() != names.len() || recent.len() != names.len() {
            let (names, states) = (names.len(), states.len());
            return Err(invalid(format_args!("{states} states of {names} entities")));
        }
        if names.len() > engine.params.most_entities {
            return Err(invalid(format_args!("{} entities are too many", names.len())));
        }
        let mut numbers = HashMap::with_capacity(names.len());
        for (number, name) in names.iter().enumerate() {
            if name.is_empty() || numbers.insert(name.clone(), number).is_some() {
                return Err(invalid(format_args!("an entity named {name:?}")));
            }
        }
        states.iter().try_for_each(|state| engine.check_plan(state).map_err(invalid))?;
        let states = states.into_iter().map(|state| state.sharing(&engine.features)).collect();
        for (time, probability) in recent.iter().flat_map(|recent| recent.given.iter()) {
            check_time(*time).map_err(invalid)?;
            if !(*probability > 0.0 && *probability < 1.0) {
                return Err(invalid(format_args!("a probability of {probability}")));
            }
        }
        if *gate.policy() != engine.params.policy {
            return Err(invalid("a gate of another policy than the engine's"));
        }
        verdicts.check()?;
        live.check(&engine.predictor.profile, engine.features.n_features())?;
        let engine = Arc::clone(engine);
        Ok(Self { engine, names, numbers, states, recent, gate, verdicts, live })
    }
}
