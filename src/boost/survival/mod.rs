//! How long is left: boosted models of lifetimes, of which many are not over yet.
//!
//! Losses are in `boost/loss/`; here is what becomes of the trees: a law that turns their scores into
//! cumulative hazards (`law.rs`), forecasts that read survival curves, quantiles and conditional
//! probabilities off those (`forecast.rs`), and bounds that hold whatever the model is worth
//! (`bound.rs`).

mod bound;
mod forecast;
mod law;
mod model;
mod train;

pub use bound::ConformalBound;
pub use forecast::Forecast;
#[cfg(feature = "serde")]
pub(crate) use law::Law;
pub use model::FailureTime;
pub use train::{AftParams, CoxParams, HazardParams};
