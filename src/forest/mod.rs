//! Isolation forests: how abnormal is this row, and why.
//!
//! A tree cuts a few hundred rows apart at random until each is alone. What is abnormal is alone
//! after few cuts. The score of a row is `2^(−E[h(x)] / c(psi))`: `h` is the number of cuts on its
//! path, averaged over the trees, `c(psi)` what it is for a random search tree of as many rows. It
//! lies in `[0, 1]`; 0.5 is a row like any other, and higher is worse.
//!
//! ```
//! use forewarn::forest::{IsolationForest, Verdict};
//! use forewarn::ndarray::{Array2, array};
//! use forewarn::prelude::*;
//!
//! // Load and temperature of a machine: they rise together.
//! let rows = Array2::from_shape_fn((1_000, 2), |(i, column)| {
//!     let load = (i * 37 % 100) as f64;
//!     if column == 0 { load } else { 40.0 + 0.3 * load + (i * 61 % 17) as f64 * 0.2 }
//! });
//! let mut forest = IsolationForestParams::accurate()
//!     .contamination(Some(0.01))
//!     .seed(7)
//!     .train(Batch::new(rows.view()))?;
//!
//! // Idle and hot: each value alone is nothing unusual.
//! let row = [5.0, 68.0];
//! let explanation = forest.explain_one(&row)?;
//! assert!(explanation.score > forest.threshold());
//! let sum: f64 = explanation.contributions.iter().sum();
//! assert!((explanation.expectation + sum - explanation.score).abs() < 1e-9);
//!
//! // An operator says that this was nothing.
//! forest.learn(array![[5.0, 68.0]].view(), &[Verdict::Rejected])?;
//! assert!(forest.score_one(&row)? < explanation.score);
//!
//! # #[cfg(feature = "serde")] {
//! let saved = forest.to_bytes()?;
//! assert_eq!(IsolationForest::from_bytes(&saved)?, forest);
//! # }
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Which settings
//! | settings | trees | time a row, default = 1 | for |
//! |---|---|---|---|
//! | [`fast`](IsolationForestParams::fast) | 50 | 0.5 | millions of rows a second |
//! | [`default`](IsolationForestParams#impl-Default-for-IsolationForestParams) | 100 | 1 | most uses |
//! | [`standard`](IsolationForestParams::standard) | 100 | 1 | the paper's forest, comparable scores |
//! | [`accurate`](IsolationForestParams::accurate) | 200 | 30 | the best ranking |
//!
//! # How it is fast
//! Tables are not walked down trees of up to 256 leaves that cut one column at a time: all of a
//! tree's nodes are compared at once, for 128 rows (`src/forest/dense.rs`). Single rows, and tables in
//! all other trees, are walked, eight rows or trees at a time (`walk.rs`). Both give the same bits as
//! the plain walk that they are tested against, with any vector instructions and number of threads.
//! The environment variable `FOREWARN_SIMD` (`scalar`, `avx2` or `avx512`, read once) limits the vector
//! instructions, to compare them.
//!
//! # Limits
//! - Scores of different settings or data are not comparable; [`rank`](IsolationForest::rank) is.
//! - A row is compared with the training rows, not with its predecessors: give a time series as
//!   features of each moment (value, change, deviation over a window).
//! - A forest does not learn as it goes: [`streaming`] ones do.
//! - Ties in a contamination's threshold leave fewer rows above it, never more.
//!
//! # Sources
//! Liu, Ting & Zhou, "Isolation forest", ICDM 2008; the same, "On detecting clustered anomalies
//! using SCiForest", ECML PKDD 2010; Hariri, Carrasco Kind & Brunner, "Extended isolation forest",
//! IEEE TKDE 2019; Cortes, "Revisiting randomized choices in isolation forests", arXiv:2110.13402,
//! and "Isolation forests: looking beyond tree depth", arXiv:2111.11639; Das et al., "Incorporating
//! expert feedback into active anomaly discovery", ICDM 2016.

mod average_path;
mod calibrate;
mod check;
mod dense;
mod explain;
mod explain_change;
mod explain_tree;
mod explain_without;
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
pub mod streaming;
mod train;
mod tree;
mod values;
mod walk;

pub use explain::Explanation;
pub use explain_change::Change;
pub use learn::{LearnParams, Verdict};
pub use model::IsolationForest;
pub use options::{DepthLimit, Gain, Missing, Normalisation, Scoring, Split, Subsample};
pub use params::IsolationForestParams;
pub use streaming::{StreamingExplanation, StreamingForest, StreamingForestParams};
