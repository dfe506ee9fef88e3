//! Breakers and bad input: settings refused by name, times and counts at their ends, files that
//! cannot be.

use forewarn::Error;
use forewarn::breaker::{
    Breaker, BreakerRegistryParams, BreakerSettings, CallCosts, Force, Machine, OpenTime, Outcome,
    ProbeBudget, Probes, Ramp, Rejected, SlowCall, State, Trip,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn refused(settings: BreakerSettings, expected: &str) {
    match settings.check() {
        Err(Error::OutOfRange { name, .. }) => assert_eq!(name, expected),
        other => panic!("{expected}: {other:?}"),
    }
    // As text: NaN is not equal to itself.
    let told = settings.check().expect_err("refused").to_string();
    assert_eq!(Machine::new(settings, 0).expect_err("refused").to_string(), told);
    assert_eq!(Breaker::new(settings).expect_err("refused").to_string(), told);
    let mut machine = Machine::new(BreakerSettings::default(), 0).expect("in range");
    let before = machine.clone();
    assert_eq!(machine.set_settings(settings).expect_err("refused").to_string(), told);
    assert_eq!(machine, before);
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let settings = BreakerSettings::default;
    let last = |calls, minimum_calls, failure_rate, slow_rate| {
        settings().trip(Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate })
    };
    refused(last(0, 1, 0.5, 0.5), "calls");
    refused(last(1_000_001, 1, 0.5, 0.5), "calls");
    refused(last(10, 0, 0.5, 0.5), "minimum_calls");
    refused(last(10, 11, 0.5, 0.5), "minimum_calls");
    for rate in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        refused(last(10, 10, rate, 0.5), "failure_rate");
        refused(last(10, 10, 0.5, rate), "slow_rate");
    }
    let window = |length, buckets| {
        let (failure_rate, slow_rate) = (0.5, 0.5);
        let minimum_calls = 1;
        let trip = Trip::Window { length, buckets, minimum_calls, failure_rate, slow_rate };
        settings().trip(trip)
    };
    refused(window(Duration::ZERO, 10), "length");
    refused(window(Duration::MAX, 10), "length");
    refused(window(SECOND, 0), "buckets");
    refused(window(SECOND, 1_001), "buckets");
    refused(window(Duration::from_micros(999), 10), "length");
    refused(settings().trip(Trip::Consecutive { failures: 0 }), "failures");
    let utility = |costs, tolerance| settings().trip(Trip::Utility { costs, tolerance });
    let costs = CallCosts::default;
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        refused(utility(costs().failed(bad), 1.0), "costs.failed");
        refused(utility(costs().held_second(bad), 1.0), "costs.held_second");
        refused(utility(costs(), bad), "tolerance");
    }
    refused(utility(costs(), 0.0), "tolerance");
    refused(utility(costs().objective(Duration::MAX), 1.0), "costs.objective");
    for threshold in [Duration::ZERO, Duration::MAX] {
        refused(settings().slow_call(Some(SlowCall::new(threshold))), "threshold");
    }
    for time in [Duration::ZERO, Duration::MAX] {
        refused(settings().open_time(OpenTime::Constant(time)), "open_time");
    }
    let exponential = |first, factor, cap, jitter| {
        settings().open_time(OpenTime::Exponential { first, factor, cap, jitter })
    };
    refused(exponential(Duration::ZERO, 2.0, SECOND, 0.0), "first");
    refused(exponential(SECOND, 0.0, SECOND, 0.0), "factor");
    refused(exponential(SECOND, 1_001.0, SECOND, 0.0), "factor");
    refused(exponential(SECOND, 0.5, 2 * SECOND, 0.0), "cap");
    refused(exponential(SECOND, 0.5, Duration::ZERO, 0.0), "cap");
    refused(exponential(SECOND, f64::NAN, SECOND, 0.0), "factor");
    refused(exponential(2 * SECOND, 2.0, SECOND, 0.0), "cap");
    refused(exponential(SECOND, 2.0, SECOND, 1.1), "jitter");
    let age = |probe_cost, shortest, longest, jitter| {
        settings().open_time(OpenTime::OutageAge { probe_cost, shortest, longest, jitter })
    };
    refused(age(0.0, SECOND, SECOND, 0.0), "probe_cost");
    refused(age(f64::NAN, SECOND, SECOND, 0.0), "probe_cost");
    refused(age(1.0, Duration::ZERO, SECOND, 0.0), "shortest");
    refused(age(1.0, 2 * SECOND, SECOND, 0.0), "longest");
    refused(age(1.0, SECOND, SECOND, -0.1), "jitter");
    let probes = Probes::default;
    refused(settings().probes(probes().permits(0)), "permits");
    refused(settings().probes(probes().successes(0)), "successes");
    refused(settings().probes(probes().failures(0)), "failures");
    refused(settings().probes(probes().lease(Duration::ZERO)), "lease");
    let budget = |per_second, callers| {
        settings().probes(probes().budget(Some(ProbeBudget { per_second, callers })))
    };
    refused(budget(0.0, 1), "per_second");
    refused(budget(f64::NAN, 1), "per_second");
    refused(budget(1.0, 0), "callers");
    let ramp = |change: fn(Ramp) -> Ramp| settings().ramp(Some(change(Ramp::default())));
    refused(ramp(|ramp| ramp.first_share(0.0)), "first_share");
    refused(ramp(|ramp| ramp.growth(0.5)), "growth");
    refused(ramp(|ramp| ramp.increase(0.0)), "increase");
    refused(ramp(|ramp| ramp.decrease(f64::NAN)), "decrease");
    refused(ramp(|ramp| ramp.step_time(Duration::ZERO)), "step_time");
    refused(ramp(|ramp| ramp.step_calls(0)), "step_calls");

    let registry = || BreakerRegistryParams::new(settings());
    assert!(registry().max_keys(0).build::<String>().is_err());
    assert!(registry().shards(2_000).build::<String>().is_err());
    assert!(Breaker::builder(settings()).shards(1_025).build().is_err());
}

