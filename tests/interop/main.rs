//! Bridges to other crates give what the crate itself gives.
#![cfg(feature = "full")]

#[cfg(feature = "linfa")]
mod linfa;
#[cfg(feature = "rules")]
mod rules;
#[cfg(feature = "smartcore")]
mod smartcore;
#[cfg(feature = "tower")]
mod tower;
