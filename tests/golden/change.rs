//! Change points against ruptures 1.1.10.

use approx::assert_relative_eq;
use forewarn::trend::{ChangePointParams, Penalty, Shape};

/// `((i·7919 + 31) mod 1009) / 1009`, on levels of equal length.
fn series(count: usize, levels: &[f64]) -> Vec<f64> {
    let noise = |i: usize| ((i * 7_919 + 31) % 1_009) as f64 / 1_009.0;
    (0..count).map(|i| noise(i) + levels[i * levels.len() / count]).collect()
}

/// Sum of squares about the mean of each segment.
fn squares(series: &[f64], changes: &[usize]) -> f64 {
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([series.len()]);
    let cost = |(from, to): (usize, usize)| {
        let mean = series[from..to].iter().sum::<f64>() / (to - from) as f64;
        series[from..to].iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    starts.zip(ends).map(cost).sum()
}

/// Levels, length, penalty and shortest segment; change points and the sum of squares.
type Case<'a> = (&'a [f64], usize, f64, usize, Vec<usize>, f64);

#[test]
fn levels_are_those_of_ruptures() -> forewarn::Result<()> {
    // Pelt(model="l2", min_size=m, jump=1).fit(y).predict(pen=p), which Dynp confirms for as many
    // changes; CostL2().fit(y).sum_of_costs(...)
    let many = vec![14, 23, 40, 45, 53, 63, 68, 75, 80, 90, 100, 108, 113, 122, 135, 152];
    let cases: [Case<'_>; 6] = [
        (&[0.0, 1.0, 0.0], 60, 0.1, 5, vec![7, 12, 20, 25, 37, 42, 47, 55], 4.110_836_734_807_471),
        (&[0.0, 1.0, 0.0], 60, 0.5, 2, vec![20, 40], 5.070_510_843_439_766),
        (&[3.0, 0.0, 3.0, 0.0, 1.0, 1.6, 9.0], 157, 0.1, 5, many, 11.620_931_560_120_16),
        (&[0.0, 0.5, 0.4, 2.0, 0.0], 200, 2.0, 2, vec![40, 120, 160], 17.010_443_876_764_224),
        (&[1.0], 300, 0.5, 2, vec![], 25.156_766_933_737_757),
        (
            &[3.0, 0.0, 3.0, 0.0, 1.0, 1.6, 9.0],
            157,
            0.5,
            2,
            vec![23, 45, 68, 90, 113, 135],
            12.946_029_912_208_74,
        ),
    ];
    for (levels, count, penalty, min_length, expected, cost) in cases {
        let series = series(count, levels);
        let params = ChangePointParams::default()
            .shape(Shape::Level)
            .penalty(Penalty::Fixed(penalty))
            .min_length(min_length)
            .clip(None);
        let found = params.find(&series)?.change_points();
        assert_eq!(found.len(), expected.len());
        // Of many changes some could as well be elsewhere.
        if penalty > 0.1 {
            assert_eq!(found, expected, "{levels:?}, {penalty}, {min_length}");
        }
        assert_relative_eq!(squares(&series, &found), cost, max_relative = 1e-12);
    }
    Ok(())
}
