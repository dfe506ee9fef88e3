//! Tests of drift against the most obvious version of each, and how often they are wrong.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use crate::rows::Draw;
use forewarn::trend::{
    DriftParams, DriftSeverity, PValue, StabilityBins, chi_squared_test, g_test, kolmogorov_smirnov,
};
use proptest::prelude::*;

/// The greatest difference of cumulative shares, at every value in turn.
fn statistic(first: &[f64], second: &[f64]) -> f64 {
    let share = |sample: &[f64], value: f64| {
        sample.iter().filter(|&&it| it <= value).count() as f64 / sample.len() as f64
    };
    let differences =
        first.iter().chain(second).map(|&value| (share(first, value) - share(second, value)).abs());
    differences.fold(0.0, f64::max)
}

/// The share of all orders of `n` and `m` values whose statistic is at least so much.
fn share_of_orders(n: usize, m: usize, least: f64) -> f64 {
    let (mut at_least, mut all) = (0_u32, 0_u32);
    for order in 0_u32..1 << (n + m) {
        if order.count_ones() as usize != n {
            continue;
        }
        let of = |bit: u32| {
            (0..n + m).filter(move |place| order >> place & 1 == bit).map(|place| place as f64)
        };
        let found = statistic(&of(1).collect::<Vec<_>>(), &of(0).collect::<Vec<_>>());
        all += 1;
        at_least += u32::from(found >= least - 1e-9);
    }
    f64::from(at_least) / f64::from(all)
}

#[test]
fn exact_probabilities_are_shares_of_orders() {
    let mut draw = Draw::new(1);
    for (n, m) in [(1, 1), (1, 5), (3, 4), (4, 4), (6, 3), (5, 7), (2, 9)] {
        for _ in 0..6 {
            let first: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
            let second: Vec<f64> = (0..m).map(|_| draw.normal() + 0.7).collect();
            let test = kolmogorov_smirnov(&first, &second, PValue::Exact).unwrap();
            let expected = share_of_orders(n, m, test.statistic);
            assert!((test.p_value - expected).abs() < 1e-12, "{n}, {m}: {test:?}, {expected}");
        }
    }
}

proptest! {
    #[test]
    fn statistic_is_that_of_the_definition(seed in 0_u64..1_000_000, ties in any::<bool>()) {
        let mut draw = Draw::new(seed);
        let mut sample = |most: usize| -> Vec<f64> {
            let count = 1 + draw.below(most);
            (0..count)
                .map(|_| if ties { (3.0 * draw.normal()).round() } else { draw.normal() })
                .collect()
        };
        let (first, second) = (sample(60), sample(90));
        let test = kolmogorov_smirnov(&first, &second, PValue::Automatic).unwrap();
        prop_assert!((test.statistic - statistic(&first, &second)).abs() < 1e-12);
        let mirrored = kolmogorov_smirnov(&second, &first, PValue::Automatic).unwrap();
        prop_assert_eq!(test.statistic, mirrored.statistic);
        prop_assert!((test.p_value - mirrored.p_value).abs() < 1e-12);
        // Any increasing transformation.
        let bent = |sample: &[f64]| sample.iter().map(|it| it.powi(3) * 1e6).collect::<Vec<_>>();
        let bent = kolmogorov_smirnov(&bent(&first), &bent(&second), PValue::Automatic).unwrap();
        prop_assert_eq!((test.statistic, test.p_value), (bent.statistic, bent.p_value));
    }

    #[test]
    fn order_of_categories_does_not_matter(
        mut counts in proptest::collection::vec((0_u64..50, 0_u64..50), 2..12)
    ) {
        counts.push((1, 1));
        let lists = |counts: &[(u64, u64)]| counts.iter().copied().unzip::<u64, u64, Vec<_>, Vec<_>>();
        let (before, after) = lists(&counts);
        let (test, g) = (chi_squared_test(&before, &after).unwrap(), g_test(&before, &after).unwrap());
        counts.reverse();
        let (before, after) = lists(&counts);
        let back = chi_squared_test(&before, &after).unwrap();
        prop_assert!((test.statistic - back.statistic).abs() < 1e-9);
        prop_assert!(test.statistic >= 0.0 && g.statistic >= -1e-9);
        prop_assert!((0.0..=1.0).contains(&test.moved));
        prop_assert_eq!(test.moved, g.moved);
    }

    #[test]
    fn stability_does_not_depend_on_the_unit(seed in 0_u64..100_000) {
        let mut draw = Draw::new(seed);
        let before: Vec<f64> = (0..200).map(|_| draw.normal()).collect();
        let after: Vec<f64> = (0..100).map(|_| draw.normal() * 1.3).collect();
        let index = |factor: f64| {
            let scaled = |sample: &[f64]| sample.iter().map(|it| it * factor).collect::<Vec<_>>();
            StabilityBins::new(&scaled(&before), 10).unwrap().index(&scaled(&after), 0.01).unwrap()
        };
        prop_assert_eq!(index(1.0), index(1e-6));
        prop_assert_eq!(index(1.0), index(1e6));
    }
}

#[test]
fn false_drifts_are_as_rare_as_asked_for() {
    let normal =
        |draw: &mut Draw, count: usize| -> Vec<f64> { (0..count).map(|_| draw.normal()).collect() };
    // Of 2,000 pairs with nothing different, 100 by right: three standard errors are 29.
    let (mut index, mut test, mut drift) = (0, 0, 0);
    for seed in 0..2_000 {
        let mut draw = Draw::new(10_000 + seed);
        let (before, after) = (normal(&mut draw, 300), normal(&mut draw, 200));
        let bins = StabilityBins::new(&before, 10).unwrap();
        let stability = bins.index(&after, 0.05).unwrap();
        index += u32::from(stability.index > stability.critical);
        assert_eq!(stability.index > stability.critical, stability.p_value < 0.05);
        let found = kolmogorov_smirnov(&before, &after, PValue::Automatic).unwrap();
        test += u32::from(found.p_value <= 0.05);
        let params = DriftParams::default().alpha(0.05).floor(0.0);
        let found = params.numeric("a", &before, &after).unwrap();
        drift += u32::from(found.severity > DriftSeverity::None);
    }
    // The index is said to be chi-squared by approximation; discrete statistics err on the safe side.
    assert!((60..=140).contains(&index), "{index} indices");
    assert!((71..=129).contains(&test), "{test} tests");
    assert_eq!(test, drift);
}

#[test]
fn large_samples_do_not_always_drift() {
    let mut draw = Draw::new(77);
    let before: Vec<f64> = (0..60_000).map(|_| draw.normal()).collect();
    let after: Vec<f64> = (0..60_000).map(|_| draw.normal() + 0.05).collect();
    let drift = DriftParams::default().numeric("a", &before, &after).unwrap();
    assert!(drift.p_value < 1e-6 && drift.severity == DriftSeverity::None, "{drift:?}");
    let after: Vec<f64> = before.iter().map(|value| value + 2.0).collect();
    let drift = DriftParams::default().numeric("a", &before, &after).unwrap();
    assert_eq!(drift.severity, DriftSeverity::Severe);
}
