//! Metrics of a web service: daily and weekly season, noise, spikes, dips, level shifts, stalls.
//!
//! `N` is standard normal and fresh at every use, `t` the time in days from the start, a Monday
//! at midnight UTC; `R₀ = 200`. Away from events:
//! ```text
//! season   S = 1 + 0.45 sin(2π (t − 0.35)) + 0.12 sin(4π (t − 0.1)) − 0.25 w
//!          w = 1 on the two last days of a week, else 0; w changes within an hour
//! requests R = R₀ S (1 + a),  a = 0.7 a' + noise, deviation `noise`                 1/s
//! cpu      C = 8 + 0.13 c R (1 + 0.03 N), at most 100                               %
//! latency  L = 18 / (1 − 0.0085 C) · e^(0.06 N)                                     ms
//! ```
//! `c` is the cost of a request, 1 at first. Events begin at random times, never two at once and
//! none in the first week, so that there is a normal week to learn from:
//! ```text
//! spike   requests × (1.5 + u) for 15 to 60 minutes
//! dip     requests × (0.2 + 0.3 u) for 15 to 90 minutes
//! stall   latency × (2 + 3 u) for 10 to 60 minutes
//! shift   from now on c × (1.3 + 0.2 u), or ÷ the same: a release that made requests dearer or
//!         cheaper, whichever brings c back towards 1; the first three hours are labelled
//! ```

use crate::error::{Result, check_count, check_range};
use crate::exact::sine;
use crate::random::{Stream, Wander};
use crate::time;
use std::fmt::Write as _;

/// 2024-01-01T00:00:00Z, a Monday.
const START: i64 = 1_704_067_200;
const WEEK_MINUTES: usize = 7 * 24 * 60;

/// Settings of the service; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::service::ServiceParams;
///
/// let metrics = ServiceParams { days: 8, ..ServiceParams::default() }.simulate()?;
/// assert_eq!(metrics.rows.len(), 8 * 24 * 6);
/// assert!(metrics.rows[..7 * 24 * 6].iter().all(|row| row.event.is_none()));
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceParams {
    /// Days, 1 to 3,650. Default 28.
    pub days: usize,
    /// Minutes between rows, 1 to 60. Default 10.
    pub step_minutes: usize,
    /// Deviation of the requests from their season, relative, 0 to 0.2. Default 0.03.
    pub noise: f64,
    /// Mean number of spikes, dips and stalls a day together, 0 to 10. Default 0.8.
    pub events_per_day: f64,
    /// Mean number of level shifts a week, 0 to 7. Default 1.2.
    pub shifts_per_week: f64,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for ServiceParams {
    fn default() -> Self {
        Self {
            days: 28,
            step_minutes: 10,
            noise: 0.03,
            events_per_day: 0.8,
            shifts_per_week: 1.2,
            seed: 1,
        }
    }
}

/// What happens to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Many requests at once.
    Spike,
    /// Requests fail to arrive.
    Dip,
    /// Answers are late.
    Stall,
    /// Requests cost more, or less, than before: the hours after the change.
    Shift,
}

impl Event {
    /// The name in the CSV file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Dip => "dip",
            Self::Stall => "stall",
            Self::Shift => "shift",
        }
    }
}

/// The metrics at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceRow {
    /// Unix seconds.
    pub time: i64,
    /// Requests a second.
    pub requests: f64,
    /// CPU in use, percent.
    pub cpu: f64,
    /// Median latency in milliseconds.
    pub latency_ms: f64,
    /// What happens now; rows with an event are the anomalies.
    pub event: Option<Event>,
    /// Whether a level shift begins with this row.
    pub change_point: bool,
}

/// Simulated metrics in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// One row a step.
    pub rows: Vec<ServiceRow>,
}

/// An event that is under way.
struct Underway {
    event: Event,
    factor: f64,
    minutes_left: f64,
}

