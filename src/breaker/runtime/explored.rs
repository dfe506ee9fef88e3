//! Every order in which two threads can meet, explored by loom:
//! `RUSTFLAGS="--cfg loom" cargo test --release --lib explored`.

use super::core::Core;
use super::slot::EXPLORED;
use crate::breaker::{BreakerSettings, Machine, Outcome, SlowCall, State, Trip};
use loom::sync::Arc;
use std::time::Duration;

fn core(in_flight: bool) -> Core {
    let (failure_rate, slow_rate) = (0.5, 1.0);
    let threshold = Duration::from_secs(1);
    let settings = BreakerSettings::default()
        .trip(Trip::LastCalls { calls: 8, minimum_calls: 2, failure_rate, slow_rate })
        .slow_call(in_flight.then_some(SlowCall { threshold, in_flight }));
    Core::new(Machine::new(settings, 0).expect("in range"), 2, Vec::new())
}

/// Three good calls of one thread and a bad one of another: whatever the order, each counts once, and
/// those that end after the circuit has opened are stale.
fn good_calls_meet_a_bad_one(in_flight: bool) {
    let mut builder = loom::model::Builder::new();
    // Calls in flight meet at more places: all orders with two preemptions.
    builder.preemption_bound = in_flight.then_some(2);
    builder.check(move || {
        let core = Arc::new(core(in_flight));
        let acquire = || core.acquire(|| 7).expect("closed");
        let good = [acquire(), acquire(), acquire()];
        let bad = acquire();
        let other = {
            let core = core.clone();
            loom::thread::spawn(move || {
                EXPLORED.with(|slot| slot.set(1));
                for pass in good {
                    core.end(pass, Outcome::Success, None, || 7);
                }
            })
        };
        core.end(bad, Outcome::Failure, None, || 7);
        other.join().expect("no panic");
        let machine = core.look(Clone::clone);
        let metrics = machine.metrics();
        assert_eq!((metrics.successes, metrics.failures), (3, 1));
        // The rate is reached if exactly one good call came first.
        match machine.state() {
            State::Closed => assert_eq!((metrics.stale, metrics.transitions), (0, 0)),
            State::Open => assert_eq!((metrics.stale, metrics.transitions), (2, 1)),
            other => panic!("{other}"),
        }
        assert_eq!(
            core.update(|machine| machine.tick(Duration::from_secs(9))).is_some(),
            metrics.opened == 1
        );
        assert_eq!(core.look(Machine::metrics).overdue, 0);
    });
}

#[test]
fn good_calls_are_counted_once() {
    good_calls_meet_a_bad_one(false);
}

#[test]
fn calls_in_flight_balance() {
    good_calls_meet_a_bad_one(true);
}

/// Two threads whose calls fail at once bring one transition about.
#[test]
fn a_trip_is_one_transition() {
    loom::model(|| {
        let core = Arc::new(core(false));
        let passes = [(); 3].map(|()| core.acquire(|| 7).expect("closed"));
        let threads = [passes[0], passes[1]].map(|pass| {
            let core = core.clone();
            loom::thread::spawn(move || core.end(pass, Outcome::Failure, None, || 7))
        });
        core.end(passes[2], Outcome::Success, None, || 7);
        for thread in threads {
            thread.join().expect("no panic");
        }
        let metrics = core.look(Machine::metrics);
        assert_eq!((metrics.opened, metrics.transitions), (1, 1));
        assert_eq!(metrics.successes + metrics.failures, 3);
        assert!(metrics.stale <= 1);
    });
}
