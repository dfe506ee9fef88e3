//! Is this table fit to learn from, or to score?

use super::grow::Sample;
use super::params::LARGEST_CATEGORY;
use crate::error::{Error, Result};
use crate::parallel;
use ndarray::{ArrayView2, Axis};

/// Rows looked through by one thread at a time.
const STRIPE: usize = 16_384;

/// Refuses ±∞ anywhere, and anything but whole numbers from 0 to 65,535 in categorical columns.
/// Names the first offender, row by row.
pub(crate) fn check_values<T>(x: ArrayView2<'_, T>, categorical: &[bool]) -> Result<()>
where
    T: Copy + Into<f64> + Send + Sync,
{
    let stripes = x.nrows().div_ceil(STRIPE);
    let suspects = parallel::map(stripes, |stripe| {
        let rows = stripe * STRIPE..((stripe + 1) * STRIPE).min(x.nrows());
        let part = x.slice_axis(Axis(0), rows.into());
        any_infinite(part) || any_bad_category(part, categorical)
    });
    if !suspects.contains(&true) {
        return Ok(());
    }
    x.outer_iter().enumerate().try_for_each(|(row, values)| {
        values.iter().enumerate().try_for_each(|(column, &value)| {
            check_value(row, column, value.into(), categorical[column])
        })
    })
}

/// As [`check_values`], for some rows only.
pub(crate) fn check_rows<T: Copy + Into<f64>>(
    x: ArrayView2<'_, T>,
    rows: &[u32],
    categorical: &[bool],
) -> Result<()> {
    rows.iter().map(|&row| row as usize).try_for_each(|row| {
        x.row(row).iter().zip(categorical).enumerate().try_for_each(
            |(column, (&value, &category))| check_value(row, column, value.into(), category),
        )
    })
}

/// As [`check_values`], for a tree's sample. `place` gives the row and column of the data that a
/// sampled value was copied from.
pub(crate) fn check_sample(
    sample: &Sample,
    place: impl Fn(usize, usize) -> (usize, usize),
) -> Result<()> {
    if !sample.gaps.contains(&true) && !sample.categorical.contains(&true) {
        return Ok(());
    }
    (0..sample.rows).try_for_each(|index| {
        sample.categorical.iter().enumerate().try_for_each(|(column, &category)| {
            let (row, in_data) = place(index, column);
            check_value(row, in_data, sample.column(column)[index], category)
        })
    })
}

/// As [`check_values`], for one row (reported as row 0).
pub(crate) fn check_row(x: &[f64], categorical: &[bool]) -> Result<()> {
    let odd = x.iter().zip(categorical).any(|(value, &category)| category || value.is_infinite());
    if !odd {
        return Ok(());
    }
    x.iter()
        .zip(categorical)
        .enumerate()
        .try_for_each(|(column, (&value, &category))| check_value(0, column, value, category))
}

fn check_value(row: usize, column: usize, value: f64, category: bool) -> Result<()> {
    if value.is_infinite() {
        return Err(Error::Infinite { row, column, value });
    }
    if category && !is_category(value) {
        return Err(Error::NotACategory { row, column, value, largest: LARGEST_CATEGORY });
    }
    Ok(())
}

fn is_category(value: f64) -> bool {
    value.is_nan() || (value >= 0.0 && value <= f64::from(LARGEST_CATEGORY) && value.fract() == 0.0)
}

/// Without branches, so that it runs at the speed of memory.
fn any_infinite<T: Copy + Into<f64>>(x: ArrayView2<'_, T>) -> bool {
    let infinite = |any: u64, value: &T| {
        let value: f64 = (*value).into();
        any | u64::from(value.abs() == f64::INFINITY)
    };
    match x.as_slice_memory_order() {
        Some(values) => values.iter().fold(0, infinite) != 0,
        None => x.iter().fold(0, infinite) != 0,
    }
}

fn any_bad_category<T: Copy + Into<f64>>(x: ArrayView2<'_, T>, categorical: &[bool]) -> bool {
    let columns = categorical.iter().enumerate().filter(|&(_, &category)| category);
    columns
        .map(|(column, _)| column)
        .any(|column| x.column(column).iter().any(|&value| !is_category(value.into())))
}
