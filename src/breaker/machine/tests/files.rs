//! Files at the edge of what can be.

use super::*;
use serde_json::{Value, json};

/// A machine as a file has it, changed in places: is it read, and if so, is it the same again?
fn is_read(machine: &Machine, edits: &[(&str, Value)]) -> bool {
    let mut file = serde_json::to_value(machine).expect("it is written");
    for (path, value) in edits {
        *file.pointer_mut(path).expect(path) = value.clone();
    }
    let read = serde_json::from_value::<Machine>(file.clone());
    if let Ok(read) = &read {
        assert_eq!(serde_json::to_value(read).expect("it is written"), file);
    }
    read.is_ok()
}

fn check(machine: &Machine, cases: &[(&str, Value, bool)]) {
    assert!(is_read(machine, &[]));
    for (path, value, sound) in cases {
        assert_eq!(is_read(machine, &[(path, value.clone())]), *sound, "{path} = {value}");
    }
}

#[test]
fn closed_circuits() {
    let mut machine = machine(settings().slow_call(Some(SlowCall::new(SECOND))));
    machine.tick(5 * SECOND);
    let last = 5_000_000_000_u64;
    let half = 500_000_000_u64;
    check(
        &machine,
        &[
            ("/generation", ((1_u64 << 56) - 1).into(), true),
            ("/generation", (1_u64 << 56).into(), false),
            ("/since", last.into(), true),
            ("/since", (last + 1).into(), false),
            ("/safe", 1.0.into(), true),
            ("/safe", 1.1.into(), false),
            ("/safe", 0.0.into(), false),
            ("/safe", (-0.5).into(), false),
            ("/ramped", last.into(), true),
            ("/ramped", (last + 1).into(), false),
            ("/outage/since", last.into(), true),
            ("/outage/since", (last + 1).into(), false),
            ("/outage/marks", mark(3, 3), true),
            ("/outage/marks", mark(3, last), true),
            ("/outage/marks", mark(4, 3), false),
            ("/outage/marks", mark(3, last + 1), false),
            ("/in_flight/half", (half + 1).into(), false),
            ("/in_flight/current", (u64::MAX / half).into(), true),
            ("/in_flight/current", (u64::MAX / half + 1).into(), false),
            ("/in_flight/counts/0", ((1_i64 << 48) - 1).into(), true),
            ("/in_flight/counts/0", (1_i64 << 48).into(), false),
            ("/in_flight/counts/3", (-1).into(), false),
            ("/in_flight", Value::Null, false),
            ("/window", json!({"Utility": 0}), false),
        ],
    );
    let file = serde_json::to_value(super::machine(settings())).expect("it is written");
    assert_eq!(file["in_flight"], Value::Null);
}

fn mark(earlier: u64, later: u64) -> Value {
    json!([{"at": earlier, "arrived": 1}, {"at": later, "arrived": 1}])
}

/// The state of a machine that is the same after its compact form was read.
fn reread(machine: &Machine) -> State {
    let bytes = machine.to_bytes().expect("it is written");
    assert_eq!(&Machine::from_bytes(&bytes).expect("it is read"), machine);
    machine.state()
}

/// The compact form holds all that the machine is: closed, open, half-open with a probe, and ramping.
#[test]
fn compact_files() {
    let ramp = Ramp::default().first_share(0.3);
    let mut machine = machine(settings().ramp(Some(ramp)).slow_call(Some(SlowCall::new(SECOND))));
    let mut states = Vec::new();
    for (now, outcome) in [(1, Outcome::Failure), (2, Outcome::Success)] {
        let ticket = machine.acquire(now * SECOND).expect("it is let through");
        states.push(reread(&machine));
        machine.record(ticket, now * SECOND, outcome, Duration::ZERO);
        states.push(reread(&machine));
    }
    assert_eq!(states, [State::Closed, State::Open, State::HalfOpen, State::Ramping]);
}

