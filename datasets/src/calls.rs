//! The log of the calls to one dependency: time, latency, outcome, and when it was really down.
//!
//! `u` is uniform in `[0, 1)`, `N` standard normal, `E` exponential with mean 1, all fresh at
//! every use:
//! ```text
//! time      each call E / calls_per_second after the one before
//! outages   each E · seconds_between after the one before ended (but at least 30 s), for
//!           E · outage_seconds (but at least 5 s), hard, partial or slow with equal chances
//! latency   L = latency_ms · e^(0.35 N)
//! normal    timeout if L > timeout_ms, else error with probability error_rate, else ok
//! hard      refused: error after 1 + 2u ms; or, in half of the outages, hanging: timeout
//! partial   error with probability p, drawn once an outage in [0.3, 0.8); else as normal
//! slow      L × m, m drawn once an outage in [4, 40); else as normal
//! ```
//! A timeout is logged with a latency of `timeout_ms`.

use crate::error::{Result, check_range};
use crate::random::Stream;
use std::fmt::Write as _;

/// Settings of the log; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::calls::{CallsParams, Outcome};
///
/// let log = CallsParams { seconds: 600.0, ..CallsParams::default() }.simulate()?;
/// assert!(log.rows.iter().all(|call| call.time_s < 600.0));
/// assert!(log.rows.iter().any(|call| call.outcome == Outcome::Ok));
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CallsParams {
    /// Length of the log in seconds, 1 to 10,000,000. Default 7,200.
    pub seconds: f64,
    /// Mean rate of calls, 0.001 to 100,000 a second. Default 1.
    pub calls_per_second: f64,
    /// Median latency in milliseconds, 0.1 to 60,000. Default 40.
    pub latency_ms: f64,
    /// When the caller gives up, in milliseconds, 1 to 600,000. Default 1,000.
    pub timeout_ms: f64,
    /// Errors while all is well, 0 to 0.5. Default 0.005.
    pub error_rate: f64,
    /// Mean time from one outage to the next in seconds, 60 to 10,000,000. Default 900.
    pub seconds_between: f64,
    /// Mean length of an outage in seconds, 1 to 100,000. Default 90.
    pub outage_seconds: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for CallsParams {
    fn default() -> Self {
        Self {
            seconds: 7200.0,
            calls_per_second: 1.0,
            latency_ms: 40.0,
            timeout_ms: 1000.0,
            error_rate: 0.005,
            seconds_between: 900.0,
            outage_seconds: 90.0,
            seed: 1,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// With an answer.
    Ok,
    /// With an error.
    Error,
    /// The caller gave up.
    Timeout,
}

impl Outcome {
    /// The name in the CSV file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
        }
    }
}

/// How a dependency is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutageKind {
    /// Every call fails.
    Hard,
    /// A share of the calls fails.
    Partial,
    /// Calls take many times as long.
    Slow,
}

impl OutageKind {
    /// The name in the CSV file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Partial => "partial",
            Self::Slow => "slow",
        }
    }
}

/// A time during which the dependency was down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outage {
    /// How it was down.
    pub kind: OutageKind,
    /// Its beginning, in seconds from the beginning of the log.
    pub start_s: f64,
    /// Its end, in seconds from the beginning of the log; may lie after the log's last call.
    pub end_s: f64,
    /// Hard: the share of calls that hang, 0 or 1. Partial: the share that fails. Slow: the
    /// factor of the latency.
    pub strength: f64,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When it was made, in seconds from the beginning of the log, to the millisecond.
    pub time_s: f64,
    /// How long it took, to 0.01 ms.
    pub latency_ms: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether, and how, the dependency was down when the call was made.
    pub outage: Option<OutageKind>,
}

/// A simulated log.
#[derive(Debug, Clone, PartialEq)]
pub struct Calls {
    /// The calls in order of time.
    pub rows: Vec<Call>,
    /// The outages in order of time; they do not overlap.
    pub outages: Vec<Outage>,
}

