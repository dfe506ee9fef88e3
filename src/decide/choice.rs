//! What a threshold would have brought.

/// One threshold and what it would have brought on the rows given.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Choice {
    /// Alert where the probability is *above* it. Midway between the rows on either side; 1 for no
    /// alert at all.
    pub threshold: f64,
    /// Share of the rows with an alert.
    pub alert_share: f64,
    /// Share of the failures with an alert.
    pub recall: f64,
    /// Share of the alerts that were failures; `None` without alerts.
    pub precision: Option<f64>,
    /// Mean cost a row.
    pub cost: f64,
}

/// Two ends between which a number lies with the confidence asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within, the ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The threshold of least cost, and what else could have been chosen.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Decision {
    /// The least mean cost within the capacity; of equal ones, that with fewest alerts.
    pub chosen: Choice,
    /// Between which thresholds the choice falls on other rows of the kind: bootstrap percentiles,
    /// widened where needed to hold the chosen one.
    pub threshold: Interval,
    /// Between which the mean cost a row of the chosen threshold lies: bootstrap percentiles.
    pub cost: Interval,
    /// No alert at all.
    pub nothing: Choice,
    /// An alert on every row, whatever the capacity.
    pub everything: Choice,
    /// The threshold that were best if probabilities were exact
    /// ([`Costs::threshold`](super::Costs::threshold)), whatever the capacity. Far from the chosen one
    /// without a capacity, it says that they are not.
    pub theoretical: Choice,
    /// At most half as many alerts as chosen.
    pub fewer: Choice,
    /// About twice as many alerts as chosen (at least one more), whatever the capacity.
    pub more: Choice,
}
