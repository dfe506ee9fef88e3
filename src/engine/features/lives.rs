//! Living through what is known of an entity.

use super::matching::Matching;
use super::{EntityState, Features};
use crate::engine::telemetry::record::{Record, Rows};
use crate::error::{Error, Result};

/// Most rows of an entity at evenly spaced times.
const MOST_STEPS: f64 = 1e7;

/// Everything of an entity in order, and when rows are asked for.
pub(super) struct Life<'a> {
    pub(super) record: &'a Record,
    rows: Rows<'a>,
    grid: Option<Vec<f64>>,
}

impl<'a> Life<'a> {
    pub(super) fn of(record: &'a Record, matching: &Matching, step: Option<f64>) -> Result<Self> {
        let rows = record.rows(matching.width);
        let grid = match step {
            Some(step) => Some(grid(record, &rows, step)?),
            None => None,
        };
        Ok(Self { record, rows, grid })
    }

    pub(super) fn moments(&self) -> &[f64] {
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
    pub(super) fn live(
        &self,
        features: &Features,
        matching: &Matching,
        until: f64,
    ) -> Result<EntityState> {
        let mut state = self.begin(features, matching);
        let mut values = vec![f64::NAN; matching.metrics.len()];
        for item in self.order().iter().take_while(|item| item.time <= until) {
            self.happen(item, &mut state, matching, &mut values)?;
        }
        Ok(state)
    }

    /// Lives through everything; how many rows had a window that was cut.
    pub(super) fn write(
        &self,
        features: &Features,
        matching: &Matching,
        to: &mut [f64],
    ) -> Result<usize> {
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