#[test]
fn states_of_circuits() {
    let mut machine = machine(settings());
    fail(&mut machine, SECOND);
    let since = 1_000_000_000_u64;
    let open = |until: u64| json!({"Open": {"until": until}});
    check(&machine, &[("/phase", open(since), true), ("/phase", open(since - 1), false)]);
    let probe = machine.acquire(2 * SECOND).expect("a probe");
    let twice = json!([{"probe": 0, "until": 9}, {"probe": 0, "until": 9}]);
    let many = |count: u64| (0..count).map(|probe| json!({"probe": probe, "until": 9})).collect();
    check(
        &machine,
        &[
            ("/phase/HalfOpen/good", 999_999.into(), true),
            ("/phase/HalfOpen/good", 1_000_000.into(), false),
            ("/phase/HalfOpen/bad", 1_000_000.into(), false),
            ("/phase/HalfOpen/places", twice, false),
            ("/phase/HalfOpen/places", Value::Array(many(10_000)), true),
            ("/phase/HalfOpen/places", Value::Array(many(10_001)), false),
        ],
    );
    let ramp = settings().ramp(Some(Ramp::default()));
    let mut machine = super::machine(ramp);
    fail(&mut machine, SECOND);
    call(&mut machine, 2 * SECOND, Outcome::Success, Duration::ZERO);
    check(
        &machine,
        &[
            ("/phase/Ramping/share", 0.999.into(), true),
            ("/phase/Ramping/share", 1.0.into(), false),
            ("/phase/Ramping/share", 0.0.into(), false),
        ],
    );
    drop(probe);
}

#[test]
fn windows() {
    let (failure_rate, slow_rate) = (1.0, 1.0);
    let last = |calls| Trip::LastCalls { calls, minimum_calls: 1, failure_rate, slow_rate };
    // Two of three calls failed; the ring is not full.
    let mut machine = machine(settings().trip(last(70)));
    call(&mut machine, SECOND, Outcome::Success, Duration::ZERO);
    (0..2).for_each(|_| fail(&mut machine, SECOND));
    let bits = |failed: [u64; 2], slow: [u64; 2]| json!([failed[0], failed[1], slow[0], slow[1]]);
    check(
        &machine,
        &[
            ("/window/LastCalls/failed", 1.into(), false),
            ("/window/LastCalls/slow", 1.into(), false),
            ("/window/LastCalls/calls", 2.into(), false),
            ("/window/LastCalls/calls", 71.into(), false),
            ("/window/LastCalls/size", 69.into(), false),
            ("/window/LastCalls/next", 4.into(), false),
            ("/window/LastCalls/bits", bits([0b110, 0], [0, 0]), true),
            ("/window/LastCalls/bits", bits([0b10, 1 << 6], [0, 0]), false),
            ("/window/LastCalls/bits", bits([0b10, 1 << 5], [0, 0]), true),
            ("/window/LastCalls/bits", bits([0b110, 0], [0, 1 << 6]), false),
            ("/window/LastCalls/bits", json!([6, 0]), false),
            ("/window/LastCalls/bits", json!([6, 0, 0, 0, 0, 0]), false),
        ],
    );
    // A full ring of whole words may go on anywhere in it.
    let mut machine = super::machine(settings().trip(last(64)));
    (0..64).for_each(|_| call(&mut machine, SECOND, Outcome::Success, Duration::ZERO));
    check(
        &machine,
        &[
            ("/window/LastCalls/next", 63.into(), true),
            ("/window/LastCalls/next", 64.into(), false),
            ("/window/LastCalls/calls", 63.into(), false),
        ],
    );
    let all =
        [("/window/LastCalls/bits/0", u64::MAX.into()), ("/window/LastCalls/failed", 64.into())];
    assert!(is_read(&machine, &all));

    let length = 10 * SECOND;
    let trip = Trip::Window { length, buckets: 2, minimum_calls: 9, failure_rate, slow_rate };
    let mut machine = super::machine(settings().trip(trip));
    (0..3).for_each(|_| fail(&mut machine, SECOND));
    let width = 5_000_000_000_u64;
    check(
        &machine,
        &[
            ("/window/Time/width", (width + 1).into(), false),
            ("/window/Time/current", (u64::MAX / width).into(), true),
            ("/window/Time/current", (u64::MAX / width + 1).into(), false),
            ("/window/Time/ring/0/failed", 4.into(), false),
            ("/window/Time/ring/0/slow", 3.into(), true),
            ("/window/Time/ring/0/slow", 4.into(), false),
            ("/window/Time/ring", json!([]), false),
            ("/window/Time/ring", json!([{"calls": 0, "failed": 0, "slow": 0}]), false),
        ],
    );
    let costs = CallCosts::default();
    let machine = super::machine(settings().trip(Trip::Utility { costs, tolerance: 1.0 }));
    check(
        &machine,
        &[
            ("/window/Utility", 0.into(), true),
            ("/window/Utility", (-1).into(), false),
            ("/window", json!({"Consecutive": 0}), false),
        ],
    );
}
