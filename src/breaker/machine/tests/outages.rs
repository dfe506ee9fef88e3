//! When an outage began and how often calls come: what open times by the age of the outage rest on.

use super::*;

/// Open times that are the square root of the outage's age in seconds by the calls a second.
fn by_age() -> OpenTime {
    let (shortest, longest) = (MILLISECOND, 1_000 * SECOND);
    OpenTime::OutageAge { probe_cost: 0.5, shortest, longest, jitter: 0.0 }
}

/// The machine has opened, for so many seconds.
fn opened_for(machine: &Machine, expected: f64) {
    assert_eq!(machine.state(), State::Open);
    let found = machine.last_transition().and_then(|t| t.open_for).expect("it opened");
    assert!((found.as_secs_f64() - expected).abs() < 1e-6, "{found:?} {expected}");
}

/// The rate of arrivals is that of ten to twenty seconds before the outage, not of all time.
#[test]
fn rates_are_of_late() {
    let trip = Trip::Consecutive { failures: 5 };
    let mut machine = machine(settings().trip(trip).open_time(by_age()));
    let good = |machine: &mut Machine, at| call(machine, at, Outcome::Success, Duration::ZERO);
    // A hundred calls in the first second, then one a second, a failure each ten seconds.
    (0..100).for_each(|_| good(&mut machine, Duration::ZERO));
    for second in 0..=40 {
        if second % 10 == 0 {
            fail(&mut machine, second * SECOND);
        } else {
            good(&mut machine, second * SECOND);
        }
    }
    good(&mut machine, 44 * SECOND);
    (0..5).for_each(|call| fail(&mut machine, 45 * SECOND + call * SECOND / 5));
    // Since the failure at 30 s: nine calls, those at 40 and 44 s, and five of the outage.
    opened_for(&machine, (0.8_f64 / (16.0 / 15.8)).sqrt());
}

/// An outage of hanging calls began with the first of the row that is overdue, not with the last.
#[test]
fn an_outage_of_hanging_calls_began_with_the_first() {
    let slow = Some(SlowCall::new(SECOND));
    let trip = Trip::Consecutive { failures: 3 };
    let mut machine = machine(settings().trip(trip).open_time(by_age()).slow_call(slow));
    let (mut hanging, mut opened) = (Vec::new(), None);
    for half in 20..=31 {
        opened = opened.or(machine.tick(half * SECOND / 2));
        if [20, 24, 28].contains(&half) {
            hanging.push(machine.acquire(half * SECOND / 2).expect("it is closed"));
        }
    }
    // Each is overdue 1.5 s after it began: the first at 11.5 s, the third at 15.5 s.
    let opened = opened.expect("it opens");
    assert_eq!(opened.at, 31 * SECOND / 2);
    // For four seconds, in which no call ended: as if one had come.
    opened_for(&machine, (4.0_f64 / (1.0 / 4.0)).sqrt());
}

/// Where losses add up, the outage began when something was lost again after nothing was, whatever good
/// calls came in between.
#[test]
fn an_outage_began_with_the_first_loss_that_was_not_made_good() {
    let costs = CallCosts::default().failed(1.0);
    let trip = Trip::Utility { costs, tolerance: 3.0 };
    let mut machine = machine(settings().trip(trip).open_time(by_age()));
    let outcomes = [false, true, false, false, true, false, false, false];
    for (second, good) in (8..).zip(outcomes) {
        assert_eq!(machine.state(), State::Closed);
        let outcome = if good { Outcome::Success } else { Outcome::Failure };
        call(&mut machine, second * SECOND, outcome, Duration::ZERO);
    }
    // What was lost at 8 s was made good at 9 s. From 10 s on a loss stood, for five seconds; since the
    // first bad call, at 8 s, seven calls came in seven seconds.
    opened_for(&machine, 5.0_f64.sqrt());
}

/// Good calls of a window by time belong to the time at which they ended.
#[test]
fn good_calls_count_when_they_end() {
    let (failure_rate, slow_rate) = (0.5, 1.0);
    let length = 10 * SECOND;
    let trip = Trip::Window { length, buckets: 2, minimum_calls: 1, failure_rate, slow_rate };
    let mut machine = machine(settings().trip(trip));
    let good = |machine: &mut Machine, at| call(machine, at, Outcome::Success, Duration::ZERO);
    (0..4).for_each(|_| good(&mut machine, SECOND));
    let late = machine.acquire(SECOND).expect("it is closed");
    machine.record(late, 12 * SECOND, Outcome::Success, SECOND);
    good(&mut machine, 12 * SECOND);
    // Of those at 12 s and this one, a third failed; then a half.
    fail(&mut machine, 16 * SECOND);
    assert_eq!(machine.state(), State::Closed);
    fail(&mut machine, 16 * SECOND);
    assert_eq!(machine.state(), State::Open);
}

/// Nothing is drawn where nothing is left to chance.
#[test]
fn constant_times_draw_nothing() {
    let mut machine = machine(settings());
    fail(&mut machine, SECOND);
    call(&mut machine, 2 * SECOND, Outcome::Failure, Duration::ZERO);
    assert_eq!((machine.metrics().opened, machine.draws), (2, 0));
}
