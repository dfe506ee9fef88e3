//! Thresholds that learn from a stream and keep the false-alarm rate that they promise.
//!
//! Every detector takes one observation at a time, in bounded memory and without allocating after
//! it has started, and answers with a [`Judgement`]: the [`Band`] of the normal, whether and on
//! which side the value left it, and a score that means the same on every metric.

mod judgement;

pub use judgement::{Band, Judgement, Side};
