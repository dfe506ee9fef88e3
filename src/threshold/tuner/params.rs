//! What alarms cost, what was promised, and how far verdicts may move a threshold.

use super::tuner::ThresholdTuner;
use crate::error::{Error, Result};

/// What mistakes cost, in any currency; a real incident that is raised at once costs nothing.
///
/// ```
/// use forewarn::threshold::AlarmCosts;
///
/// // An hour of not knowing is as bad as never knowing.
/// let costs = AlarmCosts { false_alarm: 1.0, miss: 30.0, delay_per_minute: 0.5 };
/// assert_eq!(costs.patience(), 3600.0);
/// assert_eq!(costs.of_delay(600.0), 5.0);
/// assert_eq!(costs.of_delay(1e9), costs.miss);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct AlarmCosts {
    /// Of an alarm for nothing, from 1e-100 to 1e100. Default 1.
    pub false_alarm: f64,
    /// Of a real incident that raises no alarm, from 1e-100 to 1e100. Default 4.
    pub miss: f64,
    /// Of every minute between the first sign of a real incident and its alarm, from 0 to 1e100. A
    /// late alarm costs at most what none does. Default 0.
    pub delay_per_minute: f64,
}

impl Default for AlarmCosts {
    fn default() -> Self {
        Self { false_alarm: 1.0, miss: 4.0, delay_per_minute: 0.0 }
    }
}

impl AlarmCosts {
    /// Seconds after which an alarm comes as dear as none; infinite if delay costs nothing.
    #[must_use]
    pub fn patience(&self) -> f64 {
        match self.delay_per_minute {
            0.0 => f64::INFINITY,
            each => self.miss / each * 60.0,
        }
    }

    /// What an alarm costs that comes so many seconds late.
    #[must_use]
    pub fn of_delay(&self, seconds: f64) -> f64 {
        if self.delay_per_minute == 0.0 {
            return 0.0;
        }
        (seconds / 60.0 * self.delay_per_minute).min(self.miss)
    }

    /// Log odds of being real from which an alarm pays.
    pub(super) fn line(&self) -> f64 {
        (self.false_alarm / self.miss).ln()
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, value) in [("costs.false_alarm", self.false_alarm), ("costs.miss", self.miss)] {
            if !(1e-100..=1e100).contains(&value) {
                return Err(Error::OutOfRange { name, value, allowed: "from 1e-100 to 1e100" });
            }
        }
        within("costs.delay_per_minute", self.delay_per_minute, 0.0, 1e100, "from 0 to 1e100")
    }
}

/// Settings of a [`ThresholdTuner`]. Every field has a setter of the same name.
///
/// Thresholds and spreads are in units of the score: one more is ten times rarer.
///
/// ```
/// use forewarn::threshold::{AlarmCosts, ThresholdTunerParams};
///
/// let params = ThresholdTunerParams::default()
///     .rate(1e-5)
///     .costs(AlarmCosts { miss: 20.0, ..AlarmCosts::default() });
/// assert_eq!(params.start()?.threshold(7), 5.0);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ThresholdTunerParams {
    /// What mistakes cost.
    pub costs: AlarmCosts,
    /// The rate of false alarms an observation that was asked for, in `(0, 1)`: before any verdict
    /// the threshold is `−log₁₀ rate`. Default 1e-4, so 4.
    pub rate: f64,
    /// How far the common threshold is expected to lie from there once verdicts are in, a standard
    /// deviation, from 0 to 100. The wider, the more verdicts weigh. Default 1.
    pub spread: f64,
    /// How far the threshold of a group is expected to lie from the common one, a standard
    /// deviation, from 0 to 100; 0 for one threshold for all. Default 1.5.
    pub group_spread: f64,
    /// By how much the log odds of being real rise a unit of the score, from 0.01 to 100.
    /// Default 1.
    pub slope: f64,
    /// What lasts is seldom nothing: each doubling of the scores of an incident that reach the
    /// threshold asked for counts as so much height, up to four doublings. From 0 to 10; matters
    /// only where verdicts have raised a threshold. Default 1.
    pub persistence: f64,
    /// How far one verdict may move any threshold at most, from 0.001 to 100. Default 0.5,
    /// three times rarer or more frequent.
    pub max_step: f64,
    /// No verdict lowers a threshold by more than this below the one asked for, from 0 to 300. Of
    /// incidents lower than that nothing is remembered. Default 2.
    pub max_fall: f64,
    /// No verdict raises a threshold by more than this above the one asked for, from 0 to 300: what
    /// is more extreme is always raised, so verdicts on it move nothing. Default 8.
    pub max_rise: f64,
    /// Exceedances that lie no more seconds apart are one incident, from 0 to 1e9. Default 600.
    pub gap: f64,
    /// Groups whose open incident is kept, from 1 to 1,000,000. Default 1,024.
    pub max_groups: usize,
    /// Incidents that are remembered until a verdict comes, from 1 to 1,000,000. Default 2,048.
    pub max_incidents: usize,
    /// Verdicts that are learned from, the latest ones, from 1 to 100,000. Default 512.
    pub max_verdicts: usize,
}

