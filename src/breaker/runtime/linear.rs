//! Whether what concurrent threads were told can have happened one after the other: histories of the
//! live breaker, each explained by a search over the orders in which the machine may have taken its
//! calls (Wing and Gong 1993).
//!
//! With real threads in every test run; with every order in which two threads can meet by
//! `RUSTFLAGS="--cfg loom" cargo test --release --lib linear`.

use super::core::Core;
use super::pass::Pass;
use crate::breaker::machine::Kind;
use crate::breaker::{
    BreakerSettings, Machine, OpenTime, Outcome, Probes, Ramp, Rejected, SlowCall, Ticket, Trip,
};
use std::collections::VecDeque;
use std::slice::from_ref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// All calls happen at one time: only their order is open.
const NOW: Duration = SECOND.saturating_mul(10);

/// What a thread does; what ends or is released is the call that it has held longest.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Acquire,
    End(Outcome),
    Release,
}

/// What it was told: whether its call was let through and is a probe.
type Answer = Option<Result<bool, Rejected>>;

/// An act of a thread, begun and ended at these places of the one order that all can see.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    act: Act,
    answer: Answer,
    begun: usize,
    ended: usize,
}

/// A thread, its acts, and how far one explanation has come with them.
#[derive(Clone)]
struct Thread<'a> {
    events: &'a [Event],
    held: VecDeque<(u64, Kind)>,
}

fn step(machine: &mut Machine, act: Act, held: &mut VecDeque<(u64, Kind)>) -> Answer {
    let mut oldest = || {
        let (generation, kind) = held.pop_front()?;
        Some(Ticket { generation, kind })
    };
    match act {
        Act::Acquire => {
            let ticket = match machine.acquire(NOW) {
                Ok(ticket) => ticket,
                Err(rejected) => return Some(Err(rejected)),
            };
            held.push_back((ticket.generation, ticket.kind));
            Some(Ok(ticket.is_probe()))
        }
        Act::End(outcome) => {
            machine.record(oldest()?, NOW, outcome, Duration::ZERO);
            None
        }
        Act::Release => {
            machine.release(oldest()?, NOW);
            None
        }
    }
}

