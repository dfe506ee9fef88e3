//! What holds at the very edge of each rule.

use super::*;

/// A call that takes exactly the threshold is not slow, one that takes longer is: good or failed.
#[test]
fn slow_is_longer_than_the_threshold() {
    let slow_call = Some(SlowCall { threshold: SECOND, in_flight: false });
    let trip = Trip::Consecutive { failures: 100 };
    let mut machine = machine(settings().trip(trip).slow_call(slow_call));
    for (outcome, latency, slow) in [
        (Outcome::Success, SECOND, 0),
        (Outcome::Failure, SECOND, 0),
        (Outcome::Success, SECOND + MILLISECOND, 1),
        (Outcome::Failure, SECOND + MILLISECOND, 2),
        (Outcome::Ignored, SECOND + MILLISECOND, 2),
    ] {
        call(&mut machine, 5 * SECOND, outcome, latency);
        assert_eq!(machine.metrics().slow, slow, "{outcome:?} {latency:?}");
    }
    // A slow success is one of a row of bad calls; a good one ends the row.
    let mut machine =
        super::machine(settings().trip(Trip::Consecutive { failures: 3 }).slow_call(slow_call));
    let bad = |machine: &mut Machine| call(machine, SECOND, Outcome::Success, 2 * SECOND);
    (0..2).for_each(|_| bad(&mut machine));
    call(&mut machine, SECOND, Outcome::Success, SECOND);
    (0..2).for_each(|_| bad(&mut machine));
    assert_eq!(machine.state(), State::Closed);
    bad(&mut machine);
    assert_eq!(machine.state(), State::Open);
}

/// Slow probes fail the circuit as failed ones do; ignored ones give their place back and decide
/// nothing.
#[test]
fn probes_that_are_slow_or_say_nothing() {
    let slow_call = Some(SlowCall { threshold: SECOND, in_flight: false });
    let mut machine = machine(settings().slow_call(slow_call));
    fail(&mut machine, SECOND);
    call(&mut machine, 2 * SECOND, Outcome::Ignored, 5 * SECOND);
    assert_eq!((machine.state(), machine.probes_under_way()), (State::HalfOpen, 0));
    let probe = machine.acquire(2 * SECOND).expect("a probe");
    assert_eq!((machine.probes_under_way(), machine.share()), (1, 0.0));
    assert!(probe.is_probe());
    machine.record(probe, 5 * SECOND, Outcome::Success, 3 * SECOND);
    assert_eq!((machine.state(), machine.metrics().slow), (State::Open, 1));
    assert_eq!(machine.last_transition().map(|t| t.reason), Some(Reason::ProbesFailed));
    // One that is given up frees its place.
    let probe = machine.acquire(6 * SECOND).expect("a probe");
    assert!(machine.acquire(6 * SECOND).is_err());
    machine.release(probe, 6 * SECOND);
    let probe = machine.acquire(6 * SECOND).expect("the place is free");
    machine.record(probe, 6 * SECOND, Outcome::Success, SECOND);
    assert_eq!((machine.state(), machine.since()), (State::Closed, 6 * SECOND));
}

/// Two of three: as many probes as asked for, whatever their order.
#[test]
fn so_many_probes_decide() {
    let probes = Probes::default().permits(3).successes(2).failures(2);
    for (outcomes, state) in [
        (&[true, true][..], State::Closed),
        (&[true, false, true], State::Closed),
        (&[false, true, false], State::Open),
        (&[true, false], State::HalfOpen),
    ] {
        let mut machine = machine(settings().probes(probes));
        fail(&mut machine, Duration::ZERO);
        for &good in outcomes {
            let outcome = if good { Outcome::Success } else { Outcome::Failure };
            call(&mut machine, SECOND, outcome, Duration::ZERO);
        }
        assert_eq!(machine.state(), state, "{outcomes:?}");
    }
}

