//! Gradient-boosted trees: how likely a failure is, how long is left, and why.
//!
//! ```
//! use forewarn::boost::FailureClassifierParams;
//! use forewarn::calibrate::Method;
//! use forewarn::ndarray::Array2;
//! use forewarn::prelude::*;
//!
//! // Hours since maintenance, temperature (now and then missing), kind of machine.
//! let x = Array2::from_shape_fn((1_000, 3), |(row, column)| match column {
//!     0 => (row * 37 % 101) as f64,
//!     1 if row % 11 == 0 => f64::NAN,
//!     1 => (row * 71 % 89) as f64,
//!     _ => (row % 4) as f64,
//! });
//! let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + 20.0 * row[2] > 120.0).collect();
//!
//! let model = FailureClassifierParams::default()
//!     .categorical(vec![2])
//!     .calibration(Some(Method::Automatic))
//!     .train(Batch::new(x.view()).with_target(&failed[..]))?;
//! let row = [95.0, f64::NAN, 3.0];
//! assert!(model.score_one(&row)? > 0.9); // a probability
//!
//! // Why: what each column adds to the log-odds, and last what they start from.
//! let one = ArrayView2::from_shape((1, 3), &row).expect("one row");
//! let why = model.ensemble().contributions(one)?;
//! assert!(why[(0, 0, 2)] > 0.0);
//! # use forewarn::ndarray::ArrayView2;
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # What to predict
//! | question | settings | model |
//! |---|---|---|
//! | Does it fail? | [`FailureClassifierParams`] | [`FailureClassifier`]: a probability |
//! | Which of several? | [`ClassifierParams`] | [`Classifier`]: a probability a class |
//! | How much: mean, quantile, count | [`RegressorParams`] | [`Regressor`] |
//! | When, where some have not failed yet | [`CoxParams`], [`HazardParams`], [`AftParams`] | [`FailureTime`]: curves, quantiles, bounds |
//! | A loss of your own | [`BoostingParams`] of an [`Objective`] | what you make of the [`Ensemble`] |
//! | What a model of LightGBM or XGBoost says | | [`Ensemble::from_lightgbm`], [`Ensemble::from_xgboost`] |
//!
//! All share their [settings](BoostingParams), and [`BoostingParams::training`] takes what else a
//! training may have: held-out rows, another measure for early stopping, an observer, names, trees to
//! start from.
//!
//! # How it learns
//! Friedman's gradient boosting (2001) with second derivatives (Chen & Guestrin 2016) on histograms,
//! growing the leaf that gains most (Ke et al. 2017):
//!
//! 1. Columns are cut into at most 255 bins of about as many rows each, once. Sparse columns that are
//!    never set together share a byte.
//! 2. Every round, the loss gives each row two derivatives. They are rounded to whole numbers, up or
//!    down at random, so that histograms are exact sums: the same on any number of threads, and a
//!    sibling's is exactly the parent's less its own.
//! 3. The leaf whose best split gains most is split; only the smaller child's histogram is built. A
//!    thread that would have to wait for another splits a leaf that is likely to be next; what the tree
//!    never comes to is undone.
//! 4. Leaf values come from the derivatives as they are, not from the rounded ones.
//! 5. After the first tree, rows of a table beyond a megabyte of bins are stored leaf by leaf: those
//!    that later trees look at together are then often neighbours.
//! 6. From 65,536 rows of at most 28 columns on, a row's rounded derivatives are stored with its bins, a
//!    cache line for both; and large tables ask the system for huge pages.
//!
//! # Limits
//! - At most 255 bins a column: two values in one bin are alike to a training, though not to models
//!   that are read.
//! - Of a categorical column the 254 most frequent codes (at most 255 with
//!   [`max_bins`](BoostingParams::max_bins)) can be told apart; all others are one.
//! - `min_rows` counts rows by their second derivatives, as LightGBM does: exactly where all have the
//!   same, else about.
//! - A few hundred rows are learned in a millisecond, but seldom well: look at held-out rows
//!   ([`validate`](crate::validate)).

mod binner;
mod bundle;
mod categories;
mod cell;
mod classifier;
mod conformal;
mod cuts;
mod early;
mod ensemble;
mod exchange;
mod explain;
mod fit;
mod frontier;
mod grow;
mod histogram;
mod leaves;
mod loss;
mod multiclass;
mod objective;
mod order;
mod params;
mod partition;
mod predict;
mod prepare;
mod regressor;
mod report;
mod row_bytes;
mod rows;
mod sample;
#[cfg(feature = "serde")]
mod saved_models;
mod scan;
mod search;
mod survival;
mod table;
mod temperature;
#[cfg(test)]
mod tests;
mod train;
mod training;
mod tree;
mod vector;

pub use classifier::{Binary, ClassWeight, FailureClassifier, FailureClassifierParams};
pub use conformal::ConformalInterval;
pub use ensemble::{Ensemble, Link};
pub use explain::{Dependence, DependenceParams, Importance, PermutationImportance, Scale};
pub use loss::{Aft, Cox, Derivatives, Distribution, Hazard, Loss};
pub use multiclass::{Classes, Classifier, ClassifierParams};
pub use objective::{Fitted, Objective, Repeated, Scored};
pub use params::{BoostingParams, Direction, EarlyStopping, HoldOut, RowSampling};
pub use regressor::{Quantity, RegressionLoss, Regressor, RegressorParams};
pub use report::{TrainingReport, Warning};
pub use survival::{AftParams, ConformalBound, CoxParams, FailureTime, Forecast, HazardParams};
pub use training::{Round, Training};
