//! A recommendation to be read by people.

use super::recommendation::{Assessment, Recommendation};
use crate::breaker::{BreakerSettings, OpenTime, Trip};
use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

/// Seconds with three figures.
struct Seconds(f64);

impl Display for Seconds {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let seconds = self.0;
        match seconds {
            _ if seconds >= 100.0 => write!(formatter, "{seconds:.0} s"),
            _ if seconds >= 10.0 => write!(formatter, "{seconds:.1} s"),
            _ if seconds >= 1.0 => write!(formatter, "{seconds:.2} s"),
            _ if seconds >= 0.1 => write!(formatter, "{:.0} ms", seconds * 1e3),
            _ => write!(formatter, "{:.1} ms", seconds * 1e3),
        }
    }
}

fn time(duration: Duration) -> Seconds {
    Seconds(duration.as_secs_f64())
}

/// Settings in words, on one line.
pub(super) struct InWords<'a>(pub(super) Option<&'a BreakerSettings>);

impl Display for InWords<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let Some(settings) = self.0 else {
            return write!(formatter, "no breaker");
        };
        match settings.trip {
            Trip::Utility { tolerance, .. } => {
                write!(formatter, "opens when {tolerance:.2} calls are lost")?;
            }
            Trip::Consecutive { failures: 1 } => write!(formatter, "opens at the first failure")?,
            Trip::Consecutive { failures } => {
                write!(formatter, "opens at {failures} failures in a row")?;
            }
            Trip::LastCalls { calls, minimum_calls, failure_rate, .. } => write!(
                formatter,
                "opens at {:.0} % of the last {calls} calls (at least {minimum_calls})",
                100.0 * failure_rate
            )?,
            Trip::Window { length, minimum_calls, failure_rate, .. } => write!(
                formatter,
                "opens at {:.0} % in {} (at least {minimum_calls} calls)",
                100.0 * failure_rate,
                time(length)
            )?,
        }
        if let Some(slow) = settings.slow_call {
            write!(formatter, ", slow from {}", time(slow.threshold))?;
        }
        match settings.open_time {
            OpenTime::Constant(open) => write!(formatter, "; open for {}", time(open))?,
            OpenTime::Exponential { first, factor, cap, .. } => write!(
                formatter,
                "; open for {}, x {factor} each time, at {} {}",
                time(first),
                if factor < 1.0 { "least" } else { "most" },
                time(cap)
            )?,
            OpenTime::OutageAge { probe_cost, shortest, longest, .. } => write!(
                formatter,
                "; open by the outage's age, {} to {} (a probe costs {probe_cost:.2})",
                time(shortest),
                time(longest)
            )?,
        }
        let probes = settings.probes;
        let plural = if probes.successes == 1 { "" } else { "s" };
        write!(formatter, "; {} good probe{plural}", probes.successes)?;
        match settings.ramp {
            None => write!(formatter, ", then everything"),
            Some(ramp) => write!(
                formatter,
                ", then {:.0} % and more each {}",
                100.0 * ramp.first_share,
                time(ramp.step_time)
            ),
        }
    }
}

impl Display for Recommendation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let log = &self.log;
        writeln!(formatter, "{}", self.advice.reason())?;
        if let Some(found) = &self.found {
            writeln!(formatter, "found    {}", InWords(found.settings.as_ref()))?;
        }
        writeln!(formatter, "current  {}", InWords(self.current.settings.as_ref()))?;
        writeln!(
            formatter,
            "log      {} calls, {} keys, {}; {:.1} % of the outcomes known; {} outages of {} on \
             average{}",
            log.calls,
            log.keys,
            Seconds(log.seconds),
            100.0 * log.usable,
            log.outages,
            Seconds(log.mean_outage),
            if log.feels_load { "; seems to suffer from load" } else { "" }
        )?;
        writeln!(
            formatter,
            "theory   nothing through from {:.0} % failures on; a probe every {}",
            100.0 * log.trip_share,
            Seconds(log.open_time)
        )?;
        let Some(found) = &self.found else { return Ok(()) };
        let percent = 100.0 * self.confidence;
        writeln!(
            formatter,
            "saves    {:.2} good calls per 100, {percent:.0} % surely {:.2} to {:.2}; {:.2} if all \
             unknown was good, {:.2} if bad",
            self.saving.mean,
            self.saving.low,
            self.saving.high,
            self.saving_bounds[0],
            self.saving_bounds[1]
        )?;
        for (name, delay) in [("notices", self.detect), ("returns", self.recover)] {
            if let Some(delay) = delay {
                let (median, p95) = (Seconds(delay.median), Seconds(delay.p95));
                writeln!(formatter, "{name}  after {median} (median), {p95} (95 %)")?;
            }
        }
        writeln!(
            formatter,
            "\nper 100 calls      cost  ({percent:.0} % interval)   lost good  failed  wasted s  probes  saved"
        )?;
        row(formatter, "found", found, None)?;
        row(formatter, "current", &self.current, Some(self.saving.mean))?;
        self.peers.iter().try_for_each(|peer| {
            row(formatter, peer.peer.name(), &peer.assessment, Some(peer.saving.mean))
        })
    }
}

fn row(
    formatter: &mut Formatter<'_>,
    name: &str,
    assessment: &Assessment,
    saved: Option<f64>,
) -> Result {
    let Assessment { cost, lost_good, failed, wasted_seconds, probes, .. } = assessment;
    write!(
        formatter,
        "{name:<14} {:>8.2}  ({:>7.2} … {:>7.2}) {lost_good:>10.2} {failed:>7.2} \
         {wasted_seconds:>9.2} {probes:>7.2}",
        cost.mean, cost.low, cost.high
    )?;
    match saved {
        Some(saved) => writeln!(formatter, " {saved:>6.2}"),
        None => writeln!(formatter),
    }
}
