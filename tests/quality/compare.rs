//! False verdicts come as often as asked for, and true ones no later than plain tests give them.
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use forewarn::compare::{
    Alternative, CanaryMetric, CanaryParams, Direction, Measure, MetricOutcome,
    PerformanceHistoryParams, RunOutcome, SequentialDecision, SequentialTest, SequentialTestParams,
    Verdict, mann_whitney,
};
use forewarn_datasets::canary::{History, HistoryParams, Pair, PairParams, Shape};

const ALPHA: f64 = 0.05;

fn judged(pair: &Pair, independent: bool) -> Verdict {
    let metric =
        CanaryMetric::samples("m", &pair.baseline, &pair.candidate).independent(independent);
    CanaryParams::default().alpha(ALPHA).judge(&[metric]).unwrap().verdict
}

fn share(pairs: &[Pair], is: impl Fn(&Pair) -> bool) -> f64 {
    pairs.iter().filter(|pair| is(pair)).count() as f64 / pairs.len() as f64
}

fn plain(pair: &Pair) -> bool {
    mann_whitney(&pair.baseline, &pair.candidate, Alternative::Greater).unwrap().p_value <= ALPHA
}

/// Binomial deviation of a rate of 5 % over 2,000 pairs is 0.5 %: with four settings together 0.25 %.
#[test]
fn equal_versions_are_rolled_back_as_often_as_asked_for() {
    let mut all = Vec::new();
    for (seed, shape, values) in [
        (101, Shape::Normal, 60),
        (102, Shape::LogNormal, 60),
        (103, Shape::Counts, 120),
        (104, Shape::LogNormal, 30),
    ] {
        let pairs = PairParams { pairs: 2_000, values, shape, seed, ..PairParams::default() };
        let pairs = pairs.simulate().unwrap();
        let rates = [true, false].map(|independent| {
            share(&pairs, |pair| judged(pair, independent) == Verdict::RollBack)
        });
        println!("{shape:?}, {values} values: {rates:?}, independent first");
        for rate in rates {
            assert!((0.036..=0.064).contains(&rate), "{rate}");
        }
        all.push(rates);
    }
    for way in 0..2 {
        let mean = all.iter().map(|rates| rates[way]).sum::<f64>() / all.len() as f64;
        assert!((0.8 * ALPHA..=1.2 * ALPHA).contains(&mean), "{mean}");
    }
}

#[test]
fn memory_makes_no_false_verdicts() {
    for (seed, memory, values) in [(111, 0.3, 60), (112, 0.6, 120), (113, 0.9, 240)] {
        let pairs = PairParams { pairs: 2_000, values, memory, seed, ..PairParams::default() };
        let pairs = pairs.simulate().unwrap();
        let found = share(&pairs, |pair| judged(pair, false) == Verdict::RollBack);
        let plain = share(&pairs, plain);
        println!("memory {memory}, {values} values: {found}, plain Mann-Whitney {plain}");
        assert!((0.036..=0.064).contains(&found), "{found}");
        assert!(plain > 0.1);
    }
}

#[test]
fn power_is_that_of_plain_rank_tests() {
    for (seed, shape, values, change) in [
        (121, Shape::Normal, 60, 0.45),
        (122, Shape::LogNormal, 60, 0.45),
        (123, Shape::Counts, 120, 0.4),
        (124, Shape::Normal, 200, 0.25),
    ] {
        let pairs =
            PairParams { pairs: 2_000, values, shape, change, seed, ..PairParams::default() };
        let pairs = pairs.simulate().unwrap();
        let known = share(&pairs, |pair| judged(pair, true) == Verdict::RollBack);
        let found = share(&pairs, |pair| judged(pair, false) == Verdict::RollBack);
        let plain = share(&pairs, plain);
        println!(
            "{shape:?}, {values} values, {change}: {found}, known independent {known}, plain {plain}"
        );
        assert!(plain > 0.6);
        assert_eq!(known, plain);
        // What it costs not to know that the values are independent.
        assert!(found >= plain - 0.012, "{found} {plain}");
    }
}

