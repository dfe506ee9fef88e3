//! Which sources are meant, what depends on what, and when nobody wants to know.

use super::anomaly::check_time;
use crate::error::{Error, Result};

/// Sources by their labels: every named label has one of the values given for it.
///
/// ```
/// use forewarn::alert::Selector;
///
/// let slow = Selector::new("service", ["shop"]).and("metric", ["latency", "errors"]);
/// assert!(slow.matches(&[("metric", "errors"), ("service", "shop"), ("host", "h1")]));
/// assert!(!slow.matches(&[("metric", "cpu"), ("service", "shop")]));
/// assert!(Selector::all().matches(&[]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Selector(Vec<(String, Vec<String>)>);

impl Selector {
    /// Every source.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Sources of which a label has one of these values.
    #[must_use]
    pub fn new<V: Into<String>>(
        label: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self::all().and(label, values)
    }

    /// Of these sources, those of which another label has one of these values.
    #[must_use]
    pub fn and<V: Into<String>>(
        mut self,
        label: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.0.push((label.into(), values.into_iter().map(Into::into).collect()));
        self
    }

    /// Whether a source is meant.
    #[must_use]
    pub fn matches(&self, labels: &[(&str, &str)]) -> bool {
        self.0.iter().all(|(name, values)| {
            let found = labels.iter().find(|(label, _)| label == name);
            found.is_some_and(|(_, value)| values.iter().any(|allowed| allowed == value))
        })
    }
}

/// What is in trouble when something else is: while `upstream` has an alert, anomalies of
/// `dependent` that began about when it did are explained by it.
///
/// Name the symptoms that spread (latency, errors) among the dependent's metrics and leave out those
/// that do not (CPU, memory, disk): trouble of its own then raises an alert of its own even
/// meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Dependency {
    /// What is depended on.
    pub upstream: Selector,
    /// What depends on it.
    pub dependent: Selector,
}

impl Dependency {
    /// While `upstream` has an alert, `dependent` needs none.
    #[must_use]
    pub fn new(upstream: Selector, dependent: Selector) -> Self {
        Self { upstream, dependent }
    }
}

/// Announced work: anomalies of these sources are expected from `from` up to before `to`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Maintenance {
    /// Its first second.
    pub from: f64,
    /// Its end, after `from`.
    pub to: f64,
    /// What is worked on.
    pub sources: Selector,
}

impl Maintenance {
    /// Work on these sources from `from` up to before `to`.
    #[must_use]
    pub fn new(from: f64, to: f64, sources: Selector) -> Self {
        Self { from, to, sources }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_time(self.from)?;
        check_time(self.to)?;
        if self.from >= self.to {
            let allowed = "after the beginning of the maintenance";
            return Err(Error::OutOfRange { name: "to", value: self.to, allowed });
        }
        Ok(())
    }

    pub(super) fn covers(&self, time: f64, labels: &[(&str, &str)]) -> bool {
        self.from <= time && time < self.to && self.sources.matches(labels)
    }
}
