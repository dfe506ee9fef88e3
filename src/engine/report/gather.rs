//! From an engine and its telemetry to what a report shows.

use super::ReportParams;
use super::content::{ABNORMAL, Content, Focus, Panel, Past, PastRow, risk};
use crate::engine::features::Subject;
use crate::engine::telemetry::Telemetry;
use crate::engine::{Assessment, Engine, EntityRisk, Mode};
use crate::error::{Error, Result};

/// How many horizons one entity is shown for.
const HORIZONS: f64 = 12.0;

/// Rows of one entity up to which each is judged.
const ROWS: usize = 5_000;

/// Values from which an entity's own readings say what is usual for it.
const OWN: usize = 50;

/// Values that say what is usual, at most.
const VALUES: usize = 20_000;

pub(super) fn content<'a>(
    params: &'a ReportParams,
    engine: &'a Engine,
    telemetry: &Telemetry,
) -> Result<Content<'a>> {
    params.check()?;
    let mut assessments = engine.assess(telemetry, None)?;
    assessments.sort_by(|a, b| risk(b).total_cmp(&risk(a)).then_with(|| a.entity.cmp(&b.entity)));
    let number = match &params.entity {
        Some(entity) => {
            let number = assessments.iter().position(|assessment| assessment.entity == *entity);
            let reason = || format!("entity {entity:?} is not known: nothing is told of it");
            Some(number.ok_or_else(|| Error::Incompatible { reason: reason() })?)
        }
        None => (!assessments.is_empty()).then_some(0),
    };
    let now = assessments.iter().map(|assessment| assessment.time).fold(f64::NAN, f64::max);
    let past = past(params, engine, telemetry, &assessments)?;
    let focus = number.map(|number| focus(params, engine, telemetry, &assessments, number));
    Ok(Content {
        title: &params.title,
        noun: &params.noun,
        at_risk: params.at_risk,
        listed: params.listed,
        card: engine.card(),
        evaluation: engine.evaluation(),
        threshold: engine.threshold(),
        now,
        past,
        focus: focus.transpose()?,
        assessments,
    })
}

/// The risk at each time of an entity's history.
fn risks<'a>(engine: &Engine, entity: &'a EntityRisk) -> &'a [f64] {
    match engine.card().mode {
        Mode::Predict => &entity.failure_probability,
        Mode::DetectOnly => &entity.anomaly_score,
    }
}

fn past(
    params: &ReportParams,
    engine: &Engine,
    telemetry: &Telemetry,
    assessments: &[Assessment],
) -> Result<Past> {
    let (from, until) =
        telemetry.records.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |all, record| {
            let rows = record.rows(telemetry.metrics().len());
            let events = record.events.iter().map(|event| event.0);
            let first = rows.times.first().copied().into_iter().chain(events).fold(all.0, f64::min);
            (first, all.1.max(record.until))
        });
    if from >= until || params.over_time == 0 {
        return Ok(Past::default());
    }
    let columns = params.columns;
    let step = (until - from) / columns as f64;
    let history = engine.assess_history(telemetry, Some(step))?;
    let threshold = match engine.card().mode {
        Mode::Predict => engine.threshold(),
        Mode::DetectOnly => ABNORMAL,
    };
    let mut past = Past {
        times: (1..=columns).map(|column| from + step * column as f64).collect(),
        step,
        alerts: vec![0; columns],
        ..Past::default()
    };
    let mut rows: Vec<(usize, PastRow)> = Vec::new();
    for entity in history.entities {
        let mut row = vec![f64::NAN; columns];
        for (&time, &risk) in entity.times.iter().zip(risks(engine, &entity)) {
            let column = (((time - from) / step) as usize).min(columns - 1);
            // NaN gives way to any number.
            row[column] = row[column].max(risk);
        }
        for (alerts, &risk) in past.alerts.iter_mut().zip(&row) {
            *alerts += usize::from(risk >= threshold);
        }
        past.failures.extend(&entity.failures);
        let place =
            assessments.iter().take(params.over_time).position(|a| a.entity == entity.entity);
        if let Some(place) = place {
            let EntityRisk { entity, failures, .. } = entity;
            rows.push((place, PastRow { entity, risk: row, failures }));
        }
    }
    rows.sort_by_key(|(place, _)| *place);
    past.rows = rows.into_iter().map(|(_, row)| row).collect();
    past.failures.sort_by(f64::total_cmp);
    Ok(past)
}

