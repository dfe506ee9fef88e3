//! Comparisons against `scipy.stats` 1.17.1: `mannwhitneyu`, `permutation_test`, `fisher_exact`,
//! `chi2_contingency`, `binomtest`, `false_discovery_control`.

use approx::assert_relative_eq;
use forewarn::Result;
use forewarn::compare::{
    Alternative, Direction, Discovery, Measure, RankMethod, Rate, SequentialTestParams, Share,
    adjusted_p_values, compare_rates, compare_shares, mann_whitney, mann_whitney_by,
};

const SIDES: [Alternative; 3] = [Alternative::Greater, Alternative::Less, Alternative::TwoSided];

/// Baseline, candidate, U, and p-values for greater, less and two-sided: by its own choice of
/// method, and asymptotic.
type Case = (Vec<f64>, Vec<f64>, f64, [f64; 3], [f64; 3]);

fn cases() -> Vec<Case> {
    let bent = |step: f64, period: f64, count: i32, plus: f64| -> Vec<f64> {
        (1..=count).map(|i| step * f64::from(i) * f64::from(i) % period + plus).collect()
    };
    vec![
        (
            vec![19.0, 22.0, 16.0, 29.0, 24.0],
            vec![20.0, 11.0, 17.0, 12.0],
            3.0,
            [0.968_253_968_253_968_3, 0.055_555_555_555_555_55, 0.111_111_111_111_111_1],
            [0.966_903_710_138_903_3, 0.055_673_443_266_570_206, 0.111_346_886_533_140_41],
        ),
        (
            vec![1.5, 2.25, 3.125],
            vec![2.0, 4.5, 5.75, 7.5, 8.0, 9.25, 10.5],
            19.0,
            [0.033_333_333_333_333_33, 0.983_333_333_333_333_3, 0.066_666_666_666_666_67],
            [0.034_123_744_189_000_64, 0.979_880_661_440_120_3, 0.068_247_488_378_001_28],
        ),
        (
            vec![1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 5.0, 8.0, 8.0],
            vec![2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0, 9.0],
            57.0,
            [0.170_329_542_934_241_52, 0.849_833_959_421_225_9, 0.340_659_085_868_483_04],
            [0.170_329_542_934_241_52, 0.849_833_959_421_225_9, 0.340_659_085_868_483_04],
        ),
        (
            [vec![0.0; 20], vec![1.0; 3], vec![2.0]].concat(),
            [vec![0.0; 15], vec![1.0; 5], vec![3.0; 4]].concat(),
            353.5,
            [0.042_736_679_452_629_6, 0.959_614_765_329_663_2, 0.085_473_358_905_259_2],
            [0.042_736_679_452_629_6, 0.959_614_765_329_663_2, 0.085_473_358_905_259_2],
        ),
        (
            (1..31).map(f64::from).collect(),
            (6..36).map(|x| f64::from(x) + 0.5).collect(),
            600.0,
            [0.013_543_159_194_147_968, 0.986_961_261_345_960_6, 0.027_086_318_388_295_935],
            [0.013_543_159_194_147_968, 0.986_961_261_345_960_6, 0.027_086_318_388_295_935],
        ),
        (vec![5.0], vec![6.0], 1.0, [0.5, 1.0, 1.0], [0.5, 0.977_249_868_051_820_8, 1.0]),
        (vec![1.0; 3], vec![1.0; 2], 3.0, [1.0; 3], [1.0; 3]),
        (
            bent(0.1, 7.3, 12, 0.0),
            bent(0.13, 6.1, 8, 1.0),
            49.0,
            [0.484_964_674_128_760_8, 0.544_947_209_653_092_1, 0.969_929_348_257_521_6],
            [0.484_614_283_419_668_9, 0.546_065_749_525_232, 0.969_228_566_839_337_8],
        ),
    ]
}

#[test]
fn rank_tests_agree_with_scipy() -> Result<()> {
    for (baseline, candidate, u, automatic, asymptotic) in cases() {
        for (side, (automatic, asymptotic)) in
            SIDES.into_iter().zip(automatic.into_iter().zip(asymptotic))
        {
            let test = mann_whitney(&baseline, &candidate, side)?;
            assert_eq!(test.u, u);
            assert_relative_eq!(test.p_value, automatic, max_relative = 1e-9);
            let test = mann_whitney_by(&baseline, &candidate, side, RankMethod::Asymptotic)?;
            assert_relative_eq!(test.p_value, asymptotic, max_relative = 1e-9);
        }
    }
    Ok(())
}

