//! The live breaker among threads and tasks: what is given back, told and counted, whatever happens.
#![cfg(feature = "full")]

mod adaptive;
#[path = "../support/counting.rs"]
mod counting;
mod registry;

use counting::counted;
use forewarn::breaker::{
    Breaker, BreakerSettings, CallCosts, CallError, Clock as _, Force, ManualClock, MonotonicClock,
    OpenTime, Outcome, Probes, SlowCall, State, Transition, Trip, open_metrics,
};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The allocator's counters are of all threads: tests run one at a time.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn settings(failures: u32, permits: u32) -> BreakerSettings {
    BreakerSettings::default()
        .trip(Trip::Consecutive { failures })
        .open_time(OpenTime::Constant(SECOND))
        .probes(Probes::default().permits(permits).successes(permits))
        .ramp(None)
}

/// A breaker that is about to probe.
fn half_open(permits: u32, dropped: Option<Outcome>) -> (Breaker<ManualClock>, ManualClock) {
    let clock = ManualClock::default();
    let builder = Breaker::builder(settings(1, permits)).clock(clock.clone()).dropped(dropped);
    let breaker = builder.build().expect("in range");
    breaker.try_acquire().expect("it is closed").failure();
    clock.advance(SECOND);
    (breaker, clock)
}

/// Pending so many times, then `Ok`.
struct Steps(usize);

impl Future for Steps {
    type Output = Result<(), ()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 == 0 {
            return Poll::Ready(Ok(()));
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn a_future_dropped_at_any_poll_gives_its_place_back() {
    let _alone = alone();
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..8 {
        let (breaker, _) = half_open(1, None);
        let mut call = Box::pin(breaker.call_async(async {
            Steps(2).await?;
            Steps(3).await?;
            Steps(1).await
        }));
        let done = (0..polls).any(|_| call.as_mut().poll(&mut context).is_ready());
        assert_eq!(done, polls == 7);
        // Before the first poll nothing is reserved; then exactly one place is.
        assert_eq!(breaker.try_acquire().is_err(), (1..7).contains(&polls));
        drop(call);
        let state = if done { State::Closed } else { State::HalfOpen };
        assert_eq!(breaker.state(), state);
        breaker.try_acquire().expect("the place is free again").success();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn panics_and_early_returns_give_the_place_back() {
    let _alone = alone();
    for dropped in [None, Some(Outcome::Failure), Some(Outcome::Success)] {
        let (breaker, clock) = half_open(1, dropped);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            breaker.call(|| -> Result<(), ()> { panic!("on purpose") })
        }));
        assert!(panicked.is_err());
        let state = match dropped {
            None => State::HalfOpen,
            Some(Outcome::Failure) => State::Open,
            _ => State::Closed,
        };
        assert_eq!(breaker.state(), state, "{dropped:?}");
        assert_eq!(breaker.metrics().cancelled, u64::from(dropped.is_none()));
        clock.advance(SECOND);
        drop(breaker.try_acquire_owned().expect("the place is free again"));
        // Given back without a word, whatever is configured.
        let (breaker, _) = half_open(1, dropped);
        breaker.try_acquire().unwrap().release();
        breaker.try_acquire_owned().unwrap().release();
        assert_eq!((breaker.state(), breaker.metrics().cancelled), (State::HalfOpen, 2));
    }
}

/// One transition a trip, told once, in order, outside any lock, to listeners that call back.
#[test]
fn transitions_are_told_once_and_in_order() {
    let _alone = alone();
    let told: Arc<Mutex<Vec<Transition>>> = Arc::default();
    let itself: Arc<OnceLock<Breaker<ManualClock>>> = Arc::default();
    let inside = Arc::new(AtomicUsize::new(0));
    let clock = ManualClock::default();
    let listener = {
        let (told, itself, inside) = (told.clone(), itself.clone(), inside.clone());
        move |transition: &Transition| {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
            told.lock().unwrap().push(*transition);
            let breaker = itself.get().expect("it is set");
            // Calls back, and even brings a transition about.
            let _ = (breaker.state(), breaker.metrics(), breaker.try_acquire().map(drop));
            if transition.generation.is_multiple_of(10) {
                breaker.force(Force::Open);
                breaker.unforce();
            }
            assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
            assert!(transition.generation % 300 != 7, "on purpose");
        }
    };
    let breaker = Breaker::builder(settings(3, 2)).clock(clock.clone()).listen(listener);
    let breaker = breaker.build().unwrap();
    assert!(itself.set(breaker.clone()).is_ok());
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (breaker, clock, barrier) = (&breaker, &clock, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for call in 0..2_000 {
                    if let Ok(permit) = breaker.try_acquire() {
                        let good = (thread + call) % 5 == 0;
                        permit.record(if good { Outcome::Success } else { Outcome::Failure });
                    }
                    clock.advance(Duration::from_millis(5));
                }
            });
        }
    });
    let metrics = breaker.metrics();
    // Whoever told last has told all.
    let told = told.lock().unwrap();
    assert_eq!(told.len() as u64, metrics.transitions);
    assert!(metrics.opened > 20, "{metrics:?}");
    assert!(told.iter().zip(1..).all(|(transition, number)| transition.generation == number));
    assert!(told.windows(2).all(|two| two[0].to == two[1].from && two[0].at <= two[1].at));
}

