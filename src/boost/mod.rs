//! Gradient-boosted trees: how likely a failure is, how long is left, and why.

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
mod survival;
mod table;
#[cfg(test)]
mod tests;
mod train;
mod training;
mod tree;

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
