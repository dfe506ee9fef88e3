//! Comparisons refuse what cannot be and name it; what is merely poor has a documented answer.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::Error;
use forewarn::compare::{
    Alternative, Arm, CanaryMetric, CanaryParams, Direction, Discovery, Measure, MetricOutcome,
    MissingValues, PerformanceHistoryParams, RankMethod, Rate, RunOutcome, SequentialDecision,
    SequentialTestParams, Share, Verdict, adjusted_p_values, compare_rates, compare_shares,
    compare_zero_inflated, effect_size, mann_whitney, mann_whitney_by, rank_test_power,
    rank_test_size, share_test_size, shift,
};

#[cfg(feature = "serde")]
use forewarn::compare::{PerformanceHistory, SequentialTest};

const SIDES: [Alternative; 3] = [Alternative::Greater, Alternative::Less, Alternative::TwoSided];

fn name_of<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result.unwrap_err() {
        Error::OutOfRange { name, .. } => name,
        other => panic!("{other}"),
    }
}

#[test]
fn samples_that_cannot_be_are_named() {
    let good = [1.0, 2.0];
    for (bad, expected) in [
        (vec![], Error::Empty { what: "baseline" }),
        (vec![1.0, f64::NAN], Error::NotANumber { what: "baseline", index: 1 }),
        (
            vec![f64::INFINITY],
            Error::OutOfRange {
                name: "baseline",
                value: f64::INFINITY,
                allowed: "from -1e150 to 1e150",
            },
        ),
    ] {
        for side in SIDES {
            assert_eq!(mann_whitney(&bad, &good, side).unwrap_err(), expected);
            assert_eq!(compare_zero_inflated(&bad, &good, side).unwrap_err(), expected);
            assert!(mann_whitney(&good, &bad, side).is_err());
        }
        assert_eq!(shift(&bad, &good, 0.9).unwrap_err(), expected);
        assert_eq!(effect_size(&bad, &good).unwrap_err(), expected);
    }
    assert_eq!(name_of(mann_whitney(&good, &[-1e200], Alternative::Less)), "candidate");
}

#[test]
fn levels_outside_their_range_are_named() {
    for bad in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        assert_eq!(name_of(shift(&[1.0], &[2.0], bad)), "confidence");
        let (a, b) = (Share::new(1, 10), Share::new(2, 10));
        assert_eq!(name_of(compare_shares(a, b, Alternative::Less, bad)), "confidence");
        assert_eq!(name_of(rank_test_power([9, 9], bad, 0.05, Alternative::Less)), "superiority");
        assert_eq!(name_of(rank_test_power([9, 9], 0.6, bad, Alternative::Less)), "level");
        assert_eq!(name_of(rank_test_size(0.6, bad, 0.8, Alternative::Greater)), "level");
        assert_eq!(name_of(share_test_size([0.1, 0.2], 0.05, bad, Alternative::Greater)), "power");
    }
    assert_eq!(name_of(rank_test_size(0.5, 0.05, 0.8, Alternative::TwoSided)), "superiority");
    assert_eq!(name_of(share_test_size([0.1, 0.1], 0.05, 0.8, Alternative::TwoSided)), "share");
    assert_eq!(name_of(share_test_size([0.1, 1.1], 0.05, 0.8, Alternative::TwoSided)), "share");
    assert!(rank_test_power([0, 9], 0.6, 0.05, Alternative::Less).is_err());
    for discovery in [Discovery::BenjaminiHochberg, Discovery::BenjaminiYekutieli] {
        assert_eq!(
            adjusted_p_values(&[], discovery).unwrap_err(),
            Error::Empty { what: "p_values" }
        );
        assert_eq!(name_of(adjusted_p_values(&[0.5, 1.5], discovery)), "p_value");
        assert!(adjusted_p_values(&[0.5, f64::NAN], discovery).is_err());
    }
}

#[test]
fn one_value_and_nothing_but_ties_are_answered() {
    for side in SIDES {
        let one = mann_whitney(&[1.0], &[2.0], side).unwrap();
        assert!(one.exact && one.p_value >= 0.5);
        for values in [vec![0.0; 5], vec![7.5; 30]] {
            for method in [RankMethod::Automatic, RankMethod::Asymptotic, RankMethod::Exact] {
                let tied = mann_whitney_by(&values, &values, side, method).unwrap();
                assert_eq!((tied.p_value, tied.superiority), (1.0, 0.5), "{method:?}");
            }
        }
    }
    let single = shift(&[1.0], &[3.0], 0.95).unwrap();
    assert_eq!((single.low, single.estimate, single.high), (f64::NEG_INFINITY, 2.0, f64::INFINITY));
    let tied = shift(&[4.0; 20], &[4.0; 20], 0.95).unwrap();
    assert_eq!((tied.low, tied.estimate, tied.high), (0.0, 0.0, 0.0));
    let zeros = effect_size(&[0.0; 4], &[0.0; 4]).unwrap();
    assert_eq!((zeros.superiority, zeros.mean_ratio, zeros.median_ratio), (0.5, None, None));
    let zeros = compare_zero_inflated(&[0.0; 9], &[0.0; 9], Alternative::TwoSided).unwrap();
    assert_eq!((zeros.p_value, zeros.size), (1.0, None));
}

