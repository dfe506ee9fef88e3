//! Calibration against its definition: the least loss that a rising curve can have, whatever the
//! rows.

use crate::rows::Draw;
use forewarn::calibrate::{CalibrationParams, Calibrator, Curve, Method, PriorShift, Scale};
use forewarn::metrics::{
    Bins, brier, brier_parts, calibration_table, expected_calibration_error, log_loss,
};
use proptest::prelude::*;

const METHODS: [Method; 5] =
    [Method::Identity, Method::Platt, Method::Beta, Method::Isotonic, Method::Automatic];

/// Rows with both classes; probabilities from few values, 0 and 1 among them, or from many.
fn labelled(most: usize) -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    let few = (0..=8_u32).prop_map(|p| f64::from(p) / 8.0);
    let row = (any::<bool>(), prop_oneof![few, 0.0..=1.0]);
    prop::collection::vec(row, 4..=most)
        .prop_map(|rows| rows.into_iter().unzip())
        .prop_filter("both classes", |(labels, _): &(Vec<bool>, Vec<f64>)| {
            labels.contains(&true) && labels.contains(&false)
        })
}

fn train(method: Method, labels: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Calibrator {
    CalibrationParams::default()
        .method(method)
        .train(labels, scores, weights)
        .expect("both classes")
}

/// Mean loss against Platt's targets of log odds `z`, one a row.
fn smoothed_loss(labels: &[bool], z: impl Fn(usize) -> f64) -> f64 {
    let positive = labels.iter().filter(|label| **label).count() as f64;
    let negative = labels.len() as f64 - positive;
    let loss = |(row, &label): (usize, &bool)| {
        let target =
            if label { (positive + 1.0) / (positive + 2.0) } else { 1.0 / (negative + 2.0) };
        let z = z(row);
        z.max(0.0) + (-z.abs()).exp().ln_1p() - target * z
    };
    labels.iter().enumerate().map(loss).sum::<f64>() / labels.len() as f64
}

/// Isotonic regression by its min–max formula: at row `i`, the largest over starts `a ≤ i` of the
/// smallest over ends `b ≥ i` of the mean label from `a` to `b`, in order of the distinct scores.
fn naive_isotonic(labels: &[bool], scores: &[f64]) -> Vec<(f64, f64)> {
    let mut levels = scores.to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mean = |from: f64, to: f64| {
        let inside: Vec<f64> = labels
            .iter()
            .zip(scores)
            .filter(|(_, score)| (from..=to).contains(*score))
            .map(|(label, _)| f64::from(u8::from(*label)))
            .collect();
        inside.iter().sum::<f64>() / inside.len() as f64
    };
    let fit = |&level: &f64| {
        let starts = levels.iter().filter(|start| **start <= level);
        let value = starts
            .map(|&from| {
                let ends = levels.iter().filter(|end| **end >= level);
                ends.map(|&to| mean(from, to)).fold(f64::INFINITY, f64::min)
            })
            .fold(f64::NEG_INFINITY, f64::max);
        (level, value)
    };
    levels.iter().map(fit).collect()
}

proptest! {
    #[test]
    fn no_method_reverses_a_ranking_or_is_ever_certain((labels, scores) in labelled(60)) {
        for method in METHODS {
            let calibrator = train(method, &labels, &scores, None);
            let mut grid: Vec<f64> = (0..=100).map(|p| f64::from(p) / 100.0).collect();
            grid.extend(scores.iter().flat_map(|p| [*p, p.next_up().min(1.0)]));
            grid.extend([5e-324, 1e-17, 1.0 - f64::EPSILON / 2.0]);
            grid.sort_by(f64::total_cmp);
            let found = calibrator.probabilities(&grid)?;
            // Rising but for the last bits of the logistic function.
            prop_assert!(found.windows(2).all(|p| p[0] <= p[1] * (1.0 + 1e-14)), "{method:?}");
            prop_assert!(found.iter().all(|p| (f64::EPSILON..=1.0 - f64::EPSILON).contains(p)));
        }
    }

    #[test]
    fn no_other_line_loses_less(
        (labels, scores) in labelled(60),
        nudges in prop::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64, -1.0..1.0_f64), 20),
    ) {
        let p = |row: usize| scores[row].clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        let platt = train(Method::Platt, &labels, &scores, None);
        let Curve::Platt(platt) = platt.curve() else { unreachable!() };
        let beta = train(Method::Beta, &labels, &scores, None);
        let Curve::Beta(beta) = beta.curve() else { unreachable!() };
        let line = |a: f64, b: f64, c: f64| {
            smoothed_loss(&labels, |row| a * p(row).ln() - b * (-p(row)).ln_1p() + c)
        };
        let (slope, intercept) = (platt.slope(), platt.intercept());
        let best = [line(slope, slope, intercept), line(beta.a(), beta.b(), beta.c())];
        prop_assert!(best[1] <= best[0] + 1e-10, "a line is a beta curve: {best:?}");
        for (x, y, z) in nudges {
            for size in [1.0, 0.1, 0.001] {
                let nudged = (slope + size * x).max(0.0);
                prop_assert!(line(nudged, nudged, intercept + size * z) >= best[0] - 1e-12);
                let (a, b) = ((beta.a() + size * x).max(0.0), (beta.b() + size * y).max(0.0));
                prop_assert!(line(a, b, beta.c() + size * z) >= best[1] - 1e-12);
            }
        }
    }

    #[test]
    fn isotonic_passes_through_the_min_max_solution((labels, scores) in labelled(30)) {
        let calibrator = train(Method::Isotonic, &labels, &scores, None);
        let Curve::Isotonic(isotonic) = calibrator.curve() else { unreachable!() };
        let mut rates: Vec<f64> = naive_isotonic(&labels, &scores).iter().map(|f| f.1).collect();
        rates.dedup_by(|a, b| (*a - *b).abs() < 1e-12);
        // Of certain ends, how certain depends on the rows in them.
        let mass = |rate: f64| {
            let fit = naive_isotonic(&labels, &scores);
            let in_block = |p: &&f64| {
                fit.iter().any(|(level, value)| level == *p && (value - rate).abs() < 1e-12)
            };
            scores.iter().filter(in_block).count() as f64
        };
        let doubt = |rate: f64| 0.5 / (mass(rate) + 1.0);
        let last = rates.len() - 1;
        if rates[0] == 0.0 {
            rates[0] = doubt(0.0).min(rates[1]);
        }
        if rates[last] == 1.0 {
            rates[last] = (1.0 - doubt(1.0)).max(rates[last - 1]);
        }
        let corners: Vec<f64> =
            isotonic.corners().map(|(_, z)| 1.0 / (1.0 + (-z).exp())).collect();
        prop_assert_eq!(corners.len(), rates.len());
        for (corner, rate) in corners.iter().zip(rates) {
            prop_assert!((corner - rate).abs() < 1e-12);
        }
    }

    #[test]
    fn a_whole_weight_is_a_repeated_row(
        (labels, scores) in labelled(30),
        counts in prop::collection::vec(0..4_usize, 30),
    ) {
        let repeat = |row: usize| std::iter::repeat_n(row, counts[row]);
        let rows: Vec<usize> = (0..labels.len()).flat_map(repeat).collect();
        let many_labels: Vec<bool> = rows.iter().map(|&row| labels[row]).collect();
        let many_scores: Vec<f64> = rows.iter().map(|&row| scores[row]).collect();
        prop_assume!(many_labels.contains(&true) && many_labels.contains(&false));
        let weights: Vec<f64> = counts[..labels.len()].iter().map(|&count| count as f64).collect();
        for method in [Method::Platt, Method::Beta, Method::Isotonic] {
            let few = train(method, &labels, &scores, Some(&weights));
            let many = train(method, &many_labels, &many_scores, None);
            for p in [0.0, 0.1, 0.5, 0.77, 1.0] {
                prop_assert!((few.probability(p)? - many.probability(p)?).abs() < 1e-7, "{method:?}");
            }
        }
    }

    #[test]
    fn probabilities_and_their_log_odds_are_calibrated_alike((labels, scores) in labelled(40)) {
        let scores: Vec<f64> = scores.iter().map(|p| p.clamp(1e-9, 1.0 - 1e-9)).collect();
        let log_odds: Vec<f64> = scores.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        for method in METHODS {
            let params = CalibrationParams::default().method(method).scale(Scale::LogOdds);
            let raw = params.train(&labels, &log_odds, None)?;
            let direct = train(method, &labels, &scores, None);
            for (p, z) in scores.iter().zip(&log_odds) {
                let [a, b] = [direct.probability(*p)?, raw.probability(*z)?];
                prop_assert!((a - b).abs() < 1e-6, "{method:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn units_of_a_score_do_not_matter(
        (labels, scores) in labelled(40),
        unit in prop_oneof![Just(1e-30), Just(1e-3), Just(1e5), Just(1e80)],
        shift in -1e3..1e3,
    ) {
        for method in [Method::Platt, Method::Isotonic] {
            let params = CalibrationParams::default().method(method).scale(Scale::LogOdds);
            let moved: Vec<f64> = scores.iter().map(|score| unit * (score * 8.0 + shift)).collect();
            let few: Vec<f64> = scores.iter().map(|score| score * 8.0 + shift).collect();
            let [a, b] = [(&few, &few), (&moved, &moved)]
                .map(|(rows, at)| params.train(&labels, rows, None).unwrap().probabilities(at).unwrap());
            prop_assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-7), "{method:?}");
        }
    }

    #[test]
    fn a_table_holds_every_row_once((labels, scores) in labelled(60), bins in 1..80_usize) {
        for bins in [Bins::EqualMass(bins), Bins::EqualWidth(bins)] {
            let table = calibration_table(&labels, &scores, bins, 0.95)?;
            prop_assert_eq!(table.iter().map(|bin| bin.count).sum::<usize>(), labels.len());
            prop_assert!(table.windows(2).all(|pair| pair[0].to < pair[1].from));
            let mut error = 0.0;
            for bin in &table {
                let within = |p: &f64| (bin.from..=bin.to).contains(p);
                prop_assert_eq!(scores.iter().filter(|p| within(p)).count(), bin.count);
                prop_assert!(bin.low <= bin.observed && bin.observed <= bin.high);
                error += bin.count as f64 / labels.len() as f64 * (bin.observed - bin.predicted).abs();
            }
            prop_assert!((expected_calibration_error(&labels, &scores, bins)? - error).abs() < 1e-12);
        }
        if let Bins::EqualWidth(count) = Bins::EqualWidth(bins) {
            for bin in calibration_table(&labels, &scores, Bins::EqualWidth(count), 0.95)? {
                let place = |p: f64| (1..=count).find(|&k| p <= k as f64 / count as f64);
                prop_assert_eq!(place(bin.from), place(bin.to));
            }
        }
    }

    #[test]
    fn the_parts_of_a_brier_score_add_up((labels, scores) in labelled(40)) {
        let parts = brier_parts(&labels, &scores)?;
        let all = [parts.miscalibration, parts.discrimination, parts.uncertainty];
        prop_assert!(all.iter().all(|part| *part >= 0.0));
        prop_assert!((all[0] - all[1] + all[2] - brier(&labels, &scores)?).abs() < 1e-12);
        let calibrated: Vec<f64> = {
            let fit = naive_isotonic(&labels, &scores);
            let value = |p: &f64| fit.iter().find(|(level, _)| level == p).unwrap().1;
            scores.iter().map(|p| value(p).clamp(0.0, 1.0)).collect()
        };
        let gain = brier(&labels, &scores)? - brier(&labels, &calibrated)?;
        prop_assert!((parts.miscalibration - gain).abs() < 1e-12);
    }

    #[test]
    fn a_shift_there_and_back_is_none(p in 0.001..0.999, from in 0.001..0.999, to in 0.001..0.999) {
        let there = PriorShift::new(from, to)?.correct(p)?;
        let back = PriorShift::new(to, from)?.correct(there)?;
        prop_assert!((back - p).abs() < 1e-9);
        prop_assert_eq!(there > p, to > from);
    }
}

