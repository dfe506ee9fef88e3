//! Which rows a tree is grown on.

use super::options::Subsample;
use crate::error::{Error, Result};
use crate::rng::{Seen, Stream};
use ndarray::ArrayView1;

/// Rows to draw from, with their weights when they differ.
#[derive(Debug)]
pub(crate) struct Population {
    rows: usize,
    /// The weights and their running sums; empty when all rows weigh the same.
    weight: Vec<f64>,
    cumulative: Vec<f64>,
    /// Rows that can be drawn at all.
    drawable: usize,
}

impl Population {
    /// Checks the weights: one a row, finite, at least 0, positive sum.
    pub(crate) fn new(rows: usize, weight: Option<ArrayView1<'_, f64>>) -> Result<Self> {
        let Some(weight) = weight else {
            let (weight, cumulative) = (Vec::new(), Vec::new());
            return Ok(Self { rows, weight, cumulative, drawable: rows });
        };
        if weight.len() != rows {
            return Err(Error::Length { what: "weight", expected: rows, found: weight.len() });
        }
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(rows);
        for (index, &value) in weight.iter().enumerate() {
            if value.is_nan() {
                return Err(Error::NotANumber { what: "weight", index });
            }
            if !(value >= 0.0 && value.is_finite()) {
                let allowed = "finite and at least 0";
                return Err(Error::OutOfRange { name: "weight", value, allowed });
            }
            sum += value;
            cumulative.push(sum);
        }
        if !(sum > 0.0 && sum.is_finite()) {
            let allowed = "greater than 0 and finite";
            return Err(Error::OutOfRange { name: "sum of weights", value: sum, allowed });
        }
        let drawable = weight.iter().filter(|&&value| value > 0.0).count();
        Ok(Self { rows, weight: weight.to_vec(), cumulative, drawable })
    }

    /// How many rows a draw gives (`psi`).
    pub(crate) fn sample_size(&self, subsample: Subsample, replacement: bool) -> usize {
        let asked = match subsample {
            Subsample::Auto => 256.min(self.rows),
            Subsample::Rows(rows) => rows.min(self.rows),
            Subsample::Share(share) => ((self.rows as f64 * share) as usize).max(1),
            Subsample::All => self.rows,
        };
        if replacement { asked } else { asked.min(self.drawable) }
    }

    /// Draws `size` rows. Without replacement, `size` must not exceed the rows with weight > 0.
    pub(crate) fn draw(&self, size: usize, replacement: bool, stream: &mut Stream) -> Vec<u32> {
        match (replacement, self.cumulative.is_empty()) {
            (true, true) => (0..size).map(|_| stream.below(self.rows) as u32).collect(),
            (true, false) => (0..size).map(|_| self.weighted_row(stream)).collect(),
            (false, true) if size == self.rows => (0..size as u32).collect(),
            (false, true) => stream.distinct(self.rows, size),
            (false, false) => self.weighted_distinct(size, stream),
        }
    }

    fn weighted_row(&self, stream: &mut Stream) -> u32 {
        let total = self.cumulative[self.rows - 1];
        // `total · unit` can round up to `total`; no row reaches beyond it, so it is capped by the
        // last row that weighs anything.
        let target = (stream.unit() * total).min(total.next_down());
        self.cumulative.partition_point(|&sum| sum <= target) as u32
    }

    /// Successive weighted draws without putting back.
    ///
    /// Repeats are thrown away, which gives the same law. Where a few heavy rows make repeats the
    /// rule, the rest of the sample comes from exponential keys (Efraimidis & Spirakis 2006) over
    /// the rows not yet drawn, which costs a pass over all rows but always ends.
    fn weighted_distinct(&self, size: usize, stream: &mut Stream) -> Vec<u32> {
        let mut seen = Seen::new(size);
        let mut drawn = Vec::with_capacity(size);
        for _ in 0..4 * size {
            if drawn.len() == size {
                return drawn;
            }
            let row = self.weighted_row(stream);
            if seen.insert(row) {
                drawn.push(row);
            }
        }
        let mut keyed: Vec<(f64, u32)> = Vec::new();
        for (row, &weight) in self.weight.iter().enumerate() {
            let key = -(1.0 - stream.unit()).ln() / weight;
            if weight > 0.0 && !seen.contains(row as u32) {
                keyed.push((key, row as u32));
            }
        }
        keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        drawn.extend(keyed.iter().take(size - drawn.len()).map(|&(_, row)| row));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    fn assert_distinct(mut rows: Vec<u32>) {
        let count = rows.len();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), count);
    }

    #[test]
    fn every_row_is_drawn_equally_often() {
        let population = Population::new(20, None).unwrap();
        let mut counts = [0_usize; 20];
        for index in 0..20_000 {
            let rows = population.draw(5, false, &mut Stream::new(3, index));
            for &row in &rows {
                counts[row as usize] += 1;
            }
            assert_distinct(rows);
        }
        // Binomial(20,000, 1/4): standard deviation 61; six of them.
        assert!(counts.iter().all(|&count| count.abs_diff(5_000) < 370), "{counts:?}");
    }

    #[test]
    fn weights_are_chances() {
        let population = Population::new(4, Some(array![1.0, 0.0, 3.0, 4.0].view())).unwrap();
        let mut counts = [0_usize; 4];
        let mut stream = Stream::new(1, 0);
        for row in population.draw(80_000, true, &mut stream) {
            counts[row as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        for (row, expected) in [(0, 10_000), (2, 30_000), (3, 40_000)] {
            assert!(counts[row].abs_diff(expected) < 900, "{counts:?}");
        }
    }

    #[test]
    fn a_few_heavy_rows_do_not_hang_a_draw_without_replacement() {
        let mut weight = Array1::from_elem(1_000, 1e-12);
        weight[17] = 1e12;
        let population = Population::new(1_000, Some(weight.view())).unwrap();
        let rows = population.draw(300, false, &mut Stream::new(0, 0));
        assert!(rows.contains(&17));
        assert_eq!(rows.len(), 300);
        assert_distinct(rows);
    }

    #[test]
    fn rows_without_weight_are_never_needed() {
        let population = Population::new(3, Some(array![0.0, 2.0, 1.0].view())).unwrap();
        assert_eq!(population.sample_size(Subsample::All, false), 2);
        let rows = population.draw(2, false, &mut Stream::new(0, 0));
        assert!(!rows.contains(&0));
    }

    #[test]
    fn bad_weights_are_named() {
        for (weight, text) in [
            (array![1.0, f64::NAN], "weight 1 is NaN"),
            (array![1.0, -1.0], "weight is -1"),
            (array![0.0, 0.0], "sum of weights is 0"),
            (array![1.0], "weight has 1 entries, 2 expected"),
        ] {
            let error = Population::new(2, Some(weight.view())).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }
}