fn consecutive(failures: u32) -> BreakerSettings {
    BreakerSettings::default()
        .trip(Trip::Consecutive { failures })
        .open_time(OpenTime::Constant(SECOND))
        .ramp(None)
}

fn fail(machine: &mut Machine, now: Duration, latency: Duration) {
    let ticket = machine.acquire(now).expect("it is let through");
    machine.record(ticket, now, Outcome::Failure, latency);
}

/// A clock that goes back neither opens nor closes anything, nor makes an open time longer.
#[test]
fn clocks_that_go_back_stand_still() {
    let mut machine = Machine::new(consecutive(2), 0).unwrap();
    fail(&mut machine, 100 * SECOND, SECOND);
    fail(&mut machine, 40 * SECOND, SECOND);
    assert_eq!(machine.state(), State::Open);
    assert_eq!(machine.open_until(), Some(101 * SECOND));
    let rejected = machine.acquire(Duration::ZERO).unwrap_err();
    assert_eq!(rejected, Rejected { state: State::Open, retry_after: Some(SECOND) });
    assert_eq!(machine.metrics().clock_steps_back, 2);
    assert!(machine.acquire(101 * SECOND).is_ok());
    assert_eq!(machine.metrics().clock_steps_back, 2);
}

/// Times and latencies of any length do not overflow; time stands still after 584 years.
#[test]
fn huge_times_saturate() {
    for settings in [
        consecutive(1),
        BreakerSettings::default(),
        BreakerSettings::default().slow_call(Some(SlowCall::new(SECOND))).trip(Trip::Window {
            length: Duration::from_secs(1_000_000_000),
            buckets: 1_000,
            minimum_calls: 1,
            failure_rate: 0.5,
            slow_rate: 0.5,
        }),
    ] {
        let mut machine = Machine::new(settings, 0).unwrap();
        fail(&mut machine, SECOND, Duration::MAX);
        machine.tick(Duration::MAX);
        for _ in 0..10 {
            if let Ok(ticket) = machine.acquire(Duration::MAX) {
                machine.record(ticket, Duration::MAX, Outcome::Failure, Duration::MAX);
            }
            if let Ok(ticket) = machine.acquire(Duration::ZERO) {
                machine.record(ticket, Duration::ZERO, Outcome::Success, Duration::ZERO);
            }
        }
        assert_eq!(machine.last_seen(), Duration::from_nanos(u64::MAX));
        let live = Breaker::builder(settings).resume(machine).build().unwrap();
        let _ = live.call(|| Ok::<_, ()>(()));
        assert!(live.now() >= Duration::from_nanos(u64::MAX - 1));
    }
}

