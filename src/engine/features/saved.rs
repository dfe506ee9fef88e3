//! Saving a plan, and an entity in the middle of its life.

use super::events::Events;
use super::history::History;
use super::level::{Level, Smooth};
use super::plan::Plan;
use super::{EntityState, FeatureParams, Features};
use crate::engine::telemetry::names::Names;
use crate::engine::telemetry::{LARGEST, Values, check_time, check_values};
use crate::envelope::Envelope;
use crate::error::{Error, Result, invalid};
use std::sync::Arc;

const PLAN: Envelope = Envelope { magic: b"fw-featu", newest: 1 };
const STATE: Envelope = Envelope { magic: b"fw-entit", newest: 1 };

/// What a file holds of a plan.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: u32,
    params: FeatureParams,
    metrics: Vec<String>,
    event_kinds: Vec<String>,
    parts: Vec<String>,
    /// With their categories, if they have some.
    attributes: Vec<(String, Option<Vec<String>>)>,
}

impl From<Features> for Saved {
    fn from(features: Features) -> Self {
        let plan = &features.plan;
        let categories = |values: &Values| match values {
            Values::Numbers => None,
            Values::Categories(codes) => Some(codes.list().to_vec()),
        };
        let values = plan.attribute_values.iter().map(categories);
        Self {
            format: PLAN.newest,
            params: plan.params.clone(),
            metrics: plan.metrics.list().to_vec(),
            event_kinds: plan.event_kinds.list().to_vec(),
            parts: plan.parts.list().to_vec(),
            attributes: plan.attributes.list().iter().cloned().zip(values).collect(),
        }
    }
}

impl TryFrom<Saved> for Features {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self> {
        PLAN.check_format(saved.format)?;
        let names = |what, names| Names::distinct(what, names).map_err(invalid);
        let mut attributes = Vec::with_capacity(saved.attributes.len());
        let mut attribute_values = Vec::with_capacity(saved.attributes.len());
        for (name, categories) in saved.attributes {
            attributes.push(name);
            attribute_values.push(match categories {
                None => Values::Numbers,
                Some(categories) => Values::Categories(names("category", categories)?),
            });
        }
        let plan = Plan::new(
            saved.params,
            names("metric", saved.metrics)?,
            names("kind of event", saved.event_kinds)?,
            names("part", saved.parts)?,
            names("attribute", attributes)?,
            attribute_values,
        );
        Ok(Self { plan: Arc::new(plan.map_err(invalid)?) })
    }
}

impl Features {
    /// The compact binary form. Numbers are stored with all their bits; the last eight bytes are a
    /// checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        PLAN.seal(self)
    }

    /// Reads the compact binary form.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible plan;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        PLAN.open(bytes)
    }
}

/// What a file holds of an entity. `None` stands for NaN, and for times that never were.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedState {
    format: u32,
    features: Features,
    now: Option<f64>,
    begin: Option<f64>,
    failed: Option<f64>,
    failures: u64,
    /// The number of the first row.
    first: u64,
    times: Vec<f64>,
    values: Vec<Option<f64>>,
    crossed: Vec<bool>,
    cut: Option<f64>,
    levels: Vec<Level>,
    smooth: Vec<Smooth>,
    events: Vec<SavedEvents>,
    maintained: Vec<Option<f64>>,
    attributes: Vec<Option<f64>>,
}

/// What a file holds of the events of a kind.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedEvents {
    times: Vec<f64>,
    last: Option<f64>,
    cut: Option<f64>,
}

