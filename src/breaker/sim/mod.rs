//! Dependencies that fail in ten ways, with known truth, to try circuit breakers on.
//!
//! A [`Service`] is drawn by seed from a [`Family`]; its [`Trace`]s are requests with their luck and
//! a law of success that changes over time. Anything that is a [`Gate`](super::Gate) can be driven
//! through a trace, and its cost compared with that of an oracle, which knows the law but not the
//! luck.
//!
//! ```
//! use forewarn::breaker::CallCosts;
//! use forewarn::breaker::sim::{Family, Service};
//!
//! let costs = CallCosts::default();
//! for family in Family::ALL {
//!     let trace = Service::draw(family, 1).calls_per_second(10.0).trace(0)?;
//!     let oracle = trace.oracle(&costs);
//!     println!("{family}: {} of {} requests can be served", oracle.served, oracle.requests);
//! }
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # What is the same for every policy
//! Arrivals, and for each request the numbers that decide whether it fails under a given law and how
//! long it takes: policies differ by their decisions, not by luck. Calls overlap: an answer comes
//! its latency later, in the order of time, and a breaker decides without those still to come.
//!
//! # Cost
//! `requests not served + failed · failed calls + held_second · seconds held beyond the objective`,
//! weights from [`CallCosts`](super::CallCosts). [`Report::regret`] is the excess over the oracle's
//! per 100 requests.
//!
//! # The families
//! Times in seconds, `a…b` uniform, `a⋯b` uniform in the logarithm, drawn once a service unless
//! said otherwise; every service has 3⋯150 requests a second, answers after 0.03…0.1 (median), fails
//! 0.1⋯1 % of calls while all is well, and a timeout of 1. `E` has mean 1 and is exponential,
//! lognormal or 0.5…1.5, by service.
//! ```text
//!      bad times                     between      in a bad time
//! F1   12⋯60 · E                     70…150       all fail fast
//! F2   12⋯60 · E                     70…150       all hang until the timeout
//! F3   30…90 · E                     30…90        10…60 % fail fast (drawn each time)
//! F4   30…90 · E                     30…90        10…60 % hang
//! F5   60…150 · E                    60…150       3…15 down, 3…15 up, and again
//! F6   5…30 · E                      60…140       all fail, then 30…90 of steady recovery
//! F7   12⋯60 · E                     70…150       median latency 0.6⋯3, cut by the timeout
//! F8   2…8                           80…200       down, then the capacity returns in 3…7
//! F9   one, 10…50                                 down, then the capacity returns in 18…36
//! F10  0.1…0.5 · E                   15…45        50…95 % fail
//! ```
//! In F5, F6, F9 and F10 failures are fast in half of the services and hang in the others; in F8
//! they hang, and are tried again once. In F8 and F9 what is let through beyond the capacity fails,
//! slows the recovery, and from the capacity itself on takes it back.
//!
//! # Limits
//! One caller, or callers that decide together; arrivals are a Poisson process whose rate does not
//! change; no law depends on the time of day.

mod drive;
mod family;
mod law;
mod loaded;
mod report;
mod service;
mod timeline;
mod trace;
mod world;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
pub(super) mod tests;

pub use family::Family;
pub use law::Law;
pub use report::Report;
pub use service::Service;
pub use trace::Trace;
