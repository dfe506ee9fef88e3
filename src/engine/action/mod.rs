//! From an assessment to what is done, within limits that no wrong model can break.
//!
//! [`ActionPolicy`] says what an assessment is worth doing, by costs that the user states; an
//! [`ActionGate`] lets no more of it happen than a budget and a cool-down allow, and keeps a record of
//! every decision, done or refused. The [`Hand`] that acts is the user's.
//!
//! ```
//! use forewarn::engine::action::{Action, ActionPolicy, ActionRecord, Refusal, Situation};
//!
//! // Whatever happens: one restart a day, and none of the same service within a week.
//! let policy = ActionPolicy::default().budget(1, 86_400.0).cool_down(604_800.0);
//! let mut gate = policy.build()?;
//! let failing = Situation::new(0.9).confidence(0.95);
//! let mut restarted = Vec::new();
//! let mut hand = |record: &ActionRecord| -> Result<(), String> {
//!     restarted.push(record.entity.clone());
//!     Ok(())
//! };
//! assert_eq!(gate.decide("search", 0.0, &failing, &mut hand)?.allowed, Action::ActNow);
//! let record = gate.decide("checkout", 60.0, &failing, &mut hand)?;
//! assert_eq!(record.refusal, Some(Refusal::Budget { until: 86_400.0 }));
//! assert_eq!(restarted, ["search"]);
//! # Ok::<(), forewarn::Error>(())
//! ```

mod gate;
mod policy;
mod record;
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests;

pub use gate::{ActionGate, Hand};
pub use policy::{Action, ActionCosts, ActionPolicy, Situation};
pub use record::{ActionOutcome, ActionRecord, Refusal};
