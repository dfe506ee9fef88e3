//! Figures of an ensemble on rows that it had not seen.

use super::action::ActionCosts;
use super::card::Mode;
use super::evaluation::{
    AlertFigures, CalibrationPoint, ConfidenceBin, CostPoint, CurvePoint, EnsembleFigures,
    Evaluation, LifetimeFigures, PartFigures,
};
use super::features::{Clock, FeatureRows};
use super::judged::failures_of;
use super::members::{MEMBERS, NAMES, Scores};
use super::params::EngineParams;
use super::predictor::{Finding, Predictor};
use super::remaining::remaining;
use crate::error::Result;
use crate::metrics::{
    Bins, History, average_precision, brier, calibration_table, expected_calibration_error,
    log_loss, roc_auc,
};
use ndarray::Axis;
use std::collections::HashSet;

/// Points of a curve.
const POINTS: usize = 200;

/// Bins of the reliability diagram and of the calibration error.
const BINS: usize = 10;

/// Ends of the bins of confidence.
const CONFIDENCE: [f64; 8] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];

impl Evaluation {
    /// Of an engine that was not judged.
    pub(super) fn unknown(threshold: f64) -> Self {
        Self {
            mode: Mode::Predict,
            warnings: Vec::new(),
            rows: 0,
            entities: 0,
            failures: 0,
            from: 0.0,
            until: 0.0,
            base_rate: 0.0,
            parts: Vec::new(),
            ensemble: None,
            threshold,
            at_threshold: None,
            lifetimes: None,
            calibration: Vec::new(),
            costs: Vec::new(),
            cost_of_never: 0.0,
            cost_of_always: 0.0,
            curve: Vec::new(),
            confidence: Vec::new(),
        }
    }

    /// Of an engine that only detects.
    pub(super) fn detect_only(warnings: Vec<String>, from: f64, until: f64) -> Self {
        Self { mode: Mode::DetectOnly, warnings, from, until, ..Self::unknown(1.0) }
    }
}

/// The figures of the rows `held`.
pub(super) fn figures(
    params: &EngineParams,
    predictor: &Predictor,
    rows: &FeatureRows,
    held: &[usize],
    warnings: &mut Vec<String>,
) -> Result<Evaluation> {
    let Some(foresight) = &predictor.foresight else { return Ok(Evaluation::unknown(1.0)) };
    let x = rows.x.select(Axis(0), held);
    let scores = predictor.members.score(x.view())?;
    let mut findings = Vec::with_capacity(held.len());
    for (row, scores) in x.outer_iter().zip(&scores) {
        findings.push(predictor.find(row.as_slice().unwrap_or_default(), scores, 0.0)?);
    }
    let known: Vec<usize> =
        (0..held.len()).filter(|&index| rows.fails[held[index]].is_some()).collect();
    let of: Vec<usize> = known.iter().map(|&index| held[index]).collect();
    let labels: Vec<bool> = of.iter().map(|&row| rows.fails[row] == Some(true)).collect();
    let said: Vec<f64> =
        known.iter().map(|&index| findings[index].probability.unwrap_or(0.0)).collect();
    let time = |f: fn(f64, f64) -> f64, start| of.iter().map(|&row| rows.time[row]).fold(start, f);
    let count = |class| labels.iter().filter(|&&label| label == class).count();
    let rows_known = of.len();
    let mut evaluation = Evaluation {
        rows: rows_known,
        entities: of.iter().map(|&row| rows.entity[row]).collect::<HashSet<_>>().len(),
        failures: failures_of(rows, &of),
        from: if rows_known > 0 { time(f64::min, f64::INFINITY) } else { 0.0 },
        until: if rows_known > 0 { time(f64::max, f64::NEG_INFINITY) } else { 0.0 },
        base_rate: count(true) as f64 / rows_known.max(1) as f64,
        lifetimes: lifetimes(params, rows, held, &findings)?,
        ..Evaluation::unknown(foresight.threshold)
    };
    if count(true) == 0 || count(false) == 0 {
        warnings.push(format!(
            "of the {rows_known} rows kept back, {} were followed by a failure: there are no figures",
            count(true)
        ));
        return Ok(evaluation);
    }
    let own: Vec<&Scores> = known.iter().map(|&index| &scores[index]).collect();
    evaluation.parts = parts(predictor, &labels, &own)?;
    evaluation.ensemble = Some(EnsembleFigures {
        roc_auc: roc_auc(&labels, &said)?,
        average_precision: average_precision(&labels, &said)?,
        log_loss: log_loss(&labels, &said)?,
        brier: brier(&labels, &said)?,
        expected_calibration_error: expected_calibration_error(
            &labels,
            &said,
            Bins::EqualMass(BINS),
        )?,
    });
    let table = calibration_table(&labels, &said, Bins::EqualMass(BINS), 0.95)?;
    evaluation.calibration = table
        .iter()
        .map(|bin| CalibrationPoint {
            predicted: bin.predicted,
            observed: bin.observed,
            count: bin.count,
        })
        .collect();
    evaluation.at_threshold = Some(alerts(params, rows, &of, &labels, &said, foresight.threshold)?);
    curves(&mut evaluation, &params.policy.costs, &labels, &said);
    let findings: Vec<&Finding> = known.iter().map(|&index| &findings[index]).collect();
    evaluation.confidence = confidence(&findings, &labels);
    Ok(evaluation)
}

