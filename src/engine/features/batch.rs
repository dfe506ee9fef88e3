//! All rows of a fleet, with their labels.

use super::labels::Fate;
use super::lives::Life;
use super::matching::{Matching, Unmatched};
use super::{EntityState, Features};
use crate::Lifetime;
use crate::engine::telemetry::Telemetry;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::Array2;
use std::sync::{Mutex, PoisonError};

/// Rows of features with their labels: entity by entity, each in order of time.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureRows {
    /// Rows × features; NaN is missing.
    pub x: Array2<f64>,
    /// Whose each row is: an index into [`entities`](Self::entities).
    pub entity: Vec<usize>,
    /// The names of the entities, as in the telemetry.
    pub entities: Vec<String>,
    /// When each row was.
    pub time: Vec<f64>,
    /// Whether a failure came within the horizon after each row; `None` where it is not known, since the
    /// entity was not watched that long: such rows must not be taken for healthy ones.
    pub fails: Vec<Option<bool>>,
    /// How long each entity lived after a row: until a failure, or without one until it was no
    /// longer watched. `None` for rows after which it was not watched.
    pub life: Vec<Option<Lifetime>>,
    /// Rows of which a window left something out: there was more than
    /// [`most_rows`](super::FeatureParams::most_rows).
    pub cut: usize,
    /// What did not match.
    pub unmatched: Unmatched,
}

impl FeatureRows {
    /// The rows of which it is known whether a failure came within the horizon, and whether it did.
    #[must_use]
    pub fn labelled(&self) -> (Vec<usize>, Vec<bool>) {
        let rows = self.fails.iter().enumerate();
        rows.filter_map(|(row, &fails)| Some((row, fails?))).unzip()
    }

    /// The rows of which it is known how long the entity lived at least, and how long.
    #[must_use]
    pub fn lived(&self) -> (Vec<usize>, Vec<Lifetime>) {
        let rows = self.life.iter().enumerate();
        rows.filter_map(|(row, &life)| Some((row, life?))).unzip()
    }
}

/// A row at each time of an entity's readings, or every so often.
pub(super) fn rows(
    features: &Features,
    telemetry: &Telemetry,
    step: Option<f64>,
) -> Result<FeatureRows> {
    let matching = Matching::of(features, telemetry)?;
    let width = features.n_features();
    let horizon = features.params().horizon;
    let lives = telemetry.records.iter().map(|record| Life::of(record, &matching, step));
    let lives: Vec<Life<'_>> = lives.collect::<Result<_>>()?;
    let total: usize = lives.iter().map(|life| life.moments().len()).sum();
    if total == 0 {
        return Err(Error::Empty { what: "rows" });
    }
    let mut x = vec![0.0; total * width];
    let mut rest = x.as_mut_slice();
    let mut places = Vec::with_capacity(lives.len());
    for life in &lives {
        let (own, after) = rest.split_at_mut(life.moments().len() * width);
        places.push(Mutex::new(own));
        rest = after;
    }
    let cut: Vec<Result<usize>> = parallel::map(lives.len(), |entity| {
        // Each place is locked once: by the one who fills it.
        let mut to = places[entity].lock().unwrap_or_else(PoisonError::into_inner);
        lives[entity].write(features, &matching, &mut to)
    });
    drop(places);
    let cut = cut.into_iter().sum::<Result<usize>>()?;
    let mut rows = FeatureRows {
        x: Array2::from_shape_vec((total, width), x)
            .map_err(|error| Error::Incompatible { reason: error.to_string() })?,
        entity: Vec::with_capacity(total),
        entities: telemetry.entities.list().to_vec(),
        time: Vec::with_capacity(total),
        fails: Vec::with_capacity(total),
        life: Vec::with_capacity(total),
        cut,
        unmatched: matching.unmatched,
    };
    for (entity, life) in lives.iter().enumerate() {
        let mut failures: Vec<f64> = life.record.failures.iter().map(|&(time, _)| time).collect();
        failures.sort_unstable_by(f64::total_cmp);
        let fate = Fate { failures, until: life.record.until };
        for &time in life.moments() {
            rows.entity.push(entity);
            rows.time.push(time);
            rows.fails.push(fate.fails(time, horizon));
            rows.life.push(fate.life(time));
        }
    }
    Ok(rows)
}

/// The state of every entity of which anything is known by `until`, with its number and the failures
/// by then; `None` for all that is known.
pub(in crate::engine) fn states(
    features: &Features,
    telemetry: &Telemetry,
    until: Option<f64>,
) -> Result<Vec<(usize, EntityState)>> {
    let matching = Matching::of(features, telemetry)?;
    let states = parallel::map(telemetry.records.len(), |entity| {
        let life = Life::of(&telemetry.records[entity], &matching, None)?;
        let state = life.live(features, &matching, until.unwrap_or(f64::INFINITY))?;
        Ok(state.last_time().map(|_| (entity, state)))
    });
    states.into_iter().filter_map(Result::transpose).collect()
}

/// What does not match between a plan and a telemetry.
pub(super) fn unmatched(features: &Features, telemetry: &Telemetry) -> Result<Unmatched> {
    Ok(Matching::of(features, telemetry)?.unmatched)
}
