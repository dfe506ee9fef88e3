//! The machine against the most obvious breaker: a list of all calls, counted anew at each failure.

use super::settings::{plain_trip, probes, slow_call};
use super::{Event, events};
use forewarn::breaker::{BreakerSettings, Machine, OpenTime, Outcome, Probes, State, Trip};
use proptest::prelude::*;
use std::time::Duration;

/// Open for a constant time, no ramp, no calls in flight counted.
struct Model {
    settings: BreakerSettings,
    state: State,
    generation: u64,
    /// Of the generation: when, failed, slow.
    calls: Vec<(Duration, bool, bool)>,
    until: Duration,
    /// Probes under way and when each loses its place; how many ended well and badly.
    probes: Vec<(usize, Duration)>,
    ended: [u32; 2],
    begun: usize,
}

impl Model {
    fn go(&mut self, state: State) {
        (self.state, self.generation) = (state, self.generation + 1);
        (self.calls, self.probes, self.ended) = (Vec::new(), Vec::new(), [0; 2]);
    }

    fn open(&mut self, now: Duration) {
        let OpenTime::Constant(time) = self.settings.open_time else { unreachable!() };
        self.until = now + time;
        self.go(State::Open);
    }

    /// The generation and the number of the call, or when to come back.
    fn acquire(&mut self, now: Duration) -> Result<(u64, usize), Duration> {
        if self.state == State::Open && now >= self.until {
            self.go(State::HalfOpen);
        }
        if self.state == State::Open {
            return Err(self.until.saturating_sub(now));
        }
        if self.state == State::HalfOpen {
            let Probes { permits, lease, .. } = self.settings.probes;
            if self.probes.len() == permits as usize {
                let oldest = (0..self.probes.len()).min_by_key(|place| self.probes[*place].1);
                let oldest = oldest.expect("at least one is permitted");
                let (_, until) = self.probes[oldest];
                if until > now {
                    return Err(until.saturating_sub(now));
                }
                self.probes.remove(oldest);
            }
            self.probes.push((self.begun, now + lease));
        }
        self.begun += 1;
        Ok((self.generation, self.begun - 1))
    }

    /// `None`: given up.
    fn end(&mut self, call: (u64, usize), now: Duration, outcome: Option<Outcome>, slow: bool) {
        if call.0 != self.generation {
            return;
        }
        let failed = outcome == Some(Outcome::Failure);
        let counts = !matches!(outcome, None | Some(Outcome::Ignored));
        if self.state == State::HalfOpen {
            let Some(place) = self.probes.iter().position(|probe| probe.0 == call.1) else {
                return;
            };
            self.probes.remove(place);
            self.ended[usize::from(failed || slow)] += u32::from(counts);
            if self.ended[1] >= self.settings.probes.failures {
                self.open(now);
            } else if self.ended[0] >= self.settings.probes.successes {
                self.go(State::Closed);
            }
        } else if counts {
            self.calls.push((now, failed, slow));
            if (failed || slow) && self.trips(now) {
                self.open(now);
            }
        }
    }

    fn trips(&self, now: Duration) -> bool {
        let rates = |calls: &[(Duration, bool, bool)], minimum: u32, failure: f64, slow: f64| {
            let share = |bad: fn(&(Duration, bool, bool)) -> bool, rate: f64| {
                let bad = calls.iter().filter(|call| bad(call)).count();
                bad > 0 && bad as f64 >= rate * calls.len() as f64
            };
            calls.len() >= minimum as usize && (share(|c| c.1, failure) || share(|c| c.2, slow))
        };
        match self.settings.trip {
            Trip::LastCalls { calls, minimum_calls, failure_rate, slow_rate } => {
                let from = self.calls.len().saturating_sub(calls as usize);
                rates(&self.calls[from..], minimum_calls, failure_rate, slow_rate)
            }
            Trip::Window { length, buckets, minimum_calls, failure_rate, slow_rate } => {
                let width = (length / buckets).as_nanos();
                let bucket = |time: Duration| time.as_nanos() / width;
                let inside =
                    |c: &&(Duration, bool, bool)| bucket(c.0) + u128::from(buckets) > bucket(now);
                let calls: Vec<_> = self.calls.iter().filter(inside).copied().collect();
                rates(&calls, minimum_calls, failure_rate, slow_rate)
            }
            Trip::Consecutive { failures } => {
                let last = self.calls.iter().rev().take(failures as usize);
                self.calls.len() >= failures as usize && last.into_iter().all(|c| c.1 || c.2)
            }
            _ => unreachable!(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_machine_does_what_the_model_does(
        trip in plain_trip(),
        slow in slow_call(),
        open in (1..2_000_u64).prop_map(Duration::from_millis),
        probes in probes(),
        events in events(600),
    ) {
        let slow = slow.map(|slow| forewarn::breaker::SlowCall { in_flight: false, ..slow });
        let settings = BreakerSettings::default()
            .trip(trip)
            .slow_call(slow)
            .open_time(OpenTime::Constant(open))
            .probes(probes.budget(None))
            .ramp(None);
        let mut machine = Machine::new(settings, 7).unwrap();
        let mut model = Model {
            settings,
            state: State::Closed,
            generation: 0,
            calls: Vec::new(),
            until: Duration::ZERO,
            probes: Vec::new(),
            ended: [0; 2],
            begun: 0,
        };
        let (mut now, mut calls) = (Duration::ZERO, Vec::new());
        for event in events {
            match event {
                Event::Wait(time) => now += time,
                Event::Acquire => match (machine.acquire(now), model.acquire(now)) {
                    (Ok(ticket), Ok(call)) => {
                        prop_assert_eq!(ticket.generation(), call.0);
                        calls.push((ticket, call, now));
                    }
                    (Err(rejected), Err(wait)) => {
                        prop_assert_eq!(rejected.retry_after, Some(wait));
                    }
                    other => prop_assert!(false, "{:?}", other),
                },
                Event::End(call, outcome) if call < calls.len() => {
                    let (ticket, call, began) = calls.remove(call);
                    let latency = now.saturating_sub(began);
                    machine.record(ticket, now, outcome, latency);
                    let slow = slow.is_some_and(|slow| latency > slow.threshold);
                    model.end(call, now, Some(outcome), slow);
                }
                Event::Release(call) if call < calls.len() => {
                    let (ticket, call, _) = calls.remove(call);
                    machine.release(ticket, now);
                    model.end(call, now, None, false);
                }
                _ => {}
            }
            prop_assert_eq!((machine.state(), machine.generation()), (model.state, model.generation));
            prop_assert_eq!(machine.probes_under_way(), model.probes.len());
        }
    }
}
