//! Python bindings: the module `forewarn._core`, which the package `forewarn` is written on.

mod alert_settings;
mod alerts;
mod benchmarks;
mod boost;
mod boost_model;
mod boost_settings;
mod boost_train;
mod breaker_settings;
mod call_log;
mod canary;
mod changes;
mod circuit;
mod decide;
mod drift;
mod engine;
mod errors;
mod exhaustion;
mod forecast;
mod forest;
mod guarded;
mod judge;
mod listeners;
mod maintenance;
mod maintenance_fleet;
mod maintenance_hand;
mod maintenance_plain;
mod maintenance_settings;
mod maintenance_telemetry;
mod monitor;
mod optimize;
mod outstanding;
mod permit;
mod pool;
mod samples;
mod sequential;
mod series;
mod settings;
mod simulate;
mod slopes;
mod streaming;
mod table;
mod ticker;
mod tuner;
mod watch;
mod words;

#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::alerts::{Reducer, alert_defaults};
    #[pymodule_export]
    use crate::benchmarks::{History, history_defaults};
    #[pymodule_export]
    use crate::boost::{Boosted, concordance};
    #[pymodule_export]
    use crate::boost_settings::boost_defaults;
    #[pymodule_export]
    use crate::breaker_settings::breaker_defaults;
    #[pymodule_export]
    use crate::call_log::Calls;
    #[pymodule_export]
    use crate::canary::{canary_defaults, compare_runs, comparison_defaults, judge_canary};
    #[pymodule_export]
    use crate::changes::{Detector, change_point_defaults, detector_defaults, find_change_points};
    #[pymodule_export]
    use crate::circuit::{Circuit, breakers_text};
    #[pymodule_export]
    use crate::decide::choose_threshold;
    #[pymodule_export]
    use crate::drift::{
        chi_squared_test, compare_configurations, drift_defaults, drift_table, g_test,
        kolmogorov_smirnov, stability_index,
    };
    #[pymodule_export]
    use crate::errors::{CancelledError, Rejected};
    #[pymodule_export]
    use crate::exhaustion::{Exhaustion, exhaustion_defaults, forecast_exhaustion};
    #[pymodule_export]
    use crate::forecast::{forecast_defaults, forecast_metrics};
    #[pymodule_export]
    use crate::forest::Forest;
    #[pymodule_export]
    use crate::guarded::Guarded;
    #[pymodule_export]
    use crate::maintenance::Trained;
    #[pymodule_export]
    use crate::maintenance_fleet::LiveFleet;
    #[pymodule_export]
    use crate::maintenance_plain::least_costly;
    #[pymodule_export]
    use crate::maintenance_settings::{check_engine, engine_defaults, report_defaults};
    #[pymodule_export]
    use crate::maintenance_telemetry::PyTelemetry;
    #[pymodule_export]
    use crate::monitor::{Monitor, monitor_reasons};
    #[pymodule_export]
    use crate::optimize::optimize_breaker;
    #[pymodule_export]
    use crate::permit::Permit;
    #[pymodule_export]
    use crate::samples::{
        adjusted_p_values, compare_rates, compare_shares, compare_zero_inflated, effect_size,
        mann_whitney, rank_test_power, rank_test_size, share_test_size, shift,
    };
    #[pymodule_export]
    use crate::sequential::{Sequential, sequential_defaults};
    #[pymodule_export]
    use crate::simulate::{breaker_families, simulate_breaker};
    #[pymodule_export]
    use crate::slopes::{Rolling, repeated_medians, rolling_defaults, theil_sen};
    #[pymodule_export]
    use crate::streaming::{Streaming, streaming_defaults};
    #[pymodule_export]
    use crate::tuner::{Optimized, Tuner, group_number, tuner_defaults};
}