/// Fifty metrics, of which ten are worse: false ones among those that are called so.
#[test]
fn false_discoveries_are_held_over_fifty_metrics() {
    let (canaries, metrics, changed) = (200, 50, 10);
    let pairs = |seed, change, count| {
        let params = PairParams { pairs: canaries * count, change, seed, ..PairParams::default() };
        params.simulate().unwrap()
    };
    let (worse, same) = (pairs(131, 0.8, changed), pairs(132, 0.0, metrics));
    let (mut false_share, mut found, mut rolled_back) = (0.0, 0, 0);
    for canary in 0..canaries {
        let of = |pairs: &[Pair], count| pairs[canary * count..][..count].to_vec();
        let judge = |pairs: &[Pair]| {
            let metrics: Vec<CanaryMetric<'_>> = pairs
                .iter()
                .map(|it| CanaryMetric::samples("m", &it.baseline, &it.candidate))
                .collect();
            CanaryParams::default().alpha(ALPHA).judge(&metrics).unwrap()
        };
        let mut mixed = of(&worse, changed);
        mixed.extend_from_slice(&of(&same, metrics)[changed..]);
        let judged = judge(&mixed);
        let is_worse = |it: &&_| matches!(it, MetricOutcome::Worse);
        let outcomes: Vec<MetricOutcome> = judged.metrics.iter().map(|it| it.outcome).collect();
        let right = outcomes[..changed].iter().filter(is_worse).count();
        let wrong = outcomes[changed..].iter().filter(is_worse).count();
        found += right;
        false_share += wrong as f64 / (right + wrong).max(1) as f64 / canaries as f64;
        rolled_back += usize::from(judge(&of(&same, metrics)).verdict == Verdict::RollBack);
    }
    let found = found as f64 / (canaries * changed) as f64;
    let rolled_back = rolled_back as f64 / canaries as f64;
    println!(
        "false discoveries {false_share:.4}, found {found:.3}; 50 equal metrics rolled back {rolled_back:.4}"
    );
    assert!(false_share <= ALPHA && found > 0.9);
    // Three binomial deviations over 200.
    assert!(rolled_back <= ALPHA + 0.046, "{rolled_back}");
}

/// False regressions in 200 runs, and shares of changes by 10 % that were found within 5 and 8 runs.
fn watched(noise: f64, seed: u64, count: u64) -> [f64; 3] {
    let params = HistoryParams { noise, seed, ..HistoryParams::default() };
    let regressions = |history: &History| -> Vec<usize> {
        let mut watch = PerformanceHistoryParams::default().start().unwrap();
        let runs = history.times.iter().zip(&history.values).enumerate();
        let outcome = |(run, (time, value)): (usize, (&f64, &f64))| {
            let judged = watch.observe_at(*time, *value).unwrap();
            matches!(judged.outcome, RunOutcome::Regression(_)).then_some(run)
        };
        runs.filter_map(outcome).collect()
    };
    let same = (0..count).map(|index| regressions(&params.simulate(index).unwrap()).len());
    let wrong = same.sum::<usize>() as f64 / count as f64;
    let changed = HistoryParams { change: 0.1, runs: 108, seed: seed + 1, ..params };
    let mut found = [0.0; 2];
    for index in 0..count {
        let reported = regressions(&changed.simulate(index).unwrap());
        let delay = reported.iter().find(|&&run| run >= 100).map(|run| run - 100 + 1);
        for (found, limit) in found.iter_mut().zip([5, 8]) {
            *found += f64::from(u8::from(delay.is_some_and(|delay| delay <= limit))) / count as f64;
        }
    }
    [wrong, found[0], found[1]]
}

/// Noise up to the largest that was published for whole applications; outliers and slow days in each.
#[test]
fn regressions_are_found_soon_and_rarely_made_up() {
    let mut sum = [0.0; 3];
    let noises = [0.01, 0.02, 0.03, 0.037];
    for (seed, noise) in (2_900..).step_by(2).zip(noises) {
        let each = watched(noise, seed, 120);
        println!(
            "noise {noise}: {:.2} false in 200 runs, found in 5 {:.3}, in 8 {:.3}",
            each[0], each[1], each[2]
        );
        assert!(each[0] <= 1.3 && each[1] >= 0.87, "{each:?}");
        sum.iter_mut().zip(each).for_each(|(sum, each)| *sum += each / noises.len() as f64);
    }
    println!(
        "together: {:.2} false in 200 runs, found in 5 {:.3}, in 8 {:.3}",
        sum[0], sum[1], sum[2]
    );
    assert!(sum[0] <= 1.0 && sum[1] >= 0.95 && sum[2] >= 0.965, "{sum:?}");
}

/// Noise without outliers and slow days but those put in.
#[test]
fn an_outlier_or_a_slow_day_is_no_regression() {
    for (runs_a_day, seed) in [(1, 2_941), (2, 2_942), (4, 2_943)] {
        let params = HistoryParams {
            noise: 0.01,
            memory: 0.0,
            runs_a_day,
            outlier_every: 1_000_000_000,
            slow_every: 1_000_000_000,
            seed,
            ..HistoryParams::default()
        };
        for index in 0..50 {
            let mut history = params.simulate(index).unwrap();
            history.values[60] *= 3.0;
            for run in 120..120 + runs_a_day {
                history.values[run] *= 1.3;
            }
            let mut watch = PerformanceHistoryParams::default().start().unwrap();
            for (&time, &value) in history.times.iter().zip(&history.values) {
                watch.observe_at(time, value).unwrap();
            }
            assert_eq!(watch.changes(), &[], "{runs_a_day} runs a day, {index}");
        }
    }
}