fn some(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl From<EntityState> for SavedState {
    fn from(state: EntityState) -> Self {
        let history = &state.history;
        let rows = history.start()..history.end();
        let metrics = state.levels.len();
        let cells = || rows.clone().flat_map(|row| (0..metrics).map(move |metric| (row, metric)));
        Self {
            format: STATE.newest,
            now: some(state.now),
            begin: some(state.begin),
            failed: some(state.failed),
            failures: state.failures,
            first: history.start() as u64,
            times: rows.clone().map(|row| history.time(row)).collect(),
            values: cells().map(|(row, metric)| some(history.value(row, metric))).collect(),
            crossed: cells().map(|(row, metric)| history.crossed(row, metric)).collect(),
            cut: some(history.cut()),
            events: state.events.iter().map(SavedEvents::of).collect(),
            maintained: state.maintained.iter().copied().map(some).collect(),
            attributes: state.attributes.iter().copied().map(some).collect(),
            levels: state.levels,
            smooth: state.smooth,
            features: state.features,
        }
    }
}

impl SavedEvents {
    fn of(events: &Events) -> Self {
        let times = events.times.iter().copied().collect();
        Self { times, last: some(events.last), cut: some(events.cut) }
    }
}

impl TryFrom<SavedState> for EntityState {
    type Error = Error;

    fn try_from(saved: SavedState) -> Result<Self> {
        STATE.check_format(saved.format)?;
        let mut state = saved.features.state();
        saved.check(&state)?;
        let params = saved.features.params();
        let most = params.most_rows as usize;
        let metrics = state.levels.len();
        let never = |time: Option<f64>| time.unwrap_or(f64::NEG_INFINITY);
        let nan = |time: Option<f64>| time.unwrap_or(f64::NAN);
        state.history = History::starting(metrics, most, saved.first as usize, never(saved.cut));
        for (row, &time) in saved.times.iter().enumerate() {
            state.history.push(time, f64::NEG_INFINITY);
            for metric in 0..metrics {
                let cell = row * metrics + metric;
                state.history.set(metric, nan(saved.values[cell]), saved.crossed[cell]);
            }
        }
        for (events, saved) in state.events.iter_mut().zip(saved.events) {
            *events =
                Events { times: saved.times.into(), last: nan(saved.last), cut: never(saved.cut) };
        }
        state.now = never(saved.now);
        state.begin = nan(saved.begin);
        state.failed = nan(saved.failed);
        state.failures = saved.failures;
        state.levels = saved.levels;
        state.smooth = saved.smooth;
        state.maintained = saved.maintained.into_iter().map(nan).collect();
        state.attributes = saved.attributes.into_iter().map(nan).collect();
        Ok(state)
    }
}

impl SavedState {
    /// Whether an entity can be in this state; `new` is one of the same plan.
    fn check(&self, new: &EntityState) -> Result<()> {
        let plan = &self.features.plan;
        let most = plan.params.most_rows as usize;
        let cells = self.times.len().checked_mul(new.levels.len());
        for (what, found, expected) in [
            ("values", Some(self.values.len()), cells),
            ("crossings", Some(self.crossed.len()), cells),
            ("levels", Some(self.levels.len()), Some(new.levels.len())),
            ("means", Some(self.smooth.len()), Some(new.smooth.len())),
            ("kinds of events", Some(self.events.len()), Some(new.events.len())),
            ("parts", Some(self.maintained.len()), Some(new.maintained.len())),
            ("attributes", Some(self.attributes.len()), Some(new.attributes.len())),
        ] {
            if found != expected {
                return Err(invalid(format_args!("{found:?} {what}, {expected:?} expected")));
            }
        }
        let events = self.events.iter();
        let single = [self.now, self.begin, self.failed, self.cut].into_iter();
        let times = single
            .chain(self.maintained.iter().copied())
            .chain(events.clone().flat_map(|events| [events.last, events.cut]))
            .flatten()
            .chain(self.times.iter().copied())
            .chain(self.levels.iter().filter(|level| level.count > 0).map(|level| level.last_time))
            .chain(events.clone().flat_map(|events| events.times.iter().copied()));
        let now = self.now.unwrap_or(0.0);
        for time in times {
            check_time(time).map_err(invalid)?;
            if time > now {
                return Err(invalid(format_args!("time {time} is after {now}, the last one")));
            }
        }
        let rising = self.times.windows(2).all(|pair| pair[0] < pair[1])
            && events.clone().all(|events| events.times.is_sorted());
        let room = self.times.len() <= most
            && events.clone().all(|events| events.times.len() <= most)
            && self.first < 1 << 53
            && self.failures < 1 << 53;
        // Without a present nothing has ever happened.
        let lived = self.now.is_some() == self.begin.is_some()
            && (self.now.is_some()
                || (self.times.is_empty() && events.clone().all(|events| events.times.is_empty())));
        if !(rising && room && lived) {
            return Err(invalid("rows or events that cannot have come like this"));
        }
        for values in [&self.values, &self.attributes] {
            let known: Vec<f64> = values.iter().flatten().copied().collect();
            check_values(0, &known, known.len()).map_err(invalid)?;
        }
        for (number, &value) in self.attributes.iter().enumerate() {
            if let (Values::Categories(codes), Some(code)) = (&plan.attribute_values[number], value)
                && !(code >= 0.0 && code < codes.len() as f64 && code.fract() == 0.0)
            {
                return Err(invalid(format_args!("{code} as the code of a category")));
            }
        }
        let possible = |value: f64| value.abs() <= 2.0 * LARGEST;
        let level = |level: &Level| {
            [level.origin, level.mean, level.start, level.last].into_iter().all(possible)
                && level.squares >= 0.0
                && level.squares.is_finite()
                && level.count < 1 << 53
        };
        let smooth = |smooth: &Smooth| {
            possible(smooth.mean) && smooth.weight >= 0.0 && smooth.weight < 1e300
        };
        if !self.levels.iter().all(level) || !self.smooth.iter().all(smooth) {
            return Err(invalid("levels that no values have"));
        }
        Ok(())
    }
}

impl EntityState {
    /// The compact binary form. Numbers are stored with all their bits; the last eight bytes are a
    /// checksum.
    ///
    /// # Errors
    /// None in practice: [`Error::InvalidModel`] should the encoder fail.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        STATE.seal(self)
    }

    /// Reads the compact binary form. The entity goes on with the same bits as the one that was
    /// saved.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are truncated, altered or describe no possible state;
    /// [`Error::NewerFormat`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        STATE.open(bytes)
    }
}
