//! Two-sample tests against scipy 1.17.1.

use approx::assert_relative_eq;
use forewarn::trend::{
    DriftParams, PValue, StabilityBins, chi_squared_test, g_test, kolmogorov_smirnov,
};

/// `from + width·(((i·7919 + 31) mod 1009) + 0.5) / 1009`.
fn sample(count: usize, from: f64, width: f64) -> Vec<f64> {
    let share = |i: usize| (((i * 7_919 + 31) % 1_009) as f64 + 0.5) / 1_009.0;
    (0..count).map(|i| from + width * share(i)).collect()
}

type Sample = (usize, f64, f64);

/// Two samples; statistic, probability by `method="exact"` and by `method="asymp"` of `ks_2samp`.
const CASES: [(Sample, Sample, f64, f64, f64); 8] = [
    (
        (5, 0.0, 1.0),
        (7, 0.3, 1.0),
        0.285_714_285_714_285_7,
        0.909_090_909_090_909_2,
        0.919_015_225_137_674_2,
    ),
    ((40, 0.0, 1.0), (60, 0.1, 1.0), 0.15, 0.617_689_650_529_509_6, 0.600_255_782_657_153_7),
    ((100, 0.0, 1.0), (100, 0.05, 1.0), 0.07, 0.968_409_926_139_721_2, 0.952_714_328_220_661_9),
    (
        (300, 0.0, 1.0),
        (450, 0.02, 1.1),
        0.113_333_333_333_333_33,
        0.018_538_783_125_571_254,
        0.018_057_297_117_183,
    ),
    (
        (1500, 0.0, 1.0),
        (2000, 0.1, 1.0),
        0.101,
        4.675_312_986_247_761_4e-08,
        4.601_944_806_960_953e-08,
    ),
    (
        (9000, 0.0, 1.0),
        (9500, 0.01, 1.0),
        0.011_169_590_643_274_854,
        0.606_185_945_726_17,
        0.607_335_235_148_311_8,
    ),
    (
        (12000, 0.0, 1.0),
        (300, 0.03, 1.0),
        0.042_666_666_666_666_665,
        0.645_788_300_116_887_1,
        0.644_326_771_029_636_8,
    ),
    ((4, 0.0, 1.0), (6, 5.0, 1.0), 1.0, 0.009_523_809_523_809_525, 0.0),
];

#[test]
fn kolmogorov_smirnov_is_scipys() -> forewarn::Result<()> {
    for ((n, from, width), (m, start, range), statistic, exact, asymptotic) in CASES {
        let (first, second) = (sample(n, from, width), sample(m, start, range));
        let found = |method| kolmogorov_smirnov(&first, &second, method);
        let case = format!("{n} and {m}");
        assert_relative_eq!(found(PValue::Exact)?.statistic, statistic, max_relative = 1e-12);
        let p_value = found(PValue::Exact)?.p_value;
        assert!((p_value / exact - 1.0).abs() < 1e-9, "{case}: {p_value} for {exact}");
        let p_value = found(PValue::Asymptotic)?.p_value;
        assert!((p_value - asymptotic).abs() < 1e-9, "{case}: {p_value} for {asymptotic}");
        let automatic = if n.max(m) > 10_000 { asymptotic } else { exact };
        assert!((found(PValue::Automatic)?.p_value - automatic).abs() < 1e-9, "{case}");
    }
    // ks_2samp(numpy.round(a), numpy.round(b)) of samples(30, 0, 3) and (50, 0.8, 3): ties.
    let round =
        |sample: Vec<f64>| -> Vec<f64> { sample.into_iter().map(f64::round_ties_even).collect() };
    let test = kolmogorov_smirnov(
        &round(sample(30, 0.0, 3.0)),
        &round(sample(50, 0.8, 3.0)),
        PValue::Automatic,
    )?;
    assert_relative_eq!(test.statistic, 0.28, max_relative = 1e-12);
    assert_relative_eq!(test.p_value, 0.088_913_673_010_087_71, max_relative = 1e-9);
    Ok(())
}

