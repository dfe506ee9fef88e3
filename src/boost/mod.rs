//! Gradient-boosted trees: how likely a failure is, how long is left, and why.

mod ensemble;
mod loss;
mod params;
mod tree;

pub use ensemble::{Ensemble, Link};
pub use loss::{Derivatives, Loss, Objective};
pub use params::{BoostingParams, Direction, RowSampling};
