//! Python bindings: the module `forewarn._core`, which the package `forewarn` is written on.

mod alert_settings;
mod alerts;
mod boost;
mod boost_model;
mod boost_settings;
mod boost_train;
mod decide;
mod errors;
mod forest;
mod monitor;
mod pool;
mod settings;
mod streaming;
mod table;
mod tuner;
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
    use crate::decide::choose_threshold;
    #[pymodule_export]
    use crate::errors::CancelledError;
    #[pymodule_export]
    use crate::forest::Forest;
    #[pymodule_export]
    use crate::monitor::{Monitor, monitor_reasons};
    #[pymodule_export]
    use crate::streaming::{Streaming, streaming_defaults};
    #[pymodule_export]
    use crate::tuner::{Optimized, Tuner, group_number, tuner_defaults};
}