/// A tolerance that was lowered under what is lost opens at the next call that loses, not at one that
/// is merely late and still worth something.
#[test]
fn only_a_loss_opens() {
    let costs = CallCosts::default().failed(1.0).held_second(1.0).objective(SECOND);
    let utility = |tolerance| settings().trip(Trip::Utility { costs, tolerance });
    let mut machine = machine(utility(10.0));
    (0..3).for_each(|_| fail(&mut machine, SECOND));
    machine.set_settings(utility(1.0)).expect("in range");
    assert!(costs.utility(Outcome::Success, 3 * SECOND / 2) > 0.0);
    call(&mut machine, 5 * SECOND, Outcome::Success, 3 * SECOND / 2);
    assert_eq!(machine.state(), State::Closed);
    // Worth exactly nothing: no loss.
    assert_eq!(costs.utility(Outcome::Success, 2 * SECOND), 0.0);
    call(&mut machine, 5 * SECOND, Outcome::Success, 2 * SECOND);
    assert_eq!(machine.state(), State::Closed);
    call(&mut machine, 5 * SECOND, Outcome::Success, 5 * SECOND / 2);
    assert_eq!(machine.state(), State::Open);
    // Exactly the tolerance is borne.
    let mut machine = super::machine(utility(3.0));
    (0..3).for_each(|_| fail(&mut machine, SECOND));
    assert_eq!(machine.state(), State::Closed);
    call(&mut machine, SECOND, Outcome::Success, 2 * SECOND + MILLISECOND);
    assert_eq!(machine.state(), State::Open);
}

/// Many good calls at once are as many one by one, in every window.
#[test]
fn good_calls_add_up() {
    let (failure_rate, slow_rate, minimum_calls) = (1.0, 1.0, 7);
    for trip in [
        Trip::LastCalls { calls: 7, minimum_calls, failure_rate, slow_rate },
        Trip::Window { length: SECOND, buckets: 3, minimum_calls, failure_rate, slow_rate },
        Trip::Consecutive { failures: 7 },
        Trip::Utility { costs: CallCosts::default(), tolerance: 7.0 },
    ] {
        for good in [0, 1, 2, 6, 7, 8, 13, 14, 1_000] {
            let mut one_by_one = machine(settings().trip(trip));
            (0..3).for_each(|_| fail(&mut one_by_one, Duration::ZERO));
            let mut at_once = one_by_one.clone();
            for _ in 0..good {
                call(&mut one_by_one, Duration::ZERO, Outcome::Success, Duration::ZERO);
            }
            at_once.merge(&Batch { good, ..Batch::default() });
            assert_eq!(one_by_one, at_once, "{good} with {trip:?}");
        }
    }
}

/// A budget keeps probes apart, from the first on; an outage that ends gives a fresh one.
#[test]
fn budgets_keep_probes_apart() {
    let budget = ProbeBudget { per_second: 2.0, callers: 20 };
    let probes = Probes::default().permits(5).failures(1_000).budget(Some(budget));
    let mut machine = machine(settings().open_time(OpenTime::Constant(MILLISECOND)).probes(probes));
    fail(&mut machine, SECOND);
    let first = machine.open_until().expect("it is open");
    assert!(first >= SECOND + MILLISECOND && first < 11 * SECOND, "{first:?}");
    let one = machine.acquire(first).expect("the first probe");
    let wait = machine.acquire(first + 3 * SECOND).map_err(|rejected| rejected.retry_after);
    assert_eq!(wait.map(drop), Err(Some(7 * SECOND)));
    let two = machine.acquire(first + 10 * SECOND).expect("the second");
    assert_eq!((machine.metrics().probes, machine.probes_under_way()), (2, 2));
    machine.record(one, first + 10 * SECOND, Outcome::Success, Duration::ZERO);
    assert_eq!(machine.state(), State::Closed);
    // The next outage waits for its own share of the interval, not for the last one's.
    fail(&mut machine, first + 10 * SECOND + MILLISECOND);
    let next = machine.open_until().expect("it is open");
    assert!(next < first + 20 * SECOND + 2 * MILLISECOND, "{next:?}");
    drop(two);
}

/// A ramp that would begin with all of the traffic is none.
#[test]
fn a_first_share_of_all_closes() {
    let mut machine = machine(settings().ramp(Some(Ramp::default().first_share(1.0))));
    fail(&mut machine, Duration::ZERO);
    call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
    assert_eq!(machine.state(), State::Closed);
}

