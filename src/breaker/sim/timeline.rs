//! The law of the calls over time, where the load does not matter.

use super::family::Family;
use super::law::Law;
use super::service::Service;
use crate::rng::Stream;

/// Seconds between two steps of a law that changes gradually.
const STEP: f64 = 0.5;

/// From `from` seconds on calls follow `law`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Segment {
    pub(super) from: f64,
    pub(super) law: Law,
}

/// How a service is when all is well.
pub(super) fn well(service: &Service) -> Law {
    Law {
        failing: service.errors,
        hanging: false,
        latency: service.latency,
        spread: service.spread,
    }
}

/// Segments in order of time, the first from 0.
pub(super) fn draw(service: &Service, stream: &mut Stream) -> Vec<Segment> {
    let mut line = Line { service, segments: vec![Segment { from: 0.0, law: well(service) }] };
    let mut now = 0.0;
    loop {
        // No bad time follows the one before at once: a tenth of the mean is always between.
        now += service.good * (0.1 + 0.9 * exponential(stream));
        if now >= service.length {
            return line.segments;
        }
        now = line.episode(now, stream);
    }
}

/// Exponential with mean 1.
pub(super) fn exponential(stream: &mut Stream) -> f64 {
    -(1.0 - stream.unit()).ln()
}

/// Uniform between two numbers.
pub(super) fn between(stream: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * stream.unit()
}

struct Line<'a> {
    service: &'a Service,
    segments: Vec<Segment>,
}

impl Line<'_> {
    /// One bad time from `now` on; returns its end.
    fn episode(&mut self, now: f64, stream: &mut Stream) -> f64 {
        let service = self.service;
        let length = service.bad * duration(service.seed, stream);
        match service.family {
            Family::FastOutage | Family::HangingOutage => self.bad(now, length, 1.0),
            Family::FastBrownout | Family::HangingBrownout => {
                let failing = between(stream, 0.1, 0.6);
                self.bad(now, length, failing)
            }
            Family::Noise => {
                let failing = between(stream, 0.5, 0.95);
                self.bad(now, length.min(2.0 * service.bad), failing)
            }
            Family::Flapping => {
                let mut time = now;
                while time < now + length {
                    let (down, up) = (between(stream, 3.0, 15.0), between(stream, 3.0, 15.0));
                    time = self.bad(time, down, 1.0) + up;
                }
                time
            }
            Family::SlowRecovery => {
                let mut time = self.bad(now, length, 1.0);
                let rise = between(stream, 30.0, 90.0);
                let end = time + rise;
                while time < end {
                    time = self.bad(time, STEP, (end - time) / rise);
                }
                end
            }
            Family::Slow => {
                let latency = 0.6 * 5_f64.powf(stream.unit());
                let slow = Law { latency, ..well(service) };
                self.push(now, slow);
                self.push(now + length, well(service));
                now + length
            }
            Family::RetryStorm | Family::ColdRestart => now + length,
        }
    }

    /// `failing` of the calls fail for `length` seconds; returns the end.
    fn bad(&mut self, from: f64, length: f64, failing: f64) -> f64 {
        let well = well(self.service);
        let failing = failing.max(well.failing);
        self.push(from, Law { failing, hanging: self.service.hanging, ..well });
        self.push(from + length, well);
        from + length
    }

    /// What begins at the same moment replaces.
    fn push(&mut self, from: f64, law: Law) {
        if self.segments.last().is_some_and(|last| last.from >= from) {
            self.segments.pop();
        }
        self.segments.push(Segment { from, law });
    }
}

/// A duration of mean 1. Services differ in how regular theirs are: exponential, lognormal, or
/// nearly constant.
fn duration(seed: u64, stream: &mut Stream) -> f64 {
    match seed % 3 {
        0 => 0.05 + 0.95 * exponential(stream),
        1 => (0.8 * stream.normal() - 0.32).exp(),
        _ => between(stream, 0.5, 1.5),
    }
}
