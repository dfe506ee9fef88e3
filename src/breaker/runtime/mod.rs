//! The live breaker: the machine among threads.

mod adaptive;
mod builder;
mod call;
mod clock;
mod core;
mod events;
#[cfg(all(test, loom))]
mod explored;
#[cfg(test)]
mod linear;
mod live;
mod pass;
mod permit;
mod registry;
mod shard;
mod slot;
mod sync;

pub use adaptive::{AdaptivePermit, LiveAdaptiveBreaker, LiveAdaptiveBuilder, OwnedAdaptivePermit};
pub use builder::BreakerBuilder;
pub use call::{CallError, Classify};
#[cfg(feature = "quanta")]
pub use clock::TscClock;
pub use clock::{Clock, ManualClock, MonotonicClock};
pub use live::Breaker;
pub use permit::{OwnedPermit, Permit};
pub use registry::{BreakerRegistry, BreakerRegistryParams};
