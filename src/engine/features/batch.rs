//! All rows of a fleet, with their labels.

use super::labels::Fate;
use super::{EntityState, Features};
use crate::Lifetime;
use crate::engine::telemetry::names::Names;
use crate::engine::telemetry::record::{Record, Rows};
use crate::engine::telemetry::{Telemetry, Values};
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::Array2;
use std::sync::{Mutex, PoisonError};

/// Names that only one of a plan and a telemetry knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmatched {
    /// What the plan asks for and the telemetry does not have: all missing. Such as "metric vibration".
    pub missing: Vec<String>,
    /// What the telemetry has and the plan does not ask for: passed over.
    pub unknown: Vec<String>,
}

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

/// Most rows of an entity at evenly spaced times.
const MOST_STEPS: f64 = 1e7;

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

/// Where the numbers of a plan are found in a telemetry, and the other way round.
struct Matching {
    /// For each metric of the plan, the telemetry's.
    metrics: Vec<Option<usize>>,
    /// Whether the metrics are the same in the same order.
    same_metrics: bool,
    /// For each kind and part of the telemetry, the plan's.
    event_kinds: Vec<Option<usize>>,
    parts: Vec<Option<usize>>,
    /// For each attribute of the plan, the telemetry's, and the code of the plan for each of its codes.
    attributes: Vec<Option<(usize, Option<Vec<f64>>)>>,
    unmatched: Unmatched,
    width: usize,
}

impl Matching {
    fn of(features: &Features, telemetry: &Telemetry) -> Result<Self> {
        let plan = &features.plan;
        let mut unmatched = Unmatched::default();
        let mut find = |what: &str, wanted: &Names, there: &Names| -> Vec<Option<usize>> {
            let only = |one: &Names, other: &Names| {
                let own = one.list().iter().filter(|name| other.find(name).is_none());
                own.map(|name| format!("{what} {name}")).collect::<Vec<_>>()
            };
            unmatched.missing.extend(only(wanted, there));
            unmatched.unknown.extend(only(there, wanted));
            wanted.list().iter().map(|name| there.find(name)).collect()
        };
        let metrics = find("metric", &plan.metrics, &telemetry.metrics);
        find("event", &plan.event_kinds, &telemetry.event_kinds);
        find("part", &plan.parts, &telemetry.parts);
        let attributes = find("attribute", &plan.attributes, &telemetry.attributes);
        if plan.metrics.len() > 0 && metrics.iter().all(Option::is_none) {
            let wanted = plan.metrics.list().join(", ");
            let reason = format!("none of the plan's metrics is there: {wanted}");
            return Err(Error::Incompatible { reason });
        }
        let numbers = |there: &Names, wanted: &Names| {
            there.list().iter().map(|name| wanted.find(name)).collect()
        };
        let mut codes = Vec::with_capacity(attributes.len());
        for (number, there) in attributes.into_iter().enumerate() {
            let Some(there) = there else {
                codes.push(None);
                continue;
            };
            let recoded = match (&plan.attribute_values[number], &telemetry.attribute_values[there])
            {
                (Values::Numbers, Values::Numbers) => None,
                (Values::Categories(wanted), Values::Categories(given)) => {
                    let code = |name: &String| wanted.find(name).map_or(f64::NAN, |c| c as f64);
                    Some(given.list().iter().map(code).collect())
                }
                _ => {
                    let name = &plan.attributes.list()[number];
                    let reason = format!(
                        "attribute {name:?} is a number in one of plan and telemetry and a category \
                         in the other"
                    );
                    return Err(Error::Incompatible { reason });
                }
            };
            codes.push(Some((there, recoded)));
        }
        Ok(Self {
            same_metrics: plan.metrics == telemetry.metrics,
            metrics,
            event_kinds: numbers(&telemetry.event_kinds, &plan.event_kinds),
            parts: numbers(&telemetry.parts, &plan.parts),
            attributes: codes,
            unmatched,
            width: telemetry.metrics.len(),
        })
    }
}

/// Everything of an entity in order, and when rows are asked for.
struct Life<'a> {
    record: &'a Record,
    rows: Rows<'a>,
    grid: Option<Vec<f64>>,
}

impl<'a> Life<'a> {
    fn of(record: &'a Record, matching: &Matching, step: Option<f64>) -> Result<Self> {
        let rows = record.rows(matching.width);
        let grid = match step {
            Some(step) => Some(grid(record, &rows, step)?),
            None => None,
        };
        Ok(Self { record, rows, grid })
    }

    fn moments(&self) -> &[f64] {
        self.grid.as_deref().unwrap_or(&self.rows.times)
    }

