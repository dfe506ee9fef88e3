//! Robust slopes against scipy 1.17.1.

use approx::assert_relative_eq;
use forewarn::trend::{repeated_medians, theil_sen};

/// `x = i·7919 mod 1009 / 10`, or `mod 31` with ties; `y = x / 4 + (i·104729 mod 997) / 100`, rounded
/// to even with ties; every 17th value from the fourth on is 500 too high.
fn sample(count: u32, ties: bool) -> (Vec<f64>, Vec<f64>) {
    let x = |i: u32| {
        let step = i * 7_919;
        if ties { f64::from(step % 31) } else { f64::from(step % 1_009) / 10.0 }
    };
    let y = |i: u32| {
        let value = 0.25 * x(i) + f64::from(i * 104_729 % 997) / 100.0;
        let value = if ties { value.round_ties_even() } else { value };
        if i % 17 == 3 { value + 500.0 } else { value }
    };
    ((0..count).map(x).collect(), (0..count).map(y).collect())
}

#[test]
fn theil_sen_and_repeated_medians_are_scipys() -> forewarn::Result<()> {
    // stats.theilslopes(y, x, 0.95), its ends also at 0.8, and stats.siegelslopes(y, x)
    for (count, ties, line, [low, high], [siegel, siegel_intercept]) in [
        (
            25,
            false,
            [0.274, 3.964_200_000_000_003_5, 0.221_241_830_065_359_47, 0.340_163_934_426_229_5],
            [0.221_241_830_065_359_52, 0.318_139_534_883_720_93],
            [0.257_787_161_884_065_14, 4.579_130_076_883_818],
        ),
        (
            200,
            true,
            [0.25, 5.25, 0.2, 0.307_692_307_692_307_7],
            [0.217_391_304_347_826_08, 0.285_714_285_714_285_7],
            [0.25, 5.125],
        ),
        (
            700,
            false,
            [
                0.251_684_717_208_182_9,
                5.635_090_252_707_581,
                0.243_137_254_901_960_8,
                0.259_001_636_661_211_1,
            ],
            [0.246_111_111_111_111_09, 0.257_881_773_399_014_75],
            [0.250_524_934_383_202_1, 5.200_551_181_102_363],
        ),
        (
            701,
            true,
            [0.25, 5.25, 0.222_222_222_222_222_2, 0.277_777_777_777_777_8],
            [0.230_769_230_769_230_78, 0.266_666_666_666_666_66],
            [0.25, 5.25],
        ),
    ] {
        let (times, values) = sample(count, ties);
        let found = theil_sen(&times, &values, 0.95)?;
        let all = [found.slope, found.intercept, found.lower, found.upper];
        for (found, expected) in all.into_iter().zip(line) {
            assert_relative_eq!(found, expected, max_relative = 1e-12);
        }
        let narrower = theil_sen(&times, &values, 0.8)?;
        assert_relative_eq!(narrower.lower, low, max_relative = 1e-12);
        assert_relative_eq!(narrower.upper, high, max_relative = 1e-12);
        let found = repeated_medians(&times, &values)?;
        assert_relative_eq!(found.slope, siegel, max_relative = 1e-12);
        assert_relative_eq!(found.intercept, siegel_intercept, max_relative = 1e-12);
        assert!(found.lower.is_nan() && found.upper.is_nan());
    }
    Ok(())
}
