//! What a plan and a telemetry call the same.

use super::Features;
use crate::engine::telemetry::names::Names;
use crate::engine::telemetry::{Telemetry, Values};
use crate::error::{Error, Result};

/// Names that only one of a plan and a telemetry knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmatched {
    /// What the plan asks for and the telemetry does not have: all missing. Such as "metric vibration".
    pub missing: Vec<String>,
    /// What the telemetry has and the plan does not ask for: passed over.
    pub unknown: Vec<String>,
}

/// Where the numbers of a plan are found in a telemetry, and the other way round.
pub(super) struct Matching {
    /// For each metric of the plan, the telemetry's.
    pub(super) metrics: Vec<Option<usize>>,
    /// Whether the metrics are the same in the same order.
    pub(super) same_metrics: bool,
    /// For each kind and part of the telemetry, the plan's.
    pub(super) event_kinds: Vec<Option<usize>>,
    pub(super) parts: Vec<Option<usize>>,
    /// For each attribute of the plan, the telemetry's, and the code of the plan for each of its codes.
    pub(super) attributes: Vec<Option<(usize, Option<Vec<f64>>)>>,
    pub(super) unmatched: Unmatched,
    pub(super) width: usize,
}

impl Matching {
    pub(super) fn of(features: &Features, telemetry: &Telemetry) -> Result<Self> {
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
