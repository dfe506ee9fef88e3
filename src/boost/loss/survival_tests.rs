//! Losses of lifetimes against finite differences, other programs, and each other.

use super::aft::{Aft, AftLoss};
use super::aft_distribution::Distribution;
use super::cox::CoxLoss;
use super::hazard::{Hazard, HazardLoss, Periods};
use super::{Derivatives, Loss};
use crate::lifetime::Lifetime;
use proptest::prelude::*;

fn derivatives(loss: &dyn Loss, scores: &[f64]) -> Vec<Derivatives> {
    let mut derivatives = vec![[f32::NAN; 2]; loss.rows()];
    loss.derivatives(scores, &mut derivatives);
    derivatives
}

/// First derivatives are those of the value; second ones are too if `exact`, else bounds of them.
fn check_derivatives(loss: &dyn Loss, weight: f64, scores: &[f64], exact: bool) {
    let found = derivatives(loss, scores);
    // The second difference takes larger steps: the error function of statrs is made of pieces that
    // meet to 1e-10, which steps of 1e-4 would turn into 1e-2.
    let (step, stride) = (1e-4, 3e-3);
    for row in 0..loss.rows() {
        let moved = |by: f64| {
            let mut scores = scores.to_vec();
            scores[row] += by;
            weight * loss.value(&scores)
        };
        let [first, second] = found[row].map(f64::from);
        let here = moved(0.0);
        let expected = (moved(step) - moved(-step)) / (2.0 * step);
        let size = 1.0 + here.abs().max(first.abs());
        assert!((first - expected).abs() < 1e-5 * size, "first of {row}: {first}, {expected}");
        let expected = (moved(stride) - 2.0 * here + moved(-stride)) / (stride * stride);
        assert!(second >= 0.0, "{second}");
        let size = 1.0 + here.abs().max(second.abs());
        if exact {
            assert!(
                (second - expected).abs() < 1e-4 * size,
                "second of {row}: {second}, {expected}"
            );
        } else {
            assert!(second > expected - 1e-4 * size, "second of {row}: {second} under {expected}");
        }
    }
}

/// The best constant is one: moving off it in either direction is no better.
fn check_start(loss: &dyn Loss) {
    let start = loss.start()[0];
    let at = |score: f64| loss.value(&vec![score; loss.rows()]);
    let best = at(start);
    for step in [1e-3, 0.1, 1.0] {
        let tolerance = 1e-9 * (1.0 + best.abs());
        assert!(at(start - step) >= best - tolerance, "{start} − {step}");
        assert!(at(start + step) >= best - tolerance, "{start} + {step}");
    }
}

fn times() -> impl Strategy<Value = f64> {
    // Few values, so that ties are common.
    (1..12_i32).prop_map(|time| f64::from(time) / 2.0)
}

fn right_censored() -> impl Strategy<Value = Lifetime> {
    (times(), any::<bool>()).prop_map(|(time, failed)| Lifetime::observed(time, failed))
}

fn any_lifetime() -> impl Strategy<Value = Lifetime> {
    prop_oneof![
        right_censored(),
        times().prop_map(Lifetime::FailedBy),
        (times(), times()).prop_map(|(a, b)| Lifetime::Between(a.min(b), a.max(b))),
    ]
}

type Rows = (Vec<Lifetime>, Vec<f64>, Vec<f64>);

/// Lifetimes, weights, scores; the first life is a failure that weighs something.
fn rows(lifetime: impl Strategy<Value = Lifetime>) -> impl Strategy<Value = Rows> {
    let weight = prop_oneof![Just(0.0), Just(1.0), 0.1..3.0];
    prop::collection::vec((lifetime, weight, -3.0..3.0), 1..25).prop_map(|mut rows| {
        rows[0].0 = Lifetime::Failed(2.0);
        rows[0].1 = 1.5;
        let (lives, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|(life, weight, score)| (life, (weight, score))).unzip();
        let (weights, scores) = rest.into_iter().unzip();
        (lives, weights, scores)
    })
}

