//! Isolation forests.

mod average_path;
mod block;
mod calibrate;
mod check;
mod dense;
#[cfg(feature = "serde")]
mod file;
mod grow;
mod guided;
mod learn;
mod merge;
mod model;
mod options;
mod params;
mod program;
mod ranking;
mod sample;
mod simd;
mod split;
mod train;
mod tree;
mod walk;

pub use model::IsolationForest;
pub use options::{DepthLimit, Gain, Missing, Normalisation, Scoring, Split, Subsample};
pub use params::IsolationForestParams;
