//! The nearest that other libraries can do.

use super::recommendation::LogSummary;
use super::theory;
use crate::breaker::{BreakerSettings, OpenTime, Probes, Ramp, SlowCall, Trip};
use std::fmt::Write as _;
use std::time::Duration;

/// Libraries that settings can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ExportTarget {
    /// resilience4j: YAML of the Spring Boot starter.
    Resilience4j,
    /// Polly 8: C#, `CircuitBreakerStrategyOptions`.
    Polly,
    /// Envoy: YAML, `outlier_detection` of a cluster.
    Envoy,
    /// gobreaker 2: Go, `gobreaker.Settings`.
    Gobreaker,
    /// Semian: Ruby, options of an adapter.
    Semian,
}

impl ExportTarget {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Resilience4j, Self::Polly, Self::Envoy, Self::Gobreaker, Self::Semian];

    /// The library's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resilience4j => "resilience4j",
            Self::Polly => "Polly",
            Self::Envoy => "Envoy",
            Self::Gobreaker => "gobreaker",
            Self::Semian => "Semian",
        }
    }
}

/// Settings as another library can have them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Export {
    /// Whose.
    pub target: ExportTarget,
    /// In the library's own language, ready to be pasted.
    pub text: String,
    /// The same in settings of this machine, to be replayed or simulated.
    pub settings: BreakerSettings,
    /// What got lost on the way.
    pub lost: Vec<String>,
}

/// What is common to all of them: plain numbers.
struct Plain {
    /// Bad calls in a row that open the circuit.
    in_a_row: u32,
    /// A share of failures, over so many calls or so long.
    share: f64,
    minimum_calls: u32,
    window: Duration,
    open: Duration,
    probes: u32,
    slow: Option<Duration>,
    lost: Vec<String>,
}

impl BreakerSettings {
    /// The nearest equivalent for another library, for a dependency as a log shows it
    /// ([`Recommendation::log`](super::Recommendation::log)): its rate and what its failures cost turn
    /// utility into counts, and probing by age into one constant time.
    ///
    /// ```
    /// use forewarn::breaker::{BreakerOptimizer, CallLog, ExportTarget, LoggedCall, LoggedOutcome};
    ///
    /// let calls = (0..9000).map(|i| {
    ///     let (time, down) = (f64::from(i) / 10.0, i % 900 >= 700);
    ///     let outcome = if down { LoggedOutcome::TimedOut } else { LoggedOutcome::Ok };
    ///     LoggedCall::new("search", time, if down { 1.0 } else { 0.04 }, outcome)
    /// });
    /// let found = BreakerOptimizer::default().optimize(&CallLog::from_rows(calls)?)?;
    /// let settings = found.settings.expect("outages of 20 s are worth a breaker");
    /// let export = settings.export(ExportTarget::Gobreaker, &found.log);
    /// assert!(export.text.contains("ConsecutiveFailures"));
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    #[must_use]
    pub fn export(&self, target: ExportTarget, log: &LogSummary) -> Export {
        let mut plain = self.plain(log);
        let (text, settings) = match target {
            ExportTarget::Resilience4j => plain.resilience4j(),
            ExportTarget::Polly => plain.polly(),
            ExportTarget::Envoy => plain.envoy(),
            ExportTarget::Gobreaker => plain.gobreaker(),
            ExportTarget::Semian => plain.semian(),
        };
        Export { target, text, settings, lost: plain.lost }
    }