impl CallsParams {
    /// Makes the log. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Calls> {
        check_range("seconds", self.seconds, 1.0, 10_000_000.0)?;
        check_range("calls_per_second", self.calls_per_second, 0.001, 100_000.0)?;
        check_range("latency_ms", self.latency_ms, 0.1, 60_000.0)?;
        check_range("timeout_ms", self.timeout_ms, 1.0, 600_000.0)?;
        check_range("error_rate", self.error_rate, 0.0, 0.5)?;
        check_range("seconds_between", self.seconds_between, 60.0, 10_000_000.0)?;
        check_range("outage_seconds", self.outage_seconds, 1.0, 100_000.0)?;
        let outages = self.outages();
        let mut stream = Stream::new(self.seed, 1);
        let mut rows = Vec::new();
        let mut coming = outages.iter().peekable();
        let mut time = stream.exponential() / self.calls_per_second;
        while time < self.seconds {
            // Cut to the log's resolution first: the label must be true of the time written.
            let time_s = (time * 1000.0).floor() / 1000.0;
            while coming.next_if(|outage| outage.end_s <= time_s).is_some() {}
            let outage = coming.peek().copied().filter(|outage| outage.start_s <= time_s);
            let (outcome, latency) = self.call(outage, &mut stream);
            rows.push(Call {
                time_s,
                latency_ms: (latency * 100.0).round() / 100.0,
                outcome,
                outage: outage.map(|outage| outage.kind),
            });
            time += stream.exponential() / self.calls_per_second;
        }
        Ok(Calls { rows, outages })
    }

    fn outages(&self) -> Vec<Outage> {
        let mut stream = Stream::new(self.seed, 0);
        let mut outages = Vec::new();
        let mut end = 0.0;
        loop {
            let start_s = end + (self.seconds_between * stream.exponential()).max(30.0);
            if start_s >= self.seconds {
                return outages;
            }
            end = start_s + (self.outage_seconds * stream.exponential()).max(5.0);
            let (kind, strength) = match stream.below(3) {
                0 => (OutageKind::Hard, f64::from(u8::from(stream.chance(0.5)))),
                1 => (OutageKind::Partial, stream.between(0.3, 0.8)),
                _ => (OutageKind::Slow, stream.between(4.0, 40.0)),
            };
            outages.push(Outage { kind, start_s, end_s: end, strength });
        }
    }

    /// The outcome of one call and its latency in milliseconds.
    fn call(&self, outage: Option<&Outage>, stream: &mut Stream) -> (Outcome, f64) {
        let (mut error_rate, mut slowness) = (self.error_rate, 1.0);
        match outage {
            Some(Outage { kind: OutageKind::Hard, strength, .. }) => {
                return if *strength > 0.0 {
                    (Outcome::Timeout, self.timeout_ms)
                } else {
                    (Outcome::Error, stream.between(1.0, 3.0))
                };
            }
            Some(Outage { kind: OutageKind::Partial, strength, .. }) => error_rate = *strength,
            Some(Outage { kind: OutageKind::Slow, strength, .. }) => slowness = *strength,
            None => {}
        }
        let latency = self.latency_ms * stream.log_normal(0.35) * slowness;
        let failed = stream.chance(error_rate);
        match (latency > self.timeout_ms, failed) {
            (true, _) => (Outcome::Timeout, self.timeout_ms),
            (false, true) => (Outcome::Error, latency),
            (false, false) => (Outcome::Ok, latency),
        }
    }
}

impl Calls {
    /// The calls as CSV with a header: `time_s, latency_ms, outcome, outage, down`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "time_s,latency_ms,outcome,outage,down\n".to_owned();
        for call in &self.rows {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:.3},{:.2},{},{},{}",
                call.time_s,
                call.latency_ms,
                call.outcome.name(),
                call.outage.map_or("", OutageKind::name),
                u8::from(call.outage.is_some())
            );
        }
        text
    }

    /// Whether the dependency was down at each call.
    #[must_use]
    pub fn labels(&self) -> Vec<bool> {
        self.rows.iter().map(|call| call.outage.is_some()).collect()
    }
}
