//! Simulated pumps: their history, and the hours that come after it.

use forewarn::engine::telemetry::Telemetry;
use forewarn_datasets::fleet::{FleetParams, FleetRow, SENSORS};
use std::error::Error;

const HOUR: f64 = 3_600.0;

/// What the pumps tell at one hour, and whether one fails at its end.
pub(crate) struct Hour {
    pub pump: String,
    /// Unix seconds.
    pub time: f64,
    /// In the order of [`metrics`].
    pub values: Vec<f64>,
    pub fails: bool,
}

/// The names of what a pump measures.
pub(crate) fn metrics() -> Vec<&'static str> {
    SENSORS.iter().map(|sensor| sensor.name).collect()
}

/// So many pumps for so many hours; from the hour `from` on they are still to come.
pub(crate) fn simulate(
    machines: usize,
    hours: usize,
    from: usize,
) -> Result<(Telemetry, Vec<Hour>), Box<dyn Error>> {
    let rows = FleetParams { machines, hours, seed: 2, ..FleetParams::default() }.simulate()?.rows;
    let told = |row: &FleetRow| Hour {
        pump: format!("pump {}", row.machine + 1),
        time: row.time as f64,
        values: row.sensors.to_vec(),
        fails: row.hours_to_failure == Some(1),
    };
    // Ordered by time, with one row a pump and hour.
    let (past, later) = rows.split_at(from * machines);
    let mut history = Telemetry::new(metrics())?;
    for Hour { pump, time, values, fails } in past.iter().map(told) {
        history.observe(&pump, time, &values)?;
        if fails {
            history.fail(&pump, time + HOUR)?;
        }
    }
    Ok((history, later.iter().map(told).collect()))
}
