//! Calls in flight, against a list of all of them.

use super::*;
use proptest::prelude::*;

/// A call that has not ended: when it began, in nanoseconds, and whether it has been counted.
struct Call {
    ticket: Ticket,
    began: u64,
    overdue: bool,
}

proptest! {
    /// A call is overdue from the third half threshold on after the one that it began in.
    #[test]
    fn overdue_calls_are_those_that_began_three_halves_ago(
        threshold in 1_000_000..5_000_000_u64,
        steps in prop::collection::vec((0..2_500_000_u64, 0..10_u32, any::<prop::sample::Index>()), 1..200),
    ) {
        let slow = Some(SlowCall::new(Duration::from_nanos(threshold)));
        let trip = Trip::Consecutive { failures: u32::MAX };
        let mut machine = machine(settings().trip(trip).slow_call(slow));
        let half = threshold.div_ceil(2);
        let (mut now, mut calls) = (0, Vec::<Call>::new());
        let (mut overdue, mut slow) = (0, 0);
        for (wait, what, which) in steps {
            now += wait;
            let time = Duration::from_nanos(now);
            let became = |calls: &mut Vec<Call>| {
                let late = |call: &&mut Call| !call.overdue && now / half >= call.began / half + 3;
                calls.iter_mut().filter(late).map(|call| call.overdue = true).count() as u64
            };
            match what {
                0..=3 => {
                    overdue += became(&mut calls);
                    let ticket = machine.acquire(time).expect("closed");
                    calls.push(Call { ticket, began: now, overdue: false });
                }
                4..=8 if !calls.is_empty() => {
                    let call = calls.remove(which.index(calls.len()));
                    overdue += became(&mut calls);
                    let late = now / half >= call.began / half + 3;
                    // It is noticed when it ends, at the latest, but not if it is given up.
                    overdue += u64::from(late && !call.overdue && what != 8);
                    let latency = Duration::from_nanos(now - call.began);
                    match what {
                        8 => machine.release(call.ticket, time),
                        7 => {
                            machine.record(call.ticket, time, Outcome::Ignored, latency);
                        }
                        _ => {
                            slow += u64::from(!late && now - call.began > threshold);
                            machine.record(call.ticket, time, Outcome::Success, latency);
                        }
                    }
                    // Giving up does not look at who else is late.
                    machine.tick(time);
                }
                _ => {
                    overdue += became(&mut calls);
                    machine.tick(time);
                }
            }
            prop_assert_eq!((machine.metrics().overdue, machine.metrics().slow), (overdue, slow));
            let [from, to] = machine.current();
            prop_assert_eq!((from, to), (now / half * half, (now / half + 1) * half));
        }
    }
}

/// What was in flight before a transition is nothing to the circuit after it.
#[test]
fn another_generation_has_nothing_in_flight() {
    let slow = Some(SlowCall::new(SECOND));
    let mut machine = machine(settings().trip(Trip::Consecutive { failures: 3 }).slow_call(slow));
    let hanging: Vec<_> = (0..5).map(|_| machine.acquire(SECOND).expect("closed")).collect();
    machine.force(Force::Closed, SECOND);
    machine.unforce(SECOND);
    machine.tick(9 * SECOND);
    assert_eq!((machine.state(), machine.metrics().overdue), (State::Closed, 0));
    for ticket in hanging {
        machine.release(ticket, 9 * SECOND);
    }
    assert_eq!((machine.metrics().cancelled, machine.metrics().stale), (5, 5));
}

/// Several that become overdue at once are counted until the circuit opens, and no further.
#[test]
fn the_circuit_opens_at_the_first_that_is_too_many() {
    let slow = Some(SlowCall::new(SECOND));
    let mut machine = machine(settings().trip(Trip::Consecutive { failures: 3 }).slow_call(slow));
    let hanging: Vec<_> = (0..5).map(|_| machine.acquire(SECOND).expect("closed")).collect();
    let transition = machine.tick(9 * SECOND).expect("it opens");
    assert_eq!((transition.to, machine.metrics().overdue), (State::Open, 3));
    // Those that hang in an open circuit are not looked at, nor later.
    machine.tick(30 * SECOND);
    assert_eq!((machine.state(), machine.metrics().overdue), (State::HalfOpen, 3));
    assert_eq!(machine.metrics().opened, 1);
    drop(hanging);
}

/// Calls in flight are counted from the settings' change on that asks for it.
#[test]
fn calls_that_began_before_they_were_counted_do_not_hang() {
    let never = settings().trip(Trip::Consecutive { failures: u32::MAX });
    let mut machine = machine(never);
    let before = machine.acquire(SECOND).expect("closed");
    machine.tick(2 * SECOND);
    machine.set_settings(never.slow_call(Some(SlowCall::new(SECOND)))).expect("in range");
    let after = machine.acquire(3 * SECOND).expect("closed");
    machine.tick(20 * SECOND);
    assert_eq!(machine.metrics().overdue, 1);
    machine.record(before, 20 * SECOND, Outcome::Success, 19 * SECOND);
    assert_eq!(machine.metrics().slow, 1, "it was not counted while it hung: it is now");
    machine.record(after, 20 * SECOND, Outcome::Success, 17 * SECOND);
    assert_eq!((machine.metrics().overdue, machine.metrics().slow), (1, 1));
    // The same threshold again keeps what is known; another one begins anew.
    let hanging = machine.acquire(20 * SECOND).expect("closed");
    machine.set_settings(never.slow_call(Some(SlowCall::new(SECOND)))).expect("in range");
    machine.tick(40 * SECOND);
    assert_eq!(machine.metrics().overdue, 2);
    drop(hanging);
}

/// Settings that change at the very moment of a call: it was counted by the old ones alone.
#[test]
fn calls_of_the_moment_of_a_change_are_counted_once() {
    let never = settings().trip(Trip::Consecutive { failures: u32::MAX });
    let slow = |seconds| never.slow_call(Some(SlowCall::new(seconds * SECOND)));
    for (first, second) in [(never, slow(1)), (slow(2), slow(1)), (slow(1), slow(4))] {
        for now in [Duration::ZERO, SECOND, 2 * SECOND - Duration::from_nanos(1)] {
            let mut machine = machine(first);
            machine.tick(now);
            let before = machine.acquire(now).expect("closed");
            machine.set_settings(second).expect("in range");
            let after = machine.acquire(now).expect("closed");
            machine.record(before, now, Outcome::Success, Duration::ZERO);
            machine.tick(now + 20 * SECOND);
            assert_eq!(machine.metrics().overdue, 1, "{first:?} to {second:?} at {now:?}");
            drop(after);
        }
    }
}