/// Rank sums of a few million values are beyond 32 bits, and cubes of ties beyond 64.
#[test]
fn large_samples_overflow_nothing() {
    let baseline = vec![0.0; 3_000_000];
    let mut candidate = vec![0.0; 3_000_000];
    candidate[..3_000].fill(1.0);
    let test = mann_whitney(&baseline, &candidate, Alternative::Greater).unwrap();
    assert_eq!(test.u, 4.5e12 + 3_000.0 * 1.5e6);
    assert!(test.p_value < 1e-100, "{}", test.p_value);
    assert!((test.superiority - 0.5005).abs() < 1e-12);
    let power = rank_test_power([usize::MAX; 2], 0.500_000_1, 0.05, Alternative::Greater).unwrap();
    assert!((power - 1.0).abs() < 1e-12);
    let many: Vec<f64> = (0..4_000).map(f64::from).collect();
    let refused = mann_whitney_by(&many, &many[..3_999], Alternative::Less, RankMethod::Exact);
    assert_eq!(name_of(refused), "the number of values");
    let far = shift(&[-1e150; 5], &[1e150; 5], 0.5).unwrap();
    assert_eq!((far.low, far.estimate, far.high), (2e150, 2e150, 2e150));
}

#[test]
fn counts_that_cannot_be_are_named() {
    let good = Share::new(1, 10);
    let compare = |a, b| compare_shares(a, b, Alternative::TwoSided, 0.95);
    assert_eq!(compare(Share::new(0, 0), good).unwrap_err(), Error::Empty { what: "baseline" });
    assert_eq!(name_of(compare(good, Share::new(11, 10))), "candidate");
    assert_eq!(name_of(compare(good, Share::new(1, u64::MAX))), "candidate");
    for all_or_none in [Share::new(0, 10), Share::new(10, 10)] {
        let same = compare(all_or_none, all_or_none).unwrap();
        assert_eq!((same.p_value, same.difference), (1.0, 0.0));
        assert!(same.low < 0.0 && same.high > 0.0);
    }
    let largest = Share::new(1 << 52, 1 << 53);
    assert_eq!(compare(largest, largest).unwrap().p_value, 1.0);
    let rates = |a, b| compare_rates(a, b, Alternative::TwoSided);
    assert_eq!(rates(Rate::new(0, 1.0), Rate::new(0, 5.0)).unwrap().p_value, 1.0);
    assert_eq!(rates(Rate::new(0, 1.0), Rate::new(9, 1.0)).unwrap().ratio, None);
    for exposure in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(name_of(rates(Rate::new(1, exposure), Rate::new(1, 1.0))), "baseline");
    }
    assert_eq!(name_of(rates(Rate::new(1, 1.0), Rate::new(u64::MAX, 1.0))), "candidate");
}

#[test]
fn canary_settings_out_of_range_are_named() {
    let values = [1.0; 20];
    let metric = CanaryMetric::samples("m", &values, &values);
    let base = CanaryParams::default;
    for (expected, params) in [
        ("alpha", base().alpha(0.0)),
        ("alpha", base().alpha(0.5)),
        ("alpha", base().alpha(f64::NAN)),
        ("tolerance", base().tolerance(-0.1)),
        ("tolerance", base().tolerance(f64::NAN)),
        ("margin", base().margin(0.0)),
        ("margin", base().margin(f64::INFINITY)),
        ("power", base().power(1.0)),
        ("least_values", base().least_values(1)),
    ] {
        assert_eq!(name_of(params.judge(std::slice::from_ref(&metric))), expected);
    }
    assert_eq!(name_of(base().judge(&[metric.clone().tolerance(-1.0)])), "tolerance");
    assert_eq!(name_of(base().judge(&[metric.clone().margin(f64::NAN)])), "margin");
    assert_eq!(base().judge(&[]).unwrap_err(), Error::Empty { what: "metrics" });
    let infinite = [f64::INFINITY; 20];
    assert_eq!(
        name_of(base().judge(&[CanaryMetric::samples("m", &values, &infinite)])),
        "candidate"
    );
}

