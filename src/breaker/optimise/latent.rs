//! When a dependency was up and when it was down, as far as its calls tell.
//!
//! A hidden Markov chain in continuous time with two states. Calls of the state `up` are bad with a
//! small probability, calls of the state `down` with a large one; a rejected call says nothing, so
//! that between the last failure before an open breaker and the first good probe after it the end of
//! the outage is known to lie in an interval, and no more than that. Rates and probabilities by
//! expectation and maximisation (Baum and Welch), with weak priors.

use crate::rng::Stream;

/// What one call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Good,
    Bad,
    /// Rejected, cancelled, ignored.
    Unknown,
}

/// One call: its time in seconds, and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    pub(super) time: f64,
    pub(super) sign: Sign,
}

/// Rounds of expectation and maximisation: estimates settle within a few where nothing is hidden, and
/// slowly where much is. At least so many, more until they settle if all of them see fewer calls than that.
const ROUNDS: usize = 12;
const SEEN: usize = 3_000_000;
const SETTLED: f64 = 0.002;

/// A dependency that is down fails at least so often; less is noise.
const LEAST_DOWN: f64 = 0.1;

/// Pseudo-observations: half an outage, half a time between two, each as long as so many calls take.
const PRIOR_CALLS: f64 = 50.0;
const PRIOR_WEIGHT: f64 = 0.5;

/// The parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Condition {
    /// Outages a second while up.
    pub(super) falls: f64,
    /// Recoveries a second while down.
    pub(super) recovers: f64,
    /// Probability of a bad call while up, and while down.
    pub(super) bad: [f64; 2],
}

/// Probabilities of the two states after a time: `next[from][to]`.
fn transition(condition: &Condition, seconds: f64) -> [[f64; 2]; 2] {
    let sum = condition.falls + condition.recovers;
    let moved = -(-sum * seconds).exp_m1();
    let (down, up) = (condition.falls / sum * moved, condition.recovers / sum * moved);
    [[1.0 - down, down], [up, 1.0 - up]]
}

/// What is known of one key after all its calls have been seen.
#[derive(Debug, Clone)]
pub(super) struct Latent {
    pub(super) condition: Condition,
    /// Probability of being down at each call, given all calls.
    pub(super) down: Vec<f32>,
    /// The same, given the calls up to it only: what paths are drawn from.
    filtered: Vec<f32>,
}

impl Latent {
    /// From calls in order of time; at least one.
    pub(super) fn fit(calls: &[Sighting]) -> Self {
        let span = calls[calls.len() - 1].time - calls[0].time;
        let step = (span / calls.len() as f64).max(f64::MIN_POSITIVE);
        let count = |sign| calls.iter().filter(|call| call.sign == sign).count() as f64;
        let (bad, good) = (count(Sign::Bad), count(Sign::Good));
        let mut condition = Condition {
            falls: 1.0 / (span + step),
            recovers: 1.0 / (PRIOR_CALLS * step),
            bad: [0.5 * (bad + 0.5) / (bad + good + 50.0), 0.8],
        };
        let mut latent =
            Self { condition, down: vec![0.0; calls.len()], filtered: vec![0.0; calls.len()] };
        if bad == 0.0 || span <= 0.0 {
            return latent;
        }
        let most = (SEEN / calls.len()).clamp(ROUNDS, 10 * ROUNDS);
        for round in 0..most {
            let was = condition;
            condition = latent.round(calls, PRIOR_CALLS * step);
            latent.condition = condition;
            let change = |new: f64, old: f64| (new / old - 1.0).abs();
            let most_changed =
                change(condition.falls, was.falls).max(change(condition.recovers, was.recovers));
            if round >= ROUNDS && most_changed < SETTLED {
                break;
            }
        }
        latent.smooth(calls, |_, _, _| {});
        latent
    }

