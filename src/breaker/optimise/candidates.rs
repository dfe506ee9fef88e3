//! The settings that are tried: axes around what theory gives.

use super::facts::{Facts, RECOVERY};
use super::theory;
use crate::breaker::{BreakerSettings, CallCosts, OpenTime, Probes, Ramp, SlowCall, Trip};
use std::time::Duration;

/// Largest share taken off open times at random, so that a fleet does not probe in step.
const JITTER: f64 = 0.1;

/// What is tried for each part of the settings; the first of each is the safe one.
#[derive(Debug, Clone)]
pub(super) struct Axes {
    pub(super) trips: Vec<Trip>,
    pub(super) slow: Vec<Option<SlowCall>>,
    pub(super) opens: Vec<OpenTime>,
    pub(super) probes: Vec<Probes>,
    pub(super) ramps: Vec<Option<Ramp>>,
}

/// A place on each axis: trip, slow call, open time, probes, ramp.
pub(super) type Place = [usize; 5];

impl Axes {
    pub(super) fn around(facts: &Facts, costs: &CallCosts) -> Self {
        let open = facts.open_time();
        Self {
            trips: trips(facts, costs),
            slow: slow(facts, costs),
            opens: opens(facts, open),
            probes: probes(facts),
            ramps: ramps(facts, open),
        }
    }

    pub(super) fn lengths(&self) -> Place {
        [self.trips.len(), self.slow.len(), self.opens.len(), self.probes.len(), self.ramps.len()]
    }

    pub(super) fn settings(&self, place: Place) -> BreakerSettings {
        BreakerSettings {
            trip: self.trips[place[0]],
            slow_call: self.slow[place[1]],
            open_time: self.opens[place[2]],
            probes: self.probes[place[3]],
            ramp: self.ramps[place[4]],
        }
    }
}

/// Seconds as a duration that every setting takes.
fn duration(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(1e-3, 1e8))
}

fn trips(facts: &Facts, costs: &CallCosts) -> Vec<Trip> {
    let cost = facts.probe_cost();
    let utility = |calls: f64| Trip::Utility { costs: *costs, tolerance: calls.clamp(1e-6, 1e6) };
    let mut trips = vec![safe_trip(facts, costs)];
    // So many failures in a row, in calls that may be lost.
    for failures in [0.9, 1.9, 2.9, 4.9, 7.9, 11.9, 17.9, 29.9, 59.9, 119.9] {
        trips.push(utility(failures * cost));
    }
    for failures in [1, 2, 3, 4, 6, 9, 14, 25] {
        trips.push(Trip::Consecutive { failures });
    }
    let share = theory::trip_share(1.0, cost);
    for (calls, minimum_calls) in [(10, 6), (20, 10), (60, 20)] {
        for rate in [0.5 * share, share, 0.5 + 0.5 * share] {
            let (failure_rate, slow_rate) = (rate, rate);
            trips.push(Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate });
        }
    }
    for calls in [10.0, 40.0] {
        for failure_rate in [0.5, share] {
            trips.push(Trip::Window {
                length: duration(calls / facts.rate),
                buckets: 10,
                minimum_calls: 5,
                failure_rate,
                slow_rate: failure_rate,
            });
        }
    }
    trips
}

/// Three calls, or three failures where these are dear.
fn safe_trip(facts: &Facts, costs: &CallCosts) -> Trip {
    let tolerance = (2.9 * facts.probe_cost().max(1.0)).clamp(1e-6, 1e6);
    Trip::Utility { costs: *costs, tolerance }
}

fn slow(facts: &Facts, costs: &CallCosts) -> Vec<Option<SlowCall>> {
    // Where failures hang, a call that has hung for longer than good ones do gives them away: the
    // sooner, the more good ones are taken for slow.
    let long = facts.long_latency;
    let objective = costs.objective.as_secs_f64();
    let mut slow = vec![None];
    for early in [(2.0 * long).max(objective), 1.3 * long, 0.8 * long, 2.0 * long] {
        let call = Some(SlowCall { threshold: duration(early), in_flight: true });
        if long > 0.0 && early < 0.7 * facts.failure_latency && !slow.contains(&call) {
            slow.push(call);
        }
    }
    slow
}

