//! When a metric changed: change points of a series that is whole, and of a stream.

mod cost;
mod noise;
mod online;
mod params;
mod search;
mod segments;

pub use online::{ChangeDetector, ChangeDetectorParams, DetectedChange, DetectionMethod};
pub use params::{ChangePointParams, Penalty, Shape};
pub use segments::{ChangePoint, Noise, Segment, Segmentation};
