//! A fleet of pumps: wear, sensors, faults and failures, one row a machine and hour.
//!
//! `u` is uniform in `[0, 1)`, `N` standard normal, `E` exponential with mean 1, all fresh at
//! every use; `N₀` is drawn once a machine. `h` counts hours from the start, which is a Monday at
//! midnight UTC.
//!
//! # Work and weather
//! ```text
//! mode       idle at night (22–6 h) and on two days of seven, peak from 9 to 16 h, else run;
//!            each with probability 0.98, else one of the three at random
//! load       ℓ = mean + a, between 0.05 and 1; mean 0.25 idle, 0.6 run, 0.85 peak;
//!            a = 0.8 a' + noise, deviation 0.05
//! ambient    A = 19 + 3.5 sin(2π (h − 9)/24) + b; b = 0.97 b' + noise, deviation 1.2
//! ```
//! Under an overload the load is `max(ℓ, 0.85) + 0.35 s` instead, whatever the mode.
//!
//! # Faults
//! Each has a severity `s` in `[0, 1]`:
//! ```text
//! bearing_wear     wear w grows by E (0.4 + ℓ) g/0.85 an hour, g = e^(0.25 N₀)/life_hours, three
//!                  times faster under overload; it starts uniform in [0, 0.85);
//!                  s = ((w − 0.9)/0.1)² above w = 0.9; at w = 1 the machine fails, w becomes 0
//! cooling_fouling  grows by 1/(24 + 24u) an hour; half of the cases are cleaned at a severity
//!                  of 0.4 + 0.6u, the others fail at s = 1
//! overload         s = 0.6 + 0.4u for 2 to 8 hours
//! sensor_stuck     one sensor stays at the value it has, times 0.98 + 0.04u, for 8 to 24 hours; s = 1
//! sensor_drift     one sensor shows 30 s of its noise units (see [`SENSORS`]) more than the
//!                  truth, or less; s grows evenly from 0 to 1 within 12 to 36 hours
//! ```
//! The last four begin at random with `fault_rate` a machine hour together (shares 0.2, 0.3,
//! 0.1, 0.4), and only on a machine without a fault. `fault` names the fault from its first hour;
//! `anomaly` is 1 from a severity of [`ANOMALY_FROM`] on.
//!
//! # Sensors
//! `b`, `f`: severities of bearing wear and of fouling; `I₁`, `n₁`: the model's rated current
//! and speed; `q = 0.35 + 0.65 ℓ`:
//! ```text
//! rpm          n₁ q (1 + 0.004 N)
//! current      I = I₁ (0.2 + 0.8 ℓ)(1 + 0.12 b)(1 + 0.02 N)                      A
//! temperature  T = T' + (A + 14 + 32 (I/I₁)² (1 + 2.2 f + 0.8 b) − T')/2 + 0.6 N   °C
//! vibration    v₁ (0.5 + q²)(1 + 4 b) e^(0.1 N)                                mm/s
//! pressure     (1.5 + 3.2 q²)(1 + 0.4 f)(1 + 0.015 N)                            bar
//! flow         52 q (1 − 0.4 f)(1 + 0.015 N)                                    m³/h
//! ```
//! Each is rounded to the sensor's resolution, and missing with `missing_share`.
//!
//! # Hours to failure
//! A machine fails at the end of an hour and is as new (no fault, no wear) at the next one. The
//! failing hour's row has 1; rows after the last failure of a machine have no value.

mod faults;
mod machine;
mod single;

pub use faults::Fault;
pub use single::{SingleFaultParams, SingleFaults};

use crate::dataset::Dataset;
use crate::error::{Result, check_count, check_range};
use crate::time;
use machine::Machine;
use ndarray::Array2;
use std::fmt::Write as _;

/// Severity from which a fault counts as an anomaly.
pub const ANOMALY_FROM: f64 = 0.4;

/// The sensors, in the order of the columns.
pub const SENSORS: [Sensor; 7] = [
    Sensor { name: "ambient", decimals: 1, noise: 0.6 },
    Sensor { name: "rpm", decimals: 0, noise: 30.0 },
    Sensor { name: "current", decimals: 2, noise: 0.5 },
    Sensor { name: "temperature", decimals: 1, noise: 1.5 },
    Sensor { name: "vibration", decimals: 2, noise: 0.15 },
    Sensor { name: "pressure", decimals: 2, noise: 0.15 },
    Sensor { name: "flow", decimals: 1, noise: 1.2 },
];

/// The machine models, in the order of their category codes.
pub const MODELS: [&str; 3] = ["A100", "B200", "C300"];

/// The operating modes, in the order of their category codes.
pub const MODES: [&str; 3] = ["idle", "peak", "run"];

/// 2024-01-01T00:00:00Z, a Monday.
const START: i64 = 1_704_067_200;

/// A sensor of every machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensor {
    /// The column's name.
    pub name: &'static str,
    /// Decimals that are written.
    pub decimals: usize,
    /// The unit in which drifts are counted, about the spread at one load.
    pub noise: f64,
}