/// Which measure, of what values.
const SEQUENTIAL: [(Measure, Shape, f64); 5] = [
    (Measure::Ranks, Shape::LogNormal, 0.5),
    (Measure::Ranks, Shape::Counts, 0.5),
    (Measure::Means, Shape::Normal, 0.0),
    (Measure::Bounded { low: 50.0, high: 150.0 }, Shape::Normal, 0.0),
    (Measure::Shares, Shape::Counts, 0.0),
];

fn as_measured(measure: Measure, value: f64) -> f64 {
    match measure {
        Measure::Shares => f64::from(u8::from(value > 0.0)),
        Measure::Bounded { low, high } => value.clamp(low, high),
        _ => value,
    }
}

/// Looks after every pair.
fn peeked(
    start: &SequentialTest,
    pair: &Pair,
    mut look: impl FnMut(&SequentialTest),
) -> Option<u64> {
    let mut test = start.clone();
    for (&baseline, &candidate) in pair.baseline.iter().zip(&pair.candidate) {
        let measured = |value| as_measured(start.params().measure, value);
        let decision = test.observe_pair(measured(baseline), measured(candidate)).unwrap();
        look(&test);
        if decision == SequentialDecision::Worse {
            return Some(test.state().pairs);
        }
    }
    None
}

#[test]
fn looking_at_any_time_makes_no_false_decisions() {
    for (seed, (measure, shape, truth)) in (2_151..).zip(SEQUENTIAL) {
        let pairs = PairParams { pairs: 2_000, values: 600, shape, seed, ..PairParams::default() };
        let pairs = pairs.simulate().unwrap();
        let params = SequentialTestParams::default().alpha(ALPHA).measure(measure);
        let fresh = params.start().unwrap();
        let (mut wrong, mut left) = (0, 0);
        for (index, pair) in pairs.iter().enumerate() {
            let (mut outside, mut looks) = (false, 0);
            // The sequence is looked at less often: it takes longer.
            let decided = peeked(&fresh, pair, |test| {
                looks += 1;
                if index % 4 == 0 && looks % 100 == 0 {
                    let state = test.state();
                    outside |= !(state.low..=state.high).contains(&truth);
                }
            });
            wrong += usize::from(decided.is_some());
            left += usize::from(outside);
        }
        let (wrong, left) = (wrong as f64 / 2_000.0, left as f64 / 500.0);
        println!(
            "{measure:?}, {shape:?}: called worse {wrong:.4}, confidence sequence left {left:.4}"
        );
        assert!(wrong <= ALPHA && left <= ALPHA, "{wrong} {left}");
    }
}

/// How long it takes, by the samples of a plain test that is looked at once, with 80 % power.
#[test]
fn sequential_tests_find_differences() {
    for (seed, (measure, shape, _)) in (2_161..).zip(SEQUENTIAL) {
        let pairs = PairParams {
            pairs: 300,
            values: 2_000,
            change: 0.3,
            shape,
            seed,
            ..PairParams::default()
        };
        let params = SequentialTestParams::default().alpha(ALPHA).measure(measure).effect(0.3);
        let fresh = params.start().unwrap();

        let mut delays: Vec<u64> = pairs
            .simulate()
            .unwrap()
            .iter()
            .map(|pair| peeked(&fresh, pair, |_| {}).unwrap_or(u64::MAX))
            .collect();
        delays.sort_unstable();
        let [median, most] = [150, 285].map(|index| delays[index]);
        let said = params.pairs_needed().unwrap();
        println!("{measure:?}, {shape:?}: median {median} pairs, 95 % within {most}, said {said}");
        assert!(most < 2_000, "{most}");
    }
}

/// Within a given number of pairs the level is used up: binomial deviation over 2,000 is 0.5 %.
#[test]
fn a_test_that_ends_uses_its_level_up() {
    let cases = [
        (Measure::Ranks, Shape::LogNormal, Direction::HigherIsWorse, 600),
        (Measure::Means, Shape::Normal, Direction::HigherIsWorse, 300),
        (Measure::Means, Shape::LogNormal, Direction::Either, 600),
    ];
    let mut sum = 0.0;
    for (seed, (measure, shape, direction, values)) in (2_171..).zip(cases) {
        let pairs = PairParams { pairs: 2_000, values, shape, seed, ..PairParams::default() };
        let params = SequentialTestParams::default()
            .alpha(ALPHA)
            .measure(measure)
            .direction(direction)
            .most_pairs(Some(values as u64));
        let test = params.start().unwrap();
        let wrong = share(&pairs.simulate().unwrap(), |pair| peeked(&test, pair, |_| {}).is_some());
        println!("{measure:?}, {shape:?}, {direction:?}, {values} pairs: called worse {wrong:.4}");
        assert!((0.035..=0.065).contains(&wrong), "{wrong}");
        sum += wrong;
    }
    let mean = sum / cases.len() as f64;
    assert!((0.8 * ALPHA..=1.2 * ALPHA).contains(&mean), "{mean}");
}
