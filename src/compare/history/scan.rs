//! Looks for a change among the last runs.

use super::PerformanceHistoryParams;
use crate::compare::distributions::normal_quantile_above;
use crate::compare::ranks::{RankTest, mann_whitney};
use crate::compare::sample::median;
use crate::compare::{Alternative, Shift, shift};
use crate::error::Result;

/// Fewest and most of the last runs that are held against those before them.
const SHORTEST: usize = 3;
const LONGEST: usize = 10;

/// Fewest runs before them.
const LEAST_BEFORE: usize = 4;

/// Share of the effect that matters which a change must have in the middle: one that is just as large as
/// the effect is as often found smaller as larger.
pub(super) const LEAST_SHARE: f64 = 0.6;

/// Share of it that the lower middle of its runs must show without the one that speaks most for it.
const LEAST_OF_REST: f64 = 0.3;

/// Deviations of the noise that the effect that matters is worth where it is clear.
const CLEAR: f64 = 2.2;

/// Confidence of the interval of a change.
const CONFIDENCE: f64 = 0.9;

/// A change that passed, in logarithms, upwards for the worse.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Runs since.
    pub(super) runs: usize,
    pub(super) shift: Shift,
    pub(super) p_value: f64,
}

/// The clearest change among the last runs: of those that pass, the one of the smallest p-value.
pub(super) fn scan(params: &PerformanceHistoryParams, runs: &[f64]) -> Result<Option<Found>> {
    let mut clearest: Option<Found> = None;
    let longest = LONGEST.min(runs.len().saturating_sub(LEAST_BEFORE));
    let mut earlier = runs[..runs.len() - longest].to_vec();
    earlier.sort_unstable_by(f64::total_cmp);
    for length in (SHORTEST..=longest).rev() {
        let since = &runs[runs.len() - length..];
        if let Some(found) = change(params, runs, &earlier, since)?
            && clearest.is_none_or(|other| found.p_value <= other.p_value)
        {
            clearest = Some(found);
        }
        let at = earlier.partition_point(|run| run.total_cmp(&since[0]).is_lt());
        earlier.insert(at, since[0]);
    }
    Ok(clearest)
}

/// The level to test at. The size that a change must have keeps most false ones out as long as it is
/// large by the noise; where it is not the tests are alone, and must be stricter. With the sixth power
/// false reports come about as often at a noise of 10 % as at 3.7 %.
fn level(params: &PerformanceHistoryParams, runs: &[f64]) -> f64 {
    let clarity = params.effect.ln_1p() / spread(runs).max(1e-9);
    params.alpha * (clarity / CLEAR).powi(6).clamp(0.1, 1.0)
}

/// Whether the last runs differ from the ascending earlier ones.
fn change(
    params: &PerformanceHistoryParams,
    runs: &[f64],
    earlier: &[f64],
    since: &[f64],
) -> Result<Option<Found>> {
    let mut sorted = since.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let up = median(&sorted) > median(earlier);
    let (side, sign) = if up { (Alternative::Greater, 1.0) } else { (Alternative::Less, -1.0) };
    // Cheap first: what can be no change is most of what there is.
    let effect = params.effect.ln_1p();
    if sign * (median(&sorted) - median(earlier)) < 0.25 * effect {
        return Ok(None);
    }
    let alpha = level(params, runs);
    let RankTest { p_value, .. } = mann_whitney(earlier, &sorted, side)?;
    if p_value > alpha {
        return Ok(None);
    }
    // Without the run that speaks most for a change there must be one all the same: outliers and
    // slow days come alone.
    let rest = if up { &sorted[..sorted.len() - 1] } else { &sorted[1..] };
    if mann_whitney(earlier, rest, side)?.p_value > alpha {
        return Ok(None);
    }
    let lower = if up { rest[(rest.len() - 1) / 2] } else { rest[rest.len() / 2] };
    if sign * (lower - median(earlier)) < LEAST_OF_REST * effect {
        return Ok(None);
    }
    let found = shift(earlier, &sorted, CONFIDENCE)?;
    let far = if up { found.high } else { -found.low };
    if far < effect || sign * found.estimate < LEAST_SHARE * effect {
        return Ok(None);
    }
    Ok(Some(Found { runs: since.len(), shift: found, p_value }))
}

/// How many runs a change of the effect that matters takes to be found, by the spread of the runs.
pub(super) fn runs_needed(params: &PerformanceHistoryParams, runs: &[f64]) -> Option<u64> {
    if runs.len() < LEAST_BEFORE {
        return None;
    }
    let spread = spread(runs);
    let errors = normal_quantile_above(params.alpha) + normal_quantile_above(0.2);
    // Of two samples, the other one of which is much larger; one run more is left out again.
    let needed = (errors * spread / params.effect.ln_1p()).powi(2).ceil() + 1.0;
    Some(needed.max(SHORTEST as f64) as u64)
}

/// Robust standard deviation: the median distance from the median, scaled to a normal's.
pub(super) fn spread(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = median(&sorted);
    let mut distances: Vec<f64> = runs.iter().map(|run| (run - middle).abs()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    1.4826 * median(&distances)
}