/// Trips within ten steps of a ramp's end are the ramp's; later ones are not. An operator's word
/// makes all of it forgotten.
#[test]
fn trips_after_a_ramp() {
    let rules = Ramp::default().first_share(0.5).increase(0.5).decrease(0.25).step_calls(1);
    let ramped = || {
        let mut machine = machine(settings().ramp(Some(rules)));
        fail(&mut machine, Duration::ZERO);
        call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
        let mut now = SECOND;
        while machine.state() == State::Ramping {
            now += 100 * MILLISECOND;
            if let Ok(ticket) = machine.acquire(now) {
                machine.record(ticket, now, Outcome::Success, Duration::ZERO);
            }
        }
        (machine, now)
    };
    for (later, safe) in [(10 * SECOND - MILLISECOND, 0.25), (10 * SECOND, 1.0)] {
        let (mut machine, now) = ramped();
        assert_eq!(machine.last_transition().map(|t| t.reason), Some(Reason::RampCompleted));
        fail(&mut machine, now + later);
        assert_eq!(machine.safe, safe, "{later:?}");
    }
    let (mut machine, now) = ramped();
    machine.force(Force::Closed, now);
    machine.unforce(now);
    fail(&mut machine, now + SECOND);
    assert_eq!(machine.safe, 1.0);
    machine.force(Force::Open, now + SECOND);
    assert_eq!((machine.share(), machine.open_until()), (0.0, None));
}

/// Steps of a ramp take their time and their calls, both; slow calls are none that go well.
#[test]
fn steps_take_time_and_calls() {
    let slow_call = Some(SlowCall { threshold: SECOND, in_flight: false });
    let rules = Ramp::default().first_share(0.999).step_calls(3).increase(0.0005);
    let trip = Trip::Consecutive { failures: 100 };
    let mut machine = machine(settings().ramp(Some(rules)).slow_call(slow_call).trip(trip));
    (0..100).for_each(|_| fail(&mut machine, Duration::ZERO));
    call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
    let good = |machine: &mut Machine, at| call(machine, at, Outcome::Success, Duration::ZERO);
    let almost = 2 * SECOND - MILLISECOND;
    (0..5).for_each(|_| good(&mut machine, almost));
    assert_eq!(machine.share(), 0.999, "too early");
    machine.tick(2 * SECOND);
    assert!((machine.share() - 0.9995).abs() < 1e-12 || machine.share() == 1.0);
    let mut machine = {
        let rules = rules.growth(1.0).increase(0.0001);
        let mut machine =
            super::machine(settings().ramp(Some(rules)).slow_call(slow_call).trip(trip));
        (0..100).for_each(|_| fail(&mut machine, Duration::ZERO));
        call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
        machine
    };
    (0..2).for_each(|_| good(&mut machine, 3 * SECOND));
    (0..9).for_each(|_| call(&mut machine, 3 * SECOND, Outcome::Success, 2 * SECOND));
    assert_eq!(machine.share(), 0.999, "two good calls are not three");
    good(&mut machine, 3 * SECOND);
    assert!(machine.share() > 0.999);
}

/// Times that are the same are no steps back; those that are earlier are, and nothing more.
#[test]
fn only_earlier_times_are_steps_back() {
    let mut machine = machine(settings().trip(Trip::Consecutive { failures: 10 }));
    (0..3).for_each(|_| fail(&mut machine, 5 * SECOND));
    machine.tick(5 * SECOND);
    assert_eq!((machine.metrics().clock_steps_back, machine.last_seen()), (0, 5 * SECOND));
    machine.tick(5 * SECOND - MILLISECOND);
    assert_eq!((machine.metrics().clock_steps_back, machine.last_seen()), (1, 5 * SECOND));
}

