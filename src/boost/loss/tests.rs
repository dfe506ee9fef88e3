//! Every loss against differences of its own values.

use super::{Focal, Logistic, Loss, Penalty, Poisson, Residual, Softmax};
use proptest::prelude::*;

/// The row's derivatives, from values of the loss at a distance of `step` to either side.
fn by_differences(loss: &dyn Loss, scores: &[f64], at: usize) -> [f64; 2] {
    let step = 1e-4;
    let total = |by: f64| {
        let mut moved = scores.to_vec();
        moved[at] += by;
        loss.value(&moved)
    };
    let (below, here, above) = (total(-step), total(0.0), total(step));
    [(above - below) / (2.0 * step), (above - 2.0 * here + below) / (step * step)]
}

/// First derivatives agree; second ones do too, or are an upper bound where that is what they are.
fn check(loss: &dyn Loss, scores: &[f64], weights: &[f64], exact: bool, factor: f64) {
    let mut derivatives = vec![[0.0; 2]; scores.len()];
    loss.derivatives(scores, &mut derivatives);
    let total: f64 = weights.iter().sum();
    for (at, derivatives) in derivatives.into_iter().enumerate() {
        let [first, second] = by_differences(loss, scores, at).map(|value| value * total);
        let [g, h] = derivatives.map(f64::from);
        assert!((g - first).abs() < 1e-4 * (1.0 + first.abs()), "{g} for {first} at {at}");
        assert!(h >= 0.0);
        if exact {
            assert!((h - factor * second).abs() < 1e-3 * (1.0 + h), "{h} for {second} at {at}");
        } else {
            assert!(h > second - 1e-3 * (1.0 + second.abs()), "{h} for {second} at {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn derivatives_are_those_of_the_values(
        rows in prop::collection::vec((-4.0..4.0_f64, 0.1..3.0_f64, 0.0..8.0_f64, any::<bool>()), 3..12),
        gamma in 0.5..3.0_f64,
        quantile in 0.05..0.95_f64,
    ) {
        let scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        // As they are kept, so that the differences see the same.
        let narrow: Vec<f32> = rows.iter().map(|row| row.1 as f32).collect();
        let weights: Vec<f64> = narrow.iter().map(|&weight| f64::from(weight)).collect();
        let targets: Vec<f64> = rows.iter().map(|row| row.2).collect();
        // Where a quantile's loss has its corner, differences are of neither side.
        prop_assume!(rows.iter().all(|row| (row.0 - row.2).abs() > 1e-3));
        let mut labels: Vec<bool> = rows.iter().map(|row| row.3).collect();
        labels[0] = true;
        labels[1] = false;
        let w = Some(narrow.clone());
        check(&Logistic::new(&labels, w.clone()), &scores, &weights, true, 1.0);
        check(&Focal::new(&labels, w.clone(), gamma), &scores, &weights, false, 1.0);
        check(&Poisson::new(&targets, w.clone()), &scores, &weights, true, 0.7_f64.exp());
        check(&Residual::new(&targets, w.clone(), Penalty::Squared), &scores, &weights, true, 1.0);
        check(&Residual::new(&targets, w.clone(), Penalty::Huber(1.5)), &scores, &weights, false, 1.0);
        check(&Residual::new(&targets, w.clone(), Penalty::Quantile(quantile)), &scores, &weights, false, 1.0);
        let classes: Vec<u32> = (0..rows.len() as u32).map(|row| row % 3).collect();
        let scores: Vec<f64> = (0..3).flat_map(|k| scores.iter().map(move |s| s * f64::from(k) * 0.4)).collect();
        check(&Softmax::new(&classes, 3, w), &scores, &weights, true, 1.5);
    }

    /// No other constant score has a lower loss than the starting score.
    #[test]
    fn the_start_is_the_best_constant(
        rows in prop::collection::vec((0.1..3.0_f32, 0.0..8.0_f64), 3..12),
        off in -1.0..1.0_f64,
        quantile in 0.05..0.95_f64,
    ) {
        let weights = Some(rows.iter().map(|row| row.0).collect::<Vec<_>>());
        let targets: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let labels: Vec<bool> = (0..rows.len()).map(|row| row % 3 == 0).collect();
        let classes: Vec<u32> = (0..rows.len() as u32).map(|row| row % 3).collect();
        let losses: [Box<dyn Loss>; 5] = [
            Box::new(Logistic::new(&labels, weights.clone())),
            Box::new(Poisson::new(&targets, weights.clone())),
            Box::new(Residual::new(&targets, weights.clone(), Penalty::Squared)),
            Box::new(Residual::new(&targets, weights.clone(), Penalty::Quantile(quantile))),
            Box::new(Softmax::new(&classes, 3, weights)),
        ];
        for loss in losses {
            let at = |off: f64| {
                let start = loss.start();
                let mut scores: Vec<f64> =
                    start.iter().flat_map(|&score| vec![score; rows.len()]).collect();
                scores[..rows.len()].iter_mut().for_each(|score| *score += off);
                loss.value(&scores)
            };
            prop_assert!(at(0.0) <= at(off) + 1e-12);
        }
    }
}
