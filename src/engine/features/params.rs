//! Which features, over which windows, for which horizon.

use super::{Clock, Features, MetricStatistic, WindowStatistic};
use crate::engine::telemetry::Telemetry;
use crate::error::{Error, Result};

const HOUR: f64 = 3_600.0;

/// Windows, statistics and horizon, declared once for training and service. Every field has a setter
/// of the same name.
///
/// The defaults suit telemetry in Unix seconds with a row every few minutes to hours;
/// [`cycles`](Self::cycles) has some for engines that are looked at once a cycle.
///
/// ```
/// use forewarn::engine::features::FeatureParams;
///
/// let params = FeatureParams::default().horizon(48.0 * 3_600.0).windows(vec![3_600.0, 86_400.0]);
/// assert!(params.check().is_ok());
/// assert!(params.windows(vec![0.0]).check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FeatureParams {
    /// What times count. Default [`Clock::Seconds`].
    pub clock: Clock,
    /// A row is labelled by whether a failure comes within this, above 0 and at most 1e12. Default 24 h.
    pub horizon: f64,
    /// Lengths of the windows of metrics, rising, at most 16; above 0 and at most 1e12. Default 6 h
    /// and 24 h.
    pub windows: Vec<f64>,
    /// What each window is reduced to, none twice. Default mean, standard deviation, slope.
    pub statistics: Vec<WindowStatistic>,
    /// What is told of each metric beside windows, none twice. Default all but
    /// [`Silence`](MetricStatistic::Silence).
    pub of_metric: Vec<MetricStatistic>,
    /// Half-lives of the exponentially weighted means, rising, at most 16; above 0 and at most 1e12.
    /// Default 3 h.
    pub half_lives: Vec<f64>,
    /// Values of a life whose mean is its start, from 1 to 1,000,000. Default 20.
    pub start_values: u32,
    /// Lengths of the windows in which events are counted, rising, at most 16; above 0 and at most 1e12.
    /// Default 24 h and 7 days.
    pub event_windows: Vec<f64>,
    /// Whether a failure begins a new life, of whose metrics and events nothing before is known. If not,
    /// only the time since the last failure tells of it. Default true.
    pub new_life: bool,
    /// Most rows of an entity, and most events of a kind, that windows can hold, from 64 to 1,048,576;
    /// beyond, the oldest are left out, which [`FeatureRows::cut`](super::FeatureRows::cut) counts.
    /// Default 8,192.
    pub most_rows: u32,
}

impl Default for FeatureParams {
    fn default() -> Self {
        Self {
            clock: Clock::Seconds,
            horizon: 24.0 * HOUR,
            windows: vec![6.0 * HOUR, 24.0 * HOUR],
            statistics: vec![
                WindowStatistic::Mean,
                WindowStatistic::Deviation,
                WindowStatistic::Slope,
            ],
            of_metric: vec![
                MetricStatistic::Last,
                MetricStatistic::Smooth,
                MetricStatistic::FromLevel,
                MetricStatistic::FromStart,
            ],
            half_lives: vec![3.0 * HOUR],
            start_values: 20,
            event_windows: vec![24.0 * HOUR, 168.0 * HOUR],
            new_life: true,
            most_rows: 8_192,
        }
    }
}