#[test]
fn exact_rank_tests_agree_with_scipy() -> Result<()> {
    let baseline: Vec<f64> = (1..26).map(|i| f64::from(37 * i % 101)).collect();
    let candidate: Vec<f64> = (1..31).map(|i| f64::from(53 * i % 97) + 0.5).collect();
    let by = |side| mann_whitney_by(&baseline, &candidate, side, RankMethod::Exact);
    assert_relative_eq!(
        by(Alternative::TwoSided)?.p_value,
        0.693_524_033_184_588_8,
        max_relative = 1e-9
    );
    assert_relative_eq!(
        by(Alternative::Greater)?.p_value,
        0.659_413_070_825_148_6,
        max_relative = 1e-9
    );
    let thousand: Vec<f64> = (0..1_000).map(f64::from).collect();
    let test = mann_whitney(&[0.3], &thousand, Alternative::Greater)?;
    assert_relative_eq!(test.p_value, 0.001_998_001_998_001_998, max_relative = 1e-9);
    Ok(())
}

/// `permutation_test` with every arrangement: the exact test of `scipy` takes no account of ties.
#[test]
fn exact_rank_tests_of_ties_agree_with_all_permutations() -> Result<()> {
    let (baseline, candidate) = ([1.0, 2.0, 2.0, 3.0, 3.0], [2.0, 3.0, 3.0, 4.0, 4.0, 5.0]);
    let by = |side| mann_whitney_by(&baseline, &candidate, side, RankMethod::Exact);
    assert_relative_eq!(
        by(Alternative::Greater)?.p_value,
        0.051_948_051_948_051_95,
        max_relative = 1e-9
    );
    assert_relative_eq!(by(Alternative::Less)?.p_value, 0.987_012_987_012_987, max_relative = 1e-9);
    Ok(())
}

#[test]
fn rare_events_agree_with_fisher() -> Result<()> {
    for ([a, n, b, m], greater, less) in [
        ([1, 100, 7, 120], 0.056_736_027_441_218_35, 0.992_977_906_789_860_2),
        ([0, 50, 4, 40], 0.035_766_420_501_019_49, 1.0),
        ([1, 10, 7, 10], 0.009_883_305_548_940_223, 0.999_642_772_088_592_5),
        ([1, 100_000, 8, 90_000], 0.013_204_942_762_446_33, 0.998_799_647_664_718_2),
    ] {
        let by = |side| compare_shares(Share::new(a, n), Share::new(b, m), side, 0.95);
        let test = by(Alternative::Greater)?;
        assert!(test.exact);
        assert_relative_eq!(test.p_value, greater, max_relative = 1e-6);
        assert_relative_eq!(by(Alternative::Less)?.p_value, less, max_relative = 1e-6);
    }
    Ok(())
}

#[test]
fn frequent_events_agree_with_chi_squared_and_newcombe() -> Result<()> {
    for ([a, n, b, m], p_value, [low, high]) in [
        (
            [20, 10_000, 41, 10_000],
            0.007_083_685_419_486_4,
            [0.000_570_156_783_005_220_4, 0.003_718_549_263_109_395],
        ),
        (
            [300, 1_000, 270, 1_000],
            0.137_268_263_736_615_77,
            [-0.069_441_517_759_024_02, 0.009_567_097_140_425_793],
        ),
    ] {
        let test = compare_shares(Share::new(a, n), Share::new(b, m), Alternative::TwoSided, 0.95)?;
        assert_relative_eq!(test.p_value, p_value, max_relative = 1e-8);
        assert_relative_eq!(test.low, low, max_relative = 1e-8);
        assert_relative_eq!(test.high, high, max_relative = 1e-8);
    }
    Ok(())
}

#[test]
fn rates_agree_with_the_binomial_test() -> Result<()> {
    for ((a, time_a), (b, time_b), greater, less) in [
        ((3, 20.0), (5, 4.0), 0.004_608_791_533_302_85, 0.999_558_827_732_053_1),
        ((100, 1.0), (130, 1.0), 0.027_806_788_890_696_19, 0.979_643_735_449_951_6),
        ((0, 3.0), (4, 2.0), 0.025_6, 1.0),
    ] {
        let by = |side| compare_rates(Rate::new(a, time_a), Rate::new(b, time_b), side);
        assert_relative_eq!(by(Alternative::Greater)?.p_value, greater, max_relative = 1e-9);
        assert_relative_eq!(by(Alternative::Less)?.p_value, less, max_relative = 1e-9);
    }
    Ok(())
}

