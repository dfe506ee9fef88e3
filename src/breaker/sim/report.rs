//! What a policy cost on a trace.

use super::super::CallCosts;

/// Admitted requests in a row that end an episode of rejections.
const RECOVERED: u32 = 10;

/// One policy on one trace, or on several: [`add`](Self::add).
///
/// A *bad time* is one in which the oracle would let nothing through; for dependencies that feel
/// the load, one in which less than half of the requests could be served. An *episode* begins with
/// a rejection and ends when ten requests in a row have been let through.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Report {
    /// Requests of the trace, retries not counted.
    pub requests: u64,
    /// Requests that were served, at whichever attempt.
    pub served: u64,
    /// Calls let through: first attempts and retries.
    pub admitted: u64,
    /// Calls turned away.
    pub rejected: u64,
    /// Calls let through that failed.
    pub failed: u64,
    /// Seconds for which calls held their caller beyond the objective.
    pub held_seconds: f64,
    /// `requests − served + failed-cost · failed + held-cost · held_seconds`, in good calls.
    pub cost: f64,
    /// Length of the traces in seconds.
    pub seconds: f64,
    /// Bad times.
    pub outages: u64,
    /// For each bad time in which there was a rejection: seconds from its start to the first.
    pub detect_seconds: Vec<f64>,
    /// For each bad time at whose end requests were being rejected: seconds from its end to the
    /// first of ten requests in a row that were let through, or to the next bad time.
    pub recover_seconds: Vec<f64>,
    /// Episodes that began when it was not bad.
    pub false_opens: u64,
    /// Calls let through in bad times after the first rejection.
    pub probes: u64,
}

impl Report {
    /// Cost over that of the oracle on the same traces, in good calls per 100 requests; 0 without
    /// requests.
    #[must_use]
    pub fn regret(&self, oracle: &Self) -> f64 {
        if self.requests == 0 {
            return 0.0;
        }
        100.0 * (self.cost - oracle.cost) / self.requests as f64
    }

    /// Episodes an hour that began when it was not bad.
    #[must_use]
    pub fn false_opens_an_hour(&self) -> f64 {
        if self.seconds > 0.0 { 3_600.0 * self.false_opens as f64 / self.seconds } else { 0.0 }
    }

    /// Calls let through a bad time, after the first rejection.
    #[must_use]
    pub fn probes_an_outage(&self) -> f64 {
        self.probes as f64 / self.outages.max(1) as f64
    }

    /// The quantile `share` of times such as [`detect_seconds`](Self::detect_seconds): the
    /// smallest that at least this share does not exceed. `None` without any.
    #[must_use]
    pub fn quantile(seconds: &[f64], share: f64) -> Option<f64> {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied()
    }

    /// Adds another trace's.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.served += other.served;
        self.admitted += other.admitted;
        self.rejected += other.rejected;
        self.failed += other.failed;
        self.held_seconds += other.held_seconds;
        self.cost += other.cost;
        self.seconds += other.seconds;
        self.outages += other.outages;
        self.detect_seconds.extend(&other.detect_seconds);
        self.recover_seconds.extend(&other.recover_seconds);
        self.false_opens += other.false_opens;
        self.probes += other.probes;
    }
}

/// Follows a run and counts.
#[derive(Debug)]
pub(super) struct Tally {
    report: Report,
    costs: CallCosts,
    /// When the present bad time began, and whether a call was rejected in it.
    bad: Option<(f64, bool)>,
    /// When the last bad time ended, while the recovery is awaited.
    ended: Option<f64>,
    /// Whether in an episode; the length of the present row of admitted requests and its start.
    rejecting: bool,
    row: u32,
    row_began: f64,
}

impl Tally {
    pub(super) fn new(costs: CallCosts, requests: usize, seconds: f64) -> Self {
        let report = Report { requests: requests as u64, seconds, ..Report::default() };
        Self { report, costs, bad: None, ended: None, rejecting: false, row: 0, row_began: 0.0 }
    }

    /// A call was let through or not, in a bad time or not.
    pub(super) fn decision(&mut self, now: f64, admitted: bool, bad: bool) {
        self.times(now, bad);
        if admitted {
            self.report.admitted += 1;
            if self.row == 0 {
                self.row_began = now;
            }
            self.row = self.row.saturating_add(1);
            if self.row == RECOVERED {
                self.rejecting = false;
                if let Some(ended) = self.ended.take() {
                    self.report.recover_seconds.push((self.row_began - ended).max(0.0));
                }
            }
            self.report.probes += u64::from(self.bad.is_some_and(|(_, rejected)| rejected));
            return;
        }
        self.report.rejected += 1;
        self.row = 0;
        if !self.rejecting && !bad {
            self.report.false_opens += 1;
        }
        self.rejecting = true;
        if let Some((began, rejected)) = &mut self.bad
            && !*rejected
        {
            *rejected = true;
            self.report.detect_seconds.push(now - *began);
        }
    }

    fn times(&mut self, now: f64, bad: bool) {
        if bad && self.bad.is_none() {
            self.bad = Some((now, false));
            self.report.outages += 1;
            if let Some(ended) = self.ended.take() {
                self.report.recover_seconds.push(now - ended);
            }
        }
        if !bad && self.bad.take().is_some() && self.rejecting {
            self.ended = Some(now);
        }
    }

    /// A call's result.
    pub(super) fn result(&mut self, success: bool, latency: f64) {
        self.report.failed += u64::from(!success);
        self.report.held_seconds += (latency - self.costs.objective.as_secs_f64()).max(0.0);
    }

    /// A request is served.
    pub(super) fn served(&mut self) {
        self.report.served += 1;
    }

    pub(super) fn finish(mut self) -> Report {
        let report = &mut self.report;
        report.cost = (report.requests - report.served) as f64
            + self.costs.failed * report.failed as f64
            + self.costs.held_second * report.held_seconds;
        self.report
    }
}
