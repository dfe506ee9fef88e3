//! Settings of an extreme-value threshold.

use super::ExtremeThreshold;
use crate::error::{Error, Result};

/// Which sides of the normal are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sides {
    /// Values that are too low.
    Lower,
    /// Values that are too high.
    Upper,
    /// Both; each side gets half of the rate.
    Both,
}

/// What becomes of a value that occurs so often that neither an alarm at each of its occurrences nor
/// one at none of them keeps the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Atoms {
    /// It alarms at that share of its occurrences which keeps the rate, evenly spread and without
    /// chance: the rate holds on counts too.
    Rationed,
    /// It raises no alarm: the rate is at most the one asked for.
    Silent,
}

/// Settings of an [`ExtremeThreshold`]. Every field has a setter of the same name.
///
/// ```
/// use forewarn::threshold::{ExtremeThresholdParams, Sides};
///
/// let mut threshold = ExtremeThresholdParams::default().rate(1e-3).sides(Sides::Both).start()?;
/// for i in 0..3_000_u32 {
///     threshold.observe(f64::from(i * 7_919 % 1_000))?;
/// }
/// assert!(threshold.observe(5_000.0)?.alarm.is_some());
/// assert!(threshold.observe(-4_000.0)?.alarm.is_some());
/// assert!(threshold.observe(500.0)?.alarm.is_none());
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ExtremeThresholdParams {
    /// Alarms an observation, when nothing is wrong: from 1e-9 to 0.25. Default 1e-3.
    pub rate: f64,
    /// The share of observations that counts as normal beyond doubt: the law of the tail is fitted to
    /// what exceeds this quantile, or to the [`excesses`](Self::excesses) largest values if those are
    /// fewer. From 0.5 to 0.999. Default 0.95.
    pub level: f64,
    /// Observations before the first alarm, from 1 to 2³². Default 2,000. Less than `1 / rate` is
    /// enough, yet the fewer there are, the more the first thresholds are a guess.
    pub warm_up: u64,
    /// Largest values that are kept on a watched side, eight bytes each; from 32 to 512. Default 96.
    pub excesses: usize,
    /// The sides that are watched. Default the upper one.
    pub sides: Sides,
    /// What becomes of values that occur often. Default rationed.
    pub atoms: Atoms,
    /// Observations after which a past level and spread of the metric count half: values are judged
    /// by how many spreads they lie from the level. From 10 to 1e9; `None`, the default, if neither
    /// drifts: then values are judged as they are.
    pub half_life: Option<f64>,
    /// Observations that are remembered at most; whenever there are so many, older ones lose half of
    /// their weight. From 100 to 2⁵³; at most `0.75 · excesses / rate` are in any case, which `None`,
    /// the default, stands for.
    pub memory: Option<u64>,
}

impl Default for ExtremeThresholdParams {
    fn default() -> Self {
        Self {
            rate: 1e-3,
            level: 0.95,
            warm_up: 2_000,
            excesses: 96,
            sides: Sides::Upper,
            atoms: Atoms::Rationed,
            half_life: None,
            memory: None,
        }
    }
}

impl ExtremeThresholdParams {
    /// Sets the alarms an observation.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// Sets the quantile beyond which the tail begins.
    #[must_use]
    pub fn level(self, level: f64) -> Self {
        Self { level, ..self }
    }

    /// Sets how many observations come before the first alarm.
    #[must_use]
    pub fn warm_up(self, warm_up: u64) -> Self {
        Self { warm_up, ..self }
    }

    /// Sets how many of the largest values are kept.
    #[must_use]
    pub fn excesses(self, excesses: usize) -> Self {
        Self { excesses, ..self }
    }

    /// Sets which sides are watched.
    #[must_use]
    pub fn sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// Sets what becomes of values that occur often.
    #[must_use]
    pub fn atoms(self, atoms: Atoms) -> Self {
        Self { atoms, ..self }
    }

    /// Sets how fast a drift is followed.
    #[must_use]
    pub fn half_life(self, half_life: impl Into<Option<f64>>) -> Self {
        Self { half_life: half_life.into(), ..self }
    }

    /// Sets how many observations are remembered.
    #[must_use]
    pub fn memory(self, memory: impl Into<Option<u64>>) -> Self {
        Self { memory: memory.into(), ..self }
    }

    /// A threshold that has seen nothing yet. All that it will ever allocate is allocated here.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting outside the range that is stated at its field.
    pub fn start(&self) -> Result<ExtremeThreshold> {
        self.check()?;
        Ok(ExtremeThreshold::new(*self))
    }

    pub(super) fn check(&self) -> Result<()> {
        let in_range = |name, value: f64, low: f64, high: f64, allowed| {
            let ok = (low..=high).contains(&value);
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        in_range("rate", self.rate, 1e-9, 0.25, "from 1e-9 to 0.25")?;
        in_range("level", self.level, 0.5, 0.999, "from 0.5 to 0.999")?;
        in_range("warm_up", self.warm_up as f64, 1.0, 4_294_967_296.0, "from 1 to 2^32")?;
        in_range("excesses", self.excesses as f64, 32.0, MOST_EXCESSES as f64, "from 32 to 512")?;
        in_range("half_life", self.half_life.unwrap_or(10.0), 10.0, 1e9, "from 10 to 1e9")?;
        let memory = self.memory.map_or(100.0, |memory| memory as f64);
        in_range("memory", memory, 100.0, 9_007_199_254_740_992.0, "from 100 to 2^53")
    }
}

/// So many excesses fit into the buffers of a refit, which lie on the stack.
pub(super) const MOST_EXCESSES: usize = 512;
