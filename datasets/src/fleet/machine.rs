//! One machine, hour by hour.

use super::faults::{Episode, Fault, Outcome};
use super::{ANOMALY_FROM, FleetParams, FleetRow, MODELS, MODES, SENSORS, START};
use crate::exact::sine;
use crate::random::{Stream, Wander};

/// Rated speed (1/min), rated current (A) and vibration when new (mm/s) of each model.
const RATINGS: [(f64, f64, f64); MODELS.len()] =
    [(1450.0, 12.0, 1.1), (1460.0, 14.0, 1.2), (1480.0, 16.0, 1.3)];

/// Mean load of each mode, in the order of [`MODES`].
const MEAN_LOADS: [f64; MODES.len()] = [0.25, 0.85, 0.6];
const IDLE: usize = 0;
const PEAK: usize = 1;
const RUN: usize = 2;

pub(super) struct Machine {
    number: usize,
    model: usize,
    stream: Stream,
    fault_rate: f64,
    missing_share: f64,
    /// Wear an hour at mean load.
    wear_rate: f64,
    wear: f64,
    age_hours: usize,
    temperature: f64,
    load_wander: Wander,
    ambient_wander: Wander,
    episode: Option<Episode>,
}

impl Machine {
    pub(super) fn new(params: &FleetParams, number: usize) -> Self {
        let mut stream = Stream::new(params.seed, number as u64);
        Self {
            number,
            model: number % MODELS.len(),
            fault_rate: params.fault_rate,
            missing_share: params.missing_share,
            wear_rate: stream.log_normal(0.25) / params.life_hours,
            wear: stream.between(0.0, 0.85),
            age_hours: 0,
            temperature: 40.0,
            load_wander: Wander::new(0.8, 0.05, &mut stream),
            ambient_wander: Wander::new(0.97, 1.2, &mut stream),
            episode: None,
            stream,
        }
    }

    pub(super) fn run(mut self, hours: usize) -> Vec<FleetRow> {
        let mut rows = Vec::with_capacity(hours);
        let mut since_failure = 0;
        for hour in 0..hours {
            let (row, failed) = self.hour(hour);
            rows.push(row);
            if failed {
                for (left, row) in rows[since_failure..].iter_mut().rev().enumerate() {
                    row.hours_to_failure = Some(left + 1);
                }
                since_failure = rows.len();
            }
        }
        rows
    }

    /// The row of one hour, and whether the machine fails at its end.
    fn hour(&mut self, hour: usize) -> (FleetRow, bool) {
        let mode = self.mode(hour);
        let worn = ((self.wear - 0.9) / 0.1).clamp(0.0, 1.0);
        let bearing = worn * worn;
        if self.episode.is_none() && bearing == 0.0 && self.stream.chance(self.fault_rate) {
            self.episode = Some(Episode::begin(&mut self.stream));
        }
        let load = self.load(mode);
        let mut sensors = self.readings(hour, load, bearing);
        let (mut fault, mut severity) = (None, 0.0);
        if bearing > 0.0 {
            (fault, severity) = (Some(Fault::BearingWear), bearing);
        }
        if let Some(episode) = &mut self.episode {
            episode.distort(&mut sensors);
            if episode.severity >= severity {
                (fault, severity) = (Some(episode.fault), episode.severity);
            }
        }
        for (value, sensor) in sensors.iter_mut().zip(SENSORS) {
            // The nearest number of that many decimals, so that the CSV file holds the same bits.
            let scale = [1.0, 10.0, 100.0][sensor.decimals];
            let missing = self.stream.chance(self.missing_share);
            *value = if missing { f64::NAN } else { (*value * scale).round() / scale };
        }
        let row = FleetRow {
            time: START + 3600 * hour as i64,
            machine: self.number,
            model: self.model,
            mode,
            age_hours: self.age_hours,
            sensors,
            fault,
            anomaly: severity >= ANOMALY_FROM,
            hours_to_failure: None,
        };
        let failed = self.wear_and_tear(load);
        (row, failed)
    }

    fn mode(&mut self, hour: usize) -> usize {
        if self.stream.chance(0.02) {
            return self.stream.below(MODES.len());
        }
        match (hour / 24 % 7, hour % 24) {
            (5.., _) | (_, ..6 | 22..) => IDLE,
            (_, 9..16) => PEAK,
            _ => RUN,
        }
    }

    fn load(&mut self, mode: usize) -> f64 {
        let normal = MEAN_LOADS[mode] + self.load_wander.next(&mut self.stream);
        let load = normal.clamp(0.05, 1.0);
        match &self.episode {
            Some(Episode { fault: Fault::Overload, severity, .. }) => {
                load.max(0.85) + 0.35 * severity
            }
            _ => load,
        }
    }

    /// True readings, in the order of [`SENSORS`].
    fn readings(&mut self, hour: usize, load: f64, bearing: f64) -> [f64; SENSORS.len()] {
        let fouling = match &self.episode {
            Some(Episode { fault: Fault::CoolingFouling, severity, .. }) => *severity,
            _ => 0.0,
        };
        let (rated_speed, rated_current, new_vibration) = RATINGS[self.model];
        let stream = &mut self.stream;
        let day = sine((hour as f64 - 9.0) / 24.0);
        let ambient = 19.0 + 3.5 * day + self.ambient_wander.next(stream);
        let speed = 0.35 + 0.65 * load;
        let rpm = rated_speed * speed * (1.0 + 0.004 * stream.normal());
        let current_share =
            (0.2 + 0.8 * load) * (1.0 + 0.12 * bearing) * (1.0 + 0.02 * stream.normal());
        let heating = 32.0 * current_share * current_share * (1.0 + 2.2 * fouling + 0.8 * bearing);
        self.temperature +=
            0.5 * (ambient + 14.0 + heating - self.temperature) + 0.6 * stream.normal();
        let vibration =
            new_vibration * (0.5 + speed * speed) * (1.0 + 4.0 * bearing) * stream.log_normal(0.1);
        let pressure =
            (1.5 + 3.2 * speed * speed) * (1.0 + 0.4 * fouling) * (1.0 + 0.015 * stream.normal());
        let flow = 52.0 * speed * (1.0 - 0.4 * fouling) * (1.0 + 0.015 * stream.normal());
        [ambient, rpm, rated_current * current_share, self.temperature, vibration, pressure, flow]
    }

    /// Ages the machine by an hour; true if it fails, in which case it is as new.
    fn wear_and_tear(&mut self, load: f64) -> bool {
        let mut pace = 1.0;
        let mut failed = false;
        if let Some(episode) = &mut self.episode {
            if episode.fault == Fault::Overload {
                pace = 3.0;
            }
            match episode.pass_hour() {
                Outcome::GoesOn => {}
                Outcome::Over => self.episode = None,
                Outcome::Failure => failed = true,
            }
        }
        let hours = self.stream.exponential() * (0.4 + load) / 0.85;
        self.wear += pace * hours * self.wear_rate;
        self.age_hours += 1;
        failed |= self.wear >= 1.0;
        if failed {
            self.wear = 0.0;
            self.age_hours = 0;
            self.episode = None;
        }
        failed
    }
}