    /// One round: expectations under the present parameters, and the parameters that fit them best.
    fn round(&mut self, calls: &[Sighting], prior_outage: f64) -> Condition {
        let mut falls = PRIOR_WEIGHT;
        let mut recovers = PRIOR_WEIGHT;
        let mut seconds = [PRIOR_WEIGHT * prior_outage; 2];
        // Weighted numbers of bad and of all calls that say something, by state.
        let mut bad = [0.5, 2.4];
        let mut all = [100.0, 3.0];
        self.smooth(calls, |at, joint, down| {
            if let Some(before) = at.checked_sub(1) {
                let step = calls[at].time - calls[before].time;
                falls += joint[0][1];
                recovers += joint[1][0];
                seconds[0] += step * (joint[0][0] + 0.5 * (joint[0][1] + joint[1][0]));
                seconds[1] += step * (joint[1][1] + 0.5 * (joint[0][1] + joint[1][0]));
            }
            if calls[at].sign != Sign::Unknown {
                for (state, weight) in [1.0 - down, down].into_iter().enumerate() {
                    all[state] += weight;
                    bad[state] += weight * f64::from(u8::from(calls[at].sign == Sign::Bad));
                }
            }
        });
        let up = (bad[0] / all[0]).clamp(1e-6, 0.3);
        Condition {
            falls: falls / seconds[0],
            recovers: recovers / seconds[1],
            bad: [up, (bad[1] / all[1]).max(LEAST_DOWN).max(2.0 * up).min(0.999)],
        }
    }

    /// Forward, then back. `each(call, joint, down)` hears, from the last call to the first, the joint
    /// probabilities of the states at the call before and at this one, and that of being down.
    fn smooth(&mut self, calls: &[Sighting], mut each: impl FnMut(usize, [[f64; 2]; 2], f64)) {
        let condition = self.condition;
        let stationary = condition.falls / (condition.falls + condition.recovers);
        let mut down = stationary;
        for (at, call) in calls.iter().enumerate() {
            if at > 0 {
                let next = transition(&condition, call.time - calls[at - 1].time);
                down = (1.0 - down) * next[0][1] + down * next[1][1];
            }
            let seen = |bad: f64| match call.sign {
                Sign::Good => 1.0 - bad,
                Sign::Bad => bad,
                Sign::Unknown => 1.0,
            };
            let (up_too, down_too) =
                ((1.0 - down) * seen(condition.bad[0]), down * seen(condition.bad[1]));
            down = down_too / (up_too + down_too);
            self.filtered[at] = down as f32;
        }
        for at in (0..calls.len()).rev() {
            self.down[at] = down as f32;
            if at == 0 {
                each(0, [[0.0; 2]; 2], down);
                break;
            }
            let next = transition(&condition, calls[at].time - calls[at - 1].time);
            let before = f64::from(self.filtered[at - 1]);
            let before = [1.0 - before, before];
            let after = [1.0 - down, down];
            let mut joint = [[0.0; 2]; 2];
            for to in 0..2 {
                let reach = before[0] * next[0][to] + before[1] * next[1][to];
                for from in 0..2 {
                    joint[from][to] = if reach > 0.0 {
                        after[to] * before[from] * next[from][to] / reach
                    } else {
                        0.0
                    };
                }
            }
            each(at, joint, down);
            down = (joint[1][0] + joint[1][1]).clamp(0.0, 1.0);
        }
    }

    /// One possible course of events, drawn with its probability given all calls: whether it was down
    /// at each call. Forward filtering, backward sampling.
    pub(super) fn draw(&self, calls: &[Sighting], stream: &mut Stream) -> Vec<bool> {
        let mut path = vec![false; calls.len()];
        let mut later: Option<bool> = None;
        for at in (0..calls.len()).rev() {
            let filtered = f64::from(self.filtered[at]);
            let down = later.map_or(filtered, |to| {
                let next = transition(&self.condition, calls[at + 1].time - calls[at].time);
                let to = usize::from(to);
                let (up, down) = ((1.0 - filtered) * next[0][to], filtered * next[1][to]);
                if up + down > 0.0 { down / (up + down) } else { filtered }
            });
            path[at] = stream.unit() < down;
            later = Some(path[at]);
        }
        path
    }
}
