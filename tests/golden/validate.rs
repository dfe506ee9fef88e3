//! Splits beside those of scikit-learn 1.9.1.

use forewarn::validate::group_k_fold;

/// With `i = numpy.arange(1000)`, `labels = (i * 71) % 293 < (i * 37) % 101` and
/// `groups = (i * i) % 61 % 37`, of which there are 24:
/// `StratifiedGroupKFold(5).split(labels, labels, groups)` gives folds of 32, 36, 34, 33, 34 failures
/// (standard deviation of their shares 0.00785) and 195, 196, 215, 197, 197 rows (of the others'
/// shares 0.00905); 20 shuffles give the same.
#[test]
fn groups_are_spread_about_as_evenly_as_by_scikit_learn() {
    let labels: Vec<bool> = (0..1000_i32).map(|i| (i * 71) % 293 < (i * 37) % 101).collect();
    let groups: Vec<i32> = (0..1000_i32).map(|i| (i * i) % 61 % 37).collect();
    let spread = |class: bool| {
        let total = labels.iter().filter(|&&label| label == class).count() as f64;
        let shares: Vec<f64> = group_k_fold(&labels, &groups, 5, 0)
            .unwrap()
            .map(|split| split.test.iter().filter(|&&row| labels[row] == class).count() as f64)
            .map(|count| count / total)
            .collect();
        (shares.iter().map(|share| (share - 0.2).powi(2)).sum::<f64>() / 5.0).sqrt()
    };
    let [failures, others] = [spread(true), spread(false)];
    // Evenness of one class can be had for that of the other: together, no worse than theirs.
    assert!(failures.hypot(others) <= 0.007_85_f64.hypot(0.009_05) * 1.01, "{failures} {others}");
}
