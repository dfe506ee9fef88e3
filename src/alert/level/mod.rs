//! Service levels: how fast an error budget is spent, and when that is worth an alert.

mod params;
#[cfg(feature = "serde")]
mod saved;
#[cfg(test)]
mod tests;
mod window;

pub use params::{BurnRule, ServiceLevelParams};

use super::Severity;
use super::anomaly::check_time;
use crate::error::{Error, Result};
use window::{PARTS, Window};

/// Most events of a kind that can be counted at once.
const MOST_EVENTS: f64 = 1e12;

/// The error budget of a service, from counts of good and bad events.
///
/// A burn rate is the share of bad events over the share that the objective allows: at 1 the budget
/// lasts exactly its period, at 10 a tenth of it. A rule fires while both of its windows burn faster
/// than its rate, and
/// - the long window holds at least [`min_bad`](ServiceLevelParams::min_bad) bad events, and
/// - they are too many for a service that just keeps its objective, at the asked
///   [`confidence`](ServiceLevelParams::confidence): with `k` of `n` bad where a share `q` is
///   allowed, the binomial tail is at most `exp(−n KL(k/n ‖ q))` (Chernoff 1952; Hoeffding 1963),
///   which must not exceed `1 − confidence`. That bound is never below the exact tail.
///
/// Of the time before the first count nothing is known. It is taken to have been free of errors and
/// of as much traffic as there was since: a window that has seen a tenth of its length counts a
/// tenth of its burn rate. An outage right after the start is found as fast as any other.
///
/// Every window is kept in 60 slots, and moves on by one of them. That is 1 KiB a window whatever
/// the traffic, two windows a rule and one for the period; nothing is allocated after the start, and
/// a count takes O(1) a window. Counts are kept to 1/1,024 of an event, so that sums are exact.
///
/// Counts need not come in regular intervals. Events that were reported late belong to the time at
/// which they are given: times must not go back.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Saved", into = "saved::Saved"))]
pub struct ServiceLevel {
    params: ServiceLevelParams,
    /// Times of the first and the last count.
    seen: Option<[f64; 2]>,
    /// Long and short, one pair a rule.
    windows: Vec<[Window; 2]>,
    period: Window,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burn {
    /// The rule.
    pub rule: BurnRule,
    /// Burn rate of the long window.
    pub long: f64,
    /// Burn rate of the short window.
    pub short: f64,
    /// Both are above the rule's rate, and it is no chance.
    pub firing: bool,
    /// Both are above the rule's rate, but of too few events to mean anything.
    pub too_few: bool,
}

/// How a service stands to its objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceState {
    /// The worst severity of the rules that fire; `None` while all is well.
    pub severity: Option<Severity>,
    /// Share of the period's budget that is left: 1 is all, 0 none, below 0 the objective is missed.
    pub budget_left: f64,
    /// Present burn rate, in the long window of the first rule.
    pub burn_rate: f64,
    /// Seconds until the budget is spent at the present burn rate; 0 if it is, `None` while nothing
    /// burns. Errors that leave the period meanwhile are not counted upon.
    pub runs_out_in: Option<f64>,
}

impl ServiceLevel {
    fn new(params: ServiceLevelParams) -> Self {
        let pair = |rule: &BurnRule| [Window::new(rule.long), Window::new(rule.short)];
        let windows = params.rules.iter().map(pair).collect();
        let period = Window::new(params.period);
        Self { params, seen: None, windows, period }
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &ServiceLevelParams {
        &self.params
    }

    /// Counts events, of since the last call, and says how things stand at `time`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time that is not finite, or counts that are NaN, negative or above
    /// 1e12; [`Error::TimeWentBack`]. Nothing is counted then.
    pub fn observe(&mut self, time: f64, good: f64, bad: f64) -> Result<ServiceState> {
        self.check_time(time)?;
        for (name, value) in [("good", good), ("bad", bad)] {
            if !(0.0..=MOST_EVENTS).contains(&value) {
                let allowed = "a count from 0 to 1e12";
                return Err(Error::OutOfRange { name, value, allowed });
            }
        }
        let counts = [good, bad].map(|count| (count * PARTS).round() as u64);
        for window in self.windows.iter_mut().flatten().chain([&mut self.period]) {
            window.advance(time);
            window.add(counts);
        }
        self.seen = Some([self.seen.map_or(time, |[first, _]| first), time]);
        Ok(self.judge(time))
    }

    /// How things stand at `time`, without new counts. Changes nothing.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time that is not finite, [`Error::TimeWentBack`].
    pub fn state(&self, time: f64) -> Result<ServiceState> {
        self.check_time(time)?;
        Ok(self.judge(time))
    }

    /// How every rule stands at `time`, in their order.
    ///
    /// # Errors
    /// As [`state`](Self::state).
    pub fn burns(&self, time: f64) -> Result<impl Iterator<Item = Burn> + '_> {
        self.check_time(time)?;
        Ok((0..self.windows.len()).map(move |rule| self.burn(rule, time)))
    }

    fn check_time(&self, time: f64) -> Result<()> {
        check_time(time)?;
        match self.seen {
            Some([_, last]) if time < last => Err(Error::TimeWentBack { time, last }),
            _ => Ok(()),
        }
    }

    /// Seconds from the first count to `time`.
    fn age(&self, time: f64) -> f64 {
        self.seen.map_or(0.0, |[first, _]| time - first)
    }

    /// Burn rate of the events in a window, as far as it goes back.
    fn rate(&self, [good, bad]: [f64; 2]) -> f64 {
        if bad > 0.0 { bad / (good + bad) / (1.0 - self.params.objective) } else { 0.0 }
    }

    fn burn(&self, rule: usize, time: f64) -> Burn {
        let totals = [0, 1].map(|kind| self.windows[rule][kind].totals(time));
        let rate = |kind: usize| {
            let filled = (self.age(time) / self.windows[rule][kind].length).min(1.0);
            self.rate(totals[kind]) * filled
        };
        let (long, short, rule) = (rate(0), rate(1), self.params.rules[rule]);
        let burning = long > rule.rate && short > rule.rate;
        let enough = burning && self.significant(totals[0]);
        Burn { rule, long, short, firing: enough, too_few: burning && !enough }
    }

    /// Whether so many bad events are no chance.
    fn significant(&self, [good, bad]: [f64; 2]) -> bool {
        let all = good + bad;
        let (share, allowed) = (bad / all, 1.0 - self.params.objective);
        if bad < self.params.min_bad || share <= allowed {
            return false;
        }
        // The second part vanishes with the share of good events.
        let rest = if good > 0.0 {
            (1.0 - share) * ((1.0 - share) / self.params.objective).ln()
        } else {
            0.0
        };
        let divergence = share * (share / allowed).ln() + rest;
        all * divergence >= -(1.0 - self.params.confidence).ln()
    }

    fn judge(&self, time: f64) -> ServiceState {
        let firing = (0..self.windows.len()).map(|rule| self.burn(rule, time));
        let severity = firing.filter(|burn| burn.firing).map(|burn| burn.rule.severity).max();
        let filled = (self.age(time) / self.params.period).min(1.0);
        let budget_left = 1.0 - self.rate(self.period.totals(time)) * filled;
        let burn_rate = self.rate(self.windows[0][0].totals(time));
        let runs_out_in = match burn_rate {
            _ if budget_left <= 0.0 => Some(0.0),
            0.0 => None,
            rate => Some(budget_left * self.params.period / rate),
        };
        ServiceState { severity, budget_left, burn_rate, runs_out_in }
    }
}
