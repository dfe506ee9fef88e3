//! What the detectors of a whole company say while incidents pass through its services: raw
//! anomalies, most of them noise or symptoms, each with its true cause.
//!
//! `u` is uniform in `[0, 1)`, `E` exponential with mean 1, fresh at every use:
//! ```text
//! services   service k > 0 is called by one or two of the services before it, drawn anew
//! hosts      2 to 5 a service; each has four metrics: cpu, memory, latency, errors
//! checks     every `step` seconds, each host's at its own moment within the step
//! noise      a check is anomalous with probability `noise`, with a score of 3 + E
//! flapping   `flapping` metrics are anomalous for 20 + 90 E s, quiet for 60 + 240 E s, and so on;
//!            their scores are 3.5 + E
//! incidents  one in each of `incidents` equal parts of the time, between its first tenth and the
//!            middle; for 600 + 900 u s; at a random service, the root cause
//!  root      its latency, its errors, and either cpu or memory, on every host from 30 u s after the
//!            onset: nine checks of ten are anomalous, with scores 5 + 3 u (once a metric and host) + E
//!  symptoms  a service that calls one that is hit is hit itself with probability 0.8, 5 + 40 u s
//!            later: latency and errors on every host, six checks of ten, scores 3.5 + 2 u + E
//! double     a second incident, at another service, 180 + 240 u s into each
//! ```
//! Where several causes meet, the check has the highest score and that score's cause.

use crate::error::{Result, check_count, check_range};
use crate::random::Stream;

/// 2024-01-01T00:00:00Z.
const START: f64 = 1_704_067_200.0;

/// Settings of the storm; see the [module](self) for the formulas.
///
/// ```
/// use forewarn_datasets::storm::StormParams;
///
/// let storm = StormParams::default().simulate()?;
/// assert!((8_000..20_000).contains(&storm.anomalies.len()));
/// assert_eq!(storm.incidents.len(), 4);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StormParams {
    /// Hours, 0.5 to 1,000. Default 12.
    pub hours: f64,
    /// Services, 2 to 1,000. Default 40.
    pub services: usize,
    /// Seconds between two checks of a metric, 1 to 300. Default 15.
    pub step: f64,
    /// Share of the checks that are anomalous for nothing, 0 to 0.1. Default 0.0005.
    pub noise: f64,
    /// Metrics that flap, 0 to 100. Default 6.
    pub flapping: usize,
    /// Incidents, 0 to 1,000, half an hour each at least. Default 4.
    pub incidents: usize,
    /// Whether a second incident begins during each. Default no.
    pub double: bool,
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for StormParams {
    fn default() -> Self {
        Self {
            hours: 12.0,
            services: 40,
            step: 15.0,
            noise: 0.0005,
            flapping: 6,
            incidents: 4,
            double: false,
            seed: 1,
        }
    }
}

/// What is measured on every host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// CPU in use.
    Cpu,
    /// Memory in use.
    Memory,
    /// Time to answer.
    Latency,
    /// Share of errors.
    Errors,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Memory, Self::Latency, Self::Errors];

    /// Its name as a label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Latency => "latency",
            Self::Errors => "errors",
        }
    }
}

/// A service of the call graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its hosts' names.
    pub hosts: Vec<String>,
    /// Services that it calls and depends on.
    pub calls: Vec<usize>,
}

/// True trouble.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The service where it begins.
    pub root: usize,
    /// Unix seconds.
    pub onset: f64,
    /// Unix seconds.
    pub end: f64,
    /// When each service is hit, in seconds after the onset; `None` if it is not.
    pub hit_after: Vec<Option<f64>>,
}

/// Why a check was anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Chance.
    Noise,
    /// The metric flaps.
    Flapping,
    /// This incident.
    Incident(usize),
}

