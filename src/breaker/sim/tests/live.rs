//! The breaker that services hold decides and costs what the simulator says, bit for bit.

use super::super::drive::{Decide, Driven, Run};
use super::super::world::World;
use super::super::{Family, Report, Service, Trace};
use crate::breaker::{
    Breaker, BreakerSettings, CallCosts, Machine, ManualClock, OpenTime, Outcome, OwnedPermit,
    Probes, Ramp, SlowCall, Trip,
};
use crate::rng::Stream;
use std::time::Duration;

/// A live breaker under a clock set by hand.
struct Live {
    breaker: Breaker<ManualClock>,
    clock: ManualClock,
}

impl Decide for Live {
    type Ticket = OwnedPermit<ManualClock>;

    fn admit(&mut self, now: f64, _world: &World<'_>) -> Option<Self::Ticket> {
        self.clock.set(Duration::from_secs_f64(now));
        self.breaker.try_acquire_owned().ok()
    }

    fn answer(&mut self, ticket: Self::Ticket, now: f64, success: bool, latency: f64) {
        let now = Duration::from_secs_f64(now);
        self.clock.set(now);
        let outcome = if success { Outcome::Success } else { Outcome::Failure };
        ticket.record_at(now, outcome, Duration::from_secs_f64(latency));
    }
}

/// Writes down what another decides.
struct Noted<D> {
    decide: D,
    decisions: Vec<bool>,
}

impl<D: Decide> Decide for Noted<D> {
    type Ticket = D::Ticket;

    fn admit(&mut self, now: f64, world: &World<'_>) -> Option<D::Ticket> {
        let ticket = self.decide.admit(now, world);
        self.decisions.push(ticket.is_some());
        ticket
    }

    fn answer(&mut self, ticket: D::Ticket, now: f64, success: bool, latency: f64) {
        self.decide.answer(ticket, now, success, latency);
    }
}

fn run(trace: &Trace, decide: impl Decide, costs: &CallCosts) -> (Report, Vec<bool>) {
    let mut noted = Noted { decide, decisions: Vec::new() };
    let report = Run::new(trace, &mut noted, costs).go();
    (report, noted.decisions)
}

/// Settings of every kind, short enough for traces of a minute.
pub(in crate::breaker) fn settings(stream: &mut Stream) -> BreakerSettings {
    let millis = |stream: &mut Stream, least: u64, most: u64| {
        Duration::from_millis(least + stream.below((most - least) as usize) as u64)
    };
    let count = |stream: &mut Stream, most| 1 + stream.below(most) as u32;
    let [failure_rate, slow_rate] = [0.1, 0.3].map(|least| least + 0.6 * stream.unit());
    let trip = match stream.below(4) {
        0 => Trip::Consecutive { failures: count(stream, 6) },
        1 => {
            let calls = count(stream, 100);
            let minimum_calls = 1 + stream.below(calls as usize) as u32;
            Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate }
        }
        2 => Trip::Window {
            length: millis(stream, 500, 10_000),
            buckets: count(stream, 15),
            minimum_calls: count(stream, 20),
            failure_rate,
            slow_rate,
        },
        _ => {
            let costs = CallCosts::default().failed(2.0 * stream.unit());
            Trip::Utility { costs, tolerance: 0.5 + 4.0 * stream.unit() }
        }
    };
    let (first, longest) = (millis(stream, 50, 2_000), millis(stream, 2_000, 10_000));
    let open_time = match stream.below(4) {
        0 => OpenTime::Constant(first),
        1 => {
            let (factor, jitter) = (1.0 + 2.0 * stream.unit(), stream.unit());
            OpenTime::Exponential { first, factor, cap: longest, jitter }
        }
        2 => {
            let (factor, jitter) = (0.1 + 0.8 * stream.unit(), stream.unit());
            OpenTime::Exponential { first: longest, factor, cap: first, jitter }
        }
        _ => OpenTime::OutageAge {
            probe_cost: 0.05 + stream.unit(),
            shortest: first,
            longest,
            jitter: stream.unit(),
        },
    };
    let probes = Probes {
        permits: count(stream, 4),
        successes: count(stream, 4),
        failures: count(stream, 2),
        lease: millis(stream, 100, 3_000),
        budget: None,
    };
    let ramp = Ramp {
        first_share: 0.05 + 0.9 * stream.unit(),
        growth: 1.0 + 2.0 * stream.unit(),
        increase: 0.05 + 0.5 * stream.unit(),
        decrease: 0.2 + 0.7 * stream.unit(),
        step_time: millis(stream, 20, 1_000),
        step_calls: count(stream, 5),
    };
    let slow_call =
        SlowCall { threshold: millis(stream, 50, 900), in_flight: stream.below(2) == 0 };
    BreakerSettings {
        trip,
        slow_call: (stream.below(2) == 0).then_some(slow_call),
        open_time,
        probes,
        ramp: (stream.below(2) == 0).then_some(ramp),
    }
}

#[test]
fn a_thousand_settings_live_are_the_simulation_to_the_bit() {
    let costs = CallCosts::default();
    let mut stream = Stream::new(27, 0);
    let mut rejected = 0;
    for number in 0..1_000_u64 {
        let family = Family::ALL[number as usize % 10];
        let mut service = Service::draw(family, number).calls_per_second(12.0).length(60.0);
        service.good = 10.0;
        let trace = service.trace(0).unwrap();
        let settings = settings(&mut stream);

        let mut machine = Machine::new(settings, number).unwrap();
        let driven = Driven { gate: &mut machine, start: Duration::ZERO };
        let (simulated, decisions) = run(&trace, driven, &costs);

        let clock = ManualClock::default();
        // With as many shards as there are threads, and with none: then every call takes the lock.
        let builder = Breaker::builder(settings).seed(number).clock(clock.clone());
        let breaker = builder.shards(1_024 * (number as usize % 2)).build().unwrap();
        let live = Live { breaker: breaker.clone(), clock };
        let (lived, lived_decisions) = run(&trace, live, &costs);

        assert_eq!(decisions, lived_decisions, "{family} {settings:?}");
        assert_eq!(simulated.cost.to_bits(), lived.cost.to_bits(), "{family} {settings:?}");
        assert_eq!(simulated, lived, "{family} {settings:?}");
        assert_eq!(machine, breaker.snapshot(), "{family} {settings:?}");
        rejected += usize::from(simulated.rejected > 0);
    }
    // Nearly all of them had something to decide.
    assert!(rejected > 700, "{rejected}");
}
