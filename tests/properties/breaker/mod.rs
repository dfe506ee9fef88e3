//! Breakers: the machine against a sequential model, the live breaker against the machine, and what
//! must hold after any events whatever.

mod invariants;
mod live;
mod model;
mod settings;

use forewarn::breaker::Outcome;
use proptest::prelude::*;
use std::time::Duration;

/// What happens to a breaker. Calls are named by their place among those under way.
#[derive(Debug, Clone, Copy)]
enum Event {
    Wait(Duration),
    Back(Duration),
    Acquire,
    End(usize, Outcome),
    Release(usize),
    Tick,
    Force(usize),
    Settings,
}

fn wait() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..50_u64).prop_map(|ms| Event::Wait(Duration::from_millis(ms))),
        4 => (0..50_000_u64).prop_map(|us| Event::Wait(Duration::from_micros(us))),
        2 => (0..3_000_u64).prop_map(|ms| Event::Wait(Duration::from_millis(ms))),
        1 => Just(Event::Wait(Duration::from_secs(40))),
    ]
}

/// Calls that begin and end, most of them soon, in stretches that go well and stretches that do not;
/// time goes on.
fn events(length: usize) -> impl Strategy<Value = Vec<Event>> {
    let end = |bad: u32| {
        let outcome = prop_oneof![
            100 => Just(Outcome::Success),
            bad => Just(Outcome::Failure),
            5 => Just(Outcome::Ignored),
        ];
        (0..3_usize, outcome).prop_map(|(call, outcome)| Event::End(call, outcome))
    };
    let event = move |bad| {
        prop_oneof![
            20 => wait(),
            30 => Just(Event::Acquire),
            27 => end(bad),
            2 => (0..3_usize).prop_map(Event::Release),
            1 => Just(Event::Tick),
        ]
    };
    let stretch = prop_oneof![Just(2), Just(30), Just(300), Just(3_000)]
        .prop_flat_map(move |bad| prop::collection::vec(event(bad), 1..80));
    prop::collection::vec(stretch, 1..=length.div_ceil(40)).prop_map(|parts| parts.concat())
}

/// [`events`], and rare ones among them: clocks that go back, operators, other settings.
fn all_events(length: usize) -> impl Strategy<Value = Vec<Event>> {
    let rare = prop_oneof![
        (0..200_u64).prop_map(|ms| Event::Back(Duration::from_millis(ms))),
        (0..4_usize).prop_map(Event::Force),
        Just(Event::Settings),
    ];
    (events(length), prop::collection::vec((any::<prop::sample::Index>(), rare), 0..5)).prop_map(
        |(mut events, rare)| {
            for (place, event) in rare {
                events.insert(place.index(events.len()), event);
            }
            events
        },
    )
}
