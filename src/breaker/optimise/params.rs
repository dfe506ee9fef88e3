//! What the optimizer is told.

use super::peers::PeerDefaults;
use crate::breaker::{BreakerSettings, CallCosts};
use crate::error::{Error, Result};

/// Learns the settings of a circuit breaker from a [`CallLog`](crate::breaker::CallLog). Every field
/// has a setter of the same name.
///
/// ```
/// use forewarn::breaker::{Advice, BreakerOptimizer, CallLog, LoggedCall, LoggedOutcome};
///
/// // Ten calls a second; in every 90 seconds an outage of 20, in which calls time out.
/// let log = CallLog::from_rows((0..9000).map(|i| {
///     let (time, down) = (f64::from(i) / 10.0, i % 900 >= 700);
///     let outcome = if down { LoggedOutcome::TimedOut } else { LoggedOutcome::Ok };
///     LoggedCall::new("search", time, if down { 1.0 } else { 0.04 }, outcome)
/// }))?;
/// let found = BreakerOptimizer::default().optimize(&log)?;
/// assert_eq!(found.advice, Advice::Adopt);
/// assert!(found.saving.mean > 10.0 && found.settings.is_some());
/// assert!(found.peers.iter().all(|peer| peer.saving.mean > 0.0));
/// println!("{found}");
/// # Ok::<(), forewarn::Error>(())
/// ```
///
/// # What is least
/// ```text
/// cost = good calls rejected + failed · calls that failed + held_second · seconds beyond the objective
/// ```
/// in good calls ([`CallCosts`]), within the constraints. Ignored and cancelled calls cost nothing
/// either way.
///
/// # How
/// 1. *What was the dependency like?* A hidden Markov chain of two states in continuous time, up and
///    down, is fitted to each key's calls. What a breaker hid is drawn from it several times
///    ([`courses`](Self::courses)), each call with the outcome of an observed one nearby in the same
///    state: an outage behind an open breaker ends at a time that is drawn from its interval.
/// 2. *Where to look?* Theory gives the centre ([`theory`](crate::breaker::theory)); values are tried on
///    each axis (trip rule, slow calls, open time, probes, ramp), then combinations of the best, then
///    steps from the best of these along one axis at a time.
/// 3. *What would it have cost?* The same [`Machine`](crate::breaker::Machine) that runs live is
///    replayed on the log, all candidates with the same events and random numbers; in long logs the
///    worse half drops out before the rest sees twice as much (successive halving).
///    Where nothing is hidden, candidates are compared on other courses as well, in which each outage
///    begins a little sooner or later and is shorter or longer, the more so the fewer there were:
///    whether a probe came just before its end or just after is luck. The figures reported are those of
///    the log itself.
/// 4. *Which to take?* The one that saves most against safe settings that need no history, less half
///    a standard error: the shorter the log, the nearer to the safe ones.
/// 5. *Is that sure?* The saving is that of settings chosen on four fifths of the log and judged on the
///    last, in turn; stretches of it are resampled for the interval, which is drawn in where gains
///    and losses that come as Poisson processes could not add up to as much: each with an outage, and
///    what follows until the next. A recommendation asks for a bound on one side.
///
/// # What a log does not say
/// A replay lets the dependency fare as it did, whatever is let through, and knows nothing of what a
/// breaker hid.
///
/// Where a breaker hid more than 1 % of the calls, candidates also run on simulated dependencies of
/// all kinds (of [`sim`](crate::breaker::sim)), those that suffer from load among them, and these count
/// by how much the settings in use would have made of each what the log shows: how often they open and
/// for how long, how soon again, how many probes fail. Without settings in use, peers' defaults whose
/// circuits stay open for about as long are tried. What a candidate costs there counts half as much as
/// what it costs on the log, and if it costs more there than what is in use, it must save as much.
///
/// Where outages do not end while calls go on, or calls come faster while it is down, candidates, and the
/// peers' defaults, run on simulated dependencies that suffer from load, which take 3 to 60 s to recover:
/// as in a storm of retries if calls come faster, as after a cold restart if they do not. What they
/// cost there counts as much as what they cost on the log where outages do not end, else half.
///
/// # Limits
/// - Rejected calls must be in the log; without them an open circuit looks like a time without demand.
/// - Behind a breaker that stays open for a minute nobody sees what happens in it: dependencies that
///   flap or recover slowly are learned less well from such a log.
/// - One set of settings for all keys.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct BreakerOptimizer {
    /// What calls cost, in units of one good call. Default: those of [`CallCosts`].
    pub costs: CallCosts,
    /// The settings in use, which a recommendation must beat; `None` for no breaker. Default `None`.
    pub current: Option<BreakerSettings>,
    /// The most times an hour and dependency that a circuit may open while the dependency is up, above
    /// 0; `None` for no limit. Default `None`: the costs decide.
    pub max_false_opens: Option<f64>,
    /// The largest share of all calls that may be probes, above 0 and at most 1; `None` for no limit.
    /// Default `None`.
    pub max_probe_share: Option<f64>,
    /// Candidates to try, from 20 to 100,000. Default 500.
    pub candidates: usize,
    /// How often intervals should hold, and how sure a recommendation must be, in `[0.5, 1)`.
    /// Default 0.95.
    pub confidence: f64,
    /// Bootstrap resamples behind the intervals, from 100 to 1,000,000. Default 1,000.
    pub resamples: usize,
    /// Courses of events that candidates are compared on, from 1 to 100: drawn where a breaker hid what
    /// happened, else the log itself and others much like it. Default 4.
    /// Fewer, though at least one, where they would come to more than 2 million calls.
    pub courses: usize,
    /// Whose defaults to compare with. Default: [all](PeerDefaults::ALL).
    pub peers: Vec<PeerDefaults>,
    /// Everything random follows from it. Default 0.
    pub seed: u64,
}

