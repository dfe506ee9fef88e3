//! The live breaker on one thread is the machine, bit for bit.

use super::settings::settings;
use super::{Event, all_events};
use forewarn::breaker::{Breaker, Force, Machine, ManualClock, Transition};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_log_replayed_live_is_the_machine_to_the_bit(
        first in settings(),
        second in settings(),
        seed in any::<u64>(),
        events in all_events(300),
        shards in 0..3_usize,
    ) {
        let mut machine = Machine::new(first, seed).unwrap();
        let told: Arc<Mutex<Vec<Transition>>> = Arc::default();
        let clock = ManualClock::default();
        let live = Breaker::builder(first)
            .seed(seed)
            .clock(clock.clone())
            .shards(if shards == 0 { 0 } else { 1_024 })
            .listen({
                let told = told.clone();
                move |transition| told.lock().unwrap().push(*transition)
            })
            .build()
            .unwrap();
        let (mut calls, mut expected) = (Vec::new(), Vec::new());
        let (mut generation, mut swaps) = (0, 0);
        for (number, event) in events.into_iter().enumerate() {
            let now = live.now();
            match event {
                Event::Wait(time) => clock.advance(time),
                Event::Back(time) => clock.set(now.saturating_sub(time)),
                Event::Acquire => match (machine.acquire(now), live.try_acquire_owned()) {
                    (Ok(ticket), Ok(permit)) => {
                        prop_assert_eq!(ticket.is_probe(), permit.is_probe());
                        calls.push((ticket, permit, now, swaps));
                    }
                    (Err(one), Err(other)) => prop_assert_eq!(one, other),
                    other => prop_assert!(false, "{:?}", other),
                },
                Event::End(call, outcome) if call < calls.len() => {
                    let (ticket, permit, began, swap) = calls.remove(call);
                    let latency = now.saturating_sub(began);
                    machine.record(ticket, now, outcome, latency);
                    // When a call began is not looked up where the settings did not need it then.
                    if swap == swaps {
                        permit.record(outcome);
                    } else {
                        permit.record_at(now, outcome, latency);
                    }
                }
                Event::Release(call) if call < calls.len() => {
                    let (ticket, permit, ..) = calls.remove(call);
                    machine.release(ticket, now);
                    drop(permit);
                }
                Event::Tick => prop_assert_eq!(machine.tick(now), live.tick()),
                Event::Force(3) => prop_assert_eq!(machine.unforce(now), live.unforce()),
                Event::Force(force) => {
                    let force = [Force::Open, Force::Closed, Force::Shadow][force];
                    prop_assert_eq!(machine.force(force, now), live.force(force));
                }
                Event::Settings => {
                    swaps += 1;
                    machine.set_settings(second).unwrap();
                    live.set_settings(second).unwrap();
                }
                Event::End(..) | Event::Release(_) => {}
            }
            if machine.generation() != generation {
                generation = machine.generation();
                expected.extend(machine.last_transition());
            }
            // Looking merges what has been counted: not after each event, or nothing would be left to
            // merge late.
            if number % 7 == 0 {
                prop_assert_eq!(&machine, &live.snapshot());
            }
        }
        prop_assert_eq!(&machine, &live.snapshot());
        prop_assert_eq!(machine.metrics(), live.metrics());
        prop_assert_eq!(&*told.lock().unwrap(), &expected);
        #[cfg(feature = "serde")]
        prop_assert_eq!(machine.to_bytes().unwrap(), live.snapshot().to_bytes().unwrap());
    }
}
