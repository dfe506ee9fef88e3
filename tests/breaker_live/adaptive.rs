//! The breaker that tunes itself, among threads and tasks.

use super::{SECOND, alone};
use forewarn::breaker::{
    AdaptiveBreaker, AdaptiveParams, CallCosts, CallError, Force, Gate as _, LiveAdaptiveBreaker,
    ManualClock, Outcome, Rejected, State, Transition,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const STEP: Duration = Duration::from_millis(20);

fn params() -> AdaptiveParams {
    AdaptiveParams::default().costs(CallCosts::default()).seed(3)
}

fn live(dropped: Option<Outcome>) -> (LiveAdaptiveBreaker<ManualClock>, ManualClock) {
    let clock = ManualClock::default();
    let breaker = params().start().expect("in range");
    let builder = LiveAdaptiveBreaker::builder(breaker).clock(clock.clone());
    (builder.dropped(dropped).build(), clock)
}

fn fail(breaker: &LiveAdaptiveBreaker<ManualClock>) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
}

/// Live, it decides exactly as the breaker that is told the same times.
#[test]
fn live_is_the_breaker_itself() {
    let _alone = alone();
    let (live, clock) = live(None);
    let mut plain: AdaptiveBreaker = params().start().expect("in range");
    let mut rejected = 0;
    for call in 0..3_000_u32 {
        clock.advance(STEP);
        let now = live.now();
        let bad = (500..900).contains(&call) || (1_500..1_600).contains(&call);
        match (plain.acquire(now), live.try_acquire()) {
            (Ok(ticket), Ok(permit)) => {
                assert_eq!(ticket.is_probe(), permit.is_probe());
                clock.advance(STEP / 4);
                let outcome = match call % 17 {
                    _ if bad => Outcome::Failure,
                    5 => Outcome::Ignored,
                    _ => Outcome::Success,
                };
                if call % 23 == 0 {
                    plain.release(ticket, live.now());
                    permit.release();
                } else {
                    plain.record(ticket, live.now(), outcome, STEP / 4);
                    permit.record(outcome);
                }
            }
            (Err(one), Err(other)) => {
                assert_eq!(one, other);
                rejected += 1;
            }
            other => panic!("call {call}: {other:?}"),
        }
        if call % 50 == 0 {
            assert_eq!(plain.tick(live.now()), live.tick());
        }
        assert_eq!((plain.state(), plain.share()), (live.inner_state(), live.share()));
    }
    assert_eq!(plain, live.snapshot());
    let metrics = live.metrics();
    assert_eq!((metrics.rejected, metrics.opened), (rejected, plain.trips()));
    assert!(metrics.opened >= 2 && metrics.probes >= 2, "{metrics:?}");
    assert_eq!(metrics.arrived(), 3_000);
    assert_eq!(metrics.transitions, plain.generation());
}

#[test]
fn operators_overrule_it() {
    let _alone = alone();
    let (breaker, clock) = live(None);
    let told: Arc<Mutex<Vec<Transition>>> = Arc::default();
    let heard = told.clone();
    breaker.listen(move |transition| heard.lock().unwrap().push(*transition));
    clock.set(SECOND);
    let forced = breaker.force(Some(Force::Open)).expect("it was not");
    assert_eq!((forced.from, forced.to), (State::Closed, State::ForcedOpen));
    assert_eq!((forced.at, forced.generation), (SECOND, 1));
    assert_eq!(breaker.force_at(Some(Force::Open), 2 * SECOND), None);
    let rejected = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(rejected, Rejected { state: State::ForcedOpen, retry_after: None });
    assert_eq!(breaker.share(), 0.0);

    breaker.force(Some(Force::Closed));
    (0..50).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.inner_state()), (State::ForcedClosed, State::Closed));
    assert_eq!((breaker.metrics().failures, breaker.share()), (50, 1.0));
    assert_eq!(breaker.metrics().opened, 0);

    // In shadow it opens, and lets everything through.
    breaker.force(Some(Force::Shadow));
    (0..50).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.inner_state()), (State::Disabled, State::Open));
    let metrics = breaker.metrics();
    assert_eq!((metrics.failures, metrics.rejected, metrics.opened), (100, 1, 1));
    assert!(metrics.would_reject > 0 && metrics.would_reject < 50, "{metrics:?}");
    assert_eq!(breaker.share(), 1.0);
    // Given up: counted, and the place is free.
    breaker.try_acquire().expect("shadow").release();
    assert_eq!(breaker.metrics().cancelled, 1);

    // Left to itself it goes on from there.
    let back = breaker.force(None).expect("it was forced");
    assert_eq!((back.from, back.to), (State::Disabled, State::Open));
    assert!(breaker.try_acquire().is_err());
    let told = told.lock().unwrap();
    assert_eq!(told.len() as u64, breaker.metrics().transitions);
    assert!(told.iter().zip(1..).all(|(transition, number)| transition.generation == number));
    let ways: Vec<_> = told.iter().map(|transition| transition.to).collect();
    let expected =
        [State::ForcedOpen, State::ForcedClosed, State::Disabled, State::Open, State::Open];
    assert_eq!(ways, expected);
}

/// Panics and early returns give the place back, or count as configured.
#[test]
fn dropped_permits_count_as_configured() {
    let _alone = alone();
    for dropped in [None, Some(Outcome::Failure), Some(Outcome::Success)] {
        let (breaker, _clock) = live(dropped);
        for _ in 0..50 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                breaker.call(|| -> Result<(), ()> { panic!("on purpose") })
            }));
            if panicked.is_ok() {
                break;
            }
        }
        let metrics = breaker.metrics();
        let counts = [metrics.cancelled, metrics.failures, metrics.successes];
        match dropped {
            None => assert_eq!((counts, breaker.state()), ([50, 0, 0], State::Closed)),
            Some(Outcome::Failure) => {
                assert_eq!((counts[0], counts[2], breaker.state()), (0, 0, State::Open));
            }
            Some(_) => assert_eq!((counts, breaker.state()), ([0, 0, 50], State::Closed)),
        }
    }
}