    fn plain(&self, log: &LogSummary) -> Plain {
        /// Windows of time hold about so many calls, unless the rule says how long they are.
        const CALLS: f64 = 20.0;
        let cost = log.failure_cost.max(0.01);
        let rate = log.rate.max(1e-9);
        let after = |calls: f64| Duration::from_secs_f64((calls / rate).clamp(1e-3, 1e9));
        let mut lost = Vec::new();
        let share = theory::trip_share(1.0, cost);
        let (in_a_row, share, minimum_calls, window) = match self.trip {
            Trip::Utility { tolerance, .. } => {
                lost.push("the sum of what is lost: a count of failures instead".to_owned());
                let failures = ((tolerance / cost).floor() + 1.0).clamp(1.0, 1e6);
                (failures as u32, share, failures as u32, after(2.0 * failures))
            }
            Trip::Consecutive { failures } => {
                (failures, 1.0, failures, after(2.0 * f64::from(failures)))
            }
            Trip::LastCalls { calls, minimum_calls, failure_rate, .. } => {
                let failures = (f64::from(minimum_calls) * failure_rate).ceil().max(1.0);
                (failures as u32, failure_rate, minimum_calls, after(f64::from(calls)))
            }
            Trip::Window { length, minimum_calls, failure_rate, .. } => {
                let failures = (f64::from(minimum_calls) * failure_rate).ceil().max(1.0);
                (failures as u32, failure_rate, minimum_calls, length)
            }
        };
        let window = window.max(after(CALLS));
        let open = match self.open_time {
            OpenTime::Constant(time) => time,
            OpenTime::Exponential { first, factor, cap, .. } => {
                let change = if factor < 1.0 { "shrink" } else { "grow" };
                lost.push(format!("open times that {change}: their mean over an outage instead"));
                mean_open(first.as_secs_f64(), factor, cap.as_secs_f64(), log.mean_outage)
            }
            OpenTime::OutageAge { probe_cost, shortest, longest, .. } => {
                lost.push("probing by the outage's age: the best constant time instead".to_owned());
                let time = theory::open_time(1.0, probe_cost, log.mean_outage.max(1e-9), rate);
                Duration::from_secs_f64(time.clamp(shortest.as_secs_f64(), longest.as_secs_f64()))
            }
        };
        if self.ramp.is_some() {
            lost.push("the ramp: all traffic comes back at once".to_owned());
        }
        if self.probes.lease < Duration::MAX {
            lost.push("the lease: a probe that hangs keeps its place".to_owned());
        }
        let slow = self.slow_call.map(|slow| slow.threshold);
        Plain {
            in_a_row,
            share,
            minimum_calls,
            window,
            open,
            probes: self.probes.successes,
            slow,
            lost,
        }
    }
}

/// The mean of the open times that begin within an outage of `outage` seconds.
fn mean_open(first: f64, factor: f64, cap: f64, outage: f64) -> Duration {
    let (mut time, mut age, mut count) = (first, first, 1.0);
    while age < outage && count < 1e4 {
        time = if factor < 1.0 { (time * factor).max(cap) } else { (time * factor).min(cap) };
        age += time;
        count += 1.0;
    }
    Duration::from_secs_f64((age / count).clamp(1e-6, 1e9))
}

fn seconds(duration: Duration, unit: f64) -> f64 {
    // Milliseconds are as fine as any of them takes.
    ((duration.as_secs_f64() * 1e3).ceil().max(1.0) / 1e3).max(unit)
}

fn whole(duration: Duration, least: f64) -> u64 {
    duration.as_secs_f64().max(least).ceil() as u64
}

impl Plain {
    fn settings(&self, trip: Trip, open: f64, probes: u32) -> BreakerSettings {
        let slow_call = self.slow.map(|threshold| SlowCall { threshold, in_flight: false });
        let ramp: Option<Ramp> = None;
        let probes = Probes::default().permits(probes).successes(probes);
        let open_time = OpenTime::Constant(Duration::from_secs_f64(open));
        BreakerSettings { trip, slow_call, open_time, probes, ramp }
    }

    fn resilience4j(&mut self) -> (String, BreakerSettings) {
        let calls = self.minimum_calls.max(1);
        let open = seconds(self.open, 0.001);
        let share = (100.0 * self.share).clamp(1.0, 100.0);
        let mut text = format!(
            "slidingWindowType: COUNT_BASED\n\
             slidingWindowSize: {calls}\n\
             minimumNumberOfCalls: {calls}\n\
             failureRateThreshold: {share:.0}\n\
             waitDurationInOpenState: {:.0}ms\n\
             permittedNumberOfCallsInHalfOpenState: {}\n\
             automaticTransitionFromOpenToHalfOpenEnabled: false\n",
            1e3 * open,
            self.probes
        );
        if let Some(slow) = self.slow {
            let _ = writeln!(text, "slowCallDurationThreshold: {}ms", slow.as_millis());
            let _ = writeln!(text, "slowCallRateThreshold: {share:.0}");
            self.lost.push("calls that hang: they count as slow when they end".to_owned());
        }
        let rate = share.round() / 100.0;
        let trip = Trip::LastCalls {
            calls,
            minimum_calls: calls,
            failure_rate: rate,
            slow_rate: if self.slow.is_some() { rate } else { 1.0 },
        };
        (text, self.settings(trip, open, self.probes))
    }

