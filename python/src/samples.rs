//! Comparisons of two samples, of shares and of rates.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::Result;
use crate::series::{Doubles, slice};
use crate::words::{ALTERNATIVES, DISCOVERIES, meaning};
use forewarn::compare::{self, RankMethod, RankTest, Rate, Share, ShareTest};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

/// U, superiority, p-value, whether it is exact.
type PlainRankTest = (f64, f64, f64, bool);
/// Difference, its interval, ratio, p-value, whether it is exact.
type PlainShareTest = (f64, f64, f64, Option<f64>, f64, bool);

fn plain_ranks(it: RankTest) -> PlainRankTest {
    (it.u, it.superiority, it.p_value, it.exact)
}

fn plain_shares(it: ShareTest) -> PlainShareTest {
    (it.difference, it.low, it.high, it.ratio, it.p_value, it.exact)
}

#[pyfunction]
pub(crate) fn mann_whitney(
    py: Python<'_>,
    baseline: Doubles<'_>,
    candidate: Doubles<'_>,
    alternative: &str,
    method: &str,
) -> Result<PlainRankTest> {
    let methods = [
        ("automatic", RankMethod::Automatic),
        ("exact", RankMethod::Exact),
        ("asymptotic", RankMethod::Asymptotic),
    ];
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    let method = meaning("method", method, &methods)?;
    let (a, b) = (slice(&baseline)?, slice(&candidate)?);
    Ok(plain_ranks(py.detach(|| compare::mann_whitney_by(a, b, alternative, method))?))
}

/// Estimate, lower and upper end.
#[pyfunction]
pub(crate) fn shift(
    py: Python<'_>,
    baseline: Doubles<'_>,
    candidate: Doubles<'_>,
    confidence: f64,
) -> Result<(f64, f64, f64)> {
    let (a, b) = (slice(&baseline)?, slice(&candidate)?);
    let it = py.detach(|| compare::shift(a, b, confidence))?;
    Ok((it.estimate, it.low, it.high))
}

/// Superiority, Cliff's delta, ratio of means, ratio of medians.
#[pyfunction]
pub(crate) fn effect_size(
    py: Python<'_>,
    baseline: Doubles<'_>,
    candidate: Doubles<'_>,
) -> Result<(f64, f64, Option<f64>, Option<f64>)> {
    let (a, b) = (slice(&baseline)?, slice(&candidate)?);
    let it = py.detach(|| compare::effect_size(a, b))?;
    Ok((it.superiority, it.cliffs_delta, it.mean_ratio, it.median_ratio))
}

#[pyfunction]
pub(crate) fn compare_shares(
    baseline: (u64, u64),
    candidate: (u64, u64),
    alternative: &str,
    confidence: f64,
) -> Result<PlainShareTest> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    let [a, b] = [baseline, candidate].map(|(events, trials)| Share::new(events, trials));
    Ok(plain_shares(compare::compare_shares(a, b, alternative, confidence)?))
}

/// Ratio and p-value.
#[pyfunction]
pub(crate) fn compare_rates(
    baseline: (u64, f64),
    candidate: (u64, f64),
    alternative: &str,
) -> Result<(Option<f64>, f64)> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    let [a, b] = [baseline, candidate].map(|(events, exposure)| Rate::new(events, exposure));
    let it = compare::compare_rates(a, b, alternative)?;
    Ok((it.ratio, it.p_value))
}

/// The test of presence, that of sizes, and both together.
#[pyfunction]
pub(crate) fn compare_zero_inflated(
    py: Python<'_>,
    baseline: Doubles<'_>,
    candidate: Doubles<'_>,
    alternative: &str,
) -> Result<(PlainShareTest, Option<PlainRankTest>, f64)> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    let (a, b) = (slice(&baseline)?, slice(&candidate)?);
    let it = py.detach(|| compare::compare_zero_inflated(a, b, alternative))?;
    Ok((plain_shares(it.present), it.size.map(plain_ranks), it.p_value))
}

#[pyfunction]
pub(crate) fn adjusted_p_values<'py>(
    py: Python<'py>,
    p_values: Doubles<'py>,
    discovery: &str,
) -> Result<Bound<'py, PyArray1<f64>>> {
    let discovery = meaning("discovery", discovery, &DISCOVERIES)?;
    let p_values = slice(&p_values)?;
    Ok(py.detach(|| compare::adjusted_p_values(p_values, discovery))?.into_pyarray(py))
}

#[pyfunction]
pub(crate) fn rank_test_power(
    sizes: (usize, usize),
    superiority: f64,
    level: f64,
    alternative: &str,
) -> Result<f64> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    Ok(compare::rank_test_power(sizes.into(), superiority, level, alternative)?)
}

#[pyfunction]
pub(crate) fn rank_test_size(
    superiority: f64,
    level: f64,
    power: f64,
    alternative: &str,
) -> Result<u64> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    Ok(compare::rank_test_size(superiority, level, power, alternative)?)
}

#[pyfunction]
pub(crate) fn share_test_size(
    shares: (f64, f64),
    level: f64,
    power: f64,
    alternative: &str,
) -> Result<u64> {
    let alternative = meaning("alternative", alternative, &ALTERNATIVES)?;
    Ok(compare::share_test_size(shares.into(), level, power, alternative)?)
}
