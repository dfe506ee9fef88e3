//! Settings learned from the history of calls.

mod batched;
mod blame;
mod candidates;
mod coupled;
mod course;
mod display;
mod estimate;
mod export;
mod facts;
mod front;
mod latent;
mod likely;
mod optimizer;
mod params;
mod peers;
mod race;
mod recommendation;
mod replay;
mod search;
mod shifted;
mod study;
pub mod theory;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests;

pub use estimate::{Delay, Estimate};
pub use export::{Export, ExportTarget};
pub use params::BreakerOptimizer;
pub use peers::PeerDefaults;
pub use recommendation::{
    Advice, Assessment, FrontPoint, LogSummary, PeerComparison, Recommendation,
};
