//! Which simulated dependencies look most like the one behind a log, seen through the same breaker.
//!
//! What a breaker hides is not in the log, but the breaker that wrote it is known: dependencies of all
//! kinds are drawn, the same breaker is put before each of them, and those count for which it would have
//! written much the same log: approximate Bayesian computation with a smooth kernel (Beaumont, Zhang
//! and Balding, "Approximate Bayesian computation in population genetics", Genetics 162, 2002). What
//! is compared are shares and times that tell kinds of trouble apart: how much is rejected, fails or is
//! slow, how often the circuit opens and for how long, how soon it opens again after calls came
//! back, how many of the calls fail that are let through meanwhile, and by how much more calls come soon
//! after one has failed: retries, which show even where all of them are rejected. Where nobody says
//! which breaker wrote the log, those of the peers are tried whose circuits stay open for about as long.

use super::facts::Facts;
use super::peers::PeerDefaults;
use crate::breaker::log::{LoggedOutcome, Row};
use crate::breaker::sim::{Family, Service};
use crate::breaker::{
    BreakerSettings, CallCosts, Gate, Machine, OpenTime, Outcome, Rejected, Ticket, Transition,
};
use crate::error::Result;
use crate::parallel;
use crate::rng::Stream;
use std::time::Duration;

/// Dependencies drawn of each kind.
const EACH: usize = 16;

/// Kinds of trouble.
const KINDS: usize = 8;

/// Seconds that each is seen for, at so many calls a second at most.
const LENGTH: f64 = 1_200.0;
const BUSIEST: f64 = 20.0;

/// Each is slower or faster than usual by this factor at most.
const LONGER: f64 = 2.0;

/// So many calls let through in a row are a return to service.
const RETURNED: usize = 10;

/// A return that is over within so many seconds is short, and shortest.
const SHORT: [f64; 2] = [20.0, 5.0];

/// By how much more than the nearest another peer's open time may be off.
const ABOUT: f64 = 1.2;

/// A good answer that takes so many times as long as usual is slow.
const SLOW: f64 = 3.0;

/// Whoever tries again does so within so many seconds of a failure.
const AGAIN: f64 = 0.5;

/// Calls by which the rate after failures is drawn to the usual one.
const DRAWN: f64 = 5.0;

/// Differences in each of the figures that begin to tell.
const SCALES: [f64; 9] = [0.12, 0.12, 0.5, 0.4, 0.25, 0.25, 0.25, 0.12, 0.15];

type Figures = [f64; 9];

/// One call as the figures need it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    time: f64,
    /// When it had its answer.
    end: f64,
    rejected: bool,
    failed: bool,
    slow: bool,
}

/// Counts, over all keys.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    seconds: f64,
    calls: f64,
    rejected: f64,
    failed: f64,
    slow: f64,
    opens: f64,
    returns: f64,
    /// Sum of the logarithms of the seconds without service.
    rests: f64,
    /// Returns to service that were soon over.
    short: [f64; 2],
    /// Calls let through between two rejected ones, too few for a return, and those that failed.
    probes: f64,
    failed_probes: f64,
    /// Calls, rejected ones as well, and seconds, soon after another has failed.
    again: [f64; 2],
}

impl Counts {
    /// Calls in the order of time.
    fn see(&mut self, calls: &[Seen]) {
        self.see_again(calls);
        let (mut since, mut back) = (None::<f64>, None::<f64>);
        let (mut admitted, mut failed) = (0, 0.0);
        if let (Some(first), Some(last)) = (calls.first(), calls.last()) {
            self.seconds += last.time - first.time;
        }
        for call in calls {
            self.calls += 1.0;
            if !call.rejected {
                let bad = f64::from(u8::from(call.failed));
                self.failed += bad;
                self.slow += f64::from(u8::from(call.slow));
                failed += bad;
                admitted += 1;
                if admitted == RETURNED
                    && let Some(since) = since.take()
                {
                    self.returns += 1.0;
                    self.rests += (call.time - since).max(1e-3).ln();
                    back = Some(call.time);
                }
                continue;
            }
            self.rejected += 1.0;
            if let Some(back) = back.take() {
                for (count, most) in self.short.iter_mut().zip(SHORT) {
                    *count += f64::from(u8::from(call.time - back < most));
                }
            }
            if since.is_none() {
                since = Some(call.time);
                self.opens += 1.0;
            } else {
                self.probes += admitted as f64;
                self.failed_probes += failed;
            }
            (admitted, failed) = (0, 0.0);
        }
    }

