//! Many entities, live.

mod drift;
mod judge;
mod live;
#[cfg(feature = "serde")]
mod saved;
mod verdict;

pub use drift::DriftNote;
pub use live::Fleet;
pub use verdict::Verdict;