/// The partial likelihood as it is written in Efron's paper, for every failure anew.
fn naive_cox(lives: &[Lifetime], weights: &[f64], scores: &[f64]) -> f64 {
    let time = |life: &Lifetime| match *life {
        Lifetime::Failed(time) | Lifetime::Alive(time) => time,
        _ => unreachable!(),
    };
    let mut moments: Vec<f64> = lives.iter().filter(|l| l.has_failed()).map(time).collect();
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    let mut loss = 0.0;
    for moment in moments {
        let failing: Vec<usize> = (0..lives.len())
            .filter(|&i| lives[i] == Lifetime::Failed(moment) && weights[i] > 0.0)
            .collect();
        let hazard = |i: usize| weights[i] * scores[i].exp();
        let alive: f64 = (0..lives.len()).filter(|&i| time(&lives[i]) >= moment).map(hazard).sum();
        let gone: f64 = failing.iter().map(|&i| hazard(i)).sum();
        let weight: f64 = failing.iter().map(|&i| weights[i]).sum();
        let count = failing.len() as f64;
        for turn in 0..failing.len() {
            loss += weight / count * (alive - turn as f64 / count * gone).ln();
        }
        loss -= failing.iter().map(|&i| weights[i] * scores[i]).sum::<f64>();
    }
    loss / weights.iter().sum::<f64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cox_is_efrons_partial_likelihood((lives, weights, scores) in rows(right_censored())) {
        let loss = CoxLoss::new(&lives, Some(&weights)).unwrap();
        let naive = naive_cox(&lives, &weights, &scores);
        prop_assert!((loss.value(&scores) - naive).abs() < 1e-12 * (1.0 + naive.abs()));
        check_derivatives(&loss, weights.iter().sum(), &scores, true);
    }

    /// At the end, each life has lived through as much hazard as there were failures.
    #[test]
    fn the_baseline_expects_the_failures_seen((lives, _, scores) in rows(right_censored())) {
        let loss = CoxLoss::new(&lives, None).unwrap();
        // Exactly so without ties: shift each time by a hair.
        let apart: Vec<Lifetime> = lives.iter().enumerate().map(|(i, life)| match *life {
            Lifetime::Failed(time) => Lifetime::Failed(time + i as f64 * 1e-3),
            Lifetime::Alive(time) => Lifetime::Alive(time + i as f64 * 1e-3),
            other => other,
        }).collect();
        let (times, hazard) = CoxLoss::new(&apart, None).unwrap().baseline(&scores);
        let lived: f64 = Lifetime::right_censored(&apart).unwrap().iter().zip(&scores).map(|(life, score)| {
            let steps = times.partition_point(|&time| time <= life.0);
            if steps == 0 { 0.0 } else { hazard[steps - 1] * score.exp() }
        }).sum();
        let failures = lives.iter().filter(|life| life.has_failed()).count() as f64;
        prop_assert!((lived - failures).abs() < 1e-9 * failures, "{} {}", lived, failures);
        // With ties, Efron's steps are at least as high as Breslow's.
        prop_assert!(loss.baseline(&scores).1.is_sorted());
    }

    #[test]
    fn aft_derivatives_are_those_of_the_value(
        (lives, weights, scores) in rows(any_lifetime()),
        distribution in prop::sample::select(DISTRIBUTIONS.to_vec()),
        scale in 0.3..2.0,
    ) {
        let settings = Aft::default().distribution(distribution).scale(Some(scale));
        let loss = AftLoss::new(settings, &lives, Some(&weights)).unwrap();
        check_derivatives(&loss, weights.iter().sum(), &scores, true);
        check_start(&loss);
    }

    /// The likeliest scale moves with the scores: the first derivatives are still the value's.
    #[test]
    fn aft_profile_is_the_likeliest(
        (lives, weights, scores) in rows(any_lifetime()),
        distribution in prop::sample::select(DISTRIBUTIONS.to_vec()),
    ) {
        let settings = Aft::default().distribution(distribution);
        let loss = AftLoss::new(settings, &lives, Some(&weights)).unwrap();
        let scale = loss.scale(|row| scores[row]);
        // With a life or two, it is what can be reached by any.
        prop_assume!(scale > 0.02 && scale < 50.0);
        let at = |scale: f64| {
            let settings = settings.scale(Some(scale));
            AftLoss::new(settings, &lives, Some(&weights)).unwrap().value(&scores)
        };
        for other in [0.5, 0.9, 0.999, 1.001, 1.1, 2.0] {
            prop_assert!(at(scale * other) >= at(scale) - 1e-10, "{} of {}", other, scale);
        }
        let total: f64 = weights.iter().sum();
        let found = derivatives(&loss, &scores);
        for row in 0..lives.len() {
            let moved = |by: f64| {
                let mut scores = scores.clone();
                scores[row] += by;
                total * loss.value(&scores)
            };
            let expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            prop_assert!((f64::from(found[row][0]) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
        }
    }

    #[test]
    fn hazard_derivatives_are_those_of_the_value(
        (lives, weights, scores) in rows(any_lifetime()),
        periods in 1..6_usize,
    ) {
        let cuts = Hazard::default().periods(periods).cuts(&lives).unwrap();
        let periods = Periods::new(&cuts, &lives);
        let loss = HazardLoss::new(periods, Some(&weights));
        let scores: Vec<f64> = (0..loss.rows()).map(|i| scores[i % scores.len()]).collect();
        check_derivatives(&loss, weights.iter().sum(), &scores, false);
        check_start(&loss);
    }

    /// Where periods end changes nothing if the hazard is the same in all of them.
    #[test]
    fn a_constant_hazard_is_the_exponential_law(
        (lives, _, _) in rows(any_lifetime()),
        cuts in prop::collection::btree_set(1..24_u32, 0..6),
        score in -2.0..1.0_f64,
    ) {
        let cuts: Vec<f64> = cuts.into_iter().map(|cut| f64::from(cut) / 4.0).collect();
        let periods = Periods::new(&cuts, &lives);
        let loss = HazardLoss::new(periods, None);
        let hazard = score.exp();
        let surprise = |life: &Lifetime| match *life {
            Lifetime::Alive(time) => hazard * time,
            Lifetime::Failed(time) => hazard * time - score,
            Lifetime::Between(from, to) if from == to => hazard * to - score,
            Lifetime::FailedBy(time) => -(1.0 - (-hazard * time).exp()).ln(),
            Lifetime::Between(from, to) => -((-hazard * from).exp() - (-hazard * to).exp()).ln(),
        };
        let expected = lives.iter().map(surprise).sum::<f64>() / lives.len() as f64;
        let found = loss.value(&vec![score; loss.rows()]);
        prop_assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()));
    }
}

