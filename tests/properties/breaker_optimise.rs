//! What is learned does not depend on names, order or units of time.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::recorder::record;
use approx::assert_relative_eq;
use forewarn::breaker::sim::{Family, Service};
use forewarn::breaker::{
    BreakerOptimizer, BreakerSettings, CallCosts, CallLog, LoggedCall, LoggedOutcome, OpenTime,
    PeerDefaults, Trip,
};
use proptest::prelude::*;
use std::time::Duration;

fn quick() -> BreakerOptimizer {
    BreakerOptimizer::default().candidates(60).peers(Vec::new())
}

fn trouble(family: Family, seed: u64, through: Option<&BreakerSettings>) -> CallLog {
    let service = Service::draw(family, seed).calls_per_second(8.0);
    record(&service, through, 0..1, &CallCosts::default())
}

/// The rows of two keys as one log, named and mixed as asked for.
fn mixed(first: &CallLog, second: &CallLog, names: [&str; 2], reversed: bool) -> CallLog {
    let named = |log: &CallLog, key: usize| -> Vec<(usize, f64, f64, LoggedOutcome)> {
        log.iter().map(|call| (key, call.start, call.latency, call.outcome)).collect()
    };
    let mut rows = named(first, 0);
    rows.extend(named(second, 1));
    if reversed {
        rows.reverse();
    }
    CallLog::from_rows(rows.iter().map(|&(key, start, latency, outcome)| {
        LoggedCall::new(names[key], start, latency, outcome)
    }))
    .unwrap()
}

#[test]
fn neither_names_nor_order_of_rows_change_a_bit() {
    let through = PeerDefaults::Sentinel.settings();
    let first = trouble(Family::HangingOutage, 31, Some(&through));
    let second = trouble(Family::FastOutage, 32, None);
    let found = quick().optimize(&mixed(&first, &second, ["a", "b"], false)).unwrap();
    assert!(found.log.usable < 1.0 && found.log.keys == 2);
    for (names, reversed) in [(["b", "a"], false), (["a", "b"], true), (["z", ""], true)] {
        let other = quick().optimize(&mixed(&first, &second, names, reversed)).unwrap();
        assert_eq!(other, found);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let log = trouble(Family::Flapping, 33, Some(&PeerDefaults::Hystrix.settings()));
    assert_eq!(quick().seed(5).optimize(&log).unwrap(), quick().seed(5).optimize(&log).unwrap());
}

/// Times in the settings, in seconds.
fn times(settings: &BreakerSettings) -> Vec<f64> {
    let mut times = vec![settings.probes.lease.as_secs_f64()];
    if let Trip::Window { length, .. } = settings.trip {
        times.push(length.as_secs_f64());
    }
    times.extend(settings.slow_call.map(|slow| slow.threshold.as_secs_f64()));
    times.extend(settings.ramp.map(|ramp| ramp.step_time.as_secs_f64()));
    match settings.open_time {
        OpenTime::Constant(time) => times.push(time.as_secs_f64()),
        OpenTime::Exponential { first, cap, .. } => {
            times.extend([first.as_secs_f64(), cap.as_secs_f64()]);
        }
        OpenTime::OutageAge { shortest, longest, .. } => {
            times.extend([shortest.as_secs_f64(), longest.as_secs_f64()]);
        }
        _ => unreachable!("no other was tried"),
    }
    times
}

/// A power of two scales floating-point numbers exactly.
#[test]
fn a_slower_log_gives_slower_settings() {
    const SCALE: f64 = 4.0;
    let log = trouble(Family::HangingOutage, 34, None);
    let slower = CallLog::from_rows(log.iter().map(|call| LoggedCall {
        start: SCALE * call.start,
        latency: SCALE * call.latency,
        ..call
    }))
    .unwrap();
    let costs = CallCosts::default();
    let slow_costs = costs
        .held_second(costs.held_second / SCALE)
        .objective(Duration::from_secs_f64(SCALE * costs.objective.as_secs_f64()));
    // Times are whole nanoseconds: with few candidates that may decide between two that are as good.
    let quick = || quick().candidates(100);
    let found = quick().optimize(&log).unwrap();
    let other = quick().costs(slow_costs).optimize(&slower).unwrap();
    let settings = |found: &forewarn::breaker::Recommendation| {
        found.found.as_ref().and_then(|found| found.settings).unwrap()
    };
    let (fast, slow) = (times(&settings(&found)), times(&settings(&other)));
    assert_eq!(fast.len(), slow.len());
    for (fast, slow) in fast.iter().zip(slow) {
        assert_relative_eq!(SCALE * fast, slow, max_relative = 1e-5);
    }
    assert_relative_eq!(other.log.mean_outage, SCALE * found.log.mean_outage, max_relative = 1e-5);
    assert_relative_eq!(other.log.open_time, SCALE * found.log.open_time, max_relative = 1e-5);
    assert_relative_eq!(other.saving.mean, found.saving.mean, max_relative = 0.05);
}

fn rows() -> impl Strategy<Value = Vec<(u8, f64, f64, u8)>> {
    proptest::collection::vec((0..3_u8, 0.0..1e3, 0.0..1e4, 0..6_u8), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the rows: an answer with figures that are numbers, and settings that are in range.
    #[test]
    fn any_log_has_an_answer(rows in rows(), scale in -6..6_i32) {
        let outcomes = [
            LoggedOutcome::Ok,
            LoggedOutcome::Failed,
            LoggedOutcome::TimedOut,
            LoggedOutcome::Ignored,
            LoggedOutcome::Rejected,
            LoggedOutcome::Cancelled,
        ];
        let unit = 10_f64.powi(scale);
        let log = CallLog::from_rows(rows.iter().map(|&(key, start, latency, outcome)| {
            let key = ["a", "b", "c"][usize::from(key)];
            LoggedCall::new(key, start * unit, (latency * unit).min(1e6), outcomes[usize::from(outcome)])
        }))
        .unwrap();
        let found = quick().candidates(20).resamples(100).optimize(&log).unwrap();
        let assessments = found.found.iter().chain([&found.current]);
        for assessment in assessments {
            let cost = assessment.cost;
            prop_assert!(cost.low.is_finite() && cost.low <= cost.mean && cost.mean <= cost.high);
            prop_assert!(assessment.settings.is_none_or(|settings| settings.check().is_ok()));
        }
        prop_assert!(found.front.windows(2).all(|pair| pair[0].lost_good <= pair[1].lost_good));
        prop_assert!(!found.to_string().contains("NaN"));
    }
}
