//! What the calls teach: how often they come, how long answers take, what failures cost.

use crate::breaker::CallCosts;

/// Answers from which on their latency is trusted.
const ENOUGH: u32 = 10;

/// Weight of a new gap between two calls, and of a new failure.
const GAP: f64 = 0.05;
const FAILURE: f64 = 0.1;
/// From so many gaps on a new one has its usual weight.
const MEAN: u64 = 20;

/// Running averages; each takes constant time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Learned {
    /// Seconds between two calls, rejected ones included.
    pub(super) gap: f64,
    /// Calls so far.
    pub(super) arrivals: u64,
    /// When the last came.
    pub(super) last: f64,
    /// Latency of good answers: mean and mean deviation, as for the retransmission timer of TCP
    /// (Jacobson 1988), but coming down slowly.
    pub(super) latency: f64,
    pub(super) deviation: f64,
    /// Good answers so far.
    pub(super) answers: u32,
    /// What a failed call costs, and one that was late before it failed.
    pub(super) failure: f64,
    pub(super) late: f64,
}

impl Learned {
    /// Before anything is known: a call a tenth of a pace; half of the failures hang for a pace.
    pub(super) fn new(costs: &CallCosts, pace: f64) -> Self {
        let hanging = costs.held_second * (pace - costs.objective.as_secs_f64()).max(0.0);
        Self {
            gap: 0.1 * pace,
            arrivals: 0,
            last: 0.0,
            latency: 0.0,
            deviation: 0.0,
            answers: 0,
            failure: costs.failed + 0.5 * hanging,
            late: costs.failed + hanging,
        }
    }

    /// A call comes.
    pub(super) fn arrival(&mut self, now: f64) {
        if self.arrivals > 0 {
            // A plain mean at first.
            let weight = if self.arrivals < MEAN { 1.0 / self.arrivals as f64 } else { GAP };
            self.gap += weight * (now - self.last - self.gap);
        }
        self.arrivals = self.arrivals.saturating_add(1);
        self.last = now;
    }

    /// A good answer.
    pub(super) fn answer(&mut self, latency: f64) {
        if self.answers == 0 {
            (self.latency, self.deviation) = (latency, 0.5 * latency);
        }
        self.answers = self.answers.saturating_add(1);
        let error = latency - self.latency;
        self.latency += 0.125 * error;
        let change = error.abs() - self.deviation;
        self.deviation += change * if change > 0.0 { 0.25 } else { 0.03 };
    }

    /// A call that cost more than it was worth.
    pub(super) fn failure(&mut self, cost: f64, was_late: bool) {
        self.failure += FAILURE * (cost - self.failure);
        if was_late {
            self.late += FAILURE * (cost - self.late);
        }
    }

    /// Seconds after which a call is late: the objective, or longer where answers take longer.
    #[inline]
    pub(super) fn limit(&self, objective: f64) -> f64 {
        objective.max(self.latency + 4.0 * self.deviation)
    }

    /// Whether answers are known well enough to call one late.
    pub(super) fn knows_latency(&self) -> bool {
        self.answers >= ENOUGH
    }
}
