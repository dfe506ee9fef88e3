//! How answers move with one or two columns, whatever the others are.

use super::dependence_params::DependenceParams;
use super::substitute::Substitute;
use crate::boost::ensemble::Ensemble;
use crate::boost::tree::Test;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{Array2, Array3, ArrayView2, Axis};

/// How answers move with one or two columns: made by [`Ensemble::dependence`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dependence {
    /// The values that were tried, points × columns asked for: of two columns all pairs, those with
    /// the same value of the first together.
    pub points: Array2<f64>,
    /// The mean answer over the background, points × outputs.
    pub mean: Array2<f64>,
    /// The answers for each background row, points × rows × outputs, if asked for.
    pub individual: Option<Array3<f64>>,
}

impl Ensemble {
    /// How answers move with one or two columns: at each point of a grid, the mean answer over the
    /// background's rows with their values in these columns replaced (partial dependence).
    ///
    /// Where columns are strongly correlated, rows are replaced by ones that never occur, of which the
    /// model knows nothing; the [`individual`](DependenceParams::individual) answers show when a flat
    /// mean hides opposite moves.
    ///
    /// O(points · rows · trees · depth), of the trees that ask for the columns; on all cores, the same
    /// bits on any number of them.
    ///
    /// Source: Friedman 2001 ("Greedy function approximation: a gradient boosting machine").
    ///
    /// ```
    /// use forewarn::boost::{DependenceParams, FailureClassifierParams};
    /// use forewarn::ndarray::Array2;
    /// use forewarn::prelude::*;
    ///
    /// // Parts wear out (column 0), the sooner the hotter they run (column 1).
    /// let x = Array2::from_shape_fn((500, 3), |(i, j)| (i * [37, 71, 53][j] % [101, 103, 107][j]) as f64);
    /// let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] + row[1] > 150.0).collect();
    /// let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
    /// let ensemble = model.ensemble();
    /// let by_wear = ensemble.dependence(&DependenceParams::new([0]), x.view())?;
    /// assert_eq!((by_wear.points.dim(), by_wear.mean.dim()), ((20, 1), (20, 1)));
    /// assert!(by_wear.mean[(0, 0)] < 0.05 && by_wear.mean[(19, 0)] > 0.3);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`raw`](Self::raw); [`Error::Empty`] without background rows or without a known value to
    /// make a grid of; [`Error::OutOfRange`] and [`Error::Length`] for settings outside their ranges.
    pub fn dependence(
        &self,
        params: &DependenceParams,
        background: ArrayView2<'_, f64>,
    ) -> Result<Dependence> {
        params.check(self.columns)?;
        self.check_rows(background)?;
        if background.nrows() == 0 {
            return Err(Error::Empty { what: "background" });
        }
        let grid = |&column: &usize| self.grid(params, column, background);
        let grids = match &params.grids {
            Some(grids) => grids.clone(),
            None => params.columns.iter().map(grid).collect::<Result<_>>()?,
        };
        // The second column's grid runs faster.
        let inner = grids.get(1).map_or(1, Vec::len);
        let points =
            Array2::from_shape_fn((grids[0].len() * inner, grids.len()), |(point, column)| {
                grids[column][if column == 0 { point / inner } else { point % inner }]
            });
        let substitute =
            Substitute::new(self, params.scale, background, Some(params.columns.as_slice()));
        let (rows, outputs) = (background.nrows(), self.n_outputs());
        let answers = parallel::map(points.nrows(), |point| {
            let mut answers = Array2::zeros((rows, outputs));
            for (row, mut to) in answers.rows_mut().into_iter().enumerate() {
                let value = |column: usize| {
                    let replaced = params.columns.iter().position(|&other| other == column);
                    replaced.map_or(background[(row, column)], |index| points[(point, index)])
                };
                if let Some(to) = to.as_slice_mut() {
                    substitute.predict(row, value, to);
                }
            }
            let mean = answers.sum_axis(Axis(0)) / rows as f64;
            (mean, params.individual.then_some(answers))
        });
        let mut mean = Array2::zeros((points.nrows(), outputs));
        let mut individual =
            params.individual.then(|| Array3::zeros((points.nrows(), rows, outputs)));
        for (point, (means, answers)) in answers.into_iter().enumerate() {
            mean.row_mut(point).assign(&means);
            if let (Some(individual), Some(answers)) = (&mut individual, answers) {
                individual.index_axis_mut(Axis(0), point).assign(&answers);
            }
        }
        Ok(Dependence { points, mean, individual })
    }

