//! Bridges to other crates, one a feature, each a few lines that delegate.

#[cfg(feature = "linfa")]
mod linfa;
#[cfg(feature = "smartcore")]
pub(crate) mod smartcore;
#[cfg(feature = "tower")]
pub(crate) mod tower;