/// A setter for each field.
macro_rules! setters {
    ($($(#[doc = $doc:expr])+ $name:ident: $type:ty,)+) => {
        impl FeatureParams {
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
    /// Sets what times count.
    clock: Clock,
    /// Sets how far ahead failures are to be foreseen.
    horizon: f64,
    /// Sets the lengths of the windows of metrics.
    windows: Vec<f64>,
    /// Sets what each window is reduced to.
    statistics: Vec<WindowStatistic>,
    /// Sets what is told of each metric beside windows.
    of_metric: Vec<MetricStatistic>,
    /// Sets the half-lives of the exponentially weighted means.
    half_lives: Vec<f64>,
    /// Sets the number of values that are a life's start.
    start_values: u32,
    /// Sets the lengths of the windows of events.
    event_windows: Vec<f64>,
    /// Sets whether a failure begins a new life.
    new_life: bool,
    /// Sets the most rows that windows can hold.
    most_rows: u32,
}

impl FeatureParams {
    /// For machines with one row a cycle, from new to failure: slopes of 20, 50 and 100 cycles, half-lives
    /// of 3 and 8 cycles, a start of 10 cycles, a horizon of 30 cycles.
    #[must_use]
    pub fn cycles() -> Self {
        Self {
            clock: Clock::Counted("cycles".into()),
            horizon: 30.0,
            windows: vec![20.0, 50.0, 100.0],
            statistics: vec![WindowStatistic::Slope],
            of_metric: vec![
                MetricStatistic::Smooth,
                MetricStatistic::FromLevel,
                MetricStatistic::FromStart,
            ],
            half_lives: vec![3.0, 8.0],
            start_values: 10,
            event_windows: vec![20.0, 100.0],
            ..Self::default()
        }
    }

    /// The features of a fleet: these settings for all its metrics, kinds of events, parts and
    /// attributes.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`Error::OutOfRange`] for more than 100,000 features.
    pub fn plan(&self, telemetry: &Telemetry) -> Result<Features> {
        Features::new(self.clone(), telemetry)
    }

    /// Whether all settings are within their ranges.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that is not; [`Error::Incompatible`] for a statistic that
    /// is named twice or needs half-lives where there are none, and for a clock without a unit.
    pub fn check(&self) -> Result<()> {
        let refuse = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        self.clock.check()?;
        if !(self.horizon > 0.0 && self.horizon <= 1e12) {
            return refuse("horizon", self.horizon, "above 0 and at most 1e12");
        }
        for (name, lengths) in [
            ("windows", &self.windows),
            ("half_lives", &self.half_lives),
            ("event_windows", &self.event_windows),
        ] {
            if lengths.len() > 16 {
                return refuse(name, lengths.len() as f64, "at most 16 lengths");
            }
            if let Some(&length) = lengths.iter().find(|&&length| !(length > 0.0 && length <= 1e12))
            {
                return refuse(name, length, "above 0 and at most 1e12");
            }
            if let Some(pair) = lengths.windows(2).find(|pair| pair[0] >= pair[1]) {
                return refuse(name, pair[1], "greater than the length before it");
            }
        }
        if !(1..=1_000_000).contains(&self.start_values) {
            return refuse("start_values", f64::from(self.start_values), "from 1 to 1,000,000");
        }
        if !(64..=1_048_576).contains(&self.most_rows) {
            return refuse("most_rows", f64::from(self.most_rows), "from 64 to 1,048,576");
        }
        check_distinct(&self.statistics)?;
        check_distinct(&self.of_metric)?;
        let smoothed = |statistic: &&MetricStatistic| {
            matches!(statistic, MetricStatistic::FromLevel | MetricStatistic::FromStart)
        };
        if let Some(statistic) = self.of_metric.iter().find(smoothed)
            && self.half_lives.is_empty()
        {
            let reason = format!("{statistic:?} needs half_lives, which is empty");
            return Err(Error::Incompatible { reason });
        }
        Ok(())
    }

    /// How far back windows of metrics reach.
    pub(super) fn span(&self) -> f64 {
        let longest = self.windows.last().copied().unwrap_or(0.0);
        if self.statistics.contains(&WindowStatistic::Change) { 2.0 * longest } else { longest }
    }
}

/// Whether no statistic is there twice.
fn check_distinct<S: std::fmt::Debug + PartialEq>(statistics: &[S]) -> Result<()> {
    for (index, statistic) in statistics.iter().enumerate() {
        if statistics[..index].contains(statistic) {
            let reason = format!("{statistic:?} is named twice: statistics must be distinct");
            return Err(Error::Incompatible { reason });
        }
    }
    Ok(())
}
