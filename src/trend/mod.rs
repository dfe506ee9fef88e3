//! Where a metric is going: robust trends, time to exhaustion, change points, drift.