fn parts(predictor: &Predictor, labels: &[bool], scores: &[&Scores]) -> Result<Vec<PartFigures>> {
    let Some(foresight) = &predictor.foresight else { return Ok(Vec::new()) };
    let shares = foresight.stack.shares();
    let present = predictor.members.present();
    let part = |member: usize| {
        let of = |scores: &&Scores| foresight.stack.of_member(member, scores[member]);
        let raw: Vec<f64> = scores.iter().map(|scores| scores[member]).collect();
        let said: Vec<f64> = scores.iter().map(of).map(super::regression::logistic).collect();
        Ok(PartFigures {
            name: NAMES[member].to_owned(),
            weight: shares[member],
            roc_auc: roc_auc(labels, &raw)?,
            average_precision: average_precision(labels, &raw)?,
            log_loss: log_loss(labels, &said)?,
        })
    };
    (0..MEMBERS).filter(|&member| present[member]).map(part).collect()
}

/// Thirty days, or thirty horizons by another clock.
fn month(params: &EngineParams) -> f64 {
    match params.features.clock {
        Clock::Seconds => 30.0 * 86_400.0,
        Clock::Counted(_) => 30.0 * params.features.horizon,
    }
}

fn alerts(
    params: &EngineParams,
    rows: &FeatureRows,
    of: &[usize],
    labels: &[bool],
    said: &[f64],
    threshold: f64,
) -> Result<AlertFigures> {
    let units: Vec<usize> = of.iter().map(|&row| rows.entity[row]).collect();
    let times: Vec<f64> = of.iter().map(|&row| rows.time[row]).collect();
    let history = History { labels, units: &units, times: &times };
    // Scores above it are alarms there; alerts are from the threshold on.
    let operation = history.at_threshold(said, threshold.next_down(), month(params))?;
    let mut leads: Vec<f64> = operation.lead_times.iter().flatten().copied().collect();
    leads.sort_by(f64::total_cmp);
    let alerts = said.iter().filter(|&&said| said >= threshold).count();
    let right = said.iter().zip(labels).filter(|&(&said, &label)| label && said >= threshold);
    Ok(AlertFigures {
        recall_of_failures: operation.recall,
        median_lead_time: leads.get(leads.len() / 2).copied(),
        false_alarms_per_entity_month: operation.false_alarm_rate,
        precision: (alerts > 0).then(|| right.count() as f64 / alerts as f64),
    })
}

