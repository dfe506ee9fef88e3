//! What would have become of each call had it been let through: the courses of events that
//! candidates are replayed on.

use super::latent::{Latent, Sighting, Sign};
use super::shifted::shift;
use crate::breaker::log::{LoggedOutcome, Row};
use crate::breaker::machine::time::Nanos;
use crate::breaker::{CallCosts, Outcome};
use crate::rng::Stream;
use std::time::Duration;

/// What is drawn for an unknown call is drawn from so many observed ones before it and as many
/// after it, of the same condition.
const NEIGHBOURS: usize = 8;

/// Courses that are drawn to learn how long outages are.
const PATHS: u64 = 4;

/// One call as a replay needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event {
    /// Since the log began.
    pub(super) start: Nanos,
    pub(super) latency: Nanos,
    pub(super) kind: Kind,
    /// Whether the dependency was down.
    pub(super) down: bool,
    /// What it costs to let it through: a failure, and the seconds beyond the objective.
    pub(super) cost: f32,
}

/// What a call does if it is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ends(Outcome),
    /// Taken back by its caller.
    Released,
}

impl Event {
    /// When it ends if it is let through.
    pub(super) fn end(&self) -> Nanos {
        self.start.saturating_add(self.latency)
    }

    /// Whether rejecting it loses a good call.
    pub(super) fn is_good(&self) -> bool {
        self.kind == Kind::Ends(Outcome::Success)
    }

    /// What rejecting it costs.
    pub(super) fn lost(&self) -> f64 {
        f64::from(u8::from(self.is_good()))
    }
}

/// How what is unknown is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    /// By a course drawn with its probability.
    Drawn(u64),
    /// As it was, but with outages that begin and end a little sooner or later.
    Shifted(u64),
    /// All good, and all bad: the bounds.
    Good,
    Bad,
}

/// One dependency: its calls, and what they tell of its condition.
#[derive(Debug)]
pub(super) struct History {
    rows: Vec<Row>,
    sightings: Vec<Sighting>,
    pub(super) latent: Latent,
    origin: u64,
    /// Name its random streams; follow from what it holds, and from the outcomes alone.
    name: u64,
    shape: u64,
    /// Places of the observed calls while up, and while down.
    observed: [Vec<u32>; 2],
}

