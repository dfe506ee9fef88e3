//! Settings of circuit breakers, as Python gives them and as it gets them back.

use crate::errors::{Exception, Result, bad_value};
use forewarn::Error;
use forewarn::breaker::{
    BreakerSettings, CallCosts, OpenTime, ProbeBudget, Probes, Ramp, SlowCall, Trip,
};
use pyo3::prelude::*;
use std::time::Duration;

/// No duration in any setting is longer.
const LONGEST: f64 = 1e9;

/// Every field of `forewarn.breaker_settings.BreakerSettings`.
#[derive(FromPyObject, IntoPyObject)]
pub(crate) struct Settings {
    consecutive: Option<u32>,
    failure_rate: Option<f64>,
    slow_rate: Option<f64>,
    last_calls: Option<u32>,
    window: Option<f64>,
    buckets: u32,
    minimum_calls: Option<u32>,
    tolerance: f64,
    failed_cost: f64,
    held_cost: f64,
    objective: f64,
    slow_after: Option<f64>,
    slow_in_flight: bool,
    open_time: Option<f64>,
    backoff: f64,
    jitter: Option<f64>,
    probe_cost: f64,
    shortest: f64,
    longest: f64,
    probes: u32,
    probe_successes: u32,
    probe_failures: u32,
    lease: f64,
    probe_budget: Option<(f64, u32)>,
    ramp_share: Option<f64>,
    ramp_growth: f64,
    ramp_increase: f64,
    ramp_decrease: f64,
    ramp_step: f64,
    ramp_calls: u32,
}

/// A duration of so many seconds, which may be out of its setting's range.
pub(crate) fn seconds(name: &'static str, value: f64) -> Result<Duration> {
    if (0.0..=LONGEST).contains(&value) {
        return Ok(Duration::from_secs_f64(value));
    }
    let allowed = "a number of seconds from 0 to 1e9";
    Err(Error::OutOfRange { name, value, allowed }.into())
}

/// Costs by their names in Python.
pub(crate) fn costs(failed_cost: f64, held_cost: f64, objective: f64) -> Result<CallCosts> {
    let objective = seconds("objective", objective)?;
    let costs =
        CallCosts::default().failed(failed_cost).held_second(held_cost).objective(objective);
    costs.check().map_err(|error| in_python(error, &[]))?;
    Ok(costs)
}

