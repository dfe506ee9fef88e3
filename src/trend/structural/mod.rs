//! Structural time series: level, slope, season and noise, averaged over many models.

pub(in crate::trend) mod filter;
pub(in crate::trend) mod mixture;
pub(in crate::trend) mod path;
mod simd;
pub(in crate::trend) mod wild;
