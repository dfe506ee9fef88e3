//! Comparisons on any samples: which side is which, units and orders change what they must and
//! nothing else.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

#[cfg(feature = "serde")]
use forewarn::compare::PerformanceHistory;
use forewarn::compare::{
    Alternative, Arm, CanaryMetric, CanaryParams, Direction, Discovery, Measure,
    PerformanceHistoryParams, RankMethod, RunOutcome, SequentialTest, SequentialTestParams, Share,
    adjusted_p_values, compare_shares, effect_size, mann_whitney, mann_whitney_by, shift,
};
use proptest::prelude::*;

/// Few distinct values, so that there are ties, or many.
fn sample() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec((0..6_i32).prop_map(f64::from), 1..40),
        prop::collection::vec(-1e3..1e3_f64, 1..40),
    ]
}

/// All pairs, one by one.
fn naive_u(baseline: &[f64], candidate: &[f64]) -> f64 {
    let against = |b: &f64| -> f64 {
        baseline
            .iter()
            .map(|a| f64::from(u8::from(b > a)) + 0.5 * f64::from(u8::from(b == a)))
            .sum()
    };
    candidate.iter().map(against).sum()
}

fn differences(baseline: &[f64], candidate: &[f64]) -> Vec<f64> {
    let mut all: Vec<f64> =
        candidate.iter().flat_map(|b| baseline.iter().map(move |a| b - a)).collect();
    all.sort_by(f64::total_cmp);
    all
}

const SIDES: [(Alternative, Alternative); 3] = [
    (Alternative::Greater, Alternative::Less),
    (Alternative::Less, Alternative::Greater),
    (Alternative::TwoSided, Alternative::TwoSided),
];