#[test]
fn metrics_without_data_hold_the_canary() {
    let values: Vec<f64> = (0..400).map(|i| 100.0 + f64::from(i * 37 % 23)).collect();
    let good = CanaryMetric::samples("good", &values, &values);
    let judge = |metrics: &[CanaryMetric<'_>]| CanaryParams::default().judge(metrics).unwrap();
    assert_eq!(judge(std::slice::from_ref(&good)).verdict, Verdict::Promote);
    let missing = [f64::NAN; 50];
    for empty in [&[][..], &[1.0][..], &missing[..]] {
        let metric = CanaryMetric::samples("empty", &values, empty);
        let judged = judge(&[good.clone(), metric.clone()]);
        assert_eq!(
            (judged.verdict, judged.metrics[1].outcome),
            (Verdict::Hold, MetricOutcome::NoData)
        );
        assert!(judged.metrics[1].p_value.is_nan() && judged.still_needed >= 9);
        assert!(judged.to_string().contains("empty no data"), "{judged}");
        let judged = judge(&[good.clone(), metric.critical(false)]);
        assert_eq!((judged.verdict, judged.still_needed), (Verdict::Promote, 0));
    }
    let nobody = CanaryMetric::share("errors", Share::new(0, 0), Share::new(0, 0));
    assert_eq!(judge(&[nobody]).metrics[0].outcome, MetricOutcome::NoData);
}

#[test]
fn missing_values_are_what_they_were_said_to_be() {
    let baseline: Vec<f64> = (0..60).map(|i| f64::from(i % 7)).collect();
    let gaps: Vec<f64> = baseline
        .iter()
        .enumerate()
        .map(|(i, &it)| if i % 2 == 0 { f64::NAN } else { it })
        .collect();
    let judge = |missing| {
        let metric = CanaryMetric::samples("m", &baseline, &gaps)
            .direction(Direction::LowerIsWorse)
            .missing(missing);
        CanaryParams::default().judge(&[metric])
    };
    let skipped = judge(MissingValues::Skip).unwrap().metrics.remove(0);
    assert_eq!((skipped.values, skipped.missing), ([60, 30], [0, 30]));
    assert_ne!(skipped.outcome, MetricOutcome::Worse);
    let zero = judge(MissingValues::Zero).unwrap().metrics.remove(0);
    assert_eq!(
        (zero.values, zero.missing, zero.outcome),
        ([60, 60], [0, 30], MetricOutcome::Worse)
    );
    let refused = judge(MissingValues::Refuse).unwrap_err();
    assert_eq!(refused, Error::NotANumber { what: "candidate", index: 0 });
}

#[test]
fn canaries_of_constants_are_judged() {
    let judge = |a: f64, b: f64| {
        let (baseline, candidate) = ([a; 30], [b; 30]);
        CanaryParams::default().judge(&[CanaryMetric::samples("m", &baseline, &candidate)]).unwrap()
    };
    for (a, b, verdict) in [
        (0.0, 0.0, Verdict::Promote),
        (5.0, 5.0, Verdict::Promote),
        (0.0, 1.0, Verdict::RollBack),
        (5.0, 6.0, Verdict::RollBack),
        (5.0, 4.0, Verdict::Promote),
    ] {
        assert_eq!(judge(a, b).verdict, verdict, "{a} {b}");
    }
    assert_eq!(judge(0.0, 1.0).metrics[0].relative, f64::INFINITY);
    // However certain, within the tolerance it is not worse.
    let (baseline, candidate) = ([100.0; 30], [104.0; 30]);
    let metric = CanaryMetric::samples("m", &baseline, &candidate).tolerance(0.05);
    let judged = CanaryParams::default().judge(&[metric]).unwrap();
    assert_eq!(judged.metrics[0].outcome, MetricOutcome::Same);
}

#[test]
fn histories_refuse_what_cannot_be_and_stay_as_they_were() {
    let base = PerformanceHistoryParams::default;
    for (expected, params) in [
        ("effect", base().effect(0.0)),
        ("effect", base().effect(f64::NAN)),
        ("alpha", base().alpha(0.5)),
        ("alpha", base().alpha(-0.1)),
        ("same_conditions", base().same_conditions(-1.0)),
        ("same_conditions", base().same_conditions(f64::INFINITY)),
        ("remembered", base().remembered(19)),
    ] {
        assert_eq!(name_of(params.start()), expected);
    }
    let mut history = base().start().unwrap();
    for run in 0..30 {
        history.observe_at(1e5 * f64::from(run), 10.0 + f64::from(run % 3)).unwrap();
    }
    let before = history.clone();
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e101] {
        assert!(history.observe_at(1e9, bad).is_err(), "{bad}");
        assert!(history.observe(bad).is_err(), "{bad}");
    }
    assert_eq!(name_of(history.observe_at(f64::NAN, 1.0)), "time");
    let back = history.observe_at(0.0, 1.0).unwrap_err();
    assert_eq!(back, Error::TimeWentBack { time: 0.0, last: 2.9e6 });
    assert_eq!(history, before);
}