/// Futures reserve nothing before the first poll, and are given up when they are dropped.
#[test]
fn futures_go_through_it() {
    let _alone = alone();
    let (breaker, _clock) = live(None);
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut hanging = pin!(breaker.call_async(std::future::pending::<Result<(), ()>>()));
        assert!(hanging.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(breaker.metrics().cancelled, 1);
    drop(breaker.call_async(std::future::pending::<Result<(), ()>>()));
    assert_eq!(breaker.metrics().cancelled, 1);
    let mut failing = pin!(breaker.call_async(async { Err::<(), _>("no such host") }));
    let failed = failing.as_mut().poll(&mut context);
    assert_eq!(failed, Poll::Ready(Err(CallError::Failed("no such host"))));
    breaker.try_acquire().expect("closed").success();
    let metrics = breaker.metrics();
    assert_eq!((metrics.successes, metrics.failures), (1, 1));
}

/// Saved, it goes on where it was, though the clock of another program begins at 0.
#[test]
fn it_goes_on_after_a_restart() {
    let _alone = alone();
    let (breaker, clock) = live(None);
    clock.set(1_000 * SECOND);
    (0..50).for_each(|_| fail(&breaker));
    let rejected = breaker.try_acquire().map(drop).unwrap_err();
    let (clock, saved) = (ManualClock::default(), breaker.snapshot());
    let generation = saved.generation();
    let resumed = LiveAdaptiveBreaker::builder(saved).clock(clock.clone()).build();
    assert_eq!(resumed.now(), 1_000 * SECOND);
    assert_eq!(resumed.metrics().transitions, generation);
    assert_eq!(resumed.try_acquire().map(drop), Err(rejected));
    // Times are rounded to nanoseconds.
    clock.advance(rejected.retry_after.expect("it comes back") + SECOND / 1_000);
    assert!(resumed.try_acquire().expect("a probe").is_probe());
    // On the operating system's clock, too; at times of the caller's own as well.
    let resumed = LiveAdaptiveBreaker::new(resumed.snapshot());
    assert!(resumed.now() >= 1_000 * SECOND);
    let later = resumed.now() + 60 * SECOND;
    resumed.tick_at(later);
    let permit = resumed.try_acquire_at(later).expect("its time has come");
    permit.record_at(later + SECOND, Outcome::Success, SECOND / 100);
    assert_eq!(resumed.metrics().successes, 1);
    assert!(format!("{resumed:?}").starts_with("LiveAdaptiveBreaker"));
}

/// A permit that goes to another thread is the one that was given.
#[test]
fn permits_that_own_the_breaker_end_elsewhere() {
    let _alone = alone();
    let (breaker, clock) = live(None);
    clock.set(SECOND);
    let permits = [
        breaker.try_acquire().expect("closed").into_owned(),
        breaker.try_acquire_owned().expect("closed"),
        breaker.try_acquire_owned_at(SECOND).expect("closed"),
    ];
    clock.advance(STEP);
    assert!(permits.iter().all(|permit| permit.began() == SECOND && !permit.is_probe()));
    let [first, second, third] = permits;
    std::thread::spawn(move || {
        first.success();
        second.record_at(SECOND + STEP, Outcome::Failure, STEP);
        drop(third);
    })
    .join()
    .expect("no panic");
    let metrics = breaker.metrics();
    assert_eq!((metrics.successes, metrics.failures, metrics.cancelled), (1, 1, 1));
    assert_eq!(metrics.arrived(), 3);
}

/// However many threads: every call is counted once, transitions are told in order, outside the lock.
#[test]
fn nothing_is_lost_among_threads() {
    let _alone = alone();
    let clock = ManualClock::default();
    let told: Arc<Mutex<Vec<u64>>> = Arc::default();
    let itself: Arc<Mutex<Option<LiveAdaptiveBreaker<ManualClock>>>> = Arc::default();
    let (heard, back) = (told.clone(), itself.clone());
    let builder = LiveAdaptiveBreaker::builder(params().start().expect("in range"));
    let breaker = builder
        .clock(clock.clone())
        .listen(move |transition| {
            heard.lock().unwrap().push(transition.generation);
            let breaker = back.lock().unwrap().clone().expect("it is set");
            drop((breaker.state(), breaker.try_acquire()));
        })
        .build();
    *itself.lock().unwrap() = Some(breaker.clone());
    let asked = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (breaker, clock, asked) = (&breaker, &clock, &asked);
            scope.spawn(move || {
                for call in 0..1_000_u32 {
                    clock.advance(Duration::from_millis(2));
                    asked.fetch_add(1, Ordering::Relaxed);
                    let good = (call + thread) / 100 % 3 != 1;
                    let _ = breaker.call(|| good.then_some(()).ok_or(()));
                }
            });
        }
    });
    let metrics = breaker.metrics();
    let told = told.lock().unwrap();
    assert!(told.iter().copied().eq(1..=metrics.transitions), "{told:?} {metrics:?}");
    assert!(metrics.opened > 0, "{metrics:?}");
    // Each listener asked once more, and gave its place back or was rejected.
    assert_eq!(metrics.arrived(), asked.into_inner() + told.len() as u64);
    itself.lock().unwrap().take();
}
