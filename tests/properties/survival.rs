//! Measures of lifetimes against their definitions, pair by pair and life by life.

use forewarn::Lifetime;
use forewarn::metrics::survival::{
    KaplanMeier, brier_at, concordance, concordance_ipcw, integrated_brier,
};
use forewarn::metrics::{interval_coverage, interval_width, phm08_score};
use forewarn::ndarray::Array2;
use proptest::prelude::*;

/// Times, whether they ended in failure, and values in `[0, 1]`, all of few different values.
type Lives = (Vec<f64>, Vec<bool>, Vec<f64>);

fn lives() -> impl Strategy<Value = Lives> {
    let life = (1..9_i32, any::<bool>(), 0..5_i32);
    prop::collection::vec(life, 1..40).prop_map(|lives| {
        let times = lives.iter().map(|life| f64::from(life.0)).collect();
        let failed = lives.iter().map(|life| life.1).collect();
        (times, failed, lives.iter().map(|life| f64::from(life.2) / 4.0).collect())
    })
}

fn lifetimes(times: &[f64], failed: &[bool]) -> Vec<Lifetime> {
    times.iter().zip(failed).map(|(&time, &failed)| Lifetime::observed(time, failed)).collect()
}

/// The share not ended before `time` (or at it, if `after`), at each time anew: of those watched, some
/// end.
fn naive_curve(times: &[f64], failed: &[bool], censoring: bool, time: f64, after: bool) -> f64 {
    (1..9)
        .map(f64::from)
        .filter(|&step| step < time || (after && step == time))
        .map(|step| {
            let count =
                |test: &dyn Fn(usize) -> bool| (0..times.len()).filter(|&i| test(i)).count() as f64;
            let ended = count(&|i| times[i] == step && failed[i] != censoring);
            let watched =
                count(&|i| times[i] > step || (times[i] == step && (!censoring || !failed[i])));
            if watched == 0.0 { 1.0 } else { 1.0 - ended / watched }
        })
        .product()
}

/// Every ordered pair, with a weight for its failure.
fn naive_concordance((times, failed, risks): &Lives, weight: impl Fn(usize) -> f64) -> Option<f64> {
    let (mut won, mut pairs) = (0.0, 0.0);
    for i in (0..times.len()).filter(|&i| failed[i]) {
        for j in 0..times.len() {
            let outlived = times[j] > times[i] || (times[j] == times[i] && !failed[j]);
            if outlived {
                pairs += weight(i);
                won += weight(i)
                    * match risks[i].total_cmp(&risks[j]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
            }
        }
    }
    (pairs > 0.0).then_some(won / pairs)
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * (1.0 + expected.abs())
}

proptest! {
    #[test]
    fn curves_step_where_lives_end((times, failed, _) in lives(), time in 0..10_i32) {
        let lives = lifetimes(&times, &failed);
        let time = f64::from(time);
        for (curve, censoring) in
            [(KaplanMeier::new(&lives).unwrap(), false), (KaplanMeier::of_censoring(&lives).unwrap(), true)]
        {
            let expected = |after| naive_curve(&times, &failed, censoring, time, after);
            prop_assert!(close(curve.survival(time), expected(true)));
            prop_assert!(close(curve.survival_before(time), expected(false)));
            if let Some(median) = curve.median() {
                prop_assert!(curve.survival(median) <= 0.5 && curve.survival_before(median) > 0.5);
            } else {
                prop_assert!(curve.survival(f64::INFINITY) > 0.5);
            }
        }
    }

    #[test]
    fn concordance_counts_pairs(lives in lives(), until in 1..11_i32) {
        let (times, failed, risks) = &lives;
        let lifetimes = lifetimes(times, failed);
        let expected = naive_concordance(&lives, |_| 1.0);
        let found = concordance(&lifetimes, risks);
        prop_assert_eq!(found.is_ok(), expected.is_some());
        if let (Ok(found), Some(expected)) = (found, expected) {
            prop_assert!(close(found, expected), "{} {}", found, expected);
        }

        let censoring = KaplanMeier::of_censoring(&lifetimes).unwrap();
        let until = f64::from(until);
        let expected = naive_concordance(&lives, |i| {
            let watched = naive_curve(times, failed, true, times[i], false);
            if times[i] < until { watched.powi(-2) } else { 0.0 }
        });
        let found = concordance_ipcw(&lifetimes, risks, &censoring, until);
        prop_assert_eq!(found.is_ok(), expected.is_some());
        if let (Ok(found), Some(expected)) = (found, expected) {
            prop_assert!(close(found, expected), "{} {}", found, expected);
        }
    }

    /// What would be measured if nothing were censored is measured in the mean.
    #[test]
    fn brier_weights_stand_for_the_censored((times, failed, survival) in lives(), time in 1..8_i32) {
        let lives = lifetimes(&times, &failed);
        let censoring = KaplanMeier::of_censoring(&lives).unwrap();
        let time = f64::from(time);
        let expected: f64 = (0..times.len()).map(|i| {
            if times[i] > time {
                (1.0 - survival[i]).powi(2) / naive_curve(&times, &failed, true, time, true)
            } else if failed[i] {
                survival[i].powi(2) / naive_curve(&times, &failed, true, times[i], false)
            } else {
                0.0
            }
        }).sum::<f64>() / times.len() as f64;
        let found = brier_at(time, &lives, &survival, &censoring).unwrap();
        prop_assert!(close(found, expected), "{} {}", found, expected);

        // Constant in time, it is its own mean over time if no life ends meanwhile.
        let curves = Array2::from_shape_fn((times.len(), 2), |(row, _)| survival[row]);
        let span = [time, time + 0.5];
        let mean = integrated_brier(&span, &lives, curves.view(), &censoring).unwrap();
        prop_assert!(close(mean, expected));
    }

    #[test]
    fn scores_of_remaining_life_are_sums(
        rows in prop::collection::vec((0.0..200.0_f64, -50.0..50.0_f64), 1..30),
    ) {
        let truth: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let predicted: Vec<f64> = rows.iter().map(|row| row.0 + row.1).collect();
        let expected: f64 = truth.iter().zip(&predicted).map(|(y, p)| {
            if p < y { ((y - p) / 13.0).exp() - 1.0 } else { ((p - y) / 10.0).exp() - 1.0 }
        }).sum();
        prop_assert!((phm08_score(&truth, &predicted).unwrap() - expected).abs() < 1e-9 * (1.0 + expected));

        let low: Vec<f64> = predicted.iter().map(|p| p - 20.0).collect();
        let high: Vec<f64> = predicted.iter().map(|p| p + 20.0).collect();
        let within = rows.iter().zip(low.iter().zip(&high)).filter(|(row, (l, h))| (**l..=**h).contains(&row.0));
        let share = within.count() as f64 / rows.len() as f64;
        prop_assert_eq!(interval_coverage(&truth, &low, &high).unwrap(), share);
        prop_assert!((interval_width(&low, &high).unwrap() - 40.0).abs() < 1e-9);
    }
}
