//! Sources that come and go.
//!
//! Nagios, and Naemon after it, weigh the changes among the last 21 checks, so that what flaps
//! depends on how often it is checked. Here runs of anomalies fill a bucket that leaks with time:
//! checks every second and every minute find the same.

/// How much a source flaps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Flapping {
    /// Runs in the bucket, as of `at`.
    pub(super) level: f64,
    pub(super) at: f64,
    pub(super) flaps: bool,
    /// About the longest of the last twenty runs, in seconds.
    pub(super) usual: f64,
}

impl Flapping {
    fn leak(&mut self, time: f64, interval: f64, most: f64) {
        self.level = (self.level - (time - self.at) / interval).max(0.0);
        self.at = time;
        if self.level < most / 3.0 {
            self.flaps = false;
        }
    }

    /// A run begins. Whether the source has begun to flap with it.
    pub(super) fn begin(&mut self, time: f64, interval: f64, most: f64) -> bool {
        self.leak(time, interval, most);
        // Beyond the limit it would only take longer to calm down.
        self.level = (self.level + 1.0).min(most + 1.0);
        let begins = !self.flaps && self.level >= most;
        self.flaps |= begins;
        begins
    }

    /// A run of this many seconds is over.
    pub(super) fn end(&mut self, length: f64) {
        self.usual = length.max(0.95 * self.usual);
    }

    /// Whether the source flaps, and a run of this many seconds is nothing unusual for it.
    pub(super) fn hides(&self, length: f64) -> bool {
        self.flaps && length < 2.0 * self.usual
    }
}
