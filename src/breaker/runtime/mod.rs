//! The live breaker: the machine among threads.

mod call;
mod clock;
mod core;
mod events;
#[cfg(all(test, loom))]
mod explored;
mod live;
mod permit;
mod registry;
mod shard;
mod slot;
mod sync;

pub use call::{CallError, Classify};
#[cfg(feature = "quanta")]
pub use clock::TscClock;
pub use clock::{Clock, ManualClock, MonotonicClock};
pub use live::{Breaker, BreakerBuilder};
pub use permit::{OwnedPermit, Permit};
pub use registry::{BreakerRegistry, BreakerRegistryParams};