/// Costs, and precision and recall, by threshold.
fn curves(evaluation: &mut Evaluation, costs: &ActionCosts, labels: &[bool], said: &[f64]) {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| said[b].total_cmp(&said[a]));
    let rows = labels.len() as f64;
    let failing = labels.iter().filter(|&&label| label).count() as f64;
    let cost = |alerts: f64, right: f64| {
        (alerts * costs.action + (failing - costs.prevented * right) * costs.failure) / rows
    };
    let (mut alerts, mut right) = (0.0, 0.0);
    let mut points = Vec::new();
    for tie in order.chunk_by(|&a, &b| said[a] == said[b]) {
        alerts += tie.len() as f64;
        right += tie.iter().filter(|&&row| labels[row]).count() as f64;
        points.push((said[tie[0]], alerts, right));
    }
    evaluation.cost_of_never = cost(0.0, 0.0);
    evaluation.cost_of_always = cost(rows, failing);
    // By rank, but evenly in recall as well, which is where curves bend.
    let mut kept: Vec<usize> = Vec::new();
    let mut recalls = HashSet::new();
    for (index, &(.., right)) in points.iter().enumerate() {
        let recall = (right / failing * (POINTS / 2) as f64) as u64;
        let rank = index * (POINTS / 2 - 2) / points.len();
        let before = index.checked_sub(1).map(|index| index * (POINTS / 2 - 2) / points.len());
        if recalls.insert(recall) || before != Some(rank) || index + 1 == points.len() {
            kept.push(index);
        }
    }
    kept.truncate(POINTS);
    let kept = || kept.iter().map(|&index| points[index]);
    evaluation.curve = kept()
        .map(|(threshold, alerts, right)| CurvePoint {
            threshold,
            recall: right / failing,
            precision: right / alerts,
        })
        .collect();
    evaluation.costs = kept()
        .map(|(threshold, alerts, right)| CostPoint { threshold, cost: cost(alerts, right) })
        .collect();
    evaluation.costs.reverse();
}

fn confidence(findings: &[&Finding], labels: &[bool]) -> Vec<ConfidenceBin> {
    let mut bins = Vec::new();
    for pair in CONFIDENCE.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let within = |stated: f64| stated >= from && (stated < to || to == 1.0);
        let rows: Vec<usize> =
            (0..findings.len()).filter(|&row| within(findings[row].confidence)).collect();
        if rows.is_empty() {
            continue;
        }
        let count = rows.len();
        let held = rows.iter().filter(|&&row| findings[row].alert == labels[row]).count();
        let stated: f64 = rows.iter().map(|&row| findings[row].confidence).sum();
        bins.push(ConfidenceBin {
            from,
            to,
            count,
            stated: stated / count as f64,
            held: held as f64 / count as f64,
        });
    }
    bins
}

fn lifetimes(
    params: &EngineParams,
    rows: &FeatureRows,
    held: &[usize],
    findings: &[Finding],
) -> Result<Option<LifetimeFigures>> {
    let lived: Vec<usize> =
        (0..held.len()).filter(|&index| rows.life[held[index]].is_some()).collect();
    let lives: Vec<_> = lived.iter().filter_map(|&index| rows.life[held[index]]).collect();
    let cap = params.cap();
    let (mut errors, mut weights, mut inside, mut judged) = (Vec::new(), 0.0, 0.0, 0);
    for known in remaining(&lives, cap)? {
        let Some(said) = findings[lived[known.index]].time_to_failure else { continue };
        judged += 1;
        weights += known.weight;
        if said.earliest <= known.left && known.left <= said.latest {
            inside += known.weight;
        }
        if known.left < cap {
            errors.push((said.median.min(cap) - known.left).abs());
        }
    }
    if errors.is_empty() {
        return Ok(None);
    }
    errors.sort_by(f64::total_cmp);
    Ok(Some(LifetimeFigures {
        median_error: errors[errors.len() / 2],
        coverage: inside / weights,
        interval: params.lifetimes.as_ref().map_or(0.0, |lifetimes| lifetimes.coverage),
        rows: judged,
    }))
}
