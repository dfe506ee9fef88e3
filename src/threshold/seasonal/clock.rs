//! Clocks that are set forward or back: a metric that lives by local time moves by an hour twice a
//! year, and by more when its users do.

/// The hours that the metric may be off, beside none.
const HOURS: [f64; 2] = [-1.0, 1.0];
/// A shift explains the metric so much better before it is believed.
const BETTER: f64 = 0.5;

/// Holds the metric against its own rhythm an hour earlier and an hour later.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Clock {
    /// Seconds to add to a time before its place in the day or week is looked up.
    pub(super) offset: f64,
    /// The usual distance from the rhythm with the offset, and an hour before and after it.
    errors: [f64; 3],
}

impl Clock {
    pub(super) const fn new() -> Self {
        Self { offset: 0.0, errors: [0.0; 3] }
    }

    /// Compares a value with what the rhythm says, given seconds to add to the time. `share` of a
    /// day has gone by. True when the clock was found to have been set.
    pub(super) fn learn(
        &mut self,
        value: f64,
        share: f64,
        expected: impl Fn(f64) -> Option<f64>,
    ) -> bool {
        for (hypothesis, hours) in std::iter::once(0.0).chain(HOURS).enumerate() {
            let Some(expected) = expected(hours * 3600.0) else { return false };
            let error = (value - expected).abs();
            self.errors[hypothesis] += (2.0 * share).min(1.0) * (error - self.errors[hypothesis]);
        }
        let [now, earlier, later] = self.errors;
        if earlier.min(later) >= BETTER * now {
            return false;
        }
        self.offset += 3600.0 * if earlier < later { HOURS[0] } else { HOURS[1] };
        self.errors = [earlier.min(later); 3];
        true
    }
}
