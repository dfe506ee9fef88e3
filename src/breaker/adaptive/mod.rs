//! A circuit breaker that needs no settings but what calls are worth, and learns the rest from its
//! own calls.
//!
//! ```
//! use forewarn::breaker::{AdaptiveBreaker, CallCosts, Gate, Outcome, State};
//! use std::time::Duration;
//!
//! let mut breaker = AdaptiveBreaker::new(CallCosts::default())?;
//! let latency = Duration::from_millis(20);
//! // A thousand good calls, ten a second; then all fail.
//! for call in 0..1_200 {
//!     let now = call * Duration::from_millis(100);
//!     let outcome = if call < 1_000 { Outcome::Success } else { Outcome::Failure };
//!     if let Ok(ticket) = breaker.acquire(now) {
//!         breaker.record(ticket, now + latency, outcome, latency);
//!     }
//! }
//! assert_ne!(breaker.state(), State::Closed);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # The rule
//! In every state a call that is let through is a bet of what its failure would cost against what its
//! success is worth ([`CallCosts`](super::CallCosts)).
//!
//! - **Closed.** A sum goes up by the cost of each bad call, down by four times the worth of each good
//!   one, never below 0, and the circuit opens above the tolerance (a CUSUM, Page 1954): to begin with
//!   six times what a rejection and a failure cost together, at most 12, and 4 once there was an outage:
//!   some 36 and 20 fast failures in a row at the default costs, 13 and 5 where a failure costs 1.
//!   With four instead of one it stays closed where letting through and rejecting come to nearly the
//!   same, as in a brown-out. A call counts as bad as soon as it is *late*: later than the objective and
//!   than the mean latency of good answers by four mean deviations (the retransmission timer of TCP,
//!   Jacobson 1988). Its answer corrects that. So an outage with time-outs is noticed before the first
//!   of them.
//! - **Open.** A probe every `√(2·c·a/λ)`, with the mean cost `c` of a failed call, the rate `λ` of
//!   calls, and the age `a` of the trouble, whether earlier probes have been answered or not: optimal
//!   inspection (Barlow, Hunter and Proschan 1963; Keller 1974) of an outage of unknown duration. The
//!   age goes down again in service, at 0.7 of the speed. The first probe goes out after 0.3 of that
//!   time, and if what it looks at is over within half a second, the circuit closes at once, as near to
//!   opening as it was but for that answer.
//! - **Proving.** A probe that succeeds wins four times its worth, and what has been won may be staked on
//!   further calls: as many may be in flight as it would pay for if all of them failed. From three
//!   good calls' winnings on the circuit is closed; without any it opens again. A healthy dependency
//!   has all of its traffic back within a few answer times.
//! - **Ramping.** Only where the load is to blame, see below: from a quarter of the traffic upwards,
//!   fast to the share that is remembered as safe and slowly beyond.
//!
//! # What it learns
//! - The **rate** of calls, the **latency** of good answers, the **cost** of failures: running averages.
//! - The **tolerance**: near misses and outages that are over within half a second raise it by half,
//!   real outages lower it to a third. Within minutes it goes back to the first tolerance where troubles
//!   have been of the first kind or there have been none, and to 4 where they have been of the second.
//!   So a healthy dependency with bursts of errors is left alone from the start, and the second outage
//!   of another is noticed earlier than the first.
//! - Whether the **load** is to blame. If calls fail soon after the circuit was reopened, results
//!   under little load (probes, the first at a small share) are compared with those since then, by their
//!   likelihood ratio. If those under load are worse, the next attempt is preceded by rest and followed
//!   by a ramp, twice as long as before and at most 20 s. Two failures among the first five results at the
//!   small share end the suspicion, and so do quiet minutes. Trouble of less than two seconds is never
//!   blamed on the load. Trouble that comes out of service, rather than
//!   soon after a return, is first probed without rest: if it is over within half a second, all of the
//!   traffic comes back.
//!
//! Nothing is summed up without bounds, so nothing winds up: after any outage the first probe that
//! succeeds brings the traffic back.
//!
//! # Cost
//! A call takes constant time and allocates nothing; a breaker is some 900 bytes. Same seed, same
//! calls, same times: same decisions, bit for bit. It reads no clock; a time before one already
//! seen is taken to be the latest.
//!
//! # Limits
//! - Half-open is no state of its own: probes go out while the circuit is open, up to ten at a time,
//!   and each gives its place up after 10 s.
//! - Good answers that are worth less than nothing, because they come so late, count as failures.
//! - Calls that come too seldom to tell, one in several seconds, are hardly protected.

mod account;
mod breaker;
mod calls;
mod learned;
mod load;
mod params;
mod phases;
#[cfg(feature = "serde")]
mod saved;
mod tolerance;
mod tune;
mod waiting;

pub use breaker::AdaptiveBreaker;
pub use params::AdaptiveParams;
pub use tune::ObservedCall;