/// A check that was anomalous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawAnomaly {
    /// Unix seconds.
    pub time: f64,
    /// The service.
    pub service: usize,
    /// Its host, from 0.
    pub host: usize,
    /// The metric.
    pub metric: Metric,
    /// How anomalous: `−log₁₀` of a probability.
    pub score: f64,
    /// The truth.
    pub cause: Cause,
}

/// Simulated anomalies in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Storm {
    /// The call graph.
    pub services: Vec<Service>,
    /// What truly happened, in order of onset.
    pub incidents: Vec<Incident>,
    /// What detectors said.
    pub anomalies: Vec<RawAnomaly>,
}

impl StormParams {
    /// Runs the services. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<Storm> {
        check_range("hours", self.hours, 0.5, 1_000.0)?;
        check_count("services", self.services, 2, 1_000)?;
        check_range("step", self.step, 1.0, 300.0)?;
        check_range("noise", self.noise, 0.0, 0.1)?;
        check_count("flapping", self.flapping, 0, 100)?;
        let most = (2.0 * self.hours) as usize;
        check_count("incidents", self.incidents, 0, most.min(1_000))?;
        let mut stream = Stream::new(self.seed, 0);
        let services = self.services(&mut stream);
        let incidents = self.incidents(&services, &mut stream);
        let sources: usize = services.iter().map(|service| 4 * service.hosts.len()).sum();
        let flapping: Vec<usize> = (0..self.flapping).map(|_| stream.below(sources)).collect();
        let mut anomalies = Vec::new();
        let mut number = 0;
        for (service, Service { hosts, .. }) in services.iter().enumerate() {
            for host in 0..hosts.len() {
                let offset = self.step * stream.unit();
                for metric in Metric::ALL {
                    let flaps = flapping.contains(&number);
                    number += 1;
                    let mut stream = Stream::new(self.seed, number as u64);
                    let place = RawAnomaly {
                        time: START + offset,
                        service,
                        host,
                        metric,
                        score: 0.0,
                        cause: Cause::Noise,
                    };
                    self.watch(place, flaps, &incidents, &mut stream, &mut anomalies);
                }
            }
        }
        let place = |a: &RawAnomaly| (a.service, a.host, a.metric);
        anomalies
            .sort_by(|a: &RawAnomaly, b| a.time.total_cmp(&b.time).then(place(a).cmp(&place(b))));
        Ok(Storm { services, incidents, anomalies })
    }

    fn services(&self, stream: &mut Stream) -> Vec<Service> {
        let mut services: Vec<Service> = Vec::new();
        for number in 0..self.services {
            let name = format!("service-{number}");
            let hosts =
                (0..2 + stream.below(4)).map(|host| format!("{name}-host-{host}")).collect();
            if number > 0 {
                for _ in 0..=stream.below(2) {
                    let caller = &mut services[stream.below(number)];
                    if !caller.calls.contains(&number) {
                        caller.calls.push(number);
                    }
                }
            }
            services.push(Service { name, hosts, calls: Vec::new() });
        }
        services
    }

    fn incidents(&self, services: &[Service], stream: &mut Stream) -> Vec<Incident> {
        let part = 3_600.0 * self.hours / self.incidents.max(1) as f64;
        let mut incidents = Vec::new();
        for number in 0..self.incidents {
            let onset = START + part * (number as f64 + stream.between(0.1, 0.5));
            let root = stream.below(services.len());
            incidents.push(incident(services, root, onset, stream));
            if self.double {
                let onset = onset + stream.between(180.0, 420.0);
                let other = (root + 1 + stream.below(services.len() - 1)) % services.len();
                incidents.push(incident(services, other, onset, stream));
            }
        }
        incidents
    }

    /// All anomalies of one metric of one host, `first` being its first check.
    fn watch(
        &self,
        first: RawAnomaly,
        flaps: bool,
        incidents: &[Incident],
        stream: &mut Stream,
        anomalies: &mut Vec<RawAnomaly>,
    ) {
        let hits: Vec<_> = incidents.iter().map(|now| Hit::new(now, &first, stream)).collect();
        let (mut on, mut until) = (false, START + 300.0 * stream.exponential());
        let checks = (3_600.0 * self.hours / self.step) as usize;
        for check in 0..checks {
            let time = first.time + self.step * check as f64;
            let mut worst: Option<(f64, Cause)> = None;
            let mut add = |score: f64, cause: Cause| {
                if worst.is_none_or(|(so_far, _)| score > so_far) {
                    worst = Some((score, cause));
                }
            };
            if stream.chance(self.noise) {
                add(3.0 + stream.exponential(), Cause::Noise);
            }
            while flaps && time >= until {
                on = !on;
                let (least, mean) = if on { (20.0, 90.0) } else { (60.0, 240.0) };
                until += least + mean * stream.exponential();
            }
            if on {
                add(3.5 + stream.exponential(), Cause::Flapping);
            }
            for (number, hit) in hits.iter().enumerate() {
                let Some(hit) = hit else { continue };
                if hit.from <= time && time < hit.to && stream.chance(hit.share) {
                    add(hit.score + stream.exponential(), Cause::Incident(number));
                }
            }
            if let Some((score, cause)) = worst {
                anomalies.push(RawAnomaly { time, score, cause, ..first });
            }
        }
    }
}

