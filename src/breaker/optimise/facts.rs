//! What a log says before anything is replayed: rates, costs, outages.

use super::blame::Blame;
use super::course::History;
use super::theory;
use crate::breaker::log::LoggedOutcome;
use crate::breaker::{CallCosts, Outcome};
use std::time::Duration;

/// Seconds that a dependency takes to recover, where nothing is known.
pub(super) const RECOVERY: f64 = 30.0;

/// Figures in seconds and calls, from which candidates follow. All times scale with the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Facts {
    /// Calls a second to one dependency, as the average call sees it.
    pub(super) rate: f64,
    /// Completed outages, seconds down in all.
    pub(super) outages: f64,
    pub(super) down_seconds: f64,
    /// Sum of the squares of the seconds of each.
    pub(super) down_squares: f64,
    /// Seconds up and down, of all keys.
    pub(super) seconds: f64,
    /// What a failed call costs on average, and how long it takes.
    pub(super) failure_cost: f64,
    pub(super) failure_latency: f64,
    /// Shares of the calls whose outcome is known that fail while up, and while down.
    pub(super) usual_errors: f64,
    pub(super) errors_while_down: f64,
    /// Latencies of good calls while up: the median, and that of one in 200.
    pub(super) usual_latency: f64,
    pub(super) long_latency: f64,
    /// Shares of the calls that are retries, while up and while down.
    pub(super) retries: [f64; 2],
    /// What the log shows of calls that keep the dependency down.
    pub(super) blame: Blame,
    /// Outages that had not ended when the log did.
    pub(super) unfinished: f64,
    /// Failures, good answers, and calls of which nothing is known.
    pub(super) failures: usize,
    pub(super) successes: usize,
    pub(super) unknown: usize,
    pub(super) calls: usize,
}

impl Facts {
    pub(super) fn of(histories: &[History], costs: &CallCosts) -> Self {
        let mut facts = Self {
            rate: 0.0,
            outages: 0.0,
            down_seconds: 0.0,
            down_squares: 0.0,
            seconds: 0.0,
            failure_cost: 0.0,
            failure_latency: 0.0,
            usual_errors: 0.0,
            errors_while_down: 0.0,
            usual_latency: 0.0,
            long_latency: 0.0,
            retries: [0.0; 2],
            blame: Blame::default(),
            unfinished: 0.0,
            failures: 0,
            successes: 0,
            unknown: 0,
            calls: 0,
        };
        let mut latencies = Vec::new();
        let mut tries = [[0.0; 2]; 2];
        let mut errors = [[0.0; 2]; 2];
        for history in histories {
            let rows = history.rows();
            facts.blame.see(history);
            let span = (rows[rows.len() - 1].start - rows[0].start) as f64 / 1e9;
            facts.seconds += span;
            facts.calls += rows.len();
            if span > 0.0 {
                facts.rate += rows.len() as f64 * (rows.len() as f64 / span);
            }
            facts.see_outages(history);
            for (at, row) in rows.iter().enumerate() {
                let down = history.latent.down[at] > 0.5;
                let state = usize::from(down);
                tries[state][0] += 1.0;
                tries[state][1] += f64::from(u8::from(row.attempt > 1));
                errors[state][0] += f64::from(u8::from(row.outcome.is_observed()));
                if row.outcome.is_failure() {
                    facts.failures += 1;
                    errors[state][1] += 1.0;
                    let latency = Duration::from_nanos(row.latency);
                    facts.failure_cost -= costs.utility(Outcome::Failure, latency);
                    facts.failure_latency += latency.as_secs_f64();
                } else if row.outcome == LoggedOutcome::Ok {
                    facts.successes += 1;
                    if !down {
                        latencies.push(row.latency);
                    }
                } else if row.outcome == LoggedOutcome::Rejected {
                    facts.unknown += 1;
                }
            }
        }
        facts.rate /= facts.calls.max(1) as f64;
        facts.failure_cost /= facts.failures.max(1) as f64;
        facts.failure_latency /= facts.failures.max(1) as f64;
        facts.usual_latency = quantile(&mut latencies, 0.5);
        facts.long_latency = quantile(&mut latencies, 0.995);
        let share = |[calls, errors]: [f64; 2]| errors / calls.max(1.0);
        [facts.usual_errors, facts.errors_while_down] = errors.map(share);
        facts.retries = tries.map(|[calls, retries]: [f64; 2]| retries / calls.max(1.0));
        facts
    }