    /// Where failed calls are tried again, more calls come after a failure than at other times.
    fn see_again(&mut self, calls: &[Seen]) {
        let failed = calls.iter().filter(|call| call.failed);
        let mut ends: Vec<f64> = failed.map(|call| call.end).collect();
        ends.sort_unstable_by(f64::total_cmp);
        let mut at = 0;
        // The times after failures overlap: each second counts once.
        let mut until = f64::NEG_INFINITY;
        for end in ends {
            let from = end.max(until);
            until = end + AGAIN;
            at += calls[at..].partition_point(|call| call.time <= from);
            let within = calls[at..].partition_point(|call| call.time <= until);
            at += within;
            self.again[0] += within as f64;
            self.again[1] += until - from;
        }
    }

    fn figures(&self) -> Figures {
        // Of few, shares are drawn to a half.
        let share = |some: f64, of: f64| ((some + 0.5) / (of + 1.0)).clamp(0.0, 1.0).sqrt().asin();
        let let_through = self.calls - self.rejected;
        let [again, seconds] = self.again;
        let usual = (self.calls - again) / (self.seconds - seconds).max(1.0);
        let mut figures = [
            share(self.rejected, self.calls),
            share(self.failed, let_through),
            (1_000.0 * self.opens / self.seconds.max(1.0) + 0.5).ln(),
            self.rests / self.returns.max(1.0),
            share(self.short[0], self.returns),
            share(self.short[1], self.returns),
            share(self.failed_probes, self.probes),
            share(self.slow, let_through),
            ((again + DRAWN) / (usual * seconds + DRAWN)).ln(),
        ];
        figures.iter_mut().zip(SCALES).for_each(|(figure, scale)| *figure /= scale);
        figures
    }
}

/// A breaker that writes down what it sees.
struct Writer {
    machine: Machine,
    slow: Duration,
    seen: Vec<Seen>,
}

impl Gate for Writer {
    fn acquire(&mut self, now: Duration) -> std::result::Result<Ticket, Rejected> {
        let ticket = self.machine.acquire(now);
        if ticket.is_err() {
            let time = now.as_secs_f64();
            self.seen.push(Seen { time, end: time, rejected: true, failed: false, slow: false });
        }
        ticket
    }

    fn record(
        &mut self,
        ticket: Ticket,
        now: Duration,
        outcome: Outcome,
        latency: Duration,
    ) -> Option<Transition> {
        let (time, end) = (now.saturating_sub(latency).as_secs_f64(), now.as_secs_f64());
        let failed = outcome == Outcome::Failure;
        let slow = !failed && latency > self.slow;
        self.seen.push(Seen { time, end, rejected: false, failed, slow });
        self.machine.record(ticket, now, outcome, latency)
    }

    fn release(&mut self, ticket: Ticket, now: Duration) {
        self.machine.release(ticket, now);
    }
}

/// The calls of a log that the figures need.
fn seen(rows: &[Row], slow: f64) -> Vec<Seen> {
    let call = |row: &Row| {
        let failed = row.outcome.is_failure();
        Seen {
            time: row.start as f64 / 1e9,
            end: (row.start as f64 + row.latency as f64) / 1e9,
            rejected: row.outcome == LoggedOutcome::Rejected,
            failed,
            slow: !failed && row.latency as f64 / 1e9 > slow,
        }
    };
    rows.iter().map(call).collect()
}