    /// Values of a column to try.
    fn grid(
        &self,
        params: &DependenceParams,
        column: usize,
        background: ArrayView2<'_, f64>,
    ) -> Result<Vec<f64>> {
        let known = |value: &&f64| !value.is_nan();
        let mut values: Vec<f64> =
            background.column(column).iter().filter(known).copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        let (Some(first), Some(last)) = (values.first().copied(), values.last().copied()) else {
            return Err(Error::Empty { what: "known values of the column" });
        };
        let mut distinct = values.clone();
        distinct.dedup();
        let mut splits = self.trees.iter().flat_map(|tree| &tree.splits);
        if splits.any(|split| {
            split.column as usize == column && matches!(split.test, Test::Within { .. })
        }) {
            return Ok(distinct);
        }
        // Linear between order statistics, as NumPy's default.
        let quantile = |share: f64| {
            let position = share * (values.len() - 1) as f64;
            let (below, above) =
                (values[position.floor() as usize], values[position.ceil() as usize]);
            // Between neighbours only: the difference of the two may overflow.
            let part = position.fract();
            ((1.0 - part) * below + part * above).clamp(first, last)
        };
        let (from, to) = params.range;
        let (smallest, largest) = (quantile(from), quantile(to));
        distinct.retain(|value| (smallest..=largest).contains(value));
        if (1..=params.points).contains(&distinct.len()) {
            return Ok(distinct);
        }
        let step = (to - from) / (params.points - 1) as f64;
        let mut grid: Vec<f64> = (0..params.points)
            .map(|point| quantile((from + step * point as f64).min(to)))
            .collect();
        grid.dedup();
        Ok(grid)
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::super::substitute::Scale;
    use super::*;
    use crate::boost::ensemble::Link;
    use crate::boost::tree::{CategorySet, Child, Tree};
    use crate::rng::Stream;

    fn model(seed: u64) -> (Ensemble, Array2<f64>) {
        let stream = &mut Stream::new(seed, 0);
        let trees =
            (0..6).map(|index| Tree { output: index % 2, ..oracle::tree(4, 8, false, stream) });
        let trees = trees.collect();
        let model = Ensemble { start: vec![0.5, -0.5], ..oracle::ensemble(4, trees) };
        (model, oracle::rows(30, 4, stream))
    }

    #[test]
    fn answers_are_those_of_replaced_rows() {
        for seed in 0..20 {
            let (mut model, background) = model(seed);
            model.link = Link::Softmax;
            let grids = vec![vec![-0.5, f64::NAN, 2.0], vec![1.0, 3.0]];
            for scale in [Scale::Raw, Scale::Prediction] {
                let params = DependenceParams::new([2, 0])
                    .grids(Some(grids.clone()))
                    .individual(true)
                    .scale(scale);
                let found = model.dependence(&params, background.view()).unwrap();
                assert_eq!(found.points.dim(), (6, 2));
                let individual = found.individual.unwrap();
                for (point, values) in found.points.outer_iter().enumerate() {
                    let (second, first) = (grids[1][point % 2], grids[0][point / 2]);
                    assert!(values[0] == first || values[0].is_nan() && first.is_nan());
                    assert_eq!(values[1], second);
                    let mut rows = background.clone();
                    rows.column_mut(2).fill(first);
                    rows.column_mut(0).fill(second);
                    let mut expected = model.raw(rows.view()).unwrap();
                    if scale == Scale::Prediction {
                        for mut row in expected.rows_mut() {
                            model.link.apply(row.as_slice_mut().unwrap());
                        }
                    }
                    let gaps = &individual.index_axis(Axis(0), point) - &expected;
                    assert!(gaps.iter().all(|gap| gap.abs() < 1e-14));
                    let gaps = &found.mean.row(point) - &expected.mean_axis(Axis(0)).unwrap();
                    assert!(gaps.iter().all(|gap| gap.abs() < 1e-14));
                }
            }
        }
    }

    /// Asks for column 0 as a number and for column 1 as a category.
    fn both_kinds() -> Ensemble {
        let tests = [Test::AtMost(1.0), Test::Within { set: 0 }];
        let children = [(Child::leaf(0), Child::split(1)), (Child::leaf(1), Child::leaf(2))];
        let splits = (0..2).map(|index| {
            let (left, right) = children[index];
            oracle::split(index as u32, tests[index], left, right, 10.0)
        });
        let splits = splits.collect();
        let leaves = (0..3).map(|index| oracle::leaf(f64::from(index), 5.0)).collect();
        let sets = vec![CategorySet::from_codes([3])];
        oracle::ensemble(2, vec![Tree { output: 0, splits, leaves, sets }])
    }

    #[test]
    fn grids_are_quantiles_of_known_values() {
        // Squares of 0 to 99 in a shuffled order, and a missing value; categories 0 to 32.
        let background = Array2::from_shape_fn((101, 2), |(row, column)| match (row, column) {
            (100, 0) => f64::NAN,
            (_, 0) => ((row * 37 % 100) as f64).powi(2),
            _ => (row % 33) as f64,
        });
        let model = both_kinds();
        let grid = |params: DependenceParams| {
            model.dependence(&params, background.view()).unwrap().points.column(0).to_vec()
        };
        // numpy.quantile(numpy.arange(100.0) ** 2, [0.05, 0.275, 0.5, 0.725, 0.95])
        let expected = [24.55, 741.375, 2_450.5, 5_151.825, 8_845.45];
        let found = grid(DependenceParams::new([0]).points(5));
        assert_eq!(found.len(), 5);
        assert!(
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9)
        );
        // All that there are between the fifth and the twelfth, where they are few.
        let range = (5.0 / 99.0 - 1e-9, 12.0 / 99.0 + 1e-9);
        let few: Vec<f64> = (5..=12).map(|root| f64::from(root * root)).collect();
        assert_eq!(grid(DependenceParams::new([0]).range(range).points(8)), few);
        let categories: Vec<f64> = (0..33).map(f64::from).collect();
        assert_eq!(grid(DependenceParams::new([1]).points(2)), categories);
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let (model, background) = model(1);
        let draw = |params: DependenceParams| {
            model.dependence(&params, background.view()).unwrap_err().to_string()
        };
        let one = DependenceParams::new([1]);
        for (params, expected) in [
            (one.clone().columns(vec![]), "number of columns is 0: it must be 1 or 2"),
            (one.clone().columns(vec![4]), "column is 4: it must be below the number of columns"),
            (one.clone().columns(vec![2, 2]), "second column is 2: it must be another than"),
            (one.clone().points(1), "points is 1: it must be at least 2"),
            (one.clone().range((-0.1, 1.0)), "start of range is -0.1: it must be from 0 to 1"),
            (one.clone().range((0.5, 0.4)), "end of range is 0.4: it must be from the start"),
            (one.clone().range((0.5, f64::NAN)), "end of range is NaN"),
            (one.clone().grids(Some(vec![])), "grids has 0 entries, 1 expected"),
            (one.clone().grids(Some(vec![vec![]])), "grid is empty"),
            (one.clone().grids(Some(vec![vec![f64::INFINITY]])), "grid value is inf"),
        ] {
            let found = draw(params);
            assert!(found.starts_with(expected), "{found}");
        }
        let none = Array2::zeros((0, 4));
        let error = model.dependence(&one, none.view()).unwrap_err();
        assert_eq!(error, Error::Empty { what: "background" });
        let missing = Array2::from_elem((3, 4), f64::NAN);
        let error = model.dependence(&one, missing.view()).unwrap_err();
        assert_eq!(error, Error::Empty { what: "known values of the column" });
        let narrow = Array2::zeros((3, 2));
        let error = model.dependence(&one, narrow.view()).unwrap_err();
        assert_eq!(error, Error::Width { expected: 4, found: 2 });
    }
}