    fn polly(&mut self) -> (String, BreakerSettings) {
        // Its smallest values.
        let (length, open) = (seconds(self.window, 0.5), seconds(self.open, 0.5));
        let minimum_calls = self.minimum_calls.max(2);
        self.only_failures_and_one_probe();
        if self.open < Duration::from_millis(500) {
            self.lost.push("an open time below half a second".to_owned());
        }
        let text = format!(
            "new CircuitBreakerStrategyOptions\n{{\n\
             \x20   FailureRatio = {:.2},\n\
             \x20   MinimumThroughput = {minimum_calls},\n\
             \x20   SamplingDuration = TimeSpan.FromSeconds({length:.3}),\n\
             \x20   BreakDuration = TimeSpan.FromSeconds({open:.3}),\n\
             }}\n",
            self.share
        );
        let trip = Trip::Window {
            length: Duration::from_secs_f64(length),
            buckets: 10,
            minimum_calls,
            failure_rate: ((100.0 * self.share).round() / 100.0).max(0.01),
            slow_rate: 1.0,
        };
        (text, self.settings(trip, open, 1))
    }

    fn envoy(&mut self) -> (String, BreakerSettings) {
        self.only_failures_and_one_probe();
        self.lost.push("probes: an ejected host comes back with all its traffic".to_owned());
        let open = seconds(self.open, 0.001);
        let text = format!(
            "outlier_detection:\n\
             \x20 consecutive_5xx: {0}\n\
             \x20 consecutive_gateway_failure: {0}\n\
             \x20 interval: {1:.3}s\n\
             \x20 base_ejection_time: {2:.3}s\n\
             \x20 max_ejection_time: {2:.3}s\n\
             \x20 max_ejection_percent: 100\n",
            self.in_a_row,
            open.min(1.0),
            open
        );
        let trip = Trip::Consecutive { failures: self.in_a_row };
        (text, self.settings(trip, open, 1))
    }

    fn gobreaker(&mut self) -> (String, BreakerSettings) {
        if self.slow.take().is_some() {
            self.lost.push("slow calls".to_owned());
        }
        let open = seconds(self.open, 0.001);
        let text = format!(
            "gobreaker.Settings{{\n\
             \tMaxRequests: {},\n\
             \tTimeout:     {:.0} * time.Millisecond,\n\
             \tReadyToTrip: func(counts gobreaker.Counts) bool {{\n\
             \t\treturn counts.ConsecutiveFailures >= {}\n\
             \t}},\n\
             }}\n",
            self.probes,
            1e3 * open,
            self.in_a_row
        );
        let trip = Trip::Consecutive { failures: self.in_a_row };
        (text, self.settings(trip, open, self.probes))
    }

    fn semian(&mut self) -> (String, BreakerSettings) {
        if self.slow.take().is_some() {
            self.lost.push("slow calls".to_owned());
        }
        // Whole seconds: its error times expire after error_timeout, too.
        let open = seconds(self.open, 0.001);
        let window = whole(self.window, 1.0);
        let text = format!(
            "semian: {{\n\
             \x20 error_threshold: {},\n\
             \x20 error_threshold_timeout: {window},\n\
             \x20 error_timeout: {open:.3},\n\
             \x20 success_threshold: {},\n\
             }}\n",
            self.in_a_row, self.probes
        );
        self.lost.push(
            "good calls between failures: errors within the time count, whatever lies between"
                .to_owned(),
        );
        let trip = Trip::Consecutive { failures: self.in_a_row };
        (text, self.settings(trip, open, self.probes))
    }

    fn only_failures_and_one_probe(&mut self) {
        if self.slow.take().is_some() {
            self.lost.push("slow calls".to_owned());
        }
        if self.probes > 1 {
            self.lost.push("more than one probe".to_owned());
        }
    }
}