/// An incident as one metric of one host sees it.
struct Hit {
    from: f64,
    to: f64,
    share: f64,
    score: f64,
}

impl Hit {
    fn new(incident: &Incident, place: &RawAnomaly, stream: &mut Stream) -> Option<Self> {
        let delay = incident.hit_after[place.service]?;
        let root = incident.root == place.service;
        let hit = match place.metric {
            Metric::Latency | Metric::Errors => true,
            // Which of the two is the incident's own: the same for all hosts.
            Metric::Cpu => root && (incident.onset as u64).is_multiple_of(2),
            Metric::Memory => root && !(incident.onset as u64).is_multiple_of(2),
        };
        if !hit {
            return None;
        }
        let (later, share, least, more) =
            if root { (30.0, 0.9, 5.0, 3.0) } else { (0.0, 0.6, 3.5, 2.0) };
        let from = incident.onset + delay + later * stream.unit();
        Some(Self { from, to: incident.end, share, score: least + more * stream.unit() })
    }
}

/// An incident at `root`, and whom it reaches.
fn incident(services: &[Service], root: usize, onset: f64, stream: &mut Stream) -> Incident {
    let mut hit_after = vec![None; services.len()];
    hit_after[root] = Some(0.0);
    // A service calls later ones only.
    for caller in (0..root).rev() {
        for &called in &services[caller].calls {
            let Some(delay) = hit_after[called] else { continue };
            let reached = stream.chance(0.8);
            let delay = delay + stream.between(5.0, 45.0);
            if reached && hit_after[caller].is_none_or(|earlier| delay < earlier) {
                hit_after[caller] = Some(delay);
            }
        }
    }
    Incident { root, onset, end: onset + stream.between(600.0, 1_500.0), hit_after }
}

impl Storm {
    /// The labels of an anomaly: service, host, metric.
    #[must_use]
    pub fn labels(&self, anomaly: &RawAnomaly) -> [(&str, &str); 3] {
        let service = &self.services[anomaly.service];
        [
            ("service", &service.name),
            ("host", &service.hosts[anomaly.host]),
            ("metric", anomaly.metric.name()),
        ]
    }

    /// Time of the first anomaly of an incident's root cause; `None` if it shows none.
    #[must_use]
    pub fn detected(&self, incident: usize) -> Option<f64> {
        let own = |anomaly: &&RawAnomaly| {
            anomaly.cause == Cause::Incident(incident)
                && anomaly.service == self.incidents[incident].root
        };
        self.anomalies.iter().find(own).map(|anomaly| anomaly.time)
    }
}
