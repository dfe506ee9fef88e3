//! From the metrics' tests to what to do.

use super::metric::{Evidence, present};
use super::samples::{Asked, Tested, relative_change, test};
use super::{
    CanaryJudgement, CanaryMetric, CanaryParams, Direction, MetricJudgement, MetricOutcome, Verdict,
};
use crate::compare::{
    Alternative, Share, Shift, adjusted_p_values, compare_shares, share_test_size,
};
use crate::error::Result;

/// A metric on the way to its outcome.
struct Entry {
    tested: Option<Tested>,
    values: [u64; 2],
    missing: [u64; 2],
}

pub(super) fn judge(
    params: &CanaryParams,
    metrics: &[CanaryMetric<'_>],
) -> Result<CanaryJudgement> {
    let entries: Vec<Entry> = metrics
        .iter()
        .map(|metric| {
            metric.check()?;
            entry(params, metric, metrics.len())
        })
        .collect::<Result<_>>()?;
    let p_values: Vec<f64> =
        entries.iter().filter_map(|entry| entry.tested.as_ref()).map(|it| it.p_value).collect();
    let adjusted = if p_values.is_empty() {
        Vec::new()
    } else {
        adjusted_p_values(&p_values, params.discovery)?
    };
    let mut adjusted = adjusted.into_iter();
    let metrics: Vec<MetricJudgement> = metrics
        .iter()
        .zip(entries)
        .map(|(metric, entry)| {
            let adjusted = if entry.tested.is_some() { adjusted.next() } else { None };
            judgement(params, metric, entry, adjusted.unwrap_or(f64::NAN))
        })
        .collect();
    let any = |critical: bool, outcomes: &[MetricOutcome]| {
        metrics.iter().any(|it| it.critical == critical && outcomes.contains(&it.outcome))
    };
    let verdict = if any(true, &[MetricOutcome::Worse]) {
        Verdict::RollBack
    } else if any(false, &[MetricOutcome::Worse])
        || any(true, &[MetricOutcome::Unsure, MetricOutcome::NoData])
    {
        Verdict::Hold
    } else {
        Verdict::Promote
    };
    let lacking = |it: &MetricJudgement| {
        let least = it.values[0].min(it.values[1]);
        match it.outcome {
            MetricOutcome::Unsure => it.needed.unwrap_or(0).saturating_sub(least).max(1),
            MetricOutcome::NoData => (params.least_values as u64).saturating_sub(least),
            _ => 0,
        }
    };
    let still_needed = metrics.iter().filter(|it| it.critical).map(lacking).max().unwrap_or(0);
    Ok(CanaryJudgement { verdict, metrics, still_needed })
}

fn entry(params: &CanaryParams, metric: &CanaryMetric<'_>, metrics: usize) -> Result<Entry> {
    let asked = Asked {
        alpha: params.alpha,
        margin: metric.margin.unwrap_or(params.margin),
        strictest: params.alpha / metrics as f64,
        power: params.power,
    };
    match metric.evidence {
        Evidence::Samples([baseline, candidate]) => {
            let (baseline, gone_a) = present("baseline", baseline, metric.missing)?;
            let (candidate, gone_b) = present("candidate", candidate, metric.missing)?;
            let enough = baseline.len().min(candidate.len()) >= params.least_values;
            let tested = if enough {
                let (direction, independent) = (metric.direction, metric.independent);
                Some(test(&baseline, &candidate, direction, independent, asked)?)
            } else {
                None
            };
            Ok(Entry {
                tested,
                values: [baseline.len() as u64, candidate.len() as u64],
                missing: [gone_a as u64, gone_b as u64],
            })
        }
        Evidence::Shares([baseline, candidate]) => {
            let values = [baseline.trials, candidate.trials];
            let enough = baseline.trials.min(candidate.trials) >= params.least_values as u64;
            let tested = if enough {
                Some(test_shares(baseline, candidate, metric.direction, asked)?)
            } else {
                None
            };
            Ok(Entry { tested, values, missing: [0; 2] })
        }
    }
}

fn test_shares(
    baseline: Share,
    candidate: Share,
    direction: Direction,
    asked: Asked,
) -> Result<Tested> {
    let confidence = 1.0 - 2.0 * asked.alpha;
    let compare = |alternative| compare_shares(baseline, candidate, alternative, confidence);
    let (greater, less) = (compare(Alternative::Greater)?, compare(Alternative::Less)?);
    let share = baseline.value();
    // Where the baseline says nothing of how large 10 % of it are, nothing can be said of sizes.
    let worse = match direction {
        Direction::LowerIsWorse => share * (1.0 - asked.margin),
        _ => share * (1.0 + asked.margin),
    };
    let alternative = direction.alternative();
    let needed = if share > 0.0 && share < 1.0 && (0.0..1.0).contains(&worse) {
        Some(share_test_size([share, worse], asked.strictest, asked.power, alternative)?)
    } else {
        None
    };
    Ok(Tested {
        typical: [share, candidate.value()],
        shift: Shift { estimate: greater.difference, low: greater.low, high: greater.high },
        relative: relative_change(share, candidate.value()),
        superiority: 0.5 + greater.difference / 2.0,
        p_value: alternative.p_value(greater.p_value, less.p_value),
        better: match direction {
            Direction::HigherIsWorse => less.p_value,
            Direction::LowerIsWorse => greater.p_value,
            Direction::Either => 1.0,
        },
        effective: [baseline.trials as f64, candidate.trials as f64],
        needed,
    })
}

fn judgement(
    params: &CanaryParams,
    metric: &CanaryMetric<'_>,
    entry: Entry,
    adjusted: f64,
) -> MetricJudgement {
    let Entry { tested, values, missing } = entry;
    let outcome = match &tested {
        None => MetricOutcome::NoData,
        Some(tested) => {
            let tolerance = metric.tolerance.unwrap_or(params.tolerance);
            let worsening = metric.direction.worsening(tested.relative);
            let enough = tested.needed.is_none_or(|needed| values[0].min(values[1]) >= needed);
            if adjusted <= params.alpha && (worsening >= tolerance || tolerance == 0.0) {
                MetricOutcome::Worse
            } else if tested.better <= params.alpha {
                MetricOutcome::Better
            } else if enough {
                MetricOutcome::Same
            } else {
                MetricOutcome::Unsure
            }
        }
    };
    let nothing = || Tested {
        typical: [f64::NAN; 2],
        shift: Shift { estimate: f64::NAN, low: f64::NAN, high: f64::NAN },
        relative: f64::NAN,
        superiority: f64::NAN,
        p_value: f64::NAN,
        better: f64::NAN,
        effective: [0.0; 2],
        needed: None,
    };
    let tested = tested.unwrap_or_else(nothing);
    MetricJudgement {
        name: metric.name.to_owned(),
        outcome,
        direction: metric.direction,
        critical: metric.critical,
        typical: tested.typical,
        shift: tested.shift,
        relative: tested.relative,
        superiority: tested.superiority,
        p_value: tested.p_value,
        adjusted,
        values,
        effective: tested.effective,
        missing,
        needed: tested.needed,
    }
}
