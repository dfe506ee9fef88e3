//! Metrics that only ever count up are watched by their rate.

/// A metric that has not fallen for so many values, and has risen in most of them, is a counter.
const SURE: u8 = 128;
/// A counter starts again near 0: one that falls, yet stays above this share, fell only partly.
const NEAR_ZERO: f64 = 0.1;
/// So many partial falls in its life, and a metric is no counter.
const FALLS: u8 = 2;

/// What a value does to the question whether the metric is a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing has changed.
    Same,
    /// It is now taken for one, or no longer: what was learned of it is about something else.
    Changed,
    /// It is one, and started again.
    Reset,
}

/// Tells counters from other metrics.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct CounterFinder {
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, u8, 0, 127>")
    )]
    steady: u8,
    #[cfg_attr(
        feature = "serde",
        serde(deserialize_with = "crate::threshold::monitor::fixed::within::<_, u8, 0, 127>")
    )]
    rises: u8,
    partial_falls: u8,
    pub(super) is_counter: bool,
}

impl CounterFinder {
    pub(super) const fn new() -> Self {
        Self { steady: 0, rises: 0, partial_falls: 0, is_counter: false }
    }

    pub(super) fn learn(&mut self, before: f64, value: f64) -> Verdict {
        if self.partial_falls >= FALLS {
            return Verdict::Same;
        }
        if value < before || value < 0.0 {
            (self.steady, self.rises) = (0, 0);
            if value < 0.0 || value > NEAR_ZERO * before {
                self.partial_falls += 1;
            } else if self.is_counter {
                return Verdict::Reset;
            }
            let was = std::mem::replace(&mut self.is_counter, false);
            return if was { Verdict::Changed } else { Verdict::Same };
        }
        if self.is_counter {
            return Verdict::Same;
        }
        self.steady += 1;
        self.rises += u8::from(value > before);
        if self.steady < SURE {
            return Verdict::Same;
        }
        self.is_counter = self.rises >= SURE / 4 * 3;
        (self.steady, self.rises) = (0, 0);
        if self.is_counter { Verdict::Changed } else { Verdict::Same }
    }
}