#[test]
fn constant_and_single_runs_are_answered() {
    let mut history = PerformanceHistoryParams::default().start().unwrap();
    let first = history.observe(5.0).unwrap();
    assert_eq!((first.outcome, first.runs_needed), (RunOutcome::Learning, None));
    assert!((first.typical - 5.0).abs() < 1e-12);
    for _ in 0..100 {
        let judged = history.observe(5.0).unwrap();
        assert!(matches!(judged.outcome, RunOutcome::Learning | RunOutcome::Usual), "{judged:?}");
    }
    // Five runs of another constant are a change, found at the third.
    let outcomes: Vec<RunOutcome> = (0..5).map(|_| history.observe(6.0).unwrap().outcome).collect();
    assert!(matches!(outcomes[2], RunOutcome::Regression(change) if change.since == 101));
    assert_eq!(history.changes().len(), 1);
    let mut better = PerformanceHistoryParams::default().start().unwrap();
    let mut worse =
        PerformanceHistoryParams::default().direction(Direction::LowerIsWorse).start().unwrap();
    for run in 0..60 {
        let value = if run < 40 { 5.0 + 0.01 * f64::from(run % 5) } else { 4.0 };
        for (history, is_worse) in [(&mut better, false), (&mut worse, true)] {
            match history.observe(value).unwrap().outcome {
                RunOutcome::Regression(change) => assert!(is_worse && change.effect < 0.0),
                RunOutcome::Improvement(change) => assert!(!is_worse && change.effect < 0.0),
                _ => {}
            }
        }
    }
    assert_eq!([better.changes().len(), worse.changes().len()], [1, 1]);
}

#[test]
fn sequential_tests_refuse_what_cannot_be_and_stay_as_they_were() {
    let base = SequentialTestParams::default;
    let bounded = |low, high| base().measure(Measure::Bounded { low, high });
    for (expected, params) in [
        ("alpha", base().alpha(0.0)),
        ("alpha", base().alpha(0.5)),
        ("alpha", base().alpha(f64::NAN)),
        ("effect", base().effect(0.0)),
        ("effect", base().effect(f64::INFINITY)),
        ("margin", base().margin(Some(0.0))),
        ("margin", base().margin(Some(f64::NAN))),
        ("most_pairs", base().most_pairs(Some(0))),
        ("low", bounded(f64::NEG_INFINITY, 1.0)),
        ("high", bounded(1.0, 1.0)),
        ("high", bounded(0.0, f64::NAN)),
    ] {
        assert_eq!(name_of(params.start()), expected);
        assert_eq!(name_of(params.pairs_needed()), expected);
    }
    for (params, bad) in [
        (base(), vec![f64::NAN, f64::INFINITY, -1e151]),
        (base().measure(Measure::Shares), vec![0.5, -1.0, f64::NAN]),
        (bounded(0.0, 2.0), vec![-0.1, 2.1, f64::NAN]),
    ] {
        let mut test = params.start().unwrap();
        test.observe_pair(1.0, 0.0).unwrap();
        let before = test.clone();
        for bad in bad {
            assert!(test.observe(Arm::Candidate, bad).is_err(), "{bad}");
            assert!(test.observe_pair(bad, 0.0).is_err() && test.observe_pair(0.0, bad).is_err());
            assert_eq!(test, before);
        }
    }
}

const MEASURES: [Measure; 4] =
    [Measure::Ranks, Measure::Means, Measure::Shares, Measure::Bounded { low: 0.0, high: 1.0 }];

