//! The laws of the machine, each by an independent computation.
//!
//! `cargo mutants -f 'src/breaker/machine/**' -- --lib breaker::machine` and the same with
//! `--test properties breaker` say which changes of the code no test would notice.

// Times in a test are ordered: a subtraction that fails is a test that fails.
#![allow(clippy::unchecked_time_subtraction)]

mod edges;
#[cfg(feature = "serde")]
mod files;
mod hanging;
mod outages;

use super::*;
use crate::breaker::{
    CallCosts, OpenTime, Outcome, ProbeBudget, Probes, Ramp, Reason, SlowCall, Trip,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn settings() -> BreakerSettings {
    BreakerSettings::default()
        .trip(Trip::Consecutive { failures: 1 })
        .open_time(OpenTime::Constant(SECOND))
        .ramp(None)
}

fn machine(settings: BreakerSettings) -> Machine {
    Machine::new(settings, 1).expect("the settings are in range")
}

fn call(machine: &mut Machine, now: Duration, outcome: Outcome, latency: Duration) {
    let ticket = machine.acquire(now).expect("it is let through");
    machine.record(ticket, now, outcome, latency);
}

fn fail(machine: &mut Machine, now: Duration) {
    call(machine, now, Outcome::Failure, Duration::ZERO);
}

/// For how long the circuit opens when each probe fails.
fn open_times(machine: &mut Machine, count: usize) -> Vec<f64> {
    let mut now = machine.last_seen();
    (0..count)
        .map(|_| {
            fail(machine, now);
            let transition = machine.last_transition().expect("it opened");
            now = machine.open_until().expect("it is open");
            assert_eq!(transition.at + transition.open_for.expect("it opened"), now);
            transition.open_for.expect("it opened").as_secs_f64()
        })
        .collect()
}

#[test]
fn exponential_times_grow_to_the_cap_and_start_again() {
    let rule = OpenTime::Exponential { first: SECOND, factor: 3.0, cap: 20 * SECOND, jitter: 0.0 };
    let mut machine = machine(settings().open_time(rule));
    assert_eq!(open_times(&mut machine, 5), [1.0, 3.0, 9.0, 20.0, 20.0]);
    let now = machine.open_until().expect("it is open");
    call(&mut machine, now, Outcome::Success, Duration::ZERO);
    assert_eq!(open_times(&mut machine, 2), [1.0, 3.0]);
}

#[test]
fn exponential_times_may_shrink_to_the_cap() {
    let first = 8 * SECOND;
    let rule = OpenTime::Exponential { first, factor: 0.25, cap: SECOND, jitter: 0.0 };
    let mut machine = machine(settings().open_time(rule));
    assert_eq!(open_times(&mut machine, 4), [8.0, 2.0, 1.0, 1.0]);
}

#[test]
fn outage_ages_give_the_square_root() {
    let (shortest, longest) = (MILLISECOND, 1_000 * SECOND);
    let rule = OpenTime::OutageAge { probe_cost: 0.5, shortest, longest, jitter: 0.0 };
    let trip = Trip::Consecutive { failures: 5 };
    let mut machine = machine(settings().trip(trip).open_time(rule));
    // Ten calls a second, all the time; the first bad one at 30 s, the fifth 0.4 s later.
    let mut arrived = 0_u64;
    for call_number in 0..300 {
        call(&mut machine, call_number * SECOND / 10, Outcome::Success, Duration::ZERO);
        arrived += 1;
    }
    let mut now = 30 * SECOND;
    let mut opened = 0;
    let first = arrived + 1;
    while opened < 12 {
        arrived += 1;
        let generation = machine.generation();
        if let Ok(ticket) = machine.acquire(now) {
            machine.record(ticket, now, Outcome::Failure, Duration::ZERO);
        }
        if machine.generation() != generation && machine.state() == State::Open {
            opened += 1;
            let age = (now - 30 * SECOND).as_secs_f64();
            let rate = (arrived - first) as f64 / age;
            let expected = (2.0 * 0.5 * age / rate).sqrt();
            let found = machine.last_transition().and_then(|t| t.open_for).expect("it opened");
            assert!((found.as_secs_f64() - expected).abs() < 1e-6, "{found:?} {expected}");
            assert!((rate - 10.0).abs() < 1e-9, "rejected calls count as well: {rate}");
        }
        now += SECOND / 10;
    }
}

/// The largest distance between the distribution of shares and the uniform one
/// (Kolmogorov-Smirnov).
fn distance_to_uniform(mut shares: Vec<f64>) -> f64 {
    shares.sort_by(f64::total_cmp);
    let count = shares.len() as f64;
    let distance = |(rank, share): (usize, &f64)| {
        let (below, above) = (rank as f64 / count, (rank + 1) as f64 / count);
        (share - below).abs().max((above - share).abs())
    };
    shares.iter().enumerate().map(distance).fold(0.0, f64::max)
}

/// Of 1,000 services that open at once, probes are spread evenly: by jitter, and by a budget.
#[test]
fn a_fleet_does_not_probe_in_step() {
    // 1.63 / √n is exceeded by chance in 1 % of samples; the seeds are fixed.
    let limit = 1.63 / 1_000.0_f64.sqrt();
    let first = 10 * SECOND;
    let rule = OpenTime::Exponential { first, factor: 1.0, cap: first, jitter: 0.4 };
    let probe_times = |settings: BreakerSettings| {
        (0..1_000).map(move |seed| {
            let mut machine = Machine::new(settings, seed).expect("in range");
            fail(&mut machine, SECOND);
            machine.open_until().expect("it is open").as_secs_f64() - 1.0
        })
    };
    let jittered = probe_times(settings().open_time(rule)).map(|time| (10.0 - time) / 4.0);
    assert!(distance_to_uniform(jittered.collect()) < limit);
    // A thousand callers share ten probes a second: one each in 100 s.
    let budget = ProbeBudget { per_second: 10.0, callers: 1_000 };
    let probes = Probes::default().budget(Some(budget));
    let rule = OpenTime::Constant(MILLISECOND);
    let budgeted = probe_times(settings().open_time(rule).probes(probes)).map(|time| time / 100.0);
    assert!(distance_to_uniform(budgeted.collect()) < limit);
}

#[test]
fn utility_is_a_cusum_in_whole_numbers() {
    let costs = CallCosts::default().failed(0.7).held_second(1.3).objective(SECOND / 10);
    let tolerance = 4.0;
    let mut machine = machine(settings().trip(Trip::Utility { costs, tolerance }));
    let mut lost = 0.0_f64;
    for number in 0_u32.. {
        let (outcome, latency) = match number % 7 {
            0 | 1 => (Outcome::Success, 50 * MILLISECOND),
            2 => (Outcome::Success, 600 * MILLISECOND),
            _ => (Outcome::Failure, 300 * MILLISECOND),
        };
        let utility = costs.utility(outcome, latency);
        lost = (lost - utility).max(0.0);
        call(&mut machine, number * SECOND, outcome, latency);
        if lost > tolerance {
            break;
        }
        assert_eq!(machine.state(), State::Closed, "call {number}");
        let Window::Utility(found) = machine.window else { panic!("{:?}", machine.window) };
        assert!((found as f64 / f64::from(1 << 20) - lost).abs() < 1e-4);
    }
    assert_eq!(machine.state(), State::Open);
    assert_eq!(machine.last_transition().map(|t| t.reason), Some(Reason::Utility));
}

/// Calls that hang count when they are overdue: within half a threshold, once each.
#[test]
fn calls_in_flight_are_noticed() {
    let slow_call = Some(SlowCall::new(SECOND));
    let (failure_rate, slow_rate) = (0.5, 1.0);
    let trip = Trip::LastCalls { calls: 4, minimum_calls: 4, failure_rate, slow_rate };
    for start in 0..40 {
        let start = start * SECOND / 13;
        let mut machine = machine(settings().trip(trip).slow_call(slow_call));
        let tickets: Vec<_> = (0..4).map(|_| machine.acquire(start).expect("closed")).collect();
        let mut now = start;
        while machine.tick(now).is_none() {
            assert!(now - start <= 3 * SECOND / 2, "not noticed");
            now += MILLISECOND;
        }
        assert!(now - start > SECOND, "noticed at {:?}", now - start);
        assert_eq!(machine.last_transition().map(|t| t.reason), Some(Reason::SlowRate));
        assert_eq!(machine.metrics().overdue, 4);
        for ticket in tickets {
            machine.record(ticket, now, Outcome::Success, now - start);
        }
        assert_eq!((machine.metrics().slow, machine.metrics().stale), (0, 4));
    }
    // One that ends after it was counted does not count again.
    let mut machine = machine(settings().trip(trip).slow_call(slow_call));
    let one = machine.acquire(SECOND).expect("closed");
    machine.tick(3 * SECOND);
    machine.record(one, 3 * SECOND, Outcome::Failure, 2 * SECOND);
    (0..2).for_each(|_| fail(&mut machine, 3 * SECOND));
    assert_eq!(machine.state(), State::Closed, "three calls, not four");
    fail(&mut machine, 3 * SECOND);
    assert_eq!(machine.state(), State::Open);
}

/// With utilities, an overdue call is charged what is lost by then, and the rest when it ends.
#[test]
fn overdue_calls_are_charged_in_two_parts() {
    let costs = CallCosts::default().failed(0.5).held_second(1.0).objective(SECOND);
    let trip = Trip::Utility { costs, tolerance: 100.0 };
    let mut machine = machine(settings().trip(trip).slow_call(Some(SlowCall::new(3 * SECOND))));
    let lost = |machine: &Machine| match machine.window {
        Window::Utility(lost) => lost as f64 / f64::from(1 << 20),
        _ => f64::NAN,
    };
    let hanging = machine.acquire(Duration::ZERO).expect("closed");
    let other = machine.acquire(Duration::ZERO).expect("closed");
    machine.tick(6 * SECOND);
    assert_eq!(lost(&machine), 4.0);
    machine.record(hanging, 7 * SECOND, Outcome::Failure, 7 * SECOND);
    assert_eq!(lost(&machine), 2.0 + 6.5);
    machine.record(other, 8 * SECOND, Outcome::Success, 8 * SECOND);
    assert_eq!(lost(&machine), 6.5 + 6.0);
}

/// A ramp as the rules of congestion control have it, step by step.
#[test]
fn ramps_grow_are_cut_and_remember() {
    let rules = Ramp::default().first_share(0.1).increase(0.2).step_calls(2);
    let mut machine = machine(settings().ramp(Some(rules)));
    fail(&mut machine, Duration::ZERO);
    call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
    assert_eq!((machine.state(), machine.share()), (State::Ramping, 0.1));
    let mut now = SECOND;
    // The next call that is let through, and the share after it.
    let mut next = |machine: &mut Machine, outcome| loop {
        now += 10 * MILLISECOND;
        if let Ok(ticket) = machine.acquire(now) {
            machine.record(ticket, now, outcome, Duration::ZERO);
            return machine.share();
        }
    };
    let mut grow = |machine: &mut Machine| {
        let before = machine.share();
        loop {
            let share = next(machine, Outcome::Success);
            if share != before {
                return share;
            }
        }
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    near(grow(&mut machine), 0.2);
    near(grow(&mut machine), 0.4);
    near(grow(&mut machine), 0.8);
    // Cut to half, which is remembered; still wrong there: open.
    let generation = machine.generation();
    let mut now = now + SECOND;
    let mut failing = |machine: &mut Machine| loop {
        now += 10 * MILLISECOND;
        if let Ok(ticket) = machine.acquire(now) {
            machine.record(ticket, now, Outcome::Failure, Duration::ZERO);
            return now;
        }
    };
    failing(&mut machine);
    assert_eq!((machine.state(), machine.generation()), (State::Ramping, generation + 1));
    near(machine.share(), 0.4);
    let at = failing(&mut machine);
    assert_eq!(machine.state(), State::Open);
    assert_eq!(machine.last_transition().map(|t| t.reason), Some(Reason::RampFailed));
    assert_eq!(machine.acquire(at).map_err(|r| r.retry_after), Err(Some(SECOND)));
    near(machine.safe, 0.1);
    // The next ramp grows by addition from there, and completes.
    let mut now = at + SECOND;
    call(&mut machine, now, Outcome::Success, Duration::ZERO);
    let mut shares = vec![machine.share()];
    while machine.state() == State::Ramping {
        now += 10 * MILLISECOND;
        if let Ok(ticket) = machine.acquire(now) {
            machine.record(ticket, now, Outcome::Success, Duration::ZERO);
        }
        if Some(&machine.share()) != shares.last() {
            shares.push(machine.share());
        }
    }
    let expected = [0.1, 0.3, 0.5, 0.7, 0.9, 1.0];
    assert_eq!(shares.len(), expected.len());
    shares.iter().zip(expected).for_each(|(found, expected)| near(*found, expected));
    assert_eq!((machine.state(), machine.safe), (State::Closed, 1.0));
    // A trip soon after was the ramp's.
    fail(&mut machine, now + SECOND);
    near(machine.safe, 0.5);
}

/// Of the calls in a ramp, about the share is let through.
#[test]
fn shares_are_kept() {
    let rules = Ramp::default().first_share(0.3).step_time(1_000_000 * SECOND);
    let mut machine = machine(settings().ramp(Some(rules)));
    fail(&mut machine, Duration::ZERO);
    call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
    let through = (0..10_000).filter(|_| machine.acquire(SECOND).is_ok()).count();
    // Five standard errors of a binomial.
    assert!(through.abs_diff(3_000) < 230, "{through}");
}

/// Settings that change keep the window: what was seen counts under the new rule.
#[test]
fn settings_change_and_the_window_stays() {
    let (failure_rate, slow_rate) = (0.5, 1.0);
    let last =
        |calls, minimum_calls| Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate };
    let mut machine = machine(settings().trip(last(100, 100)));
    for number in 0..40 {
        let outcome = if number % 4 == 0 { Outcome::Failure } else { Outcome::Success };
        call(&mut machine, SECOND, outcome, Duration::ZERO);
    }
    (0..4).for_each(|_| fail(&mut machine, SECOND));
    let generation = machine.generation();
    machine.set_settings(settings().trip(last(10, 10))).expect("in range");
    assert_eq!((machine.state(), machine.generation()), (State::Closed, generation));
    // Of the last ten: four, one of the six before, and the new one.
    fail(&mut machine, SECOND);
    assert_eq!(machine.state(), State::Open);

    let window = |length, buckets| {
        let minimum_calls = 6;
        Trip::Window { length, buckets, minimum_calls, failure_rate, slow_rate }
    };
    let mut machine = Machine::new(settings().trip(window(10 * SECOND, 10)), 0).expect("in range");
    (0..5_u32).for_each(|number| fail(&mut machine, number * SECOND));
    machine.set_settings(settings().trip(window(20 * SECOND, 5))).expect("in range");
    assert_eq!(machine.state(), State::Closed);
    fail(&mut machine, 5 * SECOND);
    assert_eq!(machine.state(), State::Open);

    // An open circuit stays open until its time is over.
    let other = settings().open_time(OpenTime::Constant(50 * SECOND));
    machine.set_settings(other).expect("in range");
    assert!(machine.acquire(Duration::from_millis(5_999)).is_err());
    assert!(machine.acquire(6 * SECOND).is_ok());
}

/// In shadow the machine goes through its states and rejects nobody.
#[test]
fn shadow_decides_and_lets_through() {
    let mut machine = machine(settings());
    machine.force(Force::Shadow, Duration::ZERO);
    fail(&mut machine, SECOND);
    assert_eq!((machine.state(), machine.inner_state()), (State::Disabled, State::Open));
    (0..5).for_each(|_| fail(&mut machine, SECOND));
    assert_eq!((machine.metrics().would_reject, machine.metrics().rejected), (5, 0));
    assert_eq!(machine.generation(), 2, "their failures changed nothing");
    call(&mut machine, 2 * SECOND, Outcome::Success, Duration::ZERO);
    assert_eq!(machine.inner_state(), State::Closed);
    let transition = machine.last_transition().expect("it closed");
    assert_eq!((transition.from, transition.to), (State::HalfOpen, State::Closed));
}

/// A probe that hangs loses its place after its lease, and its answer does not count.
#[test]
fn hung_probes_lose_their_place() {
    let mut machine = machine(settings().probes(Probes::default().lease(3 * SECOND)));
    fail(&mut machine, Duration::ZERO);
    let hung = machine.acquire(SECOND).expect("a probe");
    let wait = machine.acquire(2 * SECOND).map_err(|rejected| rejected.retry_after);
    assert_eq!(wait.map(drop), Err(Some(2 * SECOND)));
    let second = machine.acquire(4 * SECOND).expect("the place of the first");
    machine.record(hung, 4 * SECOND, Outcome::Failure, 3 * SECOND);
    assert_eq!((machine.state(), machine.metrics().stale), (State::HalfOpen, 1));
    assert!(machine.acquire(4 * SECOND).is_err(), "the late answer freed no place");
    machine.record(second, 4 * SECOND, Outcome::Success, Duration::ZERO);
    assert_eq!(machine.state(), State::Closed);
}