/// Rules of another kind begin with an empty window; those of one kind keep theirs.
#[test]
fn windows_survive_where_they_can() {
    let (failure_rate, slow_rate, minimum_calls) = (1.0, 1.0, 4);
    let consecutive = |failures| settings().trip(Trip::Consecutive { failures });
    let last =
        |calls| settings().trip(Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate });
    let costs = CallCosts::default();
    let utility = |tolerance| settings().trip(Trip::Utility { costs, tolerance });
    for (before, after, more) in [
        (consecutive(100), consecutive(4), 1),
        (consecutive(100), last(4), 4),
        (last(10), last(10), 1),
        (last(10), last(4), 1),
        (last(10), last(200), 1),
        (last(10), consecutive(4), 4),
        (utility(100.0), utility(3.5 * costs.failed), 1),
        (utility(100.0), consecutive(4), 4),
    ] {
        let mut machine = machine(before);
        (0..3).for_each(|_| fail(&mut machine, SECOND));
        machine.set_settings(after).expect("in range");
        for _ in 1..more {
            fail(&mut machine, SECOND);
            assert_eq!(machine.state(), State::Closed, "{before:?} to {after:?}");
        }
        fail(&mut machine, SECOND);
        assert_eq!(machine.state(), State::Open, "{before:?} to {after:?}");
    }
}

#[test]
fn a_probe_is_fine_if_it_was_worth_making() {
    let objective = 100 * MILLISECOND;
    let costs = CallCosts::default().failed(1.0).held_second(1.0).objective(objective);
    let settings = settings().trip(Trip::Utility { costs, tolerance: 0.5 });
    // A second beyond the objective is worth as much as a good call.
    for (beyond, state) in [(500, State::Closed), (1_000, State::Closed), (1_100, State::Open)] {
        let mut machine = machine(settings.probes(Probes::default().permits(1).successes(1)));
        fail(&mut machine, SECOND);
        assert_eq!(machine.state(), State::Open);
        let now = machine.open_until().expect("it is open");
        call(&mut machine, now, Outcome::Success, objective + beyond * MILLISECOND);
        assert_eq!(machine.state(), state, "{beyond} ms");
    }
}

#[test]
fn a_transition_is_told_by_the_call_that_brings_it_about() {
    let mut machine = machine(settings());
    let tickets = [(); 3].map(|()| machine.acquire(SECOND).expect("it is closed"));
    let outcomes = [Outcome::Success, Outcome::Failure, Outcome::Failure];
    let told: Vec<_> = tickets
        .into_iter()
        .zip(outcomes)
        .map(|(ticket, outcome)| machine.record(ticket, 2 * SECOND, outcome, SECOND))
        .collect();
    let opened = machine.last_transition();
    assert!(opened.is_some_and(|transition| transition.to == State::Open));
    assert_eq!(told, [None, opened, None]);
}

/// Calls of a closed circuit that end after it has opened and closed again: neither their results nor
/// counts of them that come late say anything of the circuit as it is.
#[test]
fn late_results_of_an_earlier_circuit_change_nothing() {
    let mut machine = machine(settings());
    let early = [(); 3].map(|()| machine.acquire(SECOND).expect("it is closed"));
    fail(&mut machine, SECOND);
    call(&mut machine, 2 * SECOND, Outcome::Success, Duration::ZERO);
    let before = machine.clone();
    assert_eq!((machine.state(), machine.generation()), (State::Closed, 3));
    assert_eq!(machine.clone().acquire(2 * SECOND).map(|ticket| ticket.generation()), Ok(3));
    for (late, ticket) in (1..).zip(early) {
        assert_eq!(ticket.generation(), 0);
        assert_eq!(machine.record(ticket, 2 * SECOND, Outcome::Failure, SECOND), None);
        assert_eq!((machine.state(), machine.metrics().stale), (State::Closed, late));
    }
    machine.merge_late(&Batch { good: 4, ignored: 2, ..Batch::default() });
    let (found, expected) = (machine.metrics(), before.metrics());
    assert_eq!(found.stale, 9);
    assert_eq!(found.successes, expected.successes + 4);
    assert_eq!(found.ignored, expected.ignored + 2);
    // All else is as it was.
    machine.metrics = before.metrics;
    assert_eq!(machine, before);
}

/// Whoever drives any kind of breaker gives a probe's place back as well.
#[test]
fn a_gate_takes_calls_back_that_were_given_up() {
    fn probe_again(gate: &mut impl Gate, now: Duration) -> bool {
        let probe = gate.acquire(now).expect("a probe");
        gate.release(probe, now);
        gate.acquire(now).is_ok_and(|probe| probe.is_probe())
    }
    let mut machine = machine(settings());
    fail(&mut machine, SECOND);
    assert!(probe_again(&mut machine, 2 * SECOND));
    assert_eq!(machine.metrics().cancelled, 1);
}
