//! What the self-tuning breaker and the simulator refuse, and what they bear.

use forewarn::Error;
use forewarn::breaker::sim::{Family, Service};
use forewarn::breaker::{
    AdaptiveBreaker, AdaptiveParams, CallCosts, Gate, ObservedCall, Outcome, State,
};
use forewarn::prelude::*;
use std::time::Duration;

const LATENCY: Duration = Duration::from_millis(20);

#[test]
fn parameters_outside_their_ranges_are_named() {
    let params = AdaptiveParams::default();
    let cases = [
        (params.costs(CallCosts::default().failed(-0.1)), "costs.failed", -0.1),
        (params.costs(CallCosts::default().held_second(2e6)), "costs.held_second", 2e6),
        (params.pace(Duration::ZERO), "pace", 0.0),
        (params.pace(Duration::from_secs(2_000_000)), "pace", 2e6),
        (params.jitter(1.1), "jitter", 1.1),
    ];
    for (wrong, expected, number) in cases {
        let error = wrong.start().unwrap_err();
        let Error::OutOfRange { name, value, .. } = error else { panic!("{error}") };
        assert_eq!((name, value), (expected, number));
    }
    for nan in [params.jitter(f64::NAN), params.costs(CallCosts::default().failed(f64::NAN))] {
        assert!(matches!(nan.start(), Err(Error::OutOfRange { .. })));
    }
}

#[test]
fn services_outside_their_ranges_are_named() {
    let service = Service::draw(Family::Slow, 1);
    for (wrong, expected) in [
        (service.clone().calls_per_second(0.0), "calls_per_second"),
        (service.clone().calls_per_second(f64::NAN), "calls_per_second"),
        (service.clone().length(0.5), "length"),
        (service.clone().timeout(0.0), "timeout"),
        (service.clone().calls_per_second(1e3).length(1e6), "calls_per_second"),
    ] {
        let error = wrong.trace(0).unwrap_err();
        let Error::OutOfRange { name, .. } = error else { panic!("{error}") };
        assert_eq!(name, expected);
    }
}

/// A burst of errors of a tenth of a second: the circuit opens, looks again within half a second and is
/// closed by the first good answer, as near to opening as it was, but for that answer.
#[test]
fn trouble_that_is_over_at_once_closes_the_circuit_at_once() {
    let costs = CallCosts::default().failed(1.0);
    let mut breaker = AdaptiveParams::default().costs(costs).jitter(0.0).start().unwrap();
    let mut now = Duration::ZERO;
    let mut call = |outcome| {
        now += Duration::from_millis(50);
        let ticket = breaker.acquire(now).ok()?;
        let transition = breaker.record(ticket, now + LATENCY, outcome, LATENCY);
        Some(transition.map(|transition| (transition.from, transition.to)))
    };
    for _ in 0..100 {
        assert_eq!(call(Outcome::Success), Some(None));
    }
    // More than twelve lost calls' worth.
    for _ in 0..12 {
        assert_eq!(call(Outcome::Failure), Some(None));
    }
    assert_eq!(call(Outcome::Failure), Some(Some((State::Closed, State::Open))));
    let mut rejected = 0;
    let back = loop {
        match call(Outcome::Success) {
            Some(back) => break back,
            None => rejected += 1,
        }
    };
    assert!((1..8).contains(&rejected), "{rejected} calls of 50 ms each");
    assert_eq!(back, Some((State::Open, State::Closed)));
    // The tolerance is almost 18 by now, and but for four all of it is used up.
    for _ in 0..3 {
        assert_eq!(call(Outcome::Failure), Some(None));
    }
    assert_eq!(call(Outcome::Failure), Some(Some((State::Closed, State::Open))));
}

/// Fast failures in a row that open the circuit, before any outage and after one.
#[test]
fn it_opens_after_as_many_failures_as_it_says() {
    // Sums of 0.2 are rounded.
    for (failed, first, second) in [(0.2, 36..=37, 20..=21), (1.0, 13..=13, 5..=5)] {
        let costs = CallCosts::default().failed(failed);
        let mut breaker = AdaptiveParams::default().costs(costs).jitter(0.0).start().unwrap();
        let mut now = Duration::ZERO;
        for expected in [first, second] {
            for _ in 0..6_000 {
                now += Duration::from_millis(100);
                if let Ok(ticket) = breaker.acquire(now) {
                    breaker.record(ticket, now, Outcome::Success, LATENCY);
                }
            }
            assert_eq!(breaker.state(), State::Closed);
            let mut failures = 0;
            let began = now;
            while now < began + Duration::from_secs(60) {
                now += Duration::from_millis(100);
                let was_closed = breaker.state() == State::Closed;
                if let Ok(ticket) = breaker.acquire(now) {
                    failures += u32::from(was_closed);
                    breaker.record(ticket, now, Outcome::Failure, LATENCY);
                }
            }
            assert!(expected.contains(&failures), "{failures} where a failure costs {failed}");
        }
    }
}