/// Which breakers may have written a log: peers' whose circuits stay open for about as long, by the
/// median time from the first of some rejected calls to the next one that was not.
fn writers(logs: &[&[Row]]) -> Vec<BreakerSettings> {
    let mut spells = Vec::new();
    for rows in logs {
        let mut since = None;
        for row in *rows {
            match (since, row.outcome == LoggedOutcome::Rejected) {
                (None, true) => since = Some(row.start),
                (Some(then), false) => {
                    spells.push((row.start - then) as f64 / 1e9);
                    since = None;
                }
                _ => {}
            }
        }
    }
    spells.sort_unstable_by(f64::total_cmp);
    let median = spells.get(spells.len() / 2).copied().unwrap_or(0.0).max(1e-3);
    let off = |settings: &BreakerSettings| {
        let open = match settings.open_time {
            OpenTime::Constant(time) => time,
            OpenTime::Exponential { first, .. } => first,
            OpenTime::OutageAge { shortest, .. } => shortest,
        };
        (open.as_secs_f64().max(1e-3) / median).ln().abs()
    };
    let mut peers = PeerDefaults::ALL.map(PeerDefaults::settings).to_vec();
    let least = peers.iter().map(off).fold(f64::INFINITY, f64::min);
    peers.retain(|peer| off(peer) <= least + ABOUT.ln());
    peers
}

/// At most so many dependencies and how likely each is, the likeliest first. `base` says what they have
/// in common.
pub(super) fn likely(
    logs: &[&[Row]],
    facts: &Facts,
    base: &Service,
    current: Option<&BreakerSettings>,
    costs: &CallCosts,
    seed: u64,
    most: usize,
) -> Result<Vec<(Service, f64)>> {
    let slow = SLOW * facts.usual_latency;
    let mut counts = Counts::default();
    for rows in logs {
        counts.see(&seen(rows, slow));
    }
    let figures = counts.figures();
    let writers = current.map_or_else(|| writers(logs), |current| vec![*current]);
    let drawn = services(base, seed);
    let slow = Duration::from_secs_f64(slow.clamp(0.0, 1e6));
    let far = parallel::map(drawn.len(), |at| -> Result<f64> {
        let service = drawn[at].clone().length(LENGTH);
        let service = service.calls_per_second(base.calls_per_second.min(BUSIEST));
        let machine = Machine::new(writers[at / KINDS % writers.len()], seed)?;
        let mut writer = Writer { machine, slow, seen: Vec::new() };
        service.trace(0)?.run(&mut writer, costs);
        writer.seen.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut counts = Counts::default();
        counts.see(&writer.seen);
        Ok(counts.figures().into_iter().zip(figures).map(|(a, b)| (a - b).powi(2)).sum())
    });
    let far = far.into_iter().collect::<Result<Vec<f64>>>()?;
    let nearest = far.iter().copied().fold(f64::INFINITY, f64::min);
    let mut likely: Vec<(Service, f64)> = drawn
        .into_iter()
        .zip(far)
        .map(|(service, far)| (service, (-0.5 * (far - nearest)).exp()))
        .collect();
    likely.sort_by(|a, b| b.1.total_cmp(&a.1));
    likely.truncate(most);
    let total: f64 = likely.iter().map(|each| each.1).sum();
    for (_, weight) in &mut likely {
        *weight /= total;
    }
    Ok(likely)
}

