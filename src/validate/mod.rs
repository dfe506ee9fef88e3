//! Honest tests: no row, no machine and no future moment on both sides.
//!
//! | what would leak | what keeps it apart |
//! |---|---|
//! | nothing but the row itself | [`holdout`], [`k_fold`] |
//! | other rows of the same machine | [`group_holdout`], [`group_k_fold`] |
//! | what happened later | [`time_split`], [`TimeFolds`] |
//! | both | [`TimeFolds::split_groups`] |
//!
//! All of them give [`Splits`]: row numbers to train on and to test on. [`cross_score`] trains on
//! each and collects the scores of the rows held out.
//!
//! ```
//! # #[cfg(feature = "forest")] {
//! use forewarn::metrics::roc_auc;
//! use forewarn::ndarray::Array2;
//! use forewarn::prelude::*;
//! use forewarn::validate::{cross_score, group_k_fold};
//!
//! // Twenty machines, forty moments each; the last five of every machine run hot.
//! let rows = Array2::from_shape_fn((800, 1), |(i, _)| ((i * 7) % 5 + i % 40 / 35 * 9) as f64);
//! let failing: Vec<bool> = (0..800).map(|i| i % 40 >= 35).collect();
//! let machine: Vec<usize> = (0..800).map(|i| i / 40).collect();
//!
//! let splits = group_k_fold(&failing, &machine, 5, 0)?;
//! let held_out = cross_score(&IsolationForestParams::default(), Batch::new(rows.view()), splits)?;
//! assert!(roc_auc(&held_out.select(&failing), &held_out.scores())? > 0.99);
//! # }
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! **Which one?** The one that asks what will be asked in service. A model for machines that are
//! known, used on tomorrow's rows: by time. A model for machines that it has never seen: by group.
//! Random rows flatter a model wherever neighbouring rows are alike; the gap to the honest number is
//! often larger than that between any two models.
//!
//! Random parts are the same for the same seed on every machine. Times are in any unit (seconds,
//! cycles), but on one clock for all rows: cycles since each machine's start do not say what came
//! before what in the world.

mod cross;
mod folds;
mod splits;
mod time;

pub use cross::{HeldOut, SelectRows, cross_score, cross_with};
pub use folds::{group_holdout, group_k_fold, holdout, k_fold};
pub use splits::{Split, Splits};
pub use time::{TimeFolds, Window, time_split};
