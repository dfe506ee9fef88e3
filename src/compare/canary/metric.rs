//! What is known of a metric on both sides.

use super::params::{MissingValues, check_margin, check_tolerance};
use crate::compare::{Alternative, Share};
use crate::error::{Error, Result};
use std::borrow::Cow;

/// Which way a metric gets worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Direction {
    /// Latency, errors, memory.
    #[default]
    HigherIsWorse,
    /// Throughput, hits of a cache.
    LowerIsWorse,
    /// Any change is for the worse.
    Either,
}

impl Direction {
    pub(super) fn alternative(self) -> Alternative {
        match self {
            Self::HigherIsWorse => Alternative::Greater,
            Self::LowerIsWorse => Alternative::Less,
            Self::Either => Alternative::TwoSided,
        }
    }

    /// How far a change is for the worse; what is for the better is negative.
    pub(super) fn worsening(self, change: f64) -> f64 {
        match self {
            Self::HigherIsWorse => change,
            Self::LowerIsWorse => -change,
            Self::Either => change.abs(),
        }
    }
}

/// A metric of the baseline and of the canary.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryMetric<'a> {
    pub(super) name: &'a str,
    pub(super) evidence: Evidence<'a>,
    pub(super) direction: Direction,
    pub(super) critical: bool,
    pub(super) independent: bool,
    pub(super) missing: MissingValues,
    pub(super) tolerance: Option<f64>,
    pub(super) margin: Option<f64>,
}

/// What there is of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Evidence<'a> {
    /// Values in the order of time, those of the baseline first.
    Samples([&'a [f64]; 2]),
    Shares([Share; 2]),
}

impl<'a> CanaryMetric<'a> {
    /// A metric that was read from time to time, its values in that order.
    ///
    /// Values that follow each other may depend on each other: what memory they have is estimated,
    /// and the test behaves as one of as many independent values as they are worth. NaN is a missing
    /// value.
    #[must_use]
    pub fn samples(name: &'a str, baseline: &'a [f64], candidate: &'a [f64]) -> Self {
        Self::new(name, Evidence::Samples([baseline, candidate]))
    }

    /// A share of independent events: failed requests of all requests.
    ///
    /// For failures that come in bursts use [`samples`](Self::samples) of the share a minute instead.
    #[must_use]
    pub fn share(name: &'a str, baseline: Share, candidate: Share) -> Self {
        Self::new(name, Evidence::Shares([baseline, candidate]))
    }

    fn new(name: &'a str, evidence: Evidence<'a>) -> Self {
        Self {
            name,
            evidence,
            direction: Direction::default(),
            critical: true,
            independent: false,
            missing: MissingValues::default(),
            tolerance: None,
            margin: None,
        }
    }

    /// Sets which way it gets worse. Default [`Direction::HigherIsWorse`].
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Sets whether the canary is rolled back when this metric is worse, and held while it cannot be
    /// judged. When one that is not critical is worse, the canary is held. Default true.
    #[must_use]
    pub fn critical(self, critical: bool) -> Self {
        Self { critical, ..self }
    }

    /// Sets whether the values are known to be independent of each other, as times of single requests
    /// nearly are. The p-value is that of [`mann_whitney`](crate::compare::mann_whitney) then, and
    /// the order of values is of no account. Default false.
    #[must_use]
    pub fn independent(self, independent: bool) -> Self {
        Self { independent, ..self }
    }

    /// Sets what becomes of values that are NaN. Default [`MissingValues::Skip`].
    #[must_use]
    pub fn missing(self, missing: MissingValues) -> Self {
        Self { missing, ..self }
    }

    /// Sets a tolerance of its own instead of [`CanaryParams::tolerance`](super::CanaryParams).
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self { tolerance: Some(tolerance), ..self }
    }

    /// Sets a margin of its own instead of [`CanaryParams::margin`](super::CanaryParams).
    #[must_use]
    pub fn margin(self, margin: f64) -> Self {
        Self { margin: Some(margin), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.tolerance.map_or(Ok(()), check_tolerance)?;
        self.margin.map_or(Ok(()), check_margin)
    }
}

/// Values with the policy on missing ones applied, and how many were missing.
pub(super) fn present<'a>(
    name: &'static str,
    values: &'a [f64],
    missing: MissingValues,
) -> Result<(Cow<'a, [f64]>, usize)> {
    let Some(index) = values.iter().position(|value| value.is_nan()) else {
        return Ok((Cow::Borrowed(values), 0));
    };
    let count = values.iter().filter(|value| value.is_nan()).count();
    let kept = match missing {
        MissingValues::Refuse => return Err(Error::NotANumber { what: name, index }),
        MissingValues::Skip => values.iter().copied().filter(|value| !value.is_nan()).collect(),
        MissingValues::Zero => {
            values.iter().map(|&value| if value.is_nan() { 0.0 } else { value }).collect()
        }
    };
    Ok((Cow::Owned(kept), count))
}
