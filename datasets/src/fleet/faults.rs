//! Kinds of faults, how they begin, grow and end.

use super::SENSORS;
use crate::random::Stream;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The bearing is worn: vibration, some heat and current.
    BearingWear,
    /// The cooler is clogged: heat and pressure rise, flow falls.
    CoolingFouling,
    /// More load than the machine is made for.
    Overload,
    /// One sensor, an index into [`SENSORS`], repeats one value.
    SensorStuck(usize),
    /// One sensor, an index into [`SENSORS`], runs away from the truth.
    SensorDrift(usize),
}

impl Fault {
    /// The name in the CSV file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BearingWear => "bearing_wear",
            Self::CoolingFouling => "cooling_fouling",
            Self::Overload => "overload",
            Self::SensorStuck(_) => "sensor_stuck",
            Self::SensorDrift(_) => "sensor_drift",
        }
    }

    /// The sensor that is itself at fault.
    #[must_use]
    pub fn sensor(self) -> Option<usize> {
        match self {
            Self::SensorStuck(sensor) | Self::SensorDrift(sensor) => Some(sensor),
            Self::BearingWear | Self::CoolingFouling | Self::Overload => None,
        }
    }
}

/// What a fault has come to after an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    GoesOn,
    Over,
    Failure,
}

/// A fault that came at random and passes, or ends in a failure.
#[derive(Debug, Clone)]
pub(super) struct Episode {
    pub(super) fault: Fault,
    pub(super) severity: f64,
    /// Growth of the severity an hour.
    growth: f64,
    /// Hours left, for the faults that have a duration.
    hours_left: usize,
    /// Severity at which a clogged cooler is cleaned; above 1: never.
    cleaned_at: f64,
    /// What a sensor at fault shows: its factor while it is stuck, its direction in a drift.
    sign_or_factor: f64,
    /// The reading that a stuck sensor repeats.
    stuck_at: Option<f64>,
}

impl Episode {
    pub(super) fn begin(stream: &mut Stream) -> Self {
        let which = stream.unit();
        let mut episode = Self {
            fault: Fault::CoolingFouling,
            severity: 0.0,
            growth: 0.0,
            hours_left: usize::MAX,
            cleaned_at: 2.0,
            sign_or_factor: 1.0,
            stuck_at: None,
        };
        if which < 0.2 {
            episode.growth = 1.0 / stream.between(24.0, 48.0);
            if stream.chance(0.5) {
                episode.cleaned_at = stream.between(0.4, 1.0);
            }
        } else if which < 0.5 {
            episode.fault = Fault::Overload;
            episode.severity = stream.between(0.6, 1.0);
            episode.hours_left = 2 + stream.below(7);
        } else if which < 0.6 {
            episode.fault = Fault::SensorStuck(stream.below(SENSORS.len()));
            episode.severity = 1.0;
            episode.hours_left = 8 + stream.below(17);
            episode.sign_or_factor = stream.between(0.98, 1.02);
        } else {
            episode.fault = Fault::SensorDrift(stream.below(SENSORS.len()));
            episode.hours_left = 12 + stream.below(25);
            episode.growth = 1.0 / episode.hours_left as f64;
            episode.sign_or_factor = if stream.chance(0.5) { 1.0 } else { -1.0 };
        }
        episode
    }

    /// Lets an hour pass.
    pub(super) fn pass_hour(&mut self) -> Outcome {
        self.severity = (self.severity + self.growth).min(1.0);
        self.hours_left -= 1;
        if self.fault == Fault::CoolingFouling && self.severity >= 1.0 {
            Outcome::Failure
        } else if self.hours_left == 0 || self.severity >= self.cleaned_at {
            Outcome::Over
        } else {
            Outcome::GoesOn
        }
    }

    /// Puts a wrong value in the place of the reading of a sensor at fault.
    pub(super) fn distort(&mut self, readings: &mut [f64; SENSORS.len()]) {
        match self.fault {
            Fault::SensorStuck(sensor) => {
                let truth = readings[sensor];
                readings[sensor] = *self.stuck_at.get_or_insert(truth * self.sign_or_factor);
            }
            Fault::SensorDrift(sensor) => {
                readings[sensor] +=
                    self.sign_or_factor * self.severity * DRIFT * SENSORS[sensor].noise;
            }
            Fault::BearingWear | Fault::CoolingFouling | Fault::Overload => {}
        }
    }
}

/// How far a drift goes, in units of the sensor's noise.
const DRIFT: f64 = 30.0;