/// 2³² good calls and 2³¹ failures are counted; generations wrap at 2⁵⁶.
#[cfg(feature = "serde")]
#[test]
fn counts_and_generations_wrap() {
    let machine = Machine::new(consecutive(u32::MAX), 0).unwrap();
    let mut json = serde_json::to_value(&machine).unwrap();
    json["metrics"]["successes"] = u64::MAX.into();
    json["metrics"]["failures"] = (1_u64 << 31).into();
    json["window"]["Consecutive"] = (u32::MAX - 1).into();
    json["generation"] = ((1_u64 << 56) - 1).into();
    let mut machine: Machine = serde_json::from_value(json.clone()).unwrap();
    let early = machine.acquire(SECOND).unwrap();
    let good = machine.acquire(SECOND).unwrap();
    fail(&mut machine, SECOND, SECOND);
    assert_eq!((machine.state(), machine.generation()), (State::Open, 0));
    machine.record(good, SECOND, Outcome::Success, SECOND);
    assert_eq!(machine.metrics().successes, 0);
    assert_eq!(machine.metrics().failures, (1 << 31) + 1);
    // A result from before the wrap is stale after it.
    let probe = machine.acquire(2 * SECOND).unwrap();
    machine.record(early, 2 * SECOND, Outcome::Success, SECOND);
    assert_eq!((machine.state(), machine.metrics().stale), (State::HalfOpen, 2));
    machine.record(probe, 2 * SECOND, Outcome::Success, SECOND);
    assert_eq!(machine.state(), State::Closed);

    // Live as well: the generation shares a word with flags.
    let machine: Machine = serde_json::from_value(json).unwrap();
    let live = Breaker::builder(consecutive(1)).resume(machine).build().unwrap();
    let early = live.try_acquire().unwrap();
    live.try_acquire().unwrap().failure();
    assert_eq!((live.state(), live.snapshot().generation()), (State::Open, 0));
    early.success();
    assert_eq!(live.metrics().stale, 1);

    // A window over time with counts at their end says no more, and does not panic.
    let (failure_rate, slow_rate) = (0.5, 0.5);
    let trip =
        Trip::Window { length: SECOND, buckets: 2, minimum_calls: 1, failure_rate, slow_rate };
    let machine = Machine::new(consecutive(1).trip(trip), 0).unwrap();
    let mut json = serde_json::to_value(&machine).unwrap();
    json["window"]["Time"]["ring"][0]["calls"] = u64::MAX.into();
    json["window"]["Time"]["ring"][0]["failed"] = (1_u64 << 31).into();
    let mut machine: Machine = serde_json::from_value(json).unwrap();
    fail(&mut machine, Duration::ZERO, Duration::ZERO);
    assert_eq!(machine.state(), State::Closed);
}

/// Costs and latencies at their ends add up without overflow: one hopeless call opens the circuit.
#[test]
fn utilities_do_not_overflow() {
    let costs = CallCosts::default().failed(1e6).held_second(1e6).objective(Duration::ZERO);
    let settings = BreakerSettings::default().trip(Trip::Utility { costs, tolerance: 1e6 });
    let mut machine = Machine::new(settings, 0).unwrap();
    fail(&mut machine, SECOND, Duration::MAX);
    assert_eq!(machine.state(), State::Open);
}

