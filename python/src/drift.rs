//! Drift of features and of configurations.
#![allow(clippy::needless_pass_by_value, reason = "arguments from Python are extracted by value")]

use crate::errors::{Result, bad_value};
use crate::series::{Doubles, slice};
use crate::words::{SEVERITIES, meaning, word};
use forewarn::trend::{
    self, ConfigDriftParams, ContingencyTest, DriftParams, FeatureColumn, FeatureDrift, Moved,
    PValue, StabilityBins, StabilityIndex,
};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// A feature on one side: numbers, or for each row the place of its category, −1 if it is missing.
#[derive(FromPyObject)]
pub(crate) enum Column<'py> {
    #[pyo3(transparent, annotation = "float64 array")]
    Numbers(Doubles<'py>),
    #[pyo3(transparent, annotation = "codes and categories")]
    Categories((PyReadonlyArray1<'py, i64>, Vec<String>)),
}

impl Column<'_> {
    /// The category of each row, if it has categories.
    fn texts(&self) -> Result<Vec<&str>> {
        let Self::Categories((codes, names)) = self else { return Ok(Vec::new()) };
        let text = |&code: &i64| match usize::try_from(code) {
            Err(_) => Ok(""),
            Ok(place) => names.get(place).map(String::as_str).ok_or_else(|| {
                bad_value(format!("code is {code}: there are {} categories", names.len()))
            }),
        };
        codes.as_array().iter().map(text).collect()
    }

    fn feature<'a>(&'a self, texts: &'a [&'a str]) -> Result<FeatureColumn<'a>> {
        Ok(match self {
            Self::Numbers(numbers) => FeatureColumn::Numeric(slice(numbers)?),
            Self::Categories(_) => FeatureColumn::Categorical(texts),
        })
    }
}

/// Index, critical index, p-value, bins.
type PlainIndex = (f64, f64, f64, usize);
/// Statistic, degrees of freedom, p-value, share moved, association.
type PlainContingency = (f64, usize, f64, f64, f64);
/// Medians and spreads before and after, and where the shares differ most.
type PlainNumbers = (f64, f64, f64, f64, f64);
/// Categories with their shares before and after.
type PlainShares = Vec<(String, f64, f64)>;
/// Name and severity; p-value, adjusted, effect; stability; missing before and after; what moved.
type PlainFeature = (
    (String, &'static str),
    (f64, f64, f64),
    PlainIndex,
    (f64, f64),
    (Option<PlainNumbers>, PlainShares),
);

fn plain_index(it: &StabilityIndex) -> PlainIndex {
    (it.index, it.critical, it.p_value, it.bins)
}

fn plain(it: FeatureDrift) -> PlainFeature {
    let moved = match it.moved {
        Moved::Numeric { median, spread, location } => {
            (Some((median[0], median[1], spread[0], spread[1], location)), Vec::new())
        }
        Moved::Categorical(shares) => {
            let shares = shares.into_iter().map(|it| (it.category, it.before, it.after));
            (None, shares.collect())
        }
    };
    (
        (it.name, word(&it.severity, &SEVERITIES)),
        (it.p_value, it.adjusted, it.effect),
        plain_index(&it.stability),
        it.missing.into(),
        moved,
    )
}

/// Alpha, floor, bins.
#[pyfunction]
pub(crate) fn drift_defaults() -> (f64, f64, usize) {
    let it = DriftParams::default();
    (it.alpha, it.floor, it.bins)
}

/// All features of a table against their baselines, the worst first.
#[pyfunction]
pub(crate) fn drift_table(
    py: Python<'_>,
    settings: (f64, f64, usize),
    features: Vec<(String, Column<'_>, Column<'_>)>,
) -> Result<Vec<PlainFeature>> {
    let (alpha, floor, bins) = settings;
    let params = DriftParams::default().alpha(alpha).floor(floor).bins(bins);
    let texts: Vec<[Vec<&str>; 2]> = features
        .iter()
        .map(|(_, before, after)| Ok([before.texts()?, after.texts()?]))
        .collect::<Result<_>>()?;
    let columns: Vec<_> = features
        .iter()
        .zip(&texts)
        .map(|((name, before, after), [old, new])| {
            Ok((name.as_str(), before.feature(old)?, after.feature(new)?))
        })
        .collect::<Result<_>>()?;
    let found = py.detach(|| params.table(&columns))?;
    Ok(found.features.into_iter().map(plain).collect())
}

/// Statistic, location, whether the second sample is higher there, p-value.
#[pyfunction]
pub(crate) fn kolmogorov_smirnov(
    py: Python<'_>,
    first: Doubles<'_>,
    second: Doubles<'_>,
    method: &str,
) -> Result<(f64, f64, bool, f64)> {
    let methods = [
        ("automatic", PValue::Automatic),
        ("exact", PValue::Exact),
        ("asymptotic", PValue::Asymptotic),
    ];
    let method = meaning("method", method, &methods)?;
    let (first, second) = (slice(&first)?, slice(&second)?);
    let it = py.detach(|| trend::kolmogorov_smirnov(first, second, method))?;
    Ok((it.statistic, it.location, it.higher, it.p_value))
}

#[pyfunction]
pub(crate) fn stability_index(
    py: Python<'_>,
    before: Doubles<'_>,
    after: Doubles<'_>,
    bins: usize,
    alpha: f64,
) -> Result<PlainIndex> {
    let (before, after) = (slice(&before)?, slice(&after)?);
    Ok(plain_index(&py.detach(|| StabilityBins::new(before, bins)?.index(after, alpha))?))
}

fn plain_test(it: ContingencyTest) -> PlainContingency {
    (it.statistic, it.degrees_of_freedom, it.p_value, it.moved, it.association)
}

#[pyfunction]
pub(crate) fn chi_squared_test(before: Vec<u64>, after: Vec<u64>) -> Result<PlainContingency> {
    Ok(plain_test(trend::chi_squared_test(&before, &after)?))
}

#[pyfunction]
pub(crate) fn g_test(before: Vec<u64>, after: Vec<u64>) -> Result<PlainContingency> {
    Ok(plain_test(trend::g_test(&before, &after)?))
}

/// Key, value before, value after, factor, severity.
type PlainConfigChange = (String, Option<String>, Option<String>, f64, &'static str);

#[pyfunction]
pub(crate) fn compare_configurations(
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    rules: Vec<(String, String)>,
) -> Result<Vec<PlainConfigChange>> {
    let mut params = ConfigDriftParams::default();
    for (pattern, severity) in rules {
        params = params.rule(pattern, meaning("severity", &severity, &SEVERITIES)?);
    }
    let found = params.compare(&before, &after)?;
    let plain = found
        .into_iter()
        .map(|it| (it.key, it.before, it.after, it.factor, word(&it.severity, &SEVERITIES)));
    Ok(plain.collect())
}