impl ServiceParams {
    /// Runs the service. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Service> {
        check_count("days", self.days, 1, 3_650)?;
        check_count("step_minutes", self.step_minutes, 1, 60)?;
        check_range("noise", self.noise, 0.0, 0.2)?;
        check_range("events_per_day", self.events_per_day, 0.0, 10.0)?;
        check_range("shifts_per_week", self.shifts_per_week, 0.0, 7.0)?;
        let mut stream = Stream::new(self.seed, 0);
        let mut wander = Wander::new(0.7, self.noise, &mut stream);
        let mut cost = 1.0;
        let mut underway: Option<Underway> = None;
        let mut rows = Vec::new();
        for minute in (0..self.days * 24 * 60).step_by(self.step_minutes) {
            let mut change_point = false;
            if underway.is_none() && minute >= WEEK_MINUTES {
                underway = self.begin_event(&mut stream);
                if let Some(Underway { event: Event::Shift, factor, .. }) = &underway {
                    cost = if cost > 1.0 { cost / factor } else { cost * factor };
                    change_point = true;
                }
            }
            let factor_of = |event| match &underway {
                Some(now) if now.event == event => now.factor,
                _ => 1.0,
            };
            let traffic = factor_of(Event::Spike) * factor_of(Event::Dip);
            let wandering = 1.0 + wander.next(&mut stream);
            let requests = 200.0 * season(minute) * wandering * traffic;
            let cpu = (8.0 + 0.13 * cost * requests * (1.0 + 0.03 * stream.normal())).min(100.0);
            let waiting = 18.0 / (1.0 - 0.0085 * cpu) * factor_of(Event::Stall);
            rows.push(ServiceRow {
                time: START + 60 * minute as i64,
                requests: rounded(requests),
                cpu: rounded(cpu),
                latency_ms: rounded(waiting * stream.log_normal(0.06)),
                event: underway.as_ref().map(|now| now.event),
                change_point,
            });
            underway = underway.and_then(|mut now| {
                now.minutes_left -= self.step_minutes as f64;
                (now.minutes_left > 0.0).then_some(now)
            });
        }
        Ok(Service { rows })
    }

    fn begin_event(&self, stream: &mut Stream) -> Option<Underway> {
        let day_share = self.step_minutes as f64 / (24.0 * 60.0);
        let passing = self.events_per_day * day_share;
        let lasting = self.shifts_per_week / 7.0 * day_share;
        let draw = stream.unit();
        if draw >= passing + lasting {
            return None;
        }
        if draw >= passing {
            let factor = stream.between(1.3, 1.5);
            return Some(Underway { event: Event::Shift, factor, minutes_left: 180.0 });
        }
        let (event, factors, minutes) = match stream.below(3) {
            0 => (Event::Spike, (1.5, 2.5), (15.0, 60.0)),
            1 => (Event::Dip, (0.2, 0.5), (15.0, 90.0)),
            _ => (Event::Stall, (2.0, 5.0), (10.0, 60.0)),
        };
        let factor = stream.between(factors.0, factors.1);
        Some(Underway { event, factor, minutes_left: stream.between(minutes.0, minutes.1) })
    }
}

/// The season's factor `S`, between 0.2 and 1.6.
fn season(minute: usize) -> f64 {
    let day = minute as f64 / (24.0 * 60.0);
    let week_minute = (minute % WEEK_MINUTES) as f64;
    // Up within the first hour of the sixth day, down within the first hour of the next week.
    let rising = ((week_minute - 5.0 * 24.0 * 60.0) / 60.0).clamp(0.0, 1.0);
    let falling = if minute >= WEEK_MINUTES { (1.0 - week_minute / 60.0).max(0.0) } else { 0.0 };
    let weekend = rising.max(falling);
    1.0 + 0.45 * sine(day - 0.35) + 0.12 * sine(2.0 * (day - 0.1)) - 0.25 * weekend
}

/// To two decimals, as the CSV file holds it.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl Service {
    /// The rows as CSV with a header: `time, requests, cpu, latency_ms, event, anomaly,
    /// change_point`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "time,requests,cpu,latency_ms,event,anomaly,change_point\n".to_owned();
        for row in &self.rows {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{},{:.2},{:.2},{:.2},{},{},{}",
                time::format(row.time),
                row.requests,
                row.cpu,
                row.latency_ms,
                row.event.map_or("", Event::name),
                u8::from(row.event.is_some()),
                u8::from(row.change_point)
            );
        }
        text
    }

    /// Whether something happens in each row.
    #[must_use]
    pub fn labels(&self) -> Vec<bool> {
        self.rows.iter().map(|row| row.event.is_some()).collect()
    }
}