/// An error with the name that the setting has in Python.
fn in_python(error: Error, names: &[(&str, &'static str)]) -> Exception {
    let common = [
        ("costs.failed", "failed_cost"),
        ("costs.held_second", "held_cost"),
        ("costs.objective", "objective"),
    ];
    match error {
        Error::OutOfRange { name, value, allowed } => {
            let found = names.iter().chain(&common).find(|(rust, _)| *rust == name);
            let name = found.map_or(name, |(_, python)| python);
            let allowed = match allowed {
                "from 1 to calls" => "from 1 to last_calls",
                "at least first" => "at least open_time",
                "at most first where factor is below 1" => {
                    "at most open_time where backoff is below 1"
                }
                _ => allowed,
            };
            Error::OutOfRange { name, value, allowed }.into()
        }
        other => other.into(),
    }
}

impl Settings {
    pub(crate) fn params(&self) -> Result<BreakerSettings> {
        // One after the other: some names mean two things in the library, and one each in Python.
        let part = |settings: BreakerSettings, names: &[(&str, &'static str)]| {
            settings.check().map_err(|error| in_python(error, names)).map(|()| settings)
        };
        let default = BreakerSettings::default;
        let names = [("failures", "consecutive"), ("calls", "last_calls"), ("length", "window")];
        let trip = part(default().trip(self.trip()?), &names)?.trip;
        let slow = part(default().slow_call(self.slow_call()?), &[("threshold", "slow_after")])?;
        let cap = if self.backoff < 1.0 { "shortest" } else { "longest" };
        let names = [("first", "open_time"), ("factor", "backoff"), ("cap", cap)];
        let open_time = part(default().open_time(self.open_time()?), &names)?.open_time;
        let names = [
            ("permits", "probes"),
            ("successes", "probe_successes"),
            ("failures", "probe_failures"),
            ("per_second", "probe_budget[0]"),
            ("callers", "probe_budget[1]"),
        ];
        let probes = part(default().probes(self.probes()?), &names)?.probes;
        let names = [
            ("first_share", "ramp_share"),
            ("growth", "ramp_growth"),
            ("increase", "ramp_increase"),
            ("decrease", "ramp_decrease"),
            ("step_time", "ramp_step"),
            ("step_calls", "ramp_calls"),
        ];
        let ramp = part(default().ramp(self.ramp()?), &names)?.ramp;
        Ok(BreakerSettings { trip, slow_call: slow.slow_call, open_time, probes, ramp })
    }

    fn trip(&self) -> Result<Trip> {
        let rates = self.failure_rate.is_some() || self.slow_rate.is_some();
        if let Some(failures) = self.consecutive {
            if rates || self.last_calls.is_some() || self.window.is_some() {
                return Err(bad_value(
                    "consecutive is one rule and failure_rate, slow_rate, last_calls and window \
                     are another: only one can open a circuit"
                        .to_owned(),
                ));
            }
            return Ok(Trip::Consecutive { failures });
        }
        if !rates {
            if self.last_calls.is_some() || self.window.is_some() {
                let message = "last_calls and window need a failure_rate or a slow_rate";
                return Err(bad_value(message.to_owned()));
            }
            let costs = costs(self.failed_cost, self.held_cost, self.objective)?;
            return Ok(Trip::Utility { costs, tolerance: self.tolerance });
        }
        let failure_rate = self.failure_rate.unwrap_or(1.0);
        let slow_rate = self.slow_rate.unwrap_or(1.0);
        match (self.window, self.last_calls) {
            (Some(_), Some(_)) => Err(bad_value(
                "window counts seconds and last_calls calls: only one can be".to_owned(),
            )),
            (Some(length), None) => Ok(Trip::Window {
                length: seconds("window", length)?,
                buckets: self.buckets,
                minimum_calls: self.minimum_calls.unwrap_or(20),
                failure_rate,
                slow_rate,
            }),
            (None, calls) => {
                let calls = calls.unwrap_or(100);
                let minimum_calls = self.minimum_calls.unwrap_or(calls.min(20));
                Ok(Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate })
            }
        }
    }

    fn slow_call(&self) -> Result<Option<SlowCall>> {
        let slow = |threshold| -> Result<SlowCall> {
            let threshold = seconds("slow_after", threshold)?;
            Ok(SlowCall { threshold, in_flight: self.slow_in_flight })
        };
        self.slow_after.map(slow).transpose()
    }

    fn open_time(&self) -> Result<OpenTime> {
        let longest = seconds("longest", self.longest)?;
        let Some(first) = self.open_time else {
            return Ok(OpenTime::OutageAge {
                probe_cost: self.probe_cost,
                shortest: seconds("shortest", self.shortest)?,
                longest,
                jitter: self.jitter.unwrap_or(0.1),
            });
        };
        let first = seconds("open_time", first)?;
        let jitter = self.jitter.unwrap_or(0.0);
        if self.backoff == 1.0 {
            if jitter == 0.0 {
                return Ok(OpenTime::Constant(first));
            }
            return Ok(OpenTime::Exponential { first, factor: 1.0, cap: first, jitter });
        }
        let shrinks = self.backoff < 1.0;
        let cap = if shrinks { seconds("shortest", self.shortest)? } else { longest };
        Ok(OpenTime::Exponential { first, factor: self.backoff, cap, jitter })
    }

    fn probes(&self) -> Result<Probes> {
        let budget = |(per_second, callers)| ProbeBudget { per_second, callers };
        Ok(Probes::default()
            .permits(self.probes)
            .successes(self.probe_successes)
            .failures(self.probe_failures)
            .lease(seconds("lease", self.lease)?)
            .budget(self.probe_budget.map(budget)))
    }

    fn ramp(&self) -> Result<Option<Ramp>> {
        let ramp = |share| -> Result<Ramp> {
            Ok(Ramp::default()
                .first_share(share)
                .growth(self.ramp_growth)
                .increase(self.ramp_increase)
                .decrease(self.ramp_decrease)
                .step_time(seconds("ramp_step", self.ramp_step)?)
                .step_calls(self.ramp_calls))
        };
        self.ramp_share.map(ramp).transpose()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(&BreakerSettings::default())
    }
}

impl From<&BreakerSettings> for Settings {
    fn from(of: &BreakerSettings) -> Self {
        let (costs, ramp) = (CallCosts::default(), Ramp::default());
        let mut it = Self {
            consecutive: None,
            failure_rate: None,
            slow_rate: None,
            last_calls: None,
            window: None,
            buckets: 10,
            minimum_calls: None,
            tolerance: 3.0,
            failed_cost: costs.failed,
            held_cost: costs.held_second,
            objective: costs.objective.as_secs_f64(),
            slow_after: of.slow_call.map(|slow| slow.threshold.as_secs_f64()),
            slow_in_flight: of.slow_call.is_none_or(|slow| slow.in_flight),
            open_time: None,
            backoff: 1.0,
            jitter: None,
            probe_cost: 0.5,
            shortest: 0.05,
            longest: 30.0,
            probes: of.probes.permits,
            probe_successes: of.probes.successes,
            probe_failures: of.probes.failures,
            lease: of.probes.lease.as_secs_f64(),
            probe_budget: of.probes.budget.map(|it| (it.per_second, it.callers)),
            ramp_share: of.ramp.map(|ramp| ramp.first_share),
            ramp_growth: of.ramp.unwrap_or(ramp).growth,
            ramp_increase: of.ramp.unwrap_or(ramp).increase,
            ramp_decrease: of.ramp.unwrap_or(ramp).decrease,
            ramp_step: of.ramp.unwrap_or(ramp).step_time.as_secs_f64(),
            ramp_calls: of.ramp.unwrap_or(ramp).step_calls,
        };
        it.take_trip(of.trip);
        it.take_open_time(of.open_time);
        it
    }
}

impl Settings {
    fn take_trip(&mut self, trip: Trip) {
        match trip {
            Trip::Consecutive { failures } => self.consecutive = Some(failures),
            Trip::Utility { costs, tolerance } => {
                self.tolerance = tolerance;
                self.failed_cost = costs.failed;
                self.held_cost = costs.held_second;
                self.objective = costs.objective.as_secs_f64();
            }
            Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate } => {
                self.last_calls = Some(calls);
                self.minimum_calls = Some(minimum_calls);
                (self.failure_rate, self.slow_rate) = (Some(failure_rate), Some(slow_rate));
            }
            Trip::Window { length, buckets, minimum_calls, failure_rate, slow_rate } => {
                self.window = Some(length.as_secs_f64());
                self.buckets = buckets;
                self.minimum_calls = Some(minimum_calls);
                (self.failure_rate, self.slow_rate) = (Some(failure_rate), Some(slow_rate));
            }
            // The enum may grow; what is new is known here then.
            _ => {}
        }
    }

    fn take_open_time(&mut self, open_time: OpenTime) {
        match open_time {
            OpenTime::Constant(time) => self.open_time = Some(time.as_secs_f64()),
            OpenTime::Exponential { first, factor, cap, jitter } => {
                self.open_time = Some(first.as_secs_f64());
                (self.backoff, self.jitter) = (factor, Some(jitter));
                let limit = if factor < 1.0 { &mut self.shortest } else { &mut self.longest };
                *limit = cap.as_secs_f64();
            }
            OpenTime::OutageAge { probe_cost, shortest, longest, jitter } => {
                (self.probe_cost, self.jitter) = (probe_cost, Some(jitter));
                self.shortest = shortest.as_secs_f64();
                self.longest = longest.as_secs_f64();
            }
            _ => {}
        }
    }
}

/// The defaults of the library, by the names of `forewarn.breaker_settings.BreakerSettings`.
#[pyfunction]
pub(crate) fn breaker_defaults() -> Settings {
    Settings::default()
}