impl Default for ThresholdTunerParams {
    fn default() -> Self {
        Self {
            costs: AlarmCosts::default(),
            rate: 1e-4,
            spread: 1.0,
            group_spread: 1.5,
            slope: 1.0,
            persistence: 1.0,
            max_step: 0.5,
            max_fall: 2.0,
            max_rise: 8.0,
            gap: 600.0,
            max_groups: 1_024,
            max_incidents: 2_048,
            max_verdicts: 512,
        }
    }
}

macro_rules! setters {
    ($($name:ident: $kind:ty, $what:literal;)*) => {
        $(
            #[doc = concat!("Sets ", $what, ".")]
            #[must_use]
            pub fn $name(self, $name: $kind) -> Self {
                Self { $name, ..self }
            }
        )*
    };
}

impl ThresholdTunerParams {
    setters! {
        costs: AlarmCosts, "what mistakes cost";
        rate: f64, "the rate of false alarms an observation that was asked for";
        spread: f64, "how far the common threshold may be expected to move";
        group_spread: f64, "how far groups may be expected to differ";
        slope: f64, "by how much the log odds of being real rise a unit of the score";
        persistence: f64, "how much each doubling of an incident's scores counts";
        max_step: f64, "how far one verdict may move any threshold";
        max_fall: f64, "how far below the threshold asked for verdicts may lower one";
        max_rise: f64, "how far above the threshold asked for verdicts may raise one";
        gap: f64, "the seconds between exceedances of one incident";
        max_groups: usize, "the number of groups whose open incident is kept";
        max_incidents: usize, "the number of incidents that are remembered";
        max_verdicts: usize, "the number of verdicts that are learned from";
    }

    /// A tuner that has seen nothing. Allocates everything that it will ever need.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside its range.
    pub fn start(&self) -> Result<ThresholdTuner> {
        self.check()?;
        Ok(ThresholdTuner::new(self.clone()))
    }

    /// The threshold that was asked for.
    pub(super) fn promised(&self) -> f64 {
        -self.rate.log10()
    }

    /// The lowest threshold that verdicts can lead to. Scores are at least 0, and not every one may
    /// be an exceedance.
    pub(super) fn lowest(&self) -> f64 {
        (self.promised() - self.max_fall).max(self.promised() / 4.0)
    }

    /// The highest threshold that verdicts can lead to.
    pub(super) fn highest(&self) -> f64 {
        self.promised() + self.max_rise
    }

    pub(super) fn check(&self) -> Result<()> {
        self.costs.check()?;
        if !(self.rate > 0.0 && self.rate < 1.0) {
            let (name, value) = ("rate", self.rate);
            return Err(Error::OutOfRange { name, value, allowed: "above 0 and below 1" });
        }
        within("spread", self.spread, 0.0, 100.0, "from 0 to 100")?;
        within("group_spread", self.group_spread, 0.0, 100.0, "from 0 to 100")?;
        within("slope", self.slope, 0.01, 100.0, "from 0.01 to 100")?;
        within("persistence", self.persistence, 0.0, 10.0, "from 0 to 10")?;
        within("max_step", self.max_step, 0.001, 100.0, "from 0.001 to 100")?;
        within("max_fall", self.max_fall, 0.0, 300.0, "from 0 to 300")?;
        within("max_rise", self.max_rise, 0.0, 300.0, "from 0 to 300")?;
        within("gap", self.gap, 0.0, 1e9, "from 0 to 1e9 seconds")?;
        let count = |name, value: usize, most: usize, allowed| {
            within(name, value as f64, 1.0, most as f64, allowed)
        };
        count("max_groups", self.max_groups, 1_000_000, "from 1 to 1,000,000")?;
        count("max_incidents", self.max_incidents, 1_000_000, "from 1 to 1,000,000")?;
        count("max_verdicts", self.max_verdicts, 100_000, "from 1 to 100,000")
    }
}

/// Whether a number lies from `low` to `high`; NaN does not.
pub(super) fn within(
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
    allowed: &'static str,
) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value, allowed })
}
