//! Calls through a breaker.

use super::adaptive::LiveAdaptiveBreaker;
use super::clock::Clock;
use super::live::Breaker;
use crate::breaker::{Outcome, Rejected};
use std::future::Future;

/// Why a call through a breaker gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    /// It was not made.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// It was made, and gave this error.
    #[error("{0}")]
    Failed(E),
}

/// Tells how a call ended from what it gave. Functions from `&Result<T, E>` to [`Outcome`] do.
pub trait Classify<T, E> {
    /// How the call ended.
    fn outcome(&self, result: &Result<T, E>) -> Outcome;
}

impl<T, E, F: Fn(&Result<T, E>) -> Outcome> Classify<T, E> for F {
    fn outcome(&self, result: &Result<T, E>) -> Outcome {
        self(result)
    }
}

/// `Ok` is a success, `Err` a failure.
fn plain<T, E>(result: &Result<T, E>) -> Outcome {
    if result.is_ok() { Outcome::Success } else { Outcome::Failure }
}

/// The same for both.
macro_rules! calls {
    ($breaker:ident) => {
        impl<C: Clock> $breaker<C> {
            /// Makes a call, if it is let through. `Ok` counts as success and `Err` as failure; a panic
            /// counts as [configured](super::BreakerBuilder::dropped).
            ///
            /// # Errors
            /// [`CallError::Rejected`] if it is not, [`CallError::Failed`] with the call's own error.
            #[inline]
            pub fn call<T, E>(
                &self,
                call: impl FnOnce() -> Result<T, E>,
            ) -> Result<T, CallError<E>> {
                self.call_with(call, &plain)
            }

            /// Makes a call, if it is let through, and has its result classified.
            ///
            /// ```
            /// use forewarn::breaker::{Breaker, BreakerSettings, CallError, Outcome};
            ///
            /// let breaker = Breaker::new(BreakerSettings::default())?;
            /// // That there is no such page is not the server's fault.
            /// let classify = |result: &Result<&str, u16>| match result {
            ///     Ok(_) => Outcome::Success,
            ///     Err(404) => Outcome::Ignored,
            ///     Err(_) => Outcome::Failure,
            /// };
            /// let result = breaker.call_with(|| Err(404), &classify);
            /// assert_eq!(result, Err(CallError::Failed(404)));
            /// assert_eq!(breaker.metrics().ignored, 1);
            /// # Ok::<(), forewarn::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`CallError::Rejected`] if it is not, [`CallError::Failed`] with the call's own error.
            #[inline]
            pub fn call_with<T, E>(
                &self,
                call: impl FnOnce() -> Result<T, E>,
                classify: &impl Classify<T, E>,
            ) -> Result<T, CallError<E>> {
                let permit = self.try_acquire()?;
                let result = call();
                permit.record(classify.outcome(&result));
                result.map_err(CallError::Failed)
            }

            /// Awaits a future, if it is let through when first polled. Whenever the returned future is
            /// dropped, its place is given back. Any runtime will do.
            ///
            /// # Errors
            /// [`CallError::Rejected`] if it is not, [`CallError::Failed`] with the future's own error.
            pub async fn call_async<T, E>(
                &self,
                future: impl Future<Output = Result<T, E>>,
            ) -> Result<T, CallError<E>> {
                self.call_async_with(future, &plain).await
            }

            /// [`call_async`](Self::call_async), with its result classified.
            ///
            /// # Errors
            /// [`CallError::Rejected`] if it is not, [`CallError::Failed`] with the future's own error.
            pub async fn call_async_with<T, E>(
                &self,
                future: impl Future<Output = Result<T, E>>,
                classify: &impl Classify<T, E>,
            ) -> Result<T, CallError<E>> {
                let permit = self.try_acquire()?;
                let result = future.await;
                permit.record(classify.outcome(&result));
                result.map_err(CallError::Failed)
            }
        }
    };
}

calls!(Breaker);
calls!(LiveAdaptiveBreaker);
