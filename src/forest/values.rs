//! The values of one column within a node: their range, mean, and points between them. Safe for any
//! finite values, from subnormal to ±1.8e308.

/// Smallest and largest known value; `low > high` where there is none.
///
/// Four of each at once: every comparison waits for the one before it.
pub(crate) fn range(values: &[f64], rows: &[u32]) -> (f64, f64) {
    let (mut low, mut high) = ([f64::INFINITY; 4], [f64::NEG_INFINITY; 4]);
    let (quads, rest) = rows.as_chunks::<4>();
    let mut see = |lane: usize, row: u32| {
        let value = values[row as usize];
        // Comparisons with NaN are false: missing values pass by.
        low[lane] = if value < low[lane] { value } else { low[lane] };
        high[lane] = if value > high[lane] { value } else { high[lane] };
    };
    for quad in quads {
        (0..4).for_each(|lane| see(lane, quad[lane]));
    }
    for &row in rest {
        see(0, row);
    }
    (
        low.into_iter().fold(f64::INFINITY, f64::min),
        high.into_iter().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// The point at `share` of the way from `low` to `high`, always in `[low, high)`: the largest value
/// goes right, the smallest left, and no side is empty.
pub(crate) fn between(low: f64, high: f64, share: f64) -> f64 {
    let width = high - low;
    let point = if width.is_finite() {
        low + share * width
    } else {
        // The range of values near ±1e308 overflows; their weighted mean does not.
        low * (1.0 - share) + high * share
    };
    if point >= high || point < low { low } else { point }
}

/// Where `point` lies between `low` and `high`, as a share in `[0, 1]`; in the middle where rounding
/// leaves no room between them.
pub(crate) fn position(low: f64, high: f64, point: f64) -> f64 {
    let width = high - low;
    let share = if width.is_finite() {
        (point - low) / width
    } else {
        (point / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
    };
    if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) }
}

/// Mean of the known values; each is divided before it is added, for the sum of huge values would
/// overflow.
pub(crate) fn mean(values: &[f64], rows: &[u32]) -> f64 {
    let known = || rows.iter().map(|&row| values[row as usize]).filter(|value| !value.is_nan());
    let count = known().count().max(1) as f64;
    known().map(|value| value / count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_leaves_both_ends_on_their_sides(
            a in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
            b in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
            share in 0.0..1.0,
        ) {
            prop_assume!(a != b);
            let (low, high) = (a.min(b), a.max(b));
            let point = between(low, high, share);
            prop_assert!(low <= point && point < high, "{point}");
            prop_assert!((0.0..=1.0).contains(&position(low, high, point)));
        }
    }

    #[test]
    fn means_of_huge_values_stay_finite() {
        let values = [1.7e308, 1.7e308, f64::NAN, 1.7e308];
        assert_eq!(mean(&values, &[0, 1, 2, 3]), 1.7e308);
    }
}
