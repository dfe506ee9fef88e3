//! What follows from costs alone, without looking at a log: where the search begins.

/// The share of failing calls from which on it is better to let none through.
///
/// Admitting pays as long as `(1 − p) · value > p · cost`, so the threshold is
/// ```text
/// p* = value / (value + cost)
/// ```
/// with `value` of a good call and `cost` of a failed one, both above 0. A fast error at 0.2 gives
/// 83 %, a timeout after a second at 0.95 gives 51 %, a cost of 2 gives 33 %: "50 %" is right only
/// where a failure costs as much as a good call is worth.
///
/// ```
/// use forewarn::breaker::theory::trip_share;
///
/// assert!((trip_share(1.0, 0.2) - 5.0 / 6.0).abs() < 1e-12);
/// assert_eq!(trip_share(1.0, 1.0), 0.5);
/// ```
#[must_use]
pub fn trip_share(value: f64, cost: f64) -> f64 {
    // By the ratio: the sum of two very large costs would overflow.
    1.0 / (1.0 + cost / value)
}

/// The constant time between two probes of least cost, in seconds.
///
/// A probe that fails costs `cost`; each second in which the dependency is up again and not used
/// loses `value · rate` good calls. With outages of `mean_outage` seconds the sum of both is least near
/// ```text
/// T* = sqrt(2 · cost · mean_outage / (rate · value))
/// ```
/// the first-order solution of the inspection problem of Barlow, Hunter and Proschan, "Optimum
/// checking procedures", SIAM Journal 11 (1963).
///
/// ```
/// use forewarn::breaker::theory::open_time;
///
/// // Timeouts of a second, outages of 33 s: the busier, the sooner.
/// assert!((open_time(1.0, 0.95, 33.0, 3.0) - 4.6).abs() < 0.1);
/// assert!((open_time(1.0, 0.95, 33.0, 150.0) - 0.65).abs() < 0.01);
/// ```
#[must_use]
pub fn open_time(value: f64, cost: f64, mean_outage: f64, rate: f64) -> f64 {
    (2.0 * cost * mean_outage / (rate * value)).sqrt()
}

/// The time to the next probe of an outage that has lasted for `age` seconds, when nothing is known
/// of how long outages are:
/// ```text
/// T(age) = sqrt(2 · cost · age / (rate · value))
/// ```
/// Keller's density of inspections `sqrt(rate · value · h / (2 · cost))` ("Optimum inspection policies",
/// Management Science 28, 1982) with the hazard `h = 1 / age` of durations without a scale. At the
/// mean outage it is [`open_time`].
#[must_use]
pub fn probe_interval(value: f64, cost: f64, age: f64, rate: f64) -> f64 {
    open_time(value, cost, age, rate)
}

/// What an outage costs on average if it is probed every `interval` seconds: the failed probes and
/// the good calls lost between its end and the next probe.
///
/// `survival(t)` is the probability that an outage lasts longer than `t` seconds: 1 at 0, falling to
/// 0. Summed over probes until the survival falls below 1e-9 or a million of them; with
/// ```text
/// probes  n = Σ_{k ≥ 1} S(k T)              fail
/// cost      = cost · n + value · rate · (T · (1 + n) − E[D])
/// ```
/// where `E[D]` is the mean outage in seconds.
///
/// ```
/// use forewarn::breaker::theory::{inspection_cost, open_time};
///
/// let exponential = |t: f64| (-t / 33.0).exp();
/// let cost = |interval| inspection_cost(1.0, 0.95, 33.0, 30.0, interval, exponential);
/// let best = open_time(1.0, 0.95, 33.0, 30.0);
/// assert!(cost(best) < cost(0.7 * best) && cost(best) < cost(1.4 * best));
/// assert!(cost(60.0) > 20.0 * cost(best));
/// ```
#[must_use]
pub fn inspection_cost(
    value: f64,
    cost: f64,
    mean_outage: f64,
    rate: f64,
    interval: f64,
    survival: impl Fn(f64) -> f64,
) -> f64 {
    const MOST_PROBES: u32 = 1_000_000;
    const GONE: f64 = 1e-9;
    let failed: f64 = (1..=MOST_PROBES)
        .map(|probe| survival(f64::from(probe) * interval))
        .take_while(|alive| *alive > GONE)
        .sum();
    cost * failed + value * rate * (interval * (1.0 + failed) - mean_outage)
}
