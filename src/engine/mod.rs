//! The predictive-maintenance engine: from raw telemetry to one answer.
//!
//! | floor | what it does |
//! |---|---|
//! | [`telemetry`] | holds what is known of a fleet: readings, events, maintenance, failures, attributes |
//! | [`action`] | turns an answer into what is done, within limits |
//! | [`features`] | turns it into the rows that models learn from and judge, as a batch or as it comes |
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

pub mod action;
pub mod features;
pub mod telemetry;
