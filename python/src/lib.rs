//! Python bindings: the module `forewarn._core`, which the package `forewarn` is written on.

mod alert_settings;
mod alerts;
mod boost;
mod boost_model;
mod boost_settings;
mod boost_train;
mod breaker_settings;
mod call_log;
mod circuit;
mod decide;
mod engine;
mod errors;
mod forest;
mod guarded;
mod judge;
mod listeners;
mod monitor;
mod optimize;
mod outstanding;
mod permit;
mod pool;
mod settings;
mod simulate;
mod streaming;
mod table;
mod ticker;
mod tuner;
mod tuning;
mod watch;

#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::alerts::{Reducer, alert_defaults};
    #[pymodule_export]
    use crate::boost::{Boosted, concordance};
    #[pymodule_export]
    use crate::boost_settings::boost_defaults;
    #[pymodule_export]
    use crate::breaker_settings::breaker_defaults;
    #[pymodule_export]
    use crate::call_log::Calls;
    #[pymodule_export]
    use crate::circuit::{Circuit, breakers_text};
    #[pymodule_export]
    use crate::decide::choose_threshold;
    #[pymodule_export]
    use crate::errors::{CancelledError, Rejected};
    #[pymodule_export]
    use crate::forest::Forest;
    #[pymodule_export]
    use crate::guarded::Guarded;
    #[pymodule_export]
    use crate::monitor::{Monitor, monitor_reasons};
    #[pymodule_export]
    use crate::optimize::optimize_breaker;
    #[pymodule_export]
    use crate::permit::Permit;
    #[pymodule_export]
    use crate::simulate::{breaker_families, simulate_breaker};
    #[pymodule_export]
    use crate::streaming::{Streaming, streaming_defaults};
    #[pymodule_export]
    use crate::tuner::{Optimized, Tuner, group_number, tuner_defaults};
}
