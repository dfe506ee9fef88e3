//! A circuit breaker as a layer of [tower](https://docs.rs/tower).

use crate::breaker::{
    Breaker, CallError, Classify, Clock, MonotonicClock, Outcome, OwnedPermit, Rejected,
};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// `Ok` is a success, `Err` a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResultClassifier;

impl<T, E> Classify<T, E> for ResultClassifier {
    fn outcome(&self, result: &Result<T, E>) -> Outcome {
        if result.is_ok() { Outcome::Success } else { Outcome::Failure }
    }
}

/// Puts services behind a [`Breaker`]; all services made by one layer share it.
///
/// Being ready reserves nothing: permits are asked for by `call`, and given back whenever the
/// returned future is dropped. While the circuit is not closed, the services are ready at once, so
/// that callers hear of the rejection instead of waiting for a service that is down; a probe then waits
/// for the inner service itself, with its permit.
///
/// ```
/// use forewarn::breaker::{Breaker, BreakerSettings};
/// use forewarn::BreakerLayer;
/// use tower_layer::Layer;
///
/// # #[derive(Clone)]
/// # struct Client;
/// let breaker = Breaker::new(BreakerSettings::default())?;
/// let client = BreakerLayer::new(breaker.clone()).layer(Client);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BreakerLayer<C = MonotonicClock, F = ResultClassifier> {
    breaker: Breaker<C>,
    classify: F,
}

impl<C> BreakerLayer<C> {
    /// Responses are successes, errors are failures.
    #[must_use]
    pub fn new(breaker: Breaker<C>) -> Self {
        Self { breaker, classify: ResultClassifier }
    }
}

impl<C, F> BreakerLayer<C, F> {
    /// Has results classified: a response with status 503 may be a failure, an error of the caller's
    /// may be ignored.
    pub fn classify<G>(self, classify: G) -> BreakerLayer<C, G> {
        BreakerLayer { breaker: self.breaker, classify }
    }
}

impl<S, C, F: Clone> Layer<S> for BreakerLayer<C, F> {
    type Service = BreakerService<S, C, F>;

    fn layer(&self, inner: S) -> Self::Service {
        let (breaker, classify) = (self.breaker.clone(), self.classify.clone());
        BreakerService { inner, breaker, classify, ready: false }
    }
}

/// A service behind a breaker: [`BreakerLayer`].
#[derive(Debug)]
pub struct BreakerService<S, C = MonotonicClock, F = ResultClassifier> {
    inner: S,
    breaker: Breaker<C>,
    classify: F,
    /// The inner service has said that it is ready, and was not called since.
    ready: bool,
}

impl<S: Clone, C, F: Clone> Clone for BreakerService<S, C, F> {
    fn clone(&self) -> Self {
        let Self { inner, breaker, classify, .. } = self;
        let (inner, breaker, classify) = (inner.clone(), breaker.clone(), classify.clone());
        // That one clone is ready says nothing of another.
        Self { inner, breaker, classify, ready: false }
    }
}

impl<S, Request, C, F> Service<Request> for BreakerService<S, C, F>
where
    S: Service<Request> + Clone,
    C: Clock,
    F: Classify<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = BreakerFuture<S, Request, C, F>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if !self.ready && self.breaker.is_passing() {
            ready!(self.inner.poll_ready(context)).map_err(CallError::Failed)?;
            self.ready = true;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let permit = match self.breaker.try_acquire_owned() {
            Ok(permit) => permit,
            Err(rejected) => {
                // What the inner service reserved when it became ready must not lie idle.
                if std::mem::take(&mut self.ready) {
                    self.inner = self.inner.clone();
                }
                return BreakerFuture::rejected(rejected);
            }
        };
        let stage = if std::mem::take(&mut self.ready) {
            Stage::Running { future: self.inner.call(request) }
        } else {
            Stage::Waiting { service: self.inner.clone(), request: Some(request) }
        };
        BreakerFuture { stage, held: Some((permit, self.classify.clone())) }
    }
}

pin_project! {
    /// The answer of a service behind a breaker. Dropped, it gives its permit back.
    pub struct BreakerFuture<S: Service<Request>, Request, C: Clock, F> {
        #[pin]
        stage: Stage<S, Request, S::Future>,
        held: Option<(OwnedPermit<C>, F)>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, Request, A> {
        Rejected { rejected: Rejected },
        Waiting { service: S, request: Option<Request> },
        Running { #[pin] future: A },
    }
}

impl<S: Service<Request>, Request, C: Clock, F> BreakerFuture<S, Request, C, F> {
    fn rejected(rejected: Rejected) -> Self {
        Self { stage: Stage::Rejected { rejected }, held: None }
    }
}

impl<S: Service<Request>, Request, C: Clock, F> fmt::Debug for BreakerFuture<S, Request, C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerFuture").finish_non_exhaustive()
    }
}

impl<S, Request, C, F> Future for BreakerFuture<S, Request, C, F>
where
    S: Service<Request>,
    C: Clock,
    F: Classify<S::Response, S::Error>,
{
    type Output = Result<S::Response, CallError<S::Error>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = loop {
            match this.stage.as_mut().project() {
                StageProjection::Rejected { rejected } => {
                    return Poll::Ready(Err(CallError::Rejected(*rejected)));
                }
                StageProjection::Waiting { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(context)) {
                        break Err(error);
                    }
                    let request = request.take().expect("taken once: the stage changes next");
                    let future = service.call(request);
                    this.stage.set(Stage::Running { future });
                }
                StageProjection::Running { future } => break ready!(future.poll(context)),
            }
        };
        if let Some((permit, classify)) = this.held.take() {
            permit.record(classify.outcome(&result));
        }
        Poll::Ready(result.map_err(CallError::Failed))
    }
}