impl Default for BreakerOptimizer {
    fn default() -> Self {
        Self {
            costs: CallCosts::default(),
            current: None,
            max_false_opens: None,
            max_probe_share: None,
            candidates: 500,
            confidence: 0.95,
            resamples: 1_000,
            courses: 4,
            peers: PeerDefaults::ALL.to_vec(),
            seed: 0,
        }
    }
}

impl BreakerOptimizer {
    /// Sets what calls cost.
    #[must_use]
    pub fn costs(self, costs: CallCosts) -> Self {
        Self { costs, ..self }
    }

    /// Sets the settings in use; `None` for no breaker.
    #[must_use]
    pub fn current(self, current: Option<BreakerSettings>) -> Self {
        Self { current, ..self }
    }

    /// Sets the most false opens an hour.
    #[must_use]
    pub fn max_false_opens(self, max_false_opens: Option<f64>) -> Self {
        Self { max_false_opens, ..self }
    }

    /// Sets the largest share of probes.
    #[must_use]
    pub fn max_probe_share(self, max_probe_share: Option<f64>) -> Self {
        Self { max_probe_share, ..self }
    }

    /// Sets the number of candidates.
    #[must_use]
    pub fn candidates(self, candidates: usize) -> Self {
        Self { candidates, ..self }
    }

    /// Sets how often intervals should hold.
    #[must_use]
    pub fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    /// Sets the number of bootstrap resamples.
    #[must_use]
    pub fn resamples(self, resamples: usize) -> Self {
        Self { resamples, ..self }
    }

    /// Sets the number of courses drawn where a breaker hid what happened.
    #[must_use]
    pub fn courses(self, courses: usize) -> Self {
        Self { courses, ..self }
    }

    /// Sets whose defaults to compare with.
    #[must_use]
    pub fn peers(self, peers: Vec<PeerDefaults>) -> Self {
        Self { peers, ..self }
    }

    /// Sets what everything random follows from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.costs.check()?;
        self.current.iter().try_for_each(BreakerSettings::check)?;
        let within = |name, value: f64, ok: bool, allowed| {
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        if let Some(most) = self.max_false_opens {
            within("max_false_opens", most, most > 0.0 && most <= 1e9, "above 0, at most 1e9")?;
        }
        if let Some(most) = self.max_probe_share {
            let ok = most > 0.0 && most <= 1.0;
            within("max_probe_share", most, ok, "above 0 and at most 1")?;
        }
        let ok = (20..=100_000).contains(&self.candidates);
        within("candidates", self.candidates as f64, ok, "from 20 to 100,000")?;
        let ok = (0.5..1.0).contains(&self.confidence);
        within("confidence", self.confidence, ok, "at least 0.5 and below 1")?;
        let ok = (100..=1_000_000).contains(&self.resamples);
        within("resamples", self.resamples as f64, ok, "from 100 to 1,000,000")?;
        let ok = (1..=100).contains(&self.courses);
        within("courses", self.courses as f64, ok, "from 1 to 100")
    }
}
