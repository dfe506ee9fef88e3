//! What most programs need: `use forewarn::prelude::*;`.

pub use crate::error::{Error, Result};
#[cfg(feature = "forest")]
pub use crate::forest::{IsolationForest, IsolationForestParams};
pub use crate::traits::{Batch, Score, Train, Tune, Update};
