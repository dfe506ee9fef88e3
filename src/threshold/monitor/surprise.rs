//! How new a value is, seen from three sides, and the silence after news.

use super::novelty::Seen;
use super::rhythm::Rhythm;

/// From this score on an observation is news: it deserves a look whatever the metric.
pub const NEWS: f64 = 6.0;

/// Observations after news in which the score is a tenth of itself.
const QUIET: u8 = 150;
/// Values soon follow from those before them: no more than so many are evidence of their own.
const EVIDENCE: f64 = 5000.0;
/// Observations before anything can be called new.
const FIRST: u32 = 20;
/// The departure from the rhythm takes new values more easily than the metric itself does.
const OFF_RHYTHM: f64 = 0.25;
/// Nats of a value in a hole among evenly spread ones, to decades of one in a real metric's
/// holes: ln 10 = 2.3 if values were spread evenly; in the tails holes are wider.
const DECADE: f64 = 4.5;

/// What a metric, its short mean and its departure from its rhythm have ever been.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Surprise {
    values: Seen,
    means: Seen,
    departures: Seen,
    /// The mean over the last ten or so, and the last five or so.
    slow: f64,
    fast: f64,
    count: u32,
    quiet: u8,
}

impl Surprise {
    pub(super) const fn new() -> Self {
        Self {
            values: Seen::new(),
            means: Seen::new(),
            departures: Seen::new(),
            slow: 0.0,
            fast: 0.0,
            count: 0,
            quiet: 0,
        }
    }

    /// The novelty of a value in decades of probability.
    ///
    /// Were the metric spread evenly over its range, one of n values would lie in a hole that
    /// makes up a share ν of the range with probability exp(−n ν).
    pub(super) fn novelty(&mut self, time: f64, value: f64, unit: f64, rhythm: &mut Rhythm) -> f64 {
        let count = f64::from(self.count);
        let evidence = count / (1.0 + count / EVIDENCE);
        self.count = self.count.saturating_add(1);
        self.slow += (value - self.slow) * 0.1f64.max(1.0 / (count + 1.0));
        self.fast += (value - self.fast) * 0.2f64.max(1.0 / (count + 1.0));
        let small = |value: f64| (value * unit).clamp(-1e30, 1e30) as f32;
        let mut share = self.values.look(small(value)).max(self.means.look(small(self.slow)));
        if let Some(departure) = rhythm.learn(time, self.fast) {
            share = share.max(OFF_RHYTHM as f32 * self.departures.look(small(departure)));
        }
        if self.count > FIRST { evidence * f64::from(share) / DECADE } else { 0.0 }
    }

    /// The score as it is told: news once, then quiet for a while.
    pub(super) fn tell(&mut self, score: f64) -> f64 {
        if self.quiet > 0 {
            self.quiet -= 1;
            return score / 10.0;
        }
        if score >= NEWS {
            self.quiet = QUIET;
        }
        score
    }
}