#[test]
fn a_clock_that_goes_back_is_held_and_counted() {
    let mut breaker = AdaptiveBreaker::new(CallCosts::default()).unwrap();
    let late = Duration::from_secs(10);
    let ticket = breaker.acquire(late).unwrap();
    breaker.record(ticket, Duration::from_secs(3), Outcome::Success, LATENCY);
    assert_eq!((breaker.clock_steps_back(), breaker.last_seen()), (1, late));
}

#[test]
fn extreme_times_and_latencies_are_borne() {
    let mut breaker = AdaptiveBreaker::new(CallCosts::default()).unwrap();
    for now in [Duration::ZERO, Duration::MAX, Duration::ZERO] {
        for latency in [Duration::ZERO, Duration::MAX] {
            for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
                if let Ok(ticket) = breaker.acquire(now) {
                    breaker.record(ticket, now, outcome, latency);
                }
            }
        }
    }
    assert!(breaker.setting().check().is_ok(), "{:?}", breaker.setting());
}

#[test]
fn a_ticket_of_an_earlier_generation_changes_nothing() {
    let mut breaker = AdaptiveBreaker::new(CallCosts::default()).unwrap();
    let second = Duration::from_secs(1);
    let old: Vec<_> = (0..20).map(|_| breaker.acquire(second).unwrap()).collect();
    while breaker.state() == State::Closed {
        let ticket = breaker.acquire(second).unwrap();
        breaker.record(ticket, second, Outcome::Failure, LATENCY);
    }
    let before = breaker.clone();
    for ticket in old {
        breaker.record(ticket, second, Outcome::Success, LATENCY);
    }
    assert_eq!(breaker, before);
}

#[test]
fn observed_calls_teach_and_bad_ones_are_refused() {
    let mut breaker = AdaptiveBreaker::new(CallCosts::default()).unwrap();
    for call in 1..=200_u32 {
        let at = Duration::from_millis(10) * call;
        let outcome = Some(if call % 2 == 0 { Outcome::Success } else { Outcome::Failure });
        breaker.observe(ObservedCall { at, outcome, latency: LATENCY }).unwrap();
    }
    assert_eq!(breaker.state(), State::Closed);
    let setting = breaker.setting();
    let forewarn::breaker::OpenTime::OutageAge { probe_cost, .. } = setting.open_time else {
        panic!("{setting:?}")
    };
    assert!((probe_cost - 0.2).abs() < 0.01, "{probe_cost}");

    let before = breaker.clone();
    let early = ObservedCall { at: Duration::from_secs(1), outcome: None, latency: LATENCY };
    assert!(matches!(breaker.observe(early), Err(Error::TimeWentBack { .. })));
    let (at, latency) = (Duration::from_secs(9), Duration::from_secs(2_000_000));
    let slow = ObservedCall { at, outcome: Some(Outcome::Success), latency };
    assert!(matches!(breaker.observe(slow), Err(Error::OutOfRange { name: "latency", .. })));
    assert_eq!(breaker, before);
}

#[cfg(feature = "serde")]
#[test]
fn it_is_saved_without_its_calls_in_flight_and_checked_on_load() {
    let trace = Service::draw(Family::ColdRestart, 3).trace(0).unwrap();
    let mut breaker = AdaptiveBreaker::new(CallCosts::default()).unwrap();
    trace.run(&mut breaker, &CallCosts::default());
    let bytes = breaker.to_bytes().unwrap();
    let from_bytes = AdaptiveBreaker::from_bytes(&bytes).unwrap();
    assert!(AdaptiveBreaker::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let json = serde_json::to_string(&breaker).unwrap();
    let loaded: AdaptiveBreaker = serde_json::from_str(&json).unwrap();
    assert_eq!(loaded, from_bytes);
    assert_eq!(loaded.setting(), breaker.setting());
    assert_eq!((loaded.trips(), loaded.last_seen()), (breaker.trips(), breaker.last_seen()));
    for (from, to) in
        [("\"share\":", "\"share\":-"), ("\"due\":", "\"due\":9"), ("\"now\":", "\"no\":")]
    {
        let broken = json.replacen(from, to, 1);
        assert!(serde_json::from_str::<AdaptiveBreaker>(&broken).is_err(), "{broken}");
    }
}