const DISTRIBUTIONS: [Distribution; 3] =
    [Distribution::Normal, Distribution::Logistic, Distribution::ExtremeValue];

/// However far apart scores are, no one counts for infinity or for nothing that should count.
#[test]
fn cox_holds_for_scores_far_apart() {
    let lives = [1.0, 2.0, 3.0, 4.0].map(Lifetime::Failed);
    let loss = CoxLoss::new(&lives, None).unwrap();
    // The first to fail is the likeliest by far, and so on: all as expected.
    let found = derivatives(&loss, &[3_000.0, 2_000.0, 1_000.0, 0.0]);
    assert!(found.iter().all(|row| row[0].abs() < 1e-6), "{found:?}");
    // In the worst order, the loss grows as the difference.
    assert!((loss.value(&[0.0, 1_000.0, 2_000.0, 3_000.0]) - 6_000.0 / 4.0).abs() < 1e-9);
    let found = derivatives(&loss, &[0.0, 1_000.0, 2_000.0, 3_000.0]);
    assert_eq!(found.iter().map(|row| row[0]).collect::<Vec<_>>(), [-1.0, -1.0, -1.0, 3.0]);
}

/// Of the normal distribution out to where nothing is left of the tail in double precision: `SciPy`
/// 1.17.1, `-norm.logsf(z)` and `exp(norm.logpdf(z) - norm.logsf(z))`.
#[test]
#[allow(clippy::excessive_precision)]
fn the_normal_tail_is_scipys() {
    for (z, hazard, rate) in [
        (-8.0, 6.220_960_574_271_742e-16, 5.052_271_083_536_886e-15),
        (-1.0, 0.172_753_779_023_449_9, 0.287_599_970_939_178_4),
        (0.5, 1.175_911_761_593_618_8, 1.141_077_770_368_064_8),
        (4.9, 14.551_182_689_355_313, 5.089_828_600_129_884),
        (5.1, 15.588_487_091_871_468, 5.283_287_616_909_165),
        (12.0, 75.410_673_001_568_81, 12.082_214_175_254_526),
        (60.0, 1_805.013_560_680_567_5, 60.016_657_420_259_385),
    ] {
        let found = Distribution::Normal.alive(z);
        // What statrs' erfc is good for, below 5.
        assert!((found.value / hazard - 1.0).abs() < 1e-10, "{z}: {} {hazard}", found.value);
        assert!((found.slope / rate - 1.0).abs() < 1e-10, "{z}: {} {rate}", found.slope);
    }
}