/// Dependencies of all kinds, the kinds in turn.
fn services(base: &Service, seed: u64) -> Vec<Service> {
    let kinds: [Family; KINDS] = [
        if base.hanging { Family::HangingOutage } else { Family::FastOutage },
        if base.hanging { Family::HangingBrownout } else { Family::FastBrownout },
        Family::Flapping,
        Family::SlowRecovery,
        Family::Slow,
        Family::RetryStorm,
        Family::ColdRestart,
        Family::Noise,
    ];
    let mut stream = Stream::new(seed, 0x11CE);
    let mut longer = || LONGER.powf(2.0 * stream.unit() - 1.0);
    let mut drawn = Vec::with_capacity(EACH * KINDS);
    for number in 0..EACH as u64 {
        for family in kinds {
            let own = Service::draw(family, seed.wrapping_add(number));
            let (bad, good, recovery) =
                (own.bad * longer(), own.good * longer(), own.recovery * longer());
            drawn.push(Service { family, bad, good, recovery, seed: own.seed, ..base.clone() });
        }
    }
    drawn
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;

    /// What the breaker of a peer writes before a dependency.
    fn written(service: &Service, peer: PeerDefaults, costs: &CallCosts) -> Vec<Row> {
        let machine = Machine::new(peer.settings(), 1).unwrap();
        let slow = Duration::from_secs_f64(SLOW * service.latency);
        let mut writer = Writer { machine, slow, seen: Vec::new() };
        service.trace(7).unwrap().run(&mut writer, costs);
        writer.seen.sort_by(|a, b| a.time.total_cmp(&b.time));
        let row = |seen: &Seen| Row {
            start: (seen.time * 1e9) as u64,
            latency: if seen.slow { u64::MAX } else { ((seen.end - seen.time) * 1e9) as u64 },
            outcome: match (seen.rejected, seen.failed) {
                (true, _) => LoggedOutcome::Rejected,
                (false, true) => LoggedOutcome::Failed,
                (false, false) => LoggedOutcome::Ok,
            },
            attempt: 1,
        };
        writer.seen.iter().map(row).collect()
    }

    /// There are eight kinds: by chance each would get an eighth of the weight.
    #[test]
    fn a_dependency_looks_like_others_of_its_kind() {
        let costs = CallCosts::default();
        let peers = [PeerDefaults::Resilience4j, PeerDefaults::Hystrix];
        let mut told = 0.0;
        let mut count = 0.0;
        for family in [
            Family::HangingOutage,
            Family::HangingBrownout,
            Family::Flapping,
            Family::SlowRecovery,
            Family::RetryStorm,
            Family::Noise,
        ] {
            for (seed, peer) in (31..).zip(peers) {
                let mut service = Service::draw(family, seed).calls_per_second(8.0).length(1_800.0);
                service.hanging = true;
                let rows = written(&service, peer, &costs);
                let facts = Facts { usual_latency: service.latency, ..Facts::of(&[], &costs) };
                let current = Some(peer.settings()).filter(|_| seed != 31);
                let found =
                    likely(&[&rows], &facts, &service, current.as_ref(), &costs, 5, 12).unwrap();
                assert!((found.iter().map(|each| each.1).sum::<f64>() - 1.0).abs() < 1e-9);
                let own = |each: &&(Service, f64)| each.0.family == family;
                told += found.iter().filter(own).map(|each| each.1).sum::<f64>();
                count += 1.0;
            }
        }
        println!("{:.2} of the weight", told / count);
        assert!(told > 0.5 * count, "{told} of {count}");
    }

    /// A call every 0.7 s; every failure lasts 1 s, and is tried again after 0.2 s or not. What is tried
    /// again is rejected, which is all that shows of it.
    #[test]
    fn retries_show_after_failures() {
        let count = |is_tried_again: bool| {
            let mut calls = Vec::new();
            for number in 0..2_000 {
                let time = 0.7 * f64::from(number);
                let failed = number % 200 < 20;
                let end = if failed { time + 1.0 } else { time + 0.1 };
                calls.push(Seen { time, end, rejected: false, failed, slow: false });
                if failed && is_tried_again {
                    let time = end + 0.2;
                    calls.push(Seen {
                        time,
                        end: time,
                        rejected: true,
                        failed: false,
                        slow: false,
                    });
                }
            }
            calls.sort_by(|a, b| a.time.total_cmp(&b.time));
            let mut counts = Counts::default();
            counts.see(&calls);
            counts
        };
        // 200 failures, one of which ends every 0.7 s: half a second after each, in which one call comes
        // anyway and one is tried again.
        let [again, seconds] = count(true).again;
        assert!((seconds - 100.0).abs() < 1.0 && (again - 400.0).abs() < 3.0, "{again} {seconds}");
        let [alone, seconds] = count(false).again;
        assert!((seconds - 100.0).abs() < 1.0 && (alone - 200.0).abs() < 3.0, "{alone} {seconds}");
        let [with, without] = [true, false].map(|again| count(again).figures()[8]);
        assert!(with - without > 3.0, "{with} {without}");
    }

    #[test]
    fn who_wrote_a_log_shows_in_how_long_the_circuit_stays_open() {
        let costs = CallCosts::default();
        let service = Service::draw(Family::FastOutage, 3).calls_per_second(10.0);
        for peer in [PeerDefaults::Resilience4j, PeerDefaults::Hystrix, PeerDefaults::Sentinel] {
            let rows = written(&service, peer, &costs);
            let writers = writers(&[&rows]);
            assert!(writers.contains(&peer.settings()), "{peer}");
            assert!(writers.len() < PeerDefaults::ALL.len(), "{peer}");
        }
    }
}
