//! The latest observations, by which statistics are bounded at once.

/// Observations of a part.
pub(super) const PART: usize = 8;

/// Of the observations of a part up to a place, how many there are, and 1 over that.
pub(super) const COUNTS: [f64; PART] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
pub(super) const PER_COUNT: [f64; PART] =
    [1.0, 1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0, 1.0 / 6.0, 1.0 / 7.0, 1.0 / 8.0];

/// 1 over how many come after a place; after the last there is nothing to weigh.
const PER_REST: [f64; PART] =
    [1.0 / 7.0, 1.0 / 6.0, 1.0 / 5.0, 1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.0, 1.0, 0.0];

/// How many observations there are, the sum of all before them, their own sums (beyond those, what an
/// earlier part had), and the squares of their distances from the mean of all before them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Part {
    pub count: usize,
    pub before: f64,
    pub sum: f64,
    pub sums: [f64; PART],
    pub squares: f64,
}

impl Part {
    /// Begins anew after observations of this sum.
    #[inline]
    pub(super) fn begin(&mut self, before: f64) {
        (self.count, self.before, self.sum, self.squares) = (0, before, 0.0, 0.0);
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_possible(&self) -> bool {
        (0..PART).contains(&self.count)
            && self.before.is_finite()
            && self.sum.is_finite()
            && self.sums.iter().all(|sum| sum.is_finite())
            && self.squares >= 0.0
    }
}

/// How far the sums of a part are from what they would be at this mean.
#[inline]
pub(super) fn distances(sums: &[f64; PART], mean: f64) -> [f64; PART] {
    std::array::from_fn(|place| sums[place] - mean * COUNTS[place])
}

/// The most that the mean of the first few of a part explains, and what no change within it explains
/// more than.
///
/// With a change within it the part is three things: all before it, and what is before and after the
/// change, of which the first has no distance from the mean. At the last place it is the part as a
/// whole, which explains no more than the bound that it is about to be added to.
#[inline]
pub(super) fn explained(distances: &[f64; PART]) -> (f64, f64) {
    let all = distances[PART - 1];
    let first: [f64; PART] =
        std::array::from_fn(|place| distances[place] * distances[place] * PER_COUNT[place]);
    let both: [f64; PART] = std::array::from_fn(|place| {
        let rest = all - distances[place];
        first[place] + rest * rest * PER_REST[place]
    });
    (greatest(first), greatest(both))
}

/// In pairs, which need not wait for each other.
#[inline]
fn greatest(of: [f64; PART]) -> f64 {
    let four: [f64; PART / 2] = std::array::from_fn(|place| greater(of[place], of[place + 4]));
    greater(greater(four[0], four[2]), greater(four[1], four[3]))
}

/// Without the question what NaN is: there is none.
#[inline]
pub(super) fn greater(one: f64, other: f64) -> f64 {
    if one > other { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::{PART, distances, explained};

    #[test]
    fn no_change_within_a_part_explains_more() {
        let values: [f64; PART] = [0.3, -1.2, 2.5, 2.0, -0.4, 3.1, 0.0, -2.2];
        let (mut sum, mean) = (0.0, 0.5);
        let sums = values.map(|value| {
            sum += value;
            sum
        });
        let (first, both) = explained(&distances(&sums, mean));
        // By the definition: squares of distances from the mean less those from the parts' own means.
        let about = |values: &[f64], level: f64| values.iter().map(|it| (it - level).powi(2)).sum();
        let gain = |values: &[f64]| {
            let own = values.iter().sum::<f64>() / values.len().max(1) as f64;
            let (all, left): (f64, f64) = (about(values, mean), about(values, own));
            all - left
        };
        let firsts = (1..=PART).map(|count| gain(&values[..count])).fold(0.0, f64::max);
        let splits = (1..=PART).map(|count| gain(&values[..count]) + gain(&values[count..]));
        approx::assert_relative_eq!(first, firsts, max_relative = 1e-12);
        approx::assert_relative_eq!(both, splits.fold(0.0, f64::max), max_relative = 1e-12);
    }
}
