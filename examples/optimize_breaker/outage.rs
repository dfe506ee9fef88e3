//! The worst time in a log, moment by moment, with a breaker or without.

use forewarn::breaker::{BreakerSettings, CallLog, LoggedOutcome, Machine, Outcome, Ticket};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Bars that the stretch is cut into.
pub(crate) const BARS: usize = 150;

/// The calls of the dependency and the stretch in which most failed.
pub(crate) struct Outage<'a> {
    pub key: &'a str,
    /// Seconds of the log.
    pub from: f64,
    pub to: f64,
    /// Start, latency and success, in the order of their starts.
    calls: Vec<(f64, f64, bool)>,
}

/// What became of the calls that began within a bar.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bar {
    pub served: usize,
    pub failed: usize,
    pub rejected: usize,
}

impl<'a> Outage<'a> {
    /// The stretch of this length in which most calls of one dependency failed, with half as much
    /// before and after it; `None` where nothing failed.
    pub(crate) fn worst(log: &'a CallLog, seconds: f64) -> Option<Self> {
        let found = log.keys().iter().filter_map(|key| {
            let mut calls: Vec<_> = log
                .iter()
                .filter(|call| call.key == key && call.outcome.is_observed())
                .map(|call| (call.start, call.latency, call.outcome == LoggedOutcome::Ok))
                .collect();
            calls.sort_by(|a, b| a.0.total_cmp(&b.0));
            let failed: Vec<f64> = calls.iter().filter(|call| !call.2).map(|call| call.0).collect();
            let within = |first: usize| {
                failed[first..].partition_point(|start| *start < failed[first] + seconds)
            };
            let most = (0..failed.len()).max_by_key(|&first| (within(first), Reverse(first)))?;
            let (from, to) = (failed[most] - seconds / 2.0, failed[most] + 1.5 * seconds);
            Some((within(most), Self { key, from, to, calls }))
        });
        found.max_by_key(|(failures, _)| *failures).map(|(_, outage)| outage)
    }

    /// Replays the dependency's whole log; `None` lets everything through.
    pub(crate) fn replay(
        &self,
        settings: Option<BreakerSettings>,
        seed: u64,
    ) -> forewarn::Result<Vec<Bar>> {
        let mut machine = settings.map(|settings| Machine::new(settings, seed)).transpose()?;
        let mut bars = vec![Bar::default(); BARS];
        let mut under_way: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
        let mut tickets: Vec<Option<Ticket>> = Vec::new();
        tickets.resize_with(self.calls.len(), || None);
        for (number, &(start, latency, good)) in self.calls.iter().enumerate() {
            let now = Duration::from_secs_f64(start);
            let mut admitted = true;
            if let Some(machine) = &mut machine {
                while let Some(&Reverse((end, ended))) = under_way.peek()
                    && end <= now
                {
                    under_way.pop();
                    let (_, latency, good) = self.calls[ended];
                    let outcome = if good { Outcome::Success } else { Outcome::Failure };
                    if let Some(ticket) = tickets[ended].take() {
                        machine.record(ticket, end, outcome, Duration::from_secs_f64(latency));
                    }
                }
                tickets[number] = machine.acquire(now).ok();
                admitted = tickets[number].is_some();
                if admitted {
                    under_way.push(Reverse((now + Duration::from_secs_f64(latency), number)));
                }
            }
            let place = (start - self.from) / (self.to - self.from);
            if (0.0..1.0).contains(&place) {
                let bar = &mut bars[(place * BARS as f64) as usize];
                match (admitted, good) {
                    (false, _) => bar.rejected += 1,
                    (true, true) => bar.served += 1,
                    (true, false) => bar.failed += 1,
                }
            }
        }
        Ok(bars)
    }
}