/// However many threads: every call is counted once, and no more probes than permits are under way.
#[test]
fn nothing_is_lost_among_threads() {
    let _alone = alone();
    let (failure_rate, slow_rate, minimum_calls) = (0.5, 0.5, 20);
    let length = SECOND / 20;
    let window = Trip::Window { length, buckets: 4, minimum_calls, failure_rate, slow_rate };
    let last = Trip::LastCalls { calls: 64, minimum_calls, failure_rate, slow_rate };
    let slow = Some(SlowCall { threshold: SECOND, in_flight: true });
    let costs = CallCosts::default().failed(3.0);
    let mut opened = 0;
    for (shards, settings) in [
        (0, settings(3, 2)),
        (2, settings(3, 2)),
        (8, settings(3, 2).trip(last)),
        (8, settings(3, 2).trip(window)),
        (8, settings(3, 2).trip(window).slow_call(slow)),
        (8, settings(3, 2).trip(Trip::Utility { costs, tolerance: 5.0 })),
    ] {
        let clock = ManualClock::default();
        let breaker =
            Breaker::builder(settings).clock(clock.clone()).shards(shards).build().unwrap();
        let probing = AtomicU64::new(0);
        let counts = [const { AtomicU64::new(0) }; 4];
        std::thread::scope(|scope| {
            for thread in 0..5_u64 {
                let (breaker, clock, probing, counts) = (&breaker, &clock, &probing, &counts);
                scope.spawn(move || {
                    for call in 0..4_000_u64 {
                        clock.advance(Duration::from_micros(200));
                        let Ok(permit) = breaker.try_acquire() else {
                            counts[2].fetch_add(1, Ordering::SeqCst);
                            continue;
                        };
                        let probe = permit.is_probe();
                        if probe {
                            assert!(probing.fetch_add(1, Ordering::SeqCst) < 2);
                        }
                        if call % 64 == 0 {
                            std::thread::yield_now();
                        }
                        if probe {
                            probing.fetch_sub(1, Ordering::SeqCst);
                        }
                        // Stretches of a hundred calls of which most fail.
                        match (call * 7 + thread) % 11 {
                            0 => {
                                drop(permit);
                                counts[3].fetch_add(1, Ordering::SeqCst);
                            }
                            turn if call / 100 % 7 == 3 && turn < 9 => {
                                permit.failure();
                                counts[1].fetch_add(1, Ordering::SeqCst);
                            }
                            _ => {
                                permit.success();
                                counts[0].fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    }
                });
            }
        });
        let metrics = breaker.metrics();
        let found = [metrics.successes, metrics.failures, metrics.rejected, metrics.cancelled];
        assert_eq!(found, counts.map(AtomicU64::into_inner));
        assert_eq!(found.iter().sum::<u64>(), 20_000);
        assert_eq!(metrics.overdue, 0, "{metrics:?}");
        // How the threads take turns decides whether one window sees enough failures at once.
        opened += metrics.opened;
    }
    assert!(opened > 0);
}

#[test]
fn a_call_says_why_it_gave_nothing() {
    let _alone = alone();
    let (breaker, _) = half_open(1, None);
    let probe = breaker.try_acquire().unwrap();
    assert!(probe.is_probe());
    let error = breaker.call(|| Ok::<_, String>(1)).unwrap_err();
    assert_eq!(error.to_string(), "rejected: the circuit is half open; come back in 10.000 s");
    probe.success();
    let error = breaker.call(|| Err::<(), _>("no such host".to_owned())).unwrap_err();
    assert_eq!(error, CallError::Failed("no such host".to_owned()));
    assert_eq!(error.to_string(), "no such host");
    assert_eq!(breaker.state(), State::Open);
}

/// After a restart a breaker goes on where it was, though its clock begins at 0 again.
#[test]
fn a_resumed_breaker_goes_on() {
    let _alone = alone();
    let clock = ManualClock::default();
    let breaker = Breaker::builder(settings(1, 1)).clock(clock.clone()).build().unwrap();
    clock.set(1_000 * SECOND);
    breaker.try_acquire().unwrap().failure();
    clock.advance(SECOND / 2);
    assert!(breaker.try_acquire().is_err());
    let saved = breaker.snapshot();
    let clock = ManualClock::default();
    let resumed = Breaker::builder(settings(5, 5)).clock(clock.clone()).resume(saved);
    let resumed = resumed.build().unwrap();
    let rejected = resumed.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after, Some(SECOND / 2));
    clock.advance(SECOND / 2);
    resumed.try_acquire().unwrap().success();
    assert_eq!((resumed.state(), resumed.metrics().clock_steps_back), (State::Closed, 0));
}

/// The good calls of a closed circuit allocate nothing.
#[test]
fn good_calls_do_not_allocate() {
    let _alone = alone();
    let breaker = Breaker::new(BreakerSettings::default()).unwrap();
    breaker.try_acquire().unwrap().success();
    let ((), allocations, _) = counted(|| {
        (0..100).for_each(|_| breaker.try_acquire().unwrap().success());
    });
    assert_eq!(allocations, 0);
}

/// Names of any characters, and the end mark.
#[test]
fn metrics_text_is_well_formed() {
    let _alone = alone();
    let (breaker, _) = half_open(1, None);
    let name = "a \"quoted\" \\ name\nof two lines";
    let text = open_metrics([(name, breaker.state(), breaker.metrics())]);
    assert!(text.ends_with("# EOF\n"));
    let escaped = r#"breaker="a \"quoted\" \\ name\nof two lines""#;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (labels, value) = line.rsplit_once(' ').expect("a value");
        assert!(labels.contains(escaped), "{line}");
        assert!(value.parse::<u64>().is_ok(), "{line}");
    }
    assert!(text.contains("outcome=\"failure\"} 1\n"));
    assert_eq!(text.matches("# TYPE").count(), text.matches("# HELP").count());
}

