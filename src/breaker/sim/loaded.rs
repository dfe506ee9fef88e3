//! A dependency that feels the load: its capacity comes back slowly, and under overload not at all.

use super::family::Family;
use super::law::Law;
use super::service::Service;
use super::timeline::{between, exponential, well};
use crate::rng::Stream;

/// Seconds between two steps of the capacity.
const TICK: f64 = 0.05;
/// The load from which on calls begin to fail, as a share of the capacity.
const STRAINED: f64 = 0.8;
/// The load that a clairvoyant limiter keeps to: less would turn away what could be served, more
/// would delay the recovery.
const WISE: f64 = 0.6;

/// ```text
/// ρ         load over capacity; the load is an exponential average over `memory` seconds
/// failing   errors up to ρ = 0.8, rising evenly to 0.6 at ρ = 1.2, 1 − 0.576 / ρ² beyond
/// latency   · (1 + 4 (ρ − 0.5)²) from ρ = 0.5 on, at most 20 times
/// capacity  changes by (most − least) / recovery · (1 − ρ) a second, 1 − ρ no less than −1
/// ```
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    service: Service,
    /// Capacity in calls a second: now, and its bounds.
    capacity: f64,
    least: f64,
    most: f64,
    /// Seconds that the recovery from least to most takes without load.
    recovery: f64,
    /// Calls a second let through of late.
    load: f64,
    memory: f64,
    /// Calls let through since the last step.
    arrived: f64,
    /// Time of the next step.
    next: f64,
    /// When something happens: hiccups of a storm, the one restart of the other.
    events: Vec<Event>,
    /// Down until then.
    down_until: f64,
    happened: usize,
}

#[derive(Debug, Clone)]
struct Event {
    at: f64,
    /// Seconds of outage.
    down: f64,
    /// Share of the capacity's range that is left.
    left: f64,
}

impl Loaded {
    pub(super) fn draw(service: &Service, stream: &mut Stream) -> Self {
        let rate = service.calls_per_second;
        let mut own = Stream::new(service.seed, 0xB1_0000);
        let mut events = Vec::new();
        if service.family == Family::ColdRestart {
            let at = service.length * between(stream, 0.1, 0.4);
            let down = service.bad * between(stream, 0.7, 1.3);
            events.push(Event { at, down, left: between(stream, 0.0, 0.2) });
        } else {
            let mut now = between(stream, 0.1, 1.0) * service.good;
            while now < service.length {
                let down = service.bad * between(stream, 0.5, 1.5);
                events.push(Event { at: now, down, left: between(stream, 0.0, 0.4) });
                now += down + service.good * (0.5 + 0.5 * exponential(stream));
            }
        }
        let most = between(&mut own, 1.5, 2.0) * rate;
        Self {
            service: service.clone(),
            capacity: most,
            least: between(&mut own, 0.1, 0.3) * rate,
            most,
            recovery: service.recovery,
            load: rate.min(0.6 * most),
            // At 3 calls a second an average over less than 20 calls would be overload by chance.
            memory: (20.0 / rate).max(1.0),
            arrived: 0.0,
            next: TICK,
            events,
            down_until: 0.0,
            happened: 0,
        }
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, now: f64) {
        while self.next <= now {
            let decay = TICK / self.memory;
            self.load += decay * (self.arrived / TICK - self.load);
            self.arrived = 0.0;
            if let Some(event) = self.events.get(self.happened)
                && event.at <= self.next
            {
                self.happened += 1;
                self.down_until = self.next + event.down;
                let left = self.least + event.left * (self.most - self.least);
                self.capacity = self.capacity.min(left);
            }
            let free = (1.0 - self.load / self.capacity).max(-1.0);
            let change = (self.most - self.least) / self.recovery * free * TICK;
            if self.next >= self.down_until {
                self.capacity = (self.capacity + change).clamp(self.least, self.most);
            }
            self.next += TICK;
        }
    }

    /// A call is let through.
    pub(super) fn admit(&mut self) {
        self.arrived += 1.0;
    }

    /// The law at the present load.
    pub(super) fn law(&self) -> Law {
        let well = well(&self.service);
        if self.is_down() {
            return Law { failing: 1.0, hanging: self.service.hanging, ..well };
        }
        let strain = self.load / self.capacity;
        let failing = if strain <= STRAINED {
            0.0
        } else if strain <= 1.2 {
            0.6 * (strain - STRAINED) / 0.4
        } else {
            1.0 - 0.576 / (strain * strain)
        };
        let slower = (1.0 + 4.0 * (strain - 0.5).max(0.0).powi(2)).min(20.0);
        Law {
            failing: failing.max(well.failing),
            hanging: self.service.hanging,
            latency: well.latency * slower,
            ..well
        }
    }

    /// Whether all fails whatever the load.
    pub(super) fn is_down(&self) -> bool {
        self.next <= self.down_until
    }

    /// Whether it could serve less than half of what is asked.
    pub(super) fn is_bad(&self) -> bool {
        self.is_down() || WISE * self.capacity < 0.5 * self.service.calls_per_second
    }

    /// Whether a clairvoyant limiter lets one more call through.
    pub(super) fn has_room(&self) -> bool {
        let present = self.load + self.arrived / self.memory;
        !self.is_down() && present <= WISE.max(STRAINED * self.capacity / self.most) * self.capacity
    }
}