/// No rate of nothing, and none with fewer calls than asked for.
#[test]
fn too_few_calls_never_open() {
    for minimum in [1, 7, 20] {
        let trips = [
            Trip::LastCalls {
                calls: 20,
                minimum_calls: minimum,
                failure_rate: f64::MIN_POSITIVE,
                slow_rate: f64::MIN_POSITIVE,
            },
            Trip::Window {
                length: 10 * SECOND,
                buckets: 10,
                minimum_calls: minimum,
                failure_rate: f64::MIN_POSITIVE,
                slow_rate: f64::MIN_POSITIVE,
            },
        ];
        for trip in trips {
            let mut machine = Machine::new(consecutive(1).trip(trip), 0).unwrap();
            machine.tick(SECOND);
            for call in 1..=minimum {
                assert_eq!(machine.state(), State::Closed, "before call {call} of {minimum}");
                fail(&mut machine, SECOND, Duration::ZERO);
            }
            assert_eq!(machine.state(), State::Open);
        }
    }
}

#[test]
fn a_forced_circuit_says_so() {
    let mut machine = Machine::new(consecutive(1), 0).unwrap();
    machine.force(Force::Open, SECOND);
    let rejected = machine.acquire(SECOND).unwrap_err();
    assert_eq!(rejected, Rejected { state: State::ForcedOpen, retry_after: None });
    assert_eq!(rejected.to_string(), "rejected: the circuit is forced open");
    assert_eq!(machine.force(Force::Open, SECOND), None);
    machine.force(Force::Closed, SECOND);
    (0..10).for_each(|_| fail(&mut machine, SECOND, SECOND));
    assert_eq!((machine.state(), machine.metrics().failures), (State::ForcedClosed, 10));
    assert_eq!(machine.unforce(SECOND).unwrap().to, State::Closed);
    fail(&mut machine, SECOND, SECOND);
    assert_eq!(machine.state(), State::Open);
}

#[cfg(feature = "serde")]
#[test]
fn files_that_cannot_be_are_refused() {
    let in_flight = SlowCall::new(SECOND);
    let (failure_rate, slow_rate) = (0.5, 0.5);
    let last = Trip::LastCalls { calls: 70, minimum_calls: 5, failure_rate, slow_rate };
    let settings = consecutive(5).trip(last).slow_call(Some(in_flight)).ramp(Some(Ramp::default()));
    let mut machine = Machine::new(settings, 0).unwrap();
    (0..3).for_each(|_| fail(&mut machine, 5 * SECOND, SECOND));
    let good = serde_json::to_value(&machine).unwrap();
    assert_eq!(serde_json::from_value::<Machine>(good.clone()).unwrap(), machine);
    let edits: [(&str, serde_json::Value); 16] = [
        ("/settings/trip/LastCalls/calls", 71.into()),
        ("/settings/trip/LastCalls/failure_rate", 1.5.into()),
        ("/window/LastCalls/failed", 4.into()),
        ("/window/LastCalls/next", 70.into()),
        ("/window/LastCalls/next", 5.into()),
        ("/window/LastCalls/bits/1", u64::MAX.into()),
        ("/window/LastCalls/bits", serde_json::json!([7])),
        ("/window", serde_json::json!({"Consecutive": 3})),
        ("/generation", (1_u64 << 56).into()),
        ("/since", u64::MAX.into()),
        ("/safe", 0.0.into()),
        ("/ramped", u64::MAX.into()),
        ("/in_flight", serde_json::Value::Null),
        ("/in_flight/counts/0", (-1).into()),
        (
            "/phase",
            serde_json::json!({"Ramping": {
                "share": 1.5, "step_since": 0, "good": 0, "grown": false
            }}),
        ),
        (
            "/phase",
            serde_json::json!({"HalfOpen": {
                "places": [{"probe": 1, "until": 5}, {"probe": 1, "until": 5}],
                "next": 2, "good": 0, "bad": 0
            }}),
        ),
    ];
    for (path, value) in edits {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect(path) = value;
        assert!(serde_json::from_value::<Machine>(bad).is_err(), "{path}");
    }
    let bytes = machine.to_bytes().unwrap();
    for cut in 0..bytes.len() {
        assert!(Machine::from_bytes(&bytes[..cut]).is_err());
    }
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x41;
        assert!(Machine::from_bytes(&bytes).is_err(), "byte {at}");
    }
}