fn opens(facts: &Facts, open: f64) -> Vec<OpenTime> {
    let age = |factor: f64, shortest: f64| OpenTime::OutageAge {
        probe_cost: (factor * facts.probe_cost()).clamp(1e-6, 1e6),
        shortest: duration(shortest * open),
        longest: duration(10.0 * open),
        jitter: JITTER,
    };
    let exponential = |first: f64, factor: f64, cap: f64| OpenTime::Exponential {
        first: duration(first),
        factor,
        cap: duration(cap),
        jitter: JITTER,
    };
    // One wait, and much shorter ones after it.
    let shrinking =
        |first: f64, then: f64| (first > 1.5 * then).then(|| exponential(first, 0.01, then));
    let mut opens = vec![age(1.0, 0.1)];
    opens.extend([0.25, 0.5, 2.0, 4.0].map(|factor| age(factor, 0.1)));
    opens.extend([0.5, 1.0, 2.0].map(|factor| age(factor, 0.5)));
    for factor in [0.15, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 9.0] {
        opens.push(OpenTime::Constant(duration(factor * open)));
    }
    if facts.may_suffer() {
        let open = facts.recovery_open_time();
        for factor in [0.25, 0.5, 1.0, 2.0] {
            opens.push(OpenTime::Constant(duration(factor * open)));
        }
        // Rest, rather than probing for the end.
        for share in [1.0 / 12.0, 1.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0] {
            opens.push(OpenTime::Constant(duration(share * RECOVERY)));
        }
        opens.push(OpenTime::OutageAge {
            probe_cost: facts.probe_cost().clamp(1e-6, 1e6),
            shortest: duration(0.1 * open),
            longest: duration(10.0 * open),
            jitter: JITTER,
        });
        // Rest once, then look often: whoever rests too long loses all calls meanwhile.
        for share in [1.0 / 12.0, 1.0 / 6.0, 1.0 / 3.0] {
            opens.extend(
                [0.25, 0.7].into_iter().filter_map(|then| shrinking(share * RECOVERY, then * open)),
            );
        }
    }
    // Outages of much the same length: none is over at once, and the longer it lasts the sooner.
    if !facts.is_endless() {
        for first in [0.15, 0.25, 0.35, 0.5, 0.7] {
            let seconds = first * facts.mean_outage();
            opens.extend([0.4, 0.8].into_iter().filter_map(|then| shrinking(seconds, then * open)));
        }
    }
    for (first, factor, cap) in [(0.25, 1.5, 4.0), (0.1, 2.0, 2.0), (0.5, 2.0, 8.0)] {
        opens.push(exponential(first * open, factor, cap * open));
    }
    opens
}

fn probes(facts: &Facts) -> Vec<Probes> {
    // No answer takes longer than a failure, but for what was never seen.
    let lease = duration(4.0 * facts.failure_latency.max(facts.long_latency));
    let probes = Probes::default().lease(lease);
    vec![
        probes,
        probes.permits(2).successes(2),
        probes.permits(3).successes(3),
        probes.permits(5).successes(4).failures(2),
        probes.permits(10).successes(8).failures(3),
    ]
}

fn ramps(facts: &Facts, open: f64) -> Vec<Option<Ramp>> {
    let least = 2.0 * facts.usual_latency;
    let ramp = |first_share: f64, increase: f64, step: f64| {
        Some(
            Ramp::default()
                .first_share(first_share)
                .increase(increase)
                .step_time(duration((step * open).max(least))),
        )
    };
    let mut ramps = vec![
        ramp(0.1, 0.2, 0.25),
        None,
        ramp(0.3, 0.3, 0.15),
        ramp(0.1, 0.1, 0.5),
        ramp(0.1, 0.1, 1.0),
        ramp(0.05, 0.05, 2.0),
    ];
    if facts.may_suffer() {
        // The slower, the more it takes to recover.
        for share in [1.0 / 60.0, 1.0 / 30.0, 1.0 / 15.0] {
            ramps.push(ramp(0.1, 0.1, share * RECOVERY / open));
        }
    }
    if facts.feels_load() && !facts.is_modelled() {
        // All at once is what such a dependency does not bear.
        ramps.retain(Option::is_some);
    }
    ramps
}
