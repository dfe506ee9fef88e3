//! The settings of the reducer.

use super::reducer::AlertReducer;
use super::{Dependency, Maintenance, SeveritySteps};
use crate::error::{Error, Result};

/// Times are at most this many seconds from 0: beyond, an `f64` would not tell milliseconds apart.
pub(super) const LATEST: f64 = 1e12;

/// How anomalies become alerts. Every field has a setter of the same name.
///
/// The defaults suit scores that are `−log₁₀` of a probability, as every detector of
/// [`threshold`](crate::threshold) gives them, from checks a few seconds to a minute apart. For
/// checks every five minutes set [`hold`](Self::hold) to 0 and [`max_gap`](Self::max_gap) and
/// [`keep_firing`](Self::keep_firing) to 600 or more.
///
/// ```
/// use forewarn::alert::AlertReducerParams;
///
/// let params = AlertReducerParams::default().hold(60.0).pages_per_day(Some(10));
/// assert_eq!(params.raise, 3.0);
/// assert!(params.build().is_ok());
/// assert!(params.clear(4.0).build().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AlertReducerParams {
    /// Score from which on a check is an anomaly, finite. Default 3.
    pub raise: f64,
    /// Score below which a source that is anomalous is normal again, at most `raise`. Default 2.
    pub clear: f64,
    /// Seconds that a source must have been anomalous to raise an alert, at least 0: the first
    /// anomaly this long after the first of its run does. Default 30.
    pub hold: f64,
    /// Seconds between two anomalies of a source within which they are one run, greater than 0: at
    /// least the time between two checks. Default 60.
    pub max_gap: f64,
    /// Seconds without anomalies after which a source, and an alert when its last source has, is over;
    /// greater than 0. Default 300.
    pub keep_firing: f64,
    /// Sources of a group that, when anomalous at the same time, raise an alert without being held, at
    /// least 1. Sources that flap or are explained by an alert upstream do not count. Default 3.
    pub breadth: usize,
    /// Labels whose values tell one alert from another. A source with none of them has alerts of
    /// its own. Default `service`.
    pub group_by: Vec<String>,
    /// Seconds after its end within which an alert is opened again instead of a new one, at least 0.
    /// Default 900.
    pub reopen: f64,
    /// Runs of anomalies from which on a source flaps, greater than 1: every run counts one, and
    /// one is forgotten every [`flap_interval`](Self::flap_interval). It flaps until fewer than a
    /// third are left. Default 3.
    pub flap_runs: f64,
    /// Seconds in which one run is forgotten, greater than 0. Default 1,800.
    pub flap_interval: f64,
    /// What suppresses what, at most 10,000. Default nothing.
    pub dependencies: Vec<Dependency>,
    /// Seconds that an alert waits for one on what its sources depend on, while there are anomalies
    /// upstream; at least 0. Default 20.
    pub settle: f64,
    /// Seconds around the beginning of an alert within which what depends on it must have begun to be
    /// explained by it, at least 0. Default 900.
    pub spread: f64,
    /// What makes an alert severe.
    pub severity: SeveritySteps,
    /// Most pages in any 24 hours, critical ones excepted, from 1 to 100,000; `None` for any number.
    /// Default `None`.
    ///
    /// The bar rises as pages are spent: low alerts page while less than a quarter of them is, medium
    /// ones less than half, high ones while any is left. Critical alerts always page; they count,
    /// and leave less to the others. An alert that was refused pages at its next anomaly at which it
    /// has become bad enough or pages have become free.
    pub pages_per_day: Option<usize>,
    /// Work that is known of already, at most 10,000 windows; more can be added later. Default none.
    pub maintenance: Vec<Maintenance>,
    /// Most sources that are remembered, from 1 to 10,000,000; beyond, the one that was not heard
    /// of for longest is forgotten. Default 10,000.
    pub max_sources: usize,
    /// Most anomalies, and most alerts that are over, that can still be asked about, from 1 to
    /// 100,000,000. Default 10,000.
    pub remembered: usize,
    /// Seconds by which a check may be late and count as one of the present, at least 0. Later ones
    /// are refused. Default 0.
    pub lateness: f64,
}

