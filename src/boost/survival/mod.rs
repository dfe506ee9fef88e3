//! How long is left: boosted models of lifetimes, of which many are not over yet.

mod bound;
mod forecast;
mod law;
mod model;
mod train;

pub use bound::ConformalBound;
pub use forecast::Forecast;
pub use model::FailureTime;
pub use train::{AftParams, CoxParams, HazardParams};