fn focus(
    params: &ReportParams,
    engine: &Engine,
    telemetry: &Telemetry,
    assessments: &[Assessment],
    number: usize,
) -> Result<Focus> {
    let assessment = &assessments[number];
    let alone = telemetry.only(&assessment.entity);
    let times =
        alone.records.first().map(|record| record.rows(alone.metrics().len()).times.into_owned());
    let times = times.unwrap_or_default();
    let shown = HORIZONS * assessment.horizon;
    let step = (times.is_empty() || times.len() > ROWS).then_some(shown / 500.0);
    let history = engine.assess_history(&alone, step)?;
    let history = history.entities.into_iter().next().unwrap_or_default();
    let first = history.times.first().copied().unwrap_or(assessment.time - shown);
    // Sparse readings are shown for longer.
    let sparse = times.len().checked_sub(40).map_or(first, |at| times[at]);
    let from = (assessment.time - shown).min(sparse).max(first);
    let from = if from < assessment.time { from } else { assessment.time - shown };
    let within = |time: f64| (from..=assessment.time).contains(&time);
    let pairs = |values: &[f64]| -> Vec<(f64, f64)> {
        let known = history.times.iter().copied().zip(values.iter().copied());
        known.filter(|(time, value)| within(*time) && !value.is_nan()).collect()
    };
    let abnormal =
        pairs(&history.anomaly_score).into_iter().filter(|(_, score)| *score >= ABNORMAL);
    let abnormal = abnormal.map(|(time, _)| time).collect();
    let names = telling(params, engine, telemetry, assessment);
    let panel = |name: String| panel(telemetry, assessment, name, from);
    Ok(Focus {
        number,
        from,
        panels: names.into_iter().filter_map(panel).collect(),
        risk: pairs(risks(engine, &history)),
        abnormal,
        failures: history.failures.iter().copied().filter(|&time| within(time)).collect(),
    })
}

/// The metrics that say most about an entity: those of its reasons, of its trends, then the others.
fn telling(
    params: &ReportParams,
    engine: &Engine,
    telemetry: &Telemetry,
    assessment: &Assessment,
) -> Vec<String> {
    let features = engine.features();
    let of_reason = assessment.reasons.iter().filter_map(|reason| {
        match features.subjects()[features.column(&reason.feature)?] {
            Subject::Metric(metric) => Some(&features.metrics()[metric]),
            _ => None,
        }
    });
    let of_trend = assessment.trends.iter().map(|trend| &trend.metric);
    let mut names: Vec<String> = Vec::new();
    for name in of_reason.chain(of_trend).chain(telemetry.metrics()) {
        if telemetry.metrics().contains(name) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.truncate(params.metrics);
    names
}

/// The readings of a metric, with what is usual; `None` if there are none to show.
fn panel(telemetry: &Telemetry, assessment: &Assessment, name: String, from: f64) -> Option<Panel> {
    let metric = telemetry.metrics.find(&name)?;
    let entity = telemetry.entities.find(&assessment.entity)?;
    let known = readings(telemetry, entity, metric);
    let until = assessment.time;
    let shown = known.iter().copied().filter(|(time, _)| (from..=until).contains(time));
    let points: Vec<(f64, f64)> = shown.collect();
    if points.is_empty() {
        return None;
    }
    let healthy = |entity: usize, known: Vec<(f64, f64)>| -> Vec<f64> {
        let failures = &telemetry.records[entity].failures;
        let near = |time: f64| {
            failures.iter().any(|&(at, _)| at > time && at - time <= assessment.horizon)
        };
        let calm = |time: f64| !near(time) && time < until - assessment.horizon;
        known.into_iter().filter(|&(time, _)| calm(time)).map(|(_, value)| value).collect()
    };
    let mut usual = healthy(entity, known);
    if usual.len() < OWN {
        // Of all others, evenly chosen ones.
        let entities = telemetry.records.len();
        let share = VALUES.div_ceil(entities);
        usual = (0..entities)
            .flat_map(|entity| {
                let values = healthy(entity, readings(telemetry, entity, metric));
                let stride = values.len().div_ceil(share).max(1);
                values.into_iter().step_by(stride)
            })
            .collect();
    }
    usual.sort_by(f64::total_cmp);
    let band = (usual.len() >= OWN).then(|| {
        let at = |share: f64| usual[(share * (usual.len() - 1) as f64).round() as usize];
        (at(0.01), at(0.99))
    });
    let odd = band.map_or(Vec::new(), |(low, high)| {
        let room = 0.2 * (high - low);
        let far = |value: f64| value < low - room || value > high + room;
        points.iter().copied().filter(|&(_, value)| far(value)).collect()
    });
    Some(Panel { metric: name, points, band, odd })
}

/// The values of a metric in order of time, without those missing.
fn readings(telemetry: &Telemetry, entity: usize, metric: usize) -> Vec<(f64, f64)> {
    let metrics = telemetry.metrics().len();
    let rows = telemetry.records[entity].rows(metrics);
    let values = rows.values.iter().skip(metric).step_by(metrics.max(1));
    let pairs = rows.times.iter().copied().zip(values.copied());
    pairs.filter(|(_, value)| !value.is_nan()).collect()
}