/// Whether one order of the events, in which none comes before one that had ended when it began, has
/// the machine answer the same and come out the same.
fn explained(machine: &Machine, threads: &[Thread<'_>], last: &Machine) -> bool {
    if threads.iter().all(|thread| thread.events.is_empty()) {
        return machine == last;
    }
    let next = threads.iter().filter_map(|thread| thread.events.first());
    let first_to_end = next.map(|event| event.ended).min().unwrap_or(0);
    (0..threads.len()).any(|number| {
        let Some((event, rest)) = threads[number].events.split_first() else { return false };
        if event.begun > first_to_end {
            return false;
        }
        let (mut machine, mut threads) = (machine.clone(), threads.to_vec());
        threads[number].events = rest;
        step(&mut machine, event.act, &mut threads[number].held) == event.answer
            && explained(&machine, &threads, last)
    })
}

/// Has a thread do its acts on the live breaker.
fn perform(core: &Core, acts: &[Act], mut held: VecDeque<Pass>, order: &AtomicUsize) -> Vec<Event> {
    let now = || NOW.as_nanos() as u64;
    let event = |&act: &Act| {
        let begun = order.fetch_add(1, Ordering::SeqCst);
        let answer = match act {
            Act::Acquire => Some(core.acquire(now).map(|pass| {
                held.push_back(pass);
                pass.is_probe()
            })),
            Act::End(outcome) => {
                if let Some(pass) = held.pop_front() {
                    core.end(pass, outcome, None, now);
                }
                None
            }
            Act::Release => {
                if let Some(pass) = held.pop_front() {
                    core.release(pass, now);
                }
                None
            }
        };
        Event { act, answer, begun, ended: order.fetch_add(1, Ordering::SeqCst) }
    };
    acts.iter().map(event).collect()
}

fn settings(kind: usize) -> BreakerSettings {
    let (failure_rate, slow_rate, minimum_calls) = (0.5, 1.0, 2);
    let last = Trip::LastCalls { calls: 4, minimum_calls, failure_rate, slow_rate };
    let window =
        Trip::Window { length: SECOND, buckets: 2, minimum_calls, failure_rate, slow_rate };
    let trips = [Trip::Consecutive { failures: 2 }, last, window];
    let ramp = Ramp::default().first_share(0.5).step_calls(1);
    BreakerSettings::default()
        .trip(trips[kind % 3])
        .slow_call((kind % 2 == 1).then(|| SlowCall::new(SECOND)))
        .open_time(OpenTime::Constant(SECOND))
        .probes(Probes::default().successes(1 + kind as u32 % 2))
        .ramp((kind % 4 == 3).then_some(ramp))
}

/// A machine that is closed, about to probe, or that has let traffic back.
fn start(kind: usize, state: usize) -> Machine {
    let mut machine = Machine::new(settings(kind), kind as u64).expect("in range");
    let calls = [
        &[][..],
        &[(0, Outcome::Failure); 2],
        &[
            (0, Outcome::Failure),
            (0, Outcome::Failure),
            (5, Outcome::Success),
            (5, Outcome::Success),
        ],
    ];
    for &(second, outcome) in calls[state] {
        let now = second * SECOND;
        let ticket = machine.acquire(now).expect("it is let through");
        machine.record(ticket, now, outcome, Duration::ZERO);
    }
    machine
}

/// The checker finds what cannot be: two probes at a time, and an answer before its question.
#[test]
fn impossible_histories_are_not_explained() {
    let first = start(0, 1);
    let begin = |begun, answer| Event { act: Act::Acquire, answer, begun, ended: begun + 1 };
    let probe = begin(0, Some(Ok(true)));
    let mut told = first.clone();
    let ticket = told.acquire(NOW).expect("a probe");
    let rejected = told.acquire(NOW).expect_err("one at a time");
    let check = |events: [&[Event]; 2], last| {
        let threads = events.map(|events| Thread { events, held: VecDeque::new() });
        explained(&first, &threads, last)
    };
    let (late, early) = (begin(2, Some(Err(rejected))), begin(4, Some(Ok(true))));
    assert!(check([from_ref(&probe), from_ref(&late)], &told));
    // Rejected before there was a probe, and two probes.
    assert!(!check([&[early], &[late]], &told));
    assert!(!check([from_ref(&probe), from_ref(&probe)], &told));
    drop(ticket);
}

#[cfg(not(loom))]
#[test]
fn histories_of_threads_have_an_order() {
    use crate::rng::Stream;

    let mut overlaps = 0;
    for history in 0..2_000_u64 {
        let mut stream = Stream::new(history, 5);
        let mut below = |limit: usize| (stream.unit() * limit as f64) as usize;
        // Threads of other tests have numbers as well: shards for all.
        let core = Core::new(start(below(12), below(3)), 64, Vec::new());
        let now = || NOW.as_nanos() as u64;
        let act = |turn| match turn {
            0..=2 => Act::Acquire,
            3 | 4 => Act::End(Outcome::Success),
            5 => Act::End(Outcome::Ignored),
            6 => Act::End(Outcome::Failure),
            _ => Act::Release,
        };
        let plans: Vec<(Vec<Act>, VecDeque<Pass>)> = (0..2 + below(2))
            .map(|_| {
                let acts = (0..2 + below(2)).map(|_| act(below(8))).collect();
                // Some calls are under way when the history begins.
                (acts, (0..below(3)).filter_map(|_| core.acquire(now).ok()).collect())
            })
            .collect();
        let first = core.look(Clone::clone);
        let (order, met) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let run = |(acts, held): &(Vec<Act>, VecDeque<Pass>)| {
            // So that the thread's shard has joined the generation, as after its first slow step.
            core.update(|_| ());
            met.fetch_add(1, Ordering::SeqCst);
            let mut spins = 0;
            while met.load(Ordering::SeqCst) < plans.len() {
                spins += 1;
                if spins % 1_000 == 0 {
                    std::thread::yield_now();
                }
            }
            perform(&core, acts, held.clone(), &order)
        };
        let events: Vec<Vec<Event>> = std::thread::scope(|scope| {
            let run = &run;
            let threads: Vec<_> = plans.iter().map(|plan| scope.spawn(move || run(plan))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        overlaps += usize::from(!are_in_turn(&events));
        assert_explained(&first, &events, plans.iter().map(|plan| &plan.1), &core);
    }
    println!("threads met in {overlaps} of 2,000 histories");
}

/// Whether the acts of each thread came in one go.
#[cfg(not(loom))]
fn are_in_turn(events: &[Vec<Event>]) -> bool {
    events.iter().all(|events| {
        let (first, last) = (&events[0], &events[events.len() - 1]);
        last.ended - first.begun + 1 == 2 * events.len()
    })
}

fn assert_explained<'a>(
    first: &Machine,
    events: &[Vec<Event>],
    held: impl Iterator<Item = &'a VecDeque<Pass>>,
    core: &Core,
) {
    let ticket = |pass: &Pass| {
        let Ticket { generation, kind } = pass.ticket();
        (generation, kind)
    };
    let threads: Vec<_> = events
        .iter()
        .zip(held)
        .map(|(events, held)| Thread { events, held: held.iter().map(ticket).collect() })
        .collect();
    let last = core.look(Clone::clone);
    assert!(explained(first, &threads, &last), "{events:#?}\nfrom {first:#?}\nto {last:#?}");
}

/// Every order in which two threads can meet: at a trip, and at the places of probes.
#[cfg(loom)]
#[test]
fn every_history_of_two_threads_has_an_order() {
    use super::slot::EXPLORED;
    use loom::sync::Arc;

    let end = Act::End;
    for (kind, state, acts) in [
        (0, 0, [vec![end(Outcome::Failure), Act::Acquire], vec![end(Outcome::Failure)]]),
        (4, 0, [vec![end(Outcome::Failure), Act::Acquire], vec![end(Outcome::Success)]]),
        (1, 0, [vec![Act::Acquire, end(Outcome::Failure)], vec![end(Outcome::Success)]]),
        (0, 1, [vec![Act::Acquire, end(Outcome::Failure)], vec![Act::Acquire, Act::Release]]),
    ] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let core = Arc::new(Core::new(start(kind, state), 2, Vec::new()));
            let now = || NOW.as_nanos() as u64;
            let mut held = [(); 2].map(|()| VecDeque::new());
            if state == 0 {
                held.iter_mut().for_each(|held| held.extend(core.acquire(now).ok()));
            }
            let first = core.look(Clone::clone);
            let order = std::sync::Arc::new(AtomicUsize::new(0));
            let other = {
                let (core, order) = (core.clone(), order.clone());
                let (acts, held) = (acts[1].clone(), held[1].clone());
                loom::thread::spawn(move || {
                    EXPLORED.with(|slot| slot.set(1));
                    perform(&core, &acts, held, &order)
                })
            };
            let one = perform(&core, &acts[0], held[0].clone(), &order);
            let events = [one, other.join().expect("no panic")];
            assert_explained(&first, &events, held.iter(), &core);
        });
    }
}
