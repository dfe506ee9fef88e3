//! The expected values come from scikit-learn 1.9.1, `SciPy` 1.17.1 and NumPy 2.4.6 on the same arrays;
//! the comment at each says how.

use approx::assert_relative_eq;
use forewarn::calibrate::{CalibrationParams, Calibrator, Curve, Method, PriorShift, Scale};
use forewarn::metrics::{
    Bins, brier_parts, calibration_table, expected_calibration_error, share_interval,
};

/// In Python, with `i = numpy.arange(1000)`: `scores = ((i * 37) % 101 - 50) / 10`,
/// `labels = (i * 71) % 293 < (i * 37) % 101`, `weights = i % 5 / 4`, and
/// `probabilities = ((i * 37) % 101 + 0.5) / 102`.
struct Thousand {
    scores: Vec<f64>,
    labels: Vec<bool>,
    weights: Vec<f64>,
    probabilities: Vec<f64>,
}

fn level(i: i32) -> i32 {
    (i * 37) % 101
}

fn thousand() -> Thousand {
    let rows = || 0..1000_i32;
    Thousand {
        scores: rows().map(|i| f64::from(level(i) - 50) / 10.0).collect(),
        labels: rows().map(|i| (i * 71) % 293 < level(i)).collect(),
        weights: rows().map(|i| f64::from(i % 5) / 4.0).collect(),
        probabilities: rows().map(|i| (f64::from(level(i)) + 0.5) / 102.0).collect(),
    }
}

fn train(method: Method, scale: Scale, rows: &Thousand, weighted: bool) -> Calibrator {
    let scores = if scale == Scale::LogOdds { &rows.scores } else { &rows.probabilities };
    let params = CalibrationParams::default().method(method).scale(scale);
    params.train(&rows.labels, scores, weighted.then_some(&rows.weights[..])).expect("both classes")
}

fn beta(calibrator: &Calibrator) -> [f64; 3] {
    let Curve::Beta(beta) = calibrator.curve() else { panic!("{calibrator:?}") };
    [beta.a(), beta.b(), beta.c()]
}

#[track_caller]
fn assert_all_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_relative_eq!(found, expected, max_relative = tolerance, epsilon = tolerance);
    }
}

#[test]
fn platt_is_scikit_learns_sigmoid() {
    // c = sklearn.calibration._SigmoidCalibration().fit(scores, labels, sample_weight): −a_, −b_.
    // Then the exact minimum, which L-BFGS stops short of: LogisticRegression(C=inf, tol=1e-14,
    // solver="newton-cholesky") on each row twice, as 1 with weight t and as 0 with weight 1 − t.
    for (weighted, theirs, exact) in [
        (
            false,
            [0.270_251_733_298_798_65, -1.790_251_840_611_269_7],
            [0.270_251_733_289_647_8, -1.790_251_840_592_188_1],
        ),
        (
            true,
            [0.240_714_260_989_970_1, -1.693_022_346_652_225],
            [0.240_714_260_399_959_2, -1.693_022_346_237_636_4],
        ),
    ] {
        let calibrator = train(Method::Platt, Scale::LogOdds, &thousand(), weighted);
        let Curve::Platt(platt) = calibrator.curve() else { panic!("{calibrator:?}") };
        let found = [platt.slope(), platt.intercept()];
        assert_all_near(&found, &theirs, 1e-8);
        assert_all_near(&found, &exact, 1e-12);
    }
}

#[test]
fn beta_is_a_logistic_regression_on_two_logarithms() {
    // LogisticRegression as above on numpy.c_[log(p), −log1p(−p)], as Kull et al. fit it, with
    // Platt's targets.
    for (weighted, exact) in [
        (false, [0.962_836_809_669_589_1, 0.161_124_869_688_236_08, -1.060_987_852_622_073_3]),
        (true, [0.654_955_129_024_334, 0.243_816_086_930_297_58, -1.294_674_591_935_199_6]),
    ] {
        let calibrator = train(Method::Beta, Scale::Probability, &thousand(), weighted);
        assert_all_near(&beta(&calibrator), &exact, 1e-11);
    }
}