/// Callers with a clock of their own never have the breaker's asked: everything happens at the times
/// that they name.
#[test]
fn callers_may_name_the_time() {
    let _alone = alone();
    let clock = Arc::new(ManualClock::default());
    clock.set(500 * SECOND);
    let breaker = Breaker::builder(settings(2, 2)).clock(clock.clone()).build().unwrap();
    let good = breaker.try_acquire_at(SECOND).unwrap();
    assert!(format!("{good:?} {breaker:?}").contains("Closed"));
    good.record_at(SECOND, Outcome::Success, SECOND / 10);
    let bad = breaker.try_acquire_owned_at(SECOND).unwrap();
    assert!(!bad.is_probe());
    bad.record_at(SECOND, Outcome::Failure, SECOND / 10);
    breaker.try_acquire_at(2 * SECOND).unwrap().release_at(2 * SECOND);
    breaker.try_acquire_owned_at(2 * SECOND).unwrap().release_at(2 * SECOND);
    breaker.try_acquire_at(2 * SECOND).unwrap().record_at(2 * SECOND, Outcome::Failure, SECOND);
    let rejected = breaker.try_acquire_at(2 * SECOND + SECOND / 4).map(drop).unwrap_err();
    assert_eq!((rejected.state, rejected.retry_after), (State::Open, Some(3 * SECOND / 4)));
    assert_eq!(breaker.tick_at(Duration::from_millis(2_999)), None);
    let half_open = breaker.tick_at(3 * SECOND).expect("its time is over");
    assert_eq!((half_open.to, half_open.at), (State::HalfOpen, 3 * SECOND));
    let forced = breaker.force_at(Some(Force::Open), 4 * SECOND).expect("it was not");
    assert_eq!((forced.to, forced.at), (State::ForcedOpen, 4 * SECOND));
    assert_eq!(breaker.force_at(Some(Force::Open), 5 * SECOND), None);
    let left = breaker.force_at(None, 5 * SECOND).expect("it was forced");
    assert_eq!((left.to, left.at), (State::Closed, 5 * SECOND));
    assert_eq!((breaker.metrics().cancelled, breaker.metrics().clock_steps_back), (2, 0));
    assert_eq!(breaker.now(), 500 * SECOND);
}

/// The operating system's clock goes on by itself, from 0.
#[test]
fn the_systems_clock_goes_on() {
    let clock = MonotonicClock::default();
    let (first, nanos) = (clock.now(), clock.nanos());
    assert!(u128::from(nanos) >= first.as_nanos() && first < 100 * SECOND);
    std::thread::sleep(Duration::from_millis(2));
    assert!(clock.now() >= first + Duration::from_millis(2));
}
