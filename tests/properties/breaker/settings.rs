//! Settings of every kind.

use forewarn::breaker::{
    BreakerSettings, CallCosts, OpenTime, ProbeBudget, Probes, Ramp, SlowCall, Trip,
};
use proptest::prelude::*;
use std::time::Duration;

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

/// Rules by rates, which the model knows, and rows of failures.
pub(super) fn plain_trip() -> impl Strategy<Value = Trip> {
    let rates = || (0.05..=1.0_f64, prop_oneof![Just(1.0), 0.05..=1.0_f64]);
    let last = (1..150_u32, 0.0..1.0_f64, rates()).prop_map(|(calls, part, (failure, slow))| {
        Trip::LastCalls {
            calls,
            minimum_calls: 1 + (part * f64::from(calls)) as u32,
            failure_rate: failure,
            slow_rate: slow,
        }
    });
    let last = last.prop_map(|trip| match trip {
        Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate } => {
            let minimum_calls = minimum_calls.min(calls);
            Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate }
        }
        other => other,
    });
    let window = (millis(10..5_000), 1..20_u32, 1..20_u32, rates()).prop_map(
        |(length, buckets, minimum_calls, (failure_rate, slow_rate))| Trip::Window {
            length,
            buckets,
            minimum_calls,
            failure_rate,
            slow_rate,
        },
    );
    prop_oneof![last, window, (1..8_u32).prop_map(|failures| Trip::Consecutive { failures })]
}

fn trip() -> impl Strategy<Value = Trip> {
    let costs =
        (0.0..3.0_f64, 0.0..3.0_f64, millis(0..100)).prop_map(|(failed, held, objective)| {
            CallCosts::default().failed(failed).held_second(held).objective(objective)
        });
    let utility =
        (costs, 0.1..5.0_f64).prop_map(|(costs, tolerance)| Trip::Utility { costs, tolerance });
    prop_oneof![plain_trip(), utility]
}

fn open_time() -> impl Strategy<Value = OpenTime> {
    let constant = millis(1..2_000).prop_map(OpenTime::Constant);
    let exponential = (millis(1..500), 1.0..4.0_f64, millis(500..5_000), 0.0..=1.0_f64).prop_map(
        |(first, factor, cap, jitter)| OpenTime::Exponential { first, factor, cap, jitter },
    );
    let shrinking = (millis(500..5_000), 0.01..1.0_f64, millis(1..500), 0.0..=1.0_f64).prop_map(
        |(first, factor, cap, jitter)| OpenTime::Exponential { first, factor, cap, jitter },
    );
    let age = (0.01..3.0_f64, millis(1..50), millis(50..5_000), 0.0..=1.0_f64).prop_map(
        |(probe_cost, shortest, longest, jitter)| OpenTime::OutageAge {
            probe_cost,
            shortest,
            longest,
            jitter,
        },
    );
    prop_oneof![constant, exponential, shrinking, age]
}

pub(super) fn probes() -> impl Strategy<Value = Probes> {
    let budget = (0.5..100.0_f64, 1..20_u32)
        .prop_map(|(per_second, callers)| ProbeBudget { per_second, callers });
    (1..5_u32, 1..5_u32, 1..3_u32, millis(1..3_000), prop::option::weighted(0.2, budget)).prop_map(
        |(permits, successes, failures, lease, budget)| Probes {
            permits,
            successes,
            failures,
            lease,
            budget,
        },
    )
}

fn ramp() -> impl Strategy<Value = Ramp> {
    let shares = (0.01..=1.0_f64, 1.0..4.0_f64, 0.01..=1.0_f64, 0.1..=1.0_f64);
    (shares, millis(1..500), 1..5_u32).prop_map(|(shares, step_time, step_calls)| Ramp {
        first_share: shares.0,
        growth: shares.1,
        increase: shares.2,
        decrease: shares.3,
        step_time,
        step_calls,
    })
}

pub(super) fn slow_call() -> impl Strategy<Value = Option<SlowCall>> {
    let slow = (millis(1..300), any::<bool>())
        .prop_map(|(threshold, in_flight)| SlowCall { threshold, in_flight });
    prop::option::of(slow)
}

/// Any settings.
pub(super) fn settings() -> impl Strategy<Value = BreakerSettings> {
    (trip(), slow_call(), open_time(), probes(), prop::option::of(ramp())).prop_map(
        |(trip, slow_call, open_time, probes, ramp)| BreakerSettings {
            trip,
            slow_call,
            open_time,
            probes,
            ramp,
        },
    )
}