impl Default for AlertReducerParams {
    fn default() -> Self {
        Self {
            raise: 3.0,
            clear: 2.0,
            hold: 30.0,
            max_gap: 60.0,
            keep_firing: 300.0,
            breadth: 3,
            group_by: vec!["service".to_owned()],
            reopen: 900.0,
            flap_runs: 3.0,
            flap_interval: 1_800.0,
            dependencies: Vec::new(),
            settle: 20.0,
            spread: 900.0,
            severity: SeveritySteps::default(),
            pages_per_day: None,
            maintenance: Vec::new(),
            max_sources: 10_000,
            remembered: 10_000,
            lateness: 0.0,
        }
    }
}

/// A setter for each field.
macro_rules! setters {
    ($($(#[doc = $doc:expr])+ $name:ident: $type:ty,)+) => {
        impl AlertReducerParams {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(self, $name: $type) -> Self {
                    Self { $name, ..self }
                }
            )+
        }
    };
}

setters! {
    /// Sets the score from which on a check is an anomaly.
    raise: f64,
    /// Sets the score below which an anomalous source is normal again.
    clear: f64,
    /// Sets the seconds that a source must have been anomalous.
    hold: f64,
    /// Sets the seconds between two anomalies of one run.
    max_gap: f64,
    /// Sets the seconds without anomalies after which an alert is over.
    keep_firing: f64,
    /// Sets the number of sources that need not be held.
    breadth: usize,
    /// Sets the labels that tell one alert from another.
    group_by: Vec<String>,
    /// Sets the seconds within which an alert is opened again.
    reopen: f64,
    /// Sets the runs from which on a source flaps.
    flap_runs: f64,
    /// Sets the seconds in which one run is forgotten.
    flap_interval: f64,
    /// Sets what suppresses what.
    dependencies: Vec<Dependency>,
    /// Sets the seconds that an alert waits for one upstream.
    settle: f64,
    /// Sets the seconds around its beginning in which an alert explains what depends on it.
    spread: f64,
    /// Sets what makes an alert severe.
    severity: SeveritySteps,
    /// Sets the most pages in 24 hours.
    pages_per_day: Option<usize>,
    /// Sets the work that is known of already.
    maintenance: Vec<Maintenance>,
    /// Sets the most sources that are remembered.
    max_sources: usize,
    /// Sets the most anomalies and alerts that can still be asked about.
    remembered: usize,
    /// Sets the seconds by which a check may be late.
    lateness: f64,
}

impl AlertReducerParams {
    /// A reducer that has seen nothing yet.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(&self) -> Result<AlertReducer> {
        self.check()?;
        Ok(AlertReducer::new(self.clone()))
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        if !self.raise.is_finite() {
            return refuse("raise", self.raise, "finite");
        }
        if !(self.clear.is_finite() && self.clear <= self.raise) {
            return refuse("clear", self.clear, "finite and at most raise");
        }
        for (name, value) in [
            ("hold", self.hold),
            ("reopen", self.reopen),
            ("settle", self.settle),
            ("spread", self.spread),
            ("lateness", self.lateness),
        ] {
            if !(0.0..=1e9).contains(&value) {
                return refuse(name, value, "from 0 to 1e9 seconds");
            }
        }
        for (name, value) in [
            ("max_gap", self.max_gap),
            ("keep_firing", self.keep_firing),
            ("flap_interval", self.flap_interval),
        ] {
            if !(1e-3..=1e9).contains(&value) {
                return refuse(name, value, "from 0.001 to 1e9 seconds");
            }
        }
        if !(self.flap_runs > 1.0 && self.flap_runs < f64::INFINITY) {
            return refuse("flap_runs", self.flap_runs, "greater than 1 and finite");
        }
        for (name, value, range, allowed) in [
            ("breadth", self.breadth, 1..=usize::MAX, "at least 1"),
            (
                "pages_per_day",
                self.pages_per_day.unwrap_or(1),
                1..=100_000,
                "from 1 to 100,000, or none",
            ),
            ("max_sources", self.max_sources, 1..=10_000_000, "from 1 to 10,000,000"),
            ("remembered", self.remembered, 1..=100_000_000, "from 1 to 100,000,000"),
            ("the number of dependencies", self.dependencies.len(), 0..=10_000, "at most 10,000"),
            ("the number of maintenances", self.maintenance.len(), 0..=10_000, "at most 10,000"),
        ] {
            if !range.contains(&value) {
                return refuse(name, value as f64, allowed);
            }
        }
        self.severity.check()?;
        self.maintenance.iter().try_for_each(Maintenance::check)
    }
}
