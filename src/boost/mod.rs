//! Gradient-boosted trees: how likely a failure is, how long is left, and why.

mod bundle;
mod categories;
mod cell;
mod classifier;
mod cuts;
mod early;
mod ensemble;
mod exchange;
mod grow;
mod histogram;
mod loss;
mod multiclass;
mod objective;
mod params;
mod partition;
mod predict;
mod prepare;
mod regressor;
mod report;
mod sample;
#[cfg(feature = "serde")]
mod saved_models;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod train;
mod training;
mod tree;

pub use classifier::{Binary, ClassWeight, FailureClassifier, FailureClassifierParams};
pub use ensemble::{Ensemble, Link};
pub use loss::{Derivatives, Loss};
pub use multiclass::{Classes, Classifier, ClassifierParams};
pub use objective::{Fitted, Objective, Scored};
pub use params::{BoostingParams, Direction, EarlyStopping, HoldOut, RowSampling};
pub use regressor::{Quantity, RegressionLoss, Regressor, RegressorParams};
pub use report::{TrainingReport, Warning};
pub use training::{Round, Training};
