//! The time between two observations of a metric.

/// So many intervals of another length in a row are a new step.
const AGREE: u8 = 16;

/// Finds the usual interval: the first is believed until sixteen in a row say otherwise.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::threshold) struct StepFinder {
    step: f64,
    other: f64,
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, u8, 0, 15>")
    )]
    votes: u8,
}

impl StepFinder {
    pub(in crate::threshold) const fn new() -> Self {
        Self { step: 0.0, other: 0.0, votes: 0 }
    }

    /// The usual interval in seconds; 0 before the second observation.
    pub(in crate::threshold) fn step(&self) -> f64 {
        self.step
    }

    /// Counts an interval. True if the step is now another.
    pub(in crate::threshold) fn learn(&mut self, interval: f64) -> bool {
        if interval <= 0.0 || near(interval, self.step) {
            self.votes = 0;
            return false;
        }
        if near(interval, self.other) {
            self.votes += 1;
        } else {
            (self.other, self.votes) = (interval, 1);
        }
        let found = self.step == 0.0 || self.votes >= AGREE;
        if found {
            (self.step, self.votes) = (self.other, 0);
        }
        found
    }
}

/// Within a quarter.
fn near(interval: f64, step: f64) -> bool {
    (interval - step).abs() <= step / 4.0
}