#[test]
fn adjusted_p_values_agree_with_scipy() -> Result<()> {
    let p_values = [
        0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269,
        0.275, 0.34,
    ];
    let shared = 0.294_642_857_142_857_15;
    let hochberg = [
        [0.015, 0.06, 0.126, 0.126, 0.126, 0.15, 0.158_571_428_571_428_56].to_vec(),
        vec![shared; 7],
        vec![0.34],
    ]
    .concat();
    let first = 0.418_096_853_146_853_2;
    let yekutieli = [
        [0.049_773_434_898_434_9, 0.199_093_739_593_739_6, first, first, first].to_vec(),
        vec![0.497_734_348_984_349_04, 0.526_176_311_783_454_7],
        vec![0.977_692_471_219_257_1; 7],
        vec![1.0],
    ]
    .concat();
    for (discovery, expected) in
        [(Discovery::BenjaminiHochberg, hochberg), (Discovery::BenjaminiYekutieli, yekutieli)]
    {
        let found = adjusted_p_values(&p_values, discovery)?;
        for (found, expected) in found.iter().zip(expected) {
            assert_relative_eq!(*found, expected, max_relative = 1e-12);
        }
    }
    Ok(())
}

/// Evidence by numerical integration over its prior, with the densities of `scipy.stats`: of the
/// noncentral t distribution by the central one for means, of a beta-distributed probability for shares,
/// of a normal one for ranks.
#[test]
fn evidence_agrees_with_integrals() -> Result<()> {
    let pairs = [
        (1.0, 1.5),
        (2.0, 3.25),
        (0.5, 0.25),
        (1.25, 2.0),
        (3.0, 2.5),
        (0.0, 1.75),
        (2.5, 2.75),
        (1.0, 2.5),
    ];
    let shares = [(0, 1), (1, 1), (0, 1), (1, 0), (0, 0), (0, 1), (0, 1), (1, 1), (0, 1)];
    let shares = shares.map(|(a, b)| (f64::from(a), f64::from(b)));
    let bounded = Measure::Bounded { low: -1.0, high: 4.0 };
    let cases: [(Measure, &[_], Direction, f64); 8] = [
        (Measure::Means, &pairs, Direction::HigherIsWorse, 1.046_934_138_630_601_7),
        (Measure::Means, &pairs, Direction::LowerIsWorse, -0.939_084_356_997_993_4),
        (Measure::Means, &pairs, Direction::Either, 0.482_391_903_977_918_3),
        (Measure::Shares, &shares, Direction::HigherIsWorse, 1.039_587_346_899_785_8),
        (Measure::Shares, &shares, Direction::LowerIsWorse, -1.726_118_553_921_525_8),
        (Measure::Ranks, &pairs, Direction::HigherIsWorse, 0.938_906_743_394_877_2),
        (Measure::Ranks, &pairs, Direction::LowerIsWorse, -0.872_839_658_663_095_2),
        (bounded, &pairs, Direction::HigherIsWorse, 0.216_773_629_648_120_77),
    ];
    for (measure, pairs, direction, expected) in cases {
        let params = SequentialTestParams::default().alpha(0.1).effect(0.4);
        let mut test = params.measure(measure).direction(direction).start()?;
        for &(baseline, candidate) in pairs {
            test.observe_pair(baseline, candidate)?;
        }
        assert_relative_eq!(test.state().log_evidence, expected, max_relative = 1e-8);
    }
    let params = SequentialTestParams::default().alpha(0.4).effect(0.4).measure(Measure::Means);
    let mut test = params.direction(Direction::LowerIsWorse).start()?;
    for (baseline, candidate) in pairs {
        test.observe_pair(baseline, candidate)?;
    }
    let state = test.state();
    assert_relative_eq!(state.low, -0.371_850_679_043_112_03, max_relative = 1e-8);
    assert_relative_eq!(state.high, 1.684_350_679_043_112, max_relative = 1e-8);
    Ok(())
}
