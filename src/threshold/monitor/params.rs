//! How a metric is watched.

use super::MetricMonitor;
use crate::error::{Error, Result};
use crate::threshold::Sides;

/// How many alarms a metric may raise for nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AlarmRate {
    /// So many in a week of the metric's own time, whatever its step. Above 0, at most 1,000.
    PerWeek(f64),
    /// The probability that an observation of a healthy metric raises one. Between 0 and 0.1.
    PerObservation(f64),
}

/// Settings of a [`MetricMonitor`]. The defaults suit any metric.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct MetricMonitorParams {
    /// The false alarms allowed. Default: one a week.
    pub rate: AlarmRate,
    /// The sides that raise alarms. Default: both.
    pub sides: Sides,
    /// Observations before the first alarm, from 32 to 1,000,000. Default: 200.
    pub warm_up: u32,
}

impl Default for MetricMonitorParams {
    fn default() -> Self {
        Self { rate: AlarmRate::PerWeek(1.0), sides: Sides::Both, warm_up: 200 }
    }
}

impl MetricMonitorParams {
    /// Sets [`rate`](Self::rate).
    #[must_use]
    pub fn rate(self, rate: AlarmRate) -> Self {
        Self { rate, ..self }
    }

    /// Sets [`sides`](Self::sides).
    #[must_use]
    pub fn sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// Sets [`warm_up`](Self::warm_up).
    #[must_use]
    pub fn warm_up(self, warm_up: u32) -> Self {
        Self { warm_up, ..self }
    }

    /// A monitor with these settings: [`MetricMonitor::new`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn build(self) -> Result<MetricMonitor> {
        MetricMonitor::new(self)
    }

    pub(super) fn check(&self) -> Result<()> {
        let out = |name, value, allowed| Err(Error::OutOfRange { name, value, allowed });
        match self.rate {
            AlarmRate::PerWeek(rate) if !(rate > 0.0 && rate <= 1000.0) => {
                return out("rate", rate, "above 0 and at most 1,000 alarms a week");
            }
            AlarmRate::PerObservation(rate) if !(rate > 0.0 && rate <= 0.1) => {
                return out("rate", rate, "above 0 and at most 0.1 alarms an observation");
            }
            _ => {}
        }
        if !(32..=1_000_000).contains(&self.warm_up) {
            return out("warm_up", f64::from(self.warm_up), "from 32 to 1,000,000 observations");
        }
        Ok(())
    }

    /// The probability of an alarm below and above, for observations `step` seconds apart.
    pub(super) fn rates(&self, step: f64) -> [f64; 2] {
        let rate = match self.rate {
            AlarmRate::PerWeek(rate) => (rate * step / 604_800.0).min(0.1),
            AlarmRate::PerObservation(rate) => rate,
        };
        match self.sides {
            Sides::Both => [rate / 2.0; 2],
            Sides::Lower => [rate, 0.0],
            Sides::Upper => [0.0, rate],
        }
    }
}