/// Intervals wide, narrow, and far out, with the first two derivatives: mpmath with 60 digits.
#[test]
#[allow(clippy::excessive_precision, clippy::too_many_lines)]
fn intervals_keep_their_digits() {
    use Distribution::{ExtremeValue, Logistic, Normal};
    for (distribution, low, high, value, slope, curvature) in [
        (
            Normal,
            -1.0,
            2.0,
            0.200_166_294_324_462_58,
            0.229_637_179_091_328_97,
            0.480_237_460_788_466_06,
        ),
        (
            Normal,
            -9.0,
            -8.5,
            39.209_373_391_744_01,
            -8.608_643_996_852_177,
            0.990_151_672_872_062_1,
        ),
        (Normal, 8.0, 8.01, 37.563_858_400_894_565, 8.004_933_299_012_326, 0.999_991_669_363_741_2),
        (
            Normal,
            0.3,
            0.3001,
            10.174_293_906_810_12,
            0.300_049_999_749_958_3,
            0.999_999_999_166_666_7,
        ),
        (
            Normal,
            -30.0,
            1.0,
            0.172_753_779_023_449_9,
            -0.287_599_970_939_178_36,
            0.370_313_714_223_394_6,
        ),
        (
            Logistic,
            -1.0,
            2.0,
            0.491_258_879_503_896_9,
            0.149_738_499_347_877_56,
            0.301_605_518_644_988_37,
        ),
        (
            Logistic,
            -9.0,
            -8.5,
            9.433_078_979_429_041,
            -0.999_673_178_445_958_6,
            3.267_649_452_846_547e-4,
        ),
        (
            Logistic,
            8.0,
            8.01,
            12.610_833_495_275_592,
            0.999_332_635_420_755,
            6.671_418_859_407_184e-4,
        ),
        (
            Logistic,
            0.3,
            0.3001,
            10.619_058_305_970_647,
            0.148_909_479_272_487_1,
            0.488_912_983_192_603_5,
        ),
        (
            Logistic,
            -30.0,
            1.0,
            0.313_261_687_518_350_84,
            -0.268_941_421_369_901_54,
            0.196_611_933_241_575_43,
        ),
        (
            ExtremeValue,
            -1.0,
            2.0,
            0.368_772_614_316_512_26,
            0.361_605_513_299_084_9,
            0.405_695_231_399_893_35,
        ),
        (
            ExtremeValue,
            -9.0,
            -8.5,
            9.432_915_568_386_68,
            -0.999_836_561_447_565_8,
            1.634_380_183_196_924_8e-4,
        ),
        (
            ExtremeValue,
            3.0,
            3.01,
            21.784_937_158_396_616,
            19.183_075_005_532_374,
            20.179_686_190_287_08,
        ),
        (
            ExtremeValue,
            0.3,
            0.3001,
            10.260_216_674_691_476,
            0.349_926_302_372_557_2,
            1.349_926_300_853_973,
        ),
        (
            ExtremeValue,
            -30.0,
            1.0,
            0.068_266_031_247_976_87,
            -0.192_046_874_791_674_87,
            0.366_872_657_284_406,
        ),
    ] {
        let found = distribution.between(low, high);
        // A difference of neighbours loses digits in proportion to how near they are.
        let precision = if distribution == Normal { 1e-10 } else { 1e-12 };
        let precision = precision / (high - low).min(1.0);
        let close = |found: f64, expected: f64| {
            (found - expected).abs() < precision * expected.abs().max(1e-3)
        };
        assert!(close(found.value, value), "{distribution:?} {low} {high}: {found:?}");
        assert!(close(found.slope, slope), "{distribution:?} {low} {high}: {found:?}");
        // And a second difference, twice over.
        let precision = precision / (high - low).min(1.0);
        assert!(
            (found.curvature - curvature).abs() < precision.max(1e-12),
            "{distribution:?} {low} {high}: {found:?}"
        );
    }
}
