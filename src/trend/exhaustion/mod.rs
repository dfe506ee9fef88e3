//! When a resource runs out.

mod engine;
mod forecast;
mod params;
mod passage;
mod resets;
#[cfg(feature = "serde")]
mod saved;
mod watch;

pub use forecast::{ExhaustionForecast, Outlook};
pub use params::ExhaustionParams;
pub use watch::{ExhaustionDecision, ExhaustionWatch};
