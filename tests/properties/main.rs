//! What must hold for any input, against the most obvious version of each computation.

mod attribution;
mod metrics;
