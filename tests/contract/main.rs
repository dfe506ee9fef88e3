//! Bad input is refused with the value and the allowed range.

mod metrics;