    /// An entity of which nothing but the attributes is known.
    fn begin(&self, features: &Features, matching: &Matching) -> EntityState {
        let mut state = features.state();
        for (attribute, found) in matching.attributes.iter().enumerate() {
            let Some((there, codes)) = found else { continue };
            let given = self.record.attributes.get(*there).copied().unwrap_or(f64::NAN);
            state.attributes[attribute] = match codes {
                Some(codes) if !given.is_nan() => codes[given as usize],
                _ => given,
            };
        }
        state
    }

    /// Lives through everything up to and with a time.
    fn live(&self, features: &Features, matching: &Matching, until: f64) -> Result<EntityState> {
        let mut state = self.begin(features, matching);
        let mut values = vec![f64::NAN; matching.metrics.len()];
        for item in self.order().iter().take_while(|item| item.time <= until) {
            self.happen(item, &mut state, matching, &mut values)?;
        }
        Ok(state)
    }

    /// Lives through everything; how many rows had a window that was cut.
    fn write(&self, features: &Features, matching: &Matching, to: &mut [f64]) -> Result<usize> {
        let mut state = self.begin(features, matching);
        let mut values = vec![f64::NAN; matching.metrics.len()];
        let order = self.order();
        let mut next = 0;
        let mut cut = 0;
        let width = features.n_features();
        for (&moment, row) in self.moments().iter().zip(to.chunks_exact_mut(width)) {
            while let Some(item) = order.get(next).filter(|item| item.time <= moment) {
                self.happen(item, &mut state, matching, &mut values)?;
                next += 1;
            }
            state.write_row(moment, row)?;
            cut += usize::from(state.is_cut(moment));
        }
        Ok(cut)
    }

    /// Everything in order of time; at one time, failures first and readings last.
    fn order(&self) -> Vec<Item> {
        let record = self.record;
        let mut order = Vec::with_capacity(
            record.failures.len()
                + record.maintenance.len()
                + record.events.len()
                + self.rows.times.len(),
        );
        let item = |kind| move |(index, time)| Item { time, kind, index };
        let failures = record.failures.iter().map(|failure| failure.0);
        order.extend(failures.enumerate().map(item(Kind::Failure)));
        let maintenance = record.maintenance.iter().map(|maintenance| maintenance.0);
        order.extend(maintenance.enumerate().map(item(Kind::Maintenance)));
        order.extend(record.events.iter().map(|event| event.0).enumerate().map(item(Kind::Event)));
        order.extend(self.rows.times.iter().copied().enumerate().map(item(Kind::Row)));
        // Stable, and fast on runs that are in order already.
        order.sort_by(|a, b| a.time.total_cmp(&b.time));
        order
    }

    fn happen(
        &self,
        item: &Item,
        state: &mut EntityState,
        matching: &Matching,
        values: &mut [f64],
    ) -> Result<()> {
        let Item { time, kind, index } = *item;
        match kind {
            Kind::Failure => state.fail(time),
            Kind::Maintenance => {
                let (_, part) = self.record.maintenance[index];
                state.maintain_of(time, matching.parts[part as usize])
            }
            Kind::Event => {
                let (_, kind) = self.record.events[index];
                state.event_of(time, matching.event_kinds[kind as usize])
            }
            Kind::Row => {
                let given = &self.rows.values[index * matching.width..(index + 1) * matching.width];
                if matching.same_metrics {
                    return state.observe(time, given);
                }
                for (value, metric) in values.iter_mut().zip(&matching.metrics) {
                    *value = metric.map_or(f64::NAN, |metric| given[metric]);
                }
                state.observe(time, values)
            }
        }
    }
}

/// Something that happened to an entity.
struct Item {
    time: f64,
    kind: Kind,
    index: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Failure,
    Maintenance,
    Event,
    Row,
}

/// Evenly spaced times from the first thing known to the last.
fn grid(record: &Record, rows: &Rows<'_>, step: f64) -> Result<Vec<f64>> {
    let first = (rows.times.first().copied().into_iter())
        .chain(record.events.iter().map(|event| event.0))
        .chain(record.maintenance.iter().map(|maintenance| maintenance.0))
        .chain(record.failures.iter().map(|failure| failure.0))
        .fold(f64::INFINITY, f64::min);
    if first == f64::INFINITY {
        return Ok(Vec::new());
    }
    let steps = ((record.until - first) / step).floor();
    if steps >= MOST_STEPS {
        let allowed = "so large that no entity has more than 10,000,000 rows";
        return Err(Error::OutOfRange { name: "step", value: step, allowed });
    }
    let moments = (0..=steps as usize).map(|index| first + index as f64 * step);
    // Rounding may carry the last one over the end.
    Ok(moments.filter(|&moment| moment <= record.until).collect())
}