/// Rows that are called `p` and fail with probability `truth(p)`.
fn drawn(seed: u64, rows: usize, truth: impl Fn(f64) -> f64) -> (Vec<bool>, Vec<f64>) {
    let mut draw = Draw::new(seed);
    let rows = (0..rows).map(|_| {
        let p = draw.unit().powi(3);
        (draw.unit() < truth(p), p)
    });
    rows.unzip()
}

#[test]
fn automatic_leaves_what_is_right_and_mends_what_is_wrong() {
    for seed in 0..5 {
        let (labels, said) = drawn(seed, 3_000, |p| p);
        assert_eq!(train(Method::Automatic, &labels, &said, None).method(), Method::Identity);

        // Steps that only isotonic regression can follow.
        let steps = |p: f64| {
            if p < 0.05 {
                0.002
            } else if p < 0.4 {
                0.3
            } else {
                0.35
            }
        };
        let truths = [&steps as &dyn Fn(f64) -> f64, &|p: f64| p.sqrt(), &|p| p / 20.0];
        for truth in truths {
            let (labels, said) = drawn(seed, 3_000, truth);
            let calibrator = train(Method::Automatic, &labels, &said, None);
            assert_ne!(calibrator.method(), Method::Identity);
            let (labels, said) = drawn(seed + 100, 20_000, truth);
            let better = calibrator.probabilities(&said).unwrap();
            assert!(log_loss(&labels, &better).unwrap() < log_loss(&labels, &said).unwrap());
            let bins = Bins::EqualMass(10);
            let [before, after] =
                [&said, &better].map(|p| expected_calibration_error(&labels, p, bins).unwrap());
            assert!(after < before / 4.0, "{:?}: {before} {after}", calibrator.method());
        }
    }
}

