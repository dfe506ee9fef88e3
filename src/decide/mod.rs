//! When to alert: the threshold that costs least.
//!
//! A missed failure costs something and so does a false alarm. If a probability is calibrated, an
//! alert pays from `false_alarm / (miss + false_alarm)` on ([`Costs::threshold`]). It seldom is
//! exactly, so [`DecisionParams::choose`] looks on labelled rows, held out from training and
//! calibration, which threshold would have cost least, within the alerts that somebody can take care
//! of, and says how sure that is.
//!
//! ```
//! use forewarn::decide::{Capacity, Costs, DecisionParams};
//!
//! // Thirty days of 100 rows: the riskier the row, the more often it fails.
//! let risk: Vec<f64> = (0..3000).map(|i| ((i * 37) % 100) as f64 / 100.0).collect();
//! let failed: Vec<bool> = (0..3000).map(|i| (i / 100 * 7) % 30 < (i * 37) % 100 / 4).collect();
//!
//! // A failure costs 2,000, a useless check 500; five checks a day are possible.
//! let params = DecisionParams::new(Costs { miss: 2000.0, false_alarm: 500.0 })
//!     .capacity(Some(Capacity { alerts: 5.0, rows: 100.0 }));
//! let decision = params.choose(&failed, &risk)?;
//!
//! assert!(decision.chosen.alert_share <= 0.05);
//! assert!(decision.chosen.cost < decision.nothing.cost);
//! assert!(decision.threshold.contains(decision.chosen.threshold));
//! let alert = 0.99 > decision.chosen.threshold;
//! assert!(alert);
//! # Ok::<(), forewarn::Error>(())
//! ```
//!
//! # Limits
//! - Rows of one machine are not independent: give the machines to
//!   [`choose_grouped`](DecisionParams::choose_grouped), or the intervals are too narrow.
//! - The least cost on these rows is a little less than what is to be expected on others: the
//!   threshold was chosen for them. The interval says how uncertain it is, not how much it flatters.

mod choice;
mod params;
mod search;

pub use choice::{Choice, Decision, Interval};
pub use params::{Capacity, Costs, DecisionParams};