#[test]
fn beta_drops_what_would_make_it_fall() {
    let mut rows = thousand();
    // labels = (i * 71) % 293 < abs((i * 37) % 101 - 30): the free fit has a = −0.0818. What is
    // expected is the fit on −log1p(−p) alone.
    rows.labels = (0..1000).map(|i| (i * 71) % 293 < (level(i) - 30).abs()).collect();
    let fitted = beta(&train(Method::Beta, Scale::Probability, &rows, false));
    assert_all_near(&fitted, &[0.0, 0.641_835_609_512_717_1, -2.939_816_635_526_004_3], 1e-11);

    // labels = (i * 71) % 293 < 70 - abs((i * 37) % 101 - 70): b = −0.279; the fit on log(p) alone.
    rows.labels = (0..1000).map(|i| (i * 71) % 293 < 70 - (level(i) - 70).abs()).collect();
    let fitted = beta(&train(Method::Beta, Scale::Probability, &rows, false));
    assert_all_near(&fitted, &[0.808_041_876_224_458_9, 0.0, -1.186_243_649_423_807_1], 1e-11);
}

#[test]
fn a_ranking_that_is_the_wrong_way_round_gives_the_base_rate() {
    let mut rows = thousand();
    rows.probabilities.iter_mut().for_each(|p| *p = 1.0 - *p);
    rows.scores.iter_mut().for_each(|score| *score = -*score);
    // 169 of 1,000 fail; Platt's targets are 170/171 and 1/833.
    let base = (169.0 * 170.0 / 171.0 + 831.0 / 833.0) / 1000.0;
    for (method, scale) in [(Method::Platt, Scale::LogOdds), (Method::Beta, Scale::Probability)] {
        let calibrator = train(method, scale, &rows, false);
        for score in [0.01, 0.5, 0.99] {
            assert_relative_eq!(calibrator.probability(score).unwrap(), base, max_relative = 1e-12);
        }
    }
}

#[test]
fn isotonic_is_scikit_learns_at_the_centres_of_its_blocks() {
    // f = IsotonicRegression().fit(scores, labels, sample_weight=weights).predict(scores); for each
    // distinct value v of f that weighs something: centre numpy.average(scores[f == v], weights=...),
    // height v, but where v is 0 the least of 0.5 / (weight + 1) and the next, and where it is 1 in the
    // same way; then expit(numpy.interp(grid, centres, logit(heights))).
    let grid = [-6.0, -4.93, -2.5, 0.0, 0.77, 1.5, 3.3, 4.95, 7.0];
    let plain = [
        0.016_666_666_666_666_663,
        0.016_666_666_666_666_663,
        0.100_304_085_768_259_96,
        0.157_324_263_249_216_3,
        0.192_778_809_176_134_54,
        0.212_732_062_133_982_85,
        0.279_359_838_841_979_57,
        0.448_595_664_733_063_9,
        0.5,
    ];
    let weighted = [
        0.033_333_333_333_333_326,
        0.033_333_333_333_333_326,
        0.092_743_320_702_697_03,
        0.156_535_303_545_958_2,
        0.198_059_941_737_972_2,
        0.229_615_095_279_904_04,
        0.285_667_432_177_719_4,
        0.480_664_671_538_136_1,
        0.5,
    ];
    for (weights, expected) in [(false, plain), (true, weighted)] {
        let calibrator = train(Method::Isotonic, Scale::LogOdds, &thousand(), weights);
        assert_all_near(&calibrator.probabilities(&grid).unwrap(), &expected, 1e-12);
    }
}