    /// Adds the outages of a key: the mean over courses that are possible where their ends are hidden, as
    /// the likeliest state at each moment would make too few and too long ones of them.
    fn see_outages(&mut self, history: &History) {
        let paths = history.paths();
        let weight = 1.0 / paths.len() as f64;
        let rows = history.rows();
        let mut add = |seconds: f64| {
            self.down_seconds += weight * seconds;
            self.down_squares += weight * seconds * seconds;
        };
        for path in paths {
            let mut since = None;
            for (&down, row) in path.iter().zip(rows) {
                let time = row.start as f64 / 1e9;
                match (since, down) {
                    (None, true) => since = Some(time),
                    (Some(then), false) => {
                        self.outages += weight;
                        add(time - then);
                        since = None;
                    }
                    _ => {}
                }
            }
            if let Some(then) = since {
                self.unfinished += weight;
                add(rows[rows.len() - 1].start as f64 / 1e9 - then);
            }
        }
    }

    /// The mean outage in seconds: what had not ended counts with the time it had lasted;
    /// a guess where outages do not end.
    pub(super) fn mean_outage(&self) -> f64 {
        if self.is_endless() {
            return RECOVERY;
        }
        let least = 1.0 / self.rate.max(f64::MIN_POSITIVE);
        (self.down_seconds / self.outages.max(1.0)).max(least)
    }

    /// What a probe that fails costs; above 0 even where failures are free.
    pub(super) fn probe_cost(&self) -> f64 {
        self.failure_cost.max(0.01)
    }

    /// The constant time between probes that theory asks for, in seconds.
    pub(super) fn open_time(&self) -> f64 {
        theory::open_time(1.0, self.probe_cost(), self.mean_outage(), self.rate)
    }

    /// The same for a dependency that recovers with time, where the log cannot say how fast.
    pub(super) fn recovery_open_time(&self) -> f64 {
        theory::open_time(1.0, self.probe_cost(), RECOVERY, self.rate)
    }

    /// Whether outages hardly end while calls go on, so that the log cannot say when they would: the
    /// dependency is down for much of the time, in a few long stretches, and nearly everything fails
    /// then. A brown-out that lasts is none.
    pub(super) fn is_endless(&self) -> bool {
        const MUCH: f64 = 0.4;
        const FEW: f64 = 3.5;
        const NEARLY_ALL: f64 = 0.8;
        self.down_seconds > MUCH * self.seconds
            && self.down_seconds * self.down_seconds <= FEW * self.down_squares
            && self.errors_while_down > NEARLY_ALL
    }

    /// Whether so much is unknown that nobody can tell whether the dependency recovered because it was
    /// spared calls.
    pub(super) fn is_hidden(&self) -> bool {
        const HIDDEN: f64 = 0.01;
        self.failures > 0 && self.successes > 0 && self.unknown as f64 > HIDDEN * self.calls as f64
    }

    /// Whether candidates are tried on dependencies that look like the one behind the log.
    pub(super) fn is_modelled(&self) -> bool {
        self.is_hidden() && !self.is_endless()
    }

    /// Whether the log cannot say if fewer calls would let the dependency recover, or did.
    pub(super) fn may_suffer(&self) -> bool {
        self.feels_load() || self.is_hidden()
    }

    /// Whether the dependency seems to suffer from the calls themselves, so that fewer of them would
    /// have let it recover sooner than the log shows: retries pile up while it is down, calls come
    /// faster then, it fails whenever all calls are let through again, or outages do not end at all.
    pub(super) fn feels_load(&self) -> bool {
        const MORE_RETRIES: f64 = 0.1;
        self.retries[1] > self.retries[0] + MORE_RETRIES
            || self.blame.crowds()
            || self.blame.relapses()
            || self.is_endless()
    }
}

/// Nanoseconds in any order to seconds; 0 without any.
fn quantile(values: &mut [u64], share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let at = (share * (values.len() - 1) as f64).round() as usize;
    *values.select_nth_unstable(at).1 as f64 / 1e9
}
