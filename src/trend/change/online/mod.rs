//! Changes of a stream, as they happen.

mod bayes;
mod cusum;
mod detector;
mod focus;
mod params;
#[cfg(feature = "serde")]
mod saved;
mod whitener;

pub use detector::{ChangeDetector, DetectedChange};
pub use params::{ChangeDetectorParams, DetectionMethod};