impl History {
    /// `origin` is the first start of the whole log, in nanoseconds.
    pub(super) fn new(rows: Vec<Row>, origin: u64, costs: &CallCosts) -> Self {
        let sightings: Vec<Sighting> = rows
            .iter()
            .map(|row| Sighting {
                time: (row.start - origin) as f64 / 1e9,
                sign: match row.outcome {
                    LoggedOutcome::Failed | LoggedOutcome::TimedOut => Sign::Bad,
                    LoggedOutcome::Ok
                        if costs.utility(Outcome::Success, nanoseconds(row.latency)) < 0.0 =>
                    {
                        Sign::Bad
                    }
                    LoggedOutcome::Ok => Sign::Good,
                    _ => Sign::Unknown,
                },
            })
            .collect();
        let latent = Latent::fit(&sightings);
        let mut observed = [Vec::new(), Vec::new()];
        let mut name = 0xCBF2_9CE4_8422_2325_u64;
        let mut shape = name;
        let mix =
            |name: u64, word: u64| (name ^ word).wrapping_mul(0x0100_0000_01B3).rotate_left(23);
        for (at, row) in rows.iter().enumerate() {
            for word in [row.start - origin, row.latency, row.outcome as u64] {
                name = mix(name, word);
            }
            shape = mix(shape, row.outcome as u64);
            if row.outcome.is_observed() {
                observed[usize::from(latent.down[at] > 0.5)].push(at as u32);
            }
        }
        Self { rows, sightings, latent, origin, name, shape, observed }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether anything is unknown.
    pub(super) fn is_censored(&self) -> bool {
        self.rows.iter().any(|row| row.outcome == LoggedOutcome::Rejected)
    }

    /// Whether it was down at each call: as it is likeliest, or where much is hidden some courses drawn
    /// with their probability.
    pub(super) fn paths(&self) -> Vec<Vec<bool>> {
        if !self.is_censored() {
            return vec![self.likeliest()];
        }
        let draw = |draw| {
            let mut stream = Stream::new(self.name, u64::MAX - 1 - draw);
            self.latent.draw(&self.sightings, &mut stream)
        };
        (0..PATHS).map(draw).collect()
    }

    fn likeliest(&self) -> Vec<bool> {
        self.latent.down.iter().map(|down| *down > 0.5).collect()
    }

    /// One course of events.
    pub(super) fn course(&self, filling: Filling, costs: &CallCosts) -> Vec<Event> {
        let draw = match filling {
            Filling::Drawn(draw) | Filling::Shifted(draw) => draw,
            Filling::Good | Filling::Bad => u64::MAX,
        };
        // What is shifted must not depend on the unit of time.
        let shifts = matches!(filling, Filling::Shifted(_));
        let mut stream = Stream::new(if shifts { self.shape } else { self.name }, draw);
        let mut path = match filling {
            Filling::Drawn(_) if self.is_censored() => {
                self.latent.draw(&self.sightings, &mut stream)
            }
            _ => self.likeliest(),
        };
        let moved = if shifts {
            let mut luck = Stream::new(self.shape, u64::MAX);
            shift(&mut path, &self.sightings, draw, &mut luck)
        } else {
            Vec::new()
        };
        let event = |(at, row): (usize, &Row)| {
            let other = moved.get(at) == Some(&true) && row.outcome.is_observed();
            let (down, source) = if other || row.outcome == LoggedOutcome::Rejected {
                let down = match filling {
                    Filling::Drawn(_) | Filling::Shifted(_) => path[at],
                    Filling::Good => false,
                    Filling::Bad => true,
                };
                (down, self.neighbour(at, down, &mut stream))
            } else {
                (path[at], Some(*row))
            };
            let (outcome, latency) =
                source.map_or((fallback(down), 0), |row| (row.outcome, row.latency));
            let kind = match outcome {
                LoggedOutcome::Ok => Kind::Ends(Outcome::Success),
                LoggedOutcome::Failed | LoggedOutcome::TimedOut => Kind::Ends(Outcome::Failure),
                LoggedOutcome::Ignored => Kind::Ends(Outcome::Ignored),
                LoggedOutcome::Rejected | LoggedOutcome::Cancelled => Kind::Released,
            };
            let cost = match kind {
                Kind::Ends(Outcome::Success) => {
                    1.0 - costs.utility(Outcome::Success, nanoseconds(latency))
                }
                Kind::Ends(Outcome::Failure) => {
                    -costs.utility(Outcome::Failure, nanoseconds(latency))
                }
                Kind::Ends(Outcome::Ignored) | Kind::Released => 0.0,
            };
            Event { start: row.start - self.origin, latency, kind, down, cost: cost as f32 }
        };
        self.rows.iter().enumerate().map(event).collect()
    }

    /// An observed call of a condition, near to a place.
    fn neighbour(&self, at: usize, down: bool, stream: &mut Stream) -> Option<Row> {
        let places = &self.observed[usize::from(down)];
        if places.is_empty() {
            return None;
        }
        let middle = places.partition_point(|&place| (place as usize) < at);
        let (from, to) =
            (middle.saturating_sub(NEIGHBOURS), (middle + NEIGHBOURS).min(places.len()));
        Some(self.rows[places[from + stream.below(to - from)] as usize])
    }
}

/// Where nothing of the kind was ever seen.
fn fallback(down: bool) -> LoggedOutcome {
    if down { LoggedOutcome::Failed } else { LoggedOutcome::Ok }
}

fn nanoseconds(nanoseconds: u64) -> Duration {
    Duration::from_nanos(nanoseconds)
}