#[test]
fn rows_of_one_machine_are_no_evidence_for_a_method_by_themselves() {
    // Forty machines: each says one number throughout, and fails or not throughout, by chance.
    // Row by row, a thousand rows speak for some curve; machine by machine nothing does.
    let mut draw = Draw::new(5);
    let machines: Vec<(bool, f64)> = (0..40)
        .map(|_| {
            let failed = draw.unit() < 0.5;
            let p: f64 = 0.5 + 0.3 * (draw.unit() - 0.5);
            (failed, p)
        })
        .collect();
    let (mut labels, mut said, mut machine) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (failed, p)) in machines.into_iter().enumerate() {
        for _ in 0..25 {
            labels.push(failed);
            said.push(p);
            machine.push(number);
        }
    }
    let params = CalibrationParams::default();
    let by_row = params.train(&labels, &said, None).unwrap();
    let by_machine = params.train_grouped(&labels, &said, None, Some(&machine)).unwrap();
    assert_ne!(by_row.method(), Method::Identity);
    assert_eq!(by_machine.method(), Method::Identity);
}

#[test]
fn a_base_rate_is_found_without_labels() {
    // Failures score 1/(1 + e^−(x + 1)) with x normal, others about −1: p is exact at a rate of 0.5.
    for (seed, rate) in [(1, 0.5), (2, 0.1), (3, 0.02), (4, 0.9)] {
        let mut draw = Draw::new(seed);
        let probabilities: Vec<f64> = (0..20_000)
            .map(|_| {
                let failed = draw.unit() < rate;
                let x = draw.normal() + if failed { 1.0 } else { -1.0 };
                1.0 / (1.0 + (-2.0 * x).exp())
            })
            .collect();
        let found = PriorShift::estimate(0.5, &probabilities).unwrap().now();
        // Four standard errors are about 0.02 at worst.
        assert!((found - rate).abs() < 0.02, "{found} for {rate}");
    }
}
