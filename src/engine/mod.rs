//! The predictive-maintenance engine: from raw telemetry to one answer. Is this machine (service, disk,
//! queue) about to fail, when, how sure is that, why, and what is to be done?
//!
//! | | |
//! |---|---|
//! | [`telemetry`] | holds what is known of a fleet: readings, events, maintenance, failures, attributes |
//! | [`features`] | turns it into the rows that models learn from and judge, as a batch or as it comes |
//! | [`EngineParams`] | learn from a history: an ensemble, its calibration, an alert threshold |
//! | [`Engine`] | answers: an [`Assessment`] of each entity, from telemetry or from a state |
//! | [`Evaluation`] | how good it was on what it had not seen; [`ModelCard`]: what it has seen |
//! | [`Fleet`] | many entities, live: states, verdicts, drift |
//! | [`action`] | turns an answer into what is done, within limits |
//!
//! [`Engine`] has an example of all of it. This one shows what the rows look like:
//!
//! ```
//! use forewarn::engine::features::FeatureParams;
//! use forewarn::engine::telemetry::Telemetry;
//!
//! let mut fleet = Telemetry::new(["temperature", "vibration"])?;
//! for hour in 0..100 {
//!     let time = 3_600.0 * f64::from(hour);
//!     fleet.observe("pump 1", time, &[40.0 + f64::from(hour % 5), 1.0])?;
//!     fleet.observe("pump 2", time, &[41.0, f64::NAN])?; // its sensor is broken
//! }
//! fleet.event("pump 1", 90_000.0, "overload")?;
//! fleet.fail("pump 1", 300_000.0)?;
//!
//! let features = FeatureParams::default().plan(&fleet)?;
//! let rows = features.rows(&fleet)?;
//! assert_eq!(rows.x.dim(), (200, features.names().len()));
//! assert!(features.names().iter().any(|name| name == "temperature: mean of 24 h"));
//! // Hour 60 of pump 1 is 23 h 20 min before its failure; what became of pump 2 is known until
//! // hour 99, which is less than the horizon of 24 h after hour 80.
//! assert_eq!(rows.fails[60], Some(true));
//! assert_eq!(rows.fails[100 + 60], Some(false));
//! assert_eq!(rows.fails[100 + 80], None);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # The ensemble
//! | member | learns | says |
//! |---|---|---|
//! | classifier | whether a failure comes within the horizon | its log-odds |
//! | survival | who fails first (Cox's partial likelihood) | the cumulative hazard at the horizon |
//! | time left | the time to the failure, up to a limit | its mean |
//! | anomaly | rows that no failure followed (isolation forest) | how unlike them a row is |
//!
//! Their weights are the usual ones, unless rows that none of them had seen clearly speak for others
//! ([`EngineParams::train`]); of such rows the calibration of their sum is learned, and the intervals of
//! the time left.
//!
//! # Limits
//! - A failure that nothing announces is not foretold; one that was never seen is at best abnormal.
//! - Weights and thresholds learned from a dozen failures are uncertain: the evaluation counts them.
//! - What changes the machines (another load, a new model) changes what is usual:
//!   [`Fleet::drift`] names the features that moved. Train again then.

pub mod action;
mod assess;
mod assessment;
mod card;
mod evaluation;
pub mod features;
mod figures;
mod fleet;
mod folds;
mod judged;
mod members;
mod model;
#[cfg(feature = "serde")]
mod number;
mod params;
mod planning;
mod predictor;
mod profile;
mod reasons;
mod regression;
mod remaining;
pub mod report;
mod sample;
#[cfg(feature = "serde")]
mod saved;
mod stack;
pub mod telemetry;
mod train;
mod trends;

pub use assess::{EntityRisk, RiskHistory};
pub use assessment::{Assessment, Reason, TimeToFailure, TrendNote};
pub use card::{Mode, ModelCard};
pub use evaluation::{
    AlertFigures, CalibrationPoint, ConfidenceBin, CostPoint, CurvePoint, EnsembleFigures,
    Evaluation, LifetimeFigures, PartFigures,
};
pub use fleet::{DriftNote, Fleet, Verdict};
pub use model::{Engine, TrainingStage};
pub use params::{EngineParams, HoldOutBy, LifetimeParams};