/// Settings of the fleet; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::fleet::FleetParams;
///
/// let fleet = FleetParams { machines: 3, hours: 48, ..FleetParams::default() }.simulate()?;
/// assert_eq!(fleet.rows.len(), 3 * 48);
///
/// let refused = FleetParams { machines: 0, ..FleetParams::default() }.simulate().unwrap_err();
/// assert_eq!(refused.to_string(), "machines is 0: it must be from 1 to 10000");
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FleetParams {
    /// Machines, 1 to 10,000. Default 10.
    pub machines: usize,
    /// Hours that each is watched, 1 to 100,000. Default 500.
    pub hours: usize,
    /// Mean life of a bearing in hours, 20 to 100,000. Default 900.
    pub life_hours: f64,
    /// Faults other than bearing wear a machine hour, 0 to 0.1. Default 0.004.
    pub fault_rate: f64,
    /// Share of the sensor readings that are missing, 0 to 0.5. Default 0.004.
    pub missing_share: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for FleetParams {
    fn default() -> Self {
        Self {
            machines: 10,
            hours: 500,
            life_hours: 900.0,
            fault_rate: 0.004,
            missing_share: 0.004,
            seed: 1,
        }
    }
}

/// One machine in one hour.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetRow {
    /// Unix seconds at the beginning of the hour.
    pub time: i64,
    /// The machine, from 0.
    pub machine: usize,
    /// Its model, an index into [`MODELS`].
    pub model: usize,
    /// Its operating mode, an index into [`MODES`].
    pub mode: usize,
    /// Hours since it was new or repaired, from 0.
    pub age_hours: usize,
    /// Readings in the order of [`SENSORS`], NaN where missing.
    pub sensors: [f64; SENSORS.len()],
    /// The fault it has, from the fault's first hour.
    pub fault: Option<Fault>,
    /// Whether the fault is severe enough to show.
    pub anomaly: bool,
    /// Hours until it fails, at least 1; `None` if it does not fail while it is watched.
    pub hours_to_failure: Option<usize>,
}

/// A simulated fleet, ordered by time and then by machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// One row a machine and hour.
    pub rows: Vec<FleetRow>,
}

impl FleetParams {
    /// Runs the fleet. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Fleet> {
        check_count("machines", self.machines, 1, 10_000)?;
        check_count("hours", self.hours, 1, 100_000)?;
        check_range("life_hours", self.life_hours, 20.0, 100_000.0)?;
        check_range("fault_rate", self.fault_rate, 0.0, 0.1)?;
        check_range("missing_share", self.missing_share, 0.0, 0.5)?;
        let mut rows: Vec<FleetRow> = Vec::with_capacity(self.machines * self.hours);
        for number in 0..self.machines {
            rows.extend(Machine::new(self, number).run(self.hours));
        }
        // Stable: within an hour the machines stay in order.
        rows.sort_by_key(|row| row.time);
        Ok(Fleet { rows })
    }
}

impl Fleet {
    /// Model, mode, age and the sensors as features, with the anomalies as labels. Model and
    /// mode are category codes.
    #[must_use]
    pub fn dataset(&self) -> Dataset {
        let mut features = Array2::zeros((self.rows.len(), 3 + SENSORS.len()));
        for (mut to, row) in features.rows_mut().into_iter().zip(&self.rows) {
            let own = [row.model as f64, row.mode as f64, row.age_hours as f64];
            to.iter_mut().zip(own.iter().chain(&row.sensors)).for_each(|(to, from)| *to = *from);
        }
        let names = ["model", "mode", "age_hours"].into_iter().chain(SENSORS.map(|s| s.name));
        Dataset {
            name: "fleet".to_owned(),
            features,
            feature_names: names.map(str::to_owned).collect(),
            categorical: vec![0, 1],
            labels: self.rows.iter().map(|row| row.anomaly).collect(),
        }
    }

    /// The rows as CSV with a header: `time, machine, model, mode, age_hours`, the sensors,
    /// `fault, anomaly, hours_to_failure`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "time,machine,model,mode,age_hours,".to_owned();
        text += &SENSORS.map(|sensor| sensor.name).join(",");
        text += ",fault,anomaly,hours_to_failure\n";
        for row in &self.rows {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{},m{:02},{},{},{}",
                time::format(row.time),
                row.machine + 1,
                MODELS[row.model],
                MODES[row.mode],
                row.age_hours
            );
            for (value, sensor) in row.sensors.iter().zip(SENSORS) {
                text.push(',');
                if !value.is_nan() {
                    let _ = write!(text, "{value:.*}", sensor.decimals);
                }
            }
            let fault = row.fault.map_or("", Fault::name);
            let left = row.hours_to_failure.map_or(String::new(), |hours| hours.to_string());
            let _ = writeln!(text, ",{fault},{},{left}", u8::from(row.anomaly));
        }
        text
    }
}
