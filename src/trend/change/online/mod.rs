//! Changes of a stream, as they happen.

mod bayes;
mod corners;
mod cusum;
mod detector;
mod focus;
mod latest;
mod params;
mod part;
#[cfg(feature = "serde")]
mod saved;
mod whitener;

pub use detector::{ChangeDetector, DetectedChange};
pub use params::{ChangeDetectorParams, DetectionMethod};
