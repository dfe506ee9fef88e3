//! Selection and rings against the obvious way.

use super::medians::repeated;
use super::select::Slopes;
use super::{RollingTrend, RollingTrendParams};
use crate::rng::Stream;
use crate::trend::middle::median_of;

fn all(points: &[(f64, f64)]) -> Vec<f64> {
    let mut all = Vec::new();
    for (k, a) in points.iter().enumerate() {
        let others = points[k + 1..].iter().filter(|b| b.0 != a.0);
        all.extend(others.map(|b| (b.1 - a.1) / (b.0 - a.0)));
    }
    all.sort_by(f64::total_cmp);
    all
}

#[test]
fn a_ranked_slope_is_the_one_of_all_pairs() {
    let mut stream = Stream::new(1, 0);
    for case in 0..12 {
        let size = 301 + stream.below(700);
        // Real numbers; then many equal times, values and slopes; then points that repeat.
        let points: Vec<(f64, f64)> = (0..size)
            .map(|k| match case % 3 {
                0 => (k as f64, 0.3 * k as f64 + 20.0 * stream.normal()),
                1 => (stream.below(50) as f64, stream.below(20) as f64),
                _ => ((k / 4) as f64, (k / 8) as f64),
            })
            .collect();
        let expected = all(&points);
        let slopes = Slopes::new(points);
        assert_eq!(slopes.count(), expected.len() as u64);
        let count = expected.len();
        for rank in [0, 1, count / 40, count / 3, count / 2, count - 2, count - 1] {
            let found = slopes.ranked(rank as u64);
            let error = (found - expected[rank]).abs();
            assert!(error <= 1e-9, "case {case}, {rank} of {count}: {found}, {}", expected[rank]);
        }
    }
}

#[test]
fn repeated_medians_are_those_of_all_pairs() {
    let mut stream = Stream::new(6, 0);
    for case in 0..300 {
        let size = 260 + stream.below(if case < 18 { 900 } else { 80 });
        let mut whole = || stream.below(2000) as f64 - 1000.0;
        let (tilt, lift) = ((whole() / 128.0).round(), whole());
        // Noise; many equal times, values and slopes; a line; points that repeat; wild halves; whole
        // numbers far apart, whose residuals are rounded.
        let points: Vec<(f64, f64)> = (0..size)
            .map(|k| match if case < 18 { case % 6 } else { 4 } {
                0 => (stream.normal(), stream.normal()),
                1 => (stream.below(50) as f64, stream.below(20) as f64),
                2 => (k as f64, 3.0 + 0.1 * k as f64),
                3 => ((k / 4) as f64, (k / 8) as f64),
                4 => {
                    let (time, value) = (stream.below(2000) as f64, stream.below(2000) as f64);
                    (time - 1000.0, value + tilt * time + lift)
                }
                _ => (k as f64, if k % 5 < 2 { 1e6 * stream.normal() } else { -2.0 * k as f64 }),
            })
            .collect();
        let medians = points.iter().filter_map(|a| {
            let others = points.iter().filter(|b| b.0 != a.0);
            median_of(&mut others.map(|b| (b.1 - a.1) / (b.0 - a.0)).collect::<Vec<_>>())
        });
        let expected = median_of(&mut medians.collect::<Vec<_>>()).expect("times differ");
        let found = repeated(points).expect("times differ");
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{case}: {found}, {expected}");
    }
    assert_eq!(repeated(vec![(1.0, 2.0); 500]), None);
    // Differences and what lines leave over are beyond the largest number.
    let mut sign = || if stream.below(2) == 0 { -1.7e308 } else { 1.7e308 };
    let huge: Vec<(f64, f64)> = (0..400).map(|k| (f64::from(k), sign())).collect();
    assert!(repeated(huge).is_some());
}

#[test]
fn a_window_is_what_its_observations_say() {
    let mut stream = Stream::new(2, 0);
    let params = RollingTrendParams::default().window(30);
    let mut trend = RollingTrend::new(params).expect("settings");
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for k in 0..500 {
        let time = f64::from(k / 3 * 3) + if k % 7 == 0 { 0.0 } else { f64::from(k % 3) };
        let time = seen.last().map_or(time, |last| last.0.max(time));
        let value = if k % 11 == 5 { f64::NAN } else { (stream.below(40) as f64).powi(2) };
        trend.update(time, value).expect("finite");
        if value.is_nan() {
            continue;
        }
        seen.push((time, value));
        let last = &seen[seen.len().saturating_sub(30)..];
        let pairs = last.iter().zip(last.iter().skip(20)).filter(|(a, b)| b.0 > a.0);
        let mut slopes: Vec<f64> = pairs.map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
        assert_eq!(trend.slope(), median_of(&mut slopes), "{k}");
    }
    assert!(trend.missing() > 0);
}

#[test]
fn the_interval_holds_the_slope_as_often_as_it_says() {
    let (mut held, mut all) = (0, 0);
    for seed in 0..2000 {
        let mut stream = Stream::new(seed, 3);
        let params = RollingTrendParams::default().window(60).confidence(0.9);
        let mut trend = RollingTrend::new(params).expect("settings");
        for k in 0..60 {
            // Cauchy noise has no variance at all.
            let noise = (std::f64::consts::PI * (stream.unit() - 0.5)).tan();
            trend.update(f64::from(k), 2.0 * f64::from(k) + noise).expect("finite");
        }
        let (lower, upper) = trend.interval().expect("20 pairs");
        held += usize::from(lower <= 2.0 && 2.0 <= upper);
        all += 1;
    }
    // Twenty coins: five or fewer heads, or tails, 2 · 0.0207; four deviations of 2,000 draws.
    let share = held as f64 / f64::from(all);
    assert!((share - 0.958_6).abs() < 0.018, "{share}");
}
