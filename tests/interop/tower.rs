//! A breaker as a layer: what it lets through, what it gives back, and when it is ready.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::BreakerLayer;
use forewarn::breaker::{
    Breaker, BreakerSettings, CallError, ManualClock, OpenTime, Outcome, Probes, State, Trip,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// Pending so many times, then ready.
#[derive(Debug)]
struct After<T>(usize, Option<T>);

impl<T: Unpin> Future for After<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
            None => Poll::Ready(self.1.take().expect("polled once after it was ready")),
        }
    }
}

/// Answers requests after `polls` polls; errors where the request is odd. Each clone that is ready
/// holds one of the places.
#[derive(Debug)]
struct Server {
    polls: usize,
    unready: usize,
    places: Arc<AtomicUsize>,
    holds: bool,
    calls: Arc<AtomicUsize>,
}

impl Server {
    fn new(polls: usize, unready: usize) -> Self {
        Self { polls, unready, places: Arc::default(), holds: false, calls: Arc::default() }
    }
}

impl Clone for Server {
    fn clone(&self) -> Self {
        let (places, calls) = (self.places.clone(), self.calls.clone());
        Self { polls: self.polls, unready: self.unready, places, holds: false, calls }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.holds {
            self.places.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Service<u32> for Server {
    type Response = u32;
    type Error = String;
    type Future = After<Result<u32, String>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        if let Some(left) = self.unready.checked_sub(1) {
            self.unready = left;
            return Poll::Pending;
        }
        if !std::mem::replace(&mut self.holds, true) {
            self.places.fetch_add(1, Ordering::SeqCst);
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.holds), "called before it was ready");
        self.places.fetch_sub(1, Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
        let answer = if request.is_multiple_of(2) { Ok(request) } else { Err("odd".to_owned()) };
        After(self.polls, Some(answer))
    }
}

fn breaker() -> (Breaker<ManualClock>, ManualClock) {
    let clock = ManualClock::default();
    let settings = BreakerSettings::default()
        .trip(Trip::Consecutive { failures: 2 })
        .open_time(OpenTime::Constant(Duration::from_secs(1)))
        .probes(Probes { permits: 1, successes: 1, ..Probes::default() })
        .ramp(None);
    (Breaker::builder(settings).clock(clock.clone()).build().unwrap(), clock)
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn ready<S: Service<u32>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

fn finish<F: Future + Unpin>(mut future: F) -> F::Output {
    loop {
        if let Poll::Ready(output) = poll(&mut future) {
            return output;
        }
    }
}

fn rejected<T>(result: &Result<T, CallError<String>>) -> bool {
    matches!(result, Err(CallError::Rejected(_)))
}

#[test]
fn failures_open_the_circuit_and_a_probe_closes_it() {
    let (breaker, clock) = breaker();
    let server = Server::new(2, 3);
    let calls = server.calls.clone();
    let mut service = BreakerLayer::new(breaker.clone()).layer(server);
    for request in [2, 1, 3] {
        while ready(&mut service).is_pending() {}
        let answer = finish(service.call(request));
        let expected = if request == 2 { Ok(2) } else { Err(CallError::Failed("odd".to_owned())) };
        assert_eq!(answer, expected);
    }
    assert_eq!(breaker.state(), State::Open);
    // Ready at once, although the server is not: the rejection should be heard now.
    assert!(ready(&mut service).is_ready());
    assert!(rejected(&finish(service.call(4))));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    clock.advance(Duration::from_secs(2));
    assert!(ready(&mut service).is_ready());
    assert_eq!(finish(service.call(4)), Ok(4));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_future_dropped_at_any_poll_gives_its_probe_back() {
    for unready in [0, 2] {
        for polls in 0..8 {
            let (breaker, clock) = breaker();
            let mut service = BreakerLayer::new(breaker.clone()).layer(Server::new(3, unready));
            for request in [1, 3] {
                while ready(&mut service).is_pending() {}
                let _ = finish(service.call(request));
            }
            clock.advance(Duration::from_secs(2));
            assert!(ready(&mut service).is_ready());
            let mut probe = service.call(2);
            for _ in 0..polls {
                if poll(&mut probe).is_ready() {
                    break;
                }
            }
            drop(probe);
            // Closed by a probe that was polled to its end, or free for the next one.
            let answer = finish(service.call(4));
            assert_eq!(answer, Ok(4), "{unready} unready, dropped after {polls} polls");
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[test]
fn being_ready_reserves_nothing_that_a_rejection_would_keep() {
    let (breaker, _clock) = breaker();
    let server = Server::new(0, 0);
    let places = server.places.clone();
    let mut waiting = BreakerLayer::new(breaker.clone()).layer(server);
    let mut failing = waiting.clone();
    assert!(ready(&mut waiting).is_ready());
    assert_eq!(places.load(Ordering::SeqCst), 1);
    for request in [1, 3] {
        assert!(ready(&mut failing).is_ready());
        let _ = finish(failing.call(request));
    }
    assert!(rejected(&finish(waiting.call(2))));
    assert_eq!(places.load(Ordering::SeqCst), 0);
}

#[test]
fn a_classifier_decides_what_counts() {
    let (breaker, _clock) = breaker();
    let layer = BreakerLayer::new(breaker.clone());
    let layer = layer.classify(|_: &Result<u32, String>| Outcome::Ignored);
    let mut service = layer.layer(Server::new(0, 0));
    for _ in 0..5 {
        assert!(ready(&mut service).is_ready());
        let _ = finish(service.call(1));
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.metrics().ignored, 5);
}
