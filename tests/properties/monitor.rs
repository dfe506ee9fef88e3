//! What a metric monitor promises on any stream: its rate, and answers without a unit.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::threshold::{AlarmRate, MetricMonitorParams, Reading};
use proptest::prelude::*;

/// Uniform numbers in (0, 1) by SplitMix64.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0 + 1e-17
    }

    fn exponential(&mut self) -> f64 {
        -self.next().ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }

    fn student(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / (squares / 3.0).sqrt()
    }

    fn poisson(&mut self) -> f64 {
        let (mut count, mut product) = (0.0, self.next());
        while product > (-2.0f64).exp() {
            product *= self.next();
            count += 1.0;
        }
        count
    }
}

#[test]
fn the_rate_asked_for_is_attained_on_independent_values() {
    type Law = (&'static str, fn(&mut Uniform) -> f64);
    let laws: [Law; 6] = [
        ("exponential", Uniform::exponential),
        ("normal", Uniform::normal),
        ("Student with 3 degrees of freedom", Uniform::student),
        ("log-normal", |uniform| uniform.normal().exp()),
        ("uniform", Uniform::next),
        ("Poisson of mean 2", Uniform::poisson),
    ];
    let (rate, warm_up, count, streams) = (1e-3, 2000, 100_000, 4);
    for (name, law) in laws {
        let mut alarms = 0;
        for seed in 0..streams {
            let mut uniform = Uniform(seed);
            let params = MetricMonitorParams::default().warm_up(warm_up);
            let mut monitor = params.rate(AlarmRate::PerObservation(rate)).build().unwrap();
            for minute in 0..warm_up + count {
                let reading = monitor.update(f64::from(minute) * 60.0, law(&mut uniform)).unwrap();
                alarms += u32::from(reading.judgement.alarm.is_some());
            }
        }
        let attained = f64::from(alarms) / (f64::from(count) * streams as f64) / rate;
        println!("{name}: attained {attained:.2} of what was asked");
        assert!((0.8..=1.25).contains(&attained), "{name}: {attained}");
    }
}

/// On five days of seven the metric goes up and down with the clock, from where midnight finds it: two
/// jumps a week, which no incident makes at one hour.
#[test]
fn the_rate_asked_for_is_attained_where_weekends_differ() {
    let (rate, warm_up, count, streams) = (1e-4, 8_064, 100_000, 8);
    let mut alarms = 0;
    for seed in 0..streams {
        let mut uniform = Uniform(seed);
        let start = uniform.next();
        let params = MetricMonitorParams::default().warm_up(warm_up);
        let mut monitor = params.rate(AlarmRate::PerObservation(rate)).build().unwrap();
        for step in 0..warm_up + count {
            let days = f64::from(step) / 288.0;
            let works = days.floor() % 7.0 < 5.0;
            let rhythm = 3.0 * ((days + start) * std::f64::consts::TAU).sin();
            let value = uniform.exponential() + if works { rhythm } else { 0.0 };
            let reading = monitor.update(f64::from(step) * 300.0, value).unwrap();
            alarms += u32::from(reading.judgement.alarm.is_some() && step >= warm_up);
        }
    }
    let attained = f64::from(alarms) / (f64::from(count) * streams as f64) / rate;
    println!("attained {attained:.2} of what was asked");
    assert!((0.7..=1.4).contains(&attained), "{attained}");
}

fn readings(values: &[i32], scale: f64, shift: f64) -> Vec<Reading> {
    let mut monitor = MetricMonitorParams::default().warm_up(64).build().unwrap();
    let mut update = |(minute, &value): (usize, &i32)| {
        monitor.update(minute as f64 * 60.0, f64::from(value) * scale + shift).unwrap()
    };
    values.iter().enumerate().map(&mut update).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Powers of two and whole shifts are exact in floating point: not a bit may differ.
    #[test]
    fn scale_and_shift_change_no_answer(
        values in prop::collection::vec(-1000..1000i32, 100..600),
        power in -200..200i32,
        shift in -1_000_000..1_000_000i32,
    ) {
        let plain = readings(&values, 1.0, 0.0);
        // A counter must not go below 0, and starts again near it: it knows where 0 is.
        let scaled = readings(&values, 2f64.powi(power), 0.0);
        for (plain, other) in plain.iter().zip(&scaled) {
            prop_assert_eq!(plain.judgement.score, other.judgement.score);
            prop_assert_eq!(plain.judgement.alarm, other.judgement.alarm);
            prop_assert_eq!(plain.reason, other.reason);
        }
        let shifted = readings(&values, 1.0, f64::from(shift));
        for (plain, other) in plain.iter().zip(&shifted) {
            prop_assert_eq!(plain.judgement.score, other.judgement.score);
            prop_assert_eq!(plain.judgement.alarm, other.judgement.alarm);
        }
    }

    #[test]
    fn an_alarm_is_outside_its_band_and_the_score_is_finite(
        values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 100..400),
    ) {
        let mut monitor = MetricMonitorParams::default().warm_up(32).build().unwrap();
        for (minute, &value) in values.iter().enumerate() {
            let answer = monitor.update(minute as f64 * 60.0, value).unwrap().judgement;
            prop_assert!(answer.score.is_finite() && answer.score >= 0.0);
            if answer.alarm.is_some() {
                prop_assert_eq!(answer.alarm, answer.band.left_by(value));
            }
        }
    }
}
