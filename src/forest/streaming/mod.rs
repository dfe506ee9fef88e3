//! Isolation forests that learn as they go: several metrics at once, one row at a time.
//!
//! Every tree holds a random sample of the rows so far, newer ones more likely than older ones, cut
//! apart at random: a longer side of the box around the rows is cut more often. The tree can take in
//! a row and let go of one without being built anew, and is afterwards distributed as if it had been
//! built from the rows it holds. A row is abnormal if it would be cut off near the root. By how much
//! each metric sticks out of the boxes on its path says why.
//!
//! ```
//! use forewarn::forest::{StreamingForest, StreamingForestParams};
//! use forewarn::prelude::*;
//!
//! // Load and latency rise together.
//! let moment = |i: u32| {
//!     let load = 50.0 + 40.0 * (f64::from(i) * 0.1).sin();
//!     [load, 10.0 + 0.2 * load + f64::from(i * 7919 % 13) * 0.1]
//! };
//! let mut forest = StreamingForestParams::default().build(2)?;
//! let mut usual: f64 = 0.0;
//! for i in 0..1_000 {
//!     let score = forest.observe(&moment(i))?;
//!     if i >= 500 {
//!         usual = usual.max(score);
//!     }
//! }
//!
//! // As slow as under full load, but idle.
//! let explanation = forest.explain_one(&[12.0, 28.0])?;
//! assert!(explanation.score > usual);
//! let sum: f64 = explanation.contributions.iter().sum();
//! assert!((explanation.baseline + sum - explanation.score).abs() < 1e-9);
//! # #[cfg(feature = "serde")] {
//! let mut restored = StreamingForest::from_bytes(&forest.to_bytes()?)?;
//! assert_eq!(restored.observe(&moment(7))?, forest.observe(&moment(7))?);
//! # }
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # The score
//! With `p` the probability that the next random cut of the box around a node's `m` rows and the new
//! row cuts off the new row alone, and `k` the cuts above the node, a tree's score is the expectation
//! of `log₂(n + 1) / (k + 1)` over where that happens; `n` is the number of rows in the tree. A row
//! that the tree holds already (in all of its known values) scores `log₂(n + 1) / (k + log₂(c + 1))`
//! at its leaf of `c` such rows, less up to half of it by their share. About 1 is a row like any
//! other; `log₂(n + 1)`, 8 for 256 rows, is the most. No random numbers are drawn for a score.
//!
//! # What holds
//! - The unit of a column does not matter: sides are measured in a running mean of the column's
//!   absolute deviations. Powers of two as factors change no bit of any score.
//! - NaN is a missing value: it sticks out of no box, and is led to the side with more rows.
//! - A row is judged before it is learned from. The same rows under the same seed give the same
//!   bits, in batches or one at a time, on any number of threads.
//! - Nothing is allocated by [`observe`](StreamingForest::observe) once the trees' samples are full.
//!
//! # Limits
//! - The forest compares a row with other rows, not with its predecessors: let it look at several
//!   moments together ([`shingle`](StreamingForestParams::shingle)), or give changes as columns.
//! - Scores are no probabilities. An [extreme-value threshold](crate::threshold) on the scores makes
//!   alarms of them, at a rate that is asked for.
//!
//! # Sources
//! Guha, Mishra, Roy & Schrijvers, "Robust random cut forest based anomaly detection on streams",
//! ICML 2016: cutting by the length of sides, inserting, deleting. Efraimidis & Spirakis, "Weighted
//! random sampling with a reservoir", Information Processing Letters 97 (2006). Scoring by the
//! expected inverse depth, without drawing: the random cut forest of Amazon's streaming analytics.

mod columns;
mod model;
mod nodes;
mod params;
mod sample;
#[cfg(feature = "serde")]
mod saved;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use model::{StreamingExplanation, StreamingForest};
pub use params::StreamingForestParams;