proptest! {
    #[test]
    fn u_counts_pairs(a in sample(), b in sample()) {
        let test = mann_whitney(&a, &b, Alternative::TwoSided).unwrap();
        prop_assert_eq!(test.u, naive_u(&a, &b));
        let effect = effect_size(&a, &b).unwrap();
        prop_assert_eq!(effect.superiority, test.superiority);
        prop_assert!((0.0..=1.0).contains(&test.p_value));
    }

    #[test]
    fn swapping_the_sides_mirrors(a in sample(), b in sample()) {
        for (side, mirrored) in SIDES {
            for method in [RankMethod::Automatic, RankMethod::Asymptotic] {
                let one = mann_whitney_by(&a, &b, side, method).unwrap();
                let other = mann_whitney_by(&b, &a, mirrored, method).unwrap();
                prop_assert!((one.p_value - other.p_value).abs() < 1e-12);
                prop_assert!((one.superiority + other.superiority - 1.0).abs() < 1e-12);
            }
        }
        let (one, other) = (shift(&a, &b, 0.9).unwrap(), shift(&b, &a, 0.9).unwrap());
        prop_assert_eq!((one.estimate, one.low, one.high), (-other.estimate, -other.high, -other.low));
    }

    #[test]
    fn monotone_transforms_leave_ranks_alone(a in sample(), b in sample()) {
        let transformed = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| x * x * x / 8.0 + 5.0 * x).collect() };
        for (side, _) in SIDES {
            let plain = mann_whitney(&a, &b, side).unwrap();
            prop_assert_eq!(plain, mann_whitney(&transformed(&a), &transformed(&b), side).unwrap());
        }
    }

    #[test]
    fn the_order_of_values_changes_nothing(a in sample(), b in sample()) {
        let backwards = |values: &[f64]| -> Vec<f64> { values.iter().rev().copied().collect() };
        let (c, d) = (backwards(&a), backwards(&b));
        prop_assert_eq!(shift(&a, &b, 0.95).unwrap(), shift(&c, &d, 0.95).unwrap());
        for (side, _) in SIDES {
            prop_assert_eq!(mann_whitney(&a, &b, side).unwrap(), mann_whitney(&c, &d, side).unwrap());
        }
        let judge = |a: &[f64], b: &[f64]| {
            let metric = CanaryMetric::samples("m", a, b).independent(true);
            CanaryParams::default().least_values(2).judge(&[metric]).unwrap()
        };
        // Means are added up in another order.
        let (one, other) = (judge(&a, &b), judge(&c, &d));
        prop_assert_eq!(one.verdict, other.verdict);
        if a.len() > 1 && b.len() > 1 {
            prop_assert_eq!(one.metrics[0].p_value, other.metrics[0].p_value);
            prop_assert_eq!(one.metrics[0].shift, other.metrics[0].shift);
        }
    }

    #[test]
    fn the_shift_is_among_all_differences(a in sample(), b in sample(), confidence in 0.5..0.99) {
        let all = differences(&a, &b);
        let found = shift(&a, &b, confidence).unwrap();
        let (low, high) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
        prop_assert_eq!(found.estimate, f64::midpoint(low, high));
        if found.low.is_finite() {
            // As many differences are cut off below as above.
            let below = all.iter().filter(|&&it| it < found.low).count();
            let above = all.iter().filter(|&&it| it > found.high).count();
            let position = all.iter().position(|&it| it == found.low);
            prop_assert!(position.is_some());
            let tied = all.iter().filter(|&&it| it == found.low || it == found.high).count();
            prop_assert!(below.abs_diff(above) <= tied);
        } else {
            prop_assert_eq!(found.high, f64::INFINITY);
        }
    }

    /// The interval excludes a shift just where the test rejects it, but for the ties that
    /// subtracting it makes or undoes.
    #[test]
    fn interval_and_test_agree(
        a in prop::collection::vec(-1e3..1e3_f64, 1..30),
        b in prop::collection::vec(-1e3..1e3_f64, 1..30),
        level in 0.02..0.5_f64,
    ) {
        let found = shift(&a, &b, 1.0 - level).unwrap();
        let p_value = mann_whitney(&a, &b, Alternative::TwoSided).unwrap().p_value;
        prop_assume!((p_value - level).abs() > 1e-9);
        prop_assert_eq!(found.low > 0.0 || found.high < 0.0, p_value < level);
    }

    #[test]
    fn scale_and_direction_mirror_in_canaries(
        a in prop::collection::vec(1.0..1e3_f64, 12..40),
        b in prop::collection::vec(1.0..1e3_f64, 12..40),
        power in -20..20_i32,
    ) {
        let scale = 2.0_f64.powi(power);
        let scaled = |values: &[f64], by: f64| -> Vec<f64> { values.iter().map(|it| it * by).collect() };
        let judge = |a: &[f64], b: &[f64], direction| {
            let metric = CanaryMetric::samples("m", a, b).direction(direction);
            CanaryParams::default().judge(&[metric]).unwrap()
        };
        let plain = judge(&a, &b, Direction::HigherIsWorse);
        for (by, direction) in [(scale, Direction::HigherIsWorse), (-scale, Direction::LowerIsWorse)] {
            let other = judge(&scaled(&a, by), &scaled(&b, by), direction);
            prop_assert_eq!(plain.verdict, other.verdict);
            prop_assert!((plain.metrics[0].p_value - other.metrics[0].p_value).abs() < 1e-9);
            prop_assert_eq!(plain.still_needed, other.still_needed);
        }
    }

    #[test]
    fn the_order_of_metrics_changes_nothing(
        runs in prop::collection::vec((sample(), sample()), 1..8),
    ) {
        let metrics: Vec<CanaryMetric<'_>> =
            runs.iter().map(|(a, b)| CanaryMetric::samples("m", a, b)).collect();
        let backwards: Vec<CanaryMetric<'_>> = metrics.iter().rev().cloned().collect();
        let params = CanaryParams::default().least_values(3);
        let (one, mut other) = (params.judge(&metrics).unwrap(), params.judge(&backwards).unwrap());
        other.metrics.reverse();
        // NaN where there is no data.
        prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }

    #[test]
    fn shares_mirror(n in 1..500_u64, m in 1..500_u64, x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
        let (a, b) = (Share::new((x * n as f64) as u64, n), Share::new((y * m as f64) as u64, m));
        let misses = |it: Share| Share::new(it.trials - it.events, it.trials);
        for (side, mirrored) in SIDES {
            let one = compare_shares(a, b, side, 0.9).unwrap();
            let swapped = compare_shares(b, a, mirrored, 0.9).unwrap();
            let opposite = compare_shares(misses(a), misses(b), mirrored, 0.9).unwrap();
            prop_assert!((0.0..=1.0).contains(&one.p_value));
            for other in [swapped, opposite] {
                prop_assert!((one.p_value - other.p_value).abs() < 1e-9, "{one:?} {other:?}");
                prop_assert!((one.low + other.high).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn adjusting_keeps_the_order_and_never_lowers(p in prop::collection::vec(0.0..=1.0_f64, 1..60)) {
        for discovery in [Discovery::BenjaminiHochberg, Discovery::BenjaminiYekutieli] {
            let adjusted = adjusted_p_values(&p, discovery).unwrap();
            for (i, x) in p.iter().enumerate() {
                prop_assert!(adjusted[i] >= *x && adjusted[i] <= 1.0);
                for (j, y) in p.iter().enumerate() {
                    prop_assert!(x > y || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}

/// Values that each measure takes.
fn paired() -> impl Strategy<Value = (Measure, Vec<(f64, f64)>)> {
    let pairs = |value: BoxedStrategy<f64>| prop::collection::vec((value.clone(), value), 1..120);
    let range = Measure::Bounded { low: -2.0, high: 5.0 };
    prop_oneof![
        (Just(Measure::Ranks), pairs((-1e3..1e3_f64).boxed())),
        (Just(Measure::Ranks), pairs((0..5_i32).prop_map(f64::from).boxed())),
        (Just(Measure::Means), pairs((-1e3..1e3_f64).boxed())),
        (Just(Measure::Shares), pairs((0..2_i32).prop_map(f64::from).boxed())),
        (Just(range), pairs((-2.0..5.0_f64).boxed())),
    ]
}

fn start(measure: Measure, direction: Direction) -> SequentialTest {
    SequentialTestParams::default().measure(measure).direction(direction).start().unwrap()
}

proptest! {
    #[test]
    fn swapping_arms_mirrors_sequential_tests((measure, pairs) in paired()) {
        let mut one = start(measure, Direction::HigherIsWorse);
        let mut other = start(measure, Direction::LowerIsWorse);
        for &(a, b) in &pairs {
            prop_assert_eq!(one.observe_pair(a, b).unwrap(), other.observe_pair(b, a).unwrap());
        }
        let (one, other) = (one.state(), other.state());
        prop_assert!((one.log_evidence - other.log_evidence).abs() < 1e-9);
        let centre = if measure == Measure::Ranks { 1.0 } else { 0.0 };
        prop_assert!((one.estimate + other.estimate - centre).abs() < 1e-6);
        prop_assert!(one.low + other.high - centre < 1e-6 || one.low == f64::NEG_INFINITY);
        prop_assert_eq!(one.still_needed, other.still_needed);
    }

    #[test]
    fn sequential_ranks_are_left_alone_by_monotone_transforms((_, pairs) in paired()) {
        let mut one = start(Measure::Ranks, Direction::Either);
        let mut other = start(Measure::Ranks, Direction::Either);
        let transformed = |x: f64| x * x * x / 8.0 + 5.0 * x - 3.0;
        for &(a, b) in &pairs {
            one.observe_pair(a, b).unwrap();
            other.observe_pair(transformed(a), transformed(b)).unwrap();
        }
        prop_assert_eq!(one.state(), other.state());
    }

    #[test]
    fn values_one_by_one_are_paired_in_order((measure, pairs) in paired(), late in any::<bool>()) {
        let mut one = start(measure, Direction::HigherIsWorse);
        let mut other = start(measure, Direction::HigherIsWorse);
        if late {
            // All of the baseline first.
            for &(a, _) in &pairs {
                other.observe(Arm::Baseline, a).unwrap();
            }
        }
        for &(a, b) in &pairs {
            one.observe_pair(a, b).unwrap();
            if !late {
                other.observe(Arm::Baseline, a).unwrap();
            }
            other.observe(Arm::Candidate, b).unwrap();
        }
        let (one, other) = (one.state(), other.state());
        prop_assert_eq!(one, other);
        prop_assert!(one.low <= one.estimate && one.estimate <= one.high, "{:?}", one);
        prop_assert!((0.0..=1.0).contains(&one.p_value));
    }

    #[test]
    fn histories_know_no_unit_and_mirror(
        runs in prop::collection::vec((1.0..1.2_f64, 1..40_u32), 1..60),
        power in -30..30_i32,
    ) {
        let start = |direction| PerformanceHistoryParams::default().direction(direction).start().unwrap();
        let mut plain = start(Direction::HigherIsWorse);
        let mut scaled = start(Direction::HigherIsWorse);
        let mut inverse = start(Direction::LowerIsWorse);
        let kind = |outcome: RunOutcome| std::mem::discriminant(&outcome);
        for &(noise, jump) in &runs {
            let value = noise * if jump == 1 { 3.0 } else { 1.0 };
            let one = plain.observe(value).unwrap();
            let other = scaled.observe(value * 2.0_f64.powi(power)).unwrap();
            let mirrored = inverse.observe(1.0 / value).unwrap();
            prop_assert_eq!(kind(one.outcome), kind(other.outcome));
            prop_assert_eq!(kind(one.outcome), kind(mirrored.outcome));
        }
        prop_assert_eq!(plain.changes().len(), scaled.changes().len());
    }
}

#[cfg(feature = "serde")]
proptest! {
    #[test]
    fn what_was_saved_goes_on_as_if_it_had_not((measure, pairs) in paired(), cut in 0.0..1.0_f64) {
        let cut = (cut * pairs.len() as f64) as usize;
        let mut test = start(measure, Direction::HigherIsWorse);
        let mut history = PerformanceHistoryParams::default().start().unwrap();
        for (run, &(a, b)) in pairs.iter().enumerate() {
            if run == cut {
                let text = serde_json::to_string(&history).unwrap();
                prop_assert_eq!(&serde_json::from_str::<PerformanceHistory>(&text).unwrap(), &history);
                let again = SequentialTest::from_bytes(&test.to_bytes().unwrap()).unwrap();
                prop_assert_eq!(&again, &test);
                let text = serde_json::to_string(&test).unwrap();
                prop_assert_eq!(&serde_json::from_str::<SequentialTest>(&text).unwrap(), &test);
                test = again;
                history = PerformanceHistory::from_bytes(&history.to_bytes().unwrap()).unwrap();
            }
            test.observe_pair(a, b).unwrap();
            history.observe((a - b).abs() + 1.0).unwrap();
        }
        let mut through = start(measure, Direction::HigherIsWorse);
        for &(a, b) in &pairs {
            through.observe_pair(a, b).unwrap();
        }
        prop_assert_eq!(through, test);
    }
}