#[test]
fn the_asymptotic_law_is_scipys() -> forewarn::Result<()> {
    // kstwo.sf(d, n), which ks_2samp(..., method="asymp") of 2n and 2n values with statistic d is.
    for (n, steps, expected) in [
        (10, 4, 0.748_719_039_999_999_4),
        (10, 8, 0.058_989_245_199_999_26),
        (50, 10, 0.662_311_270_465_817_8),
        (100, 30, 0.019_839_242_125_645_768),
        (140, 20, 0.451_925_263_317_504_9),
        (200, 25, 0.399_031_272_591_826_7),
        (1000, 40, 0.810_897_165_689_556_9),
        (5000, 150, 0.208_461_420_961_857_38),
        (5000, 400, 2.180_558_637_855_655_8e-07),
        (6000, 30, 0.999_999_999_999_867),
    ] {
        // 2n values each, of which the second sample's least are moved above all others.
        let count = 2 * n;
        let first: Vec<f64> = (0..count).map(f64::from).collect();
        let second: Vec<f64> =
            (0..count).map(|i| if i < steps { 1e9 } else { f64::from(i) }).collect();
        let test = kolmogorov_smirnov(&first, &second, PValue::Asymptotic)?;
        assert_relative_eq!(
            test.statistic,
            f64::from(steps) / f64::from(count),
            max_relative = 1e-12
        );
        let relative = (test.p_value / expected - 1.0).abs();
        assert!(relative < 1e-6, "{n}, {steps}: {} for {expected}", test.p_value);
    }
    Ok(())
}

#[test]
fn tests_of_counts_are_scipys() -> forewarn::Result<()> {
    // chi2_contingency([a, b], correction=False), and with lambda_="log-likelihood".
    for (before, after, chi_squared, g) in [
        (
            &[50, 30, 20][..],
            &[30, 40, 30][..],
            (8.428_571_428_571_429, 0.014_782_877_194_839_42),
            (8.500_452_759_709_315, 0.014_261_005_139_278_133),
        ),
        (
            &[500, 300, 20, 4, 0],
            &[300, 400, 30, 0, 7],
            (72.662_605_715_904_15, 6.217_113_492_904_975e-15),
            (77.280_475_136_930_1, 6.559_855_806_733_086e-16),
        ),
    ] {
        for (found, expected) in
            [(chi_squared_test(before, after)?, chi_squared), (g_test(before, after)?, g)]
        {
            assert_relative_eq!(found.statistic, expected.0, max_relative = 1e-12);
            assert!((found.p_value / expected.1 - 1.0).abs() < 1e-6, "{found:?}");
            assert_eq!(found.degrees_of_freedom, before.len() - 1);
        }
    }
    Ok(())
}

#[test]
fn stability_is_the_definitions() -> forewarn::Result<()> {
    // Halves of 1..8 become shares 0.25 and 0.75: 0.25·ln 0.5·(−1) + 0.25·ln 1.5.
    let before: Vec<f64> = (1..=8).map(f64::from).collect();
    let bins = StabilityBins::new(&before, 2)?;
    assert_eq!((bins.edges(), bins.counts()), (&[4.0][..], &[4, 4][..]));
    let index = bins.index(&[4.0, 5.0, 6.0, 9.0], 0.05)?;
    let expected = 0.25 * 2.0_f64.ln() + 0.25 * 1.5_f64.ln();
    assert_relative_eq!(index.index, expected, max_relative = 1e-12);
    // chi2.isf(0.05, 1) * (1 / 8 + 1 / 4), chi2.sf(0.274653072167027 / 0.375, 1)
    assert_relative_eq!(index.critical, 1.440_547_057_760_298_1, max_relative = 1e-9);
    assert_relative_eq!(index.p_value, 0.392_103_711_606_575_1, max_relative = 1e-9);
    Ok(())
}

#[test]
fn adjusted_probabilities_are_scipys() -> forewarn::Result<()> {
    use forewarn::trend::FeatureColumn::Numeric;
    let before = sample(200, 0.0, 1.0);
    let after: Vec<Vec<f64>> =
        [0.3, 0.0, 0.12, 0.15].into_iter().map(|from| sample(150, from, 1.0)).collect();
    let names = ["a", "b", "c", "d"];
    let columns: Vec<_> = names
        .iter()
        .zip(&after)
        .map(|(name, after)| (*name, Numeric(&before), Numeric(after)))
        .collect();
    let table = DriftParams::default().table(&columns)?;
    // false_discovery_control([ks_2samp(...).pvalue for each])
    for (name, expected) in [
        ("a", 2.129_033_825_756_042_5e-07),
        ("b", 1.0),
        ("c", 0.092_351_718_130_177_17),
        ("d", 0.033_845_675_055_452_69),
    ] {
        let Some(found) = table.features.iter().find(|it| it.name == name) else {
            panic!("{name}")
        };
        assert!((found.adjusted / expected - 1.0).abs() < 1e-6, "{name}: {}", found.adjusted);
    }
    Ok(())
}