#[test]
fn calibration_tables_are_scikit_learns() {
    let Thousand { labels, probabilities, .. } = thousand();
    let squared: Vec<f64> = probabilities.iter().map(|p| p * p).collect();
    // true, pred = calibration_curve(labels, p ** 2, n_bins=7, strategy="uniform")
    let uniform = (
        [
            0.062_176_165_803_108_81,
            0.145_569_620_253_164_56,
            0.218_487_394_957_983_2,
            0.222_222_222_222_222_2,
            0.292_134_831_460_674_15,
            0.303_797_468_354_430_4,
            0.342_857_142_857_142_86,
        ],
        [
            0.048_653_193_371_222_33,
            0.214_066_583_446_483_52,
            0.358_451_137_086_899_5,
            0.499_140_530_642_837_75,
            0.639_080_312_671_444_9,
            0.778_726_475_698_246_5,
            0.914_095_540_176_855_7,
        ],
        [386, 158, 119, 99, 89, 79, 70],
        0.168_497_212_610_534_52,
    );
    // The same with strategy="quantile".
    let quantile = (
        [
            0.026_845_637_583_892_617,
            0.072_463_768_115_942_03,
            0.120_805_369_127_516_78,
            0.166_666_666_666_666_66,
            0.202_702_702_702_702_7,
            0.280_575_539_568_345_3,
            0.323_741_007_194_244_6,
        ],
        [
            0.007_212_797_607_528_334,
            0.048_039_285_336_186_205,
            0.129_949_535_413_566_36,
            0.251_759_705_018_694,
            0.413_734_452_445_525_54,
            0.616_553_642_898_829_9,
            0.851_182_548_770_672,
        ],
        [149, 138, 149, 138, 148, 139, 139],
        0.170_649_221_453_287_3,
    );
    for (bins, (observed, predicted, counts, error)) in
        [(Bins::EqualWidth(7), uniform), (Bins::EqualMass(7), quantile)]
    {
        let table = calibration_table(&labels, &squared, bins, 0.95).unwrap();
        let column = |of: fn(&forewarn::metrics::CalibrationBin) -> f64| -> Vec<f64> {
            table.iter().map(of).collect()
        };
        assert_eq!(table.iter().map(|bin| bin.count).collect::<Vec<_>>(), counts);
        assert_all_near(&column(|bin| bin.observed), &observed, 1e-14);
        assert_all_near(&column(|bin| bin.predicted), &predicted, 1e-12);
        let found = expected_calibration_error(&labels, &squared, bins).unwrap();
        assert_relative_eq!(found, error, max_relative = 1e-12);
    }
}

#[test]
fn intervals_are_scipys() -> forewarn::Result<()> {
    // scipy.stats.binomtest(hits, trials).proportion_ci(confidence, "wilson")
    for (hits, trials, confidence, low, high) in [
        (0, 100, 0.95, 0.0, 0.036_993_498_206_985_68),
        (3, 40, 0.95, 0.025_836_025_774_588_198, 0.198_642_335_243_105_43),
        (17, 20, 0.9, 0.678_171_924_324_693_2, 0.938_417_589_522_631_8),
        (50, 50, 0.99, 0.882_847_908_282_372_1, 1.0),
        (1_234, 98_765, 0.95, 0.011_820_276_045_385_934, 0.013_206_254_815_070_392),
    ] {
        let (found_low, found_high) = share_interval(hits, trials, confidence)?;
        assert_all_near(&[found_low, found_high], &[low, high], 1e-12);
    }
    Ok(())
}

#[test]
fn the_parts_of_the_brier_score_are_those_of_isotonic_regression() -> forewarn::Result<()> {
    let Thousand { labels, probabilities, .. } = thousand();
    let squared: Vec<f64> = probabilities.iter().map(|p| p * p).collect();
    // q = p ** 2; r = IsotonicRegression().fit(q, labels).predict(q); with b = brier_score_loss:
    // b(labels, q) − b(labels, r), U − b(labels, r), U = mean · (1 − mean)
    let parts = brier_parts(&labels, &squared)?;
    let found = [parts.miscalibration, parts.discrimination, parts.uncertainty];
    assert_all_near(
        &found,
        &[0.063_635_773_518_133_82, 0.011_157_076_537_475_025, 0.140_439],
        1e-12,
    );
    Ok(())
}

#[test]
fn the_estimated_base_rate_is_where_expectation_maximisation_ends() -> forewarn::Result<()> {
    let squared: Vec<f64> = thousand().probabilities.iter().map(|p| p * p).collect();
    // pi1 = pi; repeat a = x / pi * pi1; b = (1 − x) / (1 − pi) * (1 − pi1); pi1 = mean(a / (a + b))
    for (trained, now) in [(0.5, 0.103_367_970_154_498_94), (0.1, 0.761_447_319_920_302_8)] {
        let shift = PriorShift::estimate(trained, &squared)?;
        assert_relative_eq!(shift.now(), now, max_relative = 1e-12);
    }
    Ok(())
}