#[test]
fn sequential_tests_of_nothing_and_of_constants_are_answered() {
    for measure in MEASURES {
        let mut test = SequentialTestParams::default().measure(measure).start().unwrap();
        let state = test.state();
        assert!(state.estimate.is_nan() && state.p_value == 1.0 && state.still_needed > 100);
        // One arm alone decides nothing, however much of it there is.
        for _ in 0..20_000 {
            test.observe(Arm::Candidate, 1.0).unwrap();
        }
        assert_eq!(test.state().pairs, 0);
        // Ties only.
        for _ in 0..1_000 {
            assert_eq!(test.observe_pair(1.0, 1.0).unwrap(), SequentialDecision::Continue);
        }
        let state = test.state();
        assert_eq!((state.pairs, state.p_value), (1_000, 1.0), "{measure:?}");
        assert!(state.low <= state.estimate && state.estimate <= state.high, "{state:?}");
        // Constants that differ.
        let mut decision = SequentialDecision::Continue;
        let mut test = SequentialTestParams::default().measure(measure).start().unwrap();
        for _ in 0..100 {
            decision = test.observe_pair(0.0, 1.0).unwrap();
        }
        assert_eq!(decision, SequentialDecision::Worse, "{measure:?}");
        let stopped = test.state();
        assert!(stopped.pairs < 30 && stopped.p_value <= 0.05 && stopped.still_needed == 0);
        test.observe_pair(1.0, 0.0).unwrap();
        assert_eq!(test.state(), stopped);
    }
}

#[test]
fn sequential_tests_stop_as_they_were_told() {
    for measure in MEASURES {
        let params = SequentialTestParams::default().measure(measure).most_pairs(Some(50));
        let mut test = params.start().unwrap();
        let decisions: Vec<_> = (0..50).map(|_| test.observe_pair(1.0, 1.0).unwrap()).collect();
        assert!(decisions[..49].iter().all(|&it| it == SequentialDecision::Continue));
        assert_eq!(decisions[49], SequentialDecision::Undecided);
        let mut test = params.most_pairs(None).margin(Some(0.2)).start().unwrap();
        let mut pairs = 0;
        while test.decision() == SequentialDecision::Continue && pairs < 5_000 {
            // As often the one as the other.
            let (baseline, candidate) = if pairs % 2 == 0 { (0.0, 1.0) } else { (1.0, 0.0) };
            test.observe_pair(baseline, candidate).unwrap();
            pairs += 1;
        }
        assert_eq!(test.decision(), SequentialDecision::Harmless, "{measure:?}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn states_come_back_as_they_were_and_edited_ones_are_refused() {
    let mut history = PerformanceHistoryParams::default().start().unwrap();
    for run in 0..50 {
        let level = if run < 30 { 10.0 } else { 13.0 };
        history.observe_at(3e4 * f64::from(run), level + f64::from(run % 7) / 10.0).unwrap();
    }
    let bytes = history.to_bytes().unwrap();
    assert_eq!(PerformanceHistory::from_bytes(&bytes).unwrap(), history);
    for at in 0..bytes.len() {
        let mut edited = bytes.clone();
        edited[at] ^= 0x10;
        assert!(PerformanceHistory::from_bytes(&edited).is_err(), "byte {at}");
        assert!(PerformanceHistory::from_bytes(&bytes[..at]).is_err());
    }
    let text = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<PerformanceHistory>(&text).unwrap(), history);
    for (from, to) in [
        ("\"seen\":50", "\"seen\":3"),
        ("\"effect\":0.1,", "\"effect\":-0.1,"),
        ("\"remembered\":100", "\"remembered\":20000"),
        ("\"time\":900000.0", "\"time\":9e99"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        assert!(
            serde_json::from_str::<PerformanceHistory>(&text.replacen(from, to, 1)).is_err(),
            "{to}"
        );
    }
    for measure in MEASURES {
        let mut test = SequentialTestParams::default().measure(measure).start().unwrap();
        for i in 0..40 {
            test.observe_pair(f64::from(i % 2), f64::from(i % 3 / 2)).unwrap();
        }
        test.observe(Arm::Candidate, 1.0).unwrap();
        let bytes = test.to_bytes().unwrap();
        assert_eq!(SequentialTest::from_bytes(&bytes).unwrap(), test);
        for at in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[at] ^= 0x10;
            assert!(SequentialTest::from_bytes(&edited).is_err(), "byte {at}");
        }
        let text = serde_json::to_string(&test).unwrap();
        assert_eq!(serde_json::from_str::<SequentialTest>(&text).unwrap(), test);
        for (from, to) in [
            ("\"alpha\":0.05", "\"alpha\":0.7"),
            ("\"pairs\":40", "\"pairs\":1"),
            ("\"decision\":\"Continue\"", "\"decision\":\"Worse\""),
            ("\"waiting\":[1.0]", "\"waiting\":[1e200]"),
        ] {
            assert!(text.contains(from), "{from} in {text}");
            assert!(
                serde_json::from_str::<SequentialTest>(&text.replacen(from, to, 1)).is_err(),
                "{to}"
            );
        }
    }
}
