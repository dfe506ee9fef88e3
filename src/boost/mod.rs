//! Gradient-boosted trees: how likely a failure is, how long is left, and why.

mod categories;
mod cell;
mod classifier;
mod cuts;
mod ensemble;
mod grow;
mod histogram;
mod loss;
mod params;
mod partition;
mod sample;
mod scan;
mod table;
mod train;
mod tree;

pub use classifier::{Binary, FailureClassifier, FailureClassifierParams};
pub use ensemble::{Ensemble, Link};
pub use loss::{Derivatives, Loss, Objective};
pub use params::{BoostingParams, Direction, RowSampling};
